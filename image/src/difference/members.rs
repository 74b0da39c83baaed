//! The first difference between the entries of two layers.

use std::collections::{BTreeMap, BTreeSet};

use super::{Field, Value, field};
use crate::digest::Digest;
use crate::layer::reader::{Member, MemberKind};
use crate::path::TreePath;
use crate::stack::{Form, Members};

type Entries<'a> = BTreeMap<&'a TreePath, &'a (Member, Option<Digest>)>;

/// Returns the first path, in byte order, whose entries differ, or else the first one that stands in
/// another place of the archive.
pub(super) fn first(expected: &Members, found: &Members) -> Option<(TreePath, Field, Value, Value)> {
    let (ours, theirs) = (by_path(expected), by_path(found));
    let paths: BTreeSet<&TreePath> = ours.keys().chain(theirs.keys()).copied().collect();
    for path in paths {
        let difference = match (ours.get(path), theirs.get(path)) {
            (Some(ours), Some(theirs)) => of_entries(ours, theirs),
            (ours, _) => {
                let [here, gone] = [Value::Present, Value::Absent];
                Some(if ours.is_some() {
                    (Field::Presence, here, gone)
                } else {
                    (Field::Presence, gone, here)
                })
            }
        };
        if let Some((field, expected, found)) = difference {
            return Some((path.clone(), field, expected, found));
        }
    }
    let places = expected.members.iter().zip(&found.members).enumerate();
    let moved = places.map(|(place, (ours, theirs))| (place, &ours.0.path, &theirs.0.path));
    let (place, path, _) = moved.into_iter().find(|(_, ours, theirs)| ours != theirs)?;
    let elsewhere = found.members.iter().position(|(member, _)| member.path == *path);
    let number = |place: usize| Value::Number(place as u64);
    Some((path.clone(), Field::Order, number(place), elsewhere.map_or(Value::Absent, number)))
}

fn by_path(members: &Members) -> Entries<'_> {
    members.members.iter().map(|entry| (&entry.0.path, entry)).collect()
}

fn of_entries(
    (ours, our_content): &(Member, Option<Digest>),
    (theirs, their_content): &(Member, Option<Digest>),
) -> Option<(Field, Value, Value)> {
    let (our_form, their_form) = (Form::of(&ours.kind), Form::of(&theirs.kind));
    if our_form != their_form {
        let value = |form: Form| Value::Text(form.name().into());
        return Some((Field::Kind, value(our_form), value(their_form)));
    }
    if our_content != their_content {
        let value = |digest: &Option<Digest>| digest.map_or(Value::Absent, Value::Digest);
        return Some((Field::Content, value(our_content), value(their_content)));
    }
    if ours.kind != theirs.kind {
        let (field, expected) = detail(&ours.kind);
        return Some((field, expected, detail(&theirs.kind).1));
    }
    field::of_metadata(&ours.metadata, &theirs.metadata).into_iter().next()
}

/// Returns what belongs to one type of entry alone.
fn detail(kind: &MemberKind) -> (Field, Value) {
    match kind {
        MemberKind::HardLink { target } => (Field::Target, Value::Bytes(target.as_bytes().into())),
        MemberKind::Symlink { target } => (Field::Target, Value::Bytes(target.clone())),
        MemberKind::CharacterDevice { major, minor } | MemberKind::BlockDevice { major, minor } => {
            (Field::Device, Value::Text(format!("{major}:{minor}")))
        }
        MemberKind::File { size } => (Field::Content, Value::Number(*size)),
        MemberKind::Directory | MemberKind::Fifo => (Field::Kind, Value::Present),
    }
}
