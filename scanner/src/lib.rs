//! Says what is inside an image, from its files alone.
//!
//! So far: the packages that an image's own package data lists.

pub mod catalog;

pub use catalog::{Catalog, CatalogError, Installed};
