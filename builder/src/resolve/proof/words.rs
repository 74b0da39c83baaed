//! A proof in words, as short as it can be said.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use attar_packages::debian::relation::{Qualifier, Relation, parse_relations};
use resolvo::SolvableId;

use crate::resolve::engine::Fact;
use crate::resolve::error::Offers;
use crate::resolve::pool::{Candidate, Pool};
use crate::resolve::requests::{Root, offers};
use crate::resolve::rules::{Kind, Rule, Rules};

/// The most steps that are shown.
const STEPS: usize = 10;

/// The longest clause that is shown whole, in bytes.
const CLAUSE: usize = 90;

/// Says facts that contradict, starting from the requests.
pub(super) fn steps(rules: &Rules<'_, '_>, roots: &[&Root<'_>], facts: &[Fact]) -> Vec<String> {
    let facts: BTreeSet<Fact> = facts.iter().copied().collect();
    let (order, seen) = walk(rules, roots, &facts);
    let mut steps: Vec<Step> = Vec::new();
    for (candidate, rule) in order {
        let (name, version) = (candidate.package.name(), candidate.package.version());
        let about = (rule.kind, names(rule.text));
        if let Some(step) = steps.iter_mut().find(|step| step.name == name && step.about == about) {
            step.versions.push(version.to_owned());
            continue;
        }
        let of = rules.pool.versions(candidate.platform, name).len();
        let said = say(rules.pool, candidate.platform, &rule, &seen);
        steps.push(Step { name: name.to_owned(), about, versions: vec![version.to_owned()], of, said });
    }
    let asked = roots.iter().map(|it| format!("{} asks for `{}`", it.wanted.label, it.wanted.relation()));
    let mut words: Vec<String> = asked.chain(steps.iter().map(Step::to_string)).collect();
    words.extend(one_version(rules, roots, &facts));
    if words.len() > STEPS {
        let more = words.len() - (STEPS - 1);
        words.truncate(STEPS - 1);
        words.push(format!("and {more} more such relations"));
    }
    words
}

/// Follows the facts from the requests; returns them in that order, and all packages they speak of.
fn walk<'u>(
    rules: &Rules<'_, 'u>,
    roots: &[&Root<'_>],
    facts: &BTreeSet<Fact>,
) -> (Vec<(Candidate<'u>, Rule<'u>)>, BTreeSet<SolvableId>) {
    let mut order = Vec::new();
    let mut seen: BTreeSet<SolvableId> = BTreeSet::new();
    let asked = roots.iter().flat_map(|root| root.solvables.iter().copied());
    let mut queue: VecDeque<SolvableId> = asked.filter(|id| seen.insert(*id)).collect();
    while let Some(id) = queue.pop_front() {
        let Some(candidate) = rules.pool.candidate(id) else { continue };
        for (place, rule) in rules.of(id).iter().enumerate() {
            if !facts.contains(&(id, place)) {
                continue;
            }
            if rule.kind == Kind::Needs {
                queue.extend(rule.solvables.iter().copied().filter(|id| seen.insert(*id)));
            }
            order.push((candidate, rule.clone()));
        }
    }
    (order, seen)
}

/// What one package says; its versions share a step where they differ in versions alone.
struct Step {
    name: String,
    about: (Kind, Vec<String>),
    versions: Vec<String>,
    /// How many versions of the package there are.
    of: usize,
    said: String,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.versions.len() < self.of {
            write!(f, " ({})", self.versions.join(", "))?;
        }
        write!(f, " {}", self.said)
    }
}

/// Returns the names that a clause has.
fn names(clause: &str) -> Vec<String> {
    alternatives(clause).into_iter().map(|relation| relation.name.into()).collect()
}

fn alternatives(clause: &str) -> Vec<Relation> {
    parse_relations(clause).unwrap_or_default().into_iter().flat_map(|it| it.alternatives).collect()
}

/// Says what one rule asks. `seen` are the packages that the proof speaks of.
fn say(pool: &Pool<'_>, platform: usize, rule: &Rule<'_>, seen: &BTreeSet<SolvableId>) -> String {
    let text = shorten(&rule.text());
    match rule.kind {
        Kind::Needs if rule.solvables.is_empty() => {
            format!("needs `{text}`, but {}", lack(pool, platform, rule.text))
        }
        Kind::Needs | Kind::SameVersion | Kind::OneVersion => format!("needs `{text}`"),
        Kind::Conflicts | Kind::Breaks => {
            let verb = if rule.kind == Kind::Breaks { "breaks" } else { "conflicts with" };
            let named = names(rule.text);
            let met = rule.solvables.iter().filter(|id| seen.contains(id));
            let providers: BTreeSet<&str> = met
                .filter_map(|id| pool.candidate(*id))
                .map(|it| it.package.name())
                .filter(|name| !named.iter().any(|it| it == name))
                .collect();
            match Vec::from_iter(providers).as_slice() {
                [] => format!("{verb} `{text}`"),
                [name] => format!("{verb} `{text}`, which {name} provides"),
                [first @ .., last] => {
                    format!("{verb} `{text}`, which {} and {last} provide", first.join(", "))
                }
            }
        }
    }
}

/// Cuts a long clause after the alternatives that fit.
fn shorten(clause: &str) -> String {
    if clause.len() <= CLAUSE {
        return clause.to_owned();
    }
    let mut short = String::new();
    for alternative in clause.split(" | ") {
        if !short.is_empty() {
            short.push_str(" | ");
            if short.len() + alternative.len() > CLAUSE {
                short.push('…');
                break;
            }
        }
        short.push_str(alternative);
    }
    short
}

/// Says what there is in place of what a clause wants.
fn lack(pool: &Pool<'_>, platform: usize, clause: &str) -> String {
    let here = &pool.universe.platforms[platform].platform;
    let alternatives = alternatives(clause);
    if alternatives.is_empty() {
        return "that cannot be read".to_owned();
    }
    let mut words = Vec::new();
    for relation in alternatives {
        let name = &relation.name;
        let mut offers = offers(pool.universe, name);
        offers.retain(|it| it.platform == *here);
        let would_do = offers.iter().any(|it| it.provider.is_none() && relation.allows(&it.version));
        words.push(match (offers.as_slice(), pool.policy.must_come_from(name)) {
            ([], _) => format!("no repository has `{name}`"),
            (_, Some(from)) if would_do => format!("`{name}` must come from `{from}`"),
            _ if relation.qualifier == Some(Qualifier::Any) => {
                format!("no `{name}` is marked `Multi-Arch: allowed`")
            }
            (offers, _) => {
                let name = if offers[0].provider.is_none() { &**name } else { "" };
                let offers = Offers { offers, platforms: false, verb: "is " }.to_string();
                format!("only {}", format!("{name} {offers}").trim_start())
            }
        });
    }
    words.join(", and ")
}

/// Names the package of which the facts would take several versions, where nothing else clashes.
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
