//! Why something is in an image: from the line of the spec over packages to the file.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use attar_image::{Kind, TreePath};
use attar_packages::debian::deb822::Stanza;
use attar_packages::debian::relation::parse_relations;

use super::image::Made;
use super::{BuildError, Request, image_name};
use crate::context::Context;
use crate::images::Images;
use crate::lock::LockedPackage;
use crate::record::PackageRecord;
use crate::rootfs::Owner;
use crate::spec::Effective;

/// Why something is in the images of a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The images it concerns, such as `linux/arm64 (debug)`.
    pub images: Vec<String>,
    /// Where the spec asks for it, such as `attar.yaml:12`; `foundation` for what comes unasked.
    pub origin: String,
    /// The packages from the one the spec names to the one that brings it; none for own files.
    pub packages: Vec<Step>,
    /// The path in the image, unless a package was asked about.
    pub path: Option<TreePath>,
    /// What the path leads to, when it is a link.
    pub target: Option<TreePath>,
}

/// A package on the way from the spec to what was asked about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// The clause of the package before it that it satisfies.
    pub clause: Option<String>,
}

/// One image with what is needed to explain it.
pub(super) struct Explained<'a> {
    pub(super) made: &'a Made,
    pub(super) effective: &'a Effective,
    pub(super) packages: Vec<&'a LockedPackage>,
}

/// Explains a path, a package, or the name of a library.
///
/// The same answer for several images is given once. No answer means that nothing of that name is in
/// any of them.
pub fn explain(context: &Context, request: &Request, what: &str) -> Result<Vec<Explanation>, BuildError> {
    let super::Trees { images, lock, made, .. } = super::trees(context, request)?;
    let mut explanations: Vec<Explanation> = Vec::new();
    for made in &made {
        let Some(effective) = effective(&images, made) else { continue };
        let packages = lock.image(&made.platform, &made.variant).collect();
        let image = Explained { made, effective, packages };
        let name = image_name(&made.variant, &made.platform);
        for explanation in image.explain(what) {
            let same = explanations.iter_mut().find(|known| {
                (&known.origin, &known.packages, &known.path)
                    == (&explanation.origin, &explanation.packages, &explanation.path)
            });
            match same {
                Some(known) => known.images.push(name.clone()),
                None => explanations.push(Explanation { images: vec![name.clone()], ..explanation }),
            }
        }
    }
    Ok(explanations)
}

fn effective<'a>(images: &'a Images, made: &Made) -> Option<&'a Effective> {
    images.image(&made.variant, &made.platform)
}

