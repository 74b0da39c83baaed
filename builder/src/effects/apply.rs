//! Applies effects to a tree and tells what changed: names become numbers here.

use std::collections::BTreeMap;

use attar_image::{Content, Entry, FileTree, Kind, Metadata, TreePath};

use super::accounts::Table;
use super::effect::{Effect, Existing, FileContent, Ownership};
use super::mode::ModeChange;
use super::{Addition, GENERATED, MetadataChange, Outcome, alternatives, capabilities, known};

/// Files that attar writes for the whole image: where they stand, no script changes them.
const OWN: [&str; 4] = ["etc/passwd", "etc/group", "etc/nsswitch.conf", "etc/ssl/certs/ca-certificates.crt"];

/// An effect with what it is told by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// What is done.
    pub effect: Effect,
    /// Why, for `attar why` and the report: package, script and line.
    pub because: String,
}

/// Applies effects in order. `read` returns contents of the tree, for files that are appended to.
pub(super) fn apply(
    planned: &[Planned],
    tree: &FileTree,
    read: &dyn Fn(&TreePath) -> Option<Vec<u8>>,
    table: &Table,
) -> Outcome {
    let mut work = Work {
        original: tree,
        tree: tree.clone(),
        read,
        table,
        written: BTreeMap::new(),
        because: BTreeMap::new(),
        outcome: Outcome::default(),
    };
    for Planned { effect, because } in planned {
        work.apply(effect, because);
    }
    for link in alternatives::links(planned, &work.tree, &mut work.outcome) {
        let effect = Effect::Symlink { path: link.path, target: link.target, existing: Existing::Replace };
        work.apply(&effect, &link.because);
    }
    work.finish()
}

struct Work<'a> {
    original: &'a FileTree,
    tree: FileTree,
    read: &'a dyn Fn(&TreePath) -> Option<Vec<u8>>,
    table: &'a Table,
    written: BTreeMap<TreePath, Vec<u8>>,
    because: BTreeMap<TreePath, String>,
    outcome: Outcome,
}

