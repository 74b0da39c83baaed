//! Settles who has what: names become packages, spellings places, and rivals an order.

use std::collections::{BTreeMap, BTreeSet};

use super::claims::{Claim, Claims, Holder, Known, Weight};
use super::diversions::Diversion;
use super::paths::{Directories, Name, Names, other_spelling, split};
use super::{Owned, Ownership, PackageId};
use crate::database::{Manager, Package};
use crate::debian::status::State;

/// A path that more packages than this claim is a directory: there is nothing to settle.
const MAX_RIVALS: usize = 8;

/// Of more packages of one name and architecture than this the later ones are not looked at.
const MAX_SAME: usize = 16;

impl Claims {
    /// Settles who has what.
    ///
    /// `resolve` says where a directory of a list really is in the tree, symbolic links followed;
    /// `None` when it is not there. It is asked for each directory once, and for the other spelling
    /// of a merged `/usr` where the first one is not there.
    pub fn settle(self, resolve: impl FnMut(&[u8]) -> Option<Vec<u8>>) -> Ownership {
        let Self { packages, holders, problems, diversions, directories, mut names, claims, .. } = self;
        let (packages, holders) = Packages::of(packages, &holders);
        let mut places = Places { resolve, numbers: Directories::default() };
        let (spelled, order) = directories.sorted();
        let real: Vec<u32> = spelled.iter().map(|directory| places.number(directory)).collect();
        drop(spelled);
        let settled = claims.into_iter().filter_map(|Claim { directory, name, weight, holder }| {
            let directory = real[order[directory as usize] as usize];
            Some(Settled { directory, name, weight, package: holders[holder as usize]? })
        });
        let mut settled: Vec<Settled> = settled.collect();
        packages.drop_superseded(&mut settled);
        divert(&diversions, &packages, &mut places, &mut names, &mut settled);
        let (directories, order) = places.numbers.sorted();
        for claim in &mut settled {
            claim.directory = order[claim.directory as usize];
        }
        let owned = packages.order(settled, &names);
        names.shrink();
        let packages = packages.known.into_iter().map(|known| known.package).collect();
        Ownership { packages, problems, directories, owned, names }
    }
}

/// A claim whose package and place are known.
#[derive(Debug, Clone, Copy)]
struct Settled {
    directory: u32,
    name: Name,
    weight: Weight,
    package: PackageId,
}

/// Where directories are.
struct Places<F> {
    resolve: F,
    numbers: Directories,
}

impl<F: FnMut(&[u8]) -> Option<Vec<u8>>> Places<F> {
    /// Numbers the place where a directory really is; one that is nowhere stays as it is spelled.
    fn number(&mut self, directory: &[u8]) -> u32 {
        let real = (self.resolve)(directory)
            .or_else(|| other_spelling(directory).and_then(|other| (self.resolve)(&other)));
        self.numbers.number(real.as_deref().unwrap_or(directory))
    }
}

/// The packages in their order.
struct Packages {
    known: Vec<Known>,
}

impl Packages {
    /// Brings the packages into order, and says for each holder which one is meant; none where a name
    /// stands for more packages than are looked at.
    fn of(mut known: Vec<Known>, holders: &[Holder]) -> (Self, Vec<Option<PackageId>>) {
        add_unlisted(&mut known, holders);
        let identity = |known: &Known| {
            let Package { name, architecture, version, manager, .. } = &known.package;
            (name.clone(), architecture.clone(), version.clone(), *manager)
        };
        let mut order: Vec<usize> = (0..known.len()).collect();
        order.sort_by(|left, right| known[*left].package.cmp(&known[*right].package));
        let mut ids = vec![PackageId(0); known.len()];
        let mut files = BTreeMap::new();
        let mut sorted: Vec<Known> = Vec::with_capacity(known.len());
        for index in order {
            let next = known[index].clone();
            // A package may stand in `status` and in `status.d`.
            match sorted.last_mut().filter(|last| identity(last) == identity(&next)) {
                Some(last) => last.replaces.extend(next.replaces),
                None => sorted.push(next),
            }
            ids[index] = PackageId(sorted.len() as u32 - 1);
            if let Some(file) = &known[index].file {
                files.entry(file.clone()).or_insert(ids[index]);
            }
        }
        for known in &mut sorted {
            known.replaces.sort_unstable();
        }
        let packages = Self { known: sorted };
        let holders = holders.iter().map(|holder| match holder {
            Holder::Package(index) => Some(ids[*index]),
            Holder::Control(file) => files.get(file).copied(),
            Holder::Dpkg { name, architecture } => packages.named(name, architecture.as_deref()),
        });
        let holders = holders.collect();
        (packages, holders)
    }

    /// Finds a package of dpkg's; of several the first one that is there.
    fn named(&self, name: &str, architecture: Option<&str>) -> Option<PackageId> {
        let wanted = (name, architecture.unwrap_or_default());
        let key = |package: &Package| (package.name.as_str(), package.architecture.as_str()) < wanted;
        let start = self.known.partition_point(|known| key(&known.package));
        let fits = |package: &Package| {
            package.name == name && architecture.is_none_or(|wanted| package.architecture == wanted)
        };
        let same = (start..).zip(&self.known[start..]).take_while(|(_, known)| fits(&known.package));
        let mut dpkg = same.take(MAX_SAME).filter(|(_, known)| known.package.manager == Manager::Dpkg);
        let first = dpkg.clone().next();
        let meant = dpkg.find(|(_, known)| known.package.is_there()).or(first);
        meant.map(|(index, _)| PackageId(index as u32))
    }

