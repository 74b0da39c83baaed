use proptest::prelude::*;

use super::*;

/// Two records as apk writes them: a package of files, and one of links and directories alone.
const DATABASE: &[u8] = b"\
C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=
P:musl
V:1.2.5-r9
A:x86_64
S:411088
I:667648
T:the musl c library (libc) implementation
U:https://musl.libc.org/
L:MIT
o:musl
m:Natanael Copa <ncopa@example.org>
t:1730000000
c:f2f7e9b2
p:so:libc.musl-x86_64.so.1=1
r:libiconv
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1OP7RtFQDwlAFIEHyRn5bUB4jFnc=
R:libc.musl-x86_64.so.1
a:0:0:777
Z:Q17yJ3JFNypA4mxhJJr0ou6CzsJVI=

P:alpine-baselayout
V:3.6.8-r1
A:noarch
o:alpine-baselayout
F:
F:tmp
M:0:0:1777
F:var/empty
M:0:0:555:Q1abc
R:.keep
";

#[test]
fn records_are_read() {
    let records: Vec<Record<'_>> = records(DATABASE).map(|record| record.expect("a record")).collect();
    let [musl, layout] = &records[..] else { panic!("two records") };
    let file = |name, checksum, mode| Owned {
        directory: b"lib",
        name: Some(name),
        permissions: Some(Permissions { uid: 0, gid: 0, mode }),
        checksum: Some(checksum),
    };
    let directory = |directory| Owned { directory, name: None, permissions: None, checksum: None };
    let expected = Record {
        name: "musl".into(),
        version: "1.2.5-r9".into(),
        architecture: "x86_64".into(),
        origin: "musl".into(),
        description: "the musl c library (libc) implementation".into(),
        homepage: "https://musl.libc.org/".into(),
        license: "MIT".into(),
        maintainer: "Natanael Copa <ncopa@example.org>".into(),
        replaces: "libiconv".into(),
        owned: vec![
            directory(b"lib"),
            file(b"ld-musl-x86_64.so.1", b"Q1OP7RtFQDwlAFIEHyRn5bUB4jFnc=", 0o755),
            file(b"libc.musl-x86_64.so.1", b"Q17yJ3JFNypA4mxhJJr0ou6CzsJVI=", 0o777),
        ],
    };
    assert_eq!(*musl, expected);
    let mode = |mode| Some(Permissions { uid: 0, gid: 0, mode });
    let expected = [
        directory(b""),
        Owned { permissions: mode(0o1777), ..directory(b"tmp") },
        Owned { permissions: mode(0o555), ..directory(b"var/empty") },
        Owned { name: Some(b".keep"), ..directory(b"var/empty") },
    ];
    assert_eq!((layout.name.as_str(), &layout.owned[..]), ("alpine-baselayout", &expected[..]));
}

#[test]
fn a_broken_record_does_not_hide_the_others() {
    let text = b"\n\nP:a\nV:1\n\nP:b\nV:1\nnonsense\x1b\n\nV:1\n\n\nP:c\n\nP:d\nV:1\nR:x\n\n\
                 P:e\nV:1\nM:0:0:755\n\nP:f\nV:1\nF:x\nM:0:0:999\n\nP:g\nV:1";
    let read: Vec<Result<String, String>> = records(text)
        .map(|record| record.map(|record| record.name).map_err(|problem| problem.to_string()))
        .collect();
    let problem = |text: &str| Err(text.to_owned());
    let expected = [
        Ok("a".to_owned()),
        problem("line 8: expected a letter, a colon and a value, found `nonsense\\u{1b}`"),
        problem("line 10: package `` has no `P:`"),
        problem("line 13: package `c` has no `V:`"),
        problem("line 17: `R:` stands before what it belongs to"),
        problem("line 21: `M:` stands before what it belongs to"),
        problem("line 26: expected owner, group and mode, found `0:0:999`"),
        Ok("g".to_owned()),
    ];
    assert_eq!(read, expected);
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(prop_oneof![
        4 => prop::sample::select(&b"PVAFRMaZ:\n0"[..]), 1 => any::<u8>(),
    ], 0..400)) {
        let mut lines = 0;
        for record in records(&bytes) {
            lines += 1;
            if let Ok(record) = record {
                prop_assert!(!record.name.is_empty() && !record.version.is_empty());
                lines += record.owned.len();
            }
        }
        prop_assert!(lines <= bytes.len());
    }
}
