//! Compressed bytes: the first byte chooses the decoder, which gives no more than its limit.
#![no_main]

use attar_packages::compression::{Compression, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let kind = Compression::ALL[usize::from(*choice) % Compression::ALL.len()];
    Compression::detect(bytes);
    if let Ok(plain) = decode(kind, bytes, 1 << 20) {
        assert!(plain.len() <= 1 << 20);
    }
});
