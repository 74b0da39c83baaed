//! The cache of the dynamic linker of an image that holds the C library.

use attar_image::TreePath;
use attar_image::elf::Facts;

use super::scripts::Packages;
use crate::effects::{Outcome, ldcache};
use crate::images::architecture;
use crate::record::PackageRecord;
use crate::rootfs::{Builder, Owner};

/// The package of the C library, which is the one that `ldconfig` belongs to.
const LIBRARY: &str = "libc6";

/// Makes `/etc/ld.so.cache` for everything that stands in the tree; nothing without the C library, or
/// when the user brings a cache.
pub(super) fn cache(builder: &Builder, packages: Packages<'_>, platform: &str) -> Outcome {
    let stands = |path: &str| TreePath::parse(path).is_ok_and(|path| builder.view().contains(&path));
    let position = packages.records.iter().position(|(name, _)| name == LIBRARY);
    let generator = position.and_then(|number| generator(packages, number));
    let Some(generator) = generator.filter(|_| !stands("etc/ld.so.cache")) else { return Outcome::default() };
    let mut outcome = ldcache::outcome(&ldcache::Inputs {
        tree: builder.view(),
        facts: &|path| facts(builder, packages, path),
        read: &|path| packages.read(builder, path),
        architecture: architecture(platform).unwrap_or_default(),
        generator: &generator,
    });
    // Links of the user's own are left as they are, even where `ldconfig` would turn them.
    outcome.additions.retain(|addition| !matches!(builder.owner(&addition.path), Some(Owner::File(_))));
    outcome
}

fn facts(builder: &Builder, packages: Packages<'_>, path: &TreePath) -> Option<Facts> {
    let content = builder.view().get(path)?.content()?;
    if let Some(Owner::Package(number)) = builder.owner(path) {
        return packages.records.get(number)?.1.facts(&content.digest);
    }
    let mut bytes = Vec::new();
    builder.content(&content.digest)?.write(&mut bytes).ok()?;
    Facts::read(&bytes)
}

/// Returns how the C library's own `ldconfig` would sign the cache.
fn generator(packages: Packages<'_>, number: usize) -> Option<String> {
    let record = &packages.records.get(number)?.1;
    let is_debian = field(record, "Maintainer").is_some_and(|maintainer| maintainer.contains("debian"));
    if is_debian {
        return field(record, "Version").map(ldcache::generator_of_version);
    }
    // Another distribution says so in its library, which is read for it.
    let library = record.entries.iter().find(|entry| entry.path().file_name() == b"libc.so.6")?;
    let location = *record.locations().get(&library.entry().content()?.digest)?;
    packages.archives.get(number)?.data().ok()?.with(location, ldcache::generator).ok()?
}

fn field<'a>(record: &'a PackageRecord, name: &str) -> Option<&'a str> {
    let value = |line: &'a str| line.strip_prefix(name)?.strip_prefix(':').map(str::trim);
    record.control.lines().find_map(value)
}
