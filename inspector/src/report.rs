//! The inspection of one image as a value for machines: `attar.inspect/1`.
//!
//! Layers are numbered from 1 for the lowest. The changes of a layer are written from the stack as they
//! are serialised, so that a report of many entries takes no memory of its own.

use attar_image::path::escape;
use attar_image::stack::{Change, EntryId, Form, Stack, State};
use serde::{Serialize, Serializer};

use crate::advice::{Advice, Cause};
use crate::analysis::{Analysis, Dead};
use crate::dive;
use crate::duplicates::Duplicate;
use crate::listing::absent;
use crate::packages::Share;
use crate::rules::{Outcome, Unit, Verdict};

/// What is told of one image.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    /// The layers.
    pub stack: &'a Stack,
    /// Their figures.
    pub analysis: &'a Analysis,
    /// dive's figures, where they were asked for.
    pub dive: Option<&'a dive::Figures>,
    /// What to change.
    pub advice: &'a [Advice],
    /// What each package takes; empty where no package database was found.
    pub packages: &'a [Share],
    /// Contents that are there several times, where contents were compared.
    pub duplicates: Option<&'a [Duplicate]>,
    /// What became of each rule, where rules were asked for.
    pub rules: Option<&'a [Outcome]>,
}

impl Serialize for Image<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { stack, analysis, .. } = *self;
        let numbers = 0..stack.layers().len();
        Document {
            size: Size {
                total: analysis.total,
                compressed: analysis.compressed,
                files: analysis.files,
                reclaimable: analysis.waste,
                efficiency: analysis.efficiency(),
                user_total: analysis.user_total,
                user_reclaimable: analysis.user_waste,
            },
            dive: self.dive.map(DiveFigures),
            layers: numbers.map(|number| Layer { stack, analysis, number }).collect(),
            waste: analysis.dead.iter().map(Waste::of).collect(),
            advice: self.advice.iter().map(Edit::of).collect(),
            packages: self.packages.iter().map(Package::of).collect(),
            duplicates: self.duplicates.map(|all| all.iter().map(Same::of).collect()),
            rules: self.rules.map(|all| all.iter().map(Rule::of).collect()),
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
struct Document<'a> {
    size: Size,
    #[serde(skip_serializing_if = "Option::is_none")]
    dive: Option<DiveFigures<'a>>,
    layers: Vec<Layer<'a>>,
    waste: Vec<Waste<'a>>,
    advice: Vec<Edit<'a>>,
    packages: Vec<Package<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicates: Option<Vec<Same>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<Vec<Rule<'a>>>,
}

#[derive(Serialize)]
struct Size {
    total: u64,
    compressed: u64,
    files: u64,
    reclaimable: u64,
    efficiency: f64,
    user_total: u64,
    user_reclaimable: u64,
}

struct DiveFigures<'a>(&'a dive::Figures);

impl Serialize for DiveFigures<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Figures<'a> {
            efficiency: f64,
            size: u64,
            user_size: u64,
            wasted: u64,
            /// Not a number is `null`.
            user_wasted: f64,
            inefficient: Vec<Path<'a>>,
        }
        #[derive(Serialize)]
        struct Path<'a> {
            #[serde(serialize_with = "attar_image::path::serialize_shown")]
            path: &'a attar_image::path::TreePath,
            count: u64,
            bytes: u64,
        }
        let dive::Figures { efficiency, size, user_size, wasted, user_wasted, inefficient } = self.0;
        let inefficient =
            inefficient.iter().map(|path| Path { path: &path.path, count: path.count, bytes: path.bytes });
        Figures {
            efficiency: *efficiency,
            size: *size,
            user_size: *user_size,
            wasted: *wasted,
            user_wasted: *user_wasted,
            inefficient: inefficient.collect(),
        }
        .serialize(serializer)
    }
}

struct Layer<'a> {
    stack: &'a Stack,
    analysis: &'a Analysis,
    number: usize,
}

impl Serialize for Layer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Fields<'a> {
            number: usize,
            digest: String,
            diff_id: Option<String>,
            media_type: &'a str,
            command: Option<&'a str>,
            compressed: u64,
            uncompressed: Option<u64>,
            verified: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            absent: Option<String>,
            bytes: u64,
            entries: u64,
            added: u64,
            modified: u64,
            unchanged: u64,
            removed: u64,
            reclaimable: u64,
            kills: u64,
            changes: Changes<'a>,
        }
        let layer = &self.stack.layers()[self.number];
        let figures = &self.analysis.layers[self.number];
        let (is_verified, absence) = match &layer.state {
            State::Read { is_verified, .. } => (*is_verified, None),
            State::Absent(absence) => (false, Some(absent(absence))),
        };
        Fields {
            number: self.number + 1,
            digest: layer.descriptor.digest.to_string(),
            diff_id: layer.diff_id.map(|diff_id| diff_id.to_string()),
            media_type: &layer.descriptor.media_type,
            command: layer.created_by.as_deref(),
            compressed: figures.compressed,
            uncompressed: figures.uncompressed,
            verified: is_verified,
            absent: absence,
            bytes: figures.bytes,
            entries: figures.entries,
            added: figures.added,
            modified: figures.modified,
            unchanged: figures.unchanged,
            removed: figures.removed,
            reclaimable: figures.waste,
            kills: figures.killed,
            changes: Changes { stack: self.stack, layer: self.number },
        }
        .serialize(serializer)
    }
}

/// The entries of a layer in the order of its archive.
struct Changes<'a> {
    stack: &'a Stack,
    layer: usize,
}

impl Serialize for Changes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.stack.entries(self.layer).map(|entry| Entry::of(self.stack, entry)))
    }
}

