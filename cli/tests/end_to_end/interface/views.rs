//! What else is shown than the tree: waste, packages, the verdict, blame, facts, previews.

use attar_testing::need;

use super::{follows, open, open_tree, sample};

#[test]
fn waste_leads_to_the_file_in_its_layer() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.keys("w");
    window.wait_for_all(&["/var/lib/apt/lists/index", "300 kB", "/etc/app.conf"]);
    window.keys("/");
    window.text("lists/index\r");
    window.keys("Enter");
    window.wait_for("files up to layer 1");
    follows(&window, &[("", "/var/lib/apt/lists/index")]);
    // And back to where one was.
    window.keys("H");
    window.wait_for("/var/lib/apt/lists/index");
}

#[test]
fn packages_have_sizes_and_waste() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.keys("p");
    window.wait_until("the package, its size and what is dead of it", |screen| {
        let is_package = |line: &&str| line.contains("tool") && line.matches("kB").count() >= 2;
        screen.contains("(no package)") && screen.lines().any(|line| is_package(&line))
    });
}

#[test]
fn the_verdict_leads_to_its_evidence() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.keys("D");
    window.wait_for_all(&["D08", "D01", "fails", "passes", "privilege"]);
    window.keys("/");
    window.text("/usr/bin/tool\r");
    window.keys("Enter");
    window.wait_for("layer 2: step 2");
    follows(&window, &[("", "/usr/bin/tool")]);
}

#[test]
fn blame_says_which_layers_touched_a_path() {
    let folder = sample();
    let window = need!(open(&folder, &["oci:image", "--at", "/etc/app.conf"]));
    window.wait_for("listen = 8080");
    window.keys("B");
    window.wait_for("what became of /etc/app.conf");
    window.wait_until("what each layer did to it", |screen| {
        let has =
            |did: &str, step: &str| screen.lines().any(|line| line.contains(did) && line.contains(step));
        has("1 added", "step 1") && has("2 modified", "step 2")
    });
    window.keys("g g Enter");
    window.wait_for("listen = 80");
    window.wait_for("files up to layer 1");
}

#[test]
fn the_image_is_described() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.keys("i");
    window.wait_for_all(&["entrypoint", "/usr/bin/tool", "sha256:", "step 2"]);
    window.keys("t");
    window.wait_without("entrypoint");
    follows(&window, &[("g g", "/usr/bin/tool")]);
    window.keys("T");
    window.wait_for("app/");
}

#[test]
fn files_are_previewed_as_what_they_are() {
    let folder = sample();
    for (path, shown) in [
        ("/app/main.py", &["print('hello')"][..]),
        ("/etc/passwd", &["root:x:0:0"]),
        // In hexadecimal, with the letters beside.
        ("/app/blob.bin", &["40 41 42 43", "@ABC"]),
    ] {
        let window = need!(open(&folder, &["oci:image", "--at", path]));
        window.wait_for_all(shown);
    }
}

#[test]
fn programs_are_described_and_what_they_need() {
    let folder = sample();
    let window = need!(open(&folder, &["oci:image", "--at", "/usr/bin/tool"]));
    window.wait_for_all(&["libc.so.6", "ELF", "linux/"]);
    // The next way to show it.
    window.keys("o");
    window.wait_for("7f 45 4c 46");
}

#[test]
fn a_file_is_compared_with_the_layer_below() {
    let folder = sample();
    let window = need!(open(&folder, &["oci:image", "--layer", "2", "--at", "/etc/app.conf"]));
    window.wait_for("listen = 8080");
    window.keys("d");
    window.wait_for_all(&["+ listen = 8080", "- listen = 80 "]);
}
