//! The libraries of a directory: which of them the cache names, and which links by soname lack.

use std::collections::BTreeMap;

use attar_image::elf::{Class, Facts};
use attar_image::{FileTree, Kind, TreePath};

use super::directories::{Directory, names};
use super::format::{Cache, Library, compare_names};
use super::{Architecture, Family, Inputs};

/// Names of dynamic linkers: their links are left as they are.
const LINKERS: [&str; 13] = [
    "ld-kfreebsd-x86-64.so.1",
    "ld-linux-aarch64.so.1",
    "ld-linux-aarch64_be.so.1",
    "ld-linux-armhf.so.3",
    "ld-linux-ia64.so.2",
    "ld-linux-mipsn8.so.1",
    "ld-linux-x32.so.2",
    "ld-linux-x86-64.so.2",
    "ld-linux.so.2",
    "ld-linux.so.3",
    "ld.so.1",
    "ld64.so.1",
    "ld64.so.2",
];

/// A link by soname that lacks, or leads to an older library.
pub(super) struct Link {
    pub(super) path: TreePath,
    pub(super) target: Vec<u8>,
}

/// One library of a directory, under its soname.
struct Candidate {
    name: String,
    is_link: bool,
    flags: u32,
    level: u32,
}

/// Adds the libraries of a directory to the cache and returns the links that are to be made.
pub(super) fn search(
    directory: &Directory,
    inputs: &Inputs<'_>,
    architecture: Architecture,
    cache: &mut Cache,
) -> Vec<Link> {
    let signed = architecture.family == Family::X86;
    let mut candidates: BTreeMap<String, Candidate> = BTreeMap::new();
    for name in names(inputs.tree, &directory.path) {
        let Some((soname, found)) = candidate(&name, directory, inputs, architecture) else { continue };
        match candidates.get_mut(&soname) {
            None => drop(candidates.insert(soname, found)),
            // A file is preferred to a link, then the newer.
            Some(best) => {
                let newer = compare_names(best.name.as_bytes(), name.as_bytes(), signed).is_lt();
                if !found.is_link && best.is_link || found.is_link == best.is_link && newer {
                    *best = Candidate { flags: best.flags, ..found };
                }
            }
        }
    }
    let mut links = Vec::new();
    for (soname, found) in candidates {
        let name = match directory.variant {
            Some(_) => &found.name,
            None => {
                if !found.is_link {
                    links.extend(link(&directory.path, &found.name, &soname, inputs.tree));
                }
                &soname
            }
        };
        cache.libraries.push(Library {
            path: format!("{}/{name}", directory.written).into_bytes(),
            soname: soname.into_bytes(),
            flags: found.flags,
            level: found.level,
            variant: directory.variant.clone(),
        });
    }
    links
}

fn candidate(
    name: &str,
    directory: &Directory,
    inputs: &Inputs<'_>,
    architecture: Architecture,
) -> Option<(String, Candidate)> {
    let tree = inputs.tree;
    let path = directory.path.join(name).ok()?;
    let is_symlink = match tree.get(&path)?.kind {
        Kind::File { .. } => false,
        Kind::Symlink { .. } => true,
        _ => return None,
    };
    let is_library = (name.starts_with("lib") || name.starts_with("ld-")) && name.contains(".so")
        || name.starts_with("ld.so.")
        || name.starts_with("ld64.so.");
    if !is_library && (!is_symlink || directory.variant.is_none()) || is_temporary(name) {
        return None;
    }
    let resolved = tree.resolve(&path)?;
    tree.get(&resolved)?.content()?;
    let facts = (inputs.facts)(&resolved)?;
    let flags = flags(&facts, architecture)?;
    let soname = facts.soname.clone().unwrap_or_else(|| name.to_owned());
    // A link is one by soname, or the one that compilers look for; any other stands for its file.
    let is_link = is_symlink && (name == soname || name.ends_with(".so") && soname.starts_with(name));
    let soname = if is_link { name.to_owned() } else { soname };
    let level = match architecture.family {
        Family::X86 => facts.isa_needed.checked_ilog2().unwrap_or_default(),
        _ => 0,
    };
    Some((soname, Candidate { name: name.to_owned(), is_link, flags, level }))
}

