//! What `attar inspect` says of the examples is what dive and umoci say of them.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use attar_testing::command::words;
use attar_testing::{need, run, skip};
use serde_json::Value;

use crate::judges::similar;
use crate::support::{Examples, attar};

#[test]
fn dive_says_the_same_of_the_examples() {
    need!(skip::program("dive"));
    let examples = Examples::copy();
    for name in ["static", "python3", "program"] {
        let tag = format!("attar-tests/dive-{name}:1");
        let archive = examples.docker_archive(&examples.spec(name), "linux/amd64", &tag);
        let report = examples.join("dive.json");
        let source = format!("docker-archive://{}", archive.display());
        run(words(&["dive", &source, "--json"]).arg(&report).env_remove("CI")).success();
        let dive: Value = serde_json::from_str(&examples.scratch.read(&report)).expect("JSON");
        let dive = &dive["image"];
        let image = inspect(&archive, &["--metric", "dive"]);
        let own = &image["dive"];
        assert_eq!(own["efficiency"].as_f64(), dive["efficiencyScore"].as_f64(), "{name}: score");
        assert_eq!(own["wasted"], dive["inefficientBytes"], "{name}: wasted bytes");
        assert_eq!(own["size"], dive["sizeBytes"], "{name}: size");
        // dive's order of equal sizes changes from run to run.
        let files = |list: &Value, keys: [&str; 3]| {
            let list = list.as_array().into_iter().flatten();
            list.map(|file| keys.map(|key| file[key].to_string()).join(" ")).collect::<BTreeSet<_>>()
        };
        let own = files(&own["inefficient"], ["path", "count", "bytes"]);
        assert!(!own.is_empty(), "{name}: the layers share directories");
        assert_eq!(own, files(&dive["fileReference"], ["file", "count", "sizeBytes"]), "{name}: files");
    }
}

/// What no layer above takes away is what umoci unpacks.
#[test]
fn umoci_unpacks_what_is_not_dead() {
    need!(skip::program("umoci"));
    let examples = Examples::copy();
    let layout = examples.join("named");
    let destination = format!("oci:{}:one", layout.display());
    attar()
        .args(["build", "--platform", "linux/amd64"])
        .arg(examples.spec("python3"))
        .args(["-o", &destination])
        .run()
        .success();
    let bundle = examples.join("bundle");
    let image = format!("{}:one", layout.display());
    run(words(&["umoci", "unpack", "--image", &image]).arg(&bundle)).success();
    let root = bundle.join("rootfs");
    let mut unpacked = String::new();
    lines(&root, &root, &mut unpacked);
    similar(&living(&inspect(Path::new(&destination), &[])), &unpacked);
}

fn inspect(image: &Path, options: &[&str]) -> Value {
    let said = attar().arg("inspect").arg(image).args(options).args(["-o", "json"]).run().success();
    let said: Value = serde_json::from_str(&said).expect("JSON");
    said["images"][0].clone()
}

/// Returns a line for each entry that lives: mode, owner, path, size, target.
fn living(image: &Value) -> String {
    let layers = image["layers"].as_array().into_iter().flatten();
    let entries = layers.flat_map(|layer| layer["changes"].as_array().into_iter().flatten());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    entries
        .filter(|entry| entry["dead"].is_null() && entry["path"] != "/")
        .map(|entry| {
            assert_ne!(entry["type"], "hard-link", "the example has none");
            let size = entry["size"].as_u64().map_or(String::new(), |size| format!(" {size}"));
            let (mode, path, target) = (text(&entry["mode"]), text(&entry["path"]), text(&entry["target"]));
            let mode = if entry["type"] == "symlink" { "0777".to_owned() } else { mode };
            format!("{mode} {}:{} {path}{size} {target}\n", entry["uid"], entry["gid"])
        })
        .collect()
}

/// Adds such lines for a folder.
fn lines(root: &Path, folder: &Path, out: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let (path, metadata) = (entry.path(), entry.path().symlink_metadata().expect("what was listed"));
        let name = path.strip_prefix(root).expect("below it").as_os_str().as_bytes();
        let size = if metadata.is_file() { format!(" {}", metadata.size()) } else { String::new() };
        let target = std::fs::read_link(&path).unwrap_or_default();
        *out += &format!(
            "{:04o} {}:{} /{}{size} {}\n",
            metadata.mode() & 0o7777,
            metadata.uid(),
            metadata.gid(),
            String::from_utf8_lossy(name),
            target.display()
        );
        if metadata.is_dir() {
            lines(root, &path, out);
        }
    }
}
