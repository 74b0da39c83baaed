//! Two versions, one on each line: their order is antisymmetric, and equal ones hash alike.
#![no_main]

use std::cmp::Ordering;
use std::hash::{BuildHasher, RandomState};

use attar_packages::debian::version::{Version, compare};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (a, b) = text.split_once('\n').unwrap_or((text, ""));
    let order = compare(a, b);
    assert_eq!(order, compare(b, a).reverse());
    if let (Ok(a), Ok(b)) = (Version::parse(a), Version::parse(b)) {
        let state = RandomState::new();
        assert!(order != Ordering::Equal || state.hash_one(&a) == state.hash_one(&b));
        assert!(a.as_str().starts_with(a.without_rebuild()));
    }
});
