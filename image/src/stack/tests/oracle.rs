//! The same by brute force: a file system in the small, and after every step the question which files
//! some name still leads to.

use std::collections::{BTreeMap, BTreeSet};

use ::tar::EntryType;
use proptest::prelude::*;

use super::*;
use crate::stack::name::{Name, Whiteout};

/// One step of a layer.
type Member = (String, EntryType, String);

/// What a name leads to.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Directory,
    /// The number of the entry that brought the file.
    File(usize),
    Symlink(String, usize),
}

#[derive(Default)]
struct Disk {
    nodes: BTreeMap<TreePath, Node>,
}

impl Disk {
    fn resolve(&self, path: &TreePath) -> Option<TreePath> {
        let mut todo: Vec<String> = path.to_string().split('/').rev().map(str::to_owned).collect();
        let mut at = TreePath::root();
        let mut links = 0;
        while let Some(part) = todo.pop() {
            match part.as_str() {
                "" | "." => {}
                ".." => at = at.parent().unwrap_or_default(),
                part => {
                    let next = at.join(part).expect("short");
                    if let Some(Node::Symlink(target, _)) = self.nodes.get(&next) {
                        links += 1;
                        if links > 40 {
                            return None;
                        }
                        if target.starts_with('/') {
                            at = TreePath::root();
                        }
                        todo.extend(target.split('/').rev().map(str::to_owned));
                    } else {
                        at = next;
                    }
                }
            }
        }
        Some(at)
    }

    fn place(&self, path: &TreePath) -> TreePath {
        let Some(parent) = path.parent() else { return path.clone() };
        match self.resolve(&parent) {
            Some(parent) => parent.join(path.file_name()).expect("short"),
            None => path.clone(),
        }
    }

    fn remove_below(&mut self, path: &TreePath) {
        self.nodes.retain(|at, _| at == path || !at.starts_with(path));
    }

    fn put(&mut self, path: &TreePath, node: impl FnOnce(&Self) -> Option<Node>) {
        let place = self.place(path);
        let Some(node) = node(self) else { return };
        if self.nodes.get(&place) == Some(&node) && node != Node::Directory {
            return;
        }
        for above in place.ancestors() {
            if self.nodes.get(&above).is_some_and(|node| *node != Node::Directory) {
                self.nodes.remove(&above);
            }
        }
        if node != Node::Directory {
            self.remove_below(&place);
        }
        self.nodes.insert(place, node);
    }

    /// The files that some name leads to.
    fn alive(&self) -> BTreeSet<usize> {
        let file = |node: &Node| match node {
            Node::File(number) => Some(*number),
            _ => None,
        };
        self.nodes.values().filter_map(file).collect()
    }
}

/// What is left, and by which layer each file died that is dead in the end.
fn brute_force(layers: &[Vec<Member>]) -> (BTreeMap<TreePath, Node>, BTreeMap<usize, usize>) {
    let mut disk = Disk::default();
    let mut deaths = BTreeMap::new();
    let mut first = 0;
    for (layer, members) in layers.iter().enumerate() {
        let path = |name: &str| TreePath::parse(name).expect("a valid path");
        let mut note = |disk: &Disk, before: &BTreeSet<usize>| {
            for dead in before.difference(&disk.alive()) {
                deaths.insert(*dead, layer);
            }
        };
        for (name, _, _) in members {
            let before = disk.alive();
            match Name::of(&path(name)) {
                Name::Whiteout(Whiteout::Path(hidden)) => {
                    let place = disk.place(&hidden);
                    disk.remove_below(&place);
                    disk.nodes.remove(&place);
                }
                Name::Whiteout(Whiteout::Below(directory)) => {
                    let place = disk.resolve(&directory).unwrap_or(directory);
                    disk.remove_below(&place);
                }
                _ => {}
            }
            note(&disk, &before);
        }
        for (number, (name, kind, text)) in members.iter().enumerate() {
            if !matches!(Name::of(&path(name)), Name::Ordinary) {
                continue;
            }
            let (before, number) = (disk.alive(), first + number);
            disk.put(&path(name), |disk| match kind {
                EntryType::Directory => Some(Node::Directory),
                EntryType::Symlink => Some(Node::Symlink(text.clone(), number)),
                EntryType::Link => {
                    let target = disk.nodes.get(&disk.place(&path(text)))?;
                    (*target != Node::Directory).then(|| target.clone())
                }
                _ => Some(Node::File(number)),
            });
            let mut before = before;
            if *kind == EntryType::Regular {
                before.insert(number);
            }
            note(&disk, &before);
        }
        first += members.len();
    }
    (disk.nodes, deaths)
}