#[derive(Serialize)]
struct Entry {
    path: String,
    change: &'static str,
    #[serde(rename = "type")]
    form: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mtime: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    xattrs: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead: Option<Death>,
}

#[derive(Serialize)]
struct Death {
    layer: usize,
    reason: &'static str,
}

impl Entry {
    fn of(stack: &Stack, entry: EntryId) -> Self {
        let row = stack.row(entry);
        let brings = row.form.is_entry();
        let target = match row.form {
            Form::Symlink => stack.symlink(entry).map(escape),
            Form::HardLink => stack.hard_link(entry).map(|target| stack.paths().path(target).to_string()),
            _ => None,
        };
        let xattrs = if brings { stack.metadata(entry).xattrs } else { Default::default() };
        let death = stack.death(entry).filter(|_| brings);
        Self {
            path: stack.paths().path(stack.own_path(entry)).to_string(),
            change: change(stack.change(entry)),
            form: row.form.name(),
            size: (row.form == Form::File).then_some(row.size),
            mode: brings.then(|| format!("{:04o}", row.mode)),
            uid: brings.then_some(row.uid),
            gid: brings.then_some(row.gid),
            mtime: brings.then_some(row.mtime),
            target,
            xattrs: xattrs.keys().map(|name| escape(name)).collect(),
            dead: death.map(|death| Death { layer: death.layer + 1, reason: death.reason.name() }),
        }
    }
}

fn change(change: Change) -> &'static str {
    match change {
        Change::Added => "added",
        Change::Modified => "modified",
        Change::Unchanged => "unchanged",
        Change::Removed => "removed",
        Change::Nothing => "nothing",
    }
}

#[derive(Serialize)]
struct Waste<'a> {
    #[serde(serialize_with = "attar_image::path::serialize_shown")]
    path: &'a attar_image::path::TreePath,
    bytes: u64,
    copies: Vec<Copy>,
}

#[derive(Serialize)]
struct Copy {
    bytes: u64,
    introduced: usize,
    killed: usize,
    reason: &'static str,
}

impl<'a> Waste<'a> {
    fn of(dead: &'a Dead) -> Self {
        let copies = dead.copies.iter().map(|copy| Copy {
            bytes: copy.bytes,
            introduced: copy.introduced + 1,
            killed: copy.killed + 1,
            reason: copy.reason.name(),
        });
        Self { path: &dead.path, bytes: dead.bytes, copies: copies.collect() }
    }
}

#[derive(Serialize)]
struct Edit<'a> {
    introduced: usize,
    killed: usize,
    cause: &'static str,
    files: usize,
    bytes: u64,
    compressed: u64,
    fix: &'a str,
    #[serde(serialize_with = "attar_image::path::serialize_all_shown")]
    paths: &'a [attar_image::path::TreePath],
}

impl<'a> Edit<'a> {
    fn of(advice: &'a Advice) -> Self {
        let cause = match advice.cause {
            Cause::Deleted => "deleted",
            Cause::Cache(_) => "package-cache",
            Cause::Replaced => "replaced",
            Cause::Rewritten => "rewritten-identical",
            Cause::Metadata => "metadata-only",
            Cause::SameLayer => "same-layer",
        };
        Self {
            introduced: advice.introduced + 1,
            killed: advice.killed + 1,
            cause,
            files: advice.files,
            bytes: advice.bytes,
            compressed: advice.compressed,
            fix: &advice.fix,
            paths: &advice.paths,
        }
    }
}

#[derive(Serialize)]
struct Package<'a> {
    /// `null` for what no package database names.
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    files: u64,
    bytes: u64,
}

impl<'a> Package<'a> {
    fn of(share: &'a Share) -> Self {
        let package = share.package.as_ref();
        Self {
            name: package.map(|(name, _)| name.as_str()),
            version: package.map(|(_, version)| version.as_str()),
            files: share.files,
            bytes: share.bytes,
        }
    }
}

#[derive(Serialize)]
struct Same {
    size: u64,
    bytes: u64,
    #[serde(serialize_with = "attar_image::path::serialize_all_shown")]
    paths: Vec<attar_image::path::TreePath>,
}

impl Same {
    fn of(duplicate: &Duplicate) -> Self {
        Self { size: duplicate.size, bytes: duplicate.bytes(), paths: duplicate.paths.clone() }
    }
}

#[derive(Serialize)]
struct Rule<'a> {
    id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<usize>,
    title: &'a str,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    places: Vec<Place<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    #[serde(serialize_with = "attar_image::path::serialize_shown")]
    path: &'a attar_image::path::TreePath,
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<usize>,
}

impl<'a> Rule<'a> {
    fn of(outcome: &'a Outcome) -> Self {
        let (verdict, message, places) = match &outcome.verdict {
            Verdict::Kept => ("kept", None, &[][..]),
            Verdict::Broken(breach) => ("broken", Some(breach.message.as_str()), &breach.places[..]),
            Verdict::NotJudged(reason) => ("not-judged", Some(reason.as_str()), &[][..]),
        };
        let measured = outcome.measured;
        Self {
            id: outcome.id,
            place: outcome.place,
            title: &outcome.title,
            verdict,
            message,
            value: measured.map(|measured| measured.value),
            limit: measured.map(|measured| measured.limit),
            unit: measured.map(|measured| match measured.unit {
                Unit::Bytes => "bytes",
                Unit::Percent => "percent",
                Unit::Count => "count",
                Unit::Share => "share",
            }),
            places: places
                .iter()
                .map(|(path, layer)| Place { path, layer: layer.map(|layer| layer + 1) })
                .collect(),
        }
    }
}
