//! A text of stanzas: the walk ends, and recovery finds at least what the strict walk found.
#![no_main]

use attar_packages::debian::deb822::{Scanner, Stanza, recovering_stanzas, stanzas};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    assert!(Scanner::new(text).count() <= 2 * text.len());
    let strict = stanzas(text).filter(Result::is_ok).count();
    let recovered = recovering_stanzas(text).filter(Result::is_ok).count();
    assert!(strict <= recovered && recovered <= text.len());
    let _ = Stanza::parse(text);
});
