//! What can be asked of a stack: entries, their fates, the merged view, what layers did to a path.

use std::collections::BTreeMap;

use super::paths::{PathId, Paths};
use super::table::{Form, Row};
use super::{Death, EntryId, Reason, Stack};
use crate::filesystem::{Content, Entry, FileTree, Kind, LinkGroup, Metadata};
use crate::path::TreePath;

/// What an entry does to the layers below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Nothing stood at its path.
    Added,
    /// Something else stood there.
    Modified,
    /// The same stood there.
    Unchanged,
    /// It takes something away.
    Removed,
    /// Nothing: a whiteout of what is not there, a link to nothing, a note of a storage driver, or an
    /// entry that a later one of the same archive replaces.
    Nothing,
}

/// What one layer did to one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The layer's number, from 0 for the lowest.
    pub layer: usize,
    /// What it did: [`Removed`](Change::Removed) whether the path was named, or something above it.
    pub change: Change,
    /// The entry that came; `None` when something went.
    pub entry: Option<EntryId>,
}

/// Bytes of regular files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Of all entries of all layers.
    pub total: u64,
    /// Of those that are dead.
    pub reclaimable: u64,
}

impl Stack {
    /// Returns the paths of all entries, dead ones included.
    pub fn paths(&self) -> &Paths {
        &self.merged.paths
    }

    /// Iterates over the entries of a layer in the order of its archive, whiteouts included.
    pub fn entries(&self, layer: usize) -> impl ExactSizeIterator<Item = EntryId> + use<> {
        self.merged.entries(layer)
    }

    /// Returns what an entry says of itself.
    pub fn row(&self, entry: EntryId) -> &Row {
        self.merged.row(entry)
    }

    /// Returns the number of an entry's layer, from 0 for the lowest.
    pub fn layer_of(&self, entry: EntryId) -> usize {
        self.merged.locate(entry).0
    }

    /// Returns the path that an entry's archive gives it; for a whiteout what it hides, for an opaque one the
    /// directory.
    pub fn own_path(&self, entry: EntryId) -> PathId {
        self.merged.own_path(entry)
    }

    /// Returns where an entry stands in the merged view, or stood: its own path, unless a directory of it
    /// is a link.
    pub fn place(&self, entry: EntryId) -> PathId {
        self.merged.place_of(entry)
    }

    /// Returns what a hard link is a name of; every other entry is itself.
    pub fn linked(&self, entry: EntryId) -> EntryId {
        self.merged.content(entry)
    }

    /// Returns the target of a symbolic link, any bytes.
    pub fn symlink(&self, entry: EntryId) -> Option<&[u8]> {
        let (layer, number) = self.merged.locate(self.linked(entry));
        let rows = self.merged.rows(layer);
        rows.symlink(rows.get(number))
    }

    /// Returns where a hard link says that it leads.
    pub fn hard_link(&self, entry: EntryId) -> Option<PathId> {
        self.merged.hard_link(entry)
    }

    /// Returns the numbers of a device, major and minor.
    pub fn device(&self, entry: EntryId) -> Option<(u32, u32)> {
        let (layer, number) = self.merged.locate(self.linked(entry));
        let rows = self.merged.rows(layer);
        rows.device(rows.get(number))
    }

    /// Says whether an entry of another stack, or of this one, is the same entry of the same blob.
    pub fn is_same_entry(&self, entry: EntryId, other: &Self, other_entry: EntryId) -> bool {
        let ((layer, number), (other_layer, other_number)) =
            (self.merged.locate(entry), other.merged.locate(other_entry));
        let digest = |stack: &Self, layer: usize| stack.layers()[layer].descriptor.digest;
        number == other_number && digest(self, layer) == digest(other, other_layer)
    }

    /// Returns owner, mode, time and extended attributes of an entry.
    pub fn metadata(&self, entry: EntryId) -> Metadata {
        let (layer, number) = self.merged.locate(entry);
        let rows = self.merged.rows(layer);
        let row = rows.get(number);
        let xattrs = rows.xattrs(row).cloned().unwrap_or_default();
        Metadata { mode: row.mode.into(), uid: row.uid, gid: row.gid, mtime: row.mtime, xattrs }
    }

