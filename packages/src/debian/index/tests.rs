use proptest::prelude::*;

use super::*;

/// A stanza with all that a package must have, and more fields before.
fn stanza(name: &str, version: &str, more: &str) -> String {
    format!(
        "Package: {name}\nVersion: {version}\n{more}Architecture: amd64\n\
         Filename: pool/{name}_{version}.deb\nSize: 10\nSHA256: ab\n\n"
    )
}

fn index(text: &str) -> Index {
    Index::parse(text.as_bytes().to_vec()).expect("the test's index is well formed")
}

fn names<'a>(packages: impl Iterator<Item = Package<'a>>) -> Vec<String> {
    packages.map(|package| format!("{package:?}")).collect()
}

#[test]
fn every_field_is_read() {
    let text = "\
Package: libssl3t64
Source: openssl (3.5.4-1)
Version: 3.5.4-1+b1
Installed-Size: 9003
Maintainer: nobody reads this
Architecture: amd64
Replaces: libssl3 (<< 3.1.4-2)
Provides: libssl3 (= 3.5.4-1+b1)
Depends: libc6 (>= 2.38),
 libzstd1 (>= 1.5.5)
Pre-Depends: dpkg
Recommends: openssl
Conflicts: a
Breaks: openssl (<< 3.5.1)
Description: Secure Sockets Layer toolkit
 which has more lines
Multi-Arch: same
Essential: yes
Section: libs
Priority: standard
Filename: pool/main/o/openssl/libssl3t64_3.5.4-1+b1_amd64.deb
Size: 2438140
SHA256: c6f4
";
    let index = index(text);
    let package = index.get(PackageNumber(0));
    assert_eq!(package.name(), "libssl3t64");
    assert_eq!(package.source(), ("openssl", "3.5.4-1"));
    assert_eq!(package.version(), "3.5.4-1+b1");
    assert_eq!(package.installed_size(), Some(9003));
    assert_eq!(package.architecture(), "amd64");
    assert_eq!(package.replaces(), "libssl3 (<< 3.1.4-2)");
    assert_eq!(package.provides(), "libssl3 (= 3.5.4-1+b1)");
    assert_eq!(package.depends(), "libc6 (>= 2.38),\n libzstd1 (>= 1.5.5)");
    assert_eq!(package.pre_depends(), "dpkg");
    assert_eq!(package.recommends(), "openssl");
    assert_eq!(package.conflicts(), "a");
    assert_eq!(package.breaks(), "openssl (<< 3.5.1)");
    assert_eq!(package.description(), "Secure Sockets Layer toolkit");
    assert_eq!(package.multi_arch(), MultiArch::Same);
    assert!(package.essential());
    assert_eq!(package.section(), "libs");
    assert_eq!(package.priority(), Priority::Standard);
    assert_eq!(package.filename(), "pool/main/o/openssl/libssl3t64_3.5.4-1+b1_amd64.deb");
    assert_eq!(package.size(), Some(2_438_140));
    assert_eq!(package.sha256(), "c6f4");
}

#[test]
fn fields_that_are_not_there_are_empty() {
    let text = stanza("a", "1", "");
    let index = index(&text);
    let package = index.get(PackageNumber(0));
    assert_eq!(package.source(), ("a", "1"));
    assert_eq!((package.depends(), package.provides(), package.description()), ("", "", ""));
    assert_eq!(package.multi_arch(), MultiArch::No);
    assert_eq!(package.priority(), Priority::Extra);
    assert_eq!(package.installed_size(), None);
    assert!(!package.essential());
}

