//! apk's database: every record ends, and names a package.
#![no_main]

use attar_packages::alpine::installed::records;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut found = 0;
    for record in records(bytes) {
        found += 1;
        if let Ok(record) = record {
            assert!(!record.name.is_empty() && !record.version.is_empty());
            found += record.owned.len();
        }
    }
    assert!(found <= bytes.len());
});
