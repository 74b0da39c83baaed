//! Debian: control data, versions, relations, indexes and archives.

pub mod relation;
pub mod version;
