//! Why nothing satisfies a request: a smallest set of facts that contradict, in words.
//!
//! The solver only says that there is no answer. What a reader needs is short, so it is searched
//! for: first a platform where it fails, then the requests that fail together, then the relations
//! without any of which there would be an answer.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use attar_packages::debian::version::compare;

use super::engine::{Fact, Facts, Outcome, search};
use super::error::Skew;
use super::pool::{Pool, Takers, key};
use super::requests::{Policy, Root, roots};
use super::rules::{Kind, Rules};
use super::selection::{self, Reached};
use super::sketch::Sketch;
use super::{Request, ResolveError, Universe};

mod words;

/// Says why a request that has no answer has none.
pub(super) fn explain(universe: &Universe, request: &Request, policy: &Policy<'_>) -> ResolveError {
    let loose = policy.with_skew();
    let pool = Pool::new(universe, &loose, Takers::new());
    let roots = match roots(&pool, request) {
        Ok(roots) => roots,
        Err(error) => return error,
    };
    let rules = Rules::new(&pool);
    let all: Vec<&Root<'_>> = roots.iter().collect();
    if let Outcome::Solved(chosen) = search_for(&rules, &all, Facts::All) {
        return ResolveError::Skew(skews(&pool, &selection::reach(&rules, &roots, &chosen)));
    }
    let fails = |platform: &usize| {
        let here: Vec<&Root<'_>> = roots.iter().filter(|root| root.platform == *platform).collect();
        matches!(search_for(&rules, &here, Facts::All), Outcome::Unsolvable(_)).then_some(here)
    };
    let failing: Vec<usize> = (0..universe.platforms.len()).filter(|it| fails(it).is_some()).collect();
    let here = failing.first().and_then(fails).unwrap_or_default();
    let platforms = match failing.len() == universe.platforms.len() {
        true => Vec::new(),
        false => failing.iter().map(|&it| universe.platforms[it].platform.clone()).collect(),
    };
    let (here, facts) = shrink(&rules, here);
    ResolveError::Unsolvable { platforms, steps: words::steps(&rules, &here, &facts) }
}

fn search_for(rules: &Rules<'_, '_>, roots: &[&Root<'_>], facts: Facts<'_>) -> Outcome {
    let lists: Vec<_> = roots.iter().map(|root| Rc::clone(&root.solvables)).collect();
    search(rules, &lists, &Sketch::default(), facts)
}

/// Lists the packages whose versions differ although they must not: those without a version in
/// common, or, where every one has one, all of them.
fn skews(pool: &Pool<'_>, reached: &[Reached]) -> Vec<Skew> {
    let mut versions: BTreeMap<&str, Vec<(usize, &str, &str)>> = BTreeMap::new();
    for candidate in reached.iter().filter_map(|it| pool.candidate(it.id)) {
        let taken = (candidate.platform, key(candidate), candidate.package.version());
        versions.entry(candidate.package.name()).or_default().push(taken);
    }
    versions.retain(|_, taken| taken.windows(2).any(|pair| compare(pair[0].1, pair[1].1).is_ne()));
    let has_common = |name: &str, taken: &[(usize, &str, &str)]| {
        let (first, others) = taken.split_first().expect("every name was taken somewhere");
        let versions = pool.versions(first.0, name);
        versions
            .iter()
            .filter_map(|id| pool.candidate(*id))
            .any(|candidate| others.iter().all(|other| pool.has_version(other.0, name, key(candidate))))
    };
    if versions.iter().any(|(name, taken)| !has_common(name, taken)) {
        versions.retain(|name, taken| !has_common(name, taken));
    }
    let platform = |number: usize| pool.universe.platforms[number].platform.clone();
    versions
        .into_iter()
        .map(|(name, mut taken)| {
            taken.sort_unstable();
            let versions = taken.iter().map(|(number, _, it)| (platform(*number), (*it).to_owned()));
            Skew { name: name.to_owned(), versions: versions.collect() }
        })
        .collect()
}

/// Takes away requests, then facts, as long as there is no answer all the same.
fn shrink<'r, 'q>(rules: &Rules<'_, '_>, mut roots: Vec<&'r Root<'q>>) -> (Vec<&'r Root<'q>>, Vec<Fact>) {
    for position in (0..roots.len()).rev() {
        let mut fewer = roots.clone();
        fewer.remove(position);
        if matches!(search_for(rules, &fewer, Facts::All), Outcome::Unsolvable(_)) {
            roots = fewer;
        }
    }
    let Outcome::Unsolvable(asked) = search_for(rules, &roots, Facts::All) else {
        return (roots, Vec::new());
    };
    let mut facts = Vec::new();
    for id in asked {
        for (place, rule) in rules.of(id).iter().enumerate() {
            if rule.kind != Kind::OneVersion && rule.dropped.is_none() {
                facts.push((id, place));
            }
        }
    }
    let contradicts = |facts: &BTreeSet<Fact>| {
        matches!(search_for(rules, &roots, Facts::Only(facts)), Outcome::Unsolvable(_))
    };
    let facts = core(&contradicts, &BTreeSet::new(), &facts, false);
    (roots, facts)
}

/// Returns a smallest part of `facts` that contradicts together with `base`, by halving.
///
/// `grown` says whether `base` has something that was not tried yet.
fn core(
    contradicts: &impl Fn(&BTreeSet<Fact>) -> bool,
    base: &BTreeSet<Fact>,
    facts: &[Fact],
    grown: bool,
) -> Vec<Fact> {
    if facts.is_empty() || grown && contradicts(base) {
        return Vec::new();
    }
    if let [only] = facts {
        return vec![*only];
    }
    let with = |more: &[Fact]| base.iter().chain(more).copied().collect::<BTreeSet<Fact>>();
    let (first, second) = facts.split_at(facts.len() / 2);
    let mut kept = core(contradicts, &with(first), second, true);
    let rest = core(contradicts, &with(&kept), first, !kept.is_empty());
    kept.extend(rest);
    kept
}
