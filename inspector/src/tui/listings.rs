//! The lists of an image: waste, largest files, packages, verdict, facts, what became of a path.

mod blame;
mod compare;
mod facts;
mod keys;
mod packages;
mod verdict;
mod waste;

pub(super) use blame::blame;
pub(super) use compare::{layer_changes, package_changes, setting_changes};
pub(super) use facts::facts;
pub(super) use keys::{choices, help};
pub(super) use packages::packages;
pub(super) use verdict::verdict;
pub(super) use waste::{MAX_LISTED, largest, waste};
