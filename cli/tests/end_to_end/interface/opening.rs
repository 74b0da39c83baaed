//! What is there first, and where nothing is opened.

use attar_testing::need;

use super::{open, open_shell, sample, shell};

#[test]
fn the_first_screen_has_layers_a_tree_and_a_line_of_keys() {
    let folder = sample();
    let window = need!(open(&folder, &["oci:image"]));
    let layers = ["step 1", "step 2", "step 3"];
    let files = ["app/", "etc/", "srv/", "usr/", "var/"];
    window.wait_for_all(&[&layers[..], &files, &["linux/amd64", "? help"]].concat());
    // The other screen, no cursor, the mouse.
    let modes = "#{alternate_on} #{cursor_flag} #{mouse_button_flag} #{mouse_sgr_flag} #{wrap_flag}";
    assert_eq!(window.tell(modes), "1 0 1 1 0");
}

#[test]
fn options_say_what_is_shown_first() {
    let folder = sample();
    for (arguments, expected) in [
        (&["oci:image", "--at", "/app/main.py"][..], "print('hello')"),
        (&["oci:image", "--view", "waste"], "/var/lib/apt/lists/index"),
        (&["oci:image", "--filter", "glob:*.py"], "main.py"),
        (&["oci:image", "--layer", "1", "--at", "/var/lib/apt/lists/index"], "index"),
        (&["oci:image", "--view", "help"], "one line up"),
        (&["oci:image", "oci:before"], "oci:before"),
    ] {
        need!(open(&folder, arguments)).wait_for(expected);
    }
}

#[test]
fn programs_and_reports_get_no_interface() {
    let folder = sample();
    let window = need!(open_shell(&folder));
    for line in [
        "$ATTAR inspect oci:image | cat",
        "$ATTAR inspect oci:image -o table",
        "$ATTAR inspect oci:image --packages",
    ] {
        window.text("clear\r");
        window.wait_without("status=");
        shell(&window, line);
        let screen = window.wait_for("status=0.");
        // On the other screen it would be gone now.
        assert!(screen.contains("/etc/app.conf") || screen.contains("tool"), "{line}\n{screen}");
    }
}

#[test]
fn a_terminal_without_a_cursor_is_refused_with_a_way_out() {
    let folder = sample();
    let window = need!(open_shell(&folder));
    shell(&window, "TERM=dumb $ATTAR inspect oci:image");
    window.wait_for_all(&["terminal of kind `dumb` cannot move the cursor", "-o table", "status=1."]);
    assert_eq!(window.tell("#{alternate_on} #{cursor_flag}"), "0 1");
}
