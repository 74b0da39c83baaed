//! A Contents index: the first line is a query, the rest the index.
#![no_main]

use attar_packages::debian::contents::{Query, search};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let split = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (wanted, index) = bytes.split_at(split);
    let wanted = wanted.to_vec();
    let queries = [Query::Path(wanted.clone()), Query::FileName(wanted.clone()), Query::Soname(wanted)];
    let answers = search(index, &queries, 3).expect("reading from memory succeeds");
    assert!(answers.iter().all(|answer| answer.hits.len() <= 3));
});
