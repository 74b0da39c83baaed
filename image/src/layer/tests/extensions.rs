//! Records of pax headers: what they replace, what they add, what they do not say.

use super::{archive, gnu_file};
use crate::layer::reader::{Member, MemberKind, Reader, TarError};

/// Returns a pax header of some kind with these records.
fn header(kind: u8, records: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (keyword, value) in records {
        let rest = keyword.len() + value.len() + 3;
        // The length counts its own digits.
        let length = (rest..).find(|length| length.to_string().len() + rest == *length).expect("a length");
        body.extend_from_slice(format!("{length} {keyword}=").as_bytes());
        body.extend_from_slice(value);
        body.push(b'\n');
    }
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::new(kind));
    header.set_size(body.len() as u64);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(&body);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

/// Returns an archive of the files `a` and `b`, with headers before the first one.
fn with(headers: &[Vec<u8>]) -> Vec<u8> {
    let files = archive(|builder| {
        gnu_file(builder, "a", tar::EntryType::Regular, None);
        gnu_file(builder, "b", tar::EntryType::Regular, None);
    });
    [headers.concat(), files].concat()
}

fn members(bytes: &[u8]) -> Result<Vec<Member>, TarError> {
    let mut reader = Reader::new(bytes);
    std::iter::from_fn(|| reader.next_member().transpose()).collect()
}

#[test]
fn records_replace_fields() {
    let long = "d/".repeat(200) + "f";
    let headers = [
        header(b'g', &[("uid", b"7"), ("comment", b"for all"), ("mtime", b"9")]),
        header(
            b'x',
            &[
                ("hdrcharset", b"BINARY"),
                ("path", long.as_bytes()),
                ("gid", b"4000000"),
                ("mtime", b"-3.25"),
                ("VENDOR.thing", b"\x1b[31m"),
                ("atime", b"nonsense"),
            ],
        ),
    ];
    let found = members(&with(&headers)).expect("an archive");
    let said: Vec<String> = found
        .iter()
        .map(|member| {
            let metadata = &member.metadata;
            format!("{} {} {} {}", member.path, metadata.uid, metadata.gid, metadata.mtime)
        })
        .collect();
    assert_eq!(said, [format!("/{long} 7 4000000 -4"), "/b 7 0 9".into()]);
}

#[test]
fn records_without_a_value_take_back_what_others_said() {
    let headers =
        [header(b'g', &[("uid", b"7"), ("gid", b"8")]), header(b'x', &[("uid", b""), ("path", b"")])];
    let found = members(&with(&headers)).expect("an archive");
    assert_eq!((found[0].path.to_string(), found[0].metadata.uid), ("/a".into(), 70_000));
    assert_eq!((found[1].metadata.uid, found[1].metadata.gid), (7, 8));
}

#[test]
fn attributes_are_read_in_both_forms() {
    let records: [(&str, &[u8]); 5] = [
        ("LIBARCHIVE.xattr.security.capability", b"AQIDBA"),
        ("LIBARCHIVE.xattr.user.a%3Db%zz", b"eA=="),
        ("SCHILY.xattr.security.capability", b"\x01\n\x03"),
        ("LIBARCHIVE.xattr.security.capability", b"AAAA"),
        ("SCHILY.xattr.user.empty", b""),
    ];
    let found = members(&with(&[header(b'x', &records)])).expect("an archive");
    let xattrs: Vec<(&[u8], &[u8])> =
        found[0].metadata.xattrs.iter().map(|(name, value)| (&name[..], &value[..])).collect();
    let expected: [(&[u8], &[u8]); 3] =
        [(b"security.capability", b"\x01\n\x03"), (b"user.a=b%zz", b"x"), (b"user.empty", b"")];
    assert_eq!(xattrs, expected);
    assert!(found[1].metadata.xattrs.is_empty());
}

#[test]
fn sizes_beyond_octal_digits_are_read() {
    let size = 9_u64 << 30;
    let bytes = with(&[header(b'x', &[("size", size.to_string().as_bytes())])]);
    let mut reader = Reader::new(&bytes[..]);
    let member = reader.next_member().expect("a header").expect("a member");
    assert_eq!(member.kind, MemberKind::File { size });
    let error = reader.next_member().expect_err("there are not so many bytes");
    assert_eq!(error.to_string(), "cannot read the archive at byte 1536");
}

#[test]
fn records_that_cannot_be_are_refused() {
    for (record, field) in [
        (("size", &b"18446744073709551615"[..]), "pax size"),
        (("size", b"-1"), "pax size"),
        (("uid", b"x"), "pax user number"),
        (("mtime", b"1e3"), "pax modification time"),
        (("LIBARCHIVE.xattr.user.a", b"***"), "pax extended attribute"),
        (("GNU.sparse.numbytes", b"1"), "pax record of a sparse file"),
        (("GNU.sparse.map", b"1,x"), "pax record of a sparse file"),
        (("GNU.sparse.size", b"99999999999999999999"), "pax record of a sparse file"),
        (("GNU.sparse.major", b"1"), "map of a sparse file"),
    ] {
        let error = members(&with(&[header(b'x', &[record])])).expect_err("a refusal").to_string();
        assert!(
            error.starts_with(&format!("invalid {field} in the tar header at byte ")),
            "{record:?}: {error}"
        );
    }
    let version =
        [("GNU.sparse.major", &b"2"[..]), ("GNU.sparse.minor", b"0"), ("GNU.sparse.realsize", b"1")];
    let error = members(&with(&[header(b'x', &version)])).expect_err("a refusal").to_string();
    assert!(error.starts_with("invalid form of a sparse file"), "{error}");
}
