//! Why nothing satisfies a request: a smallest set of facts that contradict, in words.
//!
//! The solver only says that there is no answer. What a reader needs is short, so it is searched
//! for: first a platform where it fails, then the requests that fail together, then the relations
//! without any of which there would be an answer.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use attar_packages::debian::relation::{Qualifier, parse_relations};
use resolvo::SolvableId;

use super::engine::{Fact, Facts, Outcome, search};
use super::error::{Offers, Skew};
use super::pool::{Pool, Takers, key};
use super::requests::{Policy, Root, offers, roots};
use super::rules::{Kind, Rule, Rules};
use super::selection::{self, Reached};
use super::{Request, ResolveError, Universe};

/// The most steps that are shown.
const STEPS: usize = 10;

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
    ResolveError::Unsolvable { platforms, steps: steps(&rules, &here, &facts) }
}

fn search_for(rules: &Rules<'_, '_>, roots: &[&Root<'_>], facts: Facts<'_>) -> Outcome {
    let lists: Vec<_> = roots.iter().map(|root| Rc::clone(&root.solvables)).collect();
    search(rules, &lists, facts)
}

/// Lists the packages whose versions differ although they must not: those without a version in
/// common, or, where every one has one, all of them.
fn skews(pool: &Pool<'_>, reached: &[Reached]) -> Vec<Skew> {
    let mut versions: BTreeMap<&str, Vec<(usize, &str, &str)>> = BTreeMap::new();
    for candidate in reached.iter().filter_map(|it| pool.candidate(it.id)) {
        let taken = (candidate.platform, key(candidate), candidate.package.version());
        versions.entry(candidate.package.name()).or_default().push(taken);
    }
    versions.retain(|_, taken| taken.windows(2).any(|pair| pair[0].1 != pair[1].1));
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

/// Says the facts in words, starting from the requests.
fn steps(rules: &Rules<'_, '_>, roots: &[&Root<'_>], facts: &[Fact]) -> Vec<String> {
    let facts: BTreeSet<Fact> = facts.iter().copied().collect();
    let mut steps: Vec<Step> = Vec::new();
    let mut queue: VecDeque<SolvableId> = VecDeque::new();
    let mut seen: BTreeSet<SolvableId> = BTreeSet::new();
    for root in roots {
        let said = format!("{} asks for `{}`", root.wanted.label, root.wanted.relation());
        steps.push(Step { name: String::new(), versions: Vec::new(), said });
        queue.extend(root.solvables.iter().copied().filter(|id| seen.insert(*id)));
    }
    while let Some(id) = queue.pop_front() {
        let Some(candidate) = rules.pool.candidate(id) else { continue };
        let name = candidate.package.name();
        let several = rules.pool.versions(candidate.platform, name).len() > 1;
        for (place, rule) in rules.of(id).iter().enumerate() {
            if !facts.contains(&(id, place)) {
                continue;
            }
            let said = say(rules.pool, candidate.platform, rule);
            let version = several.then(|| candidate.package.version().to_owned());
            match steps.iter_mut().find(|step| step.name == name && step.said == said) {
                Some(step) => step.versions.extend(version),
                None => {
                    steps.push(Step { name: name.to_owned(), versions: version.into_iter().collect(), said });
                }
            }
            queue.extend(rule.solvables.iter().copied().filter(|id| seen.insert(*id)));
        }
    }
    let mut words: Vec<String> = steps.iter().map(Step::to_string).collect();
    words.extend(one_version(rules, roots, &facts));
    if words.len() > STEPS {
        let more = words.len() - (STEPS - 1);
        words.truncate(STEPS - 1);
        words.push(format!("and {more} more such relations"));
    }
    words
}

/// One step of a proof; the versions of a package that say the same share it.
struct Step {
    name: String,
    versions: Vec<String>,
    said: String,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.name.as_str(), self.versions.as_slice()) {
            ("", _) => f.write_str(&self.said),
            (name, []) => write!(f, "{name} {}", self.said),
            (name, versions) => write!(f, "{name} ({}) {}", versions.join(" and "), self.said),
        }
    }
}

/// Says what one rule asks.
fn say(pool: &Pool<'_>, platform: usize, rule: &Rule<'_>) -> String {
    let text = rule.text();
    match rule.kind {
        Kind::Needs if rule.solvables.is_empty() => {
            format!("needs `{text}`, but {}", lack(pool, platform, rule.text))
        }
        Kind::Needs | Kind::SameVersion | Kind::OneVersion => format!("needs `{text}`"),
        Kind::Conflicts | Kind::Breaks => {
            let verb = if rule.kind == Kind::Breaks { "breaks" } else { "conflicts with" };
            let mut names: Vec<&str> = (rule.solvables.iter())
                .filter_map(|id| pool.candidate(*id))
                .map(|it| it.package.name())
                .filter(|name| !text.starts_with(name))
                .collect();
            names.dedup();
            match names.as_slice() {
                [] => format!("{verb} `{text}`"),
                [name] => format!("{verb} `{text}`, which {name} provides"),
                _ => format!("{verb} `{text}`"),
            }
        }
    }
}

/// Says what there is in place of what a clause wants.
fn lack(pool: &Pool<'_>, platform: usize, clause: &str) -> String {
    let Ok(mut clauses) = parse_relations(clause) else {
        return "that cannot be read".to_owned();
    };
    let here = &pool.universe.platforms[platform].platform;
    let mut words = Vec::new();
    for relation in clauses.pop().map(|clause| clause.alternatives).unwrap_or_default() {
        let mut offers = offers(pool.universe, &relation.name);
        offers.retain(|it| it.platform == *here);
        words.push(match offers.as_slice() {
            [] => format!("no repository has `{}`", relation.name),
            _ if relation.qualifier == Some(Qualifier::Any) => {
                format!("no `{}` is marked `Multi-Arch: allowed`", relation.name)
            }
            offers => {
                let name = if offers[0].provider.is_none() { &*relation.name } else { "" };
                let offers = Offers { offers, platforms: false, verb: "is " }.to_string();
                format!("only {}", format!("{name} {offers}").trim_start())
            }
        });
    }
    words.join(", and ")
}

/// Names the packages of which the facts would take several versions, where nothing else clashes.
fn one_version(rules: &Rules<'_, '_>, roots: &[&Root<'_>], facts: &BTreeSet<Fact>) -> Option<String> {
    let mut wanted: BTreeMap<&str, BTreeSet<Vec<SolvableId>>> = BTreeMap::new();
    let mut note = |solvables: &[SolvableId]| {
        for candidate in solvables.iter().filter_map(|id| rules.pool.candidate(*id)) {
            wanted.entry(candidate.package.name()).or_default().insert(solvables.to_vec());
        }
    };
    roots.iter().for_each(|root| note(&root.solvables));
    for (id, place) in facts {
        let rule = &rules.of(*id)[*place];
        if rule.kind != Kind::Needs || rule.solvables.is_empty() {
            return None;
        }
        note(&rule.solvables);
    }
    let name = wanted.into_iter().find(|(_, lists)| lists.len() > 1)?.0;
    Some(format!("only one version of {name} can be chosen"))
}
