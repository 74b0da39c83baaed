//! Searching, filtering, going to a path, and finding what can be done.

use attar_testing::need;

use super::{follows, open_tree, path_after, sample};

#[test]
fn a_search_goes_to_matches_while_it_is_typed() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.keys("/");
    window.text("file-19");
    window.wait_for("10 found");
    window.keys("Enter");
    follows(
        &window,
        &[
            ("", "/srv/data/file-190"),
            ("n", "/srv/data/file-191"),
            ("n n", "/srv/data/file-193"),
            ("N", "/srv/data/file-192"),
            ("5 n", "/srv/data/file-197"),
            ("0 3 n", "/srv/data/file-190"),
        ],
    );
    window.keys("/");
    window.text("re:(");
    window.wait_for("regular expression");
    window.keys("Escape");
    window.wait_without("search:");
}

#[test]
fn a_filter_stays_while_one_goes_about() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.keys("E g g");
    window.wait_for("file-");
    window.keys("f");
    window.text("glob:*.py");
    window.wait_without("etc/");
    window.keys("Enter");
    follows(&window, &[("G", "/app/main.py"), ("g g", "/app")]);
    window.keys("Escape");
    window.wait_for("file-");
    for (filter, shown) in [
        ("size:>1k", "tool"),
        ("change:added", "main.py"),
        ("mode:suid", "tool"),
        ("type:exec", "tool"),
        ("type:elf", "tool"),
        ("owner:tool", "tool"),
        ("layer:2 !tool", "app.conf"),
        ("re:^/var/.*list$", "tool.list"),
    ] {
        window.keys("f C-u");
        window.text(filter);
        window.keys("Enter");
        window.wait_until(filter, |screen| screen.contains(shown) && !screen.contains("file-"));
        window.keys("F");
        window.wait_for("file-");
    }
}

#[test]
fn a_wrong_filter_is_explained_and_one_that_is_left_is_undone() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.keys("f");
    window.text("size:big");
    window.wait_for("size");
    // It stays to be mended.
    window.keys("Enter");
    window.wait_for("filter: size:big");
    window.keys("C-u");
    window.text("passwd");
    window.wait_without("app/");
    window.keys("Escape");
    window.wait_for("app/");
}

#[test]
fn one_goes_to_a_path_that_is_typed_or_pasted() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.keys("g p C-u");
    window.text("/var/lib/dpkg/status\r");
    window.wait_for("status");
    follows(&window, &[("", "/var/lib/dpkg/status")]);
    window.keys("g p C-u");
    // As a terminal pastes it, with a line break that must not end the line.
    window.text("\x1b[200~/usr/bin\n/tool\x1b[201~");
    window.wait_for("/usr/bin/tool");
    window.keys("Enter");
    follows(&window, &[("", "/usr/bin/tool")]);
    window.keys("g p C-u");
    window.text("/usr/bin/none\r");
    window.wait_for("nearest directory above");
    follows(&window, &[("", "/usr/bin")]);
}

#[test]
fn the_palette_finds_what_can_be_done_and_does_it() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.keys(":");
    window.text("waste");
    window.wait_for("what is dead, and why");
    window.keys("Enter");
    window.wait_for("/var/lib/apt/lists/index");
    window.keys(":");
    window.text("show-tree\r");
    window.wait_for("app/");
}

#[test]
fn help_lists_the_keys_and_can_be_searched() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.keys("?");
    let screen = window.wait_for("one line up");
    assert!(!screen.contains("write the file or tree to a folder"), "it is further down:\n{screen}");
    window.keys("G");
    window.wait_without("one line up");
    // What is a key elsewhere only closes the list.
    window.keys("q");
    window.wait_for("app/");
    assert_eq!(path_after(&window, "g g"), "/app");
}
