//! What each package takes and wastes.

use std::collections::BTreeMap;

use attar_packages::ownership::Ownership;

use crate::packages::{Owners, shares};
use crate::tui::format;
use crate::tui::listing::{Column, Jump, Line, Listing, Width};
use crate::tui::source::{Failure, Opened, Source};
use crate::tui::task::Snapshot;
use crate::tui::theme::Role;

/// Dead bytes: all, and by the layers where they came in and died.
type Dead = (u64, BTreeMap<(usize, usize), u64>);

/// Lists packages, those that waste most first, then those that take most.
pub(crate) fn packages(
    _source: &dyn Source,
    _opened: &Opened,
    snapshot: &Snapshot,
    owners: &Ownership,
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
    let names: Vec<(String, String)> =
        owners.packages().iter().map(|package| (package.name.clone(), package.version.clone())).collect();
    let of = |path: &[u8]| owners.owners(path).next().map(|id| id.index());
    let mut dead: BTreeMap<Option<usize>, Dead> = BTreeMap::new();
    for path in &snapshot.analysis.dead {
        let (bytes, layers) = dead.entry(of(path.path.as_bytes())).or_default();
        *bytes = bytes.saturating_add(path.bytes);
        for copy in &path.copies {
            *layers.entry((copy.introduced, copy.killed)).or_default() += copy.bytes;
        }
    }
    let mut rows = Vec::new();
    for share in shares(&snapshot.stack, Owners { packages: &names, of: &of }) {
        let place =
            share.package.as_ref().and_then(|package| names.iter().position(|known| known == package));
        let (waste, layers) = dead.remove(&place).unwrap_or_default();
        rows.push((share.package, share.bytes, share.files, waste, layers));
    }
    for (place, (waste, layers)) in dead {
        rows.push((place.and_then(|place| names.get(place).cloned()), 0, 0, waste, layers));
    }
    rows.sort_by_key(|row| std::cmp::Reverse((row.3, row.1)));
    for (package, bytes, files, waste, layers) in rows {
        let mut layers: Vec<_> = layers.into_iter().collect();
        layers.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        let where_ = layers.iter().take(3).map(|((from, by), _)| format!("{} → {}", from + 1, by + 1));
        let (name, version) = package.unwrap_or_else(|| ("(no package)".to_owned(), String::new()));
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
        let line = Line::of(cells).to(Jump::Filter(filter));
        list.rows.push(if waste > 0 { line.like(Role::Waste) } else { line });
    }
    Ok(list)
}
