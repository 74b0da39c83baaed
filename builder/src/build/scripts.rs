//! Hands the scripts of packages, and the contents they look at, to the effects.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use attar_image::TreePath;
use attar_packages::debian::deb::SCRIPTS;

use crate::effects::{PackageScripts, Surroundings, Understood, understand};
use crate::images::architecture;
use crate::record::{PackageArchive, PackageRecord};
use crate::rootfs::{Builder, Owner};

/// The largest file that an effect looks at, in bytes.
const MAX_READ: u64 = 1 << 20;

/// The packages of an image with their files, in the order of the tree's parts.
#[derive(Clone, Copy)]
pub(super) struct Packages<'a> {
    pub(super) records: &'a [(String, Arc<PackageRecord>)],
    pub(super) archives: &'a [PackageArchive],
}

impl Packages<'_> {
    /// Returns the content of a small file of the tree, whoever brings it.
    pub(super) fn read(&self, builder: &Builder, path: &TreePath) -> Option<Vec<u8>> {
        let path = builder.view().resolve(path)?;
        let content = builder.view().get(&path)?.content().filter(|content| content.size <= MAX_READ)?;
        if let Some(own) = builder.content(&content.digest) {
            let mut bytes = Vec::new();
            return own.write(&mut bytes).ok().map(|()| bytes);
        }
        let Some(Owner::Package(number)) = builder.owner(&path) else { return None };
        let record = &self.records.get(number)?.1;
        if let Some(text) = record.text(&content.digest) {
            return Some(text.to_vec());
        }
        let location = *record.locations().get(&content.digest)?;
        let data = self.archives.get(number)?.data().ok()?;
        data.with(location, <[u8]>::to_vec).ok()
    }
}

/// Reads the scripts of all packages but those that are there for the foundation alone.
pub(super) fn understand_all(
    builder: &Builder,
    records: &[(String, Arc<PackageRecord>)],
    archives: &[PackageArchive],
    alone: &BTreeSet<String>,
    platform: &str,
) -> Understood {
    let packages = Packages { records, archives };
    let names: BTreeSet<String> = records.iter().map(|(name, _)| name.clone()).collect();
    let scripts: Vec<PackageScripts> = records
        .iter()
        .filter(|(name, _)| !alone.contains(name))
        .map(|(name, record)| scripts_of(name, record))
        .collect();
    let read = |path: &TreePath| packages.read(builder, path);
    let surroundings = Surroundings {
        tree: builder.view(),
        read: &read,
        packages: &names,
        architecture: architecture(platform).unwrap_or_default(),
    };
    understand(&scripts, &surroundings)
}

fn scripts_of(name: &str, record: &PackageRecord) -> PackageScripts {
    let scripts: BTreeMap<String, Vec<u8>> = SCRIPTS
        .iter()
        .filter_map(|script| Some(((*script).to_owned(), record.members.get(*script)?.clone().into_bytes())))
        .collect();
    PackageScripts {
        package: name.to_owned(),
        scripts,
        templates: record.members.get("templates").cloned(),
        paths: record.entries.iter().map(crate::record::RecordEntry::path).collect(),
    }
}
