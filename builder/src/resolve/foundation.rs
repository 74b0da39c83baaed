//! The packages of the foundation that nothing else brought: taken alone, without their relations.

use std::collections::HashSet;

use attar_packages::debian::version::compare;
use resolvo::SolvableId;

use super::pool::{Pool, key};
use super::rules::{Kind, Rules};
use super::{Request, ResolveError, Skew};

/// Chooses the version of each package of the foundation on the platforms that lack it.
///
/// A package that is chosen elsewhere fixes the version; what is chosen already may forbid versions
/// through `Conflicts` and `Breaks`.
///
/// # Errors
/// Fails where a platform has no such package, or platforms have no version in common.
pub(super) fn alone(
    rules: &Rules<'_, '_>,
    request: &Request,
    chosen: &[SolvableId],
) -> Result<Vec<SolvableId>, ResolveError> {
    let pool = rules.pool;
    let banned: HashSet<SolvableId> = (chosen.iter().flat_map(|id| rules.of(*id).to_vec()))
        .filter(|rule| matches!(rule.kind, Kind::Conflicts | Kind::Breaks))
        .flat_map(|rule| rule.solvables.to_vec())
        .collect();
    let mut alone = Vec::new();
    for name in &request.foundation {
        if pool.policy.never.contains(name.as_str()) {
            continue;
        }
        let family = pool.family(name);
        let mut fixed: Option<SolvableId> = None;
        let mut choices: Vec<Vec<SolvableId>> = Vec::new();
        for (versions, platform) in family.versions.iter().zip(&pool.universe.platforms) {
            if let Some(id) = versions.iter().copied().find(|id| chosen.contains(id)) {
                fixed = Some(id);
                continue;
            }
            let allowed: Vec<SolvableId> =
                versions.iter().copied().filter(|id| !banned.contains(id)).collect();
            if allowed.is_empty() {
                let platform = platform.platform.clone();
                return Err(ResolveError::Foundation { name: name.clone(), platform });
            }
            choices.push(allowed);
        }
        alone.extend(agree(pool, fixed, &choices).ok_or_else(|| skew(pool, name, fixed, &choices))?);
    }
    Ok(alone)
}

/// Picks one of each platform's choices, all of one version where platforms must agree.
fn agree(pool: &Pool<'_>, fixed: Option<SolvableId>, choices: &[Vec<SolvableId>]) -> Option<Vec<SolvableId>> {
    if pool.policy.allow_skew {
        return Some(choices.iter().filter_map(|it| it.first().copied()).collect());
    }
    let with_key = |wanted: SolvableId, choices: &Vec<SolvableId>| {
        let wanted = key(pool.candidate(wanted)?);
        choices
            .iter()
            .copied()
            .find(|&id| pool.candidate(id).is_some_and(|it| compare(key(it), wanted).is_eq()))
    };
    let Some(first) = choices.first() else { return Some(Vec::new()) };
    let leaders = fixed.map_or_else(|| first.clone(), |id| vec![id]);
    leaders.into_iter().find_map(|leader| choices.iter().map(|it| with_key(leader, it)).collect())
}

fn skew(pool: &Pool<'_>, name: &str, fixed: Option<SolvableId>, choices: &[Vec<SolvableId>]) -> ResolveError {
    let best = fixed.into_iter().chain(choices.iter().filter_map(|it| it.first().copied()));
    let mut versions: Vec<(String, String)> = best
        .filter_map(|id| pool.candidate(id))
        .map(|it| {
            let platform = pool.universe.platforms[it.platform].platform.clone();
            (platform, it.package.version().to_owned())
        })
        .collect();
    versions.sort();
    ResolveError::Skew(vec![Skew { name: name.to_owned(), versions }])
}
