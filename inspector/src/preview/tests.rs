//! Previews of small contents of every kind, hostile ones among them.

use std::io::Write as _;
use std::sync::LazyLock;

use attar_image::filesystem::Metadata;
use attar_image::path::TreePath;
use attar_testing::layers::Layer;
use proptest::prelude::*;

use super::*;
use crate::testing::stack;

fn look_at(name: &str, bytes: impl Into<Arc<[u8]>>) -> Preview {
    preview(&Content::whole(name, bytes), &Surroundings::unknown())
}

fn texts(preview: &Preview, mode: Mode) -> Vec<String> {
    preview.lines(mode, 80, 0..usize::MAX).iter().map(Line::text).collect()
}

fn fact<'a>(preview: &'a Preview, label: &str) -> Option<&'a str> {
    preview.facts.iter().find(|fact| fact.label == label).map(|fact| fact.value.as_str())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    attar_image::layer::compression::compress(attar_image::layer::compression::Codec::GZIP, bytes)
        .expect("memory takes all")
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = ::zip::write::SimpleFileOptions::default()
            .compression_method(::zip::CompressionMethod::Stored)
            .unix_permissions(0o750);
        writer.start_file(*name, options).expect("a member");
        writer.write_all(bytes).expect("memory takes all");
    }
    writer.finish().expect("an archive").into_inner()
}

fn ar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = b"!<arch>\n".to_vec();
    for (name, content) in members {
        bytes.extend(format!("{name:<16}{:<32}{:<10}`\n", "", content.len()).bytes());
        bytes.extend(*content);
        bytes.extend(vec![b'\n'; content.len() % 2]);
    }
    bytes
}

fn certificate(name: &str) -> rcgen::CertifiedKey<rcgen::KeyPair> {
    let mut parameters = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
    parameters.not_before = rcgen::date_time_ymd(2020, 1, 2);
    parameters.not_after = rcgen::date_time_ymd(2030, 3, 4);
    let signing_key = rcgen::KeyPair::generate().expect("a key");
    let cert = parameters.self_signed(&signing_key).expect("a certificate");
    rcgen::CertifiedKey { cert, signing_key }
}

