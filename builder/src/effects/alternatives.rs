//! Alternatives: which of several programs a generic name means.

use std::collections::BTreeMap;

use attar_image::{FileTree, Kind, TreePath};

use super::Outcome;
use super::apply::Planned;
use super::effect::{Alternative, Effect};

/// A link that an alternative makes.
pub(super) struct Link {
    pub(super) path: TreePath,
    pub(super) target: String,
    pub(super) because: String,
}

/// Decides for every generic name: the one that a script set, else the highest priority, else the
/// first in order. Programs that the image lacks are no candidates.
pub(super) fn links(planned: &[Planned], tree: &FileTree, outcome: &mut Outcome) -> Vec<Link> {
    let mut offers: BTreeMap<&str, Vec<(&Alternative, &str)>> = BTreeMap::new();
    let mut choices: BTreeMap<&str, &str> = BTreeMap::new();
    for Planned { effect, because } in planned {
        match effect {
            Effect::Alternative(offer) if stands(tree, &offer.path) => {
                offers.entry(&offer.name).or_default().push((offer, because));
            }
            Effect::Alternative(Alternative { name, path, .. }) => {
                outcome.notes.push(format!(
                    "{because}: {path} is not in the image, so it is no candidate for `{name}`"
                ));
            }
            Effect::AlternativeChoice { name, path } => drop(choices.insert(name, path)),
            _ => {}
        }
    }
    let mut links = Vec::new();
    for (name, offers) in offers {
        let chosen = offers.iter().find(|(offer, _)| choices.get(name) == Some(&offer.path.as_str()));
        let best = offers.iter().rev().max_by_key(|(offer, _)| offer.priority);
        let Some((offer, because)) = chosen.or(best) else { continue };
        let slaves = offer.slaves.iter().filter(|slave| stands(tree, &slave.path));
        let slaves = slaves.map(|slave| (&slave.name, &slave.link, &slave.path));
        for (name, link, target) in std::iter::once((&offer.name, &offer.link, &offer.path)).chain(slaves) {
            match pair(name, link, target, because, tree) {
                Some(pair) => links.extend(pair),
                None => {
                    let text =
                        format!("{because}: {link} stands already, so it does not become a link to `{name}`");
                    outcome.warnings.push(text);
                }
            }
        }
    }
    links
}

/// Returns the link that users call and the one in `/etc/alternatives`; `None` where something else
/// stands already.
fn pair(name: &str, link: &str, target: &str, because: &str, tree: &FileTree) -> Option<[Link; 2]> {
    let is_plain = !name.is_empty() && !name.contains('/') && name != "." && name != "..";
    let link = TreePath::parse(link).ok().filter(|_| is_plain)?;
    let middle = TreePath::parse(format!("etc/alternatives/{name}")).ok()?;
    let existing = tree.resolve(&link.parent()?)?.join(link.file_name()).ok()?;
    if tree.get(&existing).is_some_and(|entry| !matches!(entry.kind, Kind::Symlink { .. })) {
        return None;
    }
    let because = because.to_owned();
    let first = Link { path: link, target: format!("/etc/alternatives/{name}"), because: because.clone() };
    Some([first, Link { path: middle, target: target.to_owned(), because }])
}

fn stands(tree: &FileTree, path: &str) -> bool {
    let path = TreePath::parse(path).ok().and_then(|path| tree.resolve(&path));
    path.is_some_and(|path| tree.contains(&path) || tree.below(&path).next().is_some())
}
