//! A Release file.
#![no_main]

use attar_packages::debian::release::Release;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(release) = Release::parse(text) else { return };
    for (path, file) in &release.sha256 {
        assert!(!path.starts_with('/') && !path.split('/').any(|component| component == ".."));
        assert_eq!(file.sha256.len(), 64);
    }
});
