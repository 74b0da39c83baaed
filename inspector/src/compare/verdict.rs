//! The answer, and its one line.

use serde::Serialize;

use super::groups::{Group, carries};
use super::packages::PackageFate;
use super::{Change, Comparison, Scope, Setting};

/// How many settings are named in the answer.
const NAMED: usize = 3;

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All bytes are the same.
    Identical,
    /// The contents are the same, and some bytes are not.
    SameContents,
    /// Something is missing that could differ.
    CannotJudge,
    /// They differ.
    Differs,
}

/// Writes a number with its noun: `1 file`, `2 files`.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// What a comparison found besides what it lists.
pub(super) struct Besides {
    /// Settings that differ and do not count.
    pub(super) records: Vec<Setting>,
    /// How many files differ in their times alone.
    pub(super) times: usize,
    /// Whether both have documents, a configuration among them.
    pub(super) has_documents: bool,
}

/// Sets verdict, summary and what does not count.
pub(super) fn judge(comparison: &mut Comparison, scope: Scope, is_same_manifest: bool, besides: &Besides) {
    if is_same_manifest {
        comparison.verdict = Verdict::Identical;
        comparison.summary = "same: all bytes".to_owned();
        // What could not be read is the same all the same.
        comparison.not_compared.clear();
        return;
    }
    let mut other_bytes = other_bytes(comparison, besides);
    let differs = !comparison.packages.is_empty()
        || !comparison.files.is_empty()
        || !comparison.configuration.is_empty();
    let is_compared = comparison.not_compared.is_empty();
    if scope == Scope::Strict || differs {
        let mut parts = parts(comparison, besides.has_documents);
        if scope == Scope::Strict {
            parts.append(&mut other_bytes);
        }
        comparison.verdict = Verdict::Differs;
        comparison.summary = format!("differs: {}", parts.join(", "));
    } else if !is_compared {
        comparison.verdict = Verdict::CannotJudge;
        comparison.summary = format!("cannot judge: {}", comparison.not_compared.join(", "));
    } else {
        comparison.verdict = Verdict::SameContents;
        comparison.summary = format!("same contents, other bytes: {}", other_bytes.join(", "));
    }
    comparison.not_counted = other_bytes;
}

/// Says what of the contents differs.
fn parts(comparison: &Comparison, has_documents: bool) -> Vec<String> {
    let mut parts = Vec::new();
    for fate in PackageFate::ALL {
        let number = comparison.packages.iter().filter(|package| package.change == fate).count();
        if number > 0 {
            parts.push(format!("{} {}", count(number, "package"), fate.name()));
        }
    }
    let is_explained = |group: &Group| match group {
        Group::Package { .. } | Group::OtherArchitecture { .. } => true,
        Group::PackageData => !comparison.packages.is_empty(),
        Group::SameVersion { .. } | Group::Unrecorded => false,
    };
    for (change, word) in
        [(Change::Changed, "changed"), (Change::Added, "added"), (Change::Removed, "removed")]
    {
        let files = comparison.files.iter().enumerate().filter(|(number, file)| {
            let is_carrier = comparison.files.get(number + 1).is_some_and(|next| carries(file, next));
            file.change == change && !is_explained(&file.group) && !is_carrier
        });
        let number = files.count();
        if number > 0 {
            parts.push(format!("{} {word}", count(number, "file")));
        }
    }
    let of_architectures = comparison.made_for_each_architecture();
    if !of_architectures.is_empty() {
        let packages = count(of_architectures.len(), "package");
        parts.push(format!("{packages} for another architecture"));
    }
    if !comparison.not_compared.is_empty() {
        parts.push("files not compared".to_owned());
    }
    let settings = &comparison.configuration;
    parts.push(match settings.len() {
        0 if !has_documents => "configuration not compared".to_owned(),
        0 => "configuration the same".to_owned(),
        number if number > NAMED => format!("{} of the configuration", count(number, "setting")),
        _ => {
            let name = |setting: &Setting| match &setting.name {
                Some(name) => format!("{} {name}", setting.field),
                None => setting.field.clone(),
            };
            format!("configuration: {}", settings.iter().map(name).collect::<Vec<_>>().join(", "))
        }
    });
    parts
}

/// Says what differs besides the contents.
fn other_bytes(comparison: &Comparison, besides: &Besides) -> Vec<String> {
    let mut parts = Vec::new();
    if besides.times > 0 {
        parts.push(format!("times of {}", count(besides.times, "file")));
    }
    if !besides.has_documents {
        parts.push("a root file system has no configuration".to_owned());
        return parts;
    }
    parts.extend(besides.records.iter().map(|setting| setting.field.clone()));
    if !comparison.annotations.is_empty() {
        parts.push(count(comparison.annotations.len(), "annotation"));
    }
    let layers = &comparison.layers;
    if !layers.reordered.is_empty() {
        parts.push(format!("order of entries in {}", count(layers.reordered.len(), "layer")));
    }
    if layers.before.len() != layers.after.len() {
        parts.push(format!("{} instead of {}", count(layers.after.len(), "layer"), layers.before.len()));
    } else if layers.are_same_archives() {
        if !layers.are_same_blobs() {
            parts.push("layers compressed otherwise".to_owned());
        }
    } else if comparison.packages.is_empty() && comparison.files.is_empty() && parts.is_empty() {
        parts.push("layers written otherwise".to_owned());
    }
    if parts.is_empty() && comparison.configuration.is_empty() {
        parts.push("documents written otherwise".to_owned());
    }
    parts
}
