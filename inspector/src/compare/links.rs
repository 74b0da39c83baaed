//! Which paths are names of one file.

use std::collections::BTreeMap;

use attar_image::path::TreePath;
use attar_image::stack::{EntryId, Form, Stack};

/// The files of a stack that have several names in the merged view.
pub(super) struct Links {
    groups: Vec<Vec<TreePath>>,
    by_content: BTreeMap<EntryId, usize>,
}

impl Links {
    pub(super) fn of(stack: &Stack) -> Self {
        let mut names: BTreeMap<EntryId, Vec<TreePath>> = BTreeMap::new();
        let links = (0..stack.layers().len()).flat_map(|layer| stack.entries(layer));
        // Only files that some entry links to have several names.
        for entry in links.filter(|entry| stack.row(*entry).form == Form::HardLink) {
            names.entry(stack.linked(entry)).or_default();
        }
        if !names.is_empty() {
            for entry in stack.view() {
                if let Some(names) = names.get_mut(&stack.linked(entry)) {
                    names.push(stack.paths().path(stack.place(entry)));
                }
            }
        }
        let mut links = Self { groups: Vec::new(), by_content: BTreeMap::new() };
        for (content, mut names) in names {
            if names.len() > 1 {
                names.sort_unstable();
                links.by_content.insert(content, links.groups.len());
                links.groups.push(names);
            }
        }
        links
    }

    /// Returns the number of the group that a file is in; `None` for a file of one name.
    pub(super) fn group(&self, content: EntryId) -> Option<usize> {
        self.by_content.get(&content).copied()
    }

    /// Returns all names of a group, in order.
    pub(super) fn names(&self, group: Option<usize>) -> &[TreePath] {
        group.map_or(&[], |group| &self.groups[group])
    }
}
