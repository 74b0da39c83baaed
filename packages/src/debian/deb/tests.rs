use std::error::Error;
use std::io::Write;

use proptest::prelude::*;

use super::*;

const CONTROL: &[u8] =
    b"Package: hello\nVersion: 2.10-3\nArchitecture: amd64\nDescription: a greeting\n more\n";

/// Writes an ar archive of named members.
fn ar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = b"!<arch>\n".to_vec();
    for (name, content) in members {
        archive.extend(
            format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 100_644, content.len()).bytes(),
        );
        archive.extend(*content);
        archive.extend((content.len() % 2 == 1).then_some(b'\n'));
    }
    archive
}

/// Writes a tar archive of named files, all changed at second 1234.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut directory = tar::Header::new_gnu();
    directory.set_entry_type(tar::EntryType::Directory);
    directory.set_size(0);
    builder.append_data(&mut directory, "./", [].as_slice()).expect("writing into memory succeeds");
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mtime(1234);
        builder.append_data(&mut header, name, *content).expect("writing into memory succeeds");
    }
    builder.into_inner().expect("writing into memory succeeds")
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).expect("writing into memory succeeds");
    encoder.finish().expect("writing into memory succeeds")
}

fn xz(plain: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
    encoder.write_all(plain).expect("writing into memory succeeds");
    encoder.finish().expect("writing into memory succeeds")
}

/// Opens a package, and reads its data member to the end.
fn open(bytes: &[u8]) -> Result<(ControlArchive, Compression, Vec<u8>), DebError> {
    let package = DebReader::open(bytes)?;
    let control = package.control().clone();
    let mut data = package.data()?;
    let mut content = Vec::new();
    data.read_to_end(&mut content)?;
    assert_eq!(data.size, content.len() as u64);
    Ok((control, data.compression, content))
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(": {error}");
        source = error.source();
    }
    text
}

#[test]
fn every_compression_of_a_package_is_read() {
    let control =
        tar(&[("./control", CONTROL), ("./md5sums", b"d41d8cd98f00b204e9800998ecf8427e  usr/bin/hello\n")]);
    let zstd = zstd::encode_all(control.as_slice(), 1).expect("writing into memory succeeds");
    let cases: [(&str, &str, Vec<u8>, &str, Compression); 5] = [
        ("plain", "control.tar", control.clone(), "data.tar", Compression::None),
        ("gzip", "control.tar.gz", gzip(&control), "data.tar.gz", Compression::Gzip),
        ("xz", "control.tar.xz", xz(&control), "data.tar.xz", Compression::Xz),
        ("zstd", "control.tar.zst/", zstd, "data.tar.zst/", Compression::Zstd),
        ("old", "control.tar.gz", gzip(&control), "data.tar.lzma", Compression::Lzma),
    ];
    for (name, control_name, control, data_name, compression) in cases {
        let bytes = ar(&[
            ("debian-binary", b"2.0\n"),
            ("_ignored", b"?"),
            (control_name, &control),
            (data_name, b"odd"),
            ("later", b"?"),
        ]);
        let (control, found, data) = open(&bytes).expect("the package is well formed");
        assert_eq!((found, data.as_slice()), (compression, b"odd".as_slice()), "{name}");
        assert_eq!(control.control.as_bytes(), CONTROL, "{name}");
        assert_eq!(control.control_mtime, 1234, "{name}");
        assert_eq!(control.md5sums()[0].path, b"usr/bin/hello", "{name}");
    }
}

#[test]
fn control_data_is_sorted_out() {
    let control = tar(&[
        ("control", CONTROL),
        ("./postinst", b"#!/bin/sh\n"),
        ("./preinst", b"\x7fELF"),
        ("./conffiles", b"/etc/hello\nremove-on-upgrade /etc/old\n/etc/b \n"),
        ("./nested/file", b"ignored"),
        ("./triggers", b"interest x\n"),
    ]);
    let bytes = ar(&[("debian-binary", b"2.0\n"), ("control.tar", &control), ("data.tar", b"")]);
    let (control, ..) = open(&bytes).expect("the package is well formed");
    assert_eq!(control.stanza().expect("control is one stanza").get("Package"), Some("hello"));
    let scripts: Vec<_> = control.scripts().collect();
    assert_eq!(scripts, [("postinst", b"#!/bin/sh\n".as_slice()), ("preinst", b"\x7fELF")]);
    assert_eq!(control.conffiles(), [b"/etc/hello".to_vec(), b"/etc/b".to_vec()]);
    assert_eq!(control.files.keys().collect::<Vec<_>>(), ["conffiles", "postinst", "preinst", "triggers"]);
    assert_eq!(control.md5sums(), []);
    assert_eq!(
        control.index_stanza("./hello.deb", 7, "ab"),
        "Package: hello\nVersion: 2.10-3\nArchitecture: amd64\nDescription: a greeting\n more\n\
         Filename: ./hello.deb\nSize: 7\nSHA256: ab\n\n"
    );
}