    fn get(&self, id: PackageId) -> &Known {
        &self.known[id.index()]
    }

    /// Where the package manager has a list of its own, the other lists of that package go.
    fn drop_superseded(&self, settled: &mut Vec<Settled>) {
        let mut has_list = vec![false; self.known.len()];
        for claim in settled.iter().filter(|claim| claim.weight == Weight::List) {
            has_list[claim.package.index()] = true;
        }
        settled.retain(|claim| claim.weight == Weight::List || !has_list[claim.package.index()]);
    }

    /// Orders the claims by their paths, those to one path by their weight.
    fn order(&self, mut settled: Vec<Settled>, names: &Names) -> Vec<Owned> {
        let path = |claim: &Settled| (claim.directory, names.get(claim.name));
        settled.sort_unstable_by(|left, right| {
            let rank = |claim: &Settled| (claim.package, claim.weight);
            path(left).cmp(&path(right)).then(rank(left).cmp(&rank(right)))
        });
        settled.dedup_by(|next, kept| next.package == kept.package && path(next) == path(kept));
        let mut owned: Vec<Owned> = Vec::with_capacity(settled.len());
        for rivals in settled.chunk_by_mut(|left, right| path(left) == path(right)) {
            rivals.sort_by_key(|rival| rival.weight);
            let equal = rivals.iter().take_while(|rival| rival.weight == rivals[0].weight).count();
            if rivals.len() <= MAX_RIVALS
                && let Some(winner) = self.winner(&rivals[..equal])
            {
                rivals[..=winner].rotate_right(1);
            }
            owned.extend(rivals.iter().map(|rival| {
                let Settled { directory, name, package, .. } = *rival;
                Owned { directory, name, package }
            }));
        }
        owned.shrink_to_fit();
        owned
    }

    /// Returns the first of some rivals that no other one replaces.
    fn winner(&self, rivals: &[Settled]) -> Option<usize> {
        rivals.iter().position(|rival| {
            let name = self.get(rival.package).package.name.as_str();
            let replaces = |other: &Settled| {
                let Known { package, replaces, .. } = self.get(other.package);
                package.name != name && replaces.binary_search_by(|known| (**known).cmp(name)).is_ok()
            };
            !rivals.iter().any(replaces)
        })
    }
}

/// Adds the packages that only a list of files names.
fn add_unlisted(known: &mut Vec<Known>, holders: &[Holder]) {
    let names: BTreeSet<(String, String)> = known
        .iter()
        .filter(|known| known.package.manager == Manager::Dpkg)
        .map(|known| (known.package.name.clone(), known.package.architecture.clone()))
        .collect();
    let files: BTreeSet<Box<[u8]>> = known.iter().filter_map(|known| known.file.clone()).collect();
    for holder in holders {
        let (name, architecture, file) = match holder {
            Holder::Package(_) => continue,
            Holder::Control(file) if files.contains(file) => continue,
            Holder::Control(file) => (String::from_utf8_lossy(file).into_owned(), None, Some(file.clone())),
            Holder::Dpkg { name, architecture } => {
                let is_known = match architecture {
                    Some(architecture) => names.contains(&(name.clone(), architecture.clone())),
                    None => names
                        .range((name.clone(), String::new())..)
                        .next()
                        .is_some_and(|(found, _)| found == name),
                };
                if is_known {
                    continue;
                }
                (name.clone(), architecture.clone(), None)
            }
        };
        let package = Package {
            source: name.clone(),
            name,
            architecture: architecture.unwrap_or_default(),
            version: String::new(),
            manager: Manager::Dpkg,
            source_version: String::new(),
            state: State::Partial,
        };
        known.push(Known { package, file, replaces: Vec::new() });
    }
}

/// Moves what packages claim to where diversions put it.
fn divert<F: FnMut(&[u8]) -> Option<Vec<u8>>>(
    diversions: &[Diversion],
    packages: &Packages,
    places: &mut Places<F>,
    names: &mut Names,
    settled: &mut Vec<Settled>,
) {
    /// The package whose file stays, and where those of others go.
    type Diverted<'a> = (Option<&'a str>, (u32, Name));
    let mut diverted: BTreeMap<(u32, &[u8]), Diverted<'_>> = BTreeMap::new();
    let mut additions = Vec::new();
    for Diversion { from, to, package } in diversions {
        let (directory, name) = split(from);
        let from = places.number(directory);
        let (directory, to) = split(to);
        let to_directory = places.number(directory);
        // Names that do not fit are of a database that is larger than any.
        let (Some(from_name), Some(to)) = (names.add(name), names.add(to)) else { return };
        diverted.entry((from, name)).or_insert((package.as_deref(), (to_directory, to)));
        if let Some(package) = package.as_deref().and_then(|name| packages.named(name, None)) {
            let weight = Weight::Diversion;
            additions.push(Settled { directory: from, name: from_name, weight, package });
        }
    }
    for claim in settled.iter_mut() {
        let Known { package, .. } = packages.get(claim.package);
        if package.manager == Manager::Dpkg
            && let Some((diverter, (directory, name))) =
                diverted.get(&(claim.directory, names.get(claim.name)))
            && *diverter != Some(package.name.as_str())
        {
            (claim.directory, claim.name) = (*directory, *name);
        }
    }
    settled.extend(additions);
}
