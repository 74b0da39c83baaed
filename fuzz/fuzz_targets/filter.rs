//! The filter and the query of who walks through an image: what is accepted can be asked, and says what it was.
#![no_main]

use std::sync::{Arc, LazyLock};

use attar_image::stack::Stack;
use attar_inspector::browse::filter::Filter;
use attar_inspector::browse::{Index, Query, View, ViewSettings, search};
use libfuzzer_sys::fuzz_target;

static INDEX: LazyLock<Index> = LazyLock::new(Index::default);

fuzz_target!(|text: &str| {
    let stack = Stack::default();
    match Filter::parse(text) {
        Ok(filter) => {
            assert_eq!(filter.as_str(), text);
            let settings = ViewSettings { filter: Some(Arc::new(filter)), ..ViewSettings::default() };
            assert_eq!(View::of(&stack, &INDEX, &settings).matches(), 0);
        }
        Err(error) => assert!(error.column <= text.chars().count() + 1, "{error}"),
    }
    if let Ok(query) = Query::parse(text) {
        assert!(search(&View::default(), &stack, &query, &|| false).is_empty());
    }
});
