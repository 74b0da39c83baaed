use attar_testing::layers::Layer;

use super::*;
use crate::testing::{bytes, stack};

fn analysis(layers: impl IntoIterator<Item = Layer>) -> Analysis {
    Analysis::of(&stack(layers))
}

#[test]
fn layers_are_counted() {
    let analysis = analysis([
        Layer::new().directory("d").file("d/a", bytes(5)).file("d/b", bytes(7)),
        Layer::new()
            .directory("d")
            .file("d/a", bytes(6))
            .whiteout("d/b")
            .whiteout("nothing")
            .file("d/c", bytes(1)),
        Layer::new().opaque("d").file("d/c", bytes(1)),
    ]);
    let shown: Vec<_> = analysis
        .layers
        .iter()
        .map(|layer| {
            let changes = [layer.added, layer.modified, layer.unchanged, layer.removed];
            (layer.entries, changes, layer.bytes, layer.waste, layer.killed)
        })
        .collect();
    let expected = [(3, [3, 0, 0, 0], 12, 12, 0), (5, [1, 1, 1, 1], 7, 7, 12), (2, [0, 0, 1, 1], 1, 0, 7)];
    assert_eq!(shown, expected);
    assert_eq!((analysis.total, analysis.waste), (20, 19));
    assert_eq!((analysis.user_total, analysis.user_waste), (8, 7));
    assert_eq!(analysis.files, 2);
    assert!(analysis.is_complete());
}

#[test]
fn dead_files_have_their_story() {
    let analysis = analysis([
        Layer::new().file("a", bytes(10)).file("b", bytes(300)).file("empty", ""),
        Layer::new().file("a", bytes(20)).whiteout("b").whiteout("empty"),
        Layer::new().whiteout("a"),
    ]);
    let copy = |bytes, introduced, killed, reason| Copy { bytes, introduced, killed, reason };
    let path = |name: &str| TreePath::parse(name).expect("a path");
    let expected = [
        Dead { path: path("b"), bytes: 300, copies: vec![copy(300, 0, 1, Reason::Deleted)] },
        Dead {
            path: path("a"),
            bytes: 30,
            copies: vec![copy(10, 0, 1, Reason::Replaced), copy(20, 1, 2, Reason::Deleted)],
        },
    ];
    assert_eq!(analysis.dead, expected);
    assert_eq!(analysis.reasons(), [(Reason::Deleted, 320), (Reason::Replaced, 10)]);
}

#[test]
fn an_image_of_nothing_wastes_nothing() {
    let analysis = analysis([Layer::new()]);
    assert_eq!(analysis.efficiency(), 1.0);
    assert_eq!((analysis.waste_percent(), analysis.user_waste_percent()), (0.0, 0.0));
}
