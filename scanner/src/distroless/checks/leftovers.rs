//! D14: what nothing needs at run time: caches, lists, logs, documentation, translations, tests.

use std::collections::BTreeMap;

use attar_image::{Entry, TreePath};

use super::{Budget, Draft, Findings, Spot};
use crate::distroless::Rules;
use crate::distroless::verdict::Fix;
use crate::distroless::view::View;

/// What may be left over before it is worth a warning.
const DEFAULT: u64 = 8 << 20;

pub(super) fn budget(rules: &Rules) -> Budget {
    match rules.limits.leftovers {
        Some(bytes) => Budget { bytes, is_set: true },
        None => Budget { bytes: DEFAULT, is_set: false },
    }
}

/// Something that is left over.
struct Kind {
    /// What it is, in the plural.
    what: &'static str,
    /// The spec's word for it under `without: paths`, or patterns.
    spec: &'static str,
    /// Directories that hold nothing else.
    directories: &'static [&'static str],
    /// Names of directories, wherever they are.
    named: &'static [&'static str],
    /// Ends of names of files.
    ends: &'static [&'static str],
}

const KINDS: &[Kind] = &[
    Kind {
        what: "lists and caches of package managers",
        spec: "[\"/var/cache/**\", \"/var/lib/apt/**\"]",
        directories: &[
            "var/lib/apt/lists",
            "var/cache/apt",
            "var/cache/apk",
            "etc/apk/cache",
            "var/cache/dnf",
            "var/cache/yum",
            "var/cache/zypp",
            "var/cache/pacman",
            "var/cache/debconf",
            "var/lib/yum",
            "var/lib/dnf",
        ],
        named: &[],
        ends: &[".dpkg-old", ".dpkg-new", ".dpkg-dist", ".rpmsave", ".rpmnew", ".apk-new"],
    },
    Kind {
        what: "caches",
        spec: "[\"**/.cache/**\", \"**/__pycache__/**\"]",
        directories: &[
            "root/.npm",
            "root/.cargo/registry",
            "root/.gradle",
            "root/.m2/repository",
            "var/cache/man",
            "var/cache/ldconfig",
        ],
        named: &[".cache", "__pycache__", ".pytest_cache", ".mypy_cache", "_cacache", ".eslintcache"],
        ends: &[],
    },
    Kind {
        what: "files of version control",
        spec: "[\"**/.git/**\", \"**/.svn/**\"]",
        directories: &[],
        named: &[".git", ".svn", ".hg", ".github"],
        ends: &[".gitignore", ".gitattributes"],
    },
    Kind {
        what: "logs",
        spec: "[\"/var/log/**\"]",
        directories: &["var/log"],
        named: &[],
        ends: &["npm-debug.log", "hs_err_pid"],
    },
    Kind {
        what: "documentation",
        spec: "[docs, man]",
        directories: &[
            "usr/share/doc",
            "usr/share/man",
            "usr/share/info",
            "usr/share/gtk-doc",
            "usr/share/help",
            "usr/share/doc-base",
            "usr/local/share/man",
            "usr/local/share/doc",
            "usr/local/man",
        ],
        named: &[],
        ends: &[],
    },
    Kind {
        what: "translations",
        spec: "[locales]",
        directories: &["usr/share/locale", "usr/share/i18n", "usr/local/share/locale"],
        named: &[],
        ends: &[],
    },
    Kind {
        what: "files for package maintainers",
        spec: "[packaging]",
        directories: &[
            "usr/share/lintian",
            "usr/share/bug",
            "usr/share/menu",
            "usr/share/debhelper",
            "usr/share/bash-completion",
            "usr/share/zsh",
            "usr/share/fish",
            "var/lib/dpkg/info",
        ],
        named: &[],
        ends: &[],
    },
    Kind {
        what: "tests of modules",
        spec: "[\"**/node_modules/**/test/**\"]",
        directories: &[],
        named: &["__tests__"],
        ends: &[".test.js", ".spec.js", ".spec.ts"],
    },
    Kind {
        what: "temporary files, backups and core dumps",
        spec: "[\"/tmp/*\", \"**/*~\"]",
        directories: &["tmp", "var/tmp"],
        named: &[],
        ends: &["~", ".swp", ".orig", ".bak", ".DS_Store"],
    },
];

pub(super) fn run(view: &View<'_>) -> Findings {
    let mut found: BTreeMap<usize, BTreeMap<TreePath, u64>> = BTreeMap::new();
    for (path, entry) in view.subject.tree.iter() {
        let Some((kind, place, bytes)) = leftover(path, entry) else { continue };
        *found.entry(kind).or_default().entry(place).or_default() += bytes;
    }
    let draft = |(kind, places): (usize, BTreeMap<TreePath, u64>)| {
        let kind = &KINDS[kind];
        let bytes: u64 = places.values().sum();
        let what = format!("{}, {}", kind.what, super::size::shown(bytes));
        let fix = Fix::spec(format!("without: {{paths: {}}}", kind.spec))
            .dockerfile("copy into the last stage only what the program needs (COPY --from)");
        let spot = |(path, bytes)| Spot { path, bytes: Some(bytes), layer: None, hidden_by: None };
        let places = places.into_iter().map(spot).collect();
        Draft { places, ..Draft::fail(what, "nothing reads it at run time", fix) }
    };
    Findings::of(found.into_iter().map(draft))
}

/// Returns the kind of a file that is left over, the place to show, and its size.
///
/// Licences stay: they must go with the software.
fn leftover(path: &TreePath, entry: &Entry) -> Option<(usize, TreePath, u64)> {
    let bytes = entry.content()?.size;
    let name = path.file_name();
    let is_licence = [&b"copyright"[..], b"LICENSE", b"LICENCE", b"COPYING", b"NOTICE"];
    if bytes == 0 || is_licence.iter().any(|licence| name.starts_with(licence)) {
        return None;
    }
    KINDS.iter().enumerate().find_map(|(number, kind)| {
        let below = kind.directories.iter().find_map(|directory| {
            let rest = path.as_bytes().strip_prefix(directory.as_bytes())?.strip_prefix(b"/")?;
            let first = rest.split(|byte| *byte == b'/').next().unwrap_or_default();
            TreePath::parse(directory).ok()?.join(first).ok()
        });
        let named = || {
            let is_it = |above: &TreePath| kind.named.iter().any(|name| above.file_name() == name.as_bytes());
            path.ancestors().filter(is_it).last()
        };
        let ended = || kind.ends.iter().any(|end| name.ends_with(end.as_bytes())).then(|| path.clone());
        below.or_else(named).or_else(ended).map(|place| (number, place, bytes))
    })
}
