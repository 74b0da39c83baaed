//! Puts one layer of a spec upon another, tree upon tree.
//!
//! Maps merge; keyed lists merge by key, a later entry taking the place of an earlier one; lists of
//! names are appended; all else replaces. An empty value takes a key out, `!NAME` a name,
//! `remove: true` an entry; taking out what is not there is a fault.

use std::collections::BTreeMap;

use super::diagnostic::Fault;
use super::node::{Entry, Mapping, Node, Value};
use super::shape::{Merge, Object, Shape};
use super::source::{Sources, Span};

/// What names an entry of a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(Vec<String>);

/// A merge under way.
pub(crate) struct Merging<'a> {
    /// The files, for paths that are relative to theirs.
    pub(crate) sources: &'a Sources,
    /// What is wrong.
    pub(crate) faults: &'a mut Vec<Fault>,
    /// Whether nothing lies below the layer.
    pub(crate) lowest: bool,
}

impl Merging<'_> {
    /// Puts `overlay` upon `base`.
    pub(crate) fn object(&mut self, base: &mut Mapping, overlay: &Mapping, object: &Object) {
        for entry in &overlay.0 {
            let shape = object.property(&entry.key).map(|property| &property.shape);
            self.entry(base, entry, shape);
        }
    }

    fn entry(&mut self, base: &mut Mapping, entry: &Entry, shape: Option<&Shape>) {
        if entry.value.is_null() {
            if base.remove(&entry.key).is_some() {
                return;
            }
            if self.lowest {
                self.faults.push(empty(&entry.key, entry.key_span));
            } else {
                self.nothing(&entry.key, entry.key_span);
            }
            return;
        }
        let Some(shape) = shape.filter(|shape| merges(shape, &entry.value)) else {
            match base.entry_mut(&entry.key) {
                Some(existing) => *existing = entry.clone(),
                None => base.0.push(entry.clone()),
            }
            return;
        };
        let fits = base.get(&entry.key).is_some_and(|existing| same_form(existing, &entry.value));
        if !fits {
            base.remove(&entry.key);
            let empty = match entry.value.value {
                Value::Mapping(_) => Value::Mapping(Mapping::default()),
                _ => Value::Sequence(Vec::new()),
            };
            base.0.push(Entry { value: Node { value: empty, span: entry.value.span }, ..entry.clone() });
        }
        let Some(existing) = base.entry_mut(&entry.key) else { return };
        match (&mut existing.value.value, &entry.value.value, shape) {
            (Value::Mapping(below), Value::Mapping(above), Shape::Object(object)) => {
                self.object(below, above, object);
            }
            (Value::Mapping(below), Value::Mapping(above), _) => {
                for entry in &above.0 {
                    self.entry(below, entry, None);
                }
            }
            (Value::Sequence(below), Value::Sequence(above), Shape::List { merge: Some(merge), .. }) => {
                self.list(&entry.key, below, above, *merge);
            }
            _ => {}
        }
    }

    fn list(&mut self, name: &str, below: &mut Vec<Node>, above: &[Node], merge: Merge) {
        if merge == Merge::Patterns {
            below.extend_from_slice(above);
            return;
        }
        let mut seen: BTreeMap<Key, Span> = BTreeMap::new();
        for item in above {
            let Some(key) = key(merge, item, self.sources) else { continue };
            if let Some(first) = seen.get(&key) {
                let title = format!("`{name}` has this entry twice in one file");
                self.faults.push(Fault::new(item.span, title).related(*first, "first here"));
                continue;
            }
            let position =
                below.iter().position(|other| self::key(merge, other, self.sources).as_ref() == Some(&key));
            match (position, is_removal(item)) {
                (Some(position), true) => drop(below.remove(position)),
                (Some(position), false) => below[position] = item.clone(),
                (None, true) => self.nothing(&key.0.join("` and `"), item.span),
                (None, false) => below.push(item.clone()),
            }
            seen.insert(key, item.span);
        }
    }

    /// Reports that something is taken out which is not there.
    fn nothing(&mut self, what: &str, span: Span) {
        let title = format!("cannot take out `{what}`: it is not there");
        let help = match self.lowest {
            true => "this spec includes no other that could have it",
            false => "neither an included spec nor, for a variant, the plain image has it",
        };
        self.faults.push(Fault::new(span, title).help(help));
    }
}

/// The fault of a key without a value.
pub(crate) fn empty(key: &str, span: Span) -> Fault {
    let help = "an empty value takes out what an included spec or, for a variant, the plain image has";
    Fault::new(span, format!("`{key}` has no value")).help(help)
}

