//! One package's part of the tree: its entries after filters, usr-merge and diversions, and its
//! place in the package database.

use std::collections::{BTreeMap, BTreeSet};

use attar_image::{Content, Digest, Entry, FileTree, Kind, Metadata, TreePath};
use attar_packages::debian::status::{Md5Sum, write_md5sums};

use super::usr;
use crate::record::PackageRecord;

/// Where the package database of images without a package manager stands, as scanners read it.
pub(crate) const STATUS_FOLDER: &str = "var/lib/dpkg/status.d";

/// How a package's entries become part of the tree.
pub struct Rules<'a> {
    /// Says whether a path, in the tree's spelling, is wanted.
    pub keeps: &'a (dyn Fn(&TreePath) -> bool + Sync),
    /// Paths of this package that another package moves aside, and where to.
    pub diversions: &'a BTreeMap<TreePath, TreePath>,
}

/// Returns the paths of a package's entries in the tree's spelling, before any filter or diversion.
pub(crate) fn paths(record: &PackageRecord) -> impl Iterator<Item = TreePath> + '_ {
    record.entries.iter().map(|recorded| usr::lead(recorded.path(), recorded.entry().is_directory()))
}

/// One package's part of the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageTree {
    /// Everything but directories.
    pub tree: FileTree,
    /// Directories the package ships, as it ships them.
    pub directories: BTreeMap<TreePath, Metadata>,
    /// Contents that attar writes into the package's part: its place in the package database.
    pub texts: BTreeMap<Digest, Vec<u8>>,
}

impl PackageTree {
    /// Applies `rules` to the entries of a package.
    pub fn new(record: &PackageRecord, rules: &Rules<'_>) -> Self {
        let mut part = Self::default();
        let mut emptied = BTreeSet::new();
        let mut filled = BTreeSet::new();
        for recorded in &record.entries {
            let entry = recorded.entry();
            let path = usr::lead(recorded.path(), entry.is_directory());
            let path = rules.diversions.get(&path).cloned().unwrap_or(path);
            if path.is_root() {
                continue;
            }
            let kept = (rules.keeps)(&path) || is_copyright(&path);
            if entry.is_directory() {
                if kept {
                    part.directories.insert(path, entry.metadata);
                }
            } else {
                let set = if kept { &mut filled } else { &mut emptied };
                set.extend(path.ancestors());
                if kept {
                    part.tree.insert(path, entry);
                }
            }
        }
        // A directory that has lost all its files is no longer wanted; one that was empty is.
        part.directories.retain(|path, _| filled.contains(path) || !emptied.contains(path));
        part.tree.renumber_links();
        part
    }

    /// Puts the control file and the checksums of what survived into the package database.
    pub fn register(&mut self, name: &str, record: &PackageRecord) {
        let md5sums = record.md5sums();
        let sum = |(path, entry): (&TreePath, &Entry)| {
            let Kind::File { content, .. } = &entry.kind else { return None };
            let digest = *md5sums.get(&content.digest)?;
            Some(Md5Sum { path: path.as_bytes().to_vec(), digest })
        };
        let sums: Vec<Md5Sum> = self.tree.iter().filter_map(sum).collect();
        let sums = write_md5sums(&sums);
        let control = format!("{}\n", record.control.trim_end_matches('\n')).into_bytes();
        for (file, text) in [(name.to_owned(), control), (format!("{name}.md5sums"), sums)] {
            let path = TreePath::parse(format!("{STATUS_FOLDER}/{file}"))
                .expect("a package's name has no character that a path refuses");
            let content = Content::of(&text);
            self.tree.insert(path, Entry::file(content, Metadata::root(0o644, record.control_mtime)));
            self.texts.insert(content.digest, text);
        }
    }

    /// Returns the directories that the package's layer takes a time from: those it ships, and those
    /// above its entries with the time of its control file.
    pub fn directory_times(&self, record: &PackageRecord) -> BTreeMap<TreePath, i64> {
        let mut times: BTreeMap<TreePath, i64> = BTreeMap::new();
        let shipped = self.directories.keys();
        for path in self.tree.iter().map(|(path, _)| path).chain(shipped) {
            for ancestor in path.ancestors().filter(|ancestor| !ancestor.is_root()) {
                if times.contains_key(&ancestor) {
                    break;
                }
                times.insert(ancestor, record.control_mtime);
            }
        }
        times.extend(self.directories.iter().map(|(path, metadata)| (path.clone(), metadata.mtime)));
        times
    }
}

/// Copyright files are never dropped: redistribution needs them.
fn is_copyright(path: &TreePath) -> bool {
    path.file_name() == b"copyright"
        && path.as_bytes().starts_with(b"usr/share/doc/")
        && path.components().count() == 5
}
