//! Package formats of attar: bytes in, values out.
//!
//! Everything here is pure: no network, no clock, no environment, no file system. The caller brings
//! bytes or a reader and gets typed values back.
//!
//! Invariants:
//! - Input is hostile: no parser panics, recurses with its input, or takes more than linear time and
//!   memory; what comes out of a decoder is bounded by the caller or by a stated limit.
//! - Versions order exactly as dpkg orders them.
//! - A signed text is verified by the caller before it is parsed here.

pub mod debian;
