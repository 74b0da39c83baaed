//! The pictures in `docs/pictures/`: screens of the interface, drawn by the program itself.
//!
//! A test compares; with `ATTAR_TESTS_WRITE=1` (`docs/pictures/draw`) it writes the pictures instead. The
//! images come from nowhere: the same bytes on every machine and every day.

use std::path::{Path, PathBuf};

use attar_testing::Scratch;
use attar_testing::layers::{Codec, Layer, edit_config, write_layout_that_runs};
use serde_json::json;

use crate::support::attar;

/// Name of the picture, and what is typed to see that screen.
const PICTURES: &[(&str, &str)] = &[
    ("tree", "oci:shop --layer 6 --pane tree --at /app/main.py --dump 120x32"),
    ("waste", "oci:shop --view waste --pane tree --dump 120x32"),
    ("packages", "oci:shop --view packages --pane tree --dump 120x32"),
    ("verdict", "oci:shop --view verdict --pane tree --dump 120x32"),
    ("filter", "oci:shop --pane tree --filter mode:suid --dump 120x24"),
    ("blame", "oci:shop --view blame --pane tree --at /app/main.py --dump 120x24"),
    ("compare", "oci:shop --compare oci:shop-next --dump 120x32"),
    ("help", "oci:shop --view help --dump 120x32"),
    ("light", "oci:shop --layer 2 --pane tree --at /usr/bin/python3.13 --theme light --dump 120x32"),
    ("one-column", "oci:shop --pane tree --at /app/main.py --dump 40x12"),
];

#[test]
fn pictures_show_the_screens_of_today() {
    let scratch = Scratch::new();
    shop().write(&scratch.join("shop"));
    shop_next().write(&scratch.join("shop-next"));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pictures");
    let is_writing = std::env::var_os("ATTAR_TESTS_WRITE").is_some();
    let mut old = Vec::new();
    for (name, line) in PICTURES {
        let theme = if line.contains("--theme") { &[][..] } else { &["--theme", "dark"] };
        let run = attar().current_dir(scratch.path()).cache(scratch.join("cache"));
        let run = run.args(["inspect", "--dump-format", "svg"]).args(theme).args(line.split(' '));
        let picture = run.run().success();
        let path = folder.join(format!("{name}.svg"));
        if is_writing {
            std::fs::write(&path, picture).expect("the folder of pictures");
        } else if std::fs::read_to_string(&path).ok().as_ref() != Some(&picture) {
            old.push(*name);
        }
    }
    assert!(
        old.is_empty(),
        "not as they are drawn today: {old:?}; run `docs/pictures/draw`, look, and commit"
    );
    let kept: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder of pictures")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "svg"))
        .filter(|path| !PICTURES.iter().any(|(name, _)| path.file_stem() == Some(name.as_ref())))
        .collect();
    assert!(kept.is_empty(), "nobody draws these: {kept:?}");
}

