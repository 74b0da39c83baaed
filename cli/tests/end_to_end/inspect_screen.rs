//! Screens of the interface as text: `attar inspect --dump`, of images wherever they are.

use attar_testing::docker_registry::DockerRegistry;
use attar_testing::layers::{Codec, Layer, write_docker_archive, write_layout};
use attar_testing::{Finished, Scratch, need, run, skip};

use crate::support::attar;

const WIDTH: usize = 120;

/// A folder with an image in the layout `image`, of two layers, and in the archive `image.tar`.
fn images() -> Scratch {
    let scratch = Scratch::new();
    let layers = || {
        let lower = Layer::new().directory("etc").file("etc/hosts", "127.0.0.1 localhost\n").tar();
        let upper = Layer::new().file("etc/hostile\u{1b}[31m", "").file("srv", vec![b'x'; 70_000]).tar();
        [lower, upper]
    };
    write_layout(&scratch.join("image"), "1", Codec::Gzip, layers()).expect("a layout");
    write_docker_archive(&scratch.join("image.tar"), "app:1", &layers()).expect("an archive");
    scratch
}

fn dump(scratch: &Scratch, arguments: &[&str]) -> Finished {
    let cache = scratch.join("cache");
    let size = format!("{WIDTH}x30");
    attar().current_dir(scratch.path()).cache(cache).args(["inspect", "--dump", &size]).args(arguments).run()
}

/// Returns the lines below the one that names the image.
#[track_caller]
fn body(finished: Finished) -> Vec<String> {
    let text = finished.success();
    let lines: Vec<String> = text.lines().map(String::from).collect();
    assert_eq!(lines.len(), 30, "{text}");
    assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
    lines[1..].to_vec()
}

#[test]
fn an_image_of_a_registry_looks_as_in_its_layout() {
    let registry = need!(DockerRegistry::start());
    need!(skip::program("skopeo"));
    let scratch = images();
    let reference = registry.reference("demo/app:1");
    let mut copy = std::process::Command::new("skopeo");
    copy.args([
        "copy",
        "--quiet",
        "--dest-tls-verify=false",
        "oci:image:1",
        &format!("docker://{reference}"),
    ]);
    run(copy.current_dir(scratch.path())).success();
    let expected = body(dump(&scratch, &["oci:image", "--at", "/etc/hosts"]));
    assert!(expected.iter().any(|line| line.contains("127.0.0.1 localhost")), "{expected:#?}");
    assert!(expected.iter().any(|line| line.contains("srv")), "{expected:#?}");
    // The second time the layers are known, and only what is looked at is fetched.
    for _ in 0..2 {
        let arguments = [&format!("registry:{reference}"), "--at", "/etc/hosts"];
        assert_eq!(body(dump(&scratch, &arguments)), expected);
    }
}

#[test]
fn the_images_of_a_folder_are_listed() {
    let scratch = images();
    let lines = body(dump(&scratch, &[]));
    for word in ["oci:image:1", "./image.tar"] {
        assert!(lines.iter().any(|line| line.contains(word)), "{word}: {lines:#?}");
    }
}

#[test]
fn a_screen_becomes_a_picture() {
    let scratch = images();
    let picture = |theme: &str| {
        let arguments = ["oci:image", "--at", "/etc/hosts", "--dump-format", "svg", "--theme", theme];
        dump(&scratch, &arguments).success()
    };
    let (dark, light) = (picture("dark"), picture("light"));
    for (picture, paper) in [(&dark, "#16161a"), (&light, "#fbfbfc")] {
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"), "{picture}");
        assert!(picture.contains(&format!("rx=\"8\" fill=\"{paper}\"")), "{picture}");
        assert!(picture.contains(">127.0.0.1 localhost"), "{picture}");
        // Names of files are text, whatever they hold.
        assert!(!picture.contains('\u{1b}') && picture.contains("hostile"), "{picture}");
    }
    let said = attar().args(["inspect", "oci:image", "--dump-format", "svg"]).run().fails(64);
    assert!(said.contains("--dump <WIDTHxHEIGHT>"), "{said}");
}

#[test]
fn what_cannot_be_opened_is_said_on_the_screen() {
    let scratch = images();
    let lines = body(dump(&scratch, &["oci:other"]));
    assert!(lines.iter().any(|line| line.contains("`other` is no OCI image layout")), "{lines:#?}");
}

#[test]
fn wrong_usage_is_told_before_anything_is_drawn() {
    let scratch = images();
    let keys = scratch.write("keys.yaml", "everywhere:\n  x: extrac\n").display().to_string();
    for (arguments, code, expected) in [
        (&["oci:image", "--view", "trees"][..], 64, "invalid value 'trees'"),
        (&["oci:image", "--layer", "0"], 64, "expected the number of a layer, from 1 for the lowest"),
        (&["oci:image", "--range", "3..2"], 64, "expected the lower layer first"),
        (&["oci:image", "--filter", "size:>"], 64, "size"),
        (&["oci:image", "--verify"], 64, "`--dump` is for the interface, and `--verify` for a report"),
        (&["api.yaml"], 64, "`api.yaml` is a spec, and has no layers yet"),
        (&["oci:image", "--keys", &keys], 1, "line 2: unknown action `extrac`"),
    ] {
        let said = dump(&scratch, arguments).fails(code);
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
    let said = attar().arg("inspect").run().fails(64);
    assert!(said.contains("no image is named"), "{said}");
}
