//! Tests for container-structure-test that hold what a verdict found, for teams that keep that gate: what
//! is absent stays absent, what programs expect stays there, the image starts the same way.

use std::fmt::Write as _;

use attar_image::manifest::Config;
use attar_image::{FileTree, Kind, TreePath};

use super::Judged;

/// Programs whose absence makes an image distroless, at the places where they are looked for.
const ABSENT: [(&str, &[&str]); 4] = [
    ("shell", &["sh", "bash", "dash", "ash", "zsh", "busybox"]),
    ("package manager", &["apt", "apt-get", "dpkg", "apk", "rpm", "dnf"]),
    ("network client", &["curl", "wget", "nc", "ssh"]),
    ("privileges", &["su", "sudo", "mount"]),
];

/// Where programs are looked for.
const FOLDERS: [&str; 4] = ["/bin", "/usr/bin", "/sbin", "/usr/sbin"];

/// Files that programs expect.
const EXPECTED: [&str; 5] =
    ["/etc/passwd", "/etc/group", "/etc/ssl/certs/ca-certificates.crt", "/usr/share/zoneinfo/UTC", "/tmp"];

/// How an image runs and what it holds, as far as tests ask.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    entrypoint: Option<Vec<String>>,
    arguments: Option<Vec<String>>,
    user: String,
    directory: String,
    /// Paths that are there, with their modes and owners.
    present: Vec<(String, String, u32, u32)>,
    /// Paths that are not, by what they would be.
    absent: Vec<(&'static str, String)>,
}

impl Runs {
    /// Looks up what tests can hold.
    pub(crate) fn of(config: &Config, tree: &FileTree) -> Self {
        let find = |path: &str| {
            let found = tree.resolve(&TreePath::parse(path).ok()?)?;
            tree.get(&found)
        };
        let present = EXPECTED.iter().filter_map(|path| {
            let entry = find(path)?;
            let (mode, metadata) = (permissions(&entry.kind, entry.metadata.mode), &entry.metadata);
            Some(((*path).to_owned(), mode, metadata.uid, metadata.gid))
        });
        let programs = ABSENT.iter().flat_map(|(what, names)| names.iter().map(move |name| (*what, *name)));
        let paths = programs
            .flat_map(|(what, name)| FOLDERS.iter().map(move |folder| (what, format!("{folder}/{name}"))));
        Self {
            entrypoint: config.entrypoint.clone(),
            arguments: config.cmd.clone(),
            user: config.user.clone(),
            directory: config.working_dir.clone(),
            present: present.collect(),
            absent: paths.filter(|(_, path)| find(path).is_none()).collect(),
        }
    }
}

/// Writes the tests of all verdicts: one document each, as the program takes one image at a time.
pub(super) fn of(verdicts: &[Judged]) -> String {
    let mut text = String::new();
    for (number, judged) in verdicts.iter().enumerate() {
        if number > 0 {
            text.push_str("---\n");
        }
        one(&mut text, judged).expect("writing to a string cannot fail");
    }
    text
}

fn one(text: &mut String, judged: &Judged) -> std::fmt::Result {
    let Runs { entrypoint, arguments, user, directory, present, absent } = &judged.runs;
    writeln!(text, "# {}", crate::escape::line(&judged.headline()))?;
    writeln!(text, "schemaVersion: 2.0.0\nmetadataTest:")?;
    if let Some(words) = entrypoint {
        writeln!(text, "  entrypoint: {}", quoted_list(words))?;
    }
    if let Some(words) = arguments {
        writeln!(text, "  cmd: {}", quoted_list(words))?;
    }
    writeln!(text, "  user: {}", quoted(user))?;
    if !directory.is_empty() {
        writeln!(text, "  workdir: {}", quoted(directory))?;
    }
    writeln!(text, "fileExistenceTests:")?;
    for (path, mode, uid, gid) in present {
        writeln!(
            text,
            "  - {{name: {}, path: {}, shouldExist: true, permissions: {}, uid: {uid}, gid: {gid}}}",
            quoted(&format!("{path} is there")),
            quoted(path),
            quoted(mode),
        )?;
    }
    for (what, path) in absent {
        let name = quoted(&format!("no {what}: {path}"));
        writeln!(text, "  - {{name: {name}, path: {}, shouldExist: false}}", quoted(path))?;
    }
    Ok(())
}

/// Writes a mode as container-structure-test compares it: Go's form, `drwxrwxrwt` without the sticky bit's
/// own letter at the end but `dtrwxrwxrwx`.
fn permissions(kind: &Kind, mode: u32) -> String {
    let mut text = String::new();
    for (is_set, letter) in [
        (matches!(kind, Kind::Directory), 'd'),
        (matches!(kind, Kind::Symlink { .. }), 'L'),
        (mode & 0o4000 != 0, 'u'),
        (mode & 0o2000 != 0, 'g'),
        (mode & 0o1000 != 0, 't'),
    ] {
        if is_set {
            text.push(letter);
        }
    }
    if text.is_empty() {
        text.push('-');
    }
    for shift in [6, 3, 0] {
        for (bit, letter) in [(4, 'r'), (2, 'w'), (1, 'x')] {
            text.push(if mode >> shift & bit != 0 { letter } else { '-' });
        }
    }
    text
}

fn quoted_list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    format!("[{}]", words.join(", "))
}

/// Writes a text as YAML's double quotes take it, which is how JSON writes it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_that_stay_absent_are_what_the_checks_look_for() {
        let (what, shells) = ABSENT[0];
        assert_eq!(what, "shell");
        for name in shells {
            assert!(attar_image::shell::brings_shell(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn modes_are_written_as_go_does() {
        for (kind, mode, expected) in [
            (Kind::Directory, 0o1777, "dtrwxrwxrwx"),
            (Kind::Directory, 0o755, "drwxr-xr-x"),
            (Kind::Fifo, 0o4750, "urwxr-x---"),
            (Kind::Fifo, 0o644, "-rw-r--r--"),
        ] {
            assert_eq!(permissions(&kind, mode), expected);
        }
    }
}
