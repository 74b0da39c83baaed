//! Layers from outside: two of them, merged, with every path followed through its history.
#![no_main]

use std::io::Write as _;

use attar_image::blobs::{Blob, Blobs};
use attar_image::layout::LayoutError;
use attar_image::manifest::media_type;
use attar_image::stack::{Input, Settings, Stack};
use attar_image::{Descriptor, Digest};
use libfuzzer_sys::fuzz_target;

/// Blobs in files of no name.
struct Bytes<'a>(&'a [&'a [u8]]);

impl Blobs for Bytes<'_> {
    fn open(&self, descriptor: &Descriptor) -> Result<Blob, LayoutError> {
        let bytes = self.0.iter().find(|bytes| Digest::of(bytes) == descriptor.digest);
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes.expect("one of the two")).expect("the disk takes it");
        Ok(Blob::whole(file).expect("a file"))
    }
}

fuzz_target!(|input: (&[u8], &[u8])| {
    let layers = [input.0, input.1];
    let blobs = Bytes(&layers);
    for digests in [true, false] {
        let settings = Settings { digests, ..Settings::default() };
        let inputs = layers.iter().filter_map(|bytes| {
            let descriptor = Descriptor::of(media_type::LAYER, bytes);
            let table = Err(attar_image::stack::Absence::Missing);
            let mut input = Input { descriptor, diff_id: None, created_by: None, table };
            input.read(&blobs, &settings).ok()?;
            Some(input)
        });
        let mut stack = Stack::of(inputs.collect()).expect("few entries");
        let _ = stack.tell_rewritten(&blobs, &settings);
        let figures = stack.figures();
        assert!(figures.reclaimable <= figures.total);
        for entry in stack.view() {
            let path = stack.paths().path(stack.place(entry));
            assert_eq!(stack.history(&path).last().and_then(|touch| touch.entry), Some(entry));
        }
        assert!(stack.tree().len() <= stack.view().len());
    }
});
