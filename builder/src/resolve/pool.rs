//! What names and relations can mean on each platform, best first.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use attar_packages::debian::index::{MultiArch, Package};
use attar_packages::debian::relation::{Qualifier, Relation, parse_relations};
use attar_packages::debian::version::{compare, without_rebuild};
use resolvo::{DenseIndex, SolvableId};

use super::requests::Policy;
use super::{Source, Universe};

/// A package that may be chosen.
#[derive(Clone, Copy)]
pub(super) struct Candidate<'u> {
    /// The number of its platform.
    pub(super) platform: usize,
    /// The number of its source on that platform.
    pub(super) source: usize,
    /// Its stanza.
    pub(super) package: Package<'u>,
}

/// What the solver decides about: a package, or that a name has one version everywhere.
#[derive(Clone, Copy)]
pub(super) enum Solvable<'u> {
    /// A package of one platform.
    Package(Candidate<'u>),
    /// The version that the platforms agree on: one of the `count` that start at `first`, of which
    /// one may hold.
    Agreed {
        /// The number of the first alternative.
        first: usize,
        /// How many there are.
        count: usize,
    },
}

/// All that a real name means: its versions on each platform.
pub(super) struct Family {
    /// For each platform its versions, best first.
    pub(super) versions: Vec<Rc<[SolvableId]>>,
    /// The versions to agree on, less a `+bN`. Empty where nothing can differ.
    agreed: Vec<(Box<str>, SolvableId)>,
}

impl Family {
    /// Says whether platforms can differ in the version.
    pub(super) fn can_differ(&self) -> bool {
        !self.agreed.is_empty()
    }

    /// Returns what must hold for platforms to agree on a candidate's version, if they can differ.
    pub(super) fn agreed_on(&self, candidate: Candidate<'_>) -> Option<SolvableId> {
        let key = key(candidate);
        self.agreed.iter().find(|(it, _)| compare(it, key).is_eq()).map(|(_, id)| *id)
    }
}

/// Which platforms take a package, where that is less than all that have it.
pub(super) type Takers = BTreeMap<String, BTreeSet<usize>>;

/// The packages that a solve has looked at so far.
pub(super) struct Pool<'u> {
    pub(super) universe: &'u Universe,
    pub(super) policy: &'u Policy<'u>,
    takers: Takers,
    solvables: RefCell<Vec<Solvable<'u>>>,
    families: RefCell<HashMap<Box<str>, Rc<Family>>>,
}

impl<'u> Pool<'u> {
    /// Makes a pool that has looked at nothing yet.
    pub(super) fn new(universe: &'u Universe, policy: &'u Policy<'u>, takers: Takers) -> Self {
        Self { universe, policy, takers, solvables: RefCell::default(), families: RefCell::default() }
    }

