//! Changes of files, added up by directory.

use std::collections::BTreeMap;

use attar_image::path::TreePath;
use serde::Serialize;

use super::groups::carries;
use super::{Change, FileChange, shown};

/// What differs below a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Directory {
    /// Its path.
    pub path: String,
    /// Files that only the second image has. A directory that came with a file is not counted.
    pub added: usize,
    /// Files that only the first has.
    pub removed: usize,
    /// Files that both have, and not alike.
    pub changed: usize,
    /// By how many bytes it grew.
    pub bytes: i64,
}

/// Returns the sums of every directory that something differs below, the root first.
pub(super) fn directories(changes: &[FileChange]) -> Vec<Directory> {
    let mut sums: BTreeMap<TreePath, Directory> = BTreeMap::new();
    for (number, change) in changes.iter().enumerate() {
        let is_carrier = changes.get(number + 1).is_some_and(|next| carries(change, next));
        let one = usize::from(!is_carrier);
        for directory in change.place.ancestors() {
            let sum = sums.entry(directory).or_default();
            match change.change {
                Change::Added => sum.added += one,
                Change::Removed => sum.removed += one,
                Change::Changed => sum.changed += one,
            }
            sum.bytes = sum.bytes.saturating_add(change.bytes);
        }
    }
    sums.into_iter().map(|(path, sum)| Directory { path: shown(&path), ..sum }).collect()
}

/// A line of a tree: one change, or a directory that came or went with all that is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rolled<'a> {
    /// The change; of a directory its own.
    pub change: &'a FileChange,
    /// How many files came or went with the directory; `None` for a change by itself.
    pub files: Option<usize>,
    /// By how many bytes the image grew.
    pub bytes: i64,
    /// Whether all of it is of one group.
    pub is_one_group: bool,
}

/// Joins directories that came or went with what is in them; one with a single file is shown as that file.
/// The changes are in the order of their paths.
pub fn roll_up<'a>(changes: impl IntoIterator<Item = &'a FileChange>) -> Vec<Rolled<'a>> {
    let mut lines: Vec<Rolled<'a>> = Vec::new();
    // The last change that was joined with the last line.
    let mut last: Option<&FileChange> = None;
    for change in changes {
        if let Some(line) = lines.last_mut()
            && carries(line.change, change)
        {
            line.files = Some(line.files.unwrap_or(0) + usize::from(!change.is_directory()));
            line.bytes = line.bytes.saturating_add(change.bytes);
            line.is_one_group &= line.change.group == change.group;
            if !change.is_directory() {
                last = Some(change);
            }
            continue;
        }
        unwrap_single(&mut lines, last.take());
        lines.push(Rolled { change, files: None, bytes: change.bytes, is_one_group: true });
    }
    unwrap_single(&mut lines, last);
    lines
}

fn unwrap_single<'a>(lines: &mut [Rolled<'a>], single: Option<&'a FileChange>) {
    if let (Some(line), Some(single)) = (lines.last_mut(), single)
        && line.files == Some(1)
    {
        *line = Rolled { change: single, files: None, bytes: line.bytes, is_one_group: true };
    }
}
