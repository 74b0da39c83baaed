//! The filter and the query of who walks through an image: what is accepted says what it was, and holds for
//! exactly what its opposite does not hold for.
#![no_main]

mod layers;
mod members;

use std::sync::{Arc, LazyLock};

use attar_image::stack::{PathId, Stack};
use attar_inspector::browse::filter::Filter;
use attar_inspector::browse::{Index, Query, Range, View, ViewSettings, search};
use attar_packages::ownership::{Claims, Ownership};
use libfuzzer_sys::fuzz_target;

const LAYERS: &str = "etc/\n\x1eetc/passwd\nroot\x1eusr/bin/tool\n#!/bin/sh\x1esh -> usr/bin/tool\n\x1ehard => etc/passwd\n\
    \x1epipe|\n\x1d.wh.sh\n\x1eetc/passwd\nother\x1eusr/\u{e9}/A b\nx\x1d.wh.pipe\n\x1eetc/passwd\nother";

struct Image {
    stack: Stack,
    index: Index,
    owners: Arc<Ownership>,
}

static IMAGE: LazyLock<Image> = LazyLock::new(|| {
    let stack = layers::stack(LAYERS.as_bytes(), true);
    let mut claims = Claims::default();
    claims
        .add(b"var/lib/dpkg/status.d/base", b"Package: base\nVersion: 1\nArchitecture: all\n")
        .expect("it is small");
    claims
        .add(b"var/lib/dpkg/status.d/base.md5sums", b"d41d8cd98f00b204e9800998ecf8427e  usr/bin/tool\n")
        .expect("it is small");
    let owners = Arc::new(claims.settle(|directory| Some(directory.to_vec())));
    Image { index: Index::of(&stack), stack, owners }
});

fn shown(filter: Filter) -> Vec<PathId> {
    let Image { stack, index, owners } = &*IMAGE;
    let (filter, owners) = (Some(Arc::new(filter)), Some(Arc::clone(owners)));
    let settings =
        ViewSettings { range: Range { from: 0, to: 2 }, filter, owners, ..ViewSettings::default() };
    let view = View::of(stack, index, &settings);
    let shown: Vec<PathId> = stack.paths().iter().filter(|path| view.is_match(*path)).collect();
    assert_eq!(shown.len(), view.matches());
    shown
}

fuzz_target!(|text: &str| {
    let everything = shown(Filter::default()).len();
    match Filter::parse(text) {
        Ok(filter) => {
            assert_eq!(filter.as_str(), text);
            let is_empty = filter.is_empty();
            let found = shown(filter);
            assert!(!is_empty || found.len() == everything);
            if !is_empty && !text.contains(char::is_whitespace) {
                let others = shown(Filter::parse(&format!("!{text}")).expect("one term has an opposite"));
                assert!(others.iter().all(|path| !found.contains(path)));
                assert_eq!(found.len() + others.len(), everything);
            }
        }
        Err(error) => assert!(error.column <= text.chars().count() + 1, "{error}"),
    }
    if let Ok(query) = Query::parse(text) {
        let view = View::of(&IMAGE.stack, &IMAGE.index, &ViewSettings::default());
        assert!(search(&view, &IMAGE.stack, &query, &|| false).len() <= everything);
    }
});
