//! What each package takes and wastes.

use std::collections::BTreeMap;

use attar_packages::ownership::Ownership;

use crate::browse::packages::{Order, Packages};
use crate::tui::format;
use crate::tui::listing::{Column, Jump, Line, Listing, Width};
use crate::tui::source::Failure;
use crate::tui::task::Snapshot;
use crate::tui::theme::Role;

/// Layers of which the package database is read at most, those that most came with of what is dead.
const MAX_DATABASES: usize = 8;

/// Reads what the package database said after the layers that dead files came with.
fn lower(snapshot: &Snapshot, at: &dyn Fn(usize) -> Option<Ownership>) -> BTreeMap<usize, Ownership> {
    let layers = &snapshot.analysis.layers;
    let mut wasteful: Vec<usize> = (0..layers.len()).filter(|layer| layers[*layer].waste > 0).collect();
    wasteful.sort_by_key(|layer| std::cmp::Reverse(layers[*layer].waste));
    wasteful.truncate(MAX_DATABASES);
    wasteful.into_iter().filter_map(|layer| Some((layer, at(layer)?))).collect()
}

/// Lists packages, those that waste most first, then those that take most.
pub(crate) fn packages(
    snapshot: &Snapshot,
    owners: &Ownership,
    at: &dyn Fn(usize) -> Option<Ownership>,
) -> Result<Listing, Failure> {
    let columns = vec![
        Column::new("package", Width::Rest, 0),
        Column::new("version", Width::Text(24), 3),
        Column::new("size", Width::Number(12), 0),
        Column::new("files", Width::Number(8), 2),
        Column::new("dead", Width::Number(12), 1),
        Column::new("came and died in layer", Width::Text(22), 1),
    ];
    let mut list = Listing::new("packages", columns);
    let lower = lower(snapshot, at);
    let packages = Packages::of(&snapshot.stack, owners, &|layer| lower.get(&layer));
    for place in packages.order(Order::Waste, false, "") {
        let share = &packages.shares[place];
        let (bytes, files, waste) = (share.bytes, share.files, share.dead());
        let layers = share.waste.iter().take(3);
        let where_ = layers.map(|waste| format!("{} → {}", waste.introduced + 1, waste.killed + 1));
        let (name, version) =
            share.package.clone().unwrap_or_else(|| ("(no package)".to_owned(), String::new()));
        let filter = if version.is_empty() && name.starts_with('(') {
            "owner:none".to_owned()
        } else {
            format!("owner:{name}")
        };
        let shown = if waste == 0 { String::new() } else { format::bytes(waste) };
        let cells = [
            name,
            version,
            format::bytes(bytes),
            files.to_string(),
            shown,
            where_.collect::<Vec<_>>().join(", "),
        ];
        let line = Line::of(cells).to(Jump::Filter { filter, with_dead: waste > 0 });
        let line = line.number(2, bytes).number(3, files).number(4, waste);
        list.rows.push(if waste > 0 { line.like(Role::Waste) } else { line });
    }
    Ok(list)
}
