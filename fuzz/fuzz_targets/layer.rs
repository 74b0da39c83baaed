//! Layers from outside, merged, with every path followed through its history.
#![no_main]

mod layers;
mod members;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for digests in [true, false] {
        let stack = layers::stack(bytes, digests);
        let figures = stack.figures();
        assert!(figures.reclaimable <= figures.total);
        for entry in stack.view() {
            let path = stack.paths().path(stack.place(entry));
            assert_eq!(stack.history(&path).last().and_then(|touch| touch.entry), Some(entry));
        }
        assert!(stack.tree().len() <= stack.view().len());
    }
});
