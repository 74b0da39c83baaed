//! A spec: read, merged with itself, shown, and read again.
#![no_main]

use std::io;
use std::path::Path;

use attar_builder::spec::{Document, Selection, load_with, show};
use libfuzzer_sys::fuzz_target;

fn load(text: &str) -> Option<Document> {
    let read = |path: &Path| match path.to_str() {
        Some("attar.yaml" | "base.yaml") => Ok(text.as_bytes().to_vec()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    load_with(Path::new("attar.yaml"), &read).inspect_err(|wrong| drop(wrong.to_string())).ok()
}

fuzz_target!(|text: &str| {
    let Some(document) = load(text) else { return };
    let selection = Selection { platform: Some("linux/arm64"), ..Selection::default() };
    let Ok(effective) = document.effective(selection) else { return };
    let again = load(&show(&effective)).expect("what is shown is a spec");
    assert_eq!(again.effective(selection).expect("what is shown is valid").spec, effective.spec);
});
