//! Small programs compiled here, each in a layout of files that a dynamic linker knows how to search.

use std::process::Command;

use crate::command::run;
use crate::scratch::Scratch;
use crate::skip;

/// A program of one's own in an image without packages.
#[derive(Debug)]
pub struct Native {
    /// Name of the case.
    pub name: &'static str,
    /// The folder with spec and files.
    pub scratch: Scratch,
    /// The spec.
    pub spec: String,
}

/// What is compiled for a case, and where it goes.
struct Layout {
    name: &'static str,
    /// Options of the linker for the program.
    program: &'static [&'static str],
    /// Where the library goes.
    library: &'static str,
    /// What else the spec says.
    more: &'static str,
}

const fn layout(name: &'static str, program: &'static [&'static str], library: &'static str) -> Layout {
    Layout { name, program, library, more: "" }
}

const LAYOUTS: [Layout; 13] = [
    layout("default-directory", &[], "/usr/lib/libx.so.1"),
    layout("absent", &[], "/opt/x/other.so"),
    layout("elsewhere", &[], "/opt/x/libx.so.1"),
    layout("runpath", &["-Wl,--enable-new-dtags,-rpath,/opt/x"], "/opt/x/libx.so.1"),
    layout("rpath", &["-Wl,--disable-new-dtags,-rpath,/opt/x"], "/opt/x/libx.so.1"),
    layout("origin", &["-Wl,-rpath,$ORIGIN/../lib"], "/app/lib/libx.so.1"),
    layout("origin-elsewhere", &["-Wl,-rpath,$ORIGIN/lib"], "/app/lib/libx.so.1"),
    layout("lib", &["-Wl,-rpath,/opt/$LIB"], "/opt/lib/x86_64-linux-gnu/libx.so.1"),
    Layout {
        more: "environment: {LD_LIBRARY_PATH: \"/a:/opt/x\"}\n",
        ..layout("environment", &[], "/opt/x/libx.so.1")
    },
    Layout {
        more: "paths: [{path: /app/bin/app, type: permissions, owner: 0, permissions: 0700}]\n",
        ..layout("closed-to-the-user", &[], "/usr/lib/libx.so.1")
    },
    Layout {
        more: "paths: [{path: /usr/lib/libx.so.1, type: permissions, owner: 0, permissions: 0600}]\n",
        ..layout("library-closed-to-the-user", &[], "/usr/lib/libx.so.1")
    },
    Layout {
        more: "paths: [{path: /app, type: directory, owner: 0, permissions: 0700}]\n",
        ..layout("directory-closed-to-the-user", &[], "/usr/lib/libx.so.1")
    },
    layout("old-version", &[], "/usr/lib/libx.so.1"),
];

/// Compiles the programs; the reason when no compiler is here.
pub fn natives() -> Result<Vec<Native>, String> {
    skip::program("gcc")?;
    if std::env::consts::ARCH != "x86_64" {
        return Err("the programs are compiled for the machine of the tests, which is not amd64".into());
    }
    Ok(LAYOUTS.iter().map(native).chain([no_libc(), text()]).collect())
}

fn native(layout: &Layout) -> Native {
    let scratch = Scratch::new();
    scratch.write("x.c", "int x(void) { return 0; }\n");
    scratch.write("main.c", "int x(void);\nint main(void) { return x(); }\n");
    scratch.write("new.map", "X_1 { };\nX_2 { global: x; } X_1;\n");
    scratch.write("old.map", "X_1 { global: x; };\n");
    let library = |map: &str| {
        gcc(
            &scratch,
            &[
                "-shared",
                "-fPIC",
                "-Wl,-soname,libx.so.1",
                &format!("-Wl,--version-script={map}"),
                "x.c",
                "-o",
                "libx.so.1",
            ],
        );
    };
    library("new.map");
    let program = ["main.c", "libx.so.1", "-o", "app"];
    gcc(&scratch, &[&program[..], layout.program].concat());
    if layout.name == "old-version" {
        library("old.map");
    }
    let spec = format!(
        "contents:\n  foundation: none\n  files:\n    - {{from: app, to: /app/bin/app}}\n    \
         - {{from: libx.so.1, to: {}, permissions: 0644}}\n{}entrypoint: {{command: [/app/bin/app]}}\n{}{COMMON}",
        layout.library, LIBC, layout.more
    );
    Native { name: layout.name, scratch, spec }
}

/// The C library of this machine, at the places where its dynamic linker looks.
const LIBC: &str = "    - {from: /lib64/ld-linux-x86-64.so.2, to: /usr/lib64/ld-linux-x86-64.so.2}\n    \
                    - {from: /lib/x86_64-linux-gnu/libc.so.6, to: /usr/lib/x86_64-linux-gnu/libc.so.6}\n";
const COMMON: &str = "platforms: [linux/amd64]\ncompression: none\n";

/// A program that needs the C library, in an image without any.
fn no_libc() -> Native {
    let scratch = Scratch::new();
    scratch.write("main.c", "int main(void) { return 0; }\n");
    gcc(&scratch, &["main.c", "-o", "app"]);
    let spec = format!(
        "contents:\n  foundation: none\n  files: [{{from: app, to: /app}}]\nentrypoint: {{command: [/app]}}\n{COMMON}"
    );
    Native { name: "no-libc", scratch, spec }
}

/// A file that is no program.
fn text() -> Native {
    let scratch = Scratch::new();
    let spec = format!(
        "contents:\n  foundation: none\n  files: [{{text: hello, to: /app, permissions: 0755}}]\n\
         entrypoint: {{command: [/app]}}\n{COMMON}"
    );
    Native { name: "text", scratch, spec }
}

fn gcc(scratch: &Scratch, words: &[&str]) {
    let mut command = Command::new("gcc");
    run(command.args(words).current_dir(scratch.path())).success();
}
