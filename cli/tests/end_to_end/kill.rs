//! A build killed at any point leaves neither a broken output nor a broken cache; two at once are safe.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use attar_testing::Scratch;
use attar_testing::tree::Listing;

use crate::sameness::copy_packages;
use crate::support::{Examples, attar, cache};

/// How many points of a build are tried.
const POINTS: u32 = 16;

fn command(examples: &Examples, cache: &Path, output: &str) -> Command {
    attar()
        .cache(cache)
        .args(["build", "--locked", "--offline", "--progress", "none"])
        .arg(examples.spec("base"))
        .arg("-o")
        .arg(output)
        .into_command()
}

fn start(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the program starts")
}

/// Waits for the end, at most until `deadline`; then kills.
fn end_by(mut child: Child, deadline: Instant) -> bool {
    loop {
        if let Some(status) = child.try_wait().expect("a child of ours") {
            return status.success();
        }
        if Instant::now() >= deadline {
            child.kill().expect("a child of ours");
            child.wait().expect("a child of ours");
            return false;
        }
        std::thread::yield_now();
    }
}

/// Asserts that a layout is whole, if it is there: every blob under its digest, nothing half-written
/// among what its index names.
fn assert_whole(layout: &Path) {
    if !layout.join("index.json").exists() {
        return;
    }
    let names = attar_testing::layout::names(layout).expect("an index");
    if names.is_empty() {
        return;
    }
    for image in attar_testing::layout::images(layout, None).expect("images") {
        image.listing().expect("whole layers");
    }
    let blobs = Listing::of_folder(&layout.join("blobs/sha256")).expect("blobs");
    for path in blobs.paths().filter(|path| path.len() == 64) {
        assert_eq!(blobs.get(&path).expect("listed").detail, path, "a blob under another digest");
    }
}

#[test]
fn killed_builds_break_nothing() {
    let examples = Examples::copy();
    let warm = Scratch::new();
    copy_packages(&cache(), warm.path());
    let reference = examples.join("reference");
    let begun = Instant::now();
    let status = command(&examples, warm.path(), &format!("oci:{}", reference.display())).status();
    assert!(status.expect("the program starts").success());
    let whole = begun.elapsed();
    let expected = attar_testing::layout::digest(&reference, None).expect("an entry");

    // One cache and one output for all, so that each build meets what the killed ones left.
    let scratch = Scratch::new();
    copy_packages(&cache(), scratch.path());
    let layout = examples.join("layout");
    let archive = examples.join("image.tar");
    for point in 0..POINTS {
        let is_archive = point % 2 == 1;
        let output = match is_archive {
            true => format!("docker-archive:{}", archive.display()),
            false => format!("oci:{}", layout.display()),
        };
        if point % 4 == 0 {
            // What was made is thrown away from time to time, so that late points are reached too.
            for shelf in ["segments", "records", "layers", "builds"] {
                std::fs::remove_dir_all(scratch.join(shelf)).ok();
            }
        }
        let deadline = Instant::now() + whole * point / POINTS + Duration::from_millis(u64::from(point));
        end_by(start(&mut command(&examples, scratch.path(), &output)), deadline);
        assert_whole(&layout);
        if archive.exists() {
            let file = std::fs::File::open(&archive).expect("the archive");
            let entries = tar::Archive::new(file).entries().expect("an archive").count();
            assert!(entries > 3, "the archive is cut short");
            std::fs::remove_file(&archive).expect("the archive");
        }
    }
    let said =
        attar_testing::run(&mut command(&examples, scratch.path(), &format!("oci:{}", layout.display())));
    assert!(!said.stderr.contains("warning"), "a killed build left damage: {said}");
    said.success();
    assert_whole(&layout);
    assert_eq!(attar_testing::layout::digest(&layout, None).expect("an entry"), expected);
}

#[test]
fn two_builds_at_once_share_a_cache() {
    let examples = Examples::copy();
    let scratch = Scratch::new();
    copy_packages(&cache(), scratch.path());
    let outputs = ["first", "second"].map(|name| examples.join(name));
    let children = outputs
        .each_ref()
        .map(|output| start(&mut command(&examples, scratch.path(), &format!("oci:{}", output.display()))));
    for mut child in children {
        assert!(child.wait().expect("a child of ours").success());
    }
    let [first, second] = outputs.map(|output| {
        assert_whole(&output);
        attar_testing::layout::digest(&output, None).expect("an entry")
    });
    assert_eq!(first, second);
}

#[test]
fn two_builds_at_once_share_a_layout() {
    let examples = Examples::copy();
    let layout = examples.join("layout");
    let children = ["one", "two"]
        .map(|name| start(&mut command(&examples, &cache(), &format!("oci:{}:{name}", layout.display()))));
    for mut child in children {
        assert!(child.wait().expect("a child of ours").success());
    }
    let mut names = attar_testing::layout::names(&layout).expect("an index");
    names.sort();
    assert_eq!(names, ["one", "two"]);
}
