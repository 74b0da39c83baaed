//! A status database, and a list of checksums: what is read is written and read back unchanged.
#![no_main]

use attar_packages::debian::status::{parse_md5sums, parse_status, write_md5sums};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let status = parse_status(bytes);
    assert!(status.entries.len() + status.problems.len() <= bytes.len());
    let sums = parse_md5sums(bytes);
    let sums: Vec<_> = sums.into_iter().filter(|sum| !sum.path.contains(&b'\r')).collect();
    assert_eq!(parse_md5sums(&write_md5sums(&sums)), sums);
});