impl Explained<'_> {
    fn explain(&self, what: &str) -> Vec<Explanation> {
        if what.starts_with('/') {
            return TreePath::parse(what).ok().and_then(|path| self.path(&path)).into_iter().collect();
        }
        if self.packages.iter().any(|package| package.name == what) {
            return vec![self.package(what, None)];
        }
        let view = &self.made.rootfs.view;
        let named = |path: &TreePath| path.file_name() == what.as_bytes();
        let mut paths: Vec<TreePath> =
            view.iter().map(|(path, _)| path).filter(|path| named(path)).cloned().collect();
        paths.extend(self.providing(what).into_iter().filter(|path| !named(path)));
        paths.iter().filter_map(|path| self.path(path)).collect()
    }

    /// Returns the libraries that say they are `soname`.
    fn providing(&self, soname: &str) -> Vec<TreePath> {
        let is_it = |record: &PackageRecord, kind: &Kind| match kind {
            Kind::File { content, .. } => {
                record.facts(&content.digest).is_some_and(|facts| facts.soname.as_deref() == Some(soname))
            }
            _ => false,
        };
        let rootfs = &self.made.rootfs;
        let parts = rootfs.packages.iter().zip(&self.made.packages);
        parts
            .flat_map(|(part, (record, _))| {
                part.tree
                    .iter()
                    .filter(move |(_, entry)| is_it(record, &entry.kind))
                    .map(|(path, _)| path.clone())
            })
            .collect()
    }

    fn path(&self, path: &TreePath) -> Option<Explanation> {
        let rootfs = &self.made.rootfs;
        // The path may pass through links: what is meant is what stands at their end.
        let parent = path.parent().and_then(|parent| rootfs.view.resolve(&parent)).unwrap_or_default();
        let place = if path.is_root() { path.clone() } else { parent.join(path.file_name()).ok()? };
        let entry = rootfs.view.get(&place)?;
        let target =
            matches!(entry.kind, Kind::Symlink { .. }).then(|| rootfs.view.resolve(&place)).flatten();
        let owner = rootfs.owners.get(&place).copied().or_else(|| self.shipping(&place));
        let explanation = match owner {
            Some(Owner::Package(number)) => self.package(&rootfs.packages[number].name, Some(place.clone())),
            Some(Owner::File(number)) => self.own(&format!("layer `{}`", rootfs.files[number].name), &place),
            Some(Owner::Generated) | None => self.own("attar", &place),
        };
        Some(Explanation { target, ..explanation })
    }

    /// Returns the first package that ships a directory.
    fn shipping(&self, path: &TreePath) -> Option<Owner> {
        let ships = |part: &crate::rootfs::PackagePart| part.directories.contains_key(path);
        self.made.rootfs.packages.iter().position(ships).map(Owner::Package)
    }

    fn own(&self, otherwise: &str, path: &TreePath) -> Explanation {
        let contents = &self.effective.spec.contents;
        let holds = |to: &str| TreePath::parse(to).is_ok_and(|to| path.starts_with(&to));
        let file = contents.files.iter().position(|entry| holds(&entry.to));
        let made = self.effective.spec.paths.iter().position(|entry| holds(&entry.path));
        let pointer = file
            .map(|number| format!("/contents/files/{number}"))
            .or_else(|| made.map(|number| format!("/paths/{number}")));
        let origin =
            pointer.map_or_else(|| otherwise.to_owned(), |pointer| self.effective.origins.label(&pointer));
        Explanation {
            images: Vec::new(),
            origin,
            packages: Vec::new(),
            path: Some(path.clone()),
            target: None,
        }
    }

    fn package(&self, name: &str, path: Option<TreePath>) -> Explanation {
        let (origin, packages) = self.chain(name);
        Explanation { images: Vec::new(), origin, packages, path, target: None }
    }

    /// Finds the shortest way from a package the spec names to `name`.
    fn chain(&self, name: &str) -> (String, Vec<Step>) {
        let requested = self.requested();
        let records: BTreeMap<&str, &Arc<PackageRecord>> = self
            .made
            .rootfs
            .packages
            .iter()
            .zip(&self.made.packages)
            .map(|(part, (record, _))| (&part.name[..], record))
            .collect();
        let mut reached: BTreeMap<String, Option<(String, String)>> = BTreeMap::new();
        let mut queue: VecDeque<String> = VecDeque::new();
        for root in requested.keys() {
            reached.insert(root.clone(), None);
            queue.push_back(root.clone());
        }
        while let Some(package) = queue.pop_front() {
            if package == name {
                break;
            }
            let Some(record) = records.get(&package[..]) else { continue };
            for (needed, clause) in needs(record, &records) {
                if !reached.contains_key(&needed) {
                    reached.insert(needed.clone(), Some((package.clone(), clause)));
                    queue.push_back(needed);
                }
            }
        }
        let mut steps = Vec::new();
        let mut current = name.to_owned();
        loop {
            let version = self.packages.iter().find(|it| it.name == current).map(|it| it.version.clone());
            let from = reached.get(&current).cloned().flatten();
            let clause = from.as_ref().map(|(_, clause)| clause.clone());
            steps.push(Step { name: current.clone(), version: version.unwrap_or_default(), clause });
            match from {
                Some((before, _)) => current = before,
                None => break,
            }
        }
        steps.reverse();
        let origin = requested.get(&current).cloned().unwrap_or_else(|| String::from("foundation"));
        (origin, steps)
    }

    /// Returns the packages the spec names, real or by what they provide, with where it does.
    fn requested(&self) -> BTreeMap<String, String> {
        let spec = &self.effective.spec;
        let named = spec
            .contents
            .packages
            .iter()
            .enumerate()
            .map(|(number, entry)| (&entry.name[..], format!("/contents/packages/{number}")));
        let providers = spec.certificates.providers.iter().enumerate();
        let providers =
            providers.map(|(number, name)| (&name[..], format!("/certificates/providers/{number}")));
        let mut requested = BTreeMap::new();
        for (name, pointer) in named.chain(providers) {
            let label = self.effective.origins.label(&pointer);
            if self.packages.iter().any(|package| package.name == name) {
                requested.entry(name.to_owned()).or_insert(label);
                continue;
            }
            for (part, (record, _)) in self.made.rootfs.packages.iter().zip(&self.made.packages) {
                if provides(record, name) {
                    requested.entry(part.name.clone()).or_insert(label.clone());
                }
            }
        }
        requested
    }
}

pub(super) fn field<'a>(record: &'a PackageRecord, name: &str) -> Option<&'a str> {
    Stanza::parse(&record.control).ok()?.get(name)
}

pub(super) fn provides(record: &PackageRecord, name: &str) -> bool {
    let clauses = field(record, "Provides").and_then(|text| parse_relations(text).ok()).unwrap_or_default();
    clauses.iter().flat_map(|clause| &clause.alternatives).any(|relation| &*relation.name == name)
}

/// Lists the packages of the image that satisfy the clauses of a package.
fn needs(record: &PackageRecord, records: &BTreeMap<&str, &Arc<PackageRecord>>) -> Vec<(String, String)> {
    let mut needed = Vec::new();
    for name in ["Pre-Depends", "Depends"] {
        let clauses = field(record, name).and_then(|text| parse_relations(text).ok()).unwrap_or_default();
        for clause in clauses {
            for relation in &clause.alternatives {
                let text = relation.to_string();
                if records.contains_key(&*relation.name) {
                    needed.push((relation.name.to_string(), text));
                } else {
                    let providers = records.iter().filter(|(_, record)| provides(record, &relation.name));
                    needed.extend(providers.map(|(name, _)| ((*name).to_owned(), text.clone())));
                }
            }
        }
    }
    needed
}
