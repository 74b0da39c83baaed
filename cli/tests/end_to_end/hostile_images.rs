//! Images that are broken or mean harm, through every command that reads images: a clear error or an
//! answer, in bounded memory, without a panic, and with no escape sequence for the terminal.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use attar_testing::command::{Finished, run};
use attar_testing::layers::{Codec, Layer, edit_config, edit_manifest, write_docker_archive, write_layout};
use attar_testing::{Attar, Scratch};
use serde_json::{Value, json};

/// What a command may address, in KiB: more than it needs for any image here, less than the content of
/// a bomb.
const ADDRESS_SPACE: u64 = 900 << 10;

/// Size of the content of a bomb in bytes.
const BOMB: usize = 1 << 30;

/// The commands that read all bytes of an image, and the forms of what they print.
const COMMANDS: [&[&str]; 8] = [
    &["packages", "IMAGE"],
    &["packages", "IMAGE", "-o", "json"],
    &["why", "IMAGE", "/bin/sh"],
    &["why", "IMAGE", "libc6"],
    &["check", "IMAGE"],
    &["check", "IMAGE", "-o", "json"],
    &["inspect", "IMAGE", "--verify"],
    &["inspect", "IMAGE", "--verify", "-o", "json"],
];

/// The commands that read what they need: of a plain layer the headers.
const SPARING: [&[&str]; 7] = [
    &["inspect", "IMAGE"],
    &["inspect", "IMAGE", "-o", "listing"],
    &["inspect", "IMAGE", "-o", "markdown"],
    &["inspect", "IMAGE", "--packages", "--metric", "dive"],
    &["diff", "IMAGE", "OTHER", "--strict", "--content"],
    &["diff", "OTHER", "IMAGE", "-o", "json"],
    &["diff", "IMAGE", "IMAGE", "-o", "markdown"],
];

/// Runs every command on an image, each one with little memory; returns what those said that read all.
#[track_caller]
fn read(image: &str) -> Vec<Finished> {
    let scratch = Scratch::new();
    let other = Made::of([ordinary()]);
    let run_one = |words: &&[&str]| {
        let words = words.iter().map(|word| match *word {
            "IMAGE" => image.to_owned(),
            "OTHER" => other.name(),
            word => word.to_owned(),
        });
        let attar = Attar::at(env!("CARGO_BIN_EXE_attar")).cache(scratch.join("cache")).args(words);
        let said = run(&mut limited(attar.into_command()));
        harmless(&said);
        said
    };
    SPARING.iter().for_each(|words| drop(run_one(words)));
    COMMANDS.iter().map(run_one).collect()
}

/// Gives a command its share of memory.
fn limited(command: Command) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("ulimit -v {ADDRESS_SPACE}; exec \"$0\" \"$@\""));
    shell.arg(command.get_program()).args(command.get_args()).env_clear();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    shell
}

/// Asserts what holds for every answer, whatever was read.
#[track_caller]
fn harmless(said: &Finished) {
    assert!(matches!(said.code, Some(0..=3)), "{said}");
    for text in [&said.stdout, &said.stderr] {
        let unwanted = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
        assert!(!text.contains(unwanted), "a control character in:\n{said}");
        assert!(!text.contains("panicked"), "{said}");
    }
}

/// Asserts that every command refuses an image with these words.
#[track_caller]
fn refused(image: &str, words: &[&str]) {
    for said in read(image) {
        let message = said.clone().fails(1);
        for word in words {
            assert!(message.contains(word), "no `{word}` in:\n{said}");
        }
        assert!(message.lines().count() < 20, "{said}");
    }
}

/// Asserts that every command has an answer about an image: yes, no, or that it cannot judge.
#[track_caller]
fn answered(image: &str) -> Vec<Finished> {
    let all = read(image);
    for said in &all {
        assert!(said.code != Some(1), "{said}");
    }
    all
}

/// An image in a layout of its own.
struct Made {
    scratch: Scratch,
}

impl Made {
    fn of(layers: impl IntoIterator<Item = Layer>) -> Self {
        Self::compressed(Codec::Gzip, layers)
    }

    fn compressed(codec: Codec, layers: impl IntoIterator<Item = Layer>) -> Self {
        let scratch = Scratch::new();
        let layers = layers.into_iter().map(Layer::tar);
        write_layout(&scratch.join("image"), "latest", codec, layers).expect("a layout");
        Self { scratch }
    }

    fn folder(&self) -> PathBuf {
        self.scratch.join("image")
    }

    fn name(&self) -> String {
        format!("oci:{}", self.folder().display())
    }

    /// Changes the manifest; its digest is made right again.
    fn manifest(self, change: impl FnOnce(&mut Value)) -> Self {
        edit_manifest(&self.folder(), change).expect("a manifest");
        self
    }

