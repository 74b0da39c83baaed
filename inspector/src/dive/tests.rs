//! Cases in which dive's figures and the truth are known, side by side.

use attar_testing::layers::Layer;

use super::*;
use crate::analysis::Analysis;
use crate::testing::{bytes, stack};

/// A case: dive's score and wasted bytes, the true efficiency and dead bytes.
struct Case {
    name: &'static str,
    layers: Vec<Layer>,
    dive: (f64, u64),
    truth: (f64, u64),
}

fn cases() -> Vec<Case> {
    let two = || Layer::new().directory("d").file("d/a", bytes(5000)).file("d/b", bytes(5000));
    let one = |size| Layer::new().file("f", bytes(size));
    vec![
        Case {
            name: "a file of 5000 is removed, 1000 are kept",
            layers: vec![
                Layer::new().file("f", bytes(5000)).file("k", bytes(1000)),
                Layer::new().whiteout("f"),
            ],
            dive: (1000.0 / 6000.0, 5000),
            truth: (1000.0 / 6000.0, 5000),
        },
        Case {
            name: "a directory of two files is removed, 1000 are kept",
            layers: vec![two().file("k", bytes(1000)), Layer::new().whiteout("d")],
            dive: (1.0, 0),
            truth: (1000.0 / 11000.0, 10000),
        },
        Case {
            name: "an opaque directory replaces two files by one of 10",
            layers: vec![two(), Layer::new().directory("d").opaque("d").file("d/c", bytes(10))],
            dive: (1.0, 0),
            truth: (10.0 / 10010.0, 10000),
        },
        Case {
            name: "the same path is written again",
            layers: vec![one(5000), one(5000)],
            dive: (0.5, 10000),
            truth: (0.5, 5000),
        },
        Case {
            name: "a file grows from 10 to 5000",
            layers: vec![one(10), one(5000)],
            dive: (10.0 / 5010.0, 5010),
            truth: (5000.0 / 5010.0, 10),
        },
        Case {
            name: "a file shrinks from 5000 to 10",
            layers: vec![one(5000), one(10)],
            dive: (10.0 / 5010.0, 5010),
            truth: (10.0 / 5010.0, 5000),
        },
        Case {
            name: "a file is added, removed and added",
            layers: vec![one(5000), Layer::new().whiteout("f"), one(5000)],
            dive: (0.0, 10000),
            truth: (0.5, 5000),
        },
        Case {
            name: "a directory with 5000 gives way to a file of 7",
            layers: vec![
                Layer::new().directory("d").file("d/a", bytes(5000)),
                Layer::new().file("d", bytes(7)),
            ],
            dive: (1.0, 0),
            truth: (7.0 / 5007.0, 5000),
        },
        Case {
            name: "a file gives way to a hard link to a lower one",
            layers: vec![
                Layer::new().file("a", bytes(5000)).file("b", bytes(5000)),
                Layer::new().hard_link("b", "a"),
            ],
            dive: (0.5, 5000),
            truth: (0.5, 5000),
        },
        Case {
            name: "a whiteout of what is not there, and 4096 written again after it",
            layers: vec![
                Layer::new().file("x", bytes(4096)),
                Layer::new().whiteout("missing").file("x", bytes(4096)),
            ],
            dive: (4095.0 / 4096.0, 0),
            truth: (0.5, 4096),
        },
        Case {
            name: "the same bytes at two paths",
            layers: vec![Layer::new().file("a", bytes(5000)).file("b", bytes(5000))],
            dive: (1.0, 0),
            truth: (1.0, 0),
        },
    ]
}

#[test]
fn dive_and_the_truth() {
    for Case { name, layers, dive, truth } in cases() {
        let stack = stack(layers);
        let figures = Figures::of(&stack);
        assert_eq!((figures.efficiency, figures.wasted), dive, "dive: {name}");
        let analysis = Analysis::of(&stack);
        let (efficiency, waste) = truth;
        assert!((analysis.efficiency() - efficiency).abs() < 1e-12, "{name}: {}", analysis.efficiency());
        assert_eq!(analysis.waste, waste, "truth: {name}");
        let sums = stack.figures();
        assert_eq!((analysis.total, analysis.waste), (sums.total, sums.reclaimable), "{name}");
    }
}

#[test]
fn one_layer_has_no_share_of_the_user() {
    let figures = Figures::of(&stack([Layer::new().file("a", bytes(10))]));
    assert_eq!((figures.size, figures.user_size, figures.wasted), (10, 0, 0));
    assert!(figures.user_wasted.is_nan());
    let figures = Figures::of(&stack([Layer::new().file("a", bytes(10)), Layer::new().file("a", bytes(30))]));
    assert_eq!((figures.size, figures.user_size, figures.wasted), (40, 30, 40));
    assert_eq!(figures.user_wasted, 40.0 / 30.0);
}

#[test]
fn empty_directories_and_links_count_as_paths() {
    let layer = || Layer::new().directory("d").symlink("l", "d").file("f", bytes(1));
    let figures = Figures::of(&stack([layer(), layer(), layer().file("d/x", "")]));
    let shown: Vec<_> =
        figures.inefficient.iter().map(|path| (path.path.to_string(), path.count, path.bytes)).collect();
    let expected = [("/f", 3, 3), ("/d", 2, 0), ("/l", 3, 0)];
    assert_eq!(shown, expected.map(|(path, count, bytes)| (path.to_owned(), count, bytes)));
}

#[test]
fn an_implied_directory_has_no_size() {
    let below = |layer: Layer| vec![layer.file("d/a", bytes(50)), Layer::new().whiteout("d")];
    // The whiteout counts what was below it, but only of a directory that has an entry.
    let named = Figures::of(&stack(below(Layer::new().directory("d"))));
    assert_eq!((named.efficiency, named.wasted), (1.0, 0));
    let mut layers = below(Layer::new().directory("d"));
    layers.push(Layer::new().file("d", bytes(4)));
    // 50 once below, 50 for the whiteout, 4 for the file: the smallest of the last two is 4.
    let again = Figures::of(&stack(layers));
    assert_eq!((again.efficiency, again.wasted), (54.0 / 104.0, 54));
    let mut layers = below(Layer::new());
    layers.push(Layer::new().file("d", bytes(4)));
    let implied = Figures::of(&stack(layers));
    assert_eq!((implied.efficiency, implied.wasted), (50.0 / 54.0, 4));
}