/// An image: commands and what they put into a layer each.
struct Steps(Vec<(&'static str, Layer)>);

impl Steps {
    fn write(self, folder: &Path) {
        let (commands, layers): (Vec<_>, Vec<_>) = self.0.into_iter().unzip();
        let runs = json!({
            "Entrypoint": ["python3", "/app/main.py"],
            "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"],
            "WorkingDir": "/app",
        });
        // No compression: another version of a compressor would be another picture.
        let layers = layers.into_iter().map(Layer::tar);
        write_layout_that_runs(folder, "2.3", Codec::Plain, layers, runs).expect("a layout");
        let history: Vec<_> = commands
            .iter()
            .map(|command| json!({"created": "2023-11-14T22:13:20Z", "created_by": command}))
            .collect();
        edit_config(folder, |config| config["history"] = json!(history)).expect("a configuration");
    }
}

/// An image that wastes as many do: lists that are deleted a step too late, owners that are changed
/// afterwards, a key that nobody was to see.
fn shop() -> Steps {
    Steps(vec![
        ("/bin/sh -c #(nop) ADD file:rootfs.tar in /", base()),
        ("RUN apt-get update && apt-get install -y python3 curl", python()),
        ("COPY . /app", app(0)),
        ("RUN chown -R 65532:65532 /app", app(65532)),
        ("RUN rm -rf /var/lib/apt/lists /app/.git", removed()),
        ("COPY main.py /app/main.py", Layer::new().owner(65532, 65532).file("app/main.py", MAIN_WITH_HEALTH)),
    ])
}

/// The same image after the advice was followed.
fn shop_next() -> Steps {
    let app = Layer::new()
        .owner(65532, 65532)
        .directory("app")
        .file("app/main.py", MAIN_WITH_HEALTH)
        .file("app/prices.csv", prices())
        .file("app/requirements.txt", "flask==3.1.0\n");
    Steps(vec![
        ("/bin/sh -c #(nop) ADD file:rootfs.tar in /", base()),
        ("RUN --mount=type=cache,target=/var/lib/apt/lists apt-get install -y python3", only_python()),
        ("COPY --chown=65532:65532 main.py prices.csv requirements.txt /app/", app),
    ])
}

const MAIN: &str = r#"#!/usr/bin/python3
"""Sells things."""

from flask import Flask

app = Flask(__name__)


@app.get("/price/<name>")
def price(name: str) -> dict:
    # Prices are read again for each request: they change often.
    with open("prices.csv", encoding="utf-8") as prices:
        found = [line.split(",")[1] for line in prices if line.startswith(name)]
    return {"name": name, "price": float(found[0]) if found else None}
"#;

const MAIN_WITH_HEALTH: &str = r#"#!/usr/bin/python3
"""Sells things."""

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health() -> dict:
    return {"status": "ok"}


@app.get("/price/<name>")
def price(name: str) -> dict:
    # Prices are read again for each request: they change often.
    with open("prices.csv", encoding="utf-8") as prices:
        found = [line.split(",")[1] for line in prices if line.startswith(name)]
    return {"name": name, "price": float(found[0]) if found else None}
"#;

/// The lowest layer: a little of Debian.
fn base() -> Layer {
    Layer::new()
        .symlink("bin", "usr/bin")
        .symlink("lib", "usr/lib")
        .directory("etc")
        .file("etc/debian_version", "13.1\n")
        .file(
            "etc/os-release",
            "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nID=debian\nVERSION_ID=\"13\"\n",
        )
        .file(
            "etc/passwd",
            "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
        )
        .file("etc/group", "root:x:0:\nnogroup:x:65534:\n")
        .directory("usr")
        .directory("usr/bin")
        .mode(0o755)
        .file("usr/bin/apt-get", filler(51_000))
        .mode(0o755)
        .file("usr/bin/bash", filler(1_300_000))
        .symlink("usr/bin/sh", "bash")
        .mode(0o4755)
        .file("usr/bin/su", filler(72_000))
        .directory("usr/lib")
        .directory("usr/lib/x86_64-linux-gnu")
        .mode(0o755)
        .file("usr/lib/x86_64-linux-gnu/libc.so.6", filler(1_990_000))
        .directory("usr/share/doc/libc6")
        .file("usr/share/doc/libc6/changelog.Debian.gz", filler(220_000))
        .file("var/lib/dpkg/status", stanzas(&BASE))
        .packages(&BASE)
}

/// Packages, and the lists that came with them.
fn python() -> Layer {
    only_python()
        .mode(0o755)
        .file("usr/bin/curl", filler(330_000))
        .file("usr/lib/x86_64-linux-gnu/libcurl.so.4", filler(720_000))
        .file("var/lib/dpkg/status", stanzas(&[&BASE[..], &PYTHON, &CURL].concat()))
        .packages(&CURL)
        .file(
            "var/lib/apt/lists/mirror.example_debian_dists_trixie_main_binary-amd64_Packages",
            filler(9_400_000),
        )
        .file("var/lib/apt/lists/mirror.example_debian_dists_trixie_InRelease", filler(140_000))
        .file("var/log/apt/history.log", "Commandline: apt-get install -y python3 curl\n")
}

fn only_python() -> Layer {
    Layer::new()
        .symlink("usr/bin/python3", "python3.13")
        .mode(0o755)
        .file("usr/bin/python3.13", filler(6_800_000))
        .directory("usr/lib/python3.13")
        .file("usr/lib/python3.13/json/__init__.py", "\"\"\"JSON.\"\"\"\n".repeat(900))
        .file("usr/lib/python3.13/os.py", "import sys\n".repeat(3_600))
        .file("var/lib/dpkg/status", stanzas(&[&BASE[..], &PYTHON].concat()))
        .packages(&PYTHON)
}

/// The program, with what lay beside it. A second time with another owner it is all written again.
fn app(owner: u64) -> Layer {
    Layer::new()
        .owner(owner, owner)
        .directory("app")
        .file("app/.env", "API_TOKEN=not-a-real-one\n")
        .directory("app/.git")
        .file("app/.git/HEAD", "ref: refs/heads/main\n")
        .file("app/.git/objects/pack/pack-5f1c.pack", filler(3_100_000))
        .file("app/main.py", MAIN)
        .file("app/prices.csv", prices())
        .file("app/requirements.txt", "flask==3.1.0\nrequests==2.32.0\n")
}

fn removed() -> Layer {
    Layer::new().whiteout("var/lib/apt/lists").whiteout("app/.git")
}

fn prices() -> String {
    (0..60_000).map(|number| format!("thing-{number},{}.90\n", number % 97)).collect()
}

/// A package with the paths it lists.
type Package = (&'static str, &'static str, &'static [&'static str]);