impl Work<'_> {
    fn apply(&mut self, effect: &Effect, because: &str) {
        match effect {
            Effect::Directory { path, mode, owner } => {
                let Some(path) = self.resolve(path, true, because) else { return };
                if !self.make_directory(&path, because) {
                    return self.warn(because, &format!("{path} is no directory"));
                }
                self.change(&path, owner, mode.as_ref(), because);
            }
            Effect::Symlink { path, target, existing } => {
                let Some(path) = self.resolve(path, false, because) else { return };
                if self.may_put(&path, *existing, because) {
                    self.put(&path, Entry::symlink(target.as_bytes(), GENERATED), because);
                }
            }
            Effect::File { path, content, mode, owner, existing } => {
                let Some(path) = self.resolve(path, true, because) else { return };
                self.write(&path, content, *existing, because);
                self.change(&path, owner, mode.as_ref(), because);
            }
            Effect::Attributes { path, owner, mode, recursive } => {
                let Some(path) = self.resolve(path, true, because) else { return };
                if !self.tree.contains(&path) {
                    return self.warn(because, &format!("{path} is not in the image"));
                }
                if *recursive {
                    let below: Vec<TreePath> = self.tree.below(&path).map(|(path, _)| path.clone()).collect();
                    for path in below {
                        if !matches!(self.tree.get(&path), Some(Entry { kind: Kind::Symlink { .. }, .. })) {
                            self.change(&path, owner, mode.as_ref(), because);
                        }
                    }
                }
                self.change(&path, owner, mode.as_ref(), because);
            }
            Effect::Capabilities { path, value } => {
                let Some(path) = self.resolve(path, true, because) else { return };
                self.edit(&path, because, |_, metadata| {
                    metadata
                        .xattrs
                        .insert(capabilities::ATTRIBUTE.as_bytes().into(), value.as_slice().into());
                });
            }
            Effect::Move { from, to } => {
                let (Some(from), Some(to)) =
                    (self.resolve(from, false, because), self.resolve(to, false, because))
                else {
                    return;
                };
                if let Some(entry) = self.tree.remove(&from) {
                    if let Some(bytes) = self.written.remove(&from) {
                        self.written.insert(to.clone(), bytes);
                    }
                    self.put(&to, entry, because);
                }
            }
            Effect::Remove { path } => {
                if let Some(path) = self.resolve(path, false, because) {
                    self.tree.remove(&path);
                    self.written.remove(&path);
                }
            }
            Effect::User { name, makes_home: true, .. } => self.make_home(name, because),
            Effect::User { .. } | Effect::Account { .. } | Effect::Group { .. } | Effect::Member { .. } => {}
            Effect::Alternative(_) | Effect::AlternativeChoice { .. } => {}
        }
    }

    fn warn(&mut self, because: &str, text: &str) {
        self.outcome.warnings.push(format!("{because}: {text}"));
    }

    /// Follows links in the directories of a path, and in the path itself with `last`.
    ///
    /// `/var/run` and `/var/lock` are links everywhere in Debian: where nothing stands there yet they
    /// are made, so that a program finds what its package put below either name.
    fn resolve(&mut self, path: &TreePath, last: bool, because: &str) -> Option<TreePath> {
        for (link, target) in [("var/run", "/run"), ("var/lock", "/run/lock")] {
            let link = known(link);
            let is_empty = self.tree.get(&link).is_none_or(Entry::is_directory)
                && self.tree.below(&link).next().is_none();
            if path != &link && path.starts_with(&link) && is_empty {
                self.tree.remove(&link);
                self.put(&link, Entry::symlink(target.as_bytes(), GENERATED), because);
            }
        }
        let resolved = match (last, path.parent()) {
            (false, Some(parent)) => {
                self.tree.resolve(&parent).and_then(|parent| parent.join(path.file_name()).ok())
            }
            _ => self.tree.resolve(path),
        };
        if resolved.is_none() {
            self.warn(because, &format!("{path} is a loop of links"));
        }
        resolved
    }

    /// Makes a directory and those above it that lack; says whether one stands there now.
    fn make_directory(&mut self, path: &TreePath, because: &str) -> bool {
        if path.is_root() {
            return true;
        }
        if let Some(entry) = self.tree.get(path) {
            return entry.is_directory();
        }
        let above_is = path.parent().is_none_or(|parent| self.make_directory(&parent, because));
        if above_is && !self.has_children(path) {
            let mode = if path.as_bytes() == b"run/lock" { 0o1777 } else { 0o755 };
            self.put(path, Entry::directory(Metadata::root(mode, GENERATED)), because);
        }
        above_is
    }

    fn has_children(&self, path: &TreePath) -> bool {
        self.tree.below(path).next().is_some()
    }

    fn may_put(&mut self, path: &TreePath, existing: Existing, because: &str) -> bool {
        match self.tree.get(path) {
            None => !self.has_children(path),
            Some(entry) if entry.is_directory() => {
                let is_empty = !self.has_children(path);
                if !is_empty {
                    self.warn(because, &format!("{path} is a directory"));
                }
                is_empty && existing == Existing::Replace
            }
            Some(_) => existing == Existing::Replace,
        }
    }

    fn put(&mut self, path: &TreePath, entry: Entry, because: &str) {
        if let Some(parent) = path.parent() {
            self.make_directory(&parent, because);
        }
        self.because.insert(path.clone(), because.to_owned());
        self.tree.insert(path.clone(), entry);
    }

    fn write(&mut self, path: &TreePath, content: &FileContent, existing: Existing, because: &str) {
        let stands = self.tree.contains(path);
        let is_own = OWN.iter().any(|own| path.as_bytes() == own.as_bytes());
        if stands && (is_own || existing == Existing::Keep || *content == FileContent::Touched) {
            return;
        }
        let metadata = self.tree.get(path).map(|entry| entry.metadata.clone());
        let bytes = match content {
            FileContent::Bytes(bytes) => bytes.clone(),
            FileContent::Touched => Vec::new(),
            FileContent::Appended(bytes) => {
                let before = if stands {
                    self.written.get(path).cloned().or_else(|| (self.read)(path))
                } else {
                    Some(Vec::new())
                };
                let Some(mut before) = before else {
                    return self.warn(because, &format!("{path} cannot be read"));
                };
                before.extend_from_slice(bytes);
                before
            }
            FileContent::CopyOf(source) => return self.copy(source, path, existing, because),
        };
        if self.may_put(path, existing, because) {
            let metadata =
                Metadata { mtime: GENERATED, ..metadata.unwrap_or(Metadata::root(0o644, GENERATED)) };
            self.put(path, Entry::file(Content::of(&bytes), metadata), because);
            self.written.insert(path.clone(), bytes);
        }
    }

    fn copy(&mut self, source: &TreePath, path: &TreePath, existing: Existing, because: &str) {
        let from = self.tree.resolve(source);
        let entry = from.as_ref().and_then(|from| self.tree.get(from));
        let Some((content, mode)) =
            entry.and_then(|entry| Some((entry.content()?, entry.metadata.mode & 0o777)))
        else {
            return self.warn(because, &format!("{source} is not in the image"));
        };
        if self.may_put(path, existing, because) {
            self.put(path, Entry::file(content, Metadata::root(mode, GENERATED)), because);
            if let Some(bytes) = from.and_then(|from| self.written.get(&from).cloned()) {
                self.written.insert(path.clone(), bytes);
            }
        }
    }

    fn change(&mut self, path: &TreePath, owner: &Ownership, mode: Option<&ModeChange>, because: &str) {
        let mut numbers = (None, None);
        if let Some(user) = &owner.user {
            numbers.0 = self.table.uid(user);
            if numbers.0.is_none() {
                self.warn(because, &format!("user `{user}` is not known: {path} keeps its owner"));
            }
        }
        if let Some(group) = &owner.group {
            // `chown user:` means the user's own group.
            let own = || self.table.user(group).map(|user| user.gid);
            numbers.1 = self.table.gid(group).or_else(own);
            if numbers.1.is_none() {
                self.warn(because, &format!("group `{group}` is not known: {path} keeps its group"));
            }
        }
        self.edit(path, because, |is_directory, metadata| {
            let before = (metadata.uid, metadata.gid);
            metadata.uid = numbers.0.unwrap_or(metadata.uid);
            metadata.gid = numbers.1.unwrap_or(metadata.gid);
            // As the kernel does when a file gets another owner.
            if before != (metadata.uid, metadata.gid) && !is_directory {
                let group_runs = metadata.mode & 0o010 != 0;
                metadata.mode &= if group_runs { 0o1777 } else { 0o3777 };
                metadata.xattrs.remove(capabilities::ATTRIBUTE.as_bytes());
            }
            if let Some(mode) = mode {
                metadata.mode = mode.apply(metadata.mode, is_directory);
            }
        });
    }

    /// Changes metadata of an entry, and of all names that share its inode.
    fn edit(&mut self, path: &TreePath, because: &str, change: impl Fn(bool, &mut Metadata)) {
        let group = match self.tree.get(path) {
            Some(Entry { kind: Kind::Symlink { .. }, .. }) | None => return,
            Some(Entry { kind: Kind::File { links, .. }, .. }) => *links,
            Some(_) => None,
        };
        let mut paths = vec![path.clone()];
        if group.is_some() {
            let others = self
                .tree
                .iter()
                .filter(|(_, entry)| matches!(&entry.kind, Kind::File { links, .. } if *links == group));
            paths = others.map(|(path, _)| path.clone()).collect();
        }
        for path in paths {
            if let Some(entry) = self.tree.get_mut(&path) {
                let is_directory = entry.is_directory();
                let before = entry.metadata.clone();
                change(is_directory, &mut entry.metadata);
                if entry.metadata != before {
                    self.because.insert(path, because.to_owned());
                }
            }
        }
    }

    fn make_home(&mut self, name: &str, because: &str) {
        let Some(user) = self.table.user(name) else { return };
        let (home, uid, gid) = (user.home.clone(), user.uid, user.gid);
        let Ok(home) = TreePath::parse(&home) else { return };
        let Some(home) = self.resolve(&home, true, because) else { return };
        if home.is_root() || self.tree.contains(&home) || !self.make_directory(&home, because) {
            return;
        }
        self.edit(&home, because, |_, metadata| (metadata.uid, metadata.gid) = (uid, gid));
    }

    fn finish(mut self) -> Outcome {
        for (path, entry) in self.tree.iter() {
            let because = || self.because.get(path).cloned().unwrap_or_default();
            match self.original.get(path) {
                Some(before) if before == entry => {}
                Some(before) if before.kind == entry.kind => {
                    let (old, new) = (&before.metadata, &entry.metadata);
                    let differs = |old: u32, new: u32| (old != new).then_some(new);
                    let attribute = capabilities::ATTRIBUTE.as_bytes();
                    let capabilities =
                        new.xattrs.get(attribute).filter(|value| old.xattrs.get(attribute) != Some(value));
                    self.outcome.changes.push(MetadataChange {
                        path: path.clone(),
                        uid: differs(old.uid, new.uid),
                        gid: differs(old.gid, new.gid),
                        mode: differs(old.mode, new.mode),
                        capabilities: capabilities.map(|value| value.to_vec()),
                        because: because(),
                    });
                }
                _ => {
                    let bytes = self.written.get(path).cloned();
                    let addition =
                        Addition { path: path.clone(), entry: entry.clone(), bytes, because: because() };
                    self.outcome.additions.push(addition);
                }
            }
        }
        self.outcome
    }
}
