//! What leaves the interface: the clipboard, files, documents.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use attar_image::digest::Digest;
use attar_testing::{layout, need, run};
use serde_json::Value;

use super::{open, open_tree, program, sample};

#[test]
fn paths_digests_lines_and_contents_are_copied() {
    let folder = sample();
    let window = need!(open(&folder, &["oci:image", "--at", "/usr/bin/tool"]));
    window.wait_for("libc.so.6");
    let image = layout::single(&folder.join("image"), "1").expect("the image");
    for (keys, expected) in [
        ("y p", "/usr/bin/tool".to_owned()),
        ("y d", Digest::of(program()).to_string()),
        ("1 y d", image.layers()[2].clone()),
        ("k y d", image.layers()[1].clone()),
        ("2 y p", "/usr/bin/tool".to_owned()),
        ("y n", "COPY --from=oci:image /usr/bin/tool /usr/bin/tool".to_owned()),
    ] {
        window.keys(keys);
        assert_eq!(window.copied(), expected, "{keys}");
        window.wait_for("copied");
    }
    window.keys("i y d");
    assert_eq!(window.copied(), image.digest);
    window.wait_for("copied the digest of the manifest");
    window.keys("T g p C-u");
    window.text("/app/main.py\r");
    window.wait_for("print('hello')");
    window.keys("y c");
    assert_eq!(window.copied(), "#!/usr/bin/python3\nprint('hello')\n");
    window.keys("y d");
    assert_eq!(window.copied(), Digest::of("#!/usr/bin/python3\nprint('hello')\n").to_string());
    window.wait_for("copied the sha256 of /app/main.py");
    window.keys("- y d");
    window.wait_for("/app is a directory");
}

#[test]
fn the_command_that_is_copied_draws_what_is_seen() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    window.keys("1 k 2 v f");
    window.text("!type:dir re:etc|bin\r");
    window.wait_for_all(&["2 match", "tool"]);
    window.keys("g g j d");
    let seen = window.wait_for_all(&[
        "changes of layer 2",
        "+ listen = 8080",
        "2 match",
        "tool",
        "root:0",
        "? help",
    ]);
    window.keys("y v");
    let command = window.copied();
    assert!(command.starts_with("attar inspect oci:image "), "{command}");
    let line = command.replacen("attar inspect", "exec \"$@\"", 1);
    let attar = super::attar(&folder, &[]).into_command();
    let mut shell = std::process::Command::new("sh");
    shell.envs(attar.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(folder.path()).arg("-c").arg(format!("{line} --dump 120x30")).arg("sh");
    let dumped = run(shell.arg(attar.get_program()).args(attar.get_args())).success();
    let lines = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    assert_eq!(lines(&dumped), lines(&seen), "{command}");
}

#[test]
fn files_are_written_and_nothing_is_overwritten() {
    let folder = sample();
    let window = need!(open(&folder, &["oci:image", "--at", "/usr/bin/tool"]));
    window.wait_for("tool");
    let extract = |target: &str| {
        window.keys("x C-u");
        window.text(&format!("{target}\r"));
    };
    extract("out");
    window.wait_for("is written to out/tool");
    assert_eq!(std::fs::read(folder.join("out/tool")).expect("the file"), program());
    let mode = folder.join("out/tool").metadata().expect("the file").permissions().mode();
    assert_eq!(mode & 0o7777, 0o755, "without the setuid bit");
    std::fs::write(folder.join("out/tool"), "mine").expect("a file");
    extract("out");
    window.wait_for("nothing is overwritten");
    assert_eq!(folder.read("out/tool"), "mine");
    // Nor is anything written through a link.
    std::fs::create_dir(folder.join("links")).expect("a folder");
    symlink(folder.join("elsewhere"), folder.join("links/tool")).expect("a link");
    extract("links");
    window.wait_for("cannot write `links/tool`");
    assert!(!folder.has("elsewhere"));
}

#[test]
fn a_tree_is_written_whole() {
    let folder = sample();
    let window = need!(open(&folder, &["oci:image", "--at", "/etc"]));
    window.wait_for("etc/");
    window.keys("x C-u");
    window.text("out\r");
    window.wait_for("is written to out/etc");
    assert_eq!(folder.read("out/etc/app.conf"), "listen = 8080\nname = first\n");
    assert!(folder.has("out/etc/passwd"));
}

#[test]
fn what_is_shown_is_exported() {
    let folder = sample();
    let window = need!(open_tree(&folder));
    let export = |file: &str| {
        window.keys("e C-u");
        window.text(&format!("{file}\r"));
    };
    export("tree.json");
    window.wait_for("written to tree.json");
    let document: Value = serde_json::from_str(&folder.read("tree.json")).expect("JSON");
    let files = document["files"].as_array().expect("a list of files");
    let find = |path: &str| files.iter().find(|file| file["path"] == path);
    assert_eq!(find("/app/main.py").map(|file| &file["layer"]), Some(&Value::from(3)));
    assert!(find("/srv/data/file-000").is_some(), "also what is folded");
    assert!(find("/var/lib/apt/lists/index").is_none(), "not what was deleted");
    export("tree.json");
    window.wait_for("nothing is overwritten");
    window.keys("w");
    window.wait_for("/var/lib/apt/lists/index");
    export("waste.json");
    window.wait_for("written to waste.json");
    assert!(folder.read("waste.json").contains("/var/lib/apt/lists/index"));
}
