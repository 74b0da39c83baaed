use super::*;
use crate::browse::Rows;
use crate::testing::{bytes, stack_with_digests};
use attar_testing::layers::Layer;

fn images() -> [Stack; 2] {
    [
        stack_with_digests([Layer::new()
            .directory("etc")
            .file("etc/same", bytes(5))
            .file("etc/mode", bytes(5))
            .file("gone/a", bytes(7))
            .file("lib/text", "one")
            .symlink("link", "a")
            .directory("quiet")
            .file("quiet/x", bytes(1))]),
        stack_with_digests([
            Layer::new().directory("etc").file("etc/same", bytes(5)).mode(0o600).file("etc/mode", bytes(5)),
            Layer::new()
                .file("lib/text", "two")
                .file("lib/new", bytes(100))
                .symlink("link", "b")
                .file("quiet/x", bytes(1)),
        ]),
    ]
}

fn rows(one: &Stack, other: &Stack, settings: &PairSettings) -> Vec<String> {
    let pair = Arc::new(Pair::of(one, other, settings));
    let mut rows = Rows::new(Arc::clone(&pair));
    rows.expand_all().expect("few rows");
    let line = |row: super::super::Row<PairId>| {
        let path = match pair.paths(row.node) {
            [_, Some(path)] => other.paths().path(path),
            [path, _] => one.paths().path(path.expect("one has it")),
        };
        let ([before, after], delta) = (pair.bytes(row.node), pair.delta(row.node));
        format!("{path} {} {before} {after} {delta}", pair.mark(row.node).name())
    };
    rows.iter_from(0).map(line).collect()
}

#[test]
fn two_images_stand_as_one_tree() {
    let [one, other] = images();
    let expected = [
        "/etc modified 10 10 0",
        "/etc/mode modified 5 5 0",
        "/etc/same same 5 5 0",
        "/gone removed 7 0 -7",
        "/gone/a removed 7 0 -7",
        "/lib modified 3 103 100",
        "/lib/new added 0 100 100",
        "/lib/text modified 3 3 0",
        "/link modified 0 0 0",
        "/quiet same 1 1 0",
        "/quiet/x same 1 1 0",
    ];
    assert_eq!(rows(&one, &other, &PairSettings::default()), expected);
    let same = rows(&one, &one, &PairSettings::default());
    assert!(same.iter().all(|line| line.contains(" same ")), "{same:?}");
}

#[test]
fn what_is_shown_and_how_can_be_chosen() {
    let [one, other] = images();
    let hide = Hide { unchanged: true, removed: true, added: true, ..Hide::default() };
    let expected = [
        "/etc modified 10 10 0",
        "/etc/mode modified 5 5 0",
        "/lib modified 3 103 100",
        "/lib/text modified 3 3 0",
        "/link modified 0 0 0",
    ];
    assert_eq!(rows(&one, &other, &PairSettings { hide, ..PairSettings::default() }), expected);
    let filter = |text: &str| Some(Arc::new(Filter::parse(text).expect("a filter")));
    let settings = PairSettings { filter: filter("a size:7"), ..PairSettings::default() };
    assert_eq!(rows(&one, &other, &settings), ["/gone removed 7 0 -7", "/gone/a removed 7 0 -7"]);
    let order = |sort, is_reversed| -> Vec<String> {
        let pair = Pair::of(&one, &other, &PairSettings { sort, is_reversed, ..PairSettings::default() });
        let name = |node: &PairId| match pair.paths(*node) {
            [Some(path), _] => String::from_utf8_lossy(one.paths().name(path)).into_owned(),
            _ => String::new(),
        };
        pair.children(PairId::ROOT).iter().map(name).collect()
    };
    assert_eq!(order(Sort::Size, false), ["lib", "etc", "gone", "quiet", "link"]);
    assert_eq!(order(Sort::Delta, false), ["lib", "gone", "etc", "link", "quiet"]);
    assert_eq!(order(Sort::Change, false), ["etc", "lib", "link", "gone", "quiet"]);
    assert_eq!(order(Sort::Name, true), ["quiet", "link", "lib", "gone", "etc"]);
    let pair = Pair::of(&one, &other, &PairSettings::default());
    let find = |stack: &Stack, path: &str| {
        stack.paths().find(&attar_image::path::TreePath::parse(path).expect("a path")).expect("known")
    };
    let node = pair.find_first(find(&one, "etc/same"));
    assert_eq!(node, pair.find_second(find(&other, "etc/same")));
    assert_eq!(node.map(|node| pair.mark(node)), Some(PairMark::Same));
}

#[test]
fn what_was_not_compared_is_unknown() {
    let [one, other] = ["one", "two"]
        .map(|text| crate::testing::stack([Layer::new().file("d/a", text), Layer::new().file("b", text)]));
    let expected = ["/b unknown 3 3 0", "/d unknown 3 3 0", "/d/a unknown 3 3 0"];
    assert_eq!(rows(&one, &other, &PairSettings::default()), expected);
}
