//! Which files two merged views do not have alike.

use std::collections::{BTreeMap, BTreeSet};

use attar_image::difference::{Field, Value, of_metadata};
use attar_image::filesystem::Metadata;
use attar_image::path::{TreePath, escape};
use attar_image::stack::{EntryId, Form, PathId, Place, Stack, side_by_side};
use serde::Serialize;

use super::content::ContentChange;
use super::groups::Group;
use super::links::Links;
use super::{Change, Figure, Scope, Side, shown};

/// How many other names of a file are shown.
const SHOWN_NAMES: usize = 5;

/// A file that differs: a regular one, a directory, a link or a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileChange {
    /// What was done to it.
    pub change: Change,
    /// Its path as reports show it: with a leading slash, unprintable bytes escaped.
    pub path: String,
    /// Its path.
    #[serde(skip)]
    pub place: TreePath,
    /// What the first image has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Node>,
    /// What the second has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Node>,
    /// What differs, of a file that both have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldChange>,
    /// By how many bytes the image grew here. Of several names of one file the first counts.
    pub bytes: i64,
    /// How the contents differ, if they were compared in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentChange>,
    /// Whose file it is.
    #[serde(flatten)]
    pub group: Group,
}

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// What it is: `file`, `directory`, `symlink`, …
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Bytes of a regular file; 0 for all else.
    pub size: u64,
    /// Permission bits, four octal digits.
    pub mode: String,
    /// Owner's number.
    pub uid: u32,
    /// Group's number.
    pub gid: u32,
    /// Where a symbolic link leads, unprintable bytes escaped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The number of the layer that wrote it, from 1; a directory that is only implied has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<usize>,
    /// The entry of its stack.
    #[serde(skip)]
    pub entry: Option<EntryId>,
}

/// One thing in which a file differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// What differs: `content`, `mode`, `owner`, `group`, `link target`, …
    pub field: String,
    /// What the first image has; of a content its size.
    pub before: String,
    /// What the second has.
    pub after: String,
}

impl FileChange {
    /// Says whether it is a directory, or was one.
    pub fn is_directory(&self) -> bool {
        self.after.as_ref().or(self.before.as_ref()).is_some_and(|node| node.kind == Form::Directory.name())
    }

    /// Says whether it is a regular file in both images, with other contents.
    pub fn has_other_content(&self) -> bool {
        self.fields.iter().any(|field| field.field == Field::Content.to_string())
    }
}

/// What a comparison of files gives.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) changes: Vec<FileChange>,
    /// How many files differ in their times alone, where these do not count.
    pub(super) times: usize,
    /// Bytes of all files.
    pub(super) size: Figure,
}

pub(super) fn compare(before: Side<'_>, after: Side<'_>, scope: Scope) -> Files {
    let mut comparing = Comparing {
        before: Looking::at(before.stack),
        after: Looking::at(after.stack),
        scope,
        same_groups: BTreeMap::new(),
        files: Files::default(),
    };
    side_by_side(before.stack, after.stack, &mut |place| comparing.add(place));
    comparing.files
}

/// A stack that is gone through.
struct Looking<'a> {
    stack: &'a Stack,
    links: Links,
    /// Files of several names that were counted.
    counted: BTreeSet<usize>,
}

impl<'a> Looking<'a> {
    fn at(stack: &'a Stack) -> Self {
        Self { stack, links: Links::of(stack), counted: BTreeSet::new() }
    }

    fn group(&self, entry: EntryId) -> Option<usize> {
        self.links.group(self.stack.linked(entry))
    }

    /// Returns the bytes of a file when its first name is met.
    fn count(&mut self, entry: Option<EntryId>) -> u64 {
        let Some(entry) = entry else { return 0 };
        match self.group(entry) {
            Some(group) if !self.counted.insert(group) => 0,
            _ => self.stack.row(self.stack.linked(entry)).size,
        }
    }

