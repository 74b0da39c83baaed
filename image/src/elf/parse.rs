//! The reader behind [`Facts::read`](super::Facts::read).

use object::pod::{self, Pod};
use object::read::StringTable;
use object::read::elf::{Dyn as _, FileHeader, NoteIterator, ProgramHeader as _};
use object::{Endianness, elf};

use super::{ByteOrder, Class, Facts, Kind, VersionNeed};

/// Most entries of the dynamic table, of the program headers, and names of versions that are read.
/// The largest libraries have a few hundred of them.
const MAX_ENTRIES: usize = 8192;
/// Most bytes that all names of one file take together. Those of an office suite take 10 KiB.
const MAX_NAMES: usize = 1 << 20;

pub(super) fn read(bytes: &[u8]) -> Option<Facts> {
    if !bytes.starts_with(&elf::ELFMAG) {
        return None;
    }
    match bytes.get(4) {
        Some(1) => read_class::<elf::FileHeader32<Endianness>>(bytes, Class::Bits32),
        Some(2) => read_class::<elf::FileHeader64<Endianness>>(bytes, Class::Bits64),
        _ => None,
    }
}

fn read_class<Elf: FileHeader<Endian = Endianness>>(bytes: &[u8], class: Class) -> Option<Facts> {
    let header = Elf::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let mut facts = Facts {
        class,
        order: if endian == Endianness::Big { ByteOrder::Big } else { ByteOrder::Little },
        machine: header.e_machine(endian).0,
        flags: header.e_flags(endian).0,
        os_abi: header.e_ident().os_abi.0,
        kind: Kind::Other,
        interpreter: None,
        soname: None,
        needed: Vec::new(),
        rpath: None,
        runpath: None,
        version_needs: Vec::new(),
        version_definitions: Vec::new(),
        build_id: None,
        isa_needed: 0,
        loadable: false,
        damaged: false,
    };
    let segments = header.program_headers(endian, bytes).unwrap_or_else(|_| {
        facts.damaged = true;
        &[]
    });
    let mut file =
        File::<Elf> { bytes, endian, segments, damaged: facts.damaged, pie: false, names_left: MAX_NAMES };
    file.read_segments(&mut facts);
    let has_table = file.read_dynamic(&mut facts);
    facts.loadable = has_table && header.e_type(endian) == elf::ET_DYN;
    facts.kind = match header.e_type(endian) {
        elf::ET_EXEC => Kind::Executable,
        elf::ET_REL => Kind::Relocatable,
        // Linkers before 2016 did not mark position independent programs; a library that can be
        // run, such as the C library, has a soname.
        elf::ET_DYN if file.pie || facts.interpreter.is_some() && facts.soname.is_none() => Kind::Executable,
        elf::ET_DYN => Kind::SharedObject,
        _ => Kind::Other,
    };
    facts.damaged = file.damaged;
    Some(facts)
}

struct File<'data, Elf: FileHeader> {
    bytes: &'data [u8],
    endian: Endianness,
    segments: &'data [Elf::ProgramHeader],
    damaged: bool,
    pie: bool,
    names_left: usize,
}

/// Addresses and offsets that the dynamic table gives.
#[derive(Default)]
struct Tables {
    strings: Option<(u64, u64)>,
    soname: Option<u64>,
    needed: Vec<u64>,
    rpath: Option<u64>,
    runpath: Option<u64>,
    version_needs: Option<u64>,
    version_definitions: Option<u64>,
}

impl<'data, Elf: FileHeader<Endian = Endianness>> File<'data, Elf> {
    fn read_segments(&mut self, facts: &mut Facts) {
        for segment in self.segments.iter().take(MAX_ENTRIES) {
            match segment.p_type(self.endian) {
                elf::PT_INTERP => match segment.interpreter(self.endian, self.bytes) {
                    Ok(Some(name)) if name.len() <= crate::path::MAX_PATH => {
                        facts.interpreter = Some(text(name))
                    }
                    _ => self.damaged = true,
                },
                elf::PT_NOTE | elf::PT_GNU_PROPERTY => match segment.data(self.endian, self.bytes) {
                    Ok(data) => self.read_notes(data, segment.p_align(self.endian), facts),
                    Err(()) => self.damaged = true,
                },
                _ => {}
            }
        }
    }

