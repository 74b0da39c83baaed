//! Any layers: a view says what comparing the trees of the layers below says.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::testing::stack_with_digests;

/// One step of a layer.
#[derive(Clone, Copy, Debug)]
enum Step {
    File(&'static str, u32, usize),
    Directory(&'static str, u32),
    Symlink(&'static str, &'static str),
    HardLink(&'static str, &'static str),
    Whiteout(&'static str),
    Opaque(&'static str),
}

const NAMES: [&str; 7] = ["a", "b", "d", "d/x", "d/y", "d/e", "d/e/z"];

fn step() -> impl Strategy<Value = Step> {
    let name = || prop::sample::select(&NAMES[..]);
    let directory = || prop::sample::select(&["d", "d/e"][..]);
    // Nothing stands below these, so that no link is ever followed.
    let leaf = prop::sample::select(&["a", "b", "d/x", "d/y"][..]);
    prop_oneof![
        4 => (name(), prop::sample::select(&[0o644, 0o600][..]), 0_usize..4)
            .prop_map(|(name, mode, size)| Step::File(name, mode, size)),
        2 => (directory(), prop::sample::select(&[0o755, 0o700][..]))
            .prop_map(|(name, mode)| Step::Directory(name, mode)),
        1 => (leaf, prop::sample::select(&["a", "none"][..])).prop_map(|(name, to)| Step::Symlink(name, to)),
        1 => (name(), name()).prop_map(|(name, target)| Step::HardLink(name, target)),
        2 => name().prop_map(Step::Whiteout),
        1 => directory().prop_map(Step::Opaque),
    ]
}

fn above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(end, _)| &path[..end])
}

/// What stands at a path: kind, mode, content or target.
type Node = (char, u32, String);

/// A container's file system as a list of paths, directories that are only implied not among them.
type Tree = BTreeMap<&'static str, Node>;

/// Makes a layer out of those steps that leave no doubt, and does to a tree what the layer does: whiteouts come
/// first, each path stands once, nothing below what is no directory, and links lead to what the layer
/// itself has.
fn layer(steps: &[Step], tree: &mut Tree) -> Layer {
    let mut layer = Layer::new();
    for step in steps {
        match *step {
            Step::Whiteout(name) => {
                layer = layer.whiteout(name);
                tree.retain(|path, _| *path != name && !above(path).any(|above| above == name));
            }
            Step::Opaque(name) => {
                layer = layer.opaque(name);
                tree.retain(|path, _| !above(path).any(|above| above == name));
            }
            _ => {}
        }
    }
    let mut written = Tree::new();
    for step in steps {
        let (name, node) = match *step {
            Step::File(name, mode, size) => (name, ('-', mode, format!("{size}"))),
            Step::Directory(name, mode) => (name, ('d', mode, String::new())),
            Step::Symlink(name, target) => (name, ('l', 0o777, target.to_owned())),
            Step::HardLink(name, target) => match written.get(target) {
                Some(node @ ('-', ..)) => (name, node.clone()),
                _ => continue,
            },
            Step::Whiteout(_) | Step::Opaque(_) => continue,
        };
        let stands_alone =
            node.0 == 'd' || !written.keys().any(|path| above(path).any(|above| above == name));
        if written.contains_key(name)
            || !stands_alone
            || above(name).any(|path| written.get(path).is_some_and(|(kind, ..)| *kind != 'd'))
        {
            continue;
        }
        layer = match *step {
            Step::File(_, mode, size) => layer.mode(mode).file(name, bytes(size)),
            Step::Directory(_, mode) => layer.mode(mode).directory(name),
            Step::Symlink(_, target) => layer.symlink(name, target),
            Step::HardLink(_, target) => layer.mode(node.1).hard_link(name, target),
            Step::Whiteout(_) | Step::Opaque(_) => layer,
        };
        written.insert(name, node.clone());
        for path in above(name) {
            if tree.get(path).is_some_and(|(kind, ..)| *kind != 'd') {
                tree.remove(path);
            }
        }
        if node.0 != 'd' {
            tree.retain(|path, _| !above(path).any(|above| above == name));
        }
        tree.insert(name, node);
    }
    layer
}

/// Adds the directories that are only implied: they are root's.
fn whole(tree: &Tree) -> Tree {
    let mut whole = tree.clone();
    for path in tree.keys().copied().flat_map(above) {
        whole.entry(path).or_insert_with(|| ('d', 0o755, String::new()));
    }
    whole
}

fn expected(trees: &[Tree], from: usize, to: usize) -> BTreeMap<&'static str, Mark> {
    // Number 0 is the tree below the lowest layer.
    let (before, after) = (&trees[from], &trees[to + 1]);
    let mut marks = BTreeMap::new();
    for path in trees[from..=to + 1].iter().flat_map(BTreeMap::keys).copied() {
        let mark = match (before.get(path), after.get(path)) {
            (_, None) => Mark::Removed,
            (None, Some(_)) => Mark::Added,
            (Some(old), Some(new)) if (old.0, &old.2) != (new.0, &new.2) => Mark::Modified,
            (Some(old), Some(new)) if old.0 == 'd' && old.1 != new.1 => Mark::Modified,
            // Whether it was written again cannot be seen in a tree.
            (Some(_), Some(_)) => Mark::Unchanged,
        };
        marks.insert(path, mark);
    }
    marks
}

/// Marks the directories above a path modified, if nothing else is said of them.
fn touch(marks: &mut BTreeMap<&'static str, Mark>, path: &'static str) {
    for path in above(path) {
        if let Some(mark @ Mark::Unchanged) = marks.get_mut(path) {
            *mark = Mark::Modified;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_view_is_the_difference_of_two_trees(
        steps in prop::collection::vec(prop::collection::vec(step(), 0..6), 1..5),
        from in 0_usize..5,
        to in 0_usize..5,
    ) {
        let to = to.min(steps.len() - 1);
        let from = from.min(to);
        let (mut tree, mut trees) = (Tree::new(), vec![Tree::new()]);
        let stack = stack_with_digests(steps.iter().map(|steps| {
            let layer = layer(steps, &mut tree);
            trees.push(whole(&tree));
            layer
        }).collect::<Vec<_>>());
        let index = Index::of(&stack);
        let view = View::of(&stack, &index, &range(from, to));
        let mut found = BTreeMap::new();
        for path in stack.paths().iter().skip(1) {
            let name = stack.paths().path(path).to_string();
            let name = NAMES.into_iter().find(|known| *known == &name[1..]).expect("one of the names");
            if let Some(mark) = view.mark(path) {
                found.insert(name, mark);
            }
        }
        let mut expected = expected(&trees, from, to);
        for (path, _) in found.iter().filter(|(_, mark)| **mark == Mark::Rewritten) {
            // That a file's mode is another one is no matter.
            prop_assert_eq!(expected.insert(path, Mark::Rewritten), Some(Mark::Unchanged), "{}", path);
        }
        for (path, mark) in expected.clone() {
            if mark != Mark::Unchanged {
                touch(&mut expected, path);
            }
        }
        prop_assert_eq!(found, expected);
        figures_add_up(&stack, &index, &view)?;
    }
}

/// The figures of each path are those of everything below it, added up one by one.
fn figures_add_up(stack: &Stack, index: &Index, view: &View) -> Result<(), TestCaseError> {
    for path in stack.paths().iter().filter(|path| view.mark(*path).is_some()) {
        let mut sum = Figures::default();
        for other in stack
            .paths()
            .iter()
            .filter(|other| *other == path || stack.paths().ancestors(*other).any(|above| above == path))
        {
            for entry in index.entries(other) {
                let row = stack.row(*entry);
                if stack.layer_of(*entry) <= view.range().to && stack.death(*entry).is_some() {
                    sum.dead += row.size;
                }
            }
            let is_same_side =
                (view.mark(other) == Some(Mark::Removed)) == (view.mark(path) == Some(Mark::Removed));
            if let Some(entry) = view.entry(other).filter(|_| is_same_side) {
                sum.bytes += stack.row(entry).size;
                sum.files += u32::from(stack.row(entry).form != Form::Directory);
            }
        }
        prop_assert_eq!(view.figures(path), sum, "{}", stack.paths().path(path));
    }
    Ok(())
}
