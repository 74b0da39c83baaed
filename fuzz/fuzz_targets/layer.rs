//! Layers from outside: two of them, merged, with every path followed through its history.
#![no_main]

use attar_image::stack::{Layer, Members, Stack};
use attar_image::{Descriptor, Digest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8])| {
    let layers: Vec<Layer> = [input.0, input.1]
        .into_iter()
        .filter_map(|bytes| {
            let members = Members::read(Digest::of(bytes), bytes).ok()?;
            Some(Layer::new(Descriptor::of("layer", bytes), None, members))
        })
        .collect();
    let stack = Stack::of(layers);
    for (path, _) in stack.tree().iter() {
        let origin = stack.origin(path).expect("every path comes from a layer");
        assert_eq!(stack.history(path).last().map(|event| event.layer), Some(origin));
    }
});
