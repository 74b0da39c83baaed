//! What each layer did to a path.

use attar_image::difference::of_metadata;
use attar_image::stack::{EntryId, PathId, Reason, Stack};

use super::index::Index;
use super::marks::{Mark, compare, stands};
use crate::compare::FieldChange;

/// What one layer did to one path. The layer's command is what [`Stack::layers`] says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The layer, from 0 for the lowest.
    pub layer: usize,
    /// What it did.
    pub mark: Mark,
    /// What stood there before.
    pub before: Option<EntryId>,
    /// What stands there after it.
    pub after: Option<EntryId>,
    /// Why what stood there went, or gave way.
    pub reason: Option<Reason>,
    /// How owner, mode, time and extended attributes differ from before.
    pub fields: Vec<FieldChange>,
}

/// Returns what each layer did to a path, the lowest first. Entries that only lasted until a later one of
/// their own archive are left out, and so is what happened below a directory.
pub fn blame(stack: &Stack, index: &Index, path: PathId) -> Vec<Touch> {
    let mut touches = Vec::new();
    let mut current: Option<EntryId> = None;
    for entry in index.entries(path).iter().copied().filter(|entry| stands(stack, *entry)) {
        let layer = stack.layer_of(entry);
        let end = stack.end_of_name(entry);
        if end.is_some_and(|end| end.layer == layer) {
            continue;
        }
        let last = current.and_then(|entry| stack.end_of_name(entry));
        if let Some(end) = last.filter(|end| end.layer < layer) {
            touches.push(removal(end.layer, current.take(), end.reason));
        }
        let before = current.replace(entry);
        let mark = match before {
            None => Mark::Added,
            Some(_) => compare(stack, before, current),
        };
        let fields = before.map(|before| of_metadata(&stack.metadata(before), &stack.metadata(entry)));
        touches.push(Touch {
            layer,
            mark,
            before,
            after: Some(entry),
            reason: last.filter(|_| before.is_some()).map(|end| end.reason),
            fields: fields.unwrap_or_default().into_iter().map(FieldChange::of).collect(),
        });
    }
    if let Some(end) = current.and_then(|entry| stack.end_of_name(entry)) {
        touches.push(removal(end.layer, current, end.reason));
    }
    touches
}

fn removal(layer: usize, before: Option<EntryId>, reason: Reason) -> Touch {
    Touch { layer, mark: Mark::Removed, before, after: None, reason: Some(reason), fields: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{bytes, stack};
    use attar_image::path::TreePath;
    use attar_testing::layers::Layer;

    #[test]
    fn every_layer_that_touched_a_path_is_named() {
        let stack = stack([
            Layer::new().directory("d").file("d/f", bytes(3)),
            Layer::new().file("other", ""),
            Layer::new().owner(7, 0).mode(0o600).file("d/f", bytes(3)),
            Layer::new().whiteout("d"),
            Layer::new().file("d/f", bytes(1)).file("d/f", bytes(2)),
            Layer::new().symlink("d/f", "x"),
        ]);
        let index = Index::of(&stack);
        let lines = |path: &str| -> Vec<String> {
            let path = stack.paths().find(&TreePath::parse(path).expect("a path")).expect("known");
            let size = |entry: Option<EntryId>| {
                entry.map_or("-".to_owned(), |entry| stack.row(entry).size.to_string())
            };
            let line = |touch: &Touch| {
                let fields: Vec<String> = touch
                    .fields
                    .iter()
                    .map(|field| format!(" {} {}>{}", field.field, field.before, field.after))
                    .collect();
                let reason = touch.reason.map_or("", Reason::name);
                let (before, after) = (size(touch.before), size(touch.after));
                format!("{} {} {before}>{after} {reason}{}", touch.layer, touch.mark.name(), fields.concat())
            };
            blame(&stack, &index, path).iter().map(line).collect()
        };
        let expected = [
            "0 added ->3 ",
            "2 rewritten 3>3 metadata-only mode 0644>0600 owner 0>7",
            "3 removed 3>- directory-deleted",
            "4 added ->2 ",
            "5 modified 2>0 type-change mode 0644>0777",
        ];
        assert_eq!(lines("d/f"), expected);
        assert_eq!(lines("d"), ["0 added ->0 ", "3 removed 0>- deleted"]);
    }
}
