//! What the section headers of an ELF file say. Nothing that starts a program needs them: they may be
//! stripped, and may lie.

use object::Endianness;
use object::elf;
use object::read::elf::{FileHeader, SectionHeader as _, SectionTable};

/// The longest text that is taken out of a section, in bytes.
const MAX_TEXT: usize = 200;
/// The most compilers that are listed.
const MAX_COMPILERS: usize = 8;
/// The most bytes of a section that are looked at for names of compilers.
const MAX_COMMENT: usize = 4096;
/// What the build information of Go begins with.
const GO_MAGIC: &[u8] = b"\xff Go buildinf:";

/// What the sections of an ELF file say of how it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sections {
    /// Number of sections.
    pub count: usize,
    /// Whether there is a table of symbols; a stripped file has none.
    pub has_symbols: bool,
    /// Whether there is debugging information.
    pub has_debug_info: bool,
    /// The compilers and linkers that left their names: `GCC: (Debian 12.2.0) 12.2.0`. Any text.
    pub compilers: Vec<String>,
    /// What the Go compiler says of the build.
    pub go: Option<GoBuild>,
}

/// What the Go compiler says of a build. Any text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoBuild {
    /// Version of Go: `go1.22.1`.
    pub version: String,
    /// Path of the package that the program is.
    pub path: Option<String>,
    /// Module and version of the program.
    pub module: Option<String>,
}

impl Sections {
    /// Reads the section headers of a whole file; `None` when it is no ELF file, is cut short before
    /// them, or damaged. Contents of sections that are beyond the end are passed over.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        match bytes.get(4) {
            Some(1) => read_class::<elf::FileHeader32<Endianness>>(bytes),
            Some(2) => read_class::<elf::FileHeader64<Endianness>>(bytes),
            _ => None,
        }
    }
}

fn read_class<Elf: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> Option<Sections> {
    let header = Elf::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let table: SectionTable<'_, Elf, &[u8]> = header.sections(endian, bytes).ok()?;
    // The first one only stands for none.
    let mut sections = Sections { count: table.len().saturating_sub(1), ..Sections::default() };
    for section in table.iter() {
        sections.has_symbols |= section.sh_type(endian) == elf::SHT_SYMTAB;
        let Ok(name) = table.section_name(endian, section) else { continue };
        match name {
            b".debug_info" | b".zdebug_info" => sections.has_debug_info = true,
            b".comment" => {
                sections.compilers = section.data(endian, bytes).map(compilers).unwrap_or_default();
            }
            b".go.buildinfo" => sections.go = section.data(endian, bytes).ok().and_then(go_build),
            _ => {}
        }
    }
    Some(sections)
}

fn compilers(comment: &[u8]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in comment[..comment.len().min(MAX_COMMENT)].split(|byte| *byte == 0) {
        let name = text(name);
        if !name.is_empty() && !found.contains(&name) && found.len() < MAX_COMPILERS {
            found.push(name);
        }
    }
    found
}

/// Reads the form that Go has used since version 1.18: both texts stand in the section itself.
fn go_build(section: &[u8]) -> Option<GoBuild> {
    const INLINE: u8 = 2;
    const HEADER: usize = 32;
    /// Markers before and after the list of modules.
    const SENTINEL: usize = 16;
    let flags = *section.strip_prefix(GO_MAGIC)?.get(1)?;
    if flags & INLINE == 0 {
        return Some(GoBuild::default());
    }
    let (version, rest) = prefixed(section.get(HEADER..)?)?;
    let mut build = GoBuild { version: text(version), ..GoBuild::default() };
    let modules = prefixed(rest).map(|(modules, _)| modules).unwrap_or_default();
    let modules = modules.get(SENTINEL..modules.len().saturating_sub(SENTINEL)).unwrap_or_default();
    for line in modules.split(|byte| *byte == b'\n').take(64) {
        let mut fields = line.split(|byte| *byte == b'\t');
        match (fields.next(), fields.next(), fields.next()) {
            (Some(b"path"), Some(path), _) => build.path = Some(text(path)),
            (Some(b"mod"), Some(module), version) => {
                let module = [module, version.unwrap_or_default()].join(&b' ');
                build.module = Some(text(module.trim_ascii()));
            }
            _ => {}
        }
    }
    Some(build)
}