    fn node(&self, entry: Option<EntryId>) -> Node {
        let metadata = self.metadata(entry);
        let target = entry.and_then(|entry| self.stack.symlink(entry));
        Node {
            kind: self.form(entry).name(),
            size: entry.map_or(0, |entry| self.stack.row(self.stack.linked(entry)).size),
            mode: Value::Mode(metadata.mode).to_string(),
            uid: metadata.uid,
            gid: metadata.gid,
            target: target.map(escape),
            layer: entry.map(|entry| self.stack.layer_of(entry) + 1),
            entry,
        }
    }

    fn form(&self, entry: Option<EntryId>) -> Form {
        entry.map_or(Form::Directory, |entry| self.stack.row(self.stack.linked(entry)).form)
    }

    /// A directory that is only implied is made as root's, open to read.
    fn metadata(&self, entry: Option<EntryId>) -> Metadata {
        entry.map_or_else(|| Metadata::root(0o755, 0), |entry| self.stack.metadata(entry))
    }

    fn other_names(&self, entry: EntryId, path: &TreePath) -> Value {
        let names = self.links.names(self.group(entry)).iter().filter(|name| *name != path);
        let mut shown: Vec<String> = names.map(shown).collect();
        if shown.len() > SHOWN_NAMES {
            let more = shown.len() - SHOWN_NAMES;
            shown.truncate(SHOWN_NAMES);
            shown.push(format!("{more} more"));
        }
        if shown.is_empty() { Value::Absent } else { Value::Text(shown.join(", ")) }
    }
}

struct Comparing<'a> {
    before: Looking<'a>,
    after: Looking<'a>,
    scope: Scope,
    /// Whether the names of two groups are the same, as far as was asked.
    same_groups: BTreeMap<(Option<usize>, Option<usize>), bool>,
    files: Files,
}

impl Comparing<'_> {
    fn add(&mut self, place: Place) {
        let sizes = Figure { before: self.before.count(place.one), after: self.after.count(place.other) };
        self.files.size.before = self.files.size.before.saturating_add(sizes.before);
        self.files.size.after = self.files.size.after.saturating_add(sizes.after);
        let (change, path) = match place.paths {
            (Some(path), Some(_)) => (Change::Changed, self.before.stack.paths().path(path)),
            (Some(path), None) => (Change::Removed, self.before.stack.paths().path(path)),
            (None, Some(path)) => (Change::Added, self.after.stack.paths().path(path)),
            (None, None) => return,
        };
        let mut fields = Vec::new();
        if change == Change::Changed {
            fields = self.fields(place.one, place.other, &path);
            if self.scope == Scope::Contents {
                let all = fields.len();
                fields.retain(|(field, ..)| *field != Field::Time);
                self.files.times += usize::from(fields.is_empty() && all > 0);
            }
            if fields.is_empty() {
                return;
            }
        }
        let node = |side: &Looking<'_>, path: Option<PathId>, entry| path.map(|_| side.node(entry));
        self.files.changes.push(FileChange {
            change,
            path: shown(&path),
            before: node(&self.before, place.paths.0, place.one),
            after: node(&self.after, place.paths.1, place.other),
            place: path,
            fields: fields.into_iter().map(FieldChange::of).collect(),
            bytes: sizes.delta(),
            content: None,
            group: Group::Unrecorded,
        });
    }

    /// Returns everything in which two files at one path differ.
    fn fields(
        &mut self,
        before: Option<EntryId>,
        after: Option<EntryId>,
        path: &TreePath,
    ) -> Vec<(Field, Value, Value)> {
        let mut fields = Vec::new();
        if let (Some(left), Some(right)) = (before, after) {
            let (ours, theirs) = (self.before.stack, self.after.stack);
            let is_same = ours.is_same_entry(left, theirs, right)
                && ours.is_same_entry(ours.linked(left), theirs, theirs.linked(right));
            if !is_same {
                fields = self.fields_of_entries(left, right);
            }
            if !self.have_same_names(left, right) {
                let names = (self.before.other_names(left, path), self.after.other_names(right, path));
                fields.push((Field::Links, names.0, names.1));
            }
            return fields;
        }
        if before.is_some() != after.is_some() {
            let forms = (self.before.form(before), self.after.form(after));
            if forms.0 != forms.1 {
                fields.push((
                    Field::Kind,
                    Value::Text(forms.0.name().into()),
                    Value::Text(forms.1.name().into()),
                ));
            }
            fields.extend(of_metadata(&self.before.metadata(before), &self.after.metadata(after)));
        }
        fields
    }

    fn fields_of_entries(&self, left: EntryId, right: EntryId) -> Vec<(Field, Value, Value)> {
        let (ours, theirs) = (self.before.stack, self.after.stack);
        let forms = (self.before.form(Some(left)), self.after.form(Some(right)));
        let mut fields = Vec::new();
        if forms.0 != forms.1 {
            fields.push((
                Field::Kind,
                Value::Text(forms.0.name().into()),
                Value::Text(forms.1.name().into()),
            ));
        } else if ours.holds_the_same(left, theirs, right) != Some(true) {
            let size = |stack: &Stack, entry| Value::Number(stack.row(stack.linked(entry)).size);
            fields.push((Field::Content, size(ours, left), size(theirs, right)));
        } else {
            fields.extend(special((ours, left), (theirs, right)));
        }
        let metadata = of_metadata(&ours.metadata(left), &theirs.metadata(right));
        // Nothing asks for the permissions of a link.
        let is_link = forms == (Form::Symlink, Form::Symlink) && self.scope == Scope::Contents;
        fields.extend(metadata.into_iter().filter(|(field, ..)| !is_link || *field != Field::Mode));
        fields
    }

    fn have_same_names(&mut self, left: EntryId, right: EntryId) -> bool {
        let groups = (self.before.group(left), self.after.group(right));
        if groups == (None, None) {
            return true;
        }
        let (before, after) = (&self.before.links, &self.after.links);
        let same = || before.names(groups.0) == after.names(groups.1);
        *self.same_groups.entry(groups).or_insert_with(same)
    }
}

