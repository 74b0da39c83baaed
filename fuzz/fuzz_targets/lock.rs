//! The text of a lock: what is read is written and read again as the same lock.
#![no_main]

use std::path::Path;

use attar_builder::lock::Lock;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let path = Path::new("attar.lock");
    let Ok(lock) = Lock::parse(text, path).inspect_err(|wrong| drop(wrong.to_string())) else { return };
    let again = lock.to_text();
    assert_eq!(Lock::parse(&again, path).expect("what was written is a lock"), lock);
    assert_eq!(lock.to_text(), again);
});
