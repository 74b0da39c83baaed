//! Says what is inside an image, from its files alone, and whether it is distroless.
//!
//! - [`catalog`]: the packages that an image's own package data lists.
//! - [`distroless`]: the verdict of the checks D01 to D17.

pub mod catalog;
pub mod distroless;

pub use catalog::{Catalog, CatalogError, Installed};
