//! How two images differ: packages, configuration, files, layers.
//!
//! ```text
//! Side { image, stack, ownership }, twice  ->  compare  ->  Comparison { verdict, packages, files, … }
//! ```
//!
//! Two images hold *the same contents* when whoever runs them cannot tell them apart: the same files with
//! the same types, contents, owners, modes, extended attributes and links, and the same configuration.
//! Times, the order of entries, how files are spread over layers and these compressed, history, dates and
//! the annotations of the manifest (which an engine does not keep) are what [`Scope::Strict`] compares
//! besides.
//!
//! Everything is pure. Stacks come from [`attar_image::stack::read_pair`], which hashes what has to be
//! compared; a content that was not hashed counts as another one.

use std::collections::BTreeMap;

use attar_image::layout::Image;
use attar_image::path::TreePath;
use attar_image::stack::{Stack, State};
use attar_packages::ownership::Ownership;
use serde::Serialize;

mod configuration;
mod content;
mod files;
mod groups;
mod layers;
mod links;
mod packages;
mod rollup;
mod verdict;

pub use configuration::Setting;
pub use content::{ContentChange, ElfFact, MAX_COMPARED};
pub use files::{FieldChange, FileChange, Node};
pub use groups::Group;
pub use layers::{ComparedLayer, LayerChange};
pub use packages::{PackageChange, PackageFate, PackageVersion};
pub use rollup::{Directory, Rolled, roll_up};
pub use verdict::{Verdict, count};

/// One of the two images.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Its documents.
    pub image: &'a Image,
    /// Its layers.
    pub stack: &'a Stack,
    /// Its packages, and what they own.
    pub ownership: &'a Ownership,
    /// Whether this is a root file system without documents of an image: it has no configuration, and the
    /// other image's is not compared.
    pub is_root: bool,
}

/// What has to be the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// What whoever runs the image can see.
    #[default]
    Contents,
    /// All bytes.
    Strict,
}

/// What happened to something from the first image to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Only the second has it.
    Added,
    /// Only the first has it.
    Removed,
    /// Both have it, and not alike.
    Changed,
}

impl Change {
    fn of<T>(before: Option<T>, after: Option<T>) -> Self {
        match (before, after) {
            (None, _) => Self::Added,
            (_, None) => Self::Removed,
            _ => Self::Changed,
        }
    }
}

/// A figure of both images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// Of the first.
    pub before: u64,
    /// Of the second.
    pub after: u64,
}

impl Figure {
    /// Returns what the second has more.
    pub fn delta(&self) -> i64 {
        let delta = i128::from(self.after) - i128::from(self.before);
        let furthest = if delta < 0 { i64::MIN } else { i64::MAX };
        i64::try_from(delta).unwrap_or(furthest)
    }
}

/// How two images for one platform each differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The answer.
    pub verdict: Verdict,
    /// The answer in one line.
    pub summary: String,
    /// Why files and packages were not compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_compared: Vec<String>,
    /// What differs and does not count, in a few words each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_counted: Vec<String>,
    /// Bytes of the files that a container sees; `None` when the layers are all the same and were not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Figure>,
    /// Bytes of all layers as they are fetched.
    pub compressed: Figure,
    /// Packages that differ.
    pub packages: Vec<PackageChange>,
    /// Settings that differ.
    pub configuration: Vec<Setting>,
    /// Annotations of the manifest that differ.
    pub annotations: Vec<Setting>,
    /// Files that differ, a directory before what is in it.
    pub files: Vec<FileChange>,
    /// The directories that these are in, all the way up.
    pub directories: Vec<Directory>,
    /// The layers.
    pub layers: LayerChange,
}

impl Comparison {
    /// Returns the names of packages that are made for another architecture each and whose files differ, with
    /// the number of these files.
    pub fn made_for_each_architecture(&self) -> BTreeMap<&str, usize> {
        let mut packages = BTreeMap::new();
        for file in &self.files {
            if let Group::OtherArchitecture { package } = &file.group {
                *packages.entry(package.as_str()).or_default() += usize::from(!file.is_directory());
            }
        }
        packages
    }
}

