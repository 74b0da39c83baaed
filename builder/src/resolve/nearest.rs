//! Names that are spelled like one that does not exist.

use std::collections::BTreeSet;

use super::Universe;

/// How many names are worth showing.
const SHOWN: usize = 3;

/// Returns the names that are most like `name`, the most like first.
pub(super) fn nearest(universe: &Universe, name: &str) -> Vec<String> {
    let mut found: BTreeSet<(usize, &str)> = BTreeSet::new();
    for (_, source) in universe.sources() {
        for package in source.index.packages().filter(|it| source.allows(it.name())) {
            if let Some(distance) = distance(name, package.name()) {
                found.insert((distance, package.name()));
            }
        }
    }
    found.into_iter().take(SHOWN).map(|(_, name)| name.to_owned()).collect()
}

/// Returns how much two names differ, if they are alike at all: a third of the letters may be wrong,
/// or one name may start with the other.
fn distance(wanted: &str, name: &str) -> Option<usize> {
    let allowed = (wanted.len() / 3).max(1);
    let longer = wanted.len().abs_diff(name.len());
    if wanted.len() >= 3 && name.starts_with(wanted) {
        // A longer name, such as the one with a version in it, is as near as one wrong letter.
        return Some(1 + longer / 8);
    }
    if longer > allowed {
        return None;
    }
    Some(strsim::osa_distance(wanted, name)).filter(|it| *it <= allowed)
}
