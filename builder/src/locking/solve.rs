//! Solves every variant of a spec over the archives of its repositories.

use std::collections::BTreeMap;

use attar_packages::debian::relation::{Constraint, Operator};
use attar_packages::debian::version::Version;

use crate::foundation;
use crate::images::{Images, architecture};
use crate::repository::Archive;
use crate::resolve::{PlatformUniverse, Request, ResolveError, Selection, Source, Universe, Wanted, resolve};
use crate::spec::Effective;
use crate::spec::schema::{Foundation, Repository};

/// Versions to keep where possible, by platform and name.
pub(crate) type Pins = BTreeMap<(String, String), String>;

/// The packages of one variant, with the universe they were chosen from.
pub(crate) struct Solved {
    pub(crate) universe: Universe,
    pub(crate) selection: Selection,
}

/// Solves the plain image, then each variant with the plain image's versions preferred.
pub(crate) fn solve(
    images: &Images,
    archives: &[Archive],
    pins: &Pins,
) -> Result<BTreeMap<String, Solved>, ResolveError> {
    let mut solved: BTreeMap<String, Solved> = BTreeMap::new();
    for variant in images.variants() {
        let universe = universe(images.platforms(variant), images, variant, archives);
        let mut preferred = pins.clone();
        if let Some(plain) = solved.get(crate::images::PLAIN) {
            for platform in &plain.selection.platforms {
                for chosen in &platform.packages {
                    let key = (platform.platform.clone(), chosen.name.clone());
                    preferred.insert(key, chosen.version.clone());
                }
            }
        }
        let Some(effective) = images.any(variant) else { continue };
        let request = request(effective, preferred);
        let selection = resolve(&universe, &request)?;
        solved.insert(variant.to_owned(), Solved { universe, selection });
    }
    Ok(solved)
}

fn universe(platforms: &[String], images: &Images, variant: &str, archives: &[Archive]) -> Universe {
    let of_platform = |platform: &String| {
        let architecture = architecture(platform)?;
        let repositories = &images.image(variant, platform)?.spec.contents.repositories;
        let sources =
            archives.iter().flat_map(|archive| sources(archive, architecture, repositories)).collect();
        Some(PlatformUniverse { platform: platform.clone(), architecture: architecture.to_owned(), sources })
    };
    Universe { platforms: platforms.iter().filter_map(of_platform).collect() }
}

fn sources<'a>(
    archive: &'a Archive,
    architecture: &'a str,
    repositories: &'a [Repository],
) -> impl Iterator<Item = Source> + 'a {
    let relevant = move |name: &str| name == architecture || name == "all" || name.is_empty();
    archive.indexes.iter().filter(move |index| relevant(&index.architecture)).map(move |index| Source {
        name: archive.name.clone(),
        repository: repositories.get(archive.repository).map(|it| it.value().to_owned()).unwrap_or_default(),
        priority: archive.priority,
        allowed: archive.allowed.clone(),
        security: archive.identity.label == "Debian-Security",
        index: std::sync::Arc::clone(&index.index),
    })
}

fn request(effective: &Effective, preferred: Pins) -> Request {
    let contents = &effective.spec.contents;
    let packages = contents.packages.iter().enumerate().map(|(number, entry)| {
        let exact = entry.version.as_deref().and_then(|version| Version::parse(version).ok());
        let exact = exact.map(|version| Constraint { operator: Operator::Equal, version });
        Wanted {
            name: entry.name.clone(),
            constraint: exact.or_else(|| entry.constraint.clone()),
            from: entry.from.clone(),
            label: effective.origins.label(&format!("/contents/packages/{number}")),
        }
    });
    let providers = effective.spec.certificates.providers.iter().enumerate().map(|(number, name)| Wanted {
        name: name.clone(),
        constraint: None,
        from: None,
        label: effective.origins.label(&format!("/certificates/providers/{number}")),
    });
    let foundation = match contents.foundation {
        Foundation::Static => foundation::PACKAGES.map(String::from).to_vec(),
        Foundation::None => Vec::new(),
    };
    Request {
        packages: packages.chain(providers).collect(),
        without: contents.without.packages.clone(),
        foundation,
        full_relations: contents.full_relations,
        allow_skew: contents.allow_skew,
        preferred,
    }
}
