//! What the name of a layer's member means: an entry, a whiteout, or a note of some storage driver.

use crate::path::TreePath;

/// Something that a layer takes away from the layers below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whiteout {
    /// The path, with all below it.
    Path(TreePath),
    /// All below the directory.
    Below(TreePath),
}

/// What the name of a member means in a layer.
pub(crate) enum Name {
    /// An entry of the layer.
    Ordinary,
    /// Something that the layer takes away.
    Whiteout(Whiteout),
    /// A control file of some storage driver.
    Reserved,
}

impl Name {
    /// Says what a member of this name means.
    pub(crate) fn of(path: &TreePath) -> Self {
        const PREFIX: &[u8] = b".wh.";
        const RESERVED: &[u8] = b".wh..wh.";
        let name = path.file_name();
        let directory = path.parent().unwrap_or_default();
        if name == b".wh..wh..opq" {
            return Self::Whiteout(Whiteout::Below(directory));
        }
        if path.components().any(|component| component.starts_with(RESERVED)) {
            return Self::Reserved;
        }
        match name.strip_prefix(PREFIX) {
            None => Self::Ordinary,
            // These would mean the directory itself, or the one above it.
            Some(b"" | b"." | b"..") => Self::Reserved,
            Some(hidden) => match directory.join(hidden) {
                Ok(hidden) => Self::Whiteout(Whiteout::Path(hidden)),
                Err(_) => Self::Reserved,
            },
        }
    }
}