    /// Says whether two entries agree in everything but the content of regular files.
    pub fn has_same_metadata(&self, one: EntryId, other: EntryId) -> bool {
        let ((layer, one), (other_layer, other)) = (self.merged.locate(one), self.merged.locate(other));
        let (rows, others) = (self.merged.rows(layer), self.merged.rows(other_layer));
        rows.is_same(rows.get(one), others, others.get(other))
    }

    /// Returns how the bytes of an entry ended; `None` while they live, by whatever name. For entries
    /// without bytes it says how the entry itself ended.
    pub fn death(&self, entry: EntryId) -> Option<Death> {
        self.merged.death(entry).filter(|_| !self.merged.has_names(entry))
    }

    /// Returns how the name of an entry ended: another hard link may keep its bytes alive.
    pub fn end_of_name(&self, entry: EntryId) -> Option<Death> {
        self.merged.end_of_name(entry)
    }

    /// Says whether an entry does nothing at all: a whiteout of what is not there, a hard link to nothing
    /// or to what stands there already, or a root that is no directory.
    pub fn is_idle(&self, entry: EntryId) -> bool {
        self.merged.is_idle(entry)
    }

    /// Returns what an entry does to the layers below it.
    pub fn change(&self, entry: EntryId) -> Change {
        let row = self.row(entry);
        match row.form {
            Form::Reserved => Change::Nothing,
            _ if self.merged.is_idle(entry) => Change::Nothing,
            Form::Whiteout | Form::Opaque => Change::Removed,
            _ if self.end_of_name(entry).is_some_and(|death| death.layer == self.layer_of(entry)) => {
                Change::Nothing
            }
            _ => match self.merged.replaced.get(&entry) {
                None => Change::Added,
                Some(old) if self.is_unchanged(entry, *old) => Change::Unchanged,
                Some(_) => Change::Modified,
            },
        }
    }

    fn is_unchanged(&self, entry: EntryId, old: EntryId) -> bool {
        let same = match self.row(entry).form {
            Form::File | Form::HardLink => {
                self.merged.death(old).is_some_and(|death| death.reason == Reason::RewrittenIdentical)
            }
            _ => true,
        };
        same && self.has_same_metadata(entry, old)
    }

    /// Returns the entry of a lower layer that an entry was put in the place of.
    pub fn replaced(&self, entry: EntryId) -> Option<EntryId> {
        self.merged.replaced.get(&entry).copied()
    }

    /// Returns what stands at a path in the merged view, links not followed. A directory that is only
    /// implied by what is below it has no entry.
    pub fn visible(&self, path: PathId) -> Option<EntryId> {
        self.merged.visible(path)
    }

    /// Returns what stands at a path in the merged view, links not followed.
    pub fn find(&self, path: &TreePath) -> Option<EntryId> {
        self.visible(self.paths().find(path)?)
    }

    /// Follows symbolic links in every component of a path of the merged view, and returns the path of
    /// what is finally meant, whether or not it exists. `None` for a loop.
    pub fn resolve(&self, path: &TreePath) -> Option<TreePath> {
        path.follow_links(|path| self.symlink(self.find(path)?))
    }

    /// Returns the number of the layer that wrote what stands at a path in the merged view.
    pub fn origin(&self, path: &TreePath) -> Option<usize> {
        self.find(path).map(|entry| self.layer_of(entry))
    }

    /// Lists what a directory holds in the merged view, by name.
    pub fn children(&self, directory: PathId) -> Vec<PathId> {
        let mut children: Vec<PathId> = self.merged.children(directory).collect();
        children.sort_unstable_by(|one, other| self.paths().name(*one).cmp(self.paths().name(*other)));
        children
    }

