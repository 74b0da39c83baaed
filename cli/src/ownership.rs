//! Reads which package has which path out of an image.

use std::collections::BTreeMap;
use std::io;

use anyhow::Context as _;
use attar_image::blobs::Blobs;
use attar_image::path::TreePath;
use attar_image::stack::{EntryId, Stack};
use attar_packages::database::{self, DatabaseFile};
use attar_packages::ownership::{Claims, Ownership};
use attar_scanner::catalog;

/// Reads which package has which path, as the image's own package data says.
///
/// The stack need not have digests. Nothing but the files of package databases is read.
pub(crate) fn of(stack: &Stack, blobs: &dyn Blobs) -> anyhow::Result<Ownership> {
    let mut names: BTreeMap<EntryId, Vec<TreePath>> = BTreeMap::new();
    for (path, entry) in files(stack) {
        let entry = stack.linked(entry);
        catalog::check_size(&path, stack.row(entry).size)?;
        names.entry(entry).or_default().push(path);
    }
    let mut claims = Claims::default();
    let visited = stack.visit_contents(blobs, names.keys().copied(), &mut |entry, reader| {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        let mut paths = names[&entry].iter();
        paths.try_for_each(|path| claims.add(path.as_bytes(), &bytes)).map_err(io::Error::other)
    });
    visited.context("cannot read which package has which file")?;
    Ok(claims.settle(|directory| place(stack, directory)))
}

/// Returns the files of the merged view that say which package has which path.
fn files(stack: &Stack) -> Vec<(TreePath, EntryId)> {
    let paths = stack.paths();
    let folders = DatabaseFile::FOLDERS.into_iter();
    let folders = folders.filter_map(|folder| paths.find(&TreePath::parse(folder).ok()?));
    let children = folders.flat_map(|folder| stack.children(folder));
    let mut files = children.filter_map(|path| Some((paths.path(path), stack.visible(path)?))).collect();
    database::retain_ownership(&mut files, |(path, _)| path.as_bytes());
    files
}

/// Returns where a directory of a list really is.
fn place(stack: &Stack, directory: &[u8]) -> Option<Vec<u8>> {
    let path = TreePath::parse(directory).ok()?;
    let real = stack.resolve(&path)?;
    // Where a link leads there may be no directory of its own, yet files below it.
    (real != path || stack.paths().find(&real).is_some()).then(|| real.as_bytes().to_vec())
}
