//! Builds reproducible OCI images from a spec and a lock, executing nothing from the image.

mod assemble;
pub mod build;
pub mod cache;
mod contents;
pub mod context;
pub mod convert;
pub mod effects;
pub mod event;
pub mod evidence;
pub mod export;
pub mod files;
pub mod foundation;
pub mod images;
pub mod layer;
pub mod layering;
pub mod lock;
pub mod locking;
mod parallel;
mod prepare;
pub mod rebuild;
pub mod record;
pub mod repository;
pub mod resolve;
pub mod rootfs;
pub mod segment;
pub mod spec;
pub mod vendor;