#[test]
fn kinds_are_told_by_content() {
    let tar = Layer::new().file("a", "1").tar();
    let key = certificate("x").signing_key;
    for (name, bytes, kind, mode) in [
        ("nothing", Vec::new(), "empty file", Mode::Facts),
        ("a.png", b"text\n".to_vec(), "text", Mode::Text),
        ("run", b"#!/bin/sh\n".to_vec(), "text (shell)", Mode::Text),
        ("a.txt", b"\0\x01\x02".to_vec(), "binary", Mode::Hex),
        ("db", b"SQLite format 3\0\0".to_vec(), "SQLite database", Mode::Hex),
        ("x.pyc", b"\xa7\x0d\x0d\x0a\0".to_vec(), "Python bytecode", Mode::Hex),
        ("p", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01".to_vec(), "picture (PNG)", Mode::Facts),
        ("t", tar.clone(), "archive (tar)", Mode::Listing),
        ("t", gzip(&tar), "archive (tar, gzip)", Mode::Listing),
        ("t.gz", gzip(b"hello\n"), "compressed (gzip)", Mode::Text),
        ("t.gz", gzip(b"\0\x01\x02"), "compressed (gzip)", Mode::Facts),
        ("t.jar", zip(&[("a", b"1")]), "archive (zip)", Mode::Listing),
        ("t.a", ar(&[("a.o/", b"1")]), "archive (ar)", Mode::Listing),
        ("c.pem", certificate("x").cert.pem().into_bytes(), "certificates", Mode::Listing),
        ("c.der", certificate("x").cert.der().to_vec(), "certificates", Mode::Listing),
        ("k.pem", key.serialize_pem().into_bytes(), "private key", Mode::Text),
        ("k.der", key.serialize_der(), "private key", Mode::Facts),
    ] {
        let preview = look_at(name, bytes);
        assert_eq!((preview.kind.to_string().as_str(), preview.modes[0]), (kind, mode), "{name}");
    }
}

#[test]
fn texts_and_their_rest() {
    let preview = preview(&Content::new("x", &b"a\n\tb"[..], 5000), &Surroundings::unknown());
    assert_eq!(texts(&preview, Mode::Text), ["a", "        b", "… 5.00 kB more"]);
    assert_eq!(preview.more, Some(5000));
    assert_eq!(preview.lines(Mode::Text, 80, 1..2).len(), 1);
    assert_eq!(preview.lines(Mode::Text, 80, 7..9).len(), 0);
    let preview = look_at("log", "x".repeat(10 << 20).into_bytes());
    assert_eq!(preview.line_count(Mode::Text, 80), 1);
    assert!(preview.lines(Mode::Text, 80, 0..1)[0].width() < MAX_COLUMNS + 30);
}

#[test]
fn private_things_are_shown_in_no_mode() {
    let key = certificate("x").signing_key;
    let pem = key.serialize_pem();
    let secret = pem.lines().nth(1).expect("a line").to_owned();
    let shadow = "root:$6$salt$secretsecret:1:\n";
    for (name, bytes, secret) in [
        ("k.pem", pem.clone().into_bytes(), &secret[..]),
        ("k.pem.gz", gzip(pem.as_bytes()), &secret[..]),
        ("etc/shadow", shadow.as_bytes().to_vec(), "secretsecret"),
        ("shadow.gz", gzip(shadow.as_bytes()), "secretsecret"),
    ] {
        let preview = look_at(name, bytes);
        for mode in preview.modes.clone() {
            let all = texts(&preview, mode).concat();
            assert!(!all.contains(secret), "{name} in {}", mode.name());
        }
        assert!(preview.facts[0].style == Style::Warning || name.ends_with(".gz"), "{name}");
    }
    let preview = look_at("k.der", key.serialize_der());
    assert_eq!(preview.modes, [Mode::Facts]);
    assert!(texts(&preview, Mode::Hex).concat().contains("2a 2a"));
    let old = Content::whole("shadow", shadow.as_bytes());
    let new = Content::whole("shadow", shadow.replace("secretsecret", "othersecrets").into_bytes());
    let found = difference(&old, &new, &Surroundings::unknown());
    assert_eq!(texts(&found, Mode::Difference), ["only what is masked differs"]);
}

#[test]
fn certificates_are_listed() {
    let now = Some(1_900_000_000);
    let later = Surroundings { now, ..Surroundings::unknown() };
    let (one, other) = (certificate("One \u{202e}CA"), certificate("other"));
    let bundle = format!("# One\n{}{}-----BEGIN CERTIFICATE-----\nMII=\n", one.cert.pem(), other.cert.pem());
    let preview = preview(&Content::whole("ca.crt", bundle.into_bytes()), &later);
    let mut lines = texts(&preview, Mode::Listing);
    for (certificate, line) in [(&one, 4), (&other, 9)] {
        let digest = attar_image::Digest::of(certificate.cert.der()).hex();
        assert_eq!(lines[line], format!("   SHA-256   {digest}"));
        lines[line] = String::from("   SHA-256   DIGEST");
    }
    assert_eq!(
        lines,
        [
            "1  CN=One \\u{202e}CA",
            "   issuer    itself",
            "   valid     2020-01-02 to 2030-03-04: expired",
            "   key       elliptic curve P-256",
            "   SHA-256   DIGEST",
            "2  CN=other",
            "   issuer    itself",
            "   valid     2020-01-02 to 2030-03-04: expired",
            "   key       elliptic curve P-256",
            "   SHA-256   DIGEST",
            "3  damaged, or cut short",
        ]
    );
    assert_eq!((fact(&preview, "expired"), fact(&preview, "damaged")), (Some("2"), Some("1")));
    let whole = one.cert.pem().repeat(140);
    let preview = look_at("roots", whole.into_bytes());
    assert_eq!(preview.line_count(Mode::Listing, 80), 5 * 140);
    assert_eq!(fact(&preview, "expired"), None);
}

#[test]
fn archives_are_listed() {
    let tar = Layer::new()
        .directory("d")
        .mode(0o755)
        .file("d/a\x1b[1m", "12345")
        .symlink("l", "d/\u{202e}a")
        .hard_link("h", "d/a\x1b[1m")
        .tar();
    let expected = [
        "d0755            d",
        "-0755       5 B  d/a\\u{1b}[1m",
        "l0777            l → d/\\u{202e}a",
        "h0644            h = /d/a\\u{1b}[1m",
    ];
    assert_eq!(texts(&look_at("x.tar", tar.clone()), Mode::Listing), expected);
    let preview = look_at("x.tgz", gzip(&tar));
    assert_eq!(texts(&preview, Mode::Listing), expected);
    assert_eq!(fact(&preview, "unpacked"), Some("5 B"));
    let listing = texts(&look_at("x.whl", zip(&[("a/b.py", b"123"), ("é\n", b"")])), Mode::Listing);
    assert_eq!(listing, ["-0750       3 B  a/b.py", "-0750       0 B  é\\n"]);
    let long =
        ar(&[("//", b"a_very_long_name_of_a_file.o/\nb.o/\n"), ("/0", b"12"), ("/30", b"1"), ("c.o/", b"")]);
    let listing = texts(&look_at("x.a", long), Mode::Listing);
    assert_eq!(
        listing,
        ["-       2 B  a_very_long_name_of_a_file.o", "-       1 B  b.o", "-       0 B  c.o"]
    );
}

#[test]
fn packages_of_debian_are_listed_with_what_they_are() {
    let control = "Package: it\nVersion: 1.2-3\nArchitecture: all\nDescription: does \u{1b}[1mit\n more\n";
    let package = attar_testing::deb::deb(control, &[("usr/bin/it", "12345")]).expect("a package");
    let preview = look_at("it.deb", package);
    assert_eq!(preview.kind, Kind::Archive { format: "Debian package" });
    assert_eq!(fact(&preview, "version"), Some("1.2-3"));
    assert_eq!(fact(&preview, "description"), Some("does \\u{1b}[1mit"));
    let listing = texts(&preview, Mode::Listing);
    assert!(listing.last().is_some_and(|line| line.ends_with("5 B  usr/bin/it")), "{listing:?}");
}

#[test]
fn archives_that_are_cut_or_bombs() {
    let tar = Layer::new().file("a", vec![b'x'; 3000]).file("b", "1").tar();
    let cut = preview(&Content::new("x.tar", &tar[..2000], tar.len() as u64), &Surroundings::unknown());
    assert_eq!(texts(&cut, Mode::Listing), ["-0644   3.00 kB  a", "… only the first 2.00 kB were read"]);
    assert_eq!(cut.more, Some(tar.len() as u64));
    let damaged = look_at("x.tar", &tar[..2000]);
    assert!(fact(&damaged, "not read").is_some_and(|why| why.contains("cannot read the archive")));
    let parent = look_at("x.tar", Layer::new().file("../../etc/passwd", "x").tar());
    assert!(fact(&parent, "not read").is_some_and(|why| why.contains("`..`")), "{:?}", parent.facts);
    let many: Vec<(String, &[u8])> =
        (0..MAX_MEMBERS + 5).map(|number| (number.to_string(), &b""[..])).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    let many = look_at("x.zip", zip(&many));
    assert_eq!(many.line_count(Mode::Listing, 80), MAX_MEMBERS + 1);
    assert_eq!(many.more, None);
    // 600 MiB in 600 kB.
    let bomb = look_at("x.gz", gzip(&vec![b'0'; 32 << 20]).repeat(19));
    assert_eq!(fact(&bomb, "uncompressed"), Some("at least 1.05 MB"));
    let holes = Layer::new().file("zeros", vec![0; 8 << 20]).tar();
    let holes = look_at("x.tgz", [gzip(&holes[..holes.len() - 1024]).repeat(40), gzip(&holes)].concat());
    assert!(fact(&holes, "not read").is_some_and(|why| why.contains("268435456 bytes")), "{:?}", holes.facts);
}

#[test]
fn zip_archives_with_lies() {
    let good = zip(&[("a", b"123"), ("b", b"4")]);
    let end = good.len() - 22;
    for (case, at, value) in [
        ("directory larger than the file", end + 12, 0xff),
        ("directory of no bytes", end + 12, 0),
        ("name longer than the directory", good.len() - 22 - 47 + 28, 0xff),
    ] {
        let mut bytes = good.clone();
        bytes[at] = value;
        bytes[at + 1] = value;
        let preview = look_at("x.zip", bytes);
        assert!(preview.line_count(Mode::Listing, 80) <= 2, "{case}");
    }
    for length in 4..good.len() {
        look_at("x.zip", &good[..length]);
    }
    let prefixed = [b"PK\x03\x04", &good[..]].concat();
    assert_eq!(look_at("x.zip", prefixed).line_count(Mode::Listing, 80), 2);
}

fn this_program() -> Vec<u8> {
    std::fs::read(std::env::current_exe().expect("a program runs")).expect("it can be read")
}

#[test]
fn programs_say_what_they_need_and_who_has_it() {
    let bytes = this_program();
    let library = TreePath::parse("usr/lib/libc.so.6").expect("a path");
    let provider = |_: &ElfFacts, name: &str| (name == "libc.so.6").then(|| library.clone());
    let around = Surroundings { now: None, provider: Some(&provider) };
    let whole = preview(&Content::whole("tests", bytes.clone()), &around);
    assert_eq!(whole.kind, Kind::Elf);
    let needs =
        whole.facts.iter().find(|fact| fact.value.starts_with("libc.so.6")).expect("it needs the C library");
    assert_eq!(needs.value, "libc.so.6 → /usr/lib/libc.so.6");
    assert_eq!(needs.jump, Some(library.clone()));
    let interpreter = whole.facts.iter().find(|fact| fact.label == "interpreter").expect("it is dynamic");
    assert_eq!(interpreter.style, Style::Warning, "{interpreter:?}");
    assert!(whole.facts.iter().any(|fact| fact.label == "made by" && fact.value.starts_with("rustc")));
    assert_eq!((fact(&whole, "not known"), whole.more), (None, None));
    let head = preview(&Content::new("tests", &bytes[..1 << 20], bytes.len() as u64), &around);
    assert!(fact(&head, "machine").is_some());
    assert!(fact(&head, "not known").is_some());
    assert_eq!(head.more, Some((bytes.len() as u64).min(MAX_WHOLE)));
    for length in (0..4096).step_by(7) {
        look_at("tests", &bytes[..length]);
    }
}

#[test]
fn providers_are_found_where_the_linker_looks() {
    let stack = stack([Layer::new()
        .directory("usr")
        .directory("usr/lib")
        .symlink("lib", "usr/lib")
        .file("usr/lib/libz.so.1.2", "x")
        .symlink("usr/lib/libz.so.1", "libz.so.1.2")
        .symlink("usr/lib/libgone.so", "nowhere")
        .file("opt/app/lib/libown.so", "x")
        .file("opt/app/bin/run", "x")]);
    let platform = "linux/amd64".parse().expect("a platform");
    let object = TreePath::parse("opt/app/bin/run").expect("a path");
    let find = provider(&stack, &platform, &object);
    let bytes = this_program();
    let mut facts = ElfFacts::read(&bytes).expect("an ELF file");
    facts.runpath = Some(String::from("$ORIGIN/../lib"));
    for (name, expected) in [
        ("libz.so.1", Some("/usr/lib/libz.so.1.2")),
        ("libown.so", Some("/opt/app/lib/libown.so")),
        ("/lib/libz.so.1", Some("/usr/lib/libz.so.1.2")),
        ("libgone.so", None),
        ("lib", None),
        ("../../../../etc/passwd", None),
        ("", None),
    ] {
        assert_eq!(find(&facts, name).map(|path| path.to_string()).as_deref(), expected, "{name}");
    }
}

#[test]
fn entries_that_are_no_files() {
    let stack = stack([
        Layer::new()
            .directory("usr")
            .file("usr/a", "12345")
            .file("usr/b", "1")
            .symlink("bin", "usr")
            .symlink("one", "bin/two")
            .symlink("usr/two", "../usr/a")
            .symlink("gone", "/nowhere/\x1b[1m")
            .symlink("round", "about")
            .symlink("about", "round")
            .device("null", 1, 3)
            .fifo("pipe")
            .file("old", "x"),
        Layer::new().whiteout("old").whiteout("never").opaque("usr/none"),
    ]);
    let all = |name: &str| {
        let path = TreePath::parse(name).expect("a path");
        let shown = entry(&stack, stack.find(&path).expect("an entry")).expect("no file");
        shown
            .facts
            .iter()
            .map(|fact| format!("{}: {}", fact.label, fact.value))
            .collect::<Vec<_>>()
            .join("; ")
    };
    for (name, expected) in [
        ("one", "leads to: bin/two → /usr/two; leads to: ../usr/a → /usr/a; ends: at /usr/a, a file of 5 B"),
        ("bin", "leads to: usr → /usr; ends: at /usr, a directory"),
        (
            "gone",
            "leads to: /nowhere/\\u{1b}[1m → /nowhere/\\u{1b}[1m; ends: at /nowhere/\\u{1b}[1m, where nothing stands",
        ),
        ("null", "type: character device; numbers: 1, 3; on Linux: null"),
        ("pipe", ""),
        ("usr", "entries: 3; files below: 2; others below: 1; bytes below: 6 B; largest: a, 5 B"),
    ] {
        assert_eq!(all(name), expected, "{name}");
    }
    assert!(all("round").ends_with("ends: never: the links go round in a circle"));
    let usr = stack.paths().find(&TreePath::parse("usr").expect("a path")).expect("it is there");
    let listing = texts(&directory(&stack, usr), Mode::Listing);
    assert_eq!(listing, ["     5 B  a", "     1 B  b", "     0 B  two → ../usr/a"]);
    let whiteouts: Vec<String> =
        stack.entries(1).map(|id| entry(&stack, id).expect("no file").facts[0].value.clone()).collect();
    assert_eq!(
        whiteouts,
        [
            "/old, and all below it, that lower layers have",
            "nothing: it is for /never, and all below it, that lower layers have, and there is nothing",
            "nothing: it is for all that lower layers have below /usr/none, and there is nothing",
        ]
    );
}

#[test]
fn owners_and_modes_are_compared() {
    let of = |mode, uid, mtime| Metadata { mode, uid, gid: 0, mtime, xattrs: Default::default() };
    let compare =
        |before, after| -> Vec<String> { metadata(&before, &after).iter().map(Line::text).collect() };
    assert_eq!(compare(of(0o644, 0, 7), of(0o644, 0, 7)), [] as [&str; 0]);
    assert_eq!(
        compare(of(0o644, 0, 7), of(0o4755, 65532, 8)),
        [
            "- mode 0644",
            "+ mode 4755",
            "- owner 0:0",
            "+ owner 65532:0",
            "the time of the last change differs",
        ]
    );
}

#[test]
fn versions_are_compared() {
    let compare = |name: &str, before: &[u8], after: &[u8]| {
        let (before, after) = (Content::whole(name, before), Content::whole(name, after));
        texts(&difference(&before, &after, &Surroundings::unknown()), Mode::Difference)
    };
    assert_eq!(compare("a", b"x\n", b"x\n"), ["the contents are the same"]);
    assert_eq!(
        compare("a", b"a\nb\x1b\n", b"a\nc\r\nd"),
        [
            "line 1 before, line 1 now",
            "     1      1   a",
            "     2        - b\\u{1b}",
            "            2 + c\\r",
            "            3 + d",
            "              without line end",
        ]
    );
    // Longer than what is compared as a whole.
    let many: String = (1..100_000).map(|number| format!("line {number}\n")).collect();
    let changed = many.replace("line 50000\n", "line 50000 is another\n");
    assert_eq!(
        compare("a", many.as_bytes(), changed.as_bytes()),
        [
            "line 49997 before, line 49997 now",
            " 49997  49997   line 49997",
            " 49998  49998   line 49998",
            " 49999  49999   line 49999",
            " 50000        - line 50000",
            "        50000 + line 50000 is another",
            " 50001  50001   line 50001",
            " 50002  50002   line 50002",
            " 50003  50003   line 50003",
        ]
    );
    let grown = format!("{many}more\n");
    assert_eq!(
        compare("a", many.as_bytes(), grown.as_bytes()).last().map(String::as_str),
        Some("       100000 + more")
    );
    let other: String = (1..100_000).map(|number| format!("other {number}\n")).collect();
    let lines = compare("a", many.as_bytes(), other.as_bytes());
    assert_eq!(lines[0], "too much differs to be compared line by line");
    let (one, two) =
        (Layer::new().file("a", "1").file("b", "2"), Layer::new().file("a", "1").file("c", "22"));
    let lines = compare("x.tar", &one.tar(), &two.tar());
    assert_eq!(
        lines[..4],
        ["- unpacked: 2 B", "+ unpacked: 3 B", "- -0644       1 B  b", "+ -0644       2 B  c"]
    );
    let lines = compare("x", b"\0\x01\x02", b"\0\x01\x03\x04");
    assert_eq!(lines, ["- size: 3 B", "+ size: 4 B", "the bytes differ from offset 2 (0x2) on"]);
    let latin = compare("x", b"gr\xfcn und mehr Text\n", b"gr\xfcn und mehr Texte\n");
    assert_eq!(latin[1], "     1        - gr\\xfcn und mehr Text");
}

/// Holds for every preview: nothing harmful is shown, and a part of the lines is the same as all of them.
fn check(preview: &Preview) {
    assert!(!preview.modes.is_empty());
    for mode in [Mode::Text, Mode::Hex, Mode::Facts, Mode::Listing, Mode::Difference] {
        for columns in [0, 50, 100] {
            let count = preview.line_count(mode, columns);
            let lines = preview.lines(mode, columns, 0..count.min(300));
            assert_eq!(lines.len(), count.min(300));
            for (number, line) in lines.iter().enumerate() {
                assert!(!line.text().contains(attar_image::text::is_harmful), "{line:?}");
                assert!(line.spans.iter().all(|span| !span.text.is_empty()));
                assert_eq!(
                    line.width(),
                    line.spans.iter().map(|span| line::width(&span.text)).sum::<usize>()
                );
                assert!(line.width() <= MAX_COLUMNS + 100, "{} columns", line.width());
                if number % 50 == 0 {
                    assert_eq!(preview.lines(mode, columns, number..number + 1), std::slice::from_ref(line));
                }
            }
        }
    }
}

static BEGINNINGS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let tar = Layer::new().directory("d").file("d/a", "1").symlink("l", "d").tar();
    let key = certificate("x");
    vec![
        Vec::new(),
        gzip(&tar),
        zip(&[("a", b"1"), ("b/c", b"22")]),
        ar(&[("debian-binary", b"2.0\n"), ("control.tar.gz", &gzip(&tar)), ("data.tar.gz", &gzip(&tar))]),
        ar(&[("//", b"long_long_long_name.o/\n"), ("/0", b"1")]),
        tar,
        key.cert.der().to_vec(),
        key.cert.pem().into_bytes(),
        key.signing_key.serialize_der(),
        this_program()[..4096].to_vec(),
        b"\xff\xd8\xff\xe0\0\x04ab\xff\xc2\0\x0b\x08\0\x40\0\x80".to_vec(),
        b"#!/bin/sh\nif true; then echo \"\x1b[1m\"; fi\n".to_vec(),
        "שלום 日本 e\u{301} 👩\u{200d}💻\t\u{202e}x\r\n".as_bytes().to_vec(),
    ]
});

