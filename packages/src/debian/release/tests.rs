use proptest::prelude::*;

use super::*;

const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn text(more: &str) -> String {
    format!(
        "Origin: Debian\nDate: Sat, 15 Nov 2025 10:02:30 UTC\n{more}SHA256:\n {DIGEST}  0 main/Packages\n"
    )
}

#[test]
fn every_field_is_read() {
    let text = format!(
        "Origin: Debian\nLabel: Debian-Security\nSuite: stable-security\nVersion: 13\nCodename: trixie-security\n\
         Date: Sat, 15 Nov 2025 10:02:30 UTC\nValid-Until: Sat, 22 Nov 2025 10:02:30 UTC\nAcquire-By-Hash: yes\n\
         NotAutomatic: yes\nButAutomaticUpgrades: yes\nNo-Support-for-Architecture-all: Packages\n\
         Architectures: amd64 arm64\nComponents: updates/main updates/contrib\nDescription: Debian 13 Security\n\
         Signed-By: AAAA\nSnapshots: https://example.org/@SNAPSHOTID@/\n\
         MD5Sum:\n d41d8cd98f00b204e9800998ecf8427e 0 main/Packages\n\
         SHA256:\n {DIGEST}        0 main/Packages\n {DIGEST} 12 main/Packages.xz\n"
    );
    let file = |size| ListedFile { sha256: DIGEST.to_owned(), size };
    let expected = Release {
        origin: "Debian".to_owned(),
        label: "Debian-Security".to_owned(),
        suite: "stable-security".to_owned(),
        codename: "trixie-security".to_owned(),
        version: "13".to_owned(),
        description: "Debian 13 Security".to_owned(),
        date: Date::parse("Sat, 15 Nov 2025 10:02:30 UTC").expect("the date is valid"),
        valid_until: Some(Date::parse("Sat, 22 Nov 2025 10:02:30 UTC").expect("the date is valid")),
        acquire_by_hash: true,
        not_automatic: true,
        but_automatic_upgrades: true,
        architectures: vec!["amd64".to_owned(), "arm64".to_owned()],
        components: vec!["updates/main".to_owned(), "updates/contrib".to_owned()],
        no_support_for_architecture_all: vec!["Packages".to_owned()],
        signed_by: "AAAA".to_owned(),
        snapshots: "https://example.org/@SNAPSHOTID@/".to_owned(),
        sha256: [("main/Packages".to_owned(), file(0)), ("main/Packages.xz".to_owned(), file(12))].into(),
    };
    assert_eq!(Release::parse(&text), Ok(expected));
}

#[test]
fn fields_that_are_not_there_are_empty() {
    let release = Release::parse(&text("")).expect("the release is complete");
    assert_eq!((release.codename.as_str(), release.valid_until), ("", None));
    assert!(!release.acquire_by_hash && !release.not_automatic);
    assert_eq!(release.architectures, [""; 0]);
}

#[test]
fn wrong_texts_are_refused_with_the_reason() {
    let row = |row: &str| text("") + &format!(" {row}\n");
    let bad = |row: &str| {
        format!(
            "cannot read line `{row}` of the Release file's SHA256: expected digest, size and relative path"
        )
    };
    let cases = [
        (String::new(), "the Release file has no `Date`".to_owned()),
        ("Date: Sat, 15 Nov 2025 10:02:30 UTC\n".to_owned(), "the Release file has no `SHA256`".to_owned()),
        ("Date: today\nSHA256:\n".to_owned(), "cannot read the field `Date` of the Release file".to_owned()),
        (text("Valid-Until: x\n"), "cannot read the field `Valid-Until` of the Release file".to_owned()),
        (text("Origin: Other\n"), "cannot read the Release file".to_owned()),
        (text("") + "\nOrigin: Other\n", "cannot read the Release file".to_owned()),
        (row("abc 0 main/Packages"), bad("abc 0 main/Packages")),
        (row(&format!("{DIGEST} -1 a")), bad(&format!("{DIGEST} -1 a"))),
        (row(&format!("{DIGEST} 1")), bad(&format!("{DIGEST} 1"))),
        (row(&format!("{DIGEST} 1 a b")), bad(&format!("{DIGEST} 1 a b"))),
        (row(&format!("{DIGEST} 1 ../a")), bad(&format!("{DIGEST} 1 ../a"))),
        (row(&format!("{DIGEST} 1 /a")), bad(&format!("{DIGEST} 1 /a"))),
        (row(&format!("{DIGEST} 99999999999999999999 a")), bad(&format!("{DIGEST} 99999999999999999999 a"))),
        (
            row(&format!("{DIGEST} 1 main/Packages")),
            "the Release file lists `main/Packages` twice, with different checksums or sizes".to_owned(),
        ),
    ];
    for (text, message) in cases {
        let error = Release::parse(&text).expect_err("the release is wrong");
        assert_eq!(error.to_string(), message);
    }
    assert!(Release::parse(&row(&format!("{DIGEST} 0 main/Packages"))).is_ok(), "the same line twice");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(
        text in "(Date: Sat, 15 Nov 2025 10:02:30 UTC\n|SHA256:|Suite: [a-z\n ]|\n? [0-9a-f]{64} [0-9]{1,3} [a-z./]{1,5}|[ \n:é]){0,9}"
    ) {
        let _ = Release::parse(&text);
    }
}