    /// Changes the configuration; digests are made right again.
    fn config(self, change: impl FnOnce(&mut Value)) -> Self {
        edit_config(&self.folder(), change).expect("a configuration");
        self
    }

    /// Returns the file of the first layer's blob.
    fn layer(&self) -> PathBuf {
        let mut layer = PathBuf::new();
        edit_manifest(&self.folder(), |manifest| {
            let digest = manifest["layers"][0]["digest"].as_str().expect("a digest");
            layer = self.folder().join("blobs").join(digest.replace(':', "/"));
        })
        .expect("a manifest");
        layer
    }
}

/// A layer with a shell and a package database, so that there is something to say.
fn ordinary() -> Layer {
    Layer::new()
        .directory("bin")
        .mode(0o755)
        .file("bin/sh", b"#!/bin/false\n".repeat(4000))
        .file(
            "var/lib/dpkg/status",
            "Package: dash\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n",
        )
        .file("var/lib/dpkg/info/dash.list", "/bin\n/bin/sh\n")
}

#[test]
fn ordinary_images_are_read_in_this_memory() {
    let made = Made::of([ordinary()]);
    let said = answered(&made.name());
    assert!(said[0].stdout.contains("dash"), "{}", said[0]);
    assert!(said[2].stdout.contains("/bin/sh <- dash 1 <- layer 1 of 1"), "{}", said[2]);
}

#[test]
fn damaged_layers_are_named() {
    for codec in [Codec::Plain, Codec::Gzip, Codec::Zstd] {
        let truncated = Made::compressed(codec, [ordinary()]);
        let bytes = fs::read(truncated.layer()).expect("a layer");
        fs::write(truncated.layer(), &bytes[..bytes.len() / 2]).expect("half a layer");
        refused(&truncated.name(), &["sha256:"]);

        let corrupted = Made::compressed(codec, [ordinary()]);
        let mut bytes = fs::read(corrupted.layer()).expect("a layer");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x55;
        fs::write(corrupted.layer(), &bytes).expect("a layer");
        refused(&corrupted.name(), &["sha256:"]);

        // Another layer, as whole as the first, in its place.
        let exchanged = Made::compressed(codec, [ordinary()]);
        let other = Made::compressed(codec, [ordinary().file("other", "")]);
        fs::copy(other.layer(), exchanged.layer()).expect("another layer");
        refused(&exchanged.name(), &["sha256:"]);

        let missing = Made::compressed(codec, [ordinary()]);
        fs::remove_file(missing.layer()).expect("a layer");
        read(&missing.name());
    }
}

#[test]
fn manifests_that_lie_are_found_out() {
    for (name, change) in [
        ("too large", json!(1_u64 << 50)),
        ("too small", json!(10)),
        ("nothing", json!(0)),
        ("negative", json!(-1)),
        ("no number", json!("many")),
    ] {
        let made = Made::of([ordinary()]).manifest(|manifest| manifest["layers"][0]["size"] = change.clone());
        println_on_failure(name, || refused(&made.name(), &[]));
        let made = Made::of([ordinary()]).manifest(|manifest| manifest["config"]["size"] = change);
        println_on_failure(name, || refused(&made.name(), &[]));
    }
    let made = Made::of([ordinary()]).manifest(|manifest| {
        let layer = manifest["layers"][0].clone();
        manifest["layers"].as_array_mut().expect("a list").push(layer);
    });
    refused(&made.name(), &["2 layers", "1 diff ID"]);
    let made =
        Made::of([ordinary()]).manifest(|manifest| manifest["layers"][0]["digest"] = json!("sha256:../../x"));
    refused(&made.name(), &["digest"]);
    let made = Made::of([ordinary()])
        .config(|config| config["rootfs"]["diff_ids"][0] = json!(format!("sha256:{}", "0".repeat(64))));
    refused(&made.name(), &["diff ID", "expected sha256:0000"]);
}

/// Names the case when what is done with it fails.
fn println_on_failure(name: &str, case: impl FnOnce() + std::panic::UnwindSafe) {
    if let Err(panic) = std::panic::catch_unwind(case) {
        let text = panic.downcast_ref::<String>().cloned().unwrap_or_default();
        panic!("{name}: {text}");
    }
}

