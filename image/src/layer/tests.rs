//! Writer and reader together, and against the `tar` crate as the oracle.

mod extensions;
mod sparse;

use std::collections::BTreeMap;
use std::io::Read;

use proptest::prelude::*;

use super::BLOCK;
use super::reader::{MemberKind, Reader, TarError, hash_content, read_tree};
use super::writer::write_tree;
use crate::filesystem::{Content, Entry, FileTree, Kind, LinkGroup, Metadata};
use crate::path::TreePath;

type Contents = BTreeMap<crate::Digest, Vec<u8>>;

fn write(tree: &FileTree, contents: &Contents) -> Vec<u8> {
    let mut out = Vec::new();
    write_tree(tree, &mut out, |_, content| Ok(&contents[&content.digest][..])).expect("memory takes all");
    out
}

fn read(bytes: &[u8]) -> Result<FileTree, TarError> {
    read_tree(Reader::new(bytes), |_, reader| hash_content(reader))
}

fn metadata() -> impl Strategy<Value = Metadata> {
    let number = prop_oneof![Just(0), Just(65532), Just(0o777_7777), Just(0o1000_0000), any::<u32>()];
    let mtime =
        prop_oneof![Just(0), Just(-1), Just(946_684_800), 0..=i64::from(u32::MAX) * 4, Just(i64::MAX / 2)];
    let xattrs = prop::collection::btree_map("[a-z.]{1,8}", prop::collection::vec(any::<u8>(), 0..40), 0..2);
    (0..=0o7777_u32, number.clone(), number, mtime, xattrs).prop_map(|(mode, uid, gid, mtime, xattrs)| {
        Metadata {
            mode,
            uid,
            gid,
            mtime,
            xattrs: xattrs
                .into_iter()
                .map(|(key, value)| (format!("user.{key}").into_bytes().into(), value.into()))
                .collect(),
        }
    })
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    let component = prop_oneof![
        "[a-c]{1,3}".prop_map(String::into_bytes),
        prop::collection::vec(prop_oneof![1_u8..=46, 48_u8..=255], 1..=130)
            .prop_filter("not a dot", |name| name != b"." && name != b".."),
    ];
    prop::collection::vec(component, 1..4).prop_map(|components| components.join(&b'/'))
}

fn entry() -> impl Strategy<Value = (Entry, Vec<u8>)> {
    let bytes = prop::collection::vec(any::<u8>(), 0..1200);
    let kind = prop_oneof![
        Just(Kind::Directory),
        Just(Kind::Fifo),
        (any::<u16>(), any::<u16>())
            .prop_map(|(major, minor)| Kind::BlockDevice { major: major.into(), minor: minor.into() }),
        (any::<u16>(), any::<u16>())
            .prop_map(|(major, minor)| Kind::CharacterDevice { major: major.into(), minor: minor.into() }),
        prop::collection::vec(1_u8..=255, 1..150).prop_map(|target| Kind::Symlink { target: target.into() }),
        prop::option::of(0_u32..3)
            .prop_map(|group| Kind::File { content: Content::of(b""), links: group.map(LinkGroup) }),
    ];
    (kind, metadata(), bytes).prop_map(|(kind, metadata, bytes)| (Entry { kind, metadata }, bytes))
}