const BASE: [Package; 4] = [
    ("apt", "3.0.3", &["/usr/bin/apt-get"]),
    ("bash", "5.2.37-2", &["/usr/bin/bash", "/usr/bin/sh"]),
    (
        "libc6",
        "2.41-12",
        &["/usr/lib/x86_64-linux-gnu/libc.so.6", "/usr/share/doc/libc6/changelog.Debian.gz"],
    ),
    ("util-linux", "2.41-5", &["/usr/bin/su"]),
];
const PYTHON: [Package; 1] = [(
    "python3.13-minimal",
    "3.13.5-2",
    &[
        "/usr/bin/python3",
        "/usr/bin/python3.13",
        "/usr/lib/python3.13/json/__init__.py",
        "/usr/lib/python3.13/os.py",
    ],
)];
const CURL: [Package; 2] = [
    ("curl", "8.14.1-2", &["/usr/bin/curl"]),
    ("libcurl4t64", "8.14.1-2", &["/usr/lib/x86_64-linux-gnu/libcurl.so.4"]),
];

fn stanzas(packages: &[Package]) -> String {
    packages
        .iter()
        .map(|(name, version, _)| {
            format!(
                "Package: {name}\nStatus: install ok installed\nMaintainer: Nobody <nobody@example.org>\n\
                 Architecture: amd64\nVersion: {version}\nDescription: {name}\n\n"
            )
        })
        .collect()
}

/// Adds the lists of packages to a layer.
trait Lists {
    fn packages(self, packages: &[Package]) -> Self;
}

impl Lists for Layer {
    fn packages(self, packages: &[Package]) -> Self {
        packages.iter().fold(self, |layer, (name, _, paths)| {
            layer.file(&format!("var/lib/dpkg/info/{name}.list"), paths.join("\n") + "\n")
        })
    }
}

/// Bytes of a program: its first four, and nothing much behind them.
fn filler(size: usize) -> Vec<u8> {
    let mut bytes = b"\x7fELF".to_vec();
    bytes.resize(size, 0);
    bytes
}
