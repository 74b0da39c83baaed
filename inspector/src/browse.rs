//! What there is to see in an image, for whoever walks through it: pure, and fast at a million entries.
//!
//! ```text
//! Stack            -> Index    what stands below each directory, and every entry of each path
//! Index + settings -> View     what a range of layers changes, with figures for every path
//! View             -> Rows     the rows of the tree that are unfolded
//! View + query     -> search   the paths that are looked for, in the order of the tree
//! Index + path     -> blame    what each layer did to it
//! two stacks       -> Pair     their merged views as one tree
//! Stack + owners   -> packages what each package takes and wastes
//! ```
//!
//! [`Index::of`], [`View::of`], [`View::with`] and whatever says so take time that grows with the image, and are
//! meant for another thread than the one that draws.

mod blame;
mod figures;
pub mod filter;
mod index;
mod marks;
pub mod packages;
pub mod pair;
mod rows;
mod search;
mod view;

pub use blame::{Touch, blame};
pub use figures::Figures;
pub use index::Index;
pub use marks::{Mark, Range};
pub use rows::{Forest, MAX_ROWS_AT_ONCE, Row, Rows, TooManyRows};
pub use search::{Query, search, search_forest};
pub use view::{Hide, MAX_LARGEST, Sort, View, ViewSettings};