/// Splits off bytes before which their number stands, in the variable length of Go.
fn prefixed(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut length = 0usize;
    for (place, byte) in bytes.iter().take(5).enumerate() {
        length |= usize::from(byte & 0x7f).checked_shl(7 * place as u32)?;
        if byte & 0x80 == 0 {
            return bytes[place + 1..].split_at_checked(length);
        }
    }
    None
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_TEXT)]).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns a 64-bit file with these sections, and one for their names.
    fn object(sections: &[(&str, u32, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        bytes[0x10..0x16].copy_from_slice(&[3, 0, 62, 0, 1, 0]);
        bytes[0x34..0x3c].copy_from_slice(&[64, 0, 56, 0, 0, 0, 64, 0]);
        let mut names = vec![0];
        let mut headers = vec![[0u8; 64]];
        let mut add = |name: &str, kind: u32, data: Option<&[u8]>, bytes: &mut Vec<u8>| {
            let mut header = [0; 64];
            header[..4].copy_from_slice(&(names.len() as u32).to_le_bytes());
            header[4..8].copy_from_slice(&kind.to_le_bytes());
            names.extend(name.bytes().chain([0]));
            let data = data.unwrap_or(&names);
            header[24..32].copy_from_slice(&(bytes.len() as u64).to_le_bytes());
            header[32..40].copy_from_slice(&(data.len() as u64).to_le_bytes());
            bytes.extend(data);
            headers.push(header);
        };
        for (name, kind, data) in sections {
            add(name, *kind, Some(data), &mut bytes);
        }
        add(".shstrtab", 3, None, &mut bytes);
        let (at, count) = (bytes.len() as u64, headers.len() as u16);
        bytes[0x28..0x30].copy_from_slice(&at.to_le_bytes());
        bytes[0x3c..0x3e].copy_from_slice(&count.to_le_bytes());
        bytes[0x3e..0x40].copy_from_slice(&(count - 1).to_le_bytes());
        bytes.extend(headers.concat());
        bytes
    }

    fn go() -> Vec<u8> {
        let mut section = GO_MAGIC.to_vec();
        section.extend([8, 2]);
        section.resize(32, 0);
        section.extend(b"\x08go1.22.1");
        let modules = "path\texample.org/cmd/run\nmod\texample.org\tv1.2.3\th1:x=\ndep\ta\tb\n";
        let modules = [&[7u8; 16][..], modules.as_bytes(), &[9; 16]].concat();
        section.extend([modules.len() as u8 | 0x80, (modules.len() >> 7) as u8]);
        section.extend(modules);
        section
    }

    #[test]
    fn sections_say_how_a_file_was_made() {
        let bytes = object(&[
            (".comment", 1, b"GCC: (Debian) 12\0GCC: (Debian) 12\0rustc version 1.80.0\0"),
            (".symtab", 2, b""),
            (".debug_info", 1, b"x"),
            (".go.buildinfo", 1, &go()),
        ]);
        let expected = Sections {
            count: 5,
            has_symbols: true,
            has_debug_info: true,
            compilers: vec!["GCC: (Debian) 12".into(), "rustc version 1.80.0".into()],
            go: Some(GoBuild {
                version: "go1.22.1".into(),
                path: Some("example.org/cmd/run".into()),
                module: Some("example.org v1.2.3".into()),
            }),
        };
        assert_eq!(Sections::read(&bytes), Some(expected));
        assert_eq!(Sections::read(&object(&[])), Some(Sections { count: 1, ..Sections::default() }));
        for length in 0..bytes.len() {
            assert_eq!(Sections::read(&bytes[..length]), None, "cut at {length}");
        }
    }

    proptest! {
        #[test]
        fn damage_is_survived(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40)) {
            let mut bytes = object(&[(".comment", 1, b"x"), (".go.buildinfo", 1, &go())]);
            for (at, value) in changes {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            let _ = Sections::read(&bytes);
        }
    }
}
