use super::*;
use crate::testing::{bytes, stack};
use attar_image::path::TreePath;
use attar_testing::layers::Layer;

mod properties;

fn example() -> Stack {
    stack([
        Layer::new()
            .directory("etc")
            .file("etc/passwd", bytes(10))
            .file("etc/shadow", bytes(20))
            .directory("usr")
            .file("usr/tool", bytes(100))
            .file("usr/own", bytes(1))
            .hard_link("usr/link", "usr/own"),
        Layer::new()
            .directory("etc")
            .file("etc/passwd", bytes(12))
            .whiteout("etc/shadow")
            .file("tmp/cache/big", bytes(500)),
        Layer::new().whiteout("tmp").mode(0o755).file("usr/tool", bytes(100)).symlink("etc/note", "passwd"),
    ])
}

fn line(stack: &Stack, view: &View, path: PathId) -> String {
    let Figures { bytes, files, dead } = view.figures(path);
    let mark = view.mark(path).map_or("absent", Mark::name);
    format!("{} {mark} {bytes} {files} {dead}", stack.paths().path(path))
}

/// The rows of a view with everything unfolded: path, mark, bytes, files, dead bytes.
fn shown(stack: &Stack, settings: &ViewSettings) -> Vec<String> {
    let view = Arc::new(View::of(stack, &Index::of(stack), settings));
    let mut rows = super::super::Rows::new(Arc::clone(&view));
    rows.expand_all().expect("few rows");
    rows.iter_from(0).map(|row| line(stack, &view, row.node)).collect()
}

fn range(from: usize, to: usize) -> ViewSettings {
    ViewSettings { range: Range { from, to }, ..ViewSettings::default() }
}

#[test]
fn a_range_shows_what_is_there_and_what_it_took_away() {
    let stack = example();
    let expected: [(_, &[&str]); 4] = [
        (
            (0, 0),
            &[
                "/etc added 30 2 30",
                "/etc/passwd added 10 1 10",
                "/etc/shadow added 20 1 20",
                "/usr added 101 3 100",
                "/usr/link added 0 1 0",
                "/usr/own added 1 1 0",
                "/usr/tool added 100 1 100",
            ],
        ),
        (
            (1, 1),
            &[
                "/etc modified 12 1 30",
                "/etc/passwd modified 12 1 10",
                "/etc/shadow removed 20 1 20",
                "/tmp added 500 1 500",
                "/tmp/cache added 500 1 500",
                "/tmp/cache/big added 500 1 500",
                "/usr unchanged 101 3 100",
                "/usr/link unchanged 0 1 0",
                "/usr/own unchanged 1 1 0",
                "/usr/tool unchanged 100 1 100",
            ],
        ),
        (
            (2, 2),
            &[
                "/etc modified 12 2 30",
                "/etc/note added 0 1 0",
                "/etc/passwd unchanged 12 1 10",
                "/tmp removed 500 1 500",
                "/tmp/cache removed 500 1 500",
                "/tmp/cache/big removed 500 1 500",
                "/usr modified 101 3 100",
                "/usr/link unchanged 0 1 0",
                "/usr/own unchanged 1 1 0",
                "/usr/tool rewritten 100 1 100",
            ],
        ),
        // What came and went within the range is there to be found.
        (
            (1, 9),
            &[
                "/etc modified 12 2 30",
                "/etc/note added 0 1 0",
                "/etc/passwd modified 12 1 10",
                "/etc/shadow removed 20 1 20",
                "/tmp removed 500 1 500",
                "/tmp/cache removed 500 1 500",
                "/tmp/cache/big removed 500 1 500",
                "/usr modified 101 3 100",
                "/usr/link unchanged 0 1 0",
                "/usr/own unchanged 1 1 0",
                "/usr/tool rewritten 100 1 100",
            ],
        ),
    ];
    for ((from, to), expected) in expected {
        assert_eq!(shown(&stack, &range(from, to)), expected, "{from}..={to}");
    }
}

#[test]
fn what_is_hidden_stays_only_for_what_is_below_it() {
    let stack = example();
    let hide = Hide { unchanged: true, removed: true, modified: true, ..Hide::default() };
    let expected = ["/etc modified 12 2 30", "/etc/note added 0 1 0"];
    assert_eq!(shown(&stack, &ViewSettings { hide, ..range(2, 2) }), expected);
    let view = View::of(&stack, &Index::of(&stack), &ViewSettings { hide, ..range(2, 2) });
    assert_eq!(view.matches(), 1);
    let filter = Filter::parse("size:>50 change:rewritten").expect("a filter");
    let filtered = ViewSettings { filter: Some(Arc::new(filter)), ..range(0, 2) };
    assert_eq!(shown(&stack, &filtered), Vec::<String>::new());
    let filtered = ViewSettings { range: Range { from: 2, to: 2 }, ..filtered };
    assert_eq!(shown(&stack, &filtered), ["/usr modified 101 3 100", "/usr/tool rewritten 100 1 100"]);
}

#[test]
fn siblings_stand_in_the_order_that_is_asked_for() {
    let stack = example();
    let order = |sort: Sort, is_reversed: bool| -> Vec<String> {
        let index = Index::of(&stack);
        let view = View::of(&stack, &index, &ViewSettings { sort, is_reversed, ..range(1, 2) });
        view.children(PathId::ROOT).iter().map(|path| stack.paths().path(*path).to_string()).collect()
    };
    assert_eq!(order(Sort::Name, false), ["/etc", "/tmp", "/usr"]);
    assert_eq!(order(Sort::Name, true), ["/usr", "/tmp", "/etc"]);
    assert_eq!(order(Sort::Size, false), ["/tmp", "/usr", "/etc"]);
    assert_eq!(order(Sort::Change, false), ["/etc", "/usr", "/tmp"]);
    assert_eq!(order(Sort::Waste, false), ["/tmp", "/usr", "/etc"]);
    assert_eq!(order(Sort::Waste, true), ["/etc", "/usr", "/tmp"]);
}

#[test]
fn the_largest_files_are_found_among_what_is_shown() {
    let stack = example();
    let index = Index::of(&stack);
    let view = View::of(&stack, &index, &range(1, 1));
    let largest = |view: &View, limit| -> Vec<String> {
        view.largest(limit).iter().map(|path| stack.paths().path(*path).to_string()).collect()
    };
    assert_eq!(largest(&view, 2), ["/tmp/cache/big", "/usr/tool"]);
    assert_eq!(largest(&view, 9), ["/tmp/cache/big", "/usr/tool", "/etc/shadow", "/etc/passwd", "/usr/own"]);
    let hide = Hide { added: true, unchanged: true, ..Hide::default() };
    let view = view.with(&stack, &index, &ViewSettings { hide, ..range(1, 1) });
    assert_eq!(largest(&view, 9), ["/etc/shadow", "/etc/passwd"]);
}

#[test]
fn a_view_of_nothing_is_empty() {
    let view = View::of(&Stack::default(), &Index::default(), &ViewSettings::default());
    assert_eq!((view.matches(), view.children(PathId::ROOT)), (0, &[][..]));
    let found = TreePath::parse("a").ok().and_then(|path| Stack::default().paths().find(&path));
    assert_eq!(found, None);
}
