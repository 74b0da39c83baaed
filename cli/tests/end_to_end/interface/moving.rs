//! Going about in the tree, the layers and the preview.

use attar_testing::need;

use super::{follows, open_tree, path_after, sample};

#[test]
fn vi_keys_and_arrow_keys_move_the_cursor() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    follows(
        &window,
        &[
            ("g g", "/app"),
            ("j", "/etc"),
            ("Down", "/srv"),
            ("k", "/etc"),
            ("Up", "/app"),
            ("Up", "/app"),
            ("0 3 j", "/usr"),
            ("G", "/var"),
            ("j", "/var"),
            ("Home", "/app"),
            ("End", "/var"),
        ],
    );
}

#[test]
fn directories_are_unfolded_entered_left_and_folded() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    // The preview lists what is in a directory too.
    window.keys("c");
    window.wait_without("main.py");
    window.keys("g g l");
    window.wait_for("main.py");
    follows(&window, &[("l", "/app/blob.bin"), ("j", "/app/main.py"), ("-", "/app")]);
    window.keys("h");
    window.wait_without("main.py");
    window.keys("Space");
    window.wait_for("main.py");
    window.keys("Enter");
    window.wait_without("main.py");
    window.keys("E");
    window.wait_for("app.conf");
    follows(&window, &[("G", "/var/lib/dpkg/status"), ("Left", "/var/lib/dpkg")]);
    window.keys("C");
    window.wait_without("status");
    // The cursor stays on what it was in.
    follows(&window, &[("", "/var"), ("g g *", "/app")]);
    window.wait_for("main.py");
}

#[test]
fn pages_are_as_long_as_the_screen() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    follows(&window, &[("g g j j", "/srv"), ("Right Right Right Right", "/srv/data/file-000")]);
    let file = |keys: &str| -> usize {
        let path = path_after(&window, keys);
        path.strip_prefix("/srv/data/file-").and_then(|it| it.parse().ok()).expect("the number of a file")
    };
    let page = file("PageDown");
    assert!((20..30).contains(&page), "{page}");
    assert_eq!(file("PageDown"), 2 * page);
    assert_eq!(file("PageUp"), page);
    let half = file("C-d") - page;
    assert!((page / 2).abs_diff(half) <= 1, "{half} of {page}");
    assert_eq!(file("C-u"), page);
    window.wait_for(&format!("file-{page:03}"));
}

#[test]
fn layers_change_the_tree() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.keys("1 k");
    window.wait_for("files up to layer 2");
    window.wait_without("app/");
    // Only what it changes, among that what it deletes.
    window.keys("v");
    window.wait_for("changes of layer 2");
    window.wait_without("srv/");
    window.keys("2 E");
    window.wait_for_all(&["index", "app.conf", "tool"]);
    // dive's keys do the same.
    window.keys("1 C-a");
    window.wait_for("files up to layer 2");
    window.keys("C-l");
    window.wait_for("changes of layer 2");
    window.keys("j");
    window.wait_for("changes of layer 3");
    window.wait_for("main.py");
    window.wait_without("app.conf");
    window.keys("V k k");
    window.wait_for("layers 1 to 3");
}

#[test]
fn what_is_shown_of_the_tree_can_be_chosen() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    // Without what the layer leaves as it is, and then without what it adds.
    window.keys("u");
    window.wait_without("etc/");
    window.keys("a");
    window.wait_without("app/");
    window.keys("a u");
    window.wait_for("etc/");
    let first = path_after(&window, "g g");
    assert_eq!(first, "/app");
    window.keys("s");
    window.wait_until("the largest directory first", |screen| {
        let (usr, app) = (screen.find("usr/"), screen.find("app/"));
        usr.is_some() && usr < app
    });
    window.keys("A");
    window.wait_for("rwxr-xr-x");
}

#[test]
fn places_are_bookmarked_and_found_again() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    follows(&window, &[("g g j", "/etc")]);
    window.keys("b");
    window.wait_for("bookmark set");
    window.keys("g p C-u");
    window.text("/usr/bin/tool\r");
    window.wait_for("tool");
    follows(&window, &[("", "/usr/bin/tool"), ("H", "/etc"), ("L", "/usr/bin/tool"), ("' '", "/etc")]);
    follows(&window, &[("G", "/var")]);
    window.keys("g b");
    window.wait_for_all(&["bookmarks", "/etc"]);
    window.keys("Enter");
    window.wait_without("bookmarks");
    follows(&window, &[("", "/etc")]);
}

#[test]
fn panes_take_the_keys_in_turn_and_the_whole_screen() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.keys("z");
    window.wait_without("step 1");
    window.keys("z");
    window.wait_for("step 1");
    window.keys("c");
    window.wait_without("directory: listing");
    window.keys("c 1 k");
    window.wait_for("files up to layer 2");
    // Below the layers are their details.
    window.keys("Tab Tab");
    follows(&window, &[("G", "/var")]);
    window.keys("BTab BTab j");
    window.wait_for("files up to layer 3");
}
