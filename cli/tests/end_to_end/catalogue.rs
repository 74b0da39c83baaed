//! The catalogue in `examples/`: every image with its variants, and the programs in them at work.

mod postgresql;
mod services;
mod trust;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use attar_testing::engine::{self, Docker};
use attar_testing::layout::{self, Image};
use attar_testing::{command, need, run, skip};

use crate::support::{attar, copy_folder};

/// The images without a program of their own.
const BASES: [&str; 4] = ["static", "base-nossl", "base", "cc"];

/// The images with a program: what is started to see that it runs, its first words, and its version.
const PROGRAMS: [(&str, &[&str], &str); 6] = [
    ("python3", &["/usr/bin/python3", "--version"], "Python 3.13."),
    ("nodejs", &["/usr/bin/node", "--version"], "v20."),
    ("java", &["/usr/bin/java", "-version"], "openjdk version \"21."),
    ("postgresql", &["/usr/lib/postgresql/17/bin/postgres", "--version"], "postgres (PostgreSQL) 17."),
    ("nginx", &["/usr/sbin/nginx", "-v"], "nginx version: nginx/1."),
    ("redis", &["/usr/bin/redis-server", "--version"], "Redis server v=8."),
];

/// Returns the folder with this run's copy of the examples.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("catalogue")
}

/// Builds an example with all its variants into a layout of its name, once in a run of the tests.
#[track_caller]
fn built(name: &str) -> PathBuf {
    static BUILT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let layout = folder().join("layouts").join(name);
    if built.is_empty() {
        let _ = std::fs::remove_dir_all(folder());
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
        copy_folder(&source, &folder().join("examples"));
    }
    if !built.contains(name) {
        let spec = folder().join("examples").join(name).join("attar.yaml");
        let _ = std::fs::remove_file(spec.with_file_name("attar.lock"));
        let to = format!("oci:{}:{name}", layout.display());
        attar().args(["build", "--all-variants", "-o", &to]).arg(spec).run().success();
        built.insert(name.to_owned());
    }
    layout
}

/// An image in the Docker engine, removed when the test ends.
struct Loaded {
    docker: Docker,
    tag: String,
}

impl Loaded {
    /// Brings one platform of a layout's entry into the engine.
    #[track_caller]
    fn new(docker: Docker, layout: &Path, entry: &str, platform: &str, tag: &str) -> Self {
        let (os, architecture) = platform.split_once('/').expect("a platform");
        let mut skopeo = command::words(&["skopeo", "--override-os", os, "--override-arch", architecture]);
        let source = format!("oci:{}:{entry}", layout.display());
        run(skopeo.args(["copy", "--quiet", &source, &format!("docker-daemon:{tag}")])).success();
        Self { docker, tag: tag.to_owned() }
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        self.docker.remove(&self.tag);
    }
}

/// Finds what brings images into a Docker engine.
fn loader() -> Result<Docker, String> {
    skip::program("skopeo")?;
    Docker::find()
}

fn images(layout: &Path, entry: &str) -> Vec<Image> {
    layout::images(layout, Some(entry)).expect("an entry with images")
}

#[test]
fn every_image_has_its_variants() {
    for name in BASES.into_iter().chain(PROGRAMS.map(|(name, ..)| name)) {
        let layout = built(name);
        let variants = match name {
            "postgresql" => vec!["debug", "init"],
            _ => vec!["debug", "debug-root", "root"],
        };
        let entries: Vec<String> = variants.iter().map(|variant| format!("{name}-{variant}")).collect();
        let mut names = layout::names(&layout).expect("a layout");
        names.sort();
        assert_eq!(names, [&[name.to_owned()], &entries[..]].concat());
        let plain = images(&layout, name);
        for (variant, entry) in variants.into_iter().zip(&entries) {
            for (image, plain) in images(&layout, entry).iter().zip(&plain) {
                assert_eq!(image.platform, plain.platform);
                configured(name, variant, &image.config["config"], &plain.config["config"]);
            }
        }
    }
}

