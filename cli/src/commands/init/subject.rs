//! What an image is for, recognised by content and not by name.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use attar_builder::convert::MAX_SIZE;
use attar_builder::convert::apko::looks_like_apko;
use attar_builder::convert::dockerfile::looks_like_a_dockerfile;
use attar_image::elf::{Class, Facts};
use attar_image::platform::Platform;

use crate::failure::Usage;

/// What an image is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A program.
    Program(Program),
    /// A Java archive.
    Jar(PathBuf),
    /// A Python virtual environment.
    Venv(Venv),
    /// A Dockerfile.
    Dockerfile {
        /// The file.
        path: PathBuf,
        /// What it says.
        text: String,
    },
    /// A configuration of apko.
    Apko {
        /// The file.
        path: PathBuf,
        /// What it says.
        text: String,
    },
}

/// An ELF program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) path: PathBuf,
    pub(super) platform: String,
    /// Debian packages that hold the libraries it needs.
    pub(super) packages: BTreeSet<&'static str>,
    /// Libraries it needs that the table below does not know.
    pub(super) unknown: Vec<String>,
}

/// A Python virtual environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Venv {
    pub(super) path: PathBuf,
    /// Version of Python, such as `3.13`.
    pub(super) version: String,
    /// The Debian suite with that version.
    pub(super) suite: &'static str,
}

/// Libraries that programs often need, with the package of Debian 13 that holds them.
const LIBRARIES: [(&str, &str); 27] = [
    ("ld-linux", "libc6"),
    ("libc.so.6", "libc6"),
    ("libdl.so.2", "libc6"),
    ("libm.so.6", "libc6"),
    ("libpthread.so.0", "libc6"),
    ("libresolv.so.2", "libc6"),
    ("librt.so.1", "libc6"),
    ("libutil.so.1", "libc6"),
    ("libbrotlidec.so.1", "libbrotli1"),
    ("libbz2.so.1.0", "libbz2-1.0"),
    ("libcrypt.so.1", "libcrypt1"),
    ("libcrypto.so.3", "libssl3t64"),
    ("libcurl.so.4", "libcurl4t64"),
    ("libexpat.so.1", "libexpat1"),
    ("libffi.so.8", "libffi8"),
    ("libgcc_s.so.1", "libgcc-s1"),
    ("libgomp.so.1", "libgomp1"),
    ("liblzma.so.5", "liblzma5"),
    ("libpq.so.5", "libpq5"),
    ("libsqlite3.so.0", "libsqlite3-0"),
    ("libssl.so.3", "libssl3t64"),
    ("libstdc++.so.6", "libstdc++6"),
    ("libuuid.so.1", "libuuid1"),
    ("libxml2.so.2", "libxml2"),
    ("libyaml-0.so.2", "libyaml-0-2"),
    ("libz.so.1", "zlib1g"),
    ("libzstd.so.1", "libzstd1"),
];

/// Suites of Debian with the version of Python they have.
const PYTHONS: [(&str, &str); 2] = [("3.13", "trixie"), ("3.11", "bookworm")];

/// The largest program that is read.
const MAX_PROGRAM: u64 = 1 << 30;

/// Recognises what stands at `path`.
pub(super) fn recognise(path: &Path) -> anyhow::Result<Subject> {
    let context = || format!("cannot read `{}`", path.display());
    if path.is_dir() {
        return venv(path);
    }
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(context)?;
    file.take(MAX_PROGRAM).read_to_end(&mut bytes).with_context(context)?;
    if let Some(facts) = Facts::read(&bytes) {
        return Ok(Subject::Program(program(path, &facts)?));
    }
    if bytes.starts_with(b"PK\x03\x04") && contains(&bytes, b"META-INF/") {
        return Ok(Subject::Jar(path.into()));
    }
    if bytes.len() <= MAX_SIZE
        && let Ok(text) = String::from_utf8(bytes)
    {
        if looks_like_a_dockerfile(&text) {
            return Ok(Subject::Dockerfile { path: path.into(), text });
        }
        if looks_like_apko(&text) {
            return Ok(Subject::Apko { path: path.into(), text });
        }
    }
    let kinds = "an ELF program, a jar, a virtual environment, a Dockerfile or a configuration of apko";
    Err(Usage::new(format!("`{}` is none of {kinds}", path.display()))
        .hint("`attar init` without FROM writes a spec to start from")
        .into())
}

fn program(path: &Path, facts: &Facts) -> Result<Program, Usage> {
    let platform = platform(facts).ok_or_else(|| {
        Usage::new(format!("Debian has no architecture for `{}`, machine {}", path.display(), facts.machine))
    })?;
    let mut packages = BTreeSet::new();
    let mut unknown = Vec::new();
    let interpreter = facts.interpreter.as_deref().and_then(|path| path.rsplit('/').next());
    for library in facts.needed.iter().map(String::as_str).chain(interpreter) {
        let known = LIBRARIES.iter().find(|(name, _)| library == *name || is_linker(library, name));
        match known {
            Some((_, package)) => {
                packages.insert(*package);
            }
            None => unknown.push(library.to_owned()),
        }
    }
    Ok(Program { path: path.into(), platform, packages, unknown })
}

