//! A first guess: what following each relation as it comes would choose.
//!
//! The search settles relations from the request downwards, so it may choose an alternative before it
//! meets, further down, a package that must be there in any case and would have done. The sketch goes
//! down to the last dependency of one package before it looks at the next, as apt does, and takes
//! nothing back. Among alternatives the search then tries those of the sketch first. Where the sketch
//! contradicts itself, that order is all that is left of it.

use std::collections::HashSet;

use resolvo::SolvableId;

use super::pool::Solvable;
use super::requests::Root;
use super::rules::{Kind, Rules};

/// The packages of a sketch.
#[derive(Default)]
pub(super) struct Sketch {
    chosen: HashSet<SolvableId>,
}

/// A package whose rules are being followed, and the next of them.
type Place = (SolvableId, usize);

impl Sketch {
    /// Follows the relations of what is asked for.
    pub(super) fn draw(rules: &Rules<'_, '_>, roots: &[Root<'_>]) -> Self {
        let mut sketch = Self::default();
        let mut banned = HashSet::new();
        // What is asked for satisfies relations before any dependency does.
        let asked: Vec<SolvableId> =
            (roots.iter()).filter_map(|root| sketch.choose(rules, &mut banned, &root.solvables)).collect();
        for id in asked {
            // A stack of our own: a chain of dependencies may be as long as an index.
            let mut stack: Vec<Place> = vec![(id, 0)];
            while let Some((id, next)) = stack.pop() {
                let rules_of = rules.of(id);
                let Some(rule) = rules_of.get(next) else { continue };
                stack.push((id, next + 1));
                if matches!(rule.kind, Kind::Needs | Kind::SameVersion) && rule.dropped.is_none() {
                    let chosen = sketch.choose(rules, &mut banned, &rule.solvables);
                    stack.extend(chosen.map(|id| (id, 0)));
                }
            }
        }
        sketch
    }

    /// Returns a clause's solvables with the one to try first in front.
    pub(super) fn order(&self, solvables: &[SolvableId]) -> Option<Vec<SolvableId>> {
        let position = solvables.iter().position(|id| self.chosen.contains(id)).filter(|it| *it > 0)?;
        let mut ordered = solvables.to_vec();
        ordered[..=position].rotate_right(1);
        Some(ordered)
    }

    /// Chooses the first that goes with what was chosen, unless one is there already.
    fn choose(
        &mut self,
        rules: &Rules<'_, '_>,
        banned: &mut HashSet<SolvableId>,
        solvables: &[SolvableId],
    ) -> Option<SolvableId> {
        if solvables.iter().any(|id| self.chosen.contains(id)) {
            return None;
        }
        let fits = |id: &SolvableId| {
            !banned.contains(id)
                && rules.of(*id).iter().all(|rule| match rule.kind {
                    Kind::Needs => rule.dropped.is_some() || !rule.solvables.is_empty(),
                    Kind::SameVersion => !rule.solvables.iter().any(|it| banned.contains(it)),
                    Kind::Conflicts | Kind::Breaks | Kind::OneVersion => {
                        !rule.solvables.iter().any(|it| self.chosen.contains(it))
                    }
                })
        };
        let id = solvables.iter().copied().find(fits)?;
        self.chosen.insert(id);
        for rule in rules.of(id).iter() {
            if matches!(rule.kind, Kind::Conflicts | Kind::Breaks | Kind::OneVersion) {
                banned.extend(rule.solvables.iter().copied());
            }
        }
        matches!(rules.pool.solvable(id), Solvable::Package(_)).then_some(id)
    }
}