proptest! {
    #[test]
    fn any_bytes_are_shown(bytes in prop::collection::vec(any::<u8>(), 0..600), size in 0u64..2000, name in "[a-z]{0,3}(\\.(sh|py|gz|lzma|json|rs|md))?") {
        let content = Content::new(name, bytes, size);
        check(&preview(&content, &Surroundings::unknown()));
    }

    #[test]
    fn any_text_is_shown(text in "(\\PC|\\pC|[\"'`{}()\\\\/#*<-]|\n){0,400}", name in "(shadow|x\\.(sh|py|c|rs|js|html|md|yaml|css|toml|php|rb|sql|xml))") {
        check(&preview(&Content::whole(name, text.into_bytes()), &Surroundings::unknown()));
    }

    #[test]
    fn damaged_files_are_shown(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        length in any::<prop::sample::Index>(),
        size in 0u64..10_000,
    ) {
        let mut bytes = BEGINNINGS[which.index(BEGINNINGS.len())].clone();
        for (at, value) in changes {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
        }
        let before = Content::whole("x", bytes.clone());
        bytes.truncate(length.index(bytes.len() + 1));
        let after = Content::new("x", bytes, size);
        let around = Surroundings { now: Some(0), provider: Some(&|_, _| None) };
        check(&preview(&after, &around));
        check(&difference(&before, &after, &around));
    }
}
