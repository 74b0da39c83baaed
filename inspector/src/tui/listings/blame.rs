//! What each layer did to one path.

use attar_image::path::TreePath;

use crate::browse;
use crate::tui::format;
use crate::tui::listing::{Column, Jump, Line, Listing, Width};
use crate::tui::task::Snapshot;

/// Lists the layers that touched a path, the lowest first.
pub(crate) fn blame(snapshot: &Snapshot, path: &TreePath) -> Listing {
    let columns = vec![
        Column::new("layer", Width::Number(6), 0),
        Column::new("did", Width::Text(12), 0),
        Column::new("size", Width::Number(12), 1),
        Column::new("what changed", Width::Text(28), 2),
        Column::new("command", Width::Rest, 1),
    ];
    let mut list = Listing::new(format!("what became of {path}"), columns);
    let stack = &snapshot.stack;
    let touches = stack.paths().find(path).map(|id| browse::blame(stack, &snapshot.index, id));
    for touch in touches.unwrap_or_default() {
        let size = touch.after.map(|entry| format::bytes(stack.row(stack.linked(entry)).size));
        let fields =
            touch.fields.iter().map(|field| format!("{} {} to {}", field.field, field.before, field.after));
        let mut changes: Vec<String> = fields.collect();
        changes.extend(touch.reason.filter(|_| touch.after.is_none()).map(|reason| reason.name().to_owned()));
        let command =
            stack.layers()[touch.layer].created_by.as_deref().map(format::command).unwrap_or_default();
        let cells = [
            (touch.layer + 1).to_string(),
            touch.mark.name().to_owned(),
            size.unwrap_or_default(),
            changes.join(", "),
            command.clone(),
        ];
        let jump = Jump::Path { path: path.clone(), layer: Some(touch.layer) };
        list.rows.push(Line::of(cells).to(jump).with(vec![command, String::new(), changes.join("\n")]));
    }
    if list.rows.is_empty() {
        list.note = Some(format!("no layer has {path}"));
    }
    list
}