#[test]
fn layers_that_are_elsewhere_or_of_no_known_kind_are_said() {
    let foreign = Made::of([ordinary(), ordinary()]).manifest(|manifest| {
        let layer = &mut manifest["layers"][0];
        layer["mediaType"] = json!("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");
        layer["urls"] = json!(["https://elsewhere.example/\u{1b}[2Jlayer"]);
        layer["digest"] = json!(format!("sha256:{}", "1".repeat(64)));
    });
    read(&foreign.name());
    let encrypted = Made::of([ordinary()]).manifest(|manifest| {
        manifest["layers"][0]["mediaType"] =
            json!("application/vnd.oci.image.layer.v1.tar+gzip+\u{1b}[2Jencrypted");
    });
    read(&encrypted.name());
    let none = Made::of([]);
    answered(&none.name());
    let no_config = Made::of([ordinary()])
        .manifest(|manifest| manifest["config"]["digest"] = json!(format!("sha256:{}", "2".repeat(64))));
    refused(&no_config.name(), &["sha256:2222"]);
}

#[test]
fn bombs_do_not_fill_the_memory() {
    let zeros = vec![0; BOMB];
    for path in ["bin/sh", "var/lib/dpkg/status", "etc/passwd", "usr/share/doc/x"] {
        let bomb = Made::compressed(Codec::Zstd, [Layer::new().mode(0o755).file(path, &zeros)]);
        assert!(fs::metadata(bomb.layer()).expect("a layer").len() < 1 << 20);
        let said = read(&bomb.name());
        if path.ends_with("status") {
            assert!(said[0].clone().fails(1).contains("has 1073741824 bytes"), "{}", said[0]);
        }
    }
    drop(zeros);
    // The same as a sparse file: the archive has nothing of it.
    let mut map = b"0\n".to_vec();
    map.resize(512, 0);
    let holes = Layer::new()
        .record("GNU.sparse.major", "1")
        .record("GNU.sparse.minor", "0")
        .record("GNU.sparse.name", "bin/sh")
        .record("GNU.sparse.realsize", (1_u64 << 50).to_string())
        .mode(0o755)
        .file("GNUSparseFile.0/sh", map);
    let bomb = Made::compressed(Codec::Plain, [holes]);
    for said in read(&bomb.name()) {
        assert!(said.code != Some(1) || said.stderr.contains("holes of more than 64 GiB"), "{said}");
    }
}

#[test]
fn sizes_beyond_all_numbers_are_added_up() {
    // Files of which the archives have nothing but holes, each written again by the next layer.
    let hole = |size: u64| {
        let mut map = b"0\n".to_vec();
        map.resize(512, 0);
        Layer::new()
            .record("GNU.sparse.major", "1")
            .record("GNU.sparse.minor", "0")
            .record("GNU.sparse.name", "var/log/lastlog")
            .record("GNU.sparse.realsize", size.to_string())
            .file("GNUSparseFile.0/lastlog", map)
    };
    let largest = i64::MAX as u64;
    let layers = [hole(largest), hole(largest), hole(largest - 1), Layer::new().whiteout("var/log/lastlog")];
    let made = Made::compressed(Codec::Plain, layers);
    for said in read(&made.name()) {
        assert!(said.code != Some(1) || said.stderr.contains("holes of more than 64 GiB"), "{said}");
    }
    let attar = Attar::at(env!("CARGO_BIN_EXE_attar")).cache(made.scratch.join("cache"));
    let attar = attar.args(["inspect", &made.name(), "-o", "json"]);
    let report: Value = serde_json::from_str(&run(&mut attar.into_command()).success()).expect("JSON");
    assert_eq!(report["images"][0]["size"]["reclaimable"], json!(u64::MAX));
}

#[test]
fn links_that_lead_in_circles_end() {
    let circles = Layer::new()
        .symlink("bin", "usr/bin")
        .symlink("usr/bin", "../bin")
        .symlink("lib", "lib")
        .symlink("a", "b/x")
        .symlink("b", "a/x")
        .symlink("etc/passwd", "/etc/passwd")
        .symlink("var/lib/dpkg", "../lib/dpkg")
        .symlink("up", "../../../../../../etc/passwd")
        .file("usr/lib/dpkg/x", "x");
    let long = (0..100).fold(Layer::new(), |layer, number| {
        layer.symlink(&format!("chain/{number}"), &format!("{}/../{}", number + 1, number + 1))
    });
    let wide = Layer::new().symlink("sh", &"a/../".repeat(800)).symlink("bin/sh", &"sh/".repeat(1300));
    let made = Made::of([circles, long, wide]).config(|config| {
        config["config"]["Entrypoint"] = json!(["/chain/0"]);
    });
    answered(&made.name());
    let itself = Made::of([Layer::new().hard_link("a", "a").hard_link("b", "a")]);
    read(&itself.name());
}