/// Asserts what a variant's configuration has other than the plain image's.
fn configured(name: &str, variant: &str, config: &serde_json::Value, plain: &serde_json::Value) {
    let about = format!("{name}, variant {variant}");
    let is_root = variant.ends_with("root");
    assert_ne!(plain["User"], "0:0", "{about}");
    assert_eq!(config["User"], if is_root { "0:0".into() } else { plain["User"].clone() }, "{about}");
    let is_debug = variant.starts_with("debug");
    let environment = config["Env"].as_array().expect("an environment");
    let path = environment.iter().filter_map(|line| line.as_str()).find(|line| line.starts_with("PATH="));
    assert_eq!(path.is_some_and(|path| path.ends_with(":/busybox")), is_debug, "{about}: {path:?}");
    let expected = match () {
        () if is_debug && BASES.contains(&name) => serde_json::json!(["/busybox/sh"]),
        () if variant == "init" => serde_json::json!(["/usr/local/bin/initialise"]),
        () => plain["Entrypoint"].clone(),
    };
    assert_eq!(config["Entrypoint"], expected, "{about}");
}

#[test]
fn shells_stand_in_variants_alone() {
    let is_shell = |path: &str| {
        let (folder, name) = path.rsplit_once('/').unwrap_or_default();
        matches!(name, "sh" | "bash" | "dash" | "ash" | "busybox")
            && matches!(folder.rsplit('/').next(), Some("bin" | "sbin" | "busybox"))
    };
    for name in ["static", "cc", "nodejs", "postgresql", "nginx", "redis"] {
        let layout = built(name);
        let shells = |entry: &str| -> Vec<String> {
            let image = images(&layout, entry).swap_remove(0);
            let listing = image.listing().expect("layers that can be read");
            listing.paths().filter(|path| is_shell(path)).collect()
        };
        assert_eq!(shells(name), Vec::<String>::new(), "{name}");
        let debug = shells(&format!("{name}-debug"));
        assert_eq!(
            debug,
            ["busybox/ash", "busybox/busybox", "busybox/sh", "usr/bin/busybox"],
            "{name}, variant debug"
        );
    }
    let init = images(&built("postgresql"), "postgresql-init").swap_remove(0);
    let listing = init.listing().expect("layers that can be read");
    assert!(listing.get("usr/bin/sh").is_some_and(|item| item.detail == "-> /usr/bin/busybox"));
    assert!(listing.get("usr/bin/busybox").is_some_and(|item| item.kind == '-'));
}

#[test]
fn images_are_rebuilt_from_themselves() {
    for name in ["nodejs", "java", "postgresql", "nginx", "redis"] {
        let image = format!("oci:{}:{name}", built(name).display());
        let said = attar().args(["rebuild", "--output", "json", &image]).run().success();
        let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        assert_eq!(said["verdict"], "identical", "{said:#}");
    }
}

#[track_caller]
fn programs_start(platform: &str) {
    let docker = need!(loader());
    need!(engine::can_start(platform));
    for (name, program, expected) in PROGRAMS {
        let tag = format!("attar-tests/{name}:start-{}", platform.replace('/', "-"));
        let _loaded = Loaded::new(docker, &built(name), name, platform, &tag);
        let (program, arguments) = program.split_first().expect("a program");
        let options = ["--read-only", "--platform", platform, "--entrypoint", program];
        let said = docker.run(&options, &tag, arguments);
        assert!(said.is_success(), "{name} for {platform}: {said}");
        // Some print their version on standard error.
        let text = format!("{}{}", said.stdout, said.stderr);
        assert!(text.contains(expected), "{name} for {platform}: {said}");
    }
}

#[test]
fn programs_start_on_amd64() {
    programs_start("linux/amd64");
}

#[test]
fn programs_start_on_arm64() {
    programs_start("linux/arm64");
}

#[test]
fn debug_variants_have_a_shell() {
    let docker = need!(loader());
    for (name, variant, user) in [("static", "debug", "65532"), ("cc", "debug-root", "0")] {
        let tag = format!("attar-tests/{name}:{variant}");
        let entry = format!("{name}-{variant}");
        let _loaded = Loaded::new(docker, &built(name), &entry, "linux/amd64", &tag);
        let said = docker.run(&["--read-only"], &tag, &["-c", "id -u; which ls"]).success();
        assert_eq!(said, format!("{user}\n/busybox/ls\n"), "{entry}");
    }
    for (name, variant, user) in [("nodejs", "debug", "65532"), ("redis", "debug-root", "0")] {
        let tag = format!("attar-tests/{name}:{variant}");
        let entry = format!("{name}-{variant}");
        let _loaded = Loaded::new(docker, &built(name), &entry, "linux/amd64", &tag);
        let options = ["--read-only", "--entrypoint", "/busybox/sh"];
        let said = docker.run(&options, &tag, &["-c", "id -u"]).success();
        assert_eq!(said, format!("{user}\n"), "{entry}");
    }
}
