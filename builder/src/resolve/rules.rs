//! What one package asks of the others: its fields as clauses over packages.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use attar_packages::debian::relation::{Relation, parse_relations};
use resolvo::{DenseIndex, SolvableId};

use super::Cause;
use super::pool::{Candidate, Pool, Solvable};

/// A clause that a chosen package imposes.
#[derive(Clone)]
pub(super) struct Rule<'u> {
    /// What kind of clause it is.
    pub(super) kind: Kind,
    /// Its text in the index, empty where attar made it.
    pub(super) text: &'u str,
    /// What it speaks of; for a need the best first.
    pub(super) solvables: Rc<[SolvableId]>,
    /// Why it is left out.
    pub(super) dropped: Option<Cause>,
}

/// The kinds of clauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// One of the solvables must be chosen, because of `Depends` or `Pre-Depends`.
    Needs,
    /// None may be, because of `Conflicts`.
    Conflicts,
    /// None may be, because of `Breaks`.
    Breaks,
    /// None may be, because they are other versions of the same package.
    OneVersion,
    /// The one must be, so that platforms have the same version.
    SameVersion,
}

impl Rule<'_> {
    /// Returns the clause's text in one line.
    pub(super) fn text(&self) -> String {
        self.text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// The rules of all packages that were asked about.
pub(super) struct Rules<'p, 'u> {
    pub(super) pool: &'p Pool<'u>,
    by_solvable: RefCell<HashMap<SolvableId, Rc<[Rule<'u>]>>>,
    /// For each platform what a clause's text means there; most clauses stand in many packages.
    by_clause: RefCell<HashMap<(usize, &'u str), Rc<Meaning>>>,
}

/// What a clause means on a platform.
struct Meaning {
    alternatives: Vec<Relation>,
    solvables: Rc<[SolvableId]>,
    /// The entry of `without` that satisfies it.
    without: Option<String>,
    /// Whether it says nothing about this architecture.
    vacuous: bool,
}

impl<'p, 'u> Rules<'p, 'u> {
    /// Makes the rules of no package yet.
    pub(super) fn new(pool: &'p Pool<'u>) -> Self {
        Self { pool, by_solvable: RefCell::default(), by_clause: RefCell::default() }
    }

    /// Returns what a solvable imposes when it is chosen.
    pub(super) fn of(&self, id: SolvableId) -> Rc<[Rule<'u>]> {
        if let Some(rules) = self.by_solvable.borrow().get(&id) {
            return Rc::clone(rules);
        }
        let rules: Rc<[Rule<'u>]> = match self.pool.solvable(id) {
            Solvable::Package(candidate) => self.package(id, candidate).into(),
            Solvable::Agreed { first, count } => Rc::new([others(id, first..first + count)]),
        };
        self.by_solvable.borrow_mut().insert(id, Rc::clone(&rules));
        rules
    }

    fn package(&self, id: SolvableId, candidate: Candidate<'u>) -> Vec<Rule<'u>> {
        let package = candidate.package;
        let family = self.pool.family(package.name());
        let siblings = &family.versions[candidate.platform];
        let mut rules = Vec::new();
        if siblings.len() > 1 {
            let others = siblings.iter().copied().filter(|it| *it != id).collect();
            rules.push(Rule { kind: Kind::OneVersion, text: "", solvables: others, dropped: None });
        }
        if let Some(agreed) = family.agreed_on(candidate) {
            let solvables = Rc::new([agreed]);
            rules.push(Rule { kind: Kind::SameVersion, text: "", solvables, dropped: None });
        }
        for field in [package.pre_depends(), package.depends()] {
            rules.extend(clauses(field).filter_map(|text| self.need(id, candidate, text)));
        }
        for (kind, field) in [(Kind::Conflicts, package.conflicts()), (Kind::Breaks, package.breaks())] {
            rules.extend(clauses(field).filter_map(|text| self.ban(candidate, siblings, kind, text)));
        }
        rules
    }

    /// Makes the rule of one clause of `Depends`; nothing where the package itself satisfies it.
    fn need(&self, id: SolvableId, candidate: Candidate<'u>, text: &'u str) -> Option<Rule<'u>> {
        let meaning = self.meaning(candidate.platform, text);
        if meaning.vacuous || meaning.solvables.contains(&id) {
            return None;
        }
        let owner = candidate.package.name();
        let scripts = || self.pool.policy.serves_scripts_only(owner, &meaning.alternatives);
        let dropped = meaning.without.clone().map(Cause::Without).or_else(|| scripts().map(Cause::Scripts));
        let solvables = Rc::clone(&meaning.solvables);
        Some(Rule { kind: Kind::Needs, text, solvables, dropped })
    }

    /// Makes the rule of one clause of `Conflicts` or `Breaks`; nothing where it hits no one. A
    /// package never conflicts with itself, whatever it provides.
    fn ban(
        &self,
        candidate: Candidate<'u>,
        siblings: &[SolvableId],
        kind: Kind,
        text: &'u str,
    ) -> Option<Rule<'u>> {
        let meaning = self.meaning(candidate.platform, text);
        let mut solvables = Rc::clone(&meaning.solvables);
        if solvables.iter().any(|it| siblings.contains(it)) {
            solvables = solvables.iter().copied().filter(|it| !siblings.contains(it)).collect();
        }
        (!solvables.is_empty()).then_some(Rule { kind, text, solvables, dropped: None })
    }

    fn meaning(&self, platform: usize, text: &'u str) -> Rc<Meaning> {
        if let Some(meaning) = self.by_clause.borrow().get(&(platform, text)) {
            return Rc::clone(meaning);
        }
        let meaning = Rc::new(self.interpret(platform, text));
        self.by_clause.borrow_mut().insert((platform, text), Rc::clone(&meaning));
        meaning
    }

    /// Finds what a clause means. One that cannot be read means nothing, so its package cannot be
    /// chosen.
    fn interpret(&self, platform: usize, text: &str) -> Meaning {
        let pool = self.pool;
        let architecture = &pool.universe.platforms[platform].architecture;
        let mut clauses = parse_relations(text).unwrap_or_default();
        let mut alternatives = clauses.pop().map(|clause| clause.alternatives).unwrap_or_default();
        let readable = !alternatives.is_empty();
        alternatives.retain(|it| it.counts_on(architecture));
        let vacuous = readable && alternatives.is_empty();
        let left_out = &pool.policy.left_out[platform];
        let without = alternatives.iter().find_map(|it| left_out.get(&*it.name)).cloned();
        let mut solvables: Vec<SolvableId> = Vec::new();
        for relation in &alternatives {
            for id in pool.matching(platform, relation) {
                if !solvables.contains(&id) {
                    solvables.push(id);
                }
            }
        }
        Meaning { alternatives, solvables: solvables.into(), without, vacuous }
    }
}

/// Returns the clauses of a field, as they stand there.
fn clauses(field: &str) -> impl Iterator<Item = &str> {
    field.split(',').map(str::trim_ascii).filter(|clause| !clause.is_empty())
}

/// Makes the rule that of several numbers only one may be chosen.
fn others<'u>(id: SolvableId, all: std::ops::Range<usize>) -> Rule<'u> {
    let others = all.map(SolvableId::from_index).filter(|it| *it != id).collect();
    Rule { kind: Kind::OneVersion, text: "", solvables: others, dropped: None }
}
