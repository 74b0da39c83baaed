//! From what the search chose to what the caller gets.

use std::collections::{BTreeMap, HashSet, VecDeque};

use resolvo::SolvableId;

use super::pool::{Candidate, Pool, key};
use super::requests::Root;
use super::rules::{Kind, Rules};
use super::{
    Chosen, DroppedRelation, Lag, PlatformSelection, Reason, Request, ResolveError, Selection, foundation,
};

/// A package that a request leads to.
pub(super) struct Reached {
    pub(super) id: SolvableId,
    pub(super) reason: Reason,
}

/// Keeps what the requests lead to, by the shortest way, and says how.
///
/// The search can leave packages that nothing needs any more after it changed its mind.
pub(super) fn reach(rules: &Rules<'_, '_>, roots: &[Root<'_>], chosen: &[SolvableId]) -> Vec<Reached> {
    let chosen: HashSet<SolvableId> = chosen.iter().copied().collect();
    let mut seen: HashSet<SolvableId> = HashSet::new();
    let mut queue: VecDeque<Reached> = VecDeque::new();
    let first = |list: &[SolvableId]| list.iter().copied().find(|id| chosen.contains(id));
    for root in roots {
        if let Some(id) = first(&root.solvables).filter(|id| seen.insert(*id)) {
            queue.push_back(Reached { id, reason: Reason::Requested(root.wanted.label.clone()) });
        }
    }
    let mut reached = Vec::new();
    while let Some(next) = queue.pop_front() {
        let Some(candidate) = rules.pool.candidate(next.id) else { continue };
        for rule in rules.of(next.id).iter() {
            if rule.kind != Kind::Needs || rule.dropped.is_some() {
                continue;
            }
            if let Some(id) = first(&rule.solvables).filter(|id| seen.insert(*id)) {
                let package = candidate.package.name().to_owned();
                let reason = Reason::DependencyOf { package, clause: rule.text() };
                queue.push_back(Reached { id, reason });
            }
        }
        reached.push(next);
    }
    reached
}

/// Adds the foundation, and puts everything in order.
pub(super) fn select(
    rules: &Rules<'_, '_>,
    request: &Request,
    mut reached: Vec<Reached>,
) -> Result<Selection, ResolveError> {
    let pool = rules.pool;
    let dependants: Vec<SolvableId> = reached.iter().map(|it| it.id).collect();
    let alone = foundation::alone(rules, request, &dependants)?;
    reached.extend(alone.into_iter().map(|id| Reached { id, reason: Reason::Foundation }));

    let mut platforms: Vec<PlatformSelection> = (pool.universe.platforms.iter())
        .map(|it| PlatformSelection { platform: it.platform.clone(), packages: Vec::new() })
        .collect();
    let mut candidates = Vec::new();
    let present: HashSet<SolvableId> = reached.iter().map(|it| it.id).collect();
    for package in reached {
        let Some(candidate) = pool.candidate(package.id) else { continue };
        candidates.push(candidate);
        platforms[candidate.platform].packages.push(Chosen {
            source: candidate.source,
            package: candidate.package.number(),
            name: candidate.package.name().to_owned(),
            version: candidate.package.version().to_owned(),
            reason: package.reason,
        });
    }
    for platform in &mut platforms {
        platform.packages.sort_by(|a, b| a.name.cmp(&b.name));
    }
    let dropped = dropped(rules, &dependants, &present);
    Ok(Selection { platforms, dropped, lags: lags(pool, &candidates) })
}

/// Lists the relations that were left out and that nothing present satisfies all the same.
fn dropped(
    rules: &Rules<'_, '_>,
    dependants: &[SolvableId],
    present: &HashSet<SolvableId>,
) -> Vec<DroppedRelation> {
    let mut dropped = Vec::new();
    for &id in dependants {
        let Some(candidate) = rules.pool.candidate(id) else { continue };
        for rule in rules.of(id).iter() {
            let Some(cause) = &rule.dropped else { continue };
            if !rule.solvables.iter().any(|it| present.contains(it)) {
                dropped.push(DroppedRelation {
                    platform: rules.pool.universe.platforms[candidate.platform].platform.clone(),
                    package: candidate.package.name().to_owned(),
                    clause: rule.text(),
                    cause: cause.clone(),
                });
            }
        }
    }
    dropped.sort();
    dropped.dedup();
    dropped
}

/// Lists the packages that one platform has newer, but not all that take it.
fn lags(pool: &Pool<'_>, candidates: &[Candidate<'_>]) -> Vec<Lag> {
    if pool.policy.allow_skew {
        return Vec::new();
    }
    let mut takers: BTreeMap<&str, Vec<Candidate<'_>>> = BTreeMap::new();
    for candidate in candidates {
        takers.entry(candidate.package.name()).or_default().push(*candidate);
    }
    let mut lags = Vec::new();
    for (name, takers) in takers.into_iter().filter(|(_, takers)| takers.len() > 1) {
        for chosen in &takers {
            let Some(newest) = pool.newest(chosen.platform, name) else { continue };
            let everywhere = takers.iter().all(|it| pool.has_version(it.platform, name, key(newest)));
            if key(newest) == key(*chosen) || everywhere {
                continue;
            }
            lags.push(Lag {
                name: name.to_owned(),
                platform: pool.universe.platforms[chosen.platform].platform.clone(),
                chosen: chosen.package.version().to_owned(),
                newest: newest.package.version().to_owned(),
                security: pool.source(newest).security,
            });
        }
    }
    lags.sort();
    lags
}
