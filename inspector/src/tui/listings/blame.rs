//! What each layer did to one path.

use attar_image::path::TreePath;

use crate::tui::format;
use crate::tui::listing::{Column, Jump, Line, Listing, Width};
use crate::tui::task::Snapshot;

/// Lists the layers that touched a path, the lowest first.
pub(crate) fn blame(snapshot: &Snapshot, path: &TreePath) -> Listing {
    let columns = vec![
        Column::new("layer", Width::Number(6), 0),
        Column::new("did", Width::Text(12), 0),
        Column::new("size", Width::Number(12), 1),
        Column::new("command", Width::Rest, 1),
    ];
    let mut list = Listing::new(format!("what became of {path}"), columns);
    for touch in snapshot.stack.history(path) {
        let stack = &snapshot.stack;
        let size = touch.entry.map(|entry| format::bytes(stack.row(stack.linked(entry)).size));
        let cells = [
            (touch.layer + 1).to_string(),
            format!("{:?}", touch.change).to_lowercase(),
            size.unwrap_or_default(),
            stack.layers()[touch.layer].created_by.clone().unwrap_or_default(),
        ];
        list.rows.push(Line::of(cells).to(Jump::Path { path: path.clone(), layer: Some(touch.layer) }));
    }
    if list.rows.is_empty() {
        list.note = Some(format!("no layer has {path}"));
    }
    list
}
