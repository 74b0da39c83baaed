//! Sparse files as GNU tar writes them, in all its forms.

use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::os::unix::fs::FileExt as _;
use std::process::Command;

use attar_testing::{Scratch, need};

use crate::layer::reader::{Member, MemberKind, Reader, TarError};

const FORMS: [&[&str]; 4] = [
    &["--format=gnu"],
    &["--format=pax", "--sparse-version=0.0"],
    &["--format=pax", "--sparse-version=0.1"],
    &["--format=pax", "--sparse-version=1.0"],
];

/// Files by name, with their size and where something stands in them.
fn files() -> Vec<(String, u64, Vec<u64>)> {
    let spread = |parts: u64| (0..parts).map(|part| part * 20_000 + 5000).collect();
    vec![
        ("0-hole".into(), 1 << 20, vec![]),
        ("1-start".into(), 1 << 20, vec![0]),
        ("2-end".into(), (1 << 20) + 7, vec![1 << 20]),
        ("3-four".into(), 100_000, spread(4)),
        ("4-five".into(), 100_001, spread(5)),
        ("5-many".into(), 2_000_000, spread(97)),
        ("6-none".into(), 300, vec![0, 150]),
        (format!("7-{}", "long".repeat(40)), 1 << 20, vec![512, 600_000]),
    ]
}

/// Makes the files in a folder; returns their names and contents.
fn make(scratch: &Scratch) -> Vec<(String, Vec<u8>)> {
    let make = |(name, size, places): (String, u64, Vec<u64>)| {
        let path = scratch.join(&name);
        let file = File::create_new(&path).expect("a new file");
        file.set_len(size).expect("a size");
        for place in places {
            file.write_all_at(format!("at {place}").as_bytes(), place).expect("bytes");
        }
        let bytes = std::fs::read(&path).expect("a file");
        (name, bytes)
    };
    files().into_iter().map(make).collect()
}

/// Packs what is in a folder, in the order of the names.
fn pack(scratch: &Scratch, form: &[&str]) -> Vec<u8> {
    let mut command = Command::new("tar");
    command.args(form).args(["--sparse", "--hole-detection=raw", "--sort=name", "-cf", "-"]);
    let packed = command.arg("-C").arg(scratch.path()).arg(".").output().expect("tar");
    assert!(packed.status.success(), "{}", String::from_utf8_lossy(&packed.stderr));
    packed.stdout
}

/// Reads all regular files, with where each one starts.
fn read<R: Read>(mut reader: Reader<R>) -> Result<Vec<(Member, Vec<u8>)>, TarError> {
    let mut found = Vec::new();
    while let Some(member) = reader.next_member()? {
        if let MemberKind::File { size } = member.kind {
            let mut content = Vec::new();
            let offset = member.offset;
            // Damaged archives may promise any size.
            let limit = size.min(4 << 20);
            (&mut reader)
                .take(limit)
                .read_to_end(&mut content)
                .map_err(|source| TarError::Read { offset, source })?;
            found.push((member, content));
        }
    }
    Ok(found)
}

#[test]
fn files_are_read_with_their_holes() {
    need!(attar_testing::skip::program("tar"));
    let scratch = Scratch::new();
    let files = make(&scratch);
    for form in FORMS {
        let packed = pack(&scratch, form);
        let found = read(Reader::new(&packed[..])).expect("an archive of tar");
        let names: Vec<String> =
            found.iter().map(|(member, _)| member.path.to_string()[1..].into()).collect();
        assert_eq!(names, files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), "{form:?}");
        for ((member, content), (name, expected)) in found.iter().zip(&files) {
            assert_eq!(member.kind, MemberKind::File { size: expected.len() as u64 }, "{form:?} {name}");
            assert!(content == expected, "{form:?} {name}: other bytes");
            assert_eq!(member.is_sparse, !name.starts_with('6'), "{form:?} {name}");
        }
        // Skipped in a buffer, not read at all, and one file by itself, all give the same.
        let buffered = read(Reader::buffered(BufReader::with_capacity(700, &packed[..])));
        let seekable = read(Reader::seekable(BufReader::with_capacity(700, Cursor::new(&packed[..]))));
        assert!(buffered.expect("the same") == found && seekable.expect("the same") == found, "{form:?}");
        for (member, content) in &found {
            let mut reader = Reader::new(&packed[..]);
            reader.skip_to(member.start).expect("a header");
            assert_eq!(reader.next_member().expect("the member").as_ref(), Some(member), "{form:?}");
            let mut again = Vec::new();
            reader.copy_content(&mut again).expect("its content");
            assert!(again == *content, "{form:?} {}: other bytes", member.path);
        }
        let mut skipping = Reader::new(&packed[..]);
        let mut members = 0;
        while skipping.next_member().expect("the next member").is_some() {
            members += 1;
        }
        assert_eq!(members, files.len() + 1, "{form:?}");
        // A content that is read at its offset would be another one.
        let mut in_place = Reader::new(&packed[..]);
        let refused = std::iter::from_fn(|| in_place.next_in_place().transpose()).find_map(Result::err);
        assert_eq!(
            refused.expect("a refusal").to_string(),
            "entry `0-hole` has the unsupported type `S`",
            "{form:?}"
        );
    }
}

#[test]
fn damaged_maps_never_panic() {
    need!(attar_testing::skip::program("tar"));
    let scratch = Scratch::new();
    let file = File::create_new(scratch.join("file")).expect("a new file");
    file.set_len(200_000).expect("a size");
    for part in 0..6 {
        file.write_all_at(b"x", part * 20_000 + 5000).expect("bytes");
    }
    for form in FORMS {
        let packed = pack(&scratch, form);
        // Headers, maps and the start of the content.
        for at in 512..packed.len().min(512 * 7) {
            for byte in [0, b'0', b'9', b'\n', 0xff] {
                let mut damaged = packed.clone();
                damaged[at] = byte;
                seal(&mut damaged, at);
                let _ = read(Reader::new(&damaged[..]));
            }
        }
        for length in (0..packed.len()).step_by(100) {
            let _ = read(Reader::new(&packed[..length]));
        }
    }
}

/// Makes the checksum of the header right in which something was changed, if it is one.
fn seal(archive: &mut [u8], at: usize) {
    let start = at / 512 * 512;
    let block = &mut archive[start..start + 512];
    if &block[257..262] == b"ustar" && !(148..156).contains(&(at - start)) {
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
}

#[test]
fn wide_holes_cost_nothing_unless_they_are_read() {
    need!(attar_testing::skip::program("tar"));
    let scratch = Scratch::new();
    File::create_new(scratch.join("file")).and_then(|file| file.set_len(1 << 40)).expect("a size");
    // The file system is asked where the holes are, or all of it would be read.
    let packed = Command::new("tar")
        .args(["--sparse", "--hole-detection=seek", "-cf", "-", "-C"])
        .arg(scratch.path())
        .arg("file")
        .output()
        .expect("tar");
    let mut reader = Reader::new(&packed.stdout[..]);
    let member = reader.next_member().expect("a header").expect("a member");
    assert_eq!(member.kind, MemberKind::File { size: 1 << 40 });
    assert!(reader.next_member().expect("the end").is_none(), "what is not read costs nothing");
}
