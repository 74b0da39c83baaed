//! Sizes, colours, characters, and keys of one's own.

use attar_testing::need;
use attar_testing::tmux::Window;

use super::{SIZE, attar, follows, open, open_tree, sample};

#[test]
fn the_window_may_have_any_size() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.resize(40, 12);
    window.wait_until("one pane of 40 columns", |screen| {
        screen.contains("usr/") && !screen.contains("step 1") && screen.lines().count() <= 12
    });
    // Everything can be reached.
    follows(&window, &[("g g", "/app"), ("G", "/var")]);
    window.keys("Tab");
    window.wait_without("usr/");
    window.keys("1");
    window.wait_for("step 1");
    for (columns, lines) in [(1, 1), (3, 2), (10, 3), (300, 5), (5, 100)] {
        window.resize(columns, lines);
        window.wait_to_tell("#{pane_width}x#{pane_height}", &format!("{columns}x{lines}"));
        window.keys("z z w T");
    }
    window.resize(SIZE.0, SIZE.1);
    window.wait_for("step 1");
    window.wait_for("files up to layer 3");
    window.wait_for("? help");
}

/// Returns the numbers of all colours that are set on a screen.
fn colours(screen: &str) -> Vec<u16> {
    let sequences = screen.split("\x1b[").skip(1).filter_map(|it| Some(it.split_once('m')?.0));
    let numbers = sequences.flat_map(|it| it.split(';').filter_map(|number| number.parse().ok()));
    numbers.filter(|number| matches!(number, 30..=38 | 40..=48 | 90..=107)).collect()
}

#[test]
fn colours_are_those_that_were_asked_for() {
    let folder = sample();
    let mut seen = Vec::new();
    for theme in ["dark", "light", "contrast", "none"] {
        let window = need!(open(&folder, &["oci:image", "--theme", theme]));
        window.wait_for("app/");
        let screen = window.screen_with_colours();
        assert_eq!(colours(&screen).is_empty(), theme == "none", "{theme}");
        seen.push(screen);
    }
    seen.dedup();
    assert_eq!(seen.len(), 4, "every theme looks different");
    let plain = attar(&folder, &["oci:image"]).env("NO_COLOR", "1").into_command();
    let window = need!(Window::open(&plain, SIZE));
    window.wait_for("app/");
    assert_eq!(colours(&window.screen_with_colours()), Vec::<u16>::new());
    // The next theme has colours again.
    window.keys("C-t");
    attar_testing::wait::until("colours", std::time::Duration::from_secs(60), || {
        (!colours(&window.screen_with_colours()).is_empty()).then_some(())
    });
}

#[test]
fn ascii_is_enough() {
    let folder = sample();
    let window = need!(open(&folder, &["oci:image", "--ascii"]));
    window.wait_for("app/");
    // Each view is waited for: what it draws is what is judged.
    let views = [
        ("2 E", "file-000"),
        ("w", "what to change"),
        ("p", "came and died"),
        ("D", "as runtime"),
        ("i", "media type"),
        ("B", "what became of"),
        ("?", "one line up"),
    ];
    for (keys, shown) in views {
        window.keys(keys);
        let screen = window.wait_for(shown);
        assert!(screen.is_ascii(), "{keys}: {screen}");
    }
}

#[test]
fn keys_can_be_ones_own() {
    let folder = sample();
    let keys = folder.write("keys.yaml", "tree:\n  Z: show-waste\n").display().to_string();
    let window = need!(open(&folder, &["oci:image", "--pane", "tree", "--keys", &keys]));
    window.wait_for("app/");
    window.keys("Z");
    window.wait_for("/var/lib/apt/lists/index");
    window.keys("?");
    window.keys("/");
    window.wait_for("one line up");
}
