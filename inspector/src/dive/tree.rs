//! A tree as dive keeps it: names as the archive has them, whiteouts among them as nodes.
//!
//! What is peculiar about it is part of the figures: a directory that the archive only implies is no
//! directory but an empty file; an entry that comes again replaces what is known of the first and
//! leaves what stands below it; and so does stacking.

use std::collections::BTreeMap;

/// What the name of a whiteout begins with.
pub(super) const WHITEOUT: &[u8] = b".wh.";
/// What no node's name begins with.
const CONTROL: &[u8] = b".wh..wh.";

/// A node of a tree.
pub(super) type NodeId = usize;

const ROOT: NodeId = 0;

/// What is known of a path; nothing of one that is only implied.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct File {
    pub(super) size: i64,
    pub(super) is_directory: bool,
}

#[derive(Clone, Debug, Default)]
struct Node {
    parent: NodeId,
    name: Vec<u8>,
    file: File,
    children: BTreeMap<Vec<u8>, NodeId>,
}

/// A tree.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    /// Nodes that were removed stay here, and in nobody's children.
    nodes: Vec<Node>,
}

impl Default for Tree {
    fn default() -> Self {
        Self { nodes: vec![Node::default()] }
    }
}

impl Tree {
    /// Adds a path. The names before a control file are added, the control file is not.
    pub(super) fn add(&mut self, names: &[Vec<u8>], file: File) {
        let mut node = ROOT;
        for name in names.iter().filter(|name| !name.is_empty()) {
            node = match self.nodes[node].children.get(name) {
                Some(child) => *child,
                None if name.starts_with(CONTROL) => return,
                None => self.add_child(node, name),
            };
        }
        if node != ROOT {
            self.nodes[node].file = file;
        }
    }

    fn add_child(&mut self, parent: NodeId, name: &[u8]) -> NodeId {
        let child = self.nodes.len();
        self.nodes.push(Node { parent, name: name.to_vec(), ..Node::default() });
        self.nodes[parent].children.insert(name.to_vec(), child);
        child
    }

    /// Lists all nodes but the root: what stands below a node before it, siblings by name.
    pub(super) fn nodes(&self) -> Vec<NodeId> {
        let mut found = Vec::new();
        self.visit(ROOT, &mut found);
        found.pop();
        found
    }

    /// Lists a node after all below it.
    fn visit(&self, node: NodeId, found: &mut Vec<NodeId>) {
        // Without recursion: archives may nest deeper than a call stack.
        let mut pending = vec![(node, false)];
        while let Some((node, is_done)) = pending.pop() {
            if is_done {
                found.push(node);
            } else {
                pending.push((node, true));
                pending.extend(self.nodes[node].children.values().rev().map(|child| (*child, false)));
            }
        }
    }

    pub(super) fn is_leaf(&self, node: NodeId) -> bool {
        self.nodes[node].children.is_empty()
    }

    pub(super) fn is_whiteout(&self, node: NodeId) -> bool {
        self.nodes[node].name.starts_with(WHITEOUT)
    }

    pub(super) fn file(&self, node: NodeId) -> File {
        self.nodes[node].file
    }

    /// Returns the path of a node: of a whiteout that of what it hides.
    pub(super) fn path(&self, node: NodeId) -> Vec<u8> {
        let own = &self.nodes[node].name;
        let mut names = vec![own.strip_prefix(WHITEOUT).unwrap_or(own)];
        let mut above = self.nodes[node].parent;
        while above != ROOT {
            names.push(&self.nodes[above].name);
            above = self.nodes[above].parent;
        }
        names.reverse();
        names.join(&b'/')
    }

    /// Returns what stands at a path.
    pub(super) fn find(&self, path: &[u8]) -> Option<NodeId> {
        let mut names = path.split(|byte| *byte == b'/').filter(|name| !name.is_empty());
        names.try_fold(ROOT, |node, name| self.nodes[node].children.get(name).copied())
    }

    /// Adds up the sizes of a node and of all below it.
    pub(super) fn size_of(&self, node: NodeId) -> i64 {
        let mut below = Vec::new();
        self.visit(node, &mut below);
        below.into_iter().fold(0, |sum: i64, node| sum.saturating_add(self.nodes[node].file.size))
    }

    /// Puts an upper tree on top.
    pub(super) fn stack(&mut self, upper: &Self) {
        for node in upper.nodes() {
            let path = upper.path(node);
            if upper.is_whiteout(node) {
                self.remove(&path);
            } else {
                let names: Vec<Vec<u8>> = path.split(|byte| *byte == b'/').map(<[u8]>::to_vec).collect();
                self.add(&names, upper.file(node));
            }
        }
    }

    fn remove(&mut self, path: &[u8]) {
        if let Some(node) = self.find(path).filter(|node| *node != ROOT) {
            let Node { parent, name, .. } = &self.nodes[node];
            let (parent, name) = (*parent, name.clone());
            self.nodes[parent].children.remove(&name);
        }
    }
}