/// Compares two images.
pub fn compare(before: Side<'_>, after: Side<'_>, scope: Scope) -> Comparison {
    let layers = LayerChange::of(before.stack, after.stack);
    let not_compared = if layers.are_same_blobs() { Vec::new() } else { absent([before.stack, after.stack]) };
    let mut packages = Vec::new();
    let mut files = files::Files::default();
    if not_compared.is_empty() && !layers.are_same_blobs() {
        packages = packages::compare(before, after);
        files = files::compare(before, after, scope);
        groups::assign(&mut files.changes, &mut packages, before, after);
    }
    let (mut settings, mut records, mut annotations) = (Vec::new(), Vec::new(), Vec::new());
    let has_documents = !before.is_root && !after.is_root;
    if has_documents {
        let configuration = configuration::compare(&before.image.config, &after.image.config);
        (settings, records) = configuration.into_iter().partition(|setting: &Setting| setting.counts(scope));
        annotations = configuration::annotations(before.image, after.image);
    }
    let size = (!layers.are_same_blobs() && not_compared.is_empty()).then_some(files.size);
    let mut comparison = Comparison {
        verdict: Verdict::Identical,
        summary: String::new(),
        not_compared,
        not_counted: Vec::new(),
        size,
        compressed: layers.compressed(),
        packages,
        configuration: settings,
        annotations,
        directories: rollup::directories(&files.changes),
        files: files.changes,
        layers,
    };
    let is_same_manifest = before.image.manifest.digest() == after.image.manifest.digest();
    let besides = verdict::Besides { records, times: files.times, has_documents };
    verdict::judge(&mut comparison, scope, is_same_manifest, &besides);
    comparison
}

/// Returns a stack in which no layer was read, for images whose layers need not be: those with the
/// [same blobs](have_same_layers).
///
/// An image whose manifest and configuration disagree has none.
pub fn unread(image: &Image) -> Result<Stack, attar_image::stack::StackError> {
    Stack::of(attar_image::stack::Input::of_image(image)?)
}

/// Says whether two images have the same blobs as layers, in one order: then no layer has to be read.
pub fn have_same_layers(before: &Image, after: &Image) -> bool {
    let digests = |image: &Image| image.manifest.layers.iter().map(|layer| layer.digest).collect::<Vec<_>>();
    digests(before) == digests(after)
}

/// Returns the packages that differ, by name; which files of theirs do is not looked at.
pub fn package_changes(before: Side<'_>, after: Side<'_>) -> Vec<PackageChange> {
    packages::compare(before, after)
}

/// Returns the settings of the configurations and the annotations of the manifests that differ, by field and
/// name. The layers are no setting, and what only says how an image came to be is left out.
pub fn setting_changes(before: &Image, after: &Image) -> Vec<Setting> {
    let mut settings = configuration::compare(&before.config, &after.config);
    settings.retain(|setting| setting.counts(Scope::Contents));
    settings.extend(configuration::annotations(before, after));
    settings
}

/// Says of each layer of two stacks that was not read why.
pub fn absent(stacks: [&Stack; 2]) -> Vec<String> {
    let mut reasons = Vec::new();
    for (which, stack) in ["first", "second"].into_iter().zip(stacks) {
        for (number, layer) in stack.layers().iter().enumerate() {
            if let State::Absent(absence) = &layer.state {
                let digest = layer.descriptor.digest;
                reasons.push(format!("layer {} of the {which} image ({digest}) {absence}", number + 1));
            }
        }
    }
    reasons
}

/// Returns a path as reports show it: with a leading slash, unprintable bytes escaped.
fn shown(path: &TreePath) -> String {
    path.to_string()
}

#[cfg(test)]
mod tests;
