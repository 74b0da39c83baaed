//! Small trees, and what the cache says of them.

use attar_image::elf::{Class, Kind as ElfKind};
use attar_image::{Content, Entry, Metadata};

use super::*;

fn facts(soname: Option<&str>, machine: u16) -> Facts {
    Facts {
        class: Class::Bits64,
        order: ByteOrder::Little,
        machine,
        flags: 0,
        os_abi: 0,
        kind: ElfKind::SharedObject,
        interpreter: None,
        soname: soname.map(str::to_owned),
        needed: Vec::new(),
        rpath: None,
        runpath: None,
        version_needs: Vec::new(),
        version_definitions: Vec::new(),
        build_id: None,
        isa_needed: 4,
        loadable: true,
        damaged: false,
    }
}

fn tree() -> FileTree {
    let file = || Entry::file(Content::of(b"x"), Metadata::root(0o644, 0));
    let link = |target: &str| Entry::symlink(target.as_bytes(), 0);
    let libraries = "usr/lib/x86_64-linux-gnu";
    [
        ("lib".to_owned(), link("usr/lib")),
        ("etc/ld.so.conf".to_owned(), file()),
        ("etc/ld.so.conf.d/a.conf".to_owned(), file()),
        ("opt/lib/libown.so.1".to_owned(), file()),
        (format!("{libraries}/libx.so.1"), link("libx.so.1.10")),
        (format!("{libraries}/libx.so"), link("libx.so.1")),
        (format!("{libraries}/libx.so.1.9"), file()),
        (format!("{libraries}/libx.so.1.10"), file()),
        (format!("{libraries}/libnolink.so.2.0"), file()),
        (format!("{libraries}/libscript.so"), file()),
        (format!("{libraries}/notes.so"), file()),
        (format!("{libraries}/libold.so.1;52"), file()),
        (format!("{libraries}/glibc-hwcaps/x86-64-v3/libx.so.1.10"), file()),
        (format!("{libraries}/glibc-hwcaps/x86-64-v4/readme"), file()),
    ]
    .into_iter()
    .map(|(path, entry)| (known(&path), entry))
    .collect()
}

fn render(bytes: &[u8]) -> String {
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize;
    let text = |at: usize| {
        let end = bytes[at..].iter().position(|byte| *byte == 0).expect("an end");
        String::from_utf8_lossy(&bytes[at..at + end]).into_owned()
    };
    let mut lines = String::new();
    for entry in 0..word(20) {
        let at = 48 + 24 * entry;
        let (flags, high, low) = (word(at), word(at + 20), word(at + 16));
        lines.push_str(&format!(
            "{flags:04x} {high:08x}{low:08x} {} => {}\n",
            text(word(at + 4)),
            text(word(at + 8))
        ));
    }
    let extensions = word(32);
    let (start, size) = (word(extensions + 16), word(extensions + 20));
    lines
        + &format!(
            "{} sections, by {}\n",
            word(extensions + 4),
            String::from_utf8_lossy(&bytes[start..start + size])
        )
}

#[test]
fn libraries_are_found_and_ordered() {
    let tree = tree();
    let facts = |path: &TreePath| match path.file_name() {
        b"libscript.so" => None,
        name if name.starts_with(b"libx") => Some(facts(Some("libx.so.1"), 62)),
        name if name.starts_with(b"libnolink") => Some(facts(Some("libnolink.so.2"), 62)),
        _ => Some(facts(None, 62)),
    };
    let read = |path: &TreePath| match path.file_name() {
        b"ld.so.conf" => Some(b"# here\ninclude /etc/ld.so.conf.d/*.conf\n".to_vec()),
        _ => Some(b"hwcap 1 x\n/gone\n  /opt/lib/ # ours\n/opt//lib\n".to_vec()),
    };
    let generator = "ldconfig (test) 1";
    let inputs = Inputs { tree: &tree, facts: &facts, read: &read, architecture: "amd64", generator };
    let outcome = outcome(&inputs);
    let paths: Vec<String> = outcome.additions.iter().map(|addition| addition.path.to_string()).collect();
    assert_eq!(paths, ["/usr/lib/x86_64-linux-gnu/libnolink.so.2", "/etc/ld.so.cache"]);
    assert_eq!(outcome.additions[0].entry, Entry::symlink(*b"libnolink.so.2.0", crate::effects::GENERATED));
    let bytes = outcome.additions[1].bytes.as_deref().expect("a file");
    insta::assert_snapshot!(render(bytes), @r"
    0303 4000000200000000 libx.so.1 => /lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v3/libx.so.1.10
    0303 0000000000000000 libx.so.1 => /lib/x86_64-linux-gnu/libx.so.1
    0303 0000000000000000 libx.so => /lib/x86_64-linux-gnu/libx.so
    0303 0000000000000000 libown.so.1 => /opt/lib/libown.so.1
    0303 0000000000000000 libnolink.so.2 => /lib/x86_64-linux-gnu/libnolink.so.2
    2 sections, by ldconfig (test) 1
    ");
}

#[test]
fn marks_by_architecture() {
    for (architecture, machine, class, order, elf_flags, expected) in [
        ("amd64", 62, Class::Bits64, ByteOrder::Little, 0, Some(0x303)),
        ("amd64", 62, Class::Bits32, ByteOrder::Little, 0, Some(0x803)),
        ("amd64", 3, Class::Bits32, ByteOrder::Little, 0, Some(0x3)),
        ("i386", 3, Class::Bits32, ByteOrder::Little, 0, Some(0x3)),
        ("amd64", 183, Class::Bits64, ByteOrder::Little, 0, None),
        ("arm64", 183, Class::Bits64, ByteOrder::Little, 0, Some(0xa03)),
        ("armhf", 40, Class::Bits32, ByteOrder::Little, 0x0500_0400, Some(0x903)),
        ("armel", 40, Class::Bits32, ByteOrder::Little, 0x0500_0200, Some(0xb03)),
        ("armhf", 40, Class::Bits32, ByteOrder::Little, 0x0500_0000, Some(0x3)),
        ("riscv64", 243, Class::Bits64, ByteOrder::Little, 5, Some(0x1003)),
        ("riscv64", 243, Class::Bits64, ByteOrder::Little, 1, Some(0xf03)),
        ("riscv64", 243, Class::Bits64, ByteOrder::Little, 8 | 5, None),
        ("s390x", 22, Class::Bits64, ByteOrder::Big, 0, Some(0x403)),
        ("s390x", 22, Class::Bits64, ByteOrder::Little, 0, None),
        ("ppc64el", 21, Class::Bits64, ByteOrder::Little, 2, Some(0x503)),
        ("loong64", 258, Class::Bits64, ByteOrder::Little, 0x43, Some(0x1203)),
    ] {
        let facts = Facts { class, order, flags: elf_flags, ..facts(None, machine) };
        let found = libraries::flags(&facts, super::architecture(architecture).expect("Debian's"));
        assert_eq!(found, expected, "{architecture} {machine} {elf_flags:x}");
    }
}

#[test]
fn the_generator_is_that_of_the_image() {
    let banner = b"\0\0GNU C Library (Debian GLIBC 2.41-12+deb13u3) stable release version 2.41.\nCopyright";
    let expected = "ldconfig (Debian GLIBC 2.41-12+deb13u3) stable release version 2.41";
    assert_eq!(generator(banner).as_deref(), Some(expected));
    assert_eq!(generator_of_version("2.41-12+deb13u3"), expected);
    assert_eq!(generator(b"GNU C Library (x"), None);
}
