//! An archive of images: what is imported is whole and can be exported and imported again; what is
//! refused leaves nothing behind.
//!
//! The input is the archive itself, or a list of members (`seeds/import`).
#![no_main]

mod members;

use std::path::Path;

use attar_image::Descriptor;
use attar_image::archive::{import, write_oci_archive};
use attar_image::layout::{Durability, Layout};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if bytes.contains(&members::SEPARATOR) { check(&members::archive(bytes)) } else { check(bytes) }
});

fn check(archive: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let layout = Layout::create(folder.path().join("first")).expect("a layout");
    let imported = match import(archive, &layout.write(Durability::Process).expect("a writer")) {
        Ok(imported) => imported,
        Err(error) => {
            drop(error.to_string());
            assert_eq!(blobs(layout.directory()), 0, "something is left of what was refused");
            return;
        }
    };
    let entries: Vec<Descriptor> = imported.iter().map(|image| image.entry.clone()).collect();
    assert!(layout.reach(&entries).missing.is_empty());
    attar_image::validate::validate(&layout, &entries);
    let mut exported = Vec::new();
    write_oci_archive(&layout, &entries, &mut exported).expect("what is whole can be exported");
    let layout = Layout::create(folder.path().join("second")).expect("a layout");
    let again = import(&exported[..], &layout.write(Durability::Process).expect("a writer"))
        .expect("what was exported can be imported");
    let digests = |entries: &[Descriptor]| entries.iter().map(|entry| entry.digest).collect::<Vec<_>>();
    let again: Vec<Descriptor> = again.into_iter().map(|image| image.entry).collect();
    assert_eq!(digests(&again), digests(&entries));
}

fn blobs(layout: &Path) -> usize {
    std::fs::read_dir(layout.join("blobs/sha256")).map_or(0, Iterator::count)
}