    fn read_notes(&mut self, data: &'data [u8], align: Elf::Word, facts: &mut Facts) {
        // Notes are optional reading: one that is malformed ends the search and harms nothing.
        let Ok(notes) = NoteIterator::<Elf>::new(self.endian, align, data) else { return };
        for note in notes.take(MAX_ENTRIES).map_while(Result::ok) {
            if note.name() == elf::ELF_NOTE_GNU
                && note.n_type(self.endian) == elf::NT_GNU_BUILD_ID
                && (1..=64).contains(&note.desc().len())
            {
                facts.build_id = Some(note.desc().iter().map(|byte| format!("{byte:02x}")).collect());
            }
            if !matches!(facts.machine, 3 | 62) {
                continue;
            }
            for property in note.gnu_properties(self.endian).into_iter().flatten().map_while(Result::ok) {
                if property.pr_type() == elf::GNU_PROPERTY_X86_ISA_1_NEEDED
                    && let Ok(levels) = property.data_u32(self.endian)
                {
                    facts.isa_needed = levels;
                }
            }
        }
    }

    /// Reads the dynamic table and says whether there is one.
    fn read_dynamic(&mut self, facts: &mut Facts) -> bool {
        let Some(tables) = self.read_tables() else { return false };
        let Some((address, size)) = tables.strings else { return false };
        let Some(strings) = self.bytes_at(address) else {
            self.damaged = true;
            return false;
        };
        let size = usize::try_from(size).unwrap_or(usize::MAX).min(strings.len());
        let strings = StringTable::new(&strings[..size], 0, size as u64);
        facts.soname = self.name(&strings, tables.soname);
        facts.rpath = self.name(&strings, tables.rpath);
        facts.runpath = self.name(&strings, tables.runpath);
        for offset in tables.needed {
            facts.needed.extend(self.name(&strings, Some(offset)));
        }
        if let Some(address) = tables.version_needs {
            self.read_version_needs(address, &strings, facts);
        }
        if let Some(address) = tables.version_definitions {
            self.read_version_definitions(address, &strings, facts);
        }
        true
    }

    fn read_tables(&mut self) -> Option<Tables> {
        let segment = self.segments.iter().find(|segment| segment.p_type(self.endian) == elf::PT_DYNAMIC)?;
        // A file of debugging symbols keeps the header and drops the content.
        if segment.p_filesz(self.endian).into() == 0 {
            return None;
        }
        let Ok(Some(entries)) = segment.dynamic(self.endian, self.bytes) else {
            self.damaged = true;
            return None;
        };
        let mut tables = Tables::default();
        let mut string_address = None;
        let mut string_size = u64::MAX;
        for entry in entries.iter().take(MAX_ENTRIES) {
            let value = entry.val(self.endian);
            match entry.tag(self.endian) {
                elf::DT_NULL => break,
                elf::DT_STRTAB => string_address = Some(value),
                elf::DT_STRSZ => string_size = value,
                elf::DT_SONAME => tables.soname = Some(value),
                elf::DT_NEEDED => tables.needed.push(value),
                elf::DT_RPATH => tables.rpath = Some(value),
                elf::DT_RUNPATH => tables.runpath = Some(value),
                elf::DT_VERNEED => tables.version_needs = Some(value),
                elf::DT_VERDEF => tables.version_definitions = Some(value),
                elf::DT_FLAGS_1 => self.pie = value & elf::DF_1_PIE.0 != 0,
                _ => {}
            }
        }
        tables.strings = string_address.map(|address| (address, string_size));
        Some(tables)
    }

