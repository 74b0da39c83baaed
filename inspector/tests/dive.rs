//! dive's figures are dive's, to the last digit: dive itself reads the same layers.

use std::collections::BTreeSet;

use attar_image::layout::Layout;
use attar_image::stack::{Settings, Stack};
use attar_inspector::dive::Figures;
use attar_testing::command::words;
use attar_testing::layers::{Codec, Layer, write_docker_archive, write_layout};
use attar_testing::{Scratch, need, run, skip};
use serde_json::Value;

#[test]
fn dive_says_the_same_of_known_layers() {
    need!(skip::program("dive"));
    let wrong: String = cases().into_iter().map(|(name, layers)| compare(name, layers)).collect();
    assert!(wrong.is_empty(), "{wrong}");
}

/// dive takes what a storage driver keeps for itself for the whiteout of something that is not there.
#[test]
fn dive_knows_no_names_of_storage_drivers() {
    need!(skip::program("dive"));
    let layers =
        [Layer::new().file("f", [1; 100]), Layer::new().file(".wh..wh.aufs", [1; 9]).file("f", [2; 50])];
    let layers = layers.map(Layer::tar);
    let scratch = Scratch::new();
    let [score, wasted, size, _] = ask_dive(&scratch, &layers);
    assert_eq!([score.as_str(), &wasted, &size], ["0.99", "0", "159"]);
    let figures = figures(&scratch, &layers);
    assert_eq!((figures.efficiency, figures.wasted, figures.size), (50.0 / 150.0, 150, 150));
}

#[test]
fn dive_says_the_same_of_layers_at_random() {
    need!(skip::program("dive"));
    let wrong: String = (1..=40).map(|seed| compare(&format!("seed {seed}"), random(seed))).collect();
    assert!(wrong.is_empty(), "{wrong}");
}

/// Returns a line for everything of which dive and attar say different things.
fn compare(name: &str, layers: Vec<Layer>) -> String {
    let scratch = Scratch::new();
    let layers: Vec<Vec<u8>> = layers.into_iter().map(Layer::tar).collect();
    let (dive, attar) = (ask_dive(&scratch, &layers), figures(&scratch, &layers));
    let paths = attar.inefficient.iter();
    let attar = [
        attar.efficiency.to_string(),
        attar.wasted.to_string(),
        attar.size.to_string(),
        lines(paths.map(|file| format!("{} {} {}", file.path, file.count, file.bytes))),
    ];
    let mut wrong = String::new();
    for ((what, dive), attar) in ["score", "wasted bytes", "size", "files"].into_iter().zip(dive).zip(attar) {
        if dive != attar {
            wrong += &format!("{name}: {what}: dive says\n{dive}\nattar says\n{attar}\n");
        }
    }
    wrong
}

/// Returns score, wasted bytes, size, and a line for each file that dive lists.
fn ask_dive(scratch: &Scratch, layers: &[Vec<u8>]) -> [String; 4] {
    let archive = scratch.join("archive.tar");
    write_docker_archive(&archive, "attar-tests/dive:1", layers).expect("an archive");
    let report = scratch.join("dive.json");
    let source = format!("docker-archive://{}", archive.display());
    run(words(&["dive", &source, "--json"]).arg(&report).env_remove("CI")).success();
    let text = scratch.read(&report);
    let said: Value = serde_json::from_str(&text).expect("JSON");
    let image = &said["image"];
    let files = image["fileReference"].as_array().into_iter().flatten();
    [
        score(&text).to_string(),
        image["inefficientBytes"].to_string(),
        image["sizeBytes"].to_string(),
        lines(files.map(|file| {
            format!("{} {} {}", file["file"].as_str().unwrap_or_default(), file["count"], file["sizeBytes"])
        })),
    ]
}

/// Reads the score from its text: what reads JSON here may miss the last digit.
fn score(report: &str) -> f64 {
    let (_, rest) = report.split_once("\"efficiencyScore\":").expect("a score");
    let text = rest.split(',').next().unwrap_or_default();
    text.trim().parse().expect("a number")
}

fn figures(scratch: &Scratch, layers: &[Vec<u8>]) -> Figures {
    let folder = scratch.join("layout");
    write_layout(&folder, "it", Codec::Plain, layers).expect("a layout");
    let layout = Layout::open(&folder).expect("a layout");
    let entry = layout.resolve(Some("it")).expect("its entry");
    let image = layout.image(&entry, None).expect("its image");
    Figures::of(&Stack::read(&layout, &image, &Settings::default()).expect("layers that can be read"))
}

