//! Debian: control data, versions, relations, indexes and archives.

pub mod contents;
pub mod deb;
pub mod deb822;
pub mod index;
pub mod maintenance;
pub mod relation;
pub mod release;
pub mod status;
pub mod version;
