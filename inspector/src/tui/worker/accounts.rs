//! Reads what users and groups are called.

use std::collections::BTreeMap;
use std::io::Read as _;

use attar_image::accounts::Names;
use attar_image::stack::{EntryId, Stack};

use crate::tui::source::Opened;

/// Bytes of a file of names that are read: thousands of accounts.
const MAX_READ: u64 = 1 << 20;

/// Reads files that name users or groups, each of them once. One that cannot be read names nobody; nothing
/// is said of one in a layer that is not here, unless that may be fetched.
pub(super) fn names(
    opened: &Opened,
    stack: &Stack,
    mut entries: Vec<EntryId>,
    fetches: bool,
) -> Vec<(EntryId, Option<Names>)> {
    entries.sort_unstable();
    let mut found = Vec::new();
    for of_layer in entries.chunk_by(|one, other| stack.layer_of(*one) == stack.layer_of(*other)) {
        let layer = of_layer.first().map(|entry| &stack.layers()[stack.layer_of(*entry)]);
        if !fetches && layer.is_some_and(|layer| opened.blobs.is_elsewhere(&layer.descriptor)) {
            found.extend(of_layer.iter().map(|entry| (*entry, None)));
            continue;
        }
        let mut read = BTreeMap::new();
        let visited = stack.visit_contents(&*opened.blobs, of_layer.iter().copied(), &mut |entry, reader| {
            let mut bytes = Vec::new();
            reader.take(MAX_READ).read_to_end(&mut bytes)?;
            if bytes.len() as u64 == MAX_READ {
                // The last line may be cut.
                let end = bytes.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
                bytes.truncate(end);
            }
            read.insert(entry, Names::parse(&bytes));
            Ok(())
        });
        // Why a layer cannot be read is said by all else that reads it.
        drop(visited);
        found.extend(of_layer.iter().map(|entry| (*entry, Some(read.remove(entry).unwrap_or_default()))));
    }
    found
}
