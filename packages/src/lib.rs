//! Package formats of attar: bytes in, values out.
//!
//! Everything here is pure: no network, no clock, no environment, no file system. The caller brings
//! bytes or a reader and gets typed values back.
//!
//! ```
//! use attar_packages::debian::{index::Index, relation::parse_relations};
//!
//! let text = "Package: tzdata\nVersion: 2026b-0+deb13u1\nArchitecture: all\n\
//!             Depends: debconf (>= 0.5) | debconf-2.0\nFilename: pool/main/t/tzdata.deb\n\
//!             Size: 1\nSHA256: 00\n";
//! let index = Index::parse(text.into()).expect("the text is a package index");
//! let tzdata = index.named("tzdata").next().expect("the index lists tzdata");
//! let depends = parse_relations(tzdata.depends()).expect("the field is well formed");
//! assert_eq!(depends[0].alternatives.len(), 2);
//! ```
//!
//! Invariants:
//! - Input is hostile: no parser panics, recurses with its input, or takes more than linear time and
//!   memory; what comes out of a decoder is bounded by the caller or by a stated limit.
//! - Versions order exactly as dpkg orders them.
//! - A signed text is verified by the caller before it is parsed here.

pub mod alpine;
pub mod compression;
pub mod database;
pub mod debian;
pub mod ownership;