    /// Lists everything in the merged view: a directory before what is in it, siblings by name.
    pub fn view(&self) -> Vec<EntryId> {
        let mut found = Vec::new();
        let mut pending = vec![PathId::ROOT];
        while let Some(path) = pending.pop() {
            found.extend(self.visible(path));
            pending.extend(self.children(path).into_iter().rev());
        }
        found
    }

    /// Returns what each layer did to a path, the lowest layer first. Entries that only lasted until a
    /// later one of their own archive are left out.
    pub fn history(&self, path: &TreePath) -> Vec<Touch> {
        let Some(path) = self.paths().find(path) else { return Vec::new() };
        let mut touches = Vec::new();
        let all = (0..self.layers().len()).flat_map(|layer| self.entries(layer));
        for entry in all.filter(|entry| self.place(*entry) == path && self.row(*entry).form.is_entry()) {
            let layer = self.layer_of(entry);
            let change = self.change(entry);
            if change == Change::Nothing {
                continue;
            }
            touches.push(Touch { layer, change, entry: Some(entry) });
            if let Some(death) = self.end_of_name(entry)
                && !self.merged.replaced.values().any(|old| *old == entry)
            {
                touches.push(Touch { layer: death.layer, change: Change::Removed, entry: None });
            }
        }
        touches
    }

    /// Adds up the bytes of all layers.
    pub fn figures(&self) -> Figures {
        let all = (0..self.layers().len()).map(|layer| self.figures_of(layer));
        all.fold(Figures::default(), |sum, one| Figures {
            total: sum.total.saturating_add(one.total),
            reclaimable: sum.reclaimable.saturating_add(one.reclaimable),
        })
    }

    /// Adds up the bytes of one layer.
    pub fn figures_of(&self, layer: usize) -> Figures {
        let mut figures = Figures::default();
        for entry in self.entries(layer) {
            let size = self.row(entry).size;
            figures.total = figures.total.saturating_add(size);
            if size > 0 && self.death(entry).is_some() {
                figures.reclaimable = figures.reclaimable.saturating_add(size);
            }
        }
        figures
    }

    /// Returns what a container sees. The stack must have been read with digests: files without one are
    /// left out.
    ///
    /// All names of a file have the owner, mode and time that the last of them says, as Docker and
    /// containerd do it.
    pub fn tree(&self) -> FileTree {
        let mut tree = FileTree::new();
        let mut groups: BTreeMap<EntryId, LinkGroup> = BTreeMap::new();
        let view = self.view();
        let mut last_names: BTreeMap<EntryId, EntryId> = BTreeMap::new();
        for entry in view.iter().filter(|entry| self.merged.is_linked(**entry)) {
            let last = last_names.entry(self.linked(*entry)).or_insert(*entry);
            *last = (*last).max(*entry);
        }
        for entry in view {
            let linked = self.linked(entry);
            let row = self.row(linked);
            let (major, minor) = self.device(linked).unwrap_or_default();
            let kind = match row.form {
                Form::Directory => Kind::Directory,
                Form::File => {
                    let Some(digest) = self.digest(linked) else { continue };
                    let next = LinkGroup(u32::try_from(groups.len()).unwrap_or(u32::MAX));
                    let links = self.merged.is_linked(linked).then(|| *groups.entry(linked).or_insert(next));
                    Kind::File { content: Content { digest, size: row.size }, links }
                }
                Form::Symlink => Kind::Symlink { target: self.symlink(linked).unwrap_or_default().into() },
                Form::CharacterDevice => Kind::CharacterDevice { major, minor },
                Form::BlockDevice => Kind::BlockDevice { major, minor },
                Form::Fifo => Kind::Fifo,
                Form::HardLink | Form::Whiteout | Form::Opaque | Form::Reserved => continue,
            };
            let path = self.paths().path(self.place(entry));
            let mut metadata = self.metadata(last_names.get(&linked).copied().unwrap_or(entry));
            if row.form == Form::Symlink {
                // Linux knows no other, whatever the archive says.
                metadata.mode = 0o777;
            }
            tree.insert(path, Entry { kind, metadata });
        }
        tree.renumber_links();
        tree
    }
}