    /// Returns the file's bytes from a virtual address to the end of its segment.
    fn bytes_at(&self, address: u64) -> Option<&'data [u8]> {
        self.segments.iter().filter(|segment| segment.p_type(self.endian) == elf::PT_LOAD).find_map(
            |segment| {
                let inside = address.checked_sub(segment.p_vaddr(self.endian).into())?;
                let (offset, size) = segment.file_range(self.endian);
                let length = size.checked_sub(inside).filter(|length| *length > 0)?;
                let start = usize::try_from(offset.checked_add(inside)?).ok()?;
                let rest = self.bytes.get(start..)?;
                Some(&rest[..usize::try_from(length).unwrap_or(usize::MAX).min(rest.len())])
            },
        )
    }

    fn name(&mut self, strings: &StringTable<'data>, offset: Option<u64>) -> Option<String> {
        let offset = u32::try_from(offset?).ok();
        let name =
            offset.and_then(|offset| strings.get(offset).ok()).filter(|name| name.len() < self.names_left);
        self.damaged |= name.is_none();
        self.names_left -= name?.len() + 1;
        name.map(text)
    }

    fn read_version_needs(&mut self, address: u64, strings: &StringTable<'data>, facts: &mut Facts) {
        let mut data = self.bytes_at(address);
        let mut left = MAX_ENTRIES;
        loop {
            let Some((need, here)) = self.record::<elf::Verneed<Endianness>>(data) else { return };
            let library = need.vn_file.get(self.endian);
            let Some(library) = self.name(strings, Some(library.into())) else { return };
            let mut found = VersionNeed { library, versions: Vec::new(), weak: Vec::new() };
            let mut version_data = after(here, need.vn_aux.get(self.endian));
            for _ in 0..need.vn_cnt.get(self.endian) {
                let Some((version, here)) = self.record::<elf::Vernaux<Endianness>>(version_data) else {
                    return;
                };
                let name = version.vna_name.get(self.endian);
                let Some(name) = self.counted(&mut left).and_then(|()| self.name(strings, Some(name.into())))
                else {
                    return;
                };
                if version.vna_flags.get(self.endian).contains(elf::VER_FLG_WEAK) {
                    found.weak.push(name.clone());
                }
                found.versions.push(name);
                version_data = after(here, version.vna_next.get(self.endian));
            }
            facts.version_needs.push(found);
            match need.vn_next.get(self.endian) {
                0 => return,
                next => data = after(here, next),
            }
        }
    }

    fn read_version_definitions(&mut self, address: u64, strings: &StringTable<'data>, facts: &mut Facts) {
        let mut data = self.bytes_at(address);
        let mut left = MAX_ENTRIES;
        while self.counted(&mut left).is_some() {
            let Some((definition, here)) = self.record::<elf::Verdef<Endianness>>(data) else { return };
            if !definition.vd_flags.get(self.endian).contains(elf::VER_FLG_BASE) {
                // Only the first name is the version's own; those after it are its predecessors.
                let first = after(here, definition.vd_aux.get(self.endian));
                let Some((first, _)) = self.record::<elf::Verdaux<Endianness>>(first) else { return };
                let Some(name) = self.name(strings, Some(first.vda_name.get(self.endian).into())) else {
                    return;
                };
                facts.version_definitions.push(name);
            }
            match definition.vd_next.get(self.endian) {
                0 => return,
                next => data = after(here, next),
            }
        }
    }

    /// Reads one record at the start of `data`, and gives the data back for the way to the next.
    fn record<T: Pod>(&mut self, data: Option<&'data [u8]>) -> Option<(&'data T, &'data [u8])> {
        let record = data.and_then(|data| Some((pod::from_bytes(data).ok()?.0, data)));
        self.damaged |= record.is_none();
        record
    }

    /// Counts one entry down; `None` when there are more than any honest file has.
    fn counted(&mut self, left: &mut usize) -> Option<()> {
        *left = left.saturating_sub(1);
        self.damaged |= *left == 0;
        (*left > 0).then_some(())
    }
}

