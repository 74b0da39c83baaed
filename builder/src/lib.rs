//! Builds reproducible OCI images from a spec and a lock, executing nothing from the image.

pub mod cache;
pub mod effects;
pub mod event;
pub mod files;
pub mod foundation;
pub mod lock;
pub mod record;
pub mod repository;
pub mod resolve;
pub mod rootfs;
pub mod segment;
pub mod spec;