    /// Returns what a number stands for.
    pub(super) fn solvable(&self, id: SolvableId) -> Solvable<'u> {
        self.solvables.borrow()[id.to_index()]
    }

    /// Returns the package that a number stands for, if it is one.
    pub(super) fn candidate(&self, id: SolvableId) -> Option<Candidate<'u>> {
        match self.solvable(id) {
            Solvable::Package(candidate) => Some(candidate),
            Solvable::Agreed { .. } => None,
        }
    }

    /// Returns the source of a package.
    pub(super) fn source(&self, candidate: Candidate<'_>) -> &'u Source {
        &self.universe.platforms[candidate.platform].sources[candidate.source]
    }

    /// Returns the versions of a real package on a platform, best first.
    pub(super) fn versions(&self, platform: usize, name: &str) -> Rc<[SolvableId]> {
        Rc::clone(&self.family(name).versions[platform])
    }

    /// Returns the version that a platform would take if it were alone.
    pub(super) fn newest(&self, platform: usize, name: &str) -> Option<Candidate<'u>> {
        self.gather(platform, name).into_iter().next()
    }

    /// Says whether a platform has a version of a package, less a final `+bN`.
    pub(super) fn has_version(&self, platform: usize, name: &str, wanted: &str) -> bool {
        let versions = self.versions(platform, name);
        versions.iter().filter_map(|id| self.candidate(*id)).any(|it| compare(key(it), wanted).is_eq())
    }

    /// Returns which platforms are taken into account for the version of a package.
    pub(super) fn takers(&self, name: &str) -> BTreeSet<usize> {
        let family = self.family(name);
        let all = (0..family.versions.len()).filter(|&platform| !family.versions[platform].is_empty());
        self.takers.get(name).cloned().unwrap_or_else(|| all.collect())
    }

    /// Returns all that a real name means.
    pub(super) fn family(&self, name: &str) -> Rc<Family> {
        if let Some(family) = self.families.borrow().get(name) {
            return Rc::clone(family);
        }
        let family = Rc::new(self.make_family(name));
        self.families.borrow_mut().insert(name.into(), Rc::clone(&family));
        family
    }

    /// Returns what satisfies a relation on a platform: the real package, then its providers.
    pub(super) fn matching(&self, platform: usize, relation: &Relation) -> Vec<SolvableId> {
        let architecture = self.universe.platforms[platform].architecture.as_str();
        if matches!(&relation.qualifier, Some(Qualifier::Architecture(other)) if **other != *architecture) {
            return Vec::new();
        }
        let any = relation.qualifier == Some(Qualifier::Any);
        let mut found: Vec<SolvableId> = self.versions(platform, &relation.name).to_vec();
        found.retain(|&id| {
            self.candidate(id).is_some_and(|it| {
                relation.allows(it.package.version())
                    && (!any || it.package.multi_arch() == MultiArch::Allowed)
            })
        });
        for id in self.providers(platform, relation, architecture) {
            if !found.contains(&id) {
                found.push(id);
            }
        }
        found
    }

    /// Returns the packages that provide what a relation names: the essential first, then by
    /// priority, as apt orders them; then by name.
    fn providers(&self, platform: usize, relation: &Relation, architecture: &str) -> Vec<SolvableId> {
        let mut names = BTreeSet::new();
        for source in &self.universe.platforms[platform].sources {
            names.extend(source.index.providers(&relation.name).map(|it| it.package.name()));
        }
        let mut found = Vec::new();
        for name in names {
            for (rank, &id) in self.versions(platform, name).iter().enumerate() {
                let Some(candidate) = self.candidate(id) else { continue };
                if provides(candidate.package, relation, architecture) {
                    let essential = !candidate.package.essential();
                    found.push((essential, candidate.package.priority(), name, rank, id));
                }
            }
        }
        found.sort_unstable();
        found.into_iter().map(|(.., id)| id).collect()
    }

    fn make_family(&self, name: &str) -> Family {
        let platforms = self.universe.platforms.len();
        let mut versions: Vec<Vec<Candidate<'u>>> =
            (0..platforms).map(|platform| self.gather(platform, name)).collect();
        let agree = !self.policy.allow_skew && versions.iter().filter(|it| !it.is_empty()).count() > 1;
        let mut keys: Vec<&'u str> = Vec::new();
        if agree {
            let common = self.common_keys(name, &versions);
            for candidates in &mut versions {
                candidates.sort_by_key(|it| Reverse(has_key(&common, key(*it))));
            }
            keys = versions.iter().flatten().map(|it| key(*it)).collect();
            keys.sort_by(|a, b| compare(b, a));
            keys.dedup_by(|a, b| compare(a, b).is_eq());
        }
        for (platform, candidates) in self.universe.platforms.iter().zip(&mut versions) {
            if let Some(kept) = self.policy.preferred(&platform.platform, name) {
                candidates.sort_by_key(|it| it.package.version() != kept);
            }
        }
        let mut solvables = self.solvables.borrow_mut();
        let first = solvables.len() + versions.iter().map(Vec::len).sum::<usize>();
        let mut add = |solvable| {
            solvables.push(solvable);
            SolvableId::from_index(solvables.len() - 1)
        };
        let versions = versions
            .into_iter()
            .map(|candidates| candidates.into_iter().map(|it| add(Solvable::Package(it))).collect())
            .collect();
        let count = keys.len();
        let agreed = match count {
            0 | 1 => Vec::new(),
            _ => keys.into_iter().map(|key| (key.into(), add(Solvable::Agreed { first, count }))).collect(),
        };
        Family { versions, agreed }
    }

    /// Returns the versions of a name on one platform by priority, then the newest first, each once.
    fn gather(&self, platform: usize, name: &str) -> Vec<Candidate<'u>> {
        if self.policy.never.contains(name) {
            return Vec::new();
        }
        let here = &self.universe.platforms[platform];
        let mut found = Vec::new();
        for (number, source) in here.sources.iter().enumerate() {
            if !source.allows(name) || !self.policy.takes_from(name, source) {
                continue;
            }
            let fits = |it: &Package<'_>| [&here.architecture, "all"].contains(&it.architecture());
            found.extend(source.index.named(name).filter(fits).map(|package| Candidate {
                platform,
                source: number,
                package,
            }));
        }
        let rank = |it: &Candidate<'u>| (Reverse(here.sources[it.source].priority), it.source);
        found.sort_by(|a, b| {
            let (a_rank, b_rank) = (rank(a), rank(b));
            let (a_package, b_package) = (a.package, b.package);
            (a_rank.0.cmp(&b_rank.0))
                .then_with(|| compare(b_package.version(), a_package.version()))
                .then_with(|| a_rank.1.cmp(&b_rank.1))
                // A stanza for one architecture before one for all, then whatever is the same
                // in any order of the stanzas.
                .then_with(|| (a_package.architecture() == "all").cmp(&(b_package.architecture() == "all")))
                .then_with(|| a_package.sha256().cmp(b_package.sha256()))
        });
        let mut kept: Vec<Candidate<'u>> = Vec::with_capacity(found.len());
        for candidate in found {
            let version = candidate.package.version();
            if !kept.iter().any(|it| compare(it.package.version(), version).is_eq()) {
                kept.push(candidate);
            }
        }
        kept
    }

    /// Returns the versions that all platforms have that take the package.
    fn common_keys(&self, name: &str, versions: &[Vec<Candidate<'u>>]) -> Vec<&'u str> {
        let takers = self.takers.get(name);
        let mut takers = (0..versions.len())
            .filter(|platform| takers.is_none_or(|takers| takers.contains(platform)))
            .filter(|&platform| !versions[platform].is_empty());
        let Some(first) = takers.next() else { return Vec::new() };
        let mut common: Vec<&'u str> = versions[first].iter().map(|it| key(*it)).collect();
        for platform in takers {
            let here: Vec<&'u str> = versions[platform].iter().map(|it| key(*it)).collect();
            common.retain(|key| has_key(&here, key));
        }
        common
    }
}

impl Source {
    /// Says whether a package may be taken from here.
    pub(super) fn allows(&self, name: &str) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| allowed.iter().any(|it| it == name))
    }

    /// Says whether `from` means this source.
    pub(super) fn is_meant_by(&self, from: &str) -> bool {
        self.repository == from || self.name == from
    }
}

/// Returns the part of a package's version that platforms agree on.
pub(super) fn key(candidate: Candidate<'_>) -> &str {
    without_rebuild(candidate.package.version())
}

fn has_key(keys: &[&str], key: &str) -> bool {
    keys.iter().any(|it| compare(it, key).is_eq())
}

/// Says whether a package's `Provides` satisfies a relation.
fn provides(package: Package<'_>, relation: &Relation, architecture: &str) -> bool {
    let Ok(provided) = parse_relations(package.provides()) else { return false };
    provided.iter().flat_map(|clause| &clause.alternatives).any(|it| {
        let qualifier = match (&it.qualifier, &relation.qualifier) {
            (Some(Qualifier::Any), _) => true,
            (Some(Qualifier::Architecture(other)), _) if **other != *architecture => false,
            (_, wanted) => *wanted != Some(Qualifier::Any),
        };
        let version = it.constraint.as_ref().map(|constraint| constraint.version.as_str());
        it.name == relation.name && qualifier && relation.allows_provided(version)
    })
}
