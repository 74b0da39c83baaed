//! The interface of `attar inspect` in a real terminal, which is tmux: what keys and the mouse do to the
//! screen, and what is left of it at the end.

mod acting;
mod ending;
mod finding;
mod hostile;
mod images;
mod manners;
mod mouse;
mod moving;
mod opening;
pub(crate) mod streaming;
mod views;

use attar_testing::layers::{Codec, Layer, write_docker_archive, write_layout_that_runs};
use attar_testing::tmux::Window;
use attar_testing::{Attar, Scratch};
use serde_json::json;

use crate::support;

/// Columns and lines, unless a test is about other sizes.
pub(crate) const SIZE: (u16, u16) = (120, 30);

/// The number of files in `/srv/data`, which are more than the screen has lines.
const FILES: usize = 200;

/// Returns a folder with two images: `oci:image`, which has something of everything, and `oci:before`, of
/// which it is a later version; `before` is in the archive `before.tar` too.
fn sample() -> Scratch {
    let scratch = Scratch::new();
    let write = |name: &str, layers: Vec<Layer>| {
        let layers = layers.into_iter().map(Layer::tar);
        let config = json!({"Entrypoint": ["/usr/bin/tool"]});
        write_layout_that_runs(&scratch.join(name), "1", Codec::Gzip, layers, config).expect("a layout");
    };
    write("image", vec![lower(), middle(), upper()]);
    write("before", vec![lower()]);
    write_docker_archive(&scratch.join("before.tar"), "before:1", &[lower().tar()]).expect("an archive");
    scratch
}

/// A program of this machine, which is an ELF file that needs a C library.
fn program() -> Vec<u8> {
    std::fs::read("/bin/true").expect("a program that every system has")
}

fn lower() -> Layer {
    let status = "Package: tool\nStatus: install ok installed\nVersion: 1.2\nArchitecture: all\n";
    let layer = Layer::new()
        .directory("etc")
        .file("etc/app.conf", "listen = 80\nname = first\n")
        .file("etc/passwd", "root:x:0:0:root:/root:/sbin/nologin\n")
        .directory("usr")
        .directory("usr/bin")
        .mode(0o755)
        .file("usr/bin/tool", program())
        .file("var/lib/dpkg/status", status)
        .file("var/lib/dpkg/info/tool.list", "/.\n/usr\n/usr/bin\n/usr/bin/tool\n")
        .file("var/lib/apt/lists/index", vec![b'y'; 300_000]);
    (0..FILES).fold(layer.directory("srv").directory("srv/data"), |layer, number| {
        layer.file(&format!("srv/data/file-{number:03}"), format!("number {number}\n"))
    })
}

fn middle() -> Layer {
    Layer::new()
        .whiteout("var/lib/apt/lists")
        .file("etc/app.conf", "listen = 8080\nname = first\n")
        .mode(0o4755)
        .file("usr/bin/tool", program())
}

fn upper() -> Layer {
    Layer::new()
        .directory("app")
        .file("app/blob.bin", (0..=255).collect::<Vec<u8>>())
        .file("app/main.py", "#!/usr/bin/python3\nprint('hello')\n")
}

/// Prepares a run in a folder, with a cache of its own.
fn attar(folder: &Scratch, arguments: &[&str]) -> Attar {
    support::attar().current_dir(folder.path()).cache(folder.join("cache")).arg("inspect").args(arguments)
}

/// Opens the interface in a window; the error says that there is no tmux.
fn open(folder: &Scratch, arguments: &[&str]) -> Result<Window, String> {
    Window::open(&attar(folder, arguments).into_command(), SIZE)
}

/// Opens the interface, and waits until the tree of the sample is there, with the keys in it.
fn open_tree(folder: &Scratch) -> Result<Window, String> {
    let window = open(folder, &["oci:image", "--pane", "tree"])?;
    window.wait_for("app/");
    Ok(window)
}

/// Opens a shell in which `$ATTAR` is the program; the error says that there is no tmux.
fn open_shell(folder: &Scratch) -> Result<Window, String> {
    let attar = attar(folder, &[]).env("PS1", "ready$ ").into_command();
    let mut shell = std::process::Command::new("dash");
    shell.arg("-i").current_dir(folder.path());
    shell.envs(attar.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.env("ATTAR", attar.get_program());
    let window = Window::open(&shell, SIZE)?;
    window.wait_for("ready$");
    Ok(window)
}

/// Has the shell run something, and say its status afterwards.
#[track_caller]
fn shell(window: &Window, line: &str) {
    window.text(&format!("{line}; echo st'atus'=$?.\r"));
}

/// Presses keys, and returns the path that the cursor is on then, as it is copied.
#[track_caller]
fn path_after(window: &Window, keys: &str) -> String {
    window.keys(keys);
    window.keys("y p");
    window.copied()
}

/// Presses keys one after the other, and checks the path that the cursor is on after each.
#[track_caller]
fn follows(window: &Window, steps: &[(&str, &str)]) {
    for (keys, expected) in steps {
        assert_eq!(path_after(window, keys), *expected, "after {keys}\n{}", window.screen());
    }
}
