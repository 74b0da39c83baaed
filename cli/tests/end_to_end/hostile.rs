//! Packages that mean harm: paths that leave the tree, devices, links out of it, endless contents.

use std::io::Write as _;

use attar_testing::{Attar, Scratch};

/// Makes a package whose data archive holds one entry exactly as given.
fn package(path: &str, kind: tar::EntryType, link: &str) -> Vec<u8> {
    let control = "Package: evil\nVersion: 1\nArchitecture: amd64\nMaintainer: a <a@b.example>\n\
                   Description: evil\n";
    let control = archive("./control", tar::EntryType::Regular, "", control.as_bytes());
    let data = archive(path, kind, link, b"");
    let mut package = b"!<arch>\n".to_vec();
    for (name, bytes) in [("debian-binary", &b"2.0\n"[..]), ("control.tar", &control), ("data.tar", &data)] {
        writeln!(package, "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`", 0, 0, 0, "100644", bytes.len())
            .expect("writing to memory cannot fail");
        package.extend_from_slice(bytes);
        if bytes.len() % 2 == 1 {
            package.push(b'\n');
        }
    }
    package
}

/// Makes a tar archive of one entry; the names go into the header unchecked.
fn archive(path: &str, kind: tar::EntryType, link: &str, content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    let fields = header.as_ustar_mut().expect("a header of this form");
    fields.name[..path.len()].copy_from_slice(path.as_bytes());
    fields.linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(content.len() as u64);
    header.set_cksum();
    let mut builder = tar::Builder::new(Vec::new());
    builder.append(&header, content).expect("writing to memory cannot fail");
    builder.into_inner().expect("writing to memory cannot fail")
}

#[test]
fn paths_of_packages_never_leave_the_tree() {
    use tar::EntryType;
    for (name, path, kind, link) in [
        ("parent", "../../etc/passwd", EntryType::Regular, ""),
        ("parent inside", "./usr/../../x", EntryType::Regular, ""),
        ("link to a parent", "./x", EntryType::Link, "../../etc/shadow"),
        ("link to nothing", "./x", EntryType::Link, "./etc/shadow"),
    ] {
        let scratch = Scratch::new();
        scratch.write("local/evil_1_amd64.deb", package(path, kind, link));
        let said = build(&scratch);
        let message = said.clone().fails(1);
        assert!(message.contains("evil"), "{name}: {said}");
        assert!(!scratch.has("layout"), "{name}: something was written");
    }
}

#[test]
fn absolute_paths_stay_in_the_tree() {
    let scratch = Scratch::new();
    scratch.write("local/evil_1_amd64.deb", package("/usr/bin/x", tar::EntryType::Regular, ""));
    build(&scratch).success();
    let images = attar_testing::layout::images(&scratch.join("layout"), None).expect("a layout");
    let listing = images[0].listing().expect("layers");
    assert!(listing.get("usr/bin/x").is_some(), "{}", listing.without_times());
}

#[test]
fn a_device_is_kept_as_data_and_never_made() {
    let scratch = Scratch::new();
    scratch.write("local/evil_1_amd64.deb", package("./dev/x", tar::EntryType::Char, ""));
    let said = build(&scratch);
    // Whether it goes in or is refused: nothing of the kind may stand on the host.
    assert!(matches!(said.code, Some(0 | 1)), "{said}");
    assert!(!std::path::Path::new("/dev/x").exists());
}

fn build(scratch: &Scratch) -> attar_testing::Finished {
    let spec = scratch.write(
        "attar.yaml",
        "contents: {foundation: none, repositories: [{debs: ./local}], packages: [evil]}\n\
         platforms: [linux/amd64]\n",
    );
    Attar::at(env!("CARGO_BIN_EXE_attar"))
        .cache(scratch.join("cache"))
        .args(["build", "--offline"])
        .arg(spec)
        .arg("-o")
        .arg(format!("oci:{}", scratch.join("layout").display()))
        .run()
}
