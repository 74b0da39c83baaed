//! A Dockerfile, and a configuration of apko: whatever is read becomes a spec that loads.
#![no_main]

use std::path::Path;

use attar_builder::convert::dockerfile::{Kind, Surroundings};
use attar_builder::convert::{Conversion, apko, dockerfile};
use attar_builder::spec::{Selection, parse};
use libfuzzer_sys::fuzz_target;

fn loads(made: &Conversion) {
    let document = parse("attar.yaml", &made.spec, Path::new("")).expect("what is written is a spec");
    document.effective(Selection::default()).expect("what is written is valid");
}

fuzz_target!(|text: &str| {
    let kind = |path: &str| path.starts_with('a').then_some(Kind::Directory);
    let ignored = ["a/b".to_owned()];
    let around = Surroundings { file: "Dockerfile", folder: "", kind: &kind, ignored: &ignored };
    if let Ok(made) = dockerfile::convert(text, &around) {
        loads(&made);
    }
    if let Ok(made) = apko::convert("apko.yaml", text, &|_| Ok(text.to_owned())) {
        loads(&made);
    }
});
