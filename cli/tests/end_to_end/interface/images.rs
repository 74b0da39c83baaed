//! Several images: the list of those of this machine, tabs, and what cannot be opened.

use attar_testing::need;

use super::{open, open_tree, sample};

#[test]
fn without_a_name_the_images_of_this_machine_are_listed() {
    let folder = sample();
    let window = need!(open(&folder, &[]));
    window.wait_for_all(&["images of this machine", "oci:image:1"]);
    window.wait_for("before.tar");
    window.keys("/");
    window.text("oci:image\r");
    window.keys("Enter");
    window.wait_for("app/");
    // Back to the list, and to another one.
    window.keys("I");
    window.wait_for("images of this machine");
    window.keys("/");
    window.text("before.tar\r");
    window.keys("Enter");
    window.wait_for("layers: 1");
    window.wait_for("etc/");
}

#[test]
fn images_are_opened_turned_to_and_closed() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.keys("O");
    window.text("oci:before\r");
    window.wait_for_all(&["layers: 1", "oci:image", "oci:before"]);
    window.keys("]");
    window.wait_for("layers: 3");
    window.keys("[");
    window.wait_for("layers: 1");
    window.keys("Q");
    window.wait_for("layers: 3");
    window.wait_without("oci:before");
    window.keys("Q");
    window.wait_for("images of this machine");
}

#[test]
fn layers_that_another_open_image_has_are_marked() {
    let folder = sample();
    let window = need!(open(&folder, &["oci:image", "--ascii"]));
    let alone = window.wait_for_all(&["app/", "step 3", "? help"]);
    window.keys("O");
    window.text("oci:before\r");
    window.wait_for("layers: 1");
    window.wait_for("etc/");
    window.keys("]");
    let together = window.wait_for_all(&["layers: 3", "step 3", "app/", "? help"]);
    let line = |screen: &str, step: &str| {
        let line = screen.lines().find(|line| line.contains(step)).expect("the line of the layer");
        line[..line.find(step).expect("the step")].trim_start_matches(['|', '*', ' ']).to_owned()
    };
    assert_ne!(line(&alone, "step 1"), line(&together, "step 1"), "shared\n{together}");
    assert_eq!(line(&alone, "step 2"), line(&together, "step 2"), "not shared\n{together}");
}

#[test]
fn what_cannot_be_opened_is_said_and_the_rest_goes_on() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.keys("O");
    window.text("oci:nowhere\r");
    window.wait_for("`nowhere` is no OCI image layout");
    window.keys("Q");
    window.wait_for("app/");
    window.keys("M");
    // What was said can be read again.
    window.wait_for_all(&["messages", "nowhere"]);
}
