//! Archives are read in place without a panic, and the same whether they are a file or a stream; what can
//! be imported is what is read.
//!
//! The input is the archive itself, or a list of members as for `import`, whose seeds serve here too.
#![no_main]

mod members;

use std::io::Write as _;

use attar_image::archive::Archive;
use attar_image::blobs::Blobs as _;
use attar_image::layout::{Durability, Layout, survey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if bytes.contains(&members::SEPARATOR) { check(&members::archive(bytes)) } else { check(bytes) }
});

fn check(bytes: &[u8]) {
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(bytes).expect("the disk takes it");
    let (archive, streamed) = match (Archive::of(file), Archive::spooled(bytes)) {
        (Ok(archive), Ok(streamed)) => (archive, streamed),
        (Err(error), Err(streamed)) => return assert_eq!(error.to_string(), streamed.to_string()),
        (archive, streamed) => panic!("a file and a stream differ: {archive:?} {streamed:?}"),
    };
    assert_eq!(archive.images(), streamed.images());
    for packed in archive.images() {
        let Ok(survey) = survey(&archive, &packed.entry) else { continue };
        for image in &survey.images {
            for (layer, _) in image.layers() {
                let Ok(mut blob) = archive.open(layer) else { continue };
                let read = std::io::copy(&mut blob, &mut std::io::sink()).expect("it is there");
                assert_eq!(read, layer.size);
            }
        }
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let layout = Layout::create(folder.path()).expect("a layout");
    let imported = archive.import(&layout.write(Durability::Process).expect("a writer"));
    let Ok(imported) = imported else { return };
    for packed in imported {
        assert!(layout.reach([&packed.entry]).missing.is_empty());
    }
}
