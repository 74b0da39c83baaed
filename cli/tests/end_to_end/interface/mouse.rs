//! Clicks, double clicks, the wheel, and what can be dragged.

use attar_testing::need;

use super::{follows, open_tree, sample};

/// The left button.
const LEFT: u8 = 0;
/// The wheel, away from the user.
const WHEEL_UP: u8 = 64;
/// The wheel, towards the user.
const WHEEL_DOWN: u8 = 65;

#[test]
fn a_click_takes_the_cursor_along() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    let usr = window.place("usr/");
    window.mouse(LEFT, usr);
    follows(&window, &[("", "/usr")]);
    let layer = window.place("step 1");
    window.mouse(LEFT, layer);
    window.wait_for("files up to layer 1");
    // The tree follows.
    window.wait_without("app/");
    window.mouse(LEFT, window.place("srv/"));
    follows(&window, &[("", "/srv")]);
}

#[test]
fn a_double_click_unfolds_and_opens() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.double_click(window.place("etc/"));
    window.wait_for("app.conf");
    window.keys("w");
    window.wait_for("/var/lib/apt/lists/index");
    window.double_click(window.place("/var/lib/apt/lists/index"));
    window.wait_for("files up to layer 1");
    follows(&window, &[("", "/var/lib/apt/lists/index")]);
}

#[test]
fn the_wheel_scrolls_what_is_under_the_mouse() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.keys("c E g g");
    let spot = window.place("file-000");
    for _ in 0..4 {
        window.mouse(WHEEL_DOWN, spot);
    }
    window.wait_without("file-000");
    for _ in 0..4 {
        window.mouse(WHEEL_UP, spot);
    }
    window.wait_for("file-000");
    window.mouse(WHEEL_UP, window.place("step 2"));
    window.wait_for("files up to layer 2");
}

#[test]
fn borders_are_dragged() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    let column = |window: &attar_testing::tmux::Window| window.place(" files up to layer 3").0;
    let before = column(&window);
    // Pressed on the border between layers and tree, moved, and let go.
    for event in ["0;{};5M", "32;{};5M", "0;{};5m"] {
        let at = if event.starts_with("0;{};5M") { before } else { before + 12 };
        window.text(&format!("\x1b[<{}", event.replace("{}", &(at - 1).to_string())));
    }
    window.wait_until("the layers wider", |screen| {
        screen
            .lines()
            .find_map(|line| line.find(" files up to"))
            .is_some_and(|_| column(&window) > before + 5)
    });
}

#[test]
fn without_a_mouse_the_terminal_keeps_it() {
    let folder = sample();
    let window = need!(super::open(&folder, &["oci:image", "--no-mouse"]));
    window.wait_for("app/");
    assert_eq!(window.tell("#{mouse_button_flag} #{mouse_sgr_flag}"), "0 0");
}
