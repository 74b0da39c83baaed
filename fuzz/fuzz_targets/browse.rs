//! Whoever walks through layers from outside: every range of them has a view whose rows hang together, and
//! nothing harmful is said of what stands there.
#![no_main]

mod layers;
mod members;

use std::sync::Arc;

use attar_image::stack::Stack;
use attar_image::text::is_harmful;
use attar_inspector::advice::advice;
use attar_inspector::analysis::Analysis;
use attar_inspector::browse::packages::Packages;
use attar_inspector::browse::pair::{Pair, PairSettings};
use attar_inspector::browse::{Index, Query, Range, Rows, View, ViewSettings, blame, search};
use attar_inspector::preview::{Mode, entry as preview_of};
use attar_inspector::{dive, duplicates, listing};
use attar_packages::ownership::Claims;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let stack = layers::stack(bytes, bytes.len().is_multiple_of(2));
    let index = Index::of(&stack);
    look_through(&stack, &index);
    describe(&stack, &index);
    add_up(&stack);
    let lowest = bytes.split(|byte| *byte == 0x1d).next().unwrap_or_default();
    compare(&layers::stack(lowest, true), &stack);
});

fn look_through(stack: &Stack, index: &Index) {
    let everything = Query::parse("").expect("nothing is a query");
    let count = stack.layers().len();
    for range in (0..count).flat_map(|from| (from..count).map(move |to| Range { from, to })) {
        let view = View::of(stack, index, &ViewSettings { range, ..ViewSettings::default() });
        for path in stack.paths().iter().skip(1).filter(|path| view.is_shown(*path)) {
            assert!(view.is_shown(view.parent(path)));
            assert!(view.children(view.parent(path)).contains(&path));
        }
        let found = search(&view, stack, &everything, &|| false);
        assert!(found.len() >= view.matches());
        let mut rows = Rows::new(Arc::new(view));
        rows.expand_all().expect("few rows");
        assert_eq!(rows.iter_from(0).map(|row| row.node).collect::<Vec<_>>(), found);
    }
}

fn describe(stack: &Stack, index: &Index) {
    for path in stack.paths().iter() {
        blame(stack, index, path);
        for entry in index.entries(path) {
            let Some(preview) = preview_of(stack, *entry) else { continue };
            for mode in [Mode::Facts, Mode::Listing] {
                let lines = preview.lines(mode, 80, 0..usize::MAX);
                assert!(!lines.iter().any(|line| line.text().contains(is_harmful)), "{lines:?}");
            }
        }
    }
}

fn add_up(stack: &Stack) {
    let analysis = Analysis::of(stack);
    assert!((0.0..=1.0).contains(&analysis.efficiency()));
    advice(&analysis);
    dive::Figures::of(stack);
    duplicates::duplicates(stack);
    listing::write(stack, &mut std::io::sink()).expect("a sink takes all");
    let mut claims = Claims::default();
    claims
        .add(b"var/lib/dpkg/status.d/a", b"Package: a\nVersion: 1\nArchitecture: all\n")
        .expect("it is small");
    let owners = claims.settle(|directory| stack_path(stack, directory));
    Packages::of(stack, &owners, &|_| None);
}

fn stack_path(stack: &Stack, path: &[u8]) -> Option<Vec<u8>> {
    let path = attar_image::TreePath::parse(path).ok()?;
    Some(stack.resolve(&path)?.as_bytes().to_vec())
}

fn compare(one: &Stack, other: &Stack) {
    let pair = Pair::of(one, other, &PairSettings::default());
    for node in pair.all() {
        assert!(!pair.is_match(node) || pair.is_shown(pair.parent(node)));
    }
}
