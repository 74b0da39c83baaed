//! What the verdict wants to know of a file's content, small enough to be kept for every file.

use attar_image::{Entry, Kind, TreePath};
use serde::{Deserialize, Serialize};

use super::{Gatherer, Secret};

/// Changes whenever the same bytes may give other [`Marks`]: part of the key where they are kept.
pub const REVISION: u32 = 3;

/// The longest file without an execute bit whose content is read, in bytes: what holds secrets is small.
const MAX_TEXT: u64 = 1 << 20;

/// What the content of a file shows, whatever the file is called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Marks {
    /// What kind of file it is.
    pub format: Format,
    /// Names of known programs whose texts it holds: `busybox`, `bash`. Mostly none or one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub programs: Vec<String>,
    /// Where it holds secrets; at most 20 are noted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<Secret>,
}

/// What kind of file a content is, by its first bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// ELF: a program, a library, an object.
    Elf,
    /// A script with a `#!` line.
    Script,
    /// Text without a `#!` line.
    Text,
    /// A static library or another `ar` archive.
    Archive,
    /// Anything else.
    #[default]
    Binary,
}

/// How much of a file the verdict wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// Nothing.
    Nothing,
    /// Its marks: the content goes through a [`Gatherer`], which often is content with the first bytes.
    Marks,
    /// Its marks, and the whole text by way of [`Files::read`](attar_image::linkage::Files::read).
    Whole,
}

impl Marks {
    /// Reads the marks of a whole content.
    pub fn of(bytes: &[u8]) -> Self {
        let mut gatherer = Gatherer::new();
        gatherer.feed(bytes);
        gatherer.finish()
    }
}

/// Says what the verdict wants to see of an entry, before anything is read.
///
/// The same for entries of the merged tree and for hidden ones. Marks depend on the content alone.
pub fn wanted(path: &TreePath, entry: &Entry) -> Wanted {
    let Kind::File { content, .. } = &entry.kind else { return Wanted::Nothing };
    if content.size == 0 {
        return Wanted::Nothing;
    }
    if READ_WHOLE.contains(&path.as_bytes()) && content.size <= MAX_TEXT {
        return Wanted::Whole;
    }
    let is_executable = entry.metadata.mode & 0o111 != 0;
    if is_executable || content.size <= MAX_TEXT && !is_plainly_data(path) {
        return Wanted::Marks;
    }
    Wanted::Nothing
}

/// Files that checks read as texts. Links to them are followed, so `os-release` has two names.
const READ_WHOLE: [&[u8]; 8] = [
    b"etc/passwd",
    b"etc/group",
    b"etc/shadow",
    b"etc/gshadow",
    b"etc/shells",
    b"etc/nsswitch.conf",
    b"etc/os-release",
    b"usr/lib/os-release",
];

/// Says whether a file that is not executable is of a kind that holds neither programs nor secrets.
fn is_plainly_data(path: &TreePath) -> bool {
    let name = path.file_name();
    let is_library = memchr::memmem::find(name, b".so.").is_some() || name.ends_with(b".so");
    let ends: [&[u8]; 9] = [b".gz", b".xz", b".zst", b".mo", b".pyc", b".class", b".jar", b".png", b".woff2"];
    is_library
        || path.as_bytes().starts_with(b"usr/share/zoneinfo/")
        || ends.iter().any(|end| name.ends_with(end))
}