/// Says whether a value of this shape is put upon another instead of replacing it.
fn merges(shape: &Shape, value: &Node) -> bool {
    matches!(
        (shape, &value.value),
        (Shape::Object(_) | Shape::Map { .. }, Value::Mapping(_))
            | (Shape::List { merge: Some(_), .. }, Value::Sequence(_))
    )
}

fn same_form(below: &Node, above: &Node) -> bool {
    std::mem::discriminant(&below.value) == std::mem::discriminant(&above.value)
}

/// Says whether an item takes one out.
fn is_removal(item: &Node) -> bool {
    match &item.value {
        Value::Mapping(mapping) => mapping.get("remove").is_some(),
        _ => item.text().is_some_and(|text| text.starts_with('!')),
    }
}

/// Returns what names an item of a list that merges by `merge`. `None` when the item lacks it.
pub(crate) fn key(merge: Merge, item: &Node, sources: &Sources) -> Option<Key> {
    let name = item.text().map(|text| text.strip_prefix('!').unwrap_or(text).trim());
    let get = |key: &str| item.mapping()?.get(key)?.text();
    let words = match merge {
        Merge::Names | Merge::Patterns => vec![name?.to_owned()],
        Merge::Keyed(keys) => keys.iter().map(|key| Some(path_like(get(key)?))).collect::<Option<_>>()?,
        Merge::Packages => vec![package(name.or_else(|| get("name"))?)],
        Merge::Certificates => vec![match (name, get("name")) {
            (Some(path), _) => resolved(item, path, sources),
            (None, name) => format!("name {}", name?),
        }],
        Merge::Repositories => {
            let mapping = item.mapping()?;
            let kind = *merge.keys().iter().find(|kind| mapping.get(kind).is_some())?;
            let value = get(kind)?;
            let value = if kind == "debs" {
                resolved(item, value, sources)
            } else {
                value.trim_end_matches('/').to_owned()
            };
            vec![kind.to_owned(), value]
        }
        Merge::Findings => {
            let paths = item.mapping()?.get("paths").and_then(Node::sequence).unwrap_or_default();
            let mut words: Vec<String> =
                paths.iter().filter_map(|path| Some(path.text()?.to_owned())).collect();
            words.sort();
            words.insert(0, get("id")?.to_owned());
            words
        }
        Merge::Files => {
            let to = get("to")?;
            let mut words = vec![path_like(to)];
            if to.ends_with('/') {
                let mapping = item.mapping()?;
                let named = |key: &&str| Some(format!("{key} {}", source(mapping.get(key)?, sources)?));
                words.extend(["from", "archive"].iter().filter_map(named));
            }
            words
        }
    };
    Some(Key(words))
}

/// Returns the name of a package without its version.
fn package(relation: &str) -> String {
    relation.split(['(', ' ']).next().unwrap_or_default().to_owned()
}

/// Brings a path in the image into one spelling; a slash at the end stays, as it means something.
fn path_like(text: &str) -> String {
    if !text.starts_with('/') {
        return text.to_owned();
    }
    let parts: Vec<_> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let slash = if text.ends_with('/') && !parts.is_empty() { "/" } else { "" };
    format!("/{}{slash}", parts.join("/"))
}

/// Returns a source of files in one spelling.
fn source(node: &Node, sources: &Sources) -> Option<String> {
    if let Some(text) = node.text() {
        return Some(resolved(node, text, sources));
    }
    let mut paths: Vec<_> = node
        .mapping()?
        .0
        .iter()
        .map(|entry| {
            format!(
                "{}={}",
                entry.key,
                resolved(&entry.value, entry.value.text().unwrap_or_default(), sources)
            )
        })
        .collect();
    paths.sort();
    Some(paths.join(" "))
}

/// Makes a path of the file that says it comparable with those of other files.
pub(crate) fn resolved(node: &Node, text: &str, sources: &Sources) -> String {
    normalised(&joined(&sources.of(node.span).prefix, text))
}

/// Puts what leads to a file's directory before a relative path of that file.
pub(crate) fn joined(prefix: &str, path: &str) -> String {
    if prefix.is_empty() || path.starts_with('/') {
        return path.to_owned();
    }
    format!("{prefix}/{}", path.strip_prefix("./").unwrap_or(path))
}

/// Drops `.`, and `..` after a name.
pub(crate) fn normalised(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}