impl FieldChange {
    pub(crate) fn of((field, before, after): (Field, Value, Value)) -> Self {
        Self { field: field.to_string(), before: before.to_string(), after: after.to_string() }
    }

    /// Returns everything in which two entries differ, besides contents, names and times.
    pub(crate) fn between(before: (&Stack, EntryId), after: (&Stack, EntryId)) -> Vec<Self> {
        let form = |(stack, entry): (&Stack, EntryId)| stack.row(stack.linked(entry)).form;
        let forms = (form(before), form(after));
        let mut fields = Vec::new();
        if forms.0 != forms.1 {
            let kind = |form: Form| Value::Text(form.name().into());
            fields.push((Field::Kind, kind(forms.0), kind(forms.1)));
        } else {
            fields.extend(special(before, after));
        }
        let metadata = of_metadata(&before.0.metadata(before.1), &after.0.metadata(after.1));
        fields.extend(metadata.into_iter().filter(|(field, ..)| *field != Field::Time));
        fields.into_iter().map(Self::of).collect()
    }
}

/// Returns in what two links, or two devices, differ.
fn special(before: (&Stack, EntryId), after: (&Stack, EntryId)) -> Option<(Field, Value, Value)> {
    let ((ours, left), (theirs, right)) = (before, after);
    if ours.symlink(left) != theirs.symlink(right) {
        let target = |target: Option<&[u8]>| Value::Bytes(target.unwrap_or_default().into());
        return Some((Field::Target, target(ours.symlink(left)), target(theirs.symlink(right))));
    }
    let numbers = |numbers: Option<(u32, u32)>| {
        numbers.map_or(Value::Absent, |(major, minor)| Value::Text(format!("{major}:{minor}")))
    };
    let differ = ours.device(left) != theirs.device(right);
    differ.then(|| (Field::Device, numbers(ours.device(left)), numbers(theirs.device(right))))
}