/// Says whether `library` is the dynamic linker, whose name differs from machine to machine.
fn is_linker(library: &str, name: &str) -> bool {
    name == "ld-linux" && (library.starts_with("ld-linux") || library.starts_with("ld64.so"))
}

/// Returns the platform whose programs look like this.
fn platform(facts: &Facts) -> Option<String> {
    /// The floating point registers carry arguments: what Debian calls `armhf`.
    const ARM_HARD_FLOAT: u32 = 0x400;
    let is_wide = |platform: &Platform| !matches!(platform.architecture.as_str(), "386" | "arm" | "mipsle");
    let is_armhf = |platform: &Platform| platform.debian_architecture() == Some("armhf");
    Platform::all_of_debian()
        .filter(|platform| platform.elf_machine() == Some(facts.machine))
        .filter(|platform| is_wide(platform) == (facts.class == Class::Bits64))
        .find(|platform| {
            platform.architecture != "arm" || is_armhf(platform) == (facts.flags & ARM_HARD_FLOAT != 0)
        })
        .map(|platform| platform.to_string())
}

fn venv(path: &Path) -> anyhow::Result<Subject> {
    let marker = path.join("pyvenv.cfg");
    let text = std::fs::read_to_string(&marker).map_err(|_| {
        Usage::new(format!("`{}` is no virtual environment: it has no `pyvenv.cfg`", path.display()))
    })?;
    let found = python_version(&text)
        .with_context(|| format!("`{}` does not say the version of Python", marker.display()))?;
    let suite = PYTHONS.iter().find(|(version, _)| *version == found).map(|(_, suite)| *suite);
    let suite = suite.ok_or_else(|| {
        Usage::new(format!(
            "`{}` is for Python {found}, which no Debian suite known here has",
            path.display()
        ))
        .hint("make the environment with Python 3.13, that of Debian 13")
    })?;
    Ok(Subject::Venv(Venv { path: path.into(), version: found, suite }))
}

/// Returns major and minor version from the text of `pyvenv.cfg`.
fn python_version(text: &str) -> Option<String> {
    let value = text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        matches!(key.trim(), "version" | "version_info").then(|| value.trim())
    })?;
    let mut parts = value.split('.');
    Some(format!("{}.{}", parts.next()?, parts.next()?))
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_test_program_is_recognised() {
        let path = std::env::current_exe().expect("the test program");
        let Subject::Program(program) = recognise(&path).expect("a program") else {
            panic!("expected a program");
        };
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        assert_eq!(program.platform, format!("linux/{architecture}"));
        assert!(program.packages.contains("libc6"), "{:?}", program.packages);
        assert_eq!(program.unknown, Vec::<String>::new());
    }

    #[test]
    fn files_of_other_tools_are_recognised_by_their_content() {
        let scratch = attar_testing::Scratch::with([
            ("one", "# syntax=docker/dockerfile:1\n\narg V=1\nFROM debian\n"),
            ("two", "contents: {packages: [busybox]}\narchs: [x86_64]\n"),
            ("three", "contents: {repositories: [{debian: trixie}]}\n"),
            ("four", "FROMAGE is cheese\n"),
        ]);
        let of = |name: &str| recognise(&scratch.join(name));
        assert!(matches!(of("one"), Ok(Subject::Dockerfile { .. })));
        assert!(matches!(of("two"), Ok(Subject::Apko { .. })));
        assert!(of("three").is_err(), "a spec is one already");
        assert!(of("four").is_err());
    }

    #[test]
    fn virtual_environments_name_their_python() {
        for (text, expected) in [
            ("home = /usr/bin\nversion = 3.13.5\n", Some("3.13")),
            ("version_info = 3.11.2.final.0\n", Some("3.11")),
            ("home = /usr/bin\n", None),
        ] {
            assert_eq!(python_version(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_said() {
        let scratch = attar_testing::Scratch::with([
            ("notes.txt", "hello"),
            ("old/pyvenv.cfg", "version = 3.9.1\n"),
            ("empty/x", ""),
        ]);
        let said = |path: &str| {
            let error = recognise(&scratch.join(path)).expect_err("not understood");
            error.to_string().replace(&format!("{}/", scratch.path().display()), "")
        };
        assert_eq!(
            said("notes.txt"),
            "`notes.txt` is none of an ELF program, a jar, a virtual environment, a Dockerfile or a \
             configuration of apko"
        );
        assert_eq!(said("old"), "`old` is for Python 3.9, which no Debian suite known here has");
        assert_eq!(said("empty"), "`empty` is no virtual environment: it has no `pyvenv.cfg`");
    }
}