/// Says whether a name is one that package managers give to files they are about to rename.
fn is_temporary(name: &str) -> bool {
    let prelinked =
        name.len() > 7 && name.get(..name.len() - 6).is_some_and(|start| start.ends_with(".#prelink#."));
    name.ends_with(".#prelink#")
        || prelinked
        || name.contains(';')
        || name.ends_with(".dpkg-new")
        || name.ends_with(".dpkg-tmp")
}

/// Returns how the cache marks a library; `None` for one that the architecture's linker cannot load.
///
/// Most programs look at no more than the class: a library for another machine is marked as if it
/// were for this one.
pub(super) fn flags(facts: &Facts, architecture: Architecture) -> Option<u32> {
    /// Every library of the C library's sixth version, which is every library today.
    const ELF: u32 = 3;
    if !facts.loadable || facts.order != architecture.order {
        return None;
    }
    let is_64 = facts.class == Class::Bits64;
    Some(match architecture.family {
        Family::X86 => match (facts.machine, is_64) {
            (62, true) => ELF | 0x0300,
            (62, false) => ELF | 0x0800,
            (3, false) => ELF,
            _ => return None,
        },
        Family::Arm if is_64 => ELF | 0x0a00,
        // Version 5 of the ABI tells hard from soft floating point.
        Family::Arm => match (facts.flags >> 24, facts.flags & 0x400 != 0, facts.flags & 0x200 != 0) {
            (5, true, _) => ELF | 0x0900,
            (5, false, true) => ELF | 0x0b00,
            _ => ELF,
        },
        Family::Riscv => match (facts.flags & !0x7, facts.flags & 0x6) {
            (0, 0) => ELF | 0x0f00,
            (0, 4) => ELF | 0x1000,
            _ => return None,
        },
        Family::S390 => ELF | if is_64 { 0x0400 } else { 0 },
        Family::PowerPc => ELF | if is_64 { 0x0500 } else { 0 },
        Family::LoongArch => match facts.flags & !0x40 {
            1 => ELF | 0x1100,
            3 => ELF | 0x1200,
            _ => return None,
        },
        Family::Mips => {
            let nan2008 = facts.flags & 0x400 != 0;
            match (is_64, facts.flags & 0x20 != 0) {
                (true, _) => ELF | if nan2008 { 0x0e00 } else { 0x0700 },
                (false, true) => ELF | if nan2008 { 0x0d00 } else { 0x0600 },
                (false, false) => ELF | if nan2008 { 0x0c00 } else { 0 },
            }
        }
    })
}

fn link(directory: &TreePath, name: &str, soname: &str, tree: &FileTree) -> Option<Link> {
    if soname.contains('/') || matches!(soname, "." | ".." | "") {
        return None;
    }
    let (library, path) = (directory.join(name).ok()?, directory.join(soname).ok()?);
    let leads = tree.resolve(&path).filter(|path| tree.contains(path));
    let is_needed = match (&leads, tree.get(&path).map(|entry| &entry.kind)) {
        (Some(_), _) if LINKERS.contains(&soname) => false,
        (Some(leads), _) if same_file(tree, leads, &tree.resolve(&library)?) => false,
        (_, None | Some(Kind::Symlink { .. })) => true,
        _ => false,
    };
    is_needed.then(|| Link { path, target: name.as_bytes().to_vec() })
}

fn same_file(tree: &FileTree, one: &TreePath, other: &TreePath) -> bool {
    let group = |path| match tree.get(path).map(|entry| &entry.kind) {
        Some(Kind::File { links, .. }) => *links,
        _ => None,
    };
    one == other || group(one).is_some_and(|links| group(other) == Some(links))
}
