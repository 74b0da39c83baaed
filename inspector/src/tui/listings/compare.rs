//! Packages, layers and settings of two images, one beside the other.

use crate::compare::{
    Change, ComparedLayer, LayerChange, PackageChange, PackageFate, PackageVersion, Setting,
};
use crate::tui::format;
use crate::tui::listing::{Column, Jump, Line, Listing, Width};
use crate::tui::theme::Role;

/// Lists the packages that differ; says in a few words how many do.
pub(crate) fn package_changes(changes: &[PackageChange]) -> (Listing, String) {
    let columns = vec![
        Column::new("change", Width::Text(10), 1),
        Column::new("package", Width::Rest, 0),
        Column::new("before", Width::Text(24), 0),
        Column::new("after", Width::Text(24), 0),
        Column::new("files", Width::Number(8), 3),
        Column::new("grew by", Width::Number(10), 2),
    ];
    let mut list = Listing::new("packages that differ", columns);
    let version = |version: &Option<PackageVersion>| version.as_ref().map(|known| known.version.clone());
    for change in changes {
        let cells = [
            change.change.name().to_owned(),
            change.name.clone(),
            version(&change.before).unwrap_or_default(),
            version(&change.after).unwrap_or_default(),
            change.files.to_string(),
            format::delta(change.bytes),
        ];
        let role = match change.change {
            PackageFate::Added => Role::Added,
            PackageFate::Removed => Role::Removed,
            _ => Role::Modified,
        };
        let filter = format!("owner:{}", change.name);
        let line = Line::of(cells).like(role).to(Jump::Filter { filter, with_dead: false });
        let files = u64::try_from(change.files).unwrap_or(u64::MAX);
        list.rows.push(line.number(4, files).number(5, change.bytes.unsigned_abs()));
    }
    if changes.is_empty() {
        list.note = Some("no package differs".to_owned());
    }
    let count = |fate| changes.iter().filter(|change| change.change == fate).count();
    let (added, removed) = (count(PackageFate::Added), count(PackageFate::Removed));
    let changed = changes.len() - added - removed;
    (list, format!("+{added} -{removed} ~{changed}"))
}

/// Lists the layers of both, those that are the same on one line.
pub(crate) fn layer_changes(layers: &LayerChange) -> Listing {
    let columns = vec![
        Column::new("first", Width::Number(6), 0),
        Column::new("size", Width::Number(10), 1),
        Column::new("", Width::Text(8), 0),
        Column::new("second", Width::Number(6), 0),
        Column::new("size", Width::Number(10), 1),
        Column::new("made by", Width::Rest, 0),
    ];
    let mut list = Listing::new("layers of both", columns);
    for (before, after) in aligned(layers) {
        let number = |layer: Option<usize>| layer.map(|layer| (layer + 1).to_string()).unwrap_or_default();
        let left = before.map(|place| &layers.before[place]);
        let right = after.map(|place| &layers.after[place]);
        let size = |layer: Option<&ComparedLayer>| {
            layer.map(|layer| format::bytes(layer.size.unwrap_or(layer.compressed))).unwrap_or_default()
        };
        let (word, role) = match (left, right) {
            (Some(left), Some(right)) if left.digest == right.digest => ("same", Role::Good),
            (Some(_), Some(_)) => ("diff ID", Role::Good),
            (Some(_), None) => ("removed", Role::Removed),
            (None, _) => ("added", Role::Added),
        };
        let command = right.or(left).and_then(|layer| layer.created_by.clone()).unwrap_or_default();
        let command = command.split_whitespace().collect::<Vec<_>>().join(" ");
        let cells = [number(before), size(left), word.to_owned(), number(after), size(right), command];
        let mut detail = Vec::new();
        for (which, layer) in [("first", left), ("second", right)] {
            if let Some(layer) = layer {
                detail.push(format!("{which}: {}", layer.digest));
                detail.extend(layer.diff_id.iter().map(|diff_id| format!("diff ID {diff_id}")));
                detail.push(format!("{} to pull", format::bytes(layer.compressed)));
                detail.extend(layer.created_by.clone());
                detail.push(String::new());
            }
        }
        list.rows.push(Line::of(cells).like(role).with(detail));
    }
    if list.rows.is_empty() {
        list.note = Some("neither image has a layer".to_owned());
    }
    list
}

/// Pairs layers that are the same, in the order of the first image, without crossing pairs.
fn aligned(layers: &LayerChange) -> Vec<(Option<usize>, Option<usize>)> {
    let mut rows = Vec::new();
    let mut next = 0;
    for (place, layer) in layers.before.iter().enumerate() {
        match layer.same_as.map(|number| number - 1).filter(|other| *other >= next) {
            Some(other) => {
                rows.extend((next..other).map(|other| (None, Some(other))));
                rows.push((Some(place), Some(other)));
                next = other + 1;
            }
            None => rows.push((Some(place), None)),
        }
    }
    rows.extend((next..layers.after.len()).map(|other| (None, Some(other))));
    rows
}

/// Lists the settings that differ.
pub(crate) fn setting_changes(settings: &[Setting]) -> Listing {
    let columns = vec![
        Column::new("change", Width::Text(8), 1),
        Column::new("what", Width::Text(32), 0),
        Column::new("before", Width::Text(40), 0),
        Column::new("after", Width::Rest, 0),
    ];
    let mut list = Listing::new("settings that differ", columns);
    for setting in settings {
        let name = setting.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        let (word, role) = match setting.change {
            Change::Added => ("added", Role::Added),
            Change::Removed => ("removed", Role::Removed),
            Change::Changed => ("changed", Role::Modified),
        };
        let (before, after) =
            (setting.before.clone().unwrap_or_default(), setting.after.clone().unwrap_or_default());
        let detail =
            vec!["before:".to_owned(), before.clone(), String::new(), "after:".to_owned(), after.clone()];
        let cells = [word.to_owned(), format!("{}{name}", setting.field), before, after];
        list.rows.push(Line::of(cells).like(role).with(detail));
    }
    if settings.is_empty() {
        list.note = Some("no setting and no annotation differs".to_owned());
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(before: &[&str], after: &[&str]) -> LayerChange {
        let compared = |ours: &[&str], theirs: &[&str]| -> Vec<ComparedLayer> {
            let layer = |digest: &&str| ComparedLayer {
                digest: (*digest).to_owned(),
                diff_id: None,
                compressed: 1,
                size: None,
                created_by: None,
                same_as: theirs.iter().position(|other| other == digest).map(|place| place + 1),
            };
            ours.iter().map(layer).collect()
        };
        LayerChange {
            before: compared(before, after),
            after: compared(after, before),
            shared: 0,
            reordered: Vec::new(),
        }
    }

    #[test]
    fn layers_of_both_stand_on_one_line() {
        for (before, after, expected) in [
            ("a b", "a c", "0=0 1- -1"),
            ("a b", "a x b", "0=0 -1 1=2"),
            ("a b", "b a", "-0 0=1 1-"),
            ("", "a", "-0"),
        ] {
            let words = |text: &'static str| text.split_whitespace().collect::<Vec<_>>();
            let rows = aligned(&layers(&words(before), &words(after)));
            let number = |place: Option<usize>| place.map(|place| place.to_string()).unwrap_or_default();
            let shown: Vec<String> = rows
                .iter()
                .map(|(one, other)| {
                    let sign = if one.is_some() && other.is_some() { "=" } else { "-" };
                    format!("{}{sign}{}", number(*one), number(*other))
                })
                .collect();
            assert_eq!(shown.join(" "), expected, "{before} | {after}");
        }
    }
}
