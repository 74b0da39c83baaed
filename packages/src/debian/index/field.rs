//! The fields that an index keeps of each package.

/// A field of a Packages stanza.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Field {
    Package,
    Source,
    Version,
    Architecture,
    MultiArch,
    Essential,
    Priority,
    Section,
    InstalledSize,
    PreDepends,
    Depends,
    Recommends,
    Conflicts,
    Breaks,
    Replaces,
    Provides,
    Description,
    Filename,
    Size,
    Sha256,
}

/// The number of fields.
pub(super) const COUNT: usize = ALL.len();

/// All fields, in the order in which they are numbered and written.
pub(super) const ALL: [Field; 20] = [
    Field::Package,
    Field::Source,
    Field::Version,
    Field::Architecture,
    Field::MultiArch,
    Field::Essential,
    Field::Priority,
    Field::Section,
    Field::InstalledSize,
    Field::PreDepends,
    Field::Depends,
    Field::Recommends,
    Field::Conflicts,
    Field::Breaks,
    Field::Replaces,
    Field::Provides,
    Field::Description,
    Field::Filename,
    Field::Size,
    Field::Sha256,
];

const NAMES: [&str; COUNT] = [
    "Package",
    "Source",
    "Version",
    "Architecture",
    "Multi-Arch",
    "Essential",
    "Priority",
    "Section",
    "Installed-Size",
    "Pre-Depends",
    "Depends",
    "Recommends",
    "Conflicts",
    "Breaks",
    "Replaces",
    "Provides",
    "Description",
    "Filename",
    "Size",
    "SHA256",
];

impl Field {
    /// Finds a field by its name, whatever its case.
    pub(super) fn named(name: &str) -> Option<Self> {
        // Archives use the usual spelling, which a match finds fastest: an index has a million fields.
        Some(match name.as_bytes() {
            b"Package" => Self::Package,
            b"Source" => Self::Source,
            b"Version" => Self::Version,
            b"Architecture" => Self::Architecture,
            b"Multi-Arch" => Self::MultiArch,
            b"Essential" => Self::Essential,
            b"Priority" => Self::Priority,
            b"Section" => Self::Section,
            b"Installed-Size" => Self::InstalledSize,
            b"Pre-Depends" => Self::PreDepends,
            b"Depends" => Self::Depends,
            b"Recommends" => Self::Recommends,
            b"Conflicts" => Self::Conflicts,
            b"Breaks" => Self::Breaks,
            b"Replaces" => Self::Replaces,
            b"Provides" => Self::Provides,
            b"Description" => Self::Description,
            b"Filename" => Self::Filename,
            b"Size" => Self::Size,
            b"SHA256" => Self::Sha256,
            b"Maintainer" | b"Homepage" | b"Description-md5" | b"Tag" | b"MD5sum" | b"Suggests" => {
                return None;
            }
            _ => ALL[NAMES.iter().position(|known| known.eq_ignore_ascii_case(name))?],
        })
    }

    /// Returns the name as Debian spells it.
    pub(super) fn name(self) -> &'static str {
        NAMES[self as usize]
    }

    /// Says whether only the first line of the value is kept: relations may be folded, and nothing
    /// else is read beyond its first line.
    pub(super) fn is_one_line(self) -> bool {
        !matches!(
            self,
            Self::PreDepends
                | Self::Depends
                | Self::Recommends
                | Self::Conflicts
                | Self::Breaks
                | Self::Replaces
                | Self::Provides
        )
    }

    /// Says whether every package must have the field.
    pub(super) fn is_required(self) -> bool {
        matches!(
            self,
            Self::Package | Self::Version | Self::Architecture | Self::Filename | Self::Size | Self::Sha256
        )
    }
}