prop_compose! {
    fn trees()(entries in prop::collection::btree_map(name(), entry(), 0..12)) -> (FileTree, Contents) {
        let mut tree = FileTree::new();
        let mut contents = Contents::new();
        let mut groups: BTreeMap<LinkGroup, (Metadata, Content)> = BTreeMap::new();
        for (path, (mut entry, bytes)) in entries {
            if let Kind::File { content, links } = &mut entry.kind {
                *content = Content::of(&bytes);
                contents.insert(content.digest, bytes);
                // All names of a group have one content and one owner, mode, time and xattrs.
                if let Some(group) = links {
                    let shared = groups.entry(*group).or_insert((entry.metadata.clone(), *content)).clone();
                    (entry.metadata, *content) = shared;
                }
            }
            tree.insert(TreePath::parse(path).expect("generated paths are valid"), entry);
        }
        tree.renumber_links();
        (tree, contents)
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read((tree, contents) in trees()) {
        let bytes = write(&tree, &contents);
        prop_assert_eq!(bytes.len() % 512, 0);
        prop_assert_eq!(read(&bytes).expect("own output is readable"), tree);
    }

    #[test]
    fn hostile_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        let _ = read(&bytes);
    }

    #[test]
    fn damage_never_panics((tree, contents) in trees(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = write(&tree, &contents);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = read(&bytes);
        let _ = read(&bytes[..at]);
    }

    #[test]
    fn the_tar_crate_reads_the_same((mut tree, contents) in trees()) {
        // The crate splits pax records at line ends instead of by their lengths.
        let newline = |bytes: &[u8]| bytes.contains(&b'\n');
        tree.retain(|path, entry| !newline(path.as_bytes())
            && !matches!(&entry.kind, Kind::Symlink { target } if newline(target))
            && !entry.metadata.xattrs.values().any(|value| newline(value)));
        tree.renumber_links();
        let bytes = write(&tree, &contents);
        let mut archive = tar::Archive::new(&bytes[..]);
        let mut seen = Vec::new();
        for entry in archive.entries().expect("an archive") {
            let mut entry = entry.expect("an entry");
            let path = TreePath::parse(&entry.path_bytes()[..]).expect("a valid path");
            let ours = &tree.get(&path).expect("written").metadata;
            prop_assert_eq!(entry.header().mode().expect("a mode"), ours.mode);
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("content");
            if let (Some(expected), false) = (tree.get(&path).and_then(Entry::content), entry.header().entry_type().is_hard_link()) {
                prop_assert_eq!(Content::of(&content), expected);
            }
            seen.push(path);
        }
        prop_assert_eq!(seen, tree.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>());
    }
}

fn archive(build: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    build(&mut builder);
    builder.into_inner().expect("memory takes all")
}

fn gnu_file(builder: &mut tar::Builder<Vec<u8>>, path: &str, kind: tar::EntryType, link: Option<&str>) {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(0o640);
    header.set_uid(70_000);
    header.set_mtime(5);
    header.set_size(0);
    match link {
        Some(link) => builder.append_link(&mut header, path, link),
        None => builder.append_data(&mut header, path, &b""[..]),
    }
    .expect("memory takes all");
}

#[test]
fn gnu_long_names_are_read() {
    let long = "d/".repeat(80) + "file";
    let bytes = archive(|builder| {
        gnu_file(builder, &long, tar::EntryType::Regular, None);
        gnu_file(builder, "link", tar::EntryType::Symlink, Some(&long));
    });
    let tree = read(&bytes).expect("readable");
    let listing = tree.to_string();
    assert_eq!(listing, format!("-0640 70000:0 0 5 /{long}\nl0640 70000:0 - 5 /link -> {long}\n"));
}

/// Overwrites the name field of the first header and seals it anew.
fn rename(bytes: &mut [u8], field: std::ops::Range<usize>, name: &[u8]) {
    bytes[field.clone()].fill(0);
    bytes[field.start..field.start + name.len()].copy_from_slice(name);
    bytes[148..156].fill(b' ');
    let sum: u32 = bytes[..512].iter().map(|byte| u32::from(*byte)).sum();
    bytes[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

#[test]
fn what_could_leave_the_tree_is_refused() {
    let mut climbing = archive(|builder| gnu_file(builder, "a", tar::EntryType::Regular, None));
    rename(&mut climbing, 0..100, b"a/../../etc/passwd");
    assert!(matches!(read(&climbing), Err(TarError::Path { offset: 0, .. })));

    let mut absolute = archive(|builder| gnu_file(builder, "a", tar::EntryType::Regular, None));
    rename(&mut absolute, 0..100, b"/etc/passwd");
    assert_eq!(
        read(&absolute).expect("an absolute path is one below the root").to_string(),
        "-0640 70000:0 0 5 /etc/passwd\n"
    );

    let dangling = archive(|builder| gnu_file(builder, "a", tar::EntryType::Link, Some("etc/shadow")));
    let error = read(&dangling).expect_err("the link has no target");
    assert_eq!(
        error.to_string(),
        "hard link `/a` points to `/etc/shadow`, which is no earlier file of the archive"
    );

    let mut outside = archive(|builder| gnu_file(builder, "a", tar::EntryType::Link, Some("b")));
    rename(&mut outside, 157..257, b"../../b");
    assert!(matches!(read(&outside), Err(TarError::Path { .. })));
}

#[test]
fn damage_is_named() {
    let mut bytes = archive(|builder| gnu_file(builder, "a", tar::EntryType::Regular, None));
    bytes[0] = b'b';
    let error = read(&bytes).expect_err("the checksum is wrong").to_string();
    assert!(error.starts_with("damaged tar header at byte 0: expected checksum "), "{error}");
    assert_eq!(read(&bytes[..100]).expect_err("cut off").to_string(), "cannot read the archive at byte 0");
}

#[test]
fn a_directory_in_the_old_form_may_have_a_content() {
    let mut header = ::tar::Header::new_ustar();
    header.set_path("d/").expect("a short path");
    header.set_entry_type(::tar::EntryType::Regular);
    header.set_mode(0o755);
    header.set_size(3);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(b"odd");
    bytes.resize(2 * BLOCK, 0);
    header.set_path("f").expect("a short path");
    header.set_size(0);
    header.set_cksum();
    bytes.extend_from_slice(header.as_bytes());
    let mut reader = Reader::new(&bytes[..]);
    let mut kinds = Vec::new();
    while let Some(member) = reader.next_member().expect("a whole archive") {
        kinds.push((member.path.to_string(), member.kind));
    }
    let expected = [("/d", MemberKind::Directory), ("/f", MemberKind::File { size: 0 })];
    assert_eq!(kinds, expected.map(|(path, kind)| (path.to_owned(), kind)));
}
