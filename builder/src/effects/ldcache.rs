//! The cache of the dynamic linker, `/etc/ld.so.cache`: which library stands where.
//!
//! Made as the image's own `ldconfig` would make it, to the byte: the program belongs to the C library
//! of the image, for its architecture, and cannot be run.

mod directories;
mod format;
mod libraries;

use attar_image::elf::{ByteOrder, Facts};
use attar_image::{FileTree, TreePath};

use super::{Addition, Outcome, known};
use format::Cache;

/// What the cache is made from.
pub struct Inputs<'a> {
    /// The image's tree, with everything in it.
    pub tree: &'a FileTree,
    /// Returns what the ELF file at a path says about itself; links are followed before it is asked.
    pub facts: &'a dyn Fn(&TreePath) -> Option<Facts>,
    /// Returns the content of a file, asked for `/etc/ld.so.conf` and what it includes.
    pub read: &'a dyn Fn(&TreePath) -> Option<Vec<u8>>,
    /// Debian's name of the architecture.
    pub architecture: &'a str,
    /// Who made the cache, as [`generator`] or [`generator_of_version`] tells.
    pub generator: &'a str,
}

/// How the `ldconfig` of an architecture looks for libraries and marks them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Architecture {
    triplet: &'static str,
    order: ByteOrder,
    family: Family,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    X86,
    Arm,
    Riscv,
    S390,
    PowerPc,
    LoongArch,
    Mips,
}

/// Makes `/etc/ld.so.cache`, and the links by soname that lack. Nothing for an architecture that
/// Debian does not have.
pub fn outcome(inputs: &Inputs<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(architecture) = architecture(inputs.architecture) else {
        let text = format!("no cache of the dynamic linker is made: `{}` is not known", inputs.architecture);
        outcome.warnings.push(text);
        return outcome;
    };
    let because = "cache of the dynamic linker";
    let mut cache = Cache::default();
    for directory in directories::all(inputs, architecture.triplet, &mut cache) {
        for link in libraries::search(&directory, inputs, architecture, &mut cache) {
            outcome.additions.push(Addition::symlink(link.path, &link.target, because));
        }
    }
    let bytes = cache.into_bytes(architecture.order, inputs.generator, architecture.family == Family::X86);
    outcome.additions.push(Addition::file(known("etc/ld.so.cache"), bytes, 0o644, (0, 0), because));
    outcome
}

/// Returns who makes the cache, from the banner in the content of `libc.so.6`.
pub fn generator(libc: &[u8]) -> Option<String> {
    let start = b"GNU C Library (";
    let at = libc.windows(start.len()).position(|window| window == start)? + start.len() - 1;
    let banner = &libc[at..libc.len().min(at + 200)];
    let end = banner.iter().position(|byte| *byte == b'\n')?;
    let banner = std::str::from_utf8(&banner[..end]).ok()?;
    banner.contains(" release version ").then(|| format!("ldconfig {}", banner.trim_end_matches('.')))
}

/// Returns who makes the cache, from the version of Debian's package `libc6`.
pub fn generator_of_version(version: &str) -> String {
    let version = version.split_once(':').map_or(version, |(_, version)| version);
    let release = version.split(['-', '+', '~']).next().unwrap_or_default();
    format!("ldconfig (Debian GLIBC {version}) stable release version {release}")
}

fn architecture(name: &str) -> Option<Architecture> {
    let (triplet, family) = match name {
        "amd64" => ("x86_64-linux-gnu", Family::X86),
        "i386" => ("i386-linux-gnu", Family::X86),
        "arm64" => ("aarch64-linux-gnu", Family::Arm),
        "armhf" => ("arm-linux-gnueabihf", Family::Arm),
        "armel" => ("arm-linux-gnueabi", Family::Arm),
        "riscv64" => ("riscv64-linux-gnu", Family::Riscv),
        "s390x" => ("s390x-linux-gnu", Family::S390),
        "ppc64el" => ("powerpc64le-linux-gnu", Family::PowerPc),
        "loong64" => ("loongarch64-linux-gnu", Family::LoongArch),
        "mips64el" => ("mips64el-linux-gnuabi64", Family::Mips),
        _ => return None,
    };
    let order = if name == "s390x" { ByteOrder::Big } else { ByteOrder::Little };
    Some(Architecture { triplet, order, family })
}

#[cfg(test)]
mod tests;