#[test]
fn packages_are_found_by_name_with_the_newest_first() {
    let text = [("b", "1.9"), ("a", "1"), ("b", "1.10"), ("bb", "1"), ("b", "1:0")]
        .map(|(name, version)| stanza(name, version, ""))
        .concat();
    let index = index(&text);
    assert_eq!(index.len(), 5);
    assert_eq!(names(index.named("b")), ["b 1:0 amd64", "b 1.10 amd64", "b 1.9 amd64"]);
    assert_eq!(names(index.named("bb")), ["bb 1 amd64"]);
    assert_eq!(names(index.named("c")), [""; 0]);
    assert_eq!(index.packages().map(|package| package.number().0).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
}

#[test]
fn packages_are_found_by_what_they_provide() {
    let text = [
        ("mawk", "Provides: awk\n"),
        ("gawk", "Provides: awk, gawk-any:any (= 5) ,\n awk2(=6)\n"),
        ("none", "Provides: , ,\n"),
    ]
    .map(|(name, provides)| stanza(name, "1", provides))
    .concat();
    let index = index(&text);
    let providers = |name: &str| -> Vec<(String, Option<String>)> {
        index
            .providers(name)
            .map(|provider| (provider.package.name().to_owned(), provider.version.map(str::to_owned)))
            .collect()
    };
    assert_eq!(providers("awk"), [("mawk".to_owned(), None), ("gawk".to_owned(), None)]);
    assert_eq!(providers("gawk-any"), [("gawk".to_owned(), Some("5".to_owned()))]);
    assert_eq!(providers("awk2"), [("gawk".to_owned(), Some("6".to_owned()))]);
    assert_eq!(providers("mawk"), []);
}

#[test]
fn odd_texts_are_read() {
    let plain = stanza("a", "1", "") + &stanza("b", "2", "");
    let cases = [
        ("carriage returns", plain.replace('\n', "\r\n")),
        ("no final newline", plain.trim_end().to_owned()),
        ("blank lines in front and between", format!("\n\n{}", plain.replace("\n\n", "\n \n\n"))),
        ("lower case", plain.replace("Package", "package").replace("SHA256", "sha256")),
    ];
    for (name, text) in cases {
        assert_eq!(names(index(&text).packages()), ["a 1 amd64", "b 2 amd64"], "{name}");
    }
    assert!(index("").is_empty());
    let latin = stanza("a", "1", "Description: caf#\n").replace('#', "\u{1}").into_bytes();
    let latin = latin.into_iter().map(|byte| if byte == 1 { 0xe9 } else { byte }).collect();
    let read = Index::parse(latin).expect("bytes that are not UTF-8 are replaced");
    assert_eq!(read.get(PackageNumber(0)).description(), "caf\u{fffd}");
}

#[test]
fn wrong_texts_are_refused_with_line_and_package() {
    let good = stanza("a", "1", "");
    let cases = [
        (format!("{good}Version: 1\n"), "line 8 of the package index: package `` has no `Package`"),
        (format!("{good}Package: b\n"), "line 8 of the package index: package `b` has no `Version`"),
        (good.replace("SHA256: ab\n", ""), "line 1 of the package index: package `a` has no `SHA256`"),
        (good.replace("Size: 10", "Size:"), "line 1 of the package index: package `a` has no `Size`"),
        (
            good.replace("Size: 10", "Size: 10\nsize: 11"),
            "line 6 of the package index: package `a` has the field `Size` twice",
        ),
        ("<html>\n".to_owned(), "cannot read the package index"),
    ];
    for (text, message) in cases {
        let error = Index::parse(text.into_bytes()).expect_err("the index is wrong");
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn compact_text_holds_what_is_read_and_nothing_else() {
    let text = stanza("a", "1", "Depends: b,\n c\nHomepage: x\nDescription: short\n long\n");
    let compact = String::from_utf8(index(&text).to_compact()).expect("the text is UTF-8");
    assert_eq!(
        compact,
        "Package: a\nVersion: 1\nArchitecture: amd64\nDepends: b,\n c\nDescription: short\n\
         Filename: pool/a_1.deb\nSize: 10\nSHA256: ab\n\n"
    );
}

proptest! {
    #[test]
    fn compact_text_is_read_back(
        packages in proptest::collection::vec(("[a-c]", "[0-9.~]{1,3}", "(Provides: [a-d](, [a-d] \\(= 1\\))?\n)?"), 0..8)
    ) {
        let text: String = packages.iter().map(|(name, version, more)| stanza(name, version, more)).collect();
        let whole = index(&text);
        let compact = Index::parse(whole.to_compact()).expect("the compact text is well formed");
        prop_assert_eq!(names(whole.packages()), names(compact.packages()));
        for name in ["a", "b", "c", "d"] {
            prop_assert_eq!(names(whole.named(name)), names(compact.named(name)));
            let provided = |index: &Index| -> Vec<String> {
                index.providers(name).map(|provider| format!("{provider:?}")).collect()
            };
            prop_assert_eq!(provided(&whole), provided(&compact));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(Package: a\n|Version: [(]?1\n|Size: 1\n|[ \n:]|Provides: [(),:= a]{0,9}\n|é){0,30}") {
        if let Ok(index) = Index::parse(text.into_bytes()) {
            prop_assert_eq!(index.packages().len(), index.len());
        }
    }
}