#[test]
fn wrong_packages_are_refused_with_the_reason() {
    let binary = ("debian-binary", b"2.0\n".as_slice());
    let control = gzip(&tar(&[("./control", CONTROL)]));
    let plain = tar(&[("./control", CONTROL)]);
    let good = ar(&[binary, ("control.tar", &plain), ("data.tar", b"0123456789")]);
    let mut damaged = good.clone();
    damaged[good.len() - 12] = b'x';
    let mut wrong_size = good.clone();
    let at = wrong_size.len() - 10 - 12;
    wrong_size[at..at + 10].copy_from_slice(b"-1        ");
    refuses([
        ("empty", Vec::new(), "not a Debian package: expected the signature of an ar archive, found ``"),
        (
            "html",
            b"<html>404".to_vec(),
            "not a Debian package: expected the signature of an ar archive, found `<html>40`",
        ),
        ("no members", ar(&[]), "the package has member `` where `debian-binary` is due"),
        ("a library", ar(&[("a.o/", b"")]), "the package has member `a.o` where `debian-binary` is due"),
        ("format 3", ar(&[("debian-binary", b"3.0\n")]), "the package has format `3.0`: expected 2.x"),
        (
            "format without newline",
            ar(&[("debian-binary", b"2.0")]),
            "the package has format `2.0`: expected 2.x",
        ),
        (
            "long format",
            ar(&[("debian-binary", &[b'2'; 65])]),
            "member `debian-binary` of the package has 65 bytes: expected at most 64",
        ),
        ("no control", ar(&[binary]), "the package has member `` where `control.tar` is due"),
        (
            "data first",
            ar(&[binary, ("data.tar", b"")]),
            "the package has member `data.tar` where `control.tar` is due",
        ),
        (
            "unknown compression",
            ar(&[binary, ("control.tar.br", b"")]),
            "the package has member `control.tar.br` where `control.tar` is due",
        ),
        (
            "no data",
            ar(&[binary, ("control.tar.gz", &control)]),
            "the package has member `` where `data.tar` is due",
        ),
        (
            "cut in the data",
            good[..good.len() - 3].to_vec(),
            "cannot read the package: member `data.tar` ends 3 bytes too early",
        ),
        (
            "cut in a header",
            good[..good.len() - 40].to_vec(),
            "the package is damaged: expected the header of an ar member at byte 2692, found",
        ),
        (
            "damaged header",
            damaged,
            "the package is damaged: expected the header of an ar member at byte 2692, found",
        ),
        (
            "negative size",
            wrong_size,
            "the package is damaged: expected the header of an ar member at byte 2692, found",
        ),
    ]);
}

#[test]
fn wrong_control_archives_are_refused_with_the_reason() {
    let binary = ("debian-binary", b"2.0\n".as_slice());
    let control = gzip(&tar(&[("./control", CONTROL)]));
    let archive = |files: &[(&str, &[u8])]| ar(&[binary, ("control.tar", &tar(files)), ("data.tar", b"")]);
    let mut altered = control.clone();
    let middle = altered.len() / 2;
    altered[middle] ^= 0x55;
    refuses([
        (
            "control altered",
            ar(&[binary, ("control.tar.gz", &altered), ("data.tar", b"")]),
            "cannot read the control archive of the package: cannot unpack it: ",
        ),
        (
            "control cut",
            ar(&[binary, ("control.tar.gz", &control[..control.len() - 4]), ("data.tar", b"")]),
            "cannot read the control archive of the package: cannot unpack it: ",
        ),
        (
            "no file control",
            archive(&[("./md5sums", b"")]),
            "cannot read the control archive of the package: it has no file `control`",
        ),
        (
            "control twice",
            archive(&[("./control", CONTROL), ("control", CONTROL)]),
            "cannot read the control archive of the package: it has the file `control` twice",
        ),
        (
            "two stanzas",
            archive(&[("./control", b"Package: a\n\nPackage: b\n")]),
            "cannot read the control archive of the package: cannot read the file `control`: \
             line 3: expected one stanza, found another",
        ),
    ]);
}

/// Asserts that each package is refused with a message that starts like this.
fn refuses<const N: usize>(cases: [(&str, Vec<u8>, &str); N]) {
    for (name, bytes, message) in cases {
        let error = open(&bytes).expect_err(name);
        let text = chain(&error);
        assert!(text.starts_with(message), "{name}: {text}");
    }
}

#[test]
fn a_control_archive_of_any_size_takes_bounded_memory() {
    let mut plain = tar(&[("./control", CONTROL)]);
    plain.truncate(plain.len() - 1024);
    let mut header = tar::Header::new_gnu();
    header.set_path("./bomb").expect("a short name");
    header.set_size(1 << 40);
    header.set_cksum();
    plain.extend(header.as_bytes());
    let zeros = io::repeat(0).take(300 << 20);
    let control = zstd::encode_all(plain.chain(zeros), 1).expect("writing into memory succeeds");
    assert!(control.len() < 1 << 20);
    let error = open(&ar(&[("debian-binary", b"2.0\n"), ("control.tar.zst", &control), ("data.tar", b"")]))
        .expect_err("the control archive is a bomb");
    assert_eq!(
        chain(&error),
        "cannot read the control archive of the package: cannot unpack it: more than the 268435456 bytes allowed"
    );
}

proptest! {
    #[test]
    fn a_damaged_package_is_read_or_refused(at in 0usize..2000, to in any::<u8>(), end in 0usize..4000) {
        let control = tar(&[("./control", CONTROL), ("./postinst", b"#!/bin/sh\n")]);
        let mut bytes = ar(&[("debian-binary", b"2.0\n"), ("control.tar", &control), ("data.tar", &[7; 100])]);
        let length = bytes.len();
        bytes[at % length] = to;
        let _ = open(&bytes[..end.min(length)]);
    }
}
