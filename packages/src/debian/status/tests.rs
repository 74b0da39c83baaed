use proptest::prelude::*;

use super::*;

#[test]
fn a_status_database_is_read() {
    let text = "\
Package: libssl3t64
Status: install ok installed
Priority: optional
Section: libs
Maintainer: Debian OpenSSL Team <x@example.org>
Architecture: amd64
Multi-Arch: same
Source: openssl (3.5.4-1)
Version: 3.5.4-1+b1
Provides: libssl3 (= 3.5.4-1+b1)
Replaces: libssl3
Depends: libc6 (>= 2.38)
Pre-Depends: a
Description: Secure Sockets Layer toolkit
 more
Homepage: https://example.org/
Conffiles:
 /etc/a b 900150983cd24fb0d6963f7d28e17f72
 /etc/c 900150983cd24fb0d6963f7d28e17f72 obsolete

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1

Package: half
Status: install reinstreq half-installed
Architecture: all
Version: 1

Package: heard-of
Status: unknown ok not-installed
";
    let status = parse_status(text.as_bytes());
    assert_eq!(status.problems, []);
    let states: Vec<(&str, State)> =
        status.entries.iter().map(|entry| (entry.name.as_str(), entry.state)).collect();
    assert_eq!(
        states,
        [
            ("libssl3t64", State::Installed),
            ("gone", State::ConfigFiles),
            ("half", State::Partial),
            ("heard-of", State::NotInstalled),
        ]
    );
    let digest = "900150983cd24fb0d6963f7d28e17f72".to_owned();
    let expected = StatusEntry {
        name: "libssl3t64".to_owned(),
        version: "3.5.4-1+b1".to_owned(),
        architecture: "amd64".to_owned(),
        source: "openssl".to_owned(),
        source_version: "3.5.4-1".to_owned(),
        maintainer: "Debian OpenSSL Team <x@example.org>".to_owned(),
        homepage: "https://example.org/".to_owned(),
        section: "libs".to_owned(),
        description: "Secure Sockets Layer toolkit".to_owned(),
        depends: "libc6 (>= 2.38)".to_owned(),
        pre_depends: "a".to_owned(),
        provides: "libssl3 (= 3.5.4-1+b1)".to_owned(),
        replaces: "libssl3".to_owned(),
        state: State::Installed,
        conffiles: vec![("/etc/a b".to_owned(), digest.clone()), ("/etc/c".to_owned(), digest)],
    };
    assert_eq!(status.entries[0], expected);
}

#[test]
fn a_broken_stanza_does_not_hide_the_others() {
    let text = b"Package: a\nVersion: 1\n\nnonsense\nPackage: b\nVersion: 1\n\nVersion: 1\n\nPackage: c\n\n\
                 Package: d\nPackage: d\n\nPackage: \xff\nVersion: 1\n";
    let status = parse_status(text);
    let names: Vec<&str> = status.entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["a", "\u{fffd}"]);
    let problems: Vec<String> = status.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "line 4: expected `Name: value`, found `nonsense`",
            "line 8: package `` has no `Package`",
            "line 10: package `c` has no `Version`",
            "line 13: the field `Package` stands twice in one stanza",
        ]
    );
}

#[test]
fn checksums_are_read_and_written() {
    let sum = |path: &[u8]| Md5Sum { path: path.to_vec(), digest: [0xab; 16] };
    let digits = "ab".repeat(16);
    let text = format!(
        "{digits}  usr/bin/a\n{digits} *usr/bin/b c\r\n{}  upper\n\nnonsense\n{digits} x\n{digits}  \n{}  short\n",
        digits.to_uppercase(),
        &digits[2..],
    );
    let sums = parse_md5sums(text.as_bytes());
    assert_eq!(sums, [sum(b"usr/bin/a"), sum(b"usr/bin/b c"), sum(b"upper")]);
    let written = write_md5sums(&[sum(b"usr/a"), sum(b"b\nc"), sum(b"\xff")]);
    assert_eq!(
        written,
        format!("{digits}  usr/a\n{digits}  ").into_bytes().into_iter().chain(*b"\xff\n").collect::<Vec<_>>()
    );
}

proptest! {
    #[test]
    fn written_checksums_are_read_back(
        sums in proptest::collection::vec((any::<[u8; 16]>(), "[a-z/ *é]{0,12}[a-z]"), 0..8)
    ) {
        let sums: Vec<Md5Sum> =
            sums.into_iter().map(|(digest, path)| Md5Sum { path: path.into_bytes(), digest }).collect();
        prop_assert_eq!(parse_md5sums(&write_md5sums(&sums)), sums);
    }

    #[test]
    fn any_text_is_read(text in "(Package: a\n|Version: 1\n|Status: [a-z ]{0,9}\n|Source: [(]?a[)]?\n|[ \n:x]){0,20}") {
        let status = parse_status(text.as_bytes());
        prop_assert!(status.entries.len() + status.problems.len() <= text.len());
    }
}
