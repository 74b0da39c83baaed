//! Platforms: OCI's names for them, and what Debian, GNU, the kernel, Rust and ELF call the same.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A platform as OCI names it, written `linux/arm64` or `linux/arm/v7`.
///
/// Serialised as the object that descriptors carry. What is read from a document keeps its
/// spelling; [`FromStr`] and [`Platform::normalised`] give the one spelling that compares.
/// Platforms order by operating system, architecture, variant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Platform {
    // Serialised in this order, which is that of the OCI image specification.
    /// The processor architecture in Go's words: `amd64`, `arm64`, `arm`.
    pub architecture: String,
    /// The operating system in Go's words: `linux`.
    pub os: String,
    /// The version of the operating system; Windows images have it.
    #[serde(rename = "os.version", default, skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
    /// Features of the operating system that the image needs; Windows images have them.
    #[serde(
        rename = "os.features",
        default,
        deserialize_with = "crate::manifest::null_is_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub os_features: Vec<String>,
    /// The variant of the architecture: `v7` of `arm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// A text that names no platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlatform {
    /// The text has not the shape `os/architecture` or `os/architecture/variant`.
    #[error("invalid platform `{0}`: expected `os/architecture` or `os/architecture/variant`")]
    Shape(String),
    /// The architecture is none that images are made for.
    #[error("unknown architecture `{architecture}` in platform `{platform}`")]
    Architecture {
        /// The whole text.
        platform: String,
        /// The part that is not known.
        architecture: String,
    },
}

/// One architecture in everybody's words.
struct Names {
    architecture: &'static str,
    variant: Option<&'static str>,
    debian: Option<&'static str>,
    triplet: &'static str,
    machine: &'static str,
    rust: &'static str,
    elf: u16,
}

const fn names(
    (architecture, variant): (&'static str, Option<&'static str>),
    debian: Option<&'static str>,
    (triplet, machine, rust): (&'static str, &'static str, &'static str),
    elf: u16,
) -> Names {
    Names { architecture, variant, debian, triplet, machine, rust, elf }
}

/// The Linux platforms that have names elsewhere. The last column is `e_machine` of the ELF header.
const KNOWN: &[Names] = &[
    names(("386", None), Some("i386"), ("i386-linux-gnu", "i686", "i686-unknown-linux-gnu"), 3),
    names(("amd64", None), Some("amd64"), ("x86_64-linux-gnu", "x86_64", "x86_64-unknown-linux-gnu"), 62),
    names(
        ("arm", Some("v5")),
        Some("armel"),
        ("arm-linux-gnueabi", "armv5tel", "armv5te-unknown-linux-gnueabi"),
        40,
    ),
    names(("arm", Some("v6")), None, ("arm-linux-gnueabihf", "armv6l", "arm-unknown-linux-gnueabihf"), 40),
    names(
        ("arm", Some("v7")),
        Some("armhf"),
        ("arm-linux-gnueabihf", "armv7l", "armv7-unknown-linux-gnueabihf"),
        40,
    ),
    names(("arm64", None), Some("arm64"), ("aarch64-linux-gnu", "aarch64", "aarch64-unknown-linux-gnu"), 183),
    names(
        ("loong64", None),
        Some("loong64"),
        ("loongarch64-linux-gnu", "loongarch64", "loongarch64-unknown-linux-gnu"),
        258,
    ),
    names(
        ("mips64le", None),
        Some("mips64el"),
        ("mips64el-linux-gnuabi64", "mips64", "mips64el-unknown-linux-gnuabi64"),
        8,
    ),
    names(("mipsle", None), Some("mipsel"), ("mipsel-linux-gnu", "mips", "mipsel-unknown-linux-gnu"), 8),
    names(
        ("ppc64le", None),
        Some("ppc64el"),
        ("powerpc64le-linux-gnu", "ppc64le", "powerpc64le-unknown-linux-gnu"),
        21,
    ),
    names(
        ("riscv64", None),
        Some("riscv64"),
        ("riscv64-linux-gnu", "riscv64", "riscv64gc-unknown-linux-gnu"),
        243,
    ),
    names(("s390x", None), Some("s390x"), ("s390x-linux-gnu", "s390x", "s390x-unknown-linux-gnu"), 22),
];

/// Architectures that images exist for without a line in [`KNOWN`].
const OTHERS: &[&str] = &["mips", "mips64", "ppc64", "unknown", "wasm"];

impl Platform {
    /// Returns the platform of these names, normalised.
    pub fn new(os: &str, architecture: &str, variant: Option<&str>) -> Self {
        let (architecture, variant) = normalise(architecture, variant);
        Self { os: os.to_owned(), architecture, variant, os_version: None, os_features: Vec::new() }
    }

    /// Returns the platform in the spelling that compares: `arm64/v8` becomes `arm64`, `x86_64`
    /// becomes `amd64`, `arm` becomes `arm/v7`.
    pub fn normalised(&self) -> Self {
        let (architecture, variant) = normalise(&self.architecture, self.variant.as_deref());
        Self { architecture, variant, ..self.clone() }
    }

    /// Says whether both name the same platform, whatever their spelling and the version of the
    /// operating system.
    pub fn is_same(&self, other: &Self) -> bool {
        let (left, right) = (self.normalised(), other.normalised());
        (left.os, left.architecture, left.variant) == (right.os, right.architecture, right.variant)
    }

    /// Says whether this stands for no platform at all, as entries of an index do that are not
    /// images but attestations about them.
    pub fn is_unknown(&self) -> bool {
        self.os == "unknown" || self.architecture == "unknown"
    }

    /// Returns Debian's name of the architecture, if Debian has it.
    pub fn debian_architecture(&self) -> Option<&'static str> {
        self.names()?.debian
    }

    /// Returns the GNU triplet as it stands in the paths of libraries: `x86_64-linux-gnu`.
    pub fn triplet(&self) -> Option<&'static str> {
        self.names().map(|names| names.triplet)
    }

    /// Returns what `uname -m` prints there: `aarch64`.
    pub fn machine(&self) -> Option<&'static str> {
        self.names().map(|names| names.machine)
    }

    /// Returns the target of the Rust compiler for the GNU C library.
    pub fn rust_target(&self) -> Option<&'static str> {
        self.names().map(|names| names.rust)
    }

    /// Returns the machine number that the platform's ELF files carry.
    pub fn elf_machine(&self) -> Option<u16> {
        self.names().map(|names| names.elf)
    }

    /// Returns every Linux platform that Debian has an architecture for, in order.
    pub fn all_of_debian() -> impl Iterator<Item = Self> {
        KNOWN
            .iter()
            .filter(|names| names.debian.is_some())
            .map(|names| Self::new("linux", names.architecture, names.variant))
    }

    fn names(&self) -> Option<&'static Names> {
        if self.os != "linux" {
            return None;
        }
        let (architecture, variant) = normalise(&self.architecture, self.variant.as_deref());
        let exact =
            |names: &&Names| names.architecture == architecture && names.variant == variant.as_deref();
        // A variant that only asks for a newer processor (`amd64/v3`, `arm64/v9`) has the names of
        // its architecture.
        KNOWN.iter().find(exact).or_else(|| {
            KNOWN.iter().find(|names| names.architecture == architecture && names.variant.is_none())
        })
    }
}

