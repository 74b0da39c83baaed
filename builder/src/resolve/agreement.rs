//! One version for all platforms: which one each platform should try first.
//!
//! That platforms agree is a rule of the search (see `Family::agreed_on`). Left to itself, the
//! search would meet a version that another platform lacks only after choosing it, and might give up
//! a package for it. So the versions that all platforms have are tried first. Whether a platform
//! takes a package at all is known only afterwards: where fewer take it than have it, and one of
//! them could have had a newer version, the search is repeated with that knowledge.

use std::collections::{BTreeMap, BTreeSet};

use super::engine::{Facts, Outcome, search};
use super::pool::{Pool, Takers};
use super::requests::{Policy, roots};
use super::rules::Rules;
use super::selection::{self, Reached};
use super::sketch::Sketch;
use super::{Request, ResolveError, Selection, Universe, proof};

/// Solves a request, repeating the search until the versions suit the platforms that take them.
pub(super) fn solve(
    universe: &Universe,
    request: &Request,
    policy: &Policy<'_>,
) -> Result<Selection, ResolveError> {
    let mut takers = Takers::new();
    loop {
        let pool = Pool::new(universe, policy, takers.clone());
        let roots = roots(&pool, request)?;
        let rules = Rules::new(&pool);
        let lists: Vec<_> = roots.iter().map(|root| root.solvables.clone()).collect();
        let chosen = match search(&rules, &lists, &Sketch::draw(&rules, &roots), Facts::All) {
            Outcome::Solved(chosen) => chosen,
            Outcome::Unsolvable(_) => return Err(proof::explain(universe, request, policy)),
        };
        let reached = selection::reach(&rules, &roots, &chosen);
        if !learn(&pool, request, &reached, &mut takers) {
            return selection::select(&rules, request, reached);
        }
    }
}

/// Notes which platforms take a package, where that can change its version; says whether it did.
///
/// A name is narrowed once and from then on only widened, so this comes to an end.
fn learn(pool: &Pool<'_>, request: &Request, reached: &[Reached], takers: &mut Takers) -> bool {
    let mut taken: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    let mut lagging: BTreeSet<&str> = BTreeSet::new();
    for package in reached {
        let Some(candidate) = pool.candidate(package.id) else { continue };
        let name = candidate.package.name();
        // The foundation is on every platform.
        if !pool.family(name).can_differ() || request.foundation.iter().any(|it| it == name) {
            continue;
        }
        taken.entry(name).or_default().insert(candidate.platform);
        let newest = pool.newest(candidate.platform, name);
        if newest.is_some_and(|newest| newest.package.version() != candidate.package.version()) {
            lagging.insert(name);
        }
    }
    let mut changed = false;
    for (name, taken) in taken {
        match takers.get_mut(name) {
            Some(known) if !taken.is_subset(known) => known.extend(taken),
            None if lagging.contains(name) && taken != pool.takers(name) => {
                takers.insert(name.to_owned(), taken);
            }
            _ => continue,
        }
        changed = true;
    }
    changed
}
