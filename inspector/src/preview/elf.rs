//! What is shown of an ELF file: what it needs, who provides it, how it was made.

use attar_image::elf::{ByteOrder, Class, Facts, Kind as ObjectKind, Sections};
use attar_image::linkage::machine;

use super::content::Content;
use super::display::value;
use super::size;
use super::{Fact, Kind, Mode, Preview, Surroundings};

/// Says what an ELF file is; `None` when it is none.
pub(super) fn preview(content: &Content, surroundings: &Surroundings<'_>) -> Option<Preview> {
    let elf = Facts::read(&content.bytes)?;
    let mut preview = Preview::new(Kind::Elf, &[Mode::Facts, Mode::Hex]);
    let facts = &mut preview.facts;
    facts.push(Fact::new("type", kind(&elf)));
    facts.push(Fact::new("machine", format!("{}, {}", machine(&elf), shape(&elf))));
    let needs = surroundings.provider.map(|provider| |name: &str| provider(&elf, name));
    let needed = |label: &str, name: &str| match needs.as_ref().map(|find| find(name)) {
        Some(Some(path)) if path.as_bytes() == name.trim_start_matches('/').as_bytes() => {
            Fact { jump: Some(path), ..Fact::new(label, value(name)) }
        }
        Some(Some(path)) => {
            let shown = format!("{} → {}", value(name), value(path.to_string()));
            Fact { jump: Some(path), ..Fact::new(label, shown) }
        }
        Some(None) => Fact::warning(label, format!("{} is not in the image", value(name))),
        None => Fact::new(label, value(name)),
    };
    if let Some(interpreter) = &elf.interpreter {
        facts.push(needed("interpreter", interpreter));
    }
    facts.extend(elf.needed.iter().map(|name| needed("needs", name)));
    for need in &elf.version_needs {
        let versions = format!("{} of {}", need.versions.join(", "), need.library);
        facts.push(Fact::new("needs version", value(versions)));
    }
    for (label, text) in [
        ("name", &elf.soname),
        ("run path", &elf.runpath),
        ("library path", &elf.rpath),
        ("build ID", &elf.build_id),
    ] {
        facts.extend(text.as_ref().map(|text| Fact::new(label, value(text))));
    }
    if elf.isa_needed > 1 {
        let level = u32::BITS - elf.isa_needed.leading_zeros();
        facts.push(Fact::new("processor", format!("x86-64-v{level} or newer")));
    }
    let sections = Sections::read(&content.bytes);
    if let Some(sections) = &sections {
        facts.extend(made(sections));
    }
    if !content.is_complete() && (elf.damaged || sections.is_none()) {
        preview.more = content.more();
        let known = size(content.bytes.len() as u64);
        let missing = if elf.damaged { "some facts are beyond" } else { "its sections are beyond" };
        preview
            .facts
            .push(Fact::warning("not known", format!("{missing} the first {known}, all that was read")));
    } else if elf.damaged {
        preview.facts.push(Fact::warning("damaged", "it is cut short or contradicts itself"));
    }
    Some(preview)
}

fn kind(elf: &Facts) -> &'static str {
    match elf.kind {
        ObjectKind::Executable => match (elf.is_static(), elf.loadable) {
            (true, true) => "program, static, position independent",
            (true, false) => "program, static",
            (false, true) => "program, dynamic, position independent",
            (false, false) => "program, dynamic",
        },
        ObjectKind::SharedObject => "shared library",
        ObjectKind::Relocatable => "object file",
        ObjectKind::Other => "other",
    }
}

fn shape(elf: &Facts) -> &'static str {
    match (elf.class, elf.order) {
        (Class::Bits32, ByteOrder::Little) => "32 bits, little endian",
        (Class::Bits32, ByteOrder::Big) => "32 bits, big endian",
        (Class::Bits64, ByteOrder::Little) => "64 bits, little endian",
        (Class::Bits64, ByteOrder::Big) => "64 bits, big endian",
    }
}

fn made(sections: &Sections) -> Vec<Fact> {
    let symbols = match (sections.has_symbols, sections.has_debug_info) {
        (_, true) => "with debugging information",
        (true, false) => "not stripped",
        (false, false) => "stripped",
    };
    let mut facts = vec![Fact::new("symbols", symbols), Fact::new("sections", sections.count.to_string())];
    if let Some(go) = &sections.go {
        let version = if go.version.is_empty() { "of before 1.18" } else { &go.version };
        facts.push(Fact::new("Go", value(version)));
        facts.extend(go.module.as_ref().map(|module| Fact::new("module", value(module))));
        facts.extend(go.path.as_ref().map(|path| Fact::new("package", value(path))));
    }
    facts.extend(sections.compilers.iter().map(|name| Fact::new("made by", value(name))));
    facts
}