fn members() -> impl Strategy<Value = Vec<Member>> {
    let name = prop::collection::vec(prop::sample::select(&["a", "b", "c"][..]), 1..4);
    let path = name.prop_map(|parts| parts.join("/"));
    let whiteout = (path.clone(), 0..4_u8).prop_map(|(path, way)| {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let name = match way {
            0 => format!("{path}/.wh..wh..opq"),
            1 => String::from(".wh..wh..opq"),
            _ => format!("{directory}/.wh.{name}"),
        };
        (name.trim_start_matches('/').to_owned(), EntryType::Regular, String::new())
    });
    let target =
        prop_oneof![path.clone(), path.clone().prop_map(|path| format!("/{path}")), Just("..".into())];
    let text = prop::sample::select(&["", "one", "two", "three"][..]).prop_map(String::from);
    let member = prop_oneof![
        4 => (path.clone(), Just(EntryType::Regular), text),
        3 => (path.clone(), Just(EntryType::Directory), Just(String::new())),
        2 => (path.clone(), Just(EntryType::Symlink), target),
        2 => (path.clone(), Just(EntryType::Link), path),
        2 => whiteout,
    ];
    prop::collection::vec(member, 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_stack_agrees_with_brute_force(layers in prop::collection::vec(members(), 1..5)) {
        let texts: Vec<Vec<(&str, EntryType, &str)>> = layers
            .iter()
            .map(|members| members.iter().map(|(name, kind, text)| (&name[..], *kind, &text[..])).collect())
            .collect();
        let stack = stack_of(&texts.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let (nodes, deaths) = brute_force(&layers);
        let seen: BTreeMap<TreePath, Node> = stack
            .view()
            .into_iter()
            .map(|entry| {
                let linked = stack.linked(entry);
                let number = linked.number() as usize;
                let node = match stack.row(linked).form {
                    Form::Directory => Node::Directory,
                    Form::Symlink => {
                        let target = stack.symlink(linked).expect("a target");
                        Node::Symlink(String::from_utf8_lossy(target).into_owned(), number)
                    }
                    _ => Node::File(number),
                };
                (stack.paths().path(stack.place(entry)), node)
            })
            .collect();
        prop_assert_eq!(seen, nodes);
        let all = (0..layers.len()).flat_map(|layer| stack.entries(layer));
        let dead: BTreeMap<usize, usize> = all
            .filter(|entry| stack.row(*entry).form == Form::File)
            .filter_map(|entry| Some((entry.number() as usize, stack.death(entry)?.layer)))
            .collect();
        prop_assert_eq!(dead, deaths);
        let sum = |numbers: &mut dyn Iterator<Item = u32>| {
            numbers.map(|number| stack.row(EntryId::of(number)).size).sum::<u64>()
        };
        let total = layers.iter().map(Vec::len).sum::<usize>() as u32;
        let figures = stack.figures();
        prop_assert_eq!(figures.total, sum(&mut (0..total)));
        prop_assert_eq!(figures.reclaimable, sum(&mut stack.dead_files()));
        // The lower half by itself, and as part of the whole.
        let lower = layers.len().div_ceil(2);
        let alone = stack_of(&texts[..lower].iter().map(Vec::as_slice).collect::<Vec<_>>());
        let part = stack.up_to(lower - 1).expect("fewer entries");
        prop_assert_eq!(part.layers().len(), lower);
        prop_assert_eq!(part.story(), alone.story());
    }
}

/// Where an entry landed, what it is a name of, whether it is seen, and the layer that ended it.
type Story = (TreePath, EntryId, bool, Option<usize>);

impl Stack {
    fn story(&self) -> Vec<Story> {
        let seen: BTreeSet<EntryId> = self.view().into_iter().collect();
        let all = (0..self.layers().len()).flat_map(|layer| self.entries(layer));
        all.map(|entry| {
            let (place, end) = (self.paths().path(self.place(entry)), self.death(entry));
            (place, self.linked(entry), seen.contains(&entry), end.map(|death| death.layer))
        })
        .collect()
    }

    fn dead_files(&self) -> impl Iterator<Item = u32> {
        let all = (0..self.layers().len()).flat_map(|layer| self.entries(layer));
        all.filter(|entry| self.row(*entry).form == Form::File && self.death(*entry).is_some())
            .map(|entry| entry.number())
    }
}