#[test]
fn hostile_names_are_shown_harmless() {
    let names: [&[u8]; 7] = [
        b"\x1b[31mred\x1b]0;title\x07",
        b"new\nline\r\tand\x7fmore",
        b"\xff\xfe\x80",
        "\u{202e}gnp.exe\u{200b}\u{9b}31m".as_bytes(),
        b"%s%n$(touch x)`",
        b"<script>|*_[x](y)_*|",
        b"\"'\\,;:",
    ];
    let mut layer = ordinary();
    for name in names {
        for folder in ["bin/", "etc/", "root/.ssh/", "usr/lib/python3/"] {
            layer = layer
                .record("path", [folder.as_bytes(), name].concat())
                .mode(0o4755)
                .file("x", "#!/bin/sh\n");
        }
        layer = layer.record("linkpath", name).mode(0o777).symlink("bin/bash", "x");
    }
    let long = "d/".repeat(2000) + &"f".repeat(90);
    layer = layer.file(&long, "x").record("SCHILY.xattr.user.\u{1b}", "\u{1b}").file("attributes", "");
    let database = "Package: \u{1b}[31mevil\u{9b}\nVersion: 1\u{7}\nArchitecture: all\u{202e}\nSource: \u{1b}c\n\n\
                    \u{1b}nonsense\n\nPackage: dash\nVersion: 1\n";
    layer = layer
        .file("var/lib/dpkg/status.d/evil", database)
        .file("var/lib/dpkg/status.d/evil.md5sums", "900150983cd24fb0d6963f7d28e17f72  bin/sh\n")
        .file("lib/apk/db/installed", "P:\u{1b}[31mapk\nV:\u{1b}\n\n\u{1b}[2J\n");
    let made = Made::of([layer]).config(|config| {
        config["history"][0]["created_by"] = json!("RUN \u{1b}[2J\u{9b}31m\nsecond line\r");
        config["config"] = json!({
            "User": "\u{1b}[31m", "Entrypoint": ["\u{1b}]0;x\u{7}", "\n"], "WorkingDir": "/\u{1b}",
            "Env": ["PATH=/bin:/\u{1b}[2J", "SECRET_\u{1b}=\u{9b}"], "Labels": {"\u{1b}[2J": "\u{1b}[2J"},
            "ExposedPorts": {"\u{1b}/tcp": {}}, "Volumes": {"/\u{1b}": {}},
        });
    });
    answered(&made.name());
    let made = Made::of([ordinary()]).config(|config| {
        config["architecture"] = json!("amd64\u{1b}[2J");
        config["os"] = json!("\u{9b}31mlinux");
    });
    read(&made.name());
}

#[test]
fn names_that_leave_the_tree_are_refused() {
    let long = format!("{}/x", "d".repeat(5000));
    for path in ["../../etc/passwd", "usr/../../x", "a/..", &long] {
        let made = Made::of([Layer::new().file(path, "x")]);
        refused(&made.name(), &["tar header at byte"]);
        let made = Made::of([Layer::new().file("a", "x").hard_link("b", path)]);
        refused(&made.name(), &["tar header at byte"]);
    }
    let made = Made::of([Layer::new().whiteout("../x").file(".wh...", "").file(".wh.", "").opaque("..")]);
    read(&made.name());
}

#[test]
fn deep_and_wide_trees_are_read() {
    let mut deep = Layer::new();
    let mut path = String::new();
    while path.len() < 4000 {
        path.push_str("d/");
        deep = deep.directory(&path);
    }
    deep = deep.file(&format!("{path}sh"), "x");
    let mut wide = Layer::new().file("var/lib/dpkg/info/wide.list", {
        (0..60_000).map(|number| format!("/opt/{}/{number}\n", number % 100)).collect::<String>()
    });
    for number in 0..60_000 {
        wide = wide.file(&format!("opt/{}/{number}", number % 100), "");
    }
    let made = Made::compressed(Codec::Plain, [deep, wide, Layer::new().opaque("opt")]);
    answered(&made.name());
}

#[test]
fn indexes_that_are_none_are_refused() {
    for text in
        [&b"\x1b[2J"[..], b"[]", b"{\"manifests\": 1}", b"{}", b"null", b"\xff", &b"[".repeat(200_000)]
    {
        let made = Made::of([ordinary()]);
        fs::write(made.folder().join("index.json"), text).expect("an index");
        refused(&made.name(), &["index"]);
    }
}

#[test]
fn archives_that_are_cut_off_are_refused() {
    let scratch = Scratch::new();
    let file = scratch.join("image.tar");
    write_docker_archive(&file, "evil:1", &[ordinary().tar()]).expect("an archive");
    let bytes = fs::read(&file).expect("an archive");
    answered(&format!("docker-archive:{}", file.display()));
    for length in [0, 100, 512, 1000, bytes.len() / 2, bytes.len() - 1500] {
        fs::write(&file, &bytes[..length]).expect("a part of it");
        refused(&format!("docker-archive:{}", file.display()), &["image.tar"]);
    }
}
