//! Specs out of what other tools build images from: Dockerfiles and apko's configurations.
//!
//! ```text
//! text --dockerfile::read, apko--> instructions --> Draft --checked by `spec`--> Conversion
//! ```
//!
//! Nothing is run and nothing is fetched: what an instruction means is mapped where a spec can say it,
//! and named with its line where it cannot. The spec that comes out always loads; an entry that the
//! spec's own rules refuse stands in it as a comment.

mod apk;
pub mod apko;
pub mod dockerfile;
mod draft;
mod text;

pub use apk::{names as apk_names, packages as apk_packages};
pub use text::{Text, scalar};

/// The longest file that is converted, in bytes.
pub const MAX_SIZE: usize = 1 << 20;

/// The first lines of every spec that is written for the user.
pub const HEAD: &str = "\
# yaml-language-server: $schema=attar.schema.json
# `attar schema > attar.schema.json` writes the schema that an editor needs to help here.
# Build with `attar build -o oci:image`; `attar show` prints what every line means.
";

/// A spec made out of another tool's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// The spec, with comments.
    pub spec: String,
    /// What the spec does not say, in the order of the file.
    pub unmapped: Vec<Unmapped>,
}

/// Something that a spec cannot say, or that is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unmapped {
    /// Its line in the file, from 1.
    pub line: usize,
    /// What it is, and why or what to do.
    pub what: String,
}

/// A file that cannot be converted.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConvertError {
    /// It is too long.
    #[error("the file is larger than {MAX_SIZE} bytes")]
    TooLarge,
    /// It is no file of its kind.
    #[error("line {line}: {problem}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
}

impl ConvertError {
    fn at(line: usize, problem: impl Into<String>) -> Self {
        Self::Syntax { line, problem: problem.into() }
    }
}

#[cfg(test)]
mod tests;
