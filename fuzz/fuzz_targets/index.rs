//! A package index: its compact form holds the same packages, and every package is found by its name.
#![no_main]

use attar_packages::debian::index::Index;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let Ok(index) = Index::parse(text.to_vec()) else { return };
    let compact = Index::parse(index.to_compact()).expect("the compact form is well formed");
    assert_eq!(index.len(), compact.len());
    for (package, other) in index.packages().zip(compact.packages()) {
        assert_eq!((package.name(), package.version()), (other.name(), other.version()));
        assert_eq!((package.depends(), package.provides()), (other.depends(), other.provides()));
        assert_eq!((package.source(), package.size()), (other.source(), other.size()));
        assert!(index.named(package.name()).any(|found| found.number() == package.number()));
        for name in package.provides().split(',') {
            assert_eq!(index.providers(name).count(), compact.providers(name).count());
        }
    }
});
