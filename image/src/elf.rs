//! What an ELF file says about itself: the facts that decide what it needs to start.
//!
//! Everything is read by way of the program headers, as the kernel and the dynamic linker do:
//! section headers may be stripped or lie. Bytes are hostile: nothing here panics, loops or
//! allocates more than a fixed bound, whatever they hold.

mod parse;
mod sections;

use serde::{Deserialize, Serialize};

pub use sections::{GoBuild, Sections};

/// What an ELF file says about itself. Small, and kept in package records as JSON, where what is not
/// said takes no room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Facts {
    /// Size of an address.
    pub class: Class,
    /// Order of bytes.
    pub order: ByteOrder,
    /// Machine the code is for: the `EM_…` number.
    pub machine: u16,
    /// Flags of the machine, such as the floating point ABI: `e_flags`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub flags: u32,
    /// Operating system ABI: `EI_OSABI`; 0 on Linux, 3 with GNU extensions.
    #[serde(default, skip_serializing_if = "is_default")]
    pub os_abi: u8,
    /// What kind of object it is.
    pub kind: Kind,
    /// Program interpreter, such as `/lib64/ld-linux-x86-64.so.2`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub interpreter: Option<String>,
    /// Name the linker knows the library by.
    #[serde(default, skip_serializing_if = "is_default")]
    pub soname: Option<String>,
    /// Libraries it needs, in order.
    #[serde(default, skip_serializing_if = "is_default")]
    pub needed: Vec<String>,
    /// Library path `DT_RPATH`, unsplit; the linker ignores it when there is a `runpath`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rpath: Option<String>,
    /// Library path `DT_RUNPATH`, unsplit.
    #[serde(default, skip_serializing_if = "is_default")]
    pub runpath: Option<String>,
    /// Symbol versions it needs, by library.
    #[serde(default, skip_serializing_if = "is_default")]
    pub version_needs: Vec<VersionNeed>,
    /// Symbol versions it defines, without the one that names the library itself.
    #[serde(default, skip_serializing_if = "is_default")]
    pub version_definitions: Vec<String>,
    /// GNU build ID in hexadecimal digits.
    #[serde(default, skip_serializing_if = "is_default")]
    pub build_id: Option<String>,
    /// x86 instruction set levels it needs (`GNU_PROPERTY_X86_ISA_1_NEEDED`), one bit a level.
    #[serde(default, skip_serializing_if = "is_default")]
    pub isa_needed: u32,
    /// Says whether the dynamic linker can load it as a library: position independent, with a dynamic
    /// table. Position independent programs are, too.
    #[serde(default, skip_serializing_if = "is_default")]
    pub loadable: bool,
    /// Says that the file is cut short or contradicts itself, so that facts may be missing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub damaged: bool,
}

/// Symbol versions that an object needs of one library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct VersionNeed {
    /// Name of the library, as in [`Facts::needed`].
    pub library: String,
    /// Names of the versions, such as `GLIBC_2.34`.
    pub versions: Vec<String>,
    /// Those of them that may be missing: only weak symbols use them.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weak: Vec<String>,
}

/// Size of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Class {
    /// 32 bits.
    #[serde(rename = "32")]
    Bits32,
    /// 64 bits.
    #[serde(rename = "64")]
    Bits64,
}

/// Order of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ByteOrder {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

/// What kind of object an ELF file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A program, position independent or not.
    Executable,
    /// A shared library or a plugin.
    SharedObject,
    /// An object file that is linked further, or a kernel module.
    Relocatable,
    /// A core dump, or a type of its own.
    Other,
}

impl Facts {
    /// Reads the facts out of a whole file; `None` when it does not start as an ELF file does.
    ///
    /// A file that is cut short or contradicts itself still gives the facts found up to there, and
    /// says [`damaged`](Facts::damaged).
    pub fn read(bytes: &[u8]) -> Option<Self> {
        parse::read(bytes)
    }

    /// Says whether this is a program that starts without a dynamic linker.
    pub fn is_static(&self) -> bool {
        self.kind == Kind::Executable && self.interpreter.is_none() && self.needed.is_empty()
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
