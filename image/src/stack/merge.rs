//! Puts layers on top of each other, as container engines do.

use std::collections::BTreeMap;

use super::{Layer, LowerLink, Whiteout};
use crate::filesystem::{Entry, FileTree, Kind, LinkGroup};
use crate::path::TreePath;

/// What one layer did to one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The layer's number, from 0 for the lowest.
    pub layer: usize,
    /// What it did.
    pub change: Change,
}

/// What a layer does to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing stood there before.
    Added,
    /// Something else stood there before.
    Replaced,
    /// The same stood there before.
    Repeated,
    /// What stood there is gone: deleted, hidden with its directory, or in the way of something.
    Removed,
}

/// The view of the layers so far.
#[derive(Default)]
struct View {
    tree: FileTree,
    origins: BTreeMap<TreePath, usize>,
    groups: u32,
}

/// Merges layers, the lowest first; says which layer each entry comes from.
pub(super) fn merge(layers: &[Layer]) -> (FileTree, BTreeMap<TreePath, usize>) {
    let mut view = View::default();
    for (number, layer) in layers.iter().enumerate() {
        view.apply(number, layer);
    }
    view.tree.renumber_links();
    (view.tree, view.origins)
}

/// Follows one path through the layers.
pub(super) fn history(layers: &[Layer], path: &TreePath) -> Vec<Event> {
    let mut view = View::default();
    let mut events = Vec::new();
    for (number, layer) in layers.iter().enumerate() {
        let before = view.tree.get(path).map(without_links);
        view.apply(number, layer);
        let after = view.tree.get(path).map(without_links);
        let is_written = view.origins.get(path) == Some(&number);
        let change = match (before, after) {
            (None, Some(_)) => Change::Added,
            (Some(_), None) => Change::Removed,
            (Some(before), Some(after)) if is_written && before == after => Change::Repeated,
            (Some(_), Some(_)) if is_written => Change::Replaced,
            _ => continue,
        };
        events.push(Event { layer: number, change });
    }
    events
}

/// The number of a group of hard links means nothing from one layer to the next.
fn without_links(entry: &Entry) -> Entry {
    let mut entry = entry.clone();
    if let Kind::File { links, .. } = &mut entry.kind {
        *links = None;
    }
    entry
}

impl View {
    fn apply(&mut self, number: usize, layer: &Layer) {
        for whiteout in &layer.whiteouts {
            match whiteout {
                Whiteout::Path(path) => {
                    let place = self.place(path);
                    self.remove_below(&place);
                    self.remove(&place);
                }
                Whiteout::Below(path) => {
                    let place = self.tree.resolve(path).unwrap_or_else(|| path.clone());
                    self.remove_below(&place);
                }
            }
        }
        let first_group = self.groups;
        for (path, entry) in layer.tree.iter() {
            let mut entry = entry.clone();
            if let Kind::File { links: Some(group), .. } = &mut entry.kind {
                // Each layer numbers its groups from anywhere.
                *group = LinkGroup(first_group.saturating_add(group.0));
                self.groups = self.groups.max(group.0.saturating_add(1));
            }
            self.insert(number, path, entry);
        }
        for link in &layer.lower_links {
            self.link(number, link);
        }
    }

    /// Returns where an entry lands: links that lower layers put in its way are followed, but not one
    /// at the path itself, which is replaced.
    fn place(&self, path: &TreePath) -> TreePath {
        let Some(parent) = path.parent() else {
            return TreePath::root();
        };
        let parent = self.tree.resolve(&parent).unwrap_or(parent);
        parent.join(path.file_name()).unwrap_or_else(|_| path.clone())
    }

    fn insert(&mut self, number: usize, path: &TreePath, entry: Entry) {
        let place = self.place(path);
        // Something that is no directory gives way to what is put below it.
        let in_the_way: Vec<TreePath> = place
            .ancestors()
            .filter(|ancestor| self.tree.get(ancestor).is_some_and(|entry| !entry.is_directory()))
            .collect();
        for ancestor in &in_the_way {
            self.remove(ancestor);
        }
        if !entry.is_directory() {
            self.remove_below(&place);
        }
        self.origins.insert(place.clone(), number);
        self.tree.insert(place, entry);
    }

    fn link(&mut self, number: usize, link: &LowerLink) {
        let target = self.place(&link.target);
        let group = LinkGroup(self.groups);
        let Some(Entry { kind: Kind::File { content, links }, metadata }) = self.tree.get_mut(&target) else {
            // The layer is damaged; validation reports it.
            return;
        };
        let group = *links.get_or_insert(group);
        let kind = Kind::File { content: *content, links: Some(group) };
        let entry = Entry { kind, metadata: metadata.clone() };
        self.groups = self.groups.max(group.0.saturating_add(1));
        self.insert(number, &link.path, entry);
    }

    fn remove(&mut self, path: &TreePath) {
        self.tree.remove(path);
        self.origins.remove(path);
    }

    fn remove_below(&mut self, directory: &TreePath) {
        let below: Vec<TreePath> = self.tree.below(directory).map(|(path, _)| path.clone()).collect();
        for path in &below {
            self.remove(path);
        }
    }
}
