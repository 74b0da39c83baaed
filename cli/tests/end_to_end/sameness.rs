//! The same bytes, whatever the machine: user, umask, time zone, locale, folder, number of threads.

use std::path::Path;

use attar_testing::{Scratch, run};

use crate::support::{Examples, attar};

/// A way to run the program that must not show in its output.
struct Surroundings {
    name: &'static str,
    umask: &'static str,
    variables: &'static [(&'static str, &'static str)],
    threads: &'static str,
    wrapper: &'static [&'static str],
}

const SURROUNDINGS: [Surroundings; 4] = [
    Surroundings { name: "plain", umask: "022", variables: &[], threads: "2", wrapper: &[] },
    Surroundings {
        name: "one thread, closed umask",
        umask: "077",
        variables: &[],
        threads: "1",
        wrapper: &[],
    },
    Surroundings {
        name: "far away",
        umask: "000",
        variables: &[("TZ", "Pacific/Kiritimati"), ("LC_ALL", "tr_TR.UTF-8"), ("LANG", "tr_TR.UTF-8")],
        threads: "2",
        wrapper: &[],
    },
    Surroundings {
        name: "another user",
        umask: "022",
        variables: &[("TZ", "America/Los_Angeles")],
        threads: "3",
        wrapper: &["setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups"],
    },
];

/// Builds a copy of the examples in a new folder, and returns the digest of the index and all diff IDs.
fn build(example: &str, compression: &str, surroundings: &Surroundings) -> (String, Vec<String>) {
    let examples = Examples::copy();
    let spec = examples.spec(example);
    let text = std::fs::read_to_string(&spec).expect("the spec");
    std::fs::write(&spec, format!("{text}compression: {compression}\n")).expect("the spec");
    let layout = examples.join("layout");
    let cache = Scratch::new();
    copy_packages(&crate::support::cache(), cache.path());
    let mut inner = attar()
        .cache(cache.path())
        .args(["build", "--locked", "--offline", "--threads", surroundings.threads])
        .arg(&spec)
        .arg("-o")
        .arg(format!("oci:{}", layout.display()));
    for (name, value) in surroundings.variables {
        inner = inner.env(name, value);
    }
    for path in [examples.scratch.path(), cache.path()] {
        run(&mut attar_testing::command::words(&["chmod", "-R", "a+rwX", path.to_str().expect("UTF-8")]))
            .success();
    }
    let inner = inner.into_command();
    let mut shell = std::process::Command::new("sh");
    shell.env_clear().args(["-c", "umask $0; exec \"$@\"", surroundings.umask]);
    shell.args(surroundings.wrapper).arg(inner.get_program()).args(inner.get_args());
    shell.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    run(&mut shell).success();
    let images = attar_testing::layout::images(&layout, None).expect("a layout");
    let digest = attar_testing::layout::digest(&layout, None).expect("an entry");
    (digest, images.iter().flat_map(attar_testing::layout::Image::diff_ids).collect())
}

/// Copies what was downloaded and nothing that was made of it, so that everything is made again.
pub(crate) fn copy_packages(from: &Path, to: &Path) {
    for part in ["packages", "indexes", "documents"] {
        let source = from.join(part);
        if source.is_dir() {
            crate::support::copy_folder(&source, &to.join(part));
        }
    }
    for marker in std::fs::read_dir(from).expect("the cache").flatten() {
        if marker.file_type().is_ok_and(|kind| kind.is_file()) {
            std::fs::copy(marker.path(), to.join(marker.file_name())).expect("a file can be copied");
        }
    }
}

#[test]
fn surroundings_never_reach_the_image() {
    let mut diff_ids = Vec::new();
    for compression in ["gzip", "zstd"] {
        let built: Vec<_> = SURROUNDINGS
            .iter()
            .map(|surroundings| (surroundings.name, build("python3", compression, surroundings)))
            .collect();
        let (_, expected) = &built[0];
        for (name, found) in &built {
            assert_eq!(found, expected, "{compression}, {name}");
        }
        diff_ids.push(expected.1.clone());
    }
    assert_eq!(diff_ids[0], diff_ids[1], "what a layer holds does not depend on its compression");
}
