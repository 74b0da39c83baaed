//! The spec: what a user writes into `attar.yaml`, read, merged and validated.
//!
//! ```text
//! files --yaml--> trees --validate--> layers --merge--> one tree --parameters--> --validate--> Spec
//! ```
//!
//! Everything that is wrong is collected and shown at once, with file, line, column and the nearest
//! name. Merging, validation, the published JSON Schema and the reference all walk over one shape,
//! which is compiled from the types in [`schema`].

mod diagnostic;
mod document;
mod effective;
mod fields;
mod filter;
pub(crate) mod foreign;
mod format;
mod json_schema;
mod merge;
mod node;
mod parameters;
mod reference;
mod refused;
pub mod schema;
mod shape;
mod show;
mod source;
mod strict;
mod validate;
mod yaml;

pub use diagnostic::Diagnostics;
pub use document::{Document, Reader, load, load_with, parse};
pub use effective::{DEFAULT_PLATFORMS, DEFAULT_SUITE, Effective, Origins, Selection};
pub use filter::{GlobUse, InvalidPattern, List, PathFilter, PathSet, sets};
pub use format::{CHECKS, bytes};
pub use json_schema::json_schema;
pub use reference::reference;
pub use show::show;
pub use source::Location;
pub use strict::{Formats, read_documents, read_policy};

#[cfg(test)]
mod tests;
