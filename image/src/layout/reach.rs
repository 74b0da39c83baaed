//! Which blobs an entry of a layout reaches, and which entries are about others.

use std::collections::BTreeSet;

use serde::Deserialize as _;
use serde_json::Value;

use super::Layout;
use crate::blobs::Blobs;
use crate::digest::Digest;
use crate::manifest::{Descriptor, MAX_DOCUMENT};

/// What some entries reach.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reach {
    /// Every blob that is named, whether it is there or not.
    pub blobs: BTreeSet<Digest>,
    /// Blobs that should be there and are not, or have another size.
    pub missing: Vec<Descriptor>,
    /// Documents that could not be read: what they reach is not known.
    pub unreadable: Vec<Descriptor>,
}

impl Layout {
    /// Follows entries down to their layers, and to the subjects they are about.
    ///
    /// Documents are read by their shape and not by their media type, so that kinds that attar does
    /// not know keep their blobs too.
    pub fn reach<'a>(&self, entries: impl IntoIterator<Item = &'a Descriptor>) -> Reach {
        reach(self, entries)
    }

    /// Returns the digest of the manifest that this entry is about, if it is about one.
    pub(super) fn subject(&self, entry: &Descriptor) -> Option<Digest> {
        subject(self, entry)
    }

    /// Returns those of `candidates` that are about this entry, about what it reaches, or about
    /// each other.
    pub fn referrers<'a>(&self, entry: &Descriptor, candidates: &'a [Descriptor]) -> Vec<&'a Descriptor> {
        referrers(self, entry, candidates)
    }

    /// Says whether this entry of the layout only says something about another one.
    pub fn is_referrer(&self, entry: &Descriptor) -> bool {
        is_referrer(self, entry)
    }
}

/// See [`Layout::reach`].
pub(crate) fn reach<'a>(blobs: &dyn Blobs, entries: impl IntoIterator<Item = &'a Descriptor>) -> Reach {
    let mut reach = Reach::default();
    let mut documents: Vec<Descriptor> = entries.into_iter().cloned().collect();
    while let Some(document) = documents.pop() {
        if !reach.visit(blobs, &document) || document.size > MAX_DOCUMENT {
            continue;
        }
        let Ok(bytes) = blobs.read(&document) else {
            reach.unreadable.push(document);
            continue;
        };
        let Ok(Value::Object(fields)) = serde_json::from_slice(&bytes) else {
            continue;
        };
        for descriptor in descriptors(&fields, &["config", "layers", "blobs"]) {
            reach.visit(blobs, &descriptor);
        }
        documents.extend(descriptors(&fields, &["manifests", "subject"]));
    }
    reach
}

impl Reach {
    /// Notes a blob; says whether it is a new one.
    fn visit(&mut self, blobs: &dyn Blobs, descriptor: &Descriptor) -> bool {
        let is_new = self.blobs.insert(descriptor.digest);
        // What may be fetched from elsewhere need not be there.
        if is_new && descriptor.urls.is_empty() && !blobs.has(descriptor) {
            self.missing.push(descriptor.clone());
        }
        is_new
    }
}

fn subject(blobs: &dyn Blobs, entry: &Descriptor) -> Option<Digest> {
    let bytes = blobs.read(entry).ok()?;
    let Ok(Value::Object(fields)) = serde_json::from_slice(&bytes) else {
        return None;
    };
    descriptors(&fields, &["subject"]).first().map(|subject| subject.digest)
}

/// See [`Layout::referrers`].
pub(crate) fn referrers<'a>(
    blobs: &dyn Blobs,
    entry: &Descriptor,
    candidates: &'a [Descriptor],
) -> Vec<&'a Descriptor> {
    let mut subjects = reach(blobs, [entry]).blobs;
    let mut found: Vec<&Descriptor> = Vec::new();
    let mut others: Vec<(&Descriptor, Digest)> = candidates
        .iter()
        .filter(|candidate| candidate.ref_name().is_none() && candidate.digest != entry.digest)
        .filter_map(|candidate| Some((candidate, subject(blobs, candidate)?)))
        .collect();
    loop {
        let (new, rest): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|(_, subject)| subjects.contains(subject));
        if new.is_empty() {
            return found;
        }
        subjects.extend(new.iter().map(|(referrer, _)| referrer.digest));
        found.extend(new.into_iter().map(|(referrer, _)| referrer));
        others = rest;
    }
}

/// See [`Layout::is_referrer`].
pub(crate) fn is_referrer(blobs: &dyn Blobs, entry: &Descriptor) -> bool {
    entry.ref_name().is_none() && (entry.is_about_an_image() || subject(blobs, entry).is_some())
}

/// Returns the descriptors in these fields, each a descriptor or a list of them.
fn descriptors(fields: &serde_json::Map<String, Value>, names: &[&str]) -> Vec<Descriptor> {
    let read = |value: &Value| Descriptor::deserialize(value).ok();
    names
        .iter()
        .filter_map(|name| fields.get(*name))
        .flat_map(|value| match value {
            Value::Array(list) => list.iter().filter_map(read).collect::<Vec<_>>(),
            single => read(single).into_iter().collect(),
        })
        .collect()
}