/// Brings architecture and variant into the spelling of Go and of the OCI specification.
fn normalise(architecture: &str, variant: Option<&str>) -> (String, Option<String>) {
    let architecture = architecture.to_ascii_lowercase();
    let variant = variant.filter(|variant| !variant.is_empty()).map(|variant| {
        let variant = variant.to_ascii_lowercase();
        if variant.starts_with(|first: char| first.is_ascii_digit()) {
            format!("v{variant}")
        } else {
            variant
        }
    });
    let (architecture, implied) = match architecture.as_str() {
        "x86_64" | "x86-64" => ("amd64", None),
        "i386" | "i486" | "i586" | "i686" | "x86" => ("386", None),
        "aarch64" => ("arm64", None),
        "armv5" | "armv5l" | "armv5tel" => ("arm", Some("v5")),
        "armv6" | "armv6l" => ("arm", Some("v6")),
        "armhf" | "armv7" | "armv7l" => ("arm", Some("v7")),
        "loongarch64" => ("loong64", None),
        "mips64el" => ("mips64le", None),
        "mipsel" => ("mipsle", None),
        "powerpc64le" | "ppc64el" => ("ppc64le", None),
        other => (other, None),
    };
    let variant = implied.map(str::to_owned).or(variant);
    let variant = match (architecture, variant.as_deref()) {
        ("arm64", Some("v8")) | ("amd64", Some("v1")) => None,
        ("arm", None | Some("hf")) => Some("v7".to_owned()),
        _ => variant,
    };
    (architecture.to_owned(), variant)
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

impl Ord for Platform {
    fn cmp(&self, other: &Self) -> Ordering {
        fn key(platform: &Platform) -> impl Ord {
            let Platform { architecture, os, os_version, os_features, variant } = platform;
            (os, architecture, variant, os_version, os_features)
        }
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Platform {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for Platform {
    type Err = InvalidPlatform;

    /// Reads `linux/arm64`, `linux/arm/v7`, or an architecture alone, which means Linux.
    fn from_str(text: &str) -> Result<Self, InvalidPlatform> {
        let invalid = || InvalidPlatform::Shape(text.chars().take(80).collect());
        let parts: Vec<&str> = text.split('/').collect();
        let (os, architecture, variant) = match *parts.as_slice() {
            // An operating system alone would have to mean the architecture of this machine.
            ["linux" | "windows" | "darwin" | "freebsd"] => return Err(invalid()),
            [architecture] => ("linux", architecture, None),
            [os, architecture] => (os, architecture, None),
            [os, architecture, variant] => (os, architecture, Some(variant)),
            _ => return Err(invalid()),
        };
        if !(is_word(os) && is_word(architecture) && variant.is_none_or(is_word)) {
            return Err(invalid());
        }
        let platform = Self::new(&os.to_ascii_lowercase(), architecture, variant);
        let known = KNOWN.iter().any(|names| names.architecture == platform.architecture)
            || OTHERS.contains(&platform.architecture.as_str());
        if known {
            Ok(platform)
        } else {
            let architecture = architecture.chars().take(80).collect();
            Err(InvalidPlatform::Architecture { platform: text.chars().take(80).collect(), architecture })
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(text: &str) -> Platform {
        text.parse().expect("a platform")
    }

    #[test]
    fn every_spelling_becomes_one() {
        for (text, canonical) in [
            ("linux/amd64", "linux/amd64"),
            ("amd64", "linux/amd64"),
            ("x86_64", "linux/amd64"),
            ("Linux/X86_64", "linux/amd64"),
            ("linux/amd64/v1", "linux/amd64"),
            ("linux/amd64/v3", "linux/amd64/v3"),
            ("aarch64", "linux/arm64"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm64/8", "linux/arm64"),
            ("linux/arm64/v9", "linux/arm64/v9"),
            ("linux/arm", "linux/arm/v7"),
            ("linux/arm/7", "linux/arm/v7"),
            ("armhf", "linux/arm/v7"),
            ("armv7", "linux/arm/v7"),
            ("linux/arm/v6", "linux/arm/v6"),
            ("i386", "linux/386"),
            ("ppc64el", "linux/ppc64le"),
            ("windows/amd64", "windows/amd64"),
            ("unknown/unknown", "unknown/unknown"),
        ] {
            assert_eq!(platform(text).to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn what_names_no_platform_is_refused() {
        for (text, message) in [
            ("", "invalid platform ``: expected `os/architecture` or `os/architecture/variant`"),
            ("linux", "invalid platform `linux`: expected `os/architecture` or `os/architecture/variant`"),
            ("linux/", "invalid platform `linux/`: expected `os/architecture` or `os/architecture/variant`"),
            (
                "linux/arm/v7/x",
                "invalid platform `linux/arm/v7/x`: expected `os/architecture` or `os/architecture/variant`",
            ),
            ("linux/amd46", "unknown architecture `amd46` in platform `linux/amd46`"),
        ] {
            let error = text.parse::<Platform>().expect_err(text);
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn debian_names_lead_there_and_back() {
        let pairs: Vec<_> = Platform::all_of_debian()
            .map(|platform| (platform.to_string(), platform.debian_architecture().unwrap_or("-")))
            .collect();
        let pairs: Vec<_> = pairs.iter().map(|(platform, debian)| (platform.as_str(), *debian)).collect();
        assert_eq!(
            pairs,
            [
                ("linux/386", "i386"),
                ("linux/amd64", "amd64"),
                ("linux/arm/v5", "armel"),
                ("linux/arm/v7", "armhf"),
                ("linux/arm64", "arm64"),
                ("linux/loong64", "loong64"),
                ("linux/mips64le", "mips64el"),
                ("linux/mipsle", "mipsel"),
                ("linux/ppc64le", "ppc64el"),
                ("linux/riscv64", "riscv64"),
                ("linux/s390x", "s390x"),
            ]
        );
    }

    #[test]
    fn other_worlds_have_their_names() {
        for (text, triplet, machine, rust, elf) in [
            ("linux/amd64", "x86_64-linux-gnu", "x86_64", "x86_64-unknown-linux-gnu", 62),
            ("linux/amd64/v3", "x86_64-linux-gnu", "x86_64", "x86_64-unknown-linux-gnu", 62),
            ("linux/arm64", "aarch64-linux-gnu", "aarch64", "aarch64-unknown-linux-gnu", 183),
            ("linux/arm/v7", "arm-linux-gnueabihf", "armv7l", "armv7-unknown-linux-gnueabihf", 40),
        ] {
            let platform = platform(text);
            let names =
                (platform.triplet(), platform.machine(), platform.rust_target(), platform.elf_machine());
            assert_eq!(names, (Some(triplet), Some(machine), Some(rust), Some(elf)), "{text}");
        }
        assert_eq!(platform("windows/amd64").triplet(), None);
        assert_eq!(platform("linux/arm/v6").debian_architecture(), None);
    }

    #[test]
    fn documents_keep_their_spelling() {
        let text = r#"{"architecture":"arm64","os":"linux","variant":"v8"}"#;
        let read: Platform = serde_json::from_str(text).expect("a platform object");
        assert_eq!(serde_json::to_string(&read).expect("it serialises"), text);
        assert!(read.is_same(&platform("linux/arm64")));
        assert_eq!(read.normalised(), platform("linux/arm64"));
        assert!(!read.is_same(&platform("linux/arm64/v9")));
    }

    #[test]
    fn order_does_not_depend_on_the_order_of_arrival() {
        let mut platforms =
            ["windows/amd64", "s390x", "linux/arm/v7", "amd64", "arm64", "linux/arm/v5"].map(platform);
        platforms.sort();
        let sorted = platforms.map(|platform| platform.to_string());
        assert_eq!(
            sorted,
            ["linux/amd64", "linux/arm/v5", "linux/arm/v7", "linux/arm64", "linux/s390x", "windows/amd64"]
        );
    }
}
