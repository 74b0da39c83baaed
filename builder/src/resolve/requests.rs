//! The request, checked against what there is.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use attar_packages::debian::maintenance;
use attar_packages::debian::relation::{Relation, parse_relations};
use resolvo::SolvableId;

use super::error::{Missing, NoVersion, Offer, Unknown};
use super::nearest::nearest;
use super::pool::Pool;
use super::{PlatformUniverse, Request, ResolveError, Source, Universe, Wanted};

/// What a request says about every package.
pub(super) struct Policy<'r> {
    request: &'r Request,
    /// For each platform the names that count as there, and the entry of `without` that says so.
    pub(super) left_out: Vec<BTreeMap<String, String>>,
    /// The packages that are never installed.
    pub(super) never: BTreeSet<&'r str>,
    /// The repository that a package must come from.
    from: BTreeMap<&'r str, &'r str>,
    /// Whether platforms may differ in the version of a package.
    pub(super) allow_skew: bool,
}

/// Something that is asked for, on one platform.
pub(super) struct Root<'r> {
    /// The number of the platform.
    pub(super) platform: usize,
    /// What asks for it.
    pub(super) wanted: &'r Wanted,
    /// What will do, best first.
    pub(super) solvables: Rc<[SolvableId]>,
}

impl<'r> Policy<'r> {
    /// Reads a request.
    ///
    /// # Errors
    /// Fails where `without` names what no index knows.
    pub(super) fn new(universe: &Universe, request: &'r Request) -> Result<Self, ResolveError> {
        let wanted: BTreeSet<&str> = request.packages.iter().map(|it| it.name.as_str()).collect();
        let never: BTreeSet<&str> =
            request.without.iter().map(String::as_str).filter(|it| !wanted.contains(it)).collect();
        let unknown: Vec<Unknown> = never
            .iter()
            .filter(|name| !universe.sources().any(|(_, source)| knows(source, name)))
            .map(|name| Unknown { name: (*name).to_owned(), nearest: nearest(universe, name) })
            .collect();
        if !unknown.is_empty() {
            return Err(ResolveError::UnknownWithout(unknown));
        }
        let from =
            request.packages.iter().filter_map(|it| Some((it.name.as_str(), it.from.as_deref()?))).collect();
        let left_out = universe.platforms.iter().map(|platform| left_out(platform, &never)).collect();
        Ok(Self { request, left_out, never, from, allow_skew: request.allow_skew })
    }

    /// Returns the same policy, letting platforms differ.
    pub(super) fn with_skew(&self) -> Self {
        Self {
            request: self.request,
            left_out: self.left_out.clone(),
            never: self.never.clone(),
            from: self.from.clone(),
            allow_skew: true,
        }
    }

    /// Says whether a package may come from a source as far as `from` has a say.
    pub(super) fn takes_from(&self, name: &str, source: &Source) -> bool {
        self.must_come_from(name).is_none_or(|from| source.is_meant_by(from))
    }

    /// Returns the repository that a package must come from.
    pub(super) fn must_come_from(&self, name: &str) -> Option<&'r str> {
        self.from.get(name).copied()
    }

    /// Returns the version to keep where possible.
    pub(super) fn preferred(&self, platform: &str, name: &str) -> Option<&'r str> {
        let preferred = &self.request.preferred;
        if preferred.is_empty() {
            return None;
        }
        preferred.get(&(platform.to_owned(), name.to_owned())).map(String::as_str)
    }

    /// Returns the reason for which a clause serves maintainer scripts alone, unless the request
    /// follows those too.
    pub(super) fn serves_scripts_only(&self, owner: &str, alternatives: &[Relation]) -> Option<&'static str> {
        if self.request.full_relations {
            return None;
        }
        alternatives.iter().find_map(|it| maintenance::serves_scripts_only(owner, &it.name))
    }
}