fn after(data: &[u8], offset: u32) -> Option<&[u8]> {
    data.get(usize::try_from(offset).ok()?..)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Writes a small 64-bit little-endian object: one segment that maps the file as it is, a dynamic
    /// table, strings, version tables and notes.
    fn object(kind: u16, flags: u64, interpreter: Option<&str>) -> Vec<u8> {
        let strings = b"\0libx.so.1\0libc.so.6\0GLIBC_2.34\0$ORIGIN\0X_1\0GLIBC_2.2.5\0";
        let offset = |name: &str| {
            strings.windows(name.len()).position(|window| window == name.as_bytes()).expect("a string") as u64
        };
        let (strings_at, needs_at, definitions_at, note_at) = (0x400u64, 0x500u64, 0x580u64, 0x600u64);
        let mut bytes = vec![0; 0x700];
        let mut put = |at: u64, value: &[u8]| bytes[at as usize..][..value.len()].copy_from_slice(value);
        put(0, b"\x7fELF\x02\x01\x01");
        put(0x10, &kind.to_le_bytes());
        put(0x12, &62u16.to_le_bytes());
        put(0x14, &1u32.to_le_bytes());
        put(0x20, &64u64.to_le_bytes());
        put(0x34, &[64, 0, 56, 0, 5, 0, 64, 0]);
        let segments: [(u32, u64, u64, u64); 5] = [
            (1, 0, 0x700, 4096),
            (2, 0x200, 0x200, 8),
            (3, 0x680, interpreter.map_or(0, |name| name.len() as u64 + 1), 1),
            (4, note_at, 0x24, 4),
            (0x6474_e553, note_at + 0x28, 0x20, 8),
        ];
        for (index, (segment, at, size, align)) in segments.into_iter().enumerate() {
            let segment = if segment == 3 && size == 0 { 0 } else { segment };
            let header = 64 + 56 * index as u64;
            put(header, &segment.to_le_bytes());
            for (field, value) in [(8, at), (16, at + 0x1000), (32, size), (40, size), (48, align)] {
                put(header + field, &u64::to_le_bytes(value));
            }
        }
        put(strings_at, strings);
        let table = [
            (1, offset("libc.so.6")),
            (14, offset("libx.so.1")),
            (29, offset("$ORIGIN")),
            (5, strings_at + 0x1000),
            (10, strings.len() as u64),
            (0x6fff_fffe, needs_at + 0x1000),
            (0x6fff_fffc, definitions_at + 0x1000),
            (0x6fff_fffb, flags),
        ];
        for (index, (tag, value)) in table.into_iter().enumerate() {
            put(0x200 + 16 * index as u64, &u64::to_le_bytes(tag));
            put(0x208 + 16 * index as u64, &value.to_le_bytes());
        }
        let words = |values: &[u32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        put(needs_at, &words(&[1 | 2 << 16, offset("libc.so.6") as u32, 16, 0]));
        put(needs_at + 16, &words(&[0, 2 << 16, offset("GLIBC_2.34") as u32, 16]));
        put(needs_at + 32, &words(&[0, 2 | 3 << 16, offset("GLIBC_2.2.5") as u32, 0]));
        put(definitions_at, &words(&[1 | 1 << 16, 1 | 1 << 16, 0, 20, 28]));
        put(definitions_at + 20, &words(&[offset("libx.so.1") as u32, 0]));
        put(definitions_at + 28, &words(&[1, 2 | 1 << 16, 0, 20, 0]));
        put(definitions_at + 48, &words(&[offset("X_1") as u32, 0]));
        put(note_at, &words(&[4, 20, 3, u32::from_le_bytes(*b"GNU\0")]));
        put(note_at + 16, &[0xab; 20]);
        put(note_at + 0x28, &words(&[4, 16, 5, u32::from_le_bytes(*b"GNU\0"), 0xc000_8002, 4, 4, 0]));
        put(0x680, interpreter.unwrap_or_default().as_bytes());
        bytes
    }

    #[test]
    fn a_library_tells_everything() {
        let facts = Facts::read(&object(3, 0, None)).expect("an ELF file");
        insta::assert_snapshot!(serde_json::to_string_pretty(&facts).expect("facts are plain"), @r#"
        {
          "class": "64",
          "order": "little",
          "machine": 62,
          "kind": "shared-object",
          "soname": "libx.so.1",
          "needed": [
            "libc.so.6"
          ],
          "runpath": "$ORIGIN",
          "version-needs": [
            {
              "library": "libc.so.6",
              "versions": [
                "GLIBC_2.34",
                "GLIBC_2.2.5"
              ],
              "weak": [
                "GLIBC_2.2.5"
              ]
            }
          ],
          "version-definitions": [
            "X_1"
          ],
          "build-id": "abababababababababababababababababababab",
          "isa-needed": 4,
          "loadable": true
        }
        "#);
        let json = serde_json::to_string(&facts).expect("facts are plain");
        assert_eq!(serde_json::from_str::<Facts>(&json).expect("reads back"), facts);
    }

    #[test]
    fn kinds_are_told_apart() {
        for (name, bytes, kind, is_static) in [
            ("library", object(3, 0, None), Kind::SharedObject, false),
            ("library that can be run", object(3, 0, Some("/lib/ld.so")), Kind::SharedObject, false),
            (
                "position independent program",
                object(3, 0x0800_0000, Some("/lib/ld.so")),
                Kind::Executable,
                false,
            ),
            ("program at a fixed address", object(2, 0, Some("/lib/ld.so")), Kind::Executable, false),
            ("object file", object(1, 0, None), Kind::Relocatable, false),
            ("core dump", object(4, 0, None), Kind::Other, false),
        ] {
            let facts = Facts::read(&bytes).expect("an ELF file");
            assert_eq!((facts.kind, facts.is_static(), facts.damaged), (kind, is_static, false), "{name}");
        }
    }

    #[test]
    fn other_files_are_none() {
        for bytes in [&b""[..], b"\x7fEL", b"\x7fELF", b"#!/bin/sh\n", b"\x7fELF\x03\x01\x01"] {
            assert_eq!(Facts::read(bytes), None);
        }
    }

    #[test]
    fn every_truncation_is_survived() {
        let bytes = object(3, 0, Some("/lib/ld.so"));
        for length in 0..bytes.len() {
            let facts = Facts::read(&bytes[..length]);
            assert_eq!(facts.is_some(), length >= 64, "{length} bytes");
            assert!(
                !(64..0x680).contains(&length) || facts.is_some_and(|facts| facts.damaged),
                "{length} bytes"
            );
        }
    }

    proptest! {
        #[test]
        fn damage_is_survived(changes in prop::collection::vec((0usize..0x700, any::<u8>()), 1..40)) {
            let mut bytes = object(3, 0, Some("/lib/ld.so"));
            for (at, value) in changes {
                bytes[at] = value;
            }
            let _ = Facts::read(&bytes);
        }
    }
}
