//! Stacks of layers from bytes: [`SEPARATOR`] stands between two layers, the lowest first, and each is an
//! archive, compressed or not, or a list of [members].

use std::io::Write as _;

use attar_image::blobs::{Blob, Blobs};
use attar_image::layout::LayoutError;
use attar_image::manifest::media_type;
use attar_image::stack::{Absence, Input, Settings, Stack};
use attar_image::{Descriptor, Digest};

use crate::members;

/// Stands between two layers.
const SEPARATOR: u8 = 0x1d;

/// The most layers of a stack.
const MAX_LAYERS: usize = 4;

/// Blobs in files of no name.
struct Bytes(Vec<Vec<u8>>);

impl Blobs for Bytes {
    fn open(&self, descriptor: &Descriptor) -> Result<Blob, LayoutError> {
        let bytes = self.0.iter().find(|bytes| Digest::of(bytes) == descriptor.digest);
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes.expect("one of them")).expect("the disk takes it");
        Ok(Blob::whole(file).expect("a file"))
    }
}

/// Reads the layers, those that are damaged left out, with the digests of all contents or without.
pub fn stack(bytes: &[u8], digests: bool) -> Stack {
    let archive = |layer: &[u8]| match layer.contains(&members::SEPARATOR) {
        true => members::archive(layer),
        false => layer.to_vec(),
    };
    let blobs = Bytes(bytes.splitn(MAX_LAYERS, |byte| *byte == SEPARATOR).map(archive).collect());
    let settings = Settings { digests, ..Settings::default() };
    let inputs = blobs.0.iter().filter_map(|bytes| {
        let descriptor = Descriptor::of(media_type::LAYER, bytes);
        let mut input = Input { descriptor, diff_id: None, created_by: None, table: Err(Absence::Missing) };
        input.read(&blobs, &settings).inspect_err(|wrong| drop(wrong.to_string())).ok()?;
        Some(input)
    });
    let mut stack = Stack::of(inputs.collect()).expect("few entries");
    stack.tell_rewritten(&blobs, &settings).expect("what was read can be read again");
    stack
}