/// Finds what will do for everything that is asked for, on every platform.
///
/// # Errors
/// Fails where a platform has nothing for a request; all such are in the error.
pub(super) fn roots<'r>(pool: &Pool<'_>, request: &'r Request) -> Result<Vec<Root<'r>>, ResolveError> {
    let mut roots = Vec::new();
    let mut missing = Vec::new();
    for wanted in &request.packages {
        let mut lacking = Vec::new();
        for platform in 0..pool.universe.platforms.len() {
            let mut solvables = pool.matching(platform, &wanted.relation());
            if let Some(from) = &wanted.from {
                solvables
                    .retain(|&id| pool.candidate(id).is_some_and(|it| pool.source(it).is_meant_by(from)));
            }
            if solvables.is_empty() {
                lacking.push(platform);
            }
            roots.push(Root { platform, wanted, solvables: solvables.into() });
        }
        if !lacking.is_empty() {
            missing.push(describe(pool.universe, wanted, &lacking));
        }
    }
    match missing.is_empty() {
        true => Ok(roots),
        false => Err(ResolveError::Missing(missing)),
    }
}

/// Says what there is in place of something that a platform lacks.
fn describe(universe: &Universe, wanted: &Wanted, lacking: &[usize]) -> Missing {
    let label = wanted.label.clone();
    let platforms = || lacking.iter().map(|&it| universe.platforms[it].platform.clone()).collect();
    let offers = offers(universe, &wanted.name);
    let here: Vec<Offer> = offers
        .iter()
        .filter(|it| platforms_of(lacking, universe).contains(&&*it.platform))
        .cloned()
        .collect();
    if !here.is_empty() {
        return Missing::Version(NoVersion {
            label,
            wanted: wanted.relation().to_string(),
            from: wanted.from.clone(),
            platforms: platforms(),
            offers: here,
        });
    }
    if !offers.is_empty() {
        return Missing::Platform { label, name: wanted.name.clone(), platforms: platforms(), offers };
    }
    let nearest = nearest(universe, &wanted.name);
    Missing::Package { label, unknown: Unknown { name: wanted.name.clone(), nearest } }
}

fn platforms_of<'u>(numbers: &[usize], universe: &'u Universe) -> Vec<&'u str> {
    numbers.iter().map(|&it| universe.platforms[it].platform.as_str()).collect()
}

/// Returns every version of a name, real or provided, that any source has, whatever the request
/// says of it.
pub(super) fn offers(universe: &Universe, name: &str) -> Vec<Offer> {
    let mut offers = Vec::new();
    for (platform, source) in universe.sources() {
        let fits = |architecture: &str| architecture == platform.architecture || architecture == "all";
        let real = source.index.named(name).map(|package| (package, None));
        let provided = source.index.providers(name).map(|it| (it.package, Some(it.package.name())));
        for (package, provider) in real.chain(provided) {
            if fits(package.architecture()) {
                offers.push(Offer {
                    platform: platform.platform.clone(),
                    source: source.name.clone(),
                    version: package.version().to_owned(),
                    provider: provider.map(str::to_owned),
                    allowed: source.allows(package.name()),
                });
            }
        }
    }
    offers.sort();
    offers.dedup();
    offers
}

impl Universe {
    /// Iterates over the sources of all platforms.
    pub(super) fn sources(&self) -> impl Iterator<Item = (&PlatformUniverse, &Source)> {
        self.platforms.iter().flat_map(|platform| platform.sources.iter().map(move |it| (platform, it)))
    }
}

fn knows(source: &Source, name: &str) -> bool {
    source.index.named(name).next().is_some() || source.index.providers(name).next().is_some()
}

/// Returns the names that count as there: those left out, and all that any version of them provides.
fn left_out(platform: &PlatformUniverse, never: &BTreeSet<&str>) -> BTreeMap<String, String> {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for name in never {
        names.insert((*name).to_owned(), (*name).to_owned());
    }
    for name in never {
        for package in platform.sources.iter().flat_map(|source| source.index.named(name)) {
            let provided = parse_relations(package.provides()).unwrap_or_default();
            for relation in provided.into_iter().flat_map(|clause| clause.alternatives) {
                names.entry(relation.name.into()).or_insert_with(|| (*name).to_owned());
            }
        }
    }
    names
}
