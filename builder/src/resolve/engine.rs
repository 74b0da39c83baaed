//! The search: rules handed to a SAT solver, package by package as they are chosen.
//!
//! The solver's own notions of names and versions stay unused. It sees one name that may have any
//! number of versions at once, and every clause brings its list of solvables; so what a relation
//! means, and in which order it is tried, is decided in `pool` alone. The solver
//! decides clauses in the order in which packages were chosen, first those of the request.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::rc::Rc;

use resolvo::{
    Candidates, Condition, ConditionId, DenseIndex, Dependencies, DependencyProvider, Interner,
    KnownDependencies, NameId, Problem, SolvableId, Solver, SolverCache, StringId, UnsolvableOrCancelled,
    VersionSetId, VersionSetUnionId,
};

use super::rules::{Kind, Rules};
use super::sketch::Sketch;

/// One rule: the solvable that imposes it, and its place among the solvable's rules.
pub(super) type Fact = (SolvableId, usize);

/// Which rules of packages hold.
#[derive(Clone, Copy)]
pub(super) enum Facts<'f> {
    /// All of them.
    All,
    /// These, and that a package has one version.
    Only(&'f BTreeSet<Fact>),
}

/// What a search found.
pub(super) enum Outcome {
    /// These were chosen together.
    Solved(Vec<SolvableId>),
    /// There is no answer; the rules of these were needed to see that.
    Unsolvable(Vec<SolvableId>),
}

/// Searches for a set of solvables that has one of each of the `roots` and keeps the rules of all
/// that are in it. Among alternatives those of the sketch are tried first.
pub(super) fn search(
    rules: &Rules<'_, '_>,
    roots: &[Rc<[SolvableId]>],
    sketch: &Sketch,
    facts: Facts<'_>,
) -> Outcome {
    let engine = Engine {
        rules,
        sketch,
        facts,
        sets: RefCell::default(),
        numbers: RefCell::default(),
        asked: RefCell::default(),
    };
    let requirements = (roots.iter())
        .map(|root| match sketch.order(root) {
            Some(ordered) => engine.intern(&ordered.into()).into(),
            None => engine.intern(root).into(),
        })
        .collect();
    let mut solver = Solver::new(engine);
    match solver.solve(Problem::new().requirements(requirements)) {
        Ok(chosen) => Outcome::Solved(chosen),
        Err(UnsolvableOrCancelled::Unsolvable(_)) => Outcome::Unsolvable(solver.provider().asked.take()),
        // Nothing here ever cancels; without the rules of any package there is nothing to prove.
        Err(UnsolvableOrCancelled::Cancelled(_)) => Outcome::Unsolvable(Vec::new()),
    }
}

/// What the solver asks.
struct Engine<'e, 'p, 'u> {
    rules: &'e Rules<'p, 'u>,
    sketch: &'e Sketch,
    facts: Facts<'e>,
    /// The lists of solvables in clauses, by the number the solver knows them by.
    sets: RefCell<Vec<Rc<[SolvableId]>>>,
    numbers: RefCell<HashMap<Rc<[SolvableId]>, VersionSetId>>,
    asked: RefCell<Vec<SolvableId>>,
}

impl Engine<'_, '_, '_> {
    fn intern(&self, solvables: &Rc<[SolvableId]>) -> VersionSetId {
        if let Some(number) = self.numbers.borrow().get(solvables) {
            return *number;
        }
        let mut sets = self.sets.borrow_mut();
        let number = VersionSetId::from_index(sets.len());
        sets.push(Rc::clone(solvables));
        self.numbers.borrow_mut().insert(Rc::clone(solvables), number);
        number
    }

    fn holds(&self, fact: Fact, kind: Kind) -> bool {
        match self.facts {
            Facts::All => true,
            Facts::Only(facts) => kind == Kind::OneVersion || facts.contains(&fact),
        }
    }
}

impl DependencyProvider for Engine<'_, '_, '_> {
    /// Returns a clause's list: the solver asks for the matching ones of a need, and for the others
    /// of a constraint, and every clause is only ever one of the two.
    async fn filter_candidates(
        &self,
        _candidates: &[SolvableId],
        version_set: VersionSetId,
        _inverse: bool,
    ) -> Vec<SolvableId> {
        self.sets.borrow()[version_set.to_index()].to_vec()
    }

    async fn get_candidates(&self, _name: NameId) -> Option<Candidates> {
        Some(Candidates { allow_multiple: true, ..Candidates::default() })
    }

    /// Leaves the order as it is: the lists have the best first.
    async fn sort_candidates(&self, _solver: &SolverCache<Self>, _solvables: &mut [SolvableId]) {}

    async fn get_dependencies(&self, solvable: SolvableId) -> Dependencies {
        self.asked.borrow_mut().push(solvable);
        let mut known = KnownDependencies::default();
        for (place, rule) in self.rules.of(solvable).iter().enumerate() {
            if rule.dropped.is_some() || !self.holds((solvable, place), rule.kind) {
                continue;
            }
            let set = match self.sketch.order(&rule.solvables) {
                Some(ordered) if rule.kind == Kind::Needs => self.intern(&ordered.into()),
                _ => self.intern(&rule.solvables),
            };
            match rule.kind {
                Kind::Needs | Kind::SameVersion => known.requirements.push(set.into()),
                Kind::Conflicts | Kind::Breaks | Kind::OneVersion => known.constrains.push(set),
            }
        }
        Dependencies::Known(known)
    }
}

/// The solver prints names only into traces, where numbers do.
impl Interner for Engine<'_, '_, '_> {
    type NameId = NameId;
    type SolvableId = SolvableId;

    fn display_solvable(&self, solvable: SolvableId) -> impl fmt::Display + '_ {
        solvable.to_index()
    }

    fn display_name(&self, name: NameId) -> impl fmt::Display + '_ {
        name.to_index()
    }

    fn display_version_set(&self, version_set: VersionSetId) -> impl fmt::Display + '_ {
        version_set.to_index()
    }

    fn display_string(&self, string: StringId) -> impl fmt::Display + '_ {
        string.to_index()
    }

    fn version_set_name(&self, _version_set: VersionSetId) -> NameId {
        NameId::from_index(0)
    }

    fn solvable_name(&self, _solvable: SolvableId) -> NameId {
        NameId::from_index(0)
    }

    fn version_sets_in_union(&self, _union: VersionSetUnionId) -> impl Iterator<Item = VersionSetId> {
        std::iter::empty()
    }

    /// Never asked: no requirement has a condition.
    fn resolve_condition(&self, _condition: ConditionId) -> Condition {
        Condition::Requirement(VersionSetId::default())
    }
}
