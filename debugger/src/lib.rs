//! Attaches a debug container to a running container that has no shell.
//!
//! So far: what a user may name as a target, as a type.

pub mod target;

pub use target::{InvalidTarget, Target};