/// Sorts lines: dive's order of equal sizes changes from run to run.
fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join("\n")
}

/// Returns the cases of which dive's answers are known, and often wrong.
fn cases() -> Vec<(&'static str, Vec<Layer>)> {
    let folder = || Layer::new().directory("d/").file("d/one", [1; 5000]).file("d/two", [2; 5000]);
    let file = |size| Layer::new().file("f", vec![0; size]);
    vec![
        ("one layer", vec![folder()]),
        ("an empty layer", vec![folder(), Layer::new(), folder()]),
        ("a file is deleted", vec![folder(), Layer::new().whiteout("d/one")]),
        ("a directory is deleted", vec![folder().file("kept", [3; 1000]), Layer::new().whiteout("d")]),
        (
            "an implied directory is deleted",
            vec![Layer::new().file("d/one", [1; 50]), Layer::new().whiteout("d")],
        ),
        (
            "a deleted directory becomes a file",
            vec![folder(), Layer::new().whiteout("d"), Layer::new().file("d", "1234")],
        ),
        (
            "a directory is opaque",
            vec![folder(), Layer::new().directory("d/").opaque("d").file("d/new", [4; 10])],
        ),
        ("a file is written again", vec![file(5000), file(5000)]),
        ("a file grows", vec![file(10), file(5000)]),
        ("a file shrinks", vec![file(5000), file(10)]),
        ("a file is added, deleted and added", vec![file(5000), Layer::new().whiteout("f"), file(5000)]),
        ("a directory becomes a file", vec![folder(), Layer::new().file("d", "7 bytes")]),
        ("a file becomes a directory", vec![file(100), Layer::new().directory("f/").file("f/x", "1")]),
        (
            "a file becomes a hard link to a lower one",
            vec![file(5000).file("g", [0; 5000]), Layer::new().hard_link("g", "f")],
        ),
        (
            "hard links are written again",
            vec![file(70).hard_link("g", "f").hard_link("h", "f"), file(80).hard_link("g", "f")],
        ),
        ("what is not there is deleted", vec![file(4096), Layer::new().whiteout("a").file("f", [1; 4096])]),
        ("the lowest layer deletes", vec![folder().whiteout("d/one").whiteout("x"), folder()]),
        ("a path stands twice in a layer", vec![file(10).file("f", [1; 30]), file(5)]),
        (
            "links and empty directories",
            vec![
                Layer::new().symlink("l", "f").directory("e/").file("f", "1"),
                Layer::new().symlink("l", "g").directory("e/").file("f", "1"),
            ],
        ),
        (
            "pipes and devices",
            vec![Layer::new().fifo("p").device("c", 1, 3), Layer::new().fifo("p").device("c", 1, 5)],
        ),
        (
            "spellings of a path",
            vec![
                Layer::new().file("./d/a", "1"),
                Layer::new().file("/d/a", "2").file("d//b", "3"),
                Layer::new().file("d/./b", "4"),
            ],
        ),
        (
            "names longer than a header",
            vec![
                Layer::new().directory(&"long-name/".repeat(20)).file(&("long-name/".repeat(20) + "f"), "22"),
                Layer::new().file(&("long-name/".repeat(20) + "f"), "333"),
            ],
        ),
    ]
}

/// Makes layers that write and delete the same few paths again and again.
fn random(seed: u64) -> Vec<Layer> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = |limit: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % limit
    };
    let mut layers = Vec::new();
    for _ in 0..2 + next(5) {
        let mut layer = Layer::new();
        for _ in 0..1 + next(12) {
            let names = ["a", "b", "c"];
            let depth = 1 + next(3);
            let path = (0..depth).map(|_| names[next(3) as usize]).collect::<Vec<_>>().join("/");
            layer = match next(10) {
                0..=3 => layer.file(&path, vec![b'x'; next(1000) as usize]),
                4..=5 => layer.directory(&path),
                6 => layer.symlink(&path, "a"),
                7 => layer.whiteout(&path),
                8 => layer.opaque(&path),
                _ => layer.hard_link(&path, "a/b"),
            };
        }
        layers.push(layer);
    }
    layers
}
