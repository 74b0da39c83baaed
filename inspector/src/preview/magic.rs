//! Formats that are told by their first bytes and not looked into.

/// Beginnings of files, and what begins so.
const BEGINNINGS: &[(&[u8], &str)] = &[
    (b"\xca\xfe\xba\xbe\0\0\0", "Java class"),
    (b"\xca\xfe\xd0\x0d", "compressed Java archive"),
    (b"\xda\xda\xfe\xca", "Java modules"),
    (b"SQLite format 3\0", "SQLite database"),
    (b"\0asm", "WebAssembly"),
    (b"MZ", "Windows program"),
    (b"\xcf\xfa\xed\xfe", "macOS program"),
    (b"\xde\x12\x04\x95", "gettext catalogue"),
    (b"\x95\x04\x12\xde", "gettext catalogue"),
    (b"TZif", "time zone"),
    (b"\x1a\x01", "terminal description"),
    (b"\x1e\x02", "terminal description"),
    (b"glibc-ld.so.cache1.1", "cache of the dynamic linker"),
    (b"ld.so-1.7.0", "cache of the dynamic linker"),
    (b"%PDF-", "PDF document"),
    (b"\0\x01\0\0\0", "TrueType font"),
    (b"OTTO", "OpenType font"),
    (b"wOF2", "web font"),
    (b"wOFF", "web font"),
    (b"\xfe\xed\xfe\xed", "Java key store"),
    (b"\xed\xab\xee\xdb", "RPM package"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"070701", "cpio archive"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
    (b"\xd0\xcf\x11\xe0", "Microsoft document"),
    (b"\x13\x57\x9a\xce", "GDBM database"),
    (b"\xce\x9a\x57\x13", "GDBM database"),
];

/// Says what begins with these bytes.
pub(super) fn of(bytes: &[u8]) -> Option<&'static str> {
    if let [_, 0x0d, b'\r', b'\n', ..] = bytes {
        return Some("Python bytecode");
    }
    BEGINNINGS.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, what)| *what)
}
