//! An archive of images: what is imported is whole and can be exported and imported again; what is
//! refused leaves nothing behind.
//!
//! The input is the archive itself, or a list of members (`seeds/import`), because no mutation gets the
//! checksum of a tar header right: each is a name, a line break and a content, with `\x1e` between them;
//! `@N` stands for the SHA-256 of the content of member N, `~N` for its size.
#![no_main]

use std::path::Path;

use attar_image::archive::{import, write_oci_archive};
use attar_image::layout::{Durability, Layout};
use attar_image::{Descriptor, Digest};
use libfuzzer_sys::fuzz_target;

const SEPARATOR: u8 = 0x1e;

fuzz_target!(|bytes: &[u8]| {
    if bytes.contains(&SEPARATOR) { check(&archive(bytes)) } else { check(bytes) }
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

/// Makes an archive of a list of members.
fn archive(bytes: &[u8]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut known: Vec<(String, usize)> = Vec::new();
    for member in bytes.split(|byte| *byte == SEPARATOR) {
        let mut parts = member.splitn(2, |byte| *byte == b'\n');
        let (name, content) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let (name, content) = (substitute(name, &known), substitute(content, &known));
        let mut header = tar::Header::new_ustar();
        if header.set_path(String::from_utf8_lossy(&name).as_ref()).is_err() {
            continue;
        }
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append(&header, &content[..]).expect("memory takes all");
        known.push((Digest::of(&content).hex(), content.len()));
    }
    archive.into_inner().expect("memory takes all")
}

fn substitute(bytes: &[u8], known: &[(String, usize)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let member = after.first().map(|digit| usize::from(digit.wrapping_sub(b'0'))).and_then(|it| known.get(it));
        match (first, member) {
            (b'@', Some((digest, _))) => out.extend_from_slice(digest.as_bytes()),
            (b'~', Some((_, size))) => out.extend_from_slice(size.to_string().as_bytes()),
            _ => {
                out.push(*first);
                rest = after;
                continue;
            }
        }
        rest = &after[1..];
    }
    out
}
