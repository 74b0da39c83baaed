//! A binary package: members, control archive, and the start of the data.
#![no_main]

use std::io::{self, Read};

use attar_packages::debian::deb::DebReader;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(package) = DebReader::open(bytes) else { return };
    let control = package.control();
    assert!(control.stanza().is_ok());
    control.md5sums();
    control.conffiles();
    control.scripts().count();
    let Ok(data) = package.data() else { return };
    let Ok(decoder) = data.compression.decoder(data) else { return };
    let _ = io::copy(&mut decoder.take(1 << 20), &mut io::sink());
});
