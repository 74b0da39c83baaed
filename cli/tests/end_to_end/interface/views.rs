//! What else is shown than the tree: waste, packages, the verdict, blame, facts, previews.

use attar_testing::need;

use super::{follows, open, open_tree, sample};

#[test]
fn waste_leads_to_the_file_in_its_layer() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.keys("w");
    let screen = window.wait_for("/var/lib/apt/lists/index");
    assert!(screen.contains("300 kB") && screen.contains("/etc/app.conf"), "{screen}");
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
    let screen = window.wait_for("(no package)");
    let tool = screen.lines().find(|line| line.contains("tool")).expect("the package");
    assert!(tool.matches("kB").count() >= 2, "its size and what is dead of it: {tool}");
}

#[test]
fn the_verdict_leads_to_its_evidence() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.keys("D");
    let screen = window.wait_for("D08");
    for expected in ["D01", "fails", "passes", "privilege"] {
        assert!(screen.contains(expected), "{expected}\n{screen}");
    }
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
    let screen = window.wait_for("what became of /etc/app.conf");
    let line = |did: &str| screen.lines().find(|line| line.contains(did)).unwrap_or_default().to_owned();
    let (added, modified) = (line("1 added"), line("2 modified"));
    assert!(added.contains("step 1") && modified.contains("step 2"), "{screen}");
    window.keys("g g Enter");
    window.wait_for("listen = 80");
    window.wait_for("files up to layer 1");
}

#[test]
fn the_image_is_described() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.keys("i");
    let screen = window.wait_for("entrypoint");
    for expected in ["/usr/bin/tool", "sha256:", "step 2"] {
        assert!(screen.contains(expected), "{expected}\n{screen}");
    }
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
        let screen = window.wait_for(shown[0]);
        assert!(shown.iter().all(|it| screen.contains(it)), "{screen}");
    }
}

#[test]
fn programs_are_described_and_what_they_need() {
    let folder = sample();
    let window = need!(open(&folder, &["oci:image", "--at", "/usr/bin/tool"]));
    let screen = window.wait_for("libc.so.6");
    assert!(screen.contains("ELF") && screen.contains("linux/"), "{screen}");
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
    let screen = window.wait_for("+ listen = 8080");
    assert!(screen.contains("- listen = 80 "), "{screen}");
}
