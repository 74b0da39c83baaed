//! Walks a tree along the shape of a spec, names everything that is wrong, and returns what the
//! types are read from.

mod checks;
mod object;
mod scalar;

use serde_json::Value as Json;

use super::diagnostic::Fault;
use super::format::{self, Expected};
use super::merge::empty;
use super::node::{Entry, Kind, Mapping, Node, Scalar, Style, Value};
use super::shape::{Merge, Object, Shape};
use super::source::{Sources, Span};
use super::strict::Formats;

pub(crate) use checks::{effective, name_directories};

/// Which tree is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// What one file says: empty values, removals and parameters are still in it.
    Layer,
    /// The merged spec; `open` when parameters of the platform are still in it.
    Effective {
        /// Whether `${…}` can still stand in a text.
        open: bool,
    },
    /// A policy, which nothing is merged with and nothing is expanded in.
    Policy,
}

/// A walk over one tree.
pub(crate) struct Validation<'a> {
    stage: Stage,
    sources: &'a Sources,
    faults: &'a mut Vec<Fault>,
    /// Whether the walk is inside an entry of a list, which is never merged but replaced.
    in_entry: bool,
    /// Syntaxes besides those of a spec.
    formats: Formats,
}

impl<'a> Validation<'a> {
    /// Begins a walk that appends to `faults`.
    pub(crate) fn new(stage: Stage, sources: &'a Sources, faults: &'a mut Vec<Fault>) -> Self {
        Self { stage, sources, faults, in_entry: false, formats: |_, _| None }
    }

    /// Adds syntaxes, which win over those of a spec.
    pub(crate) fn with(self, formats: Formats) -> Self {
        Self { formats, ..self }
    }

    /// Judges a text by the syntax called `format`.
    fn check(&self, format: &str, text: &str) -> Result<(), Expected> {
        match (self.formats)(format, text) {
            Some(judged) => judged.map_err(Expected::new),
            None => format::check(format, text),
        }
    }

    /// Walks the value of `key`. `None` when something is wrong with it.
    pub(crate) fn value(&mut self, key: &str, node: &Node, shape: &Shape) -> Option<Json> {
        match (shape, &node.value) {
            (Shape::Any(forms), _) => self.any(key, node, forms),
            (Shape::Object(object), Value::Mapping(mapping)) => self.object(key, node, mapping, object),
            (Shape::Map { keys, values }, Value::Mapping(mapping)) => {
                self.map(key, mapping, keys.as_deref(), values)
            }
            (Shape::List { items, merge }, Value::Sequence(nodes)) => self.list(key, nodes, items, *merge),
            (Shape::Object(_) | Shape::Map { .. } | Shape::List { .. }, _) => self.wrong(key, node, shape),
            (_, Value::Scalar(scalar)) => self.scalar(key, node, scalar, shape),
            _ => self.wrong(key, node, shape),
        }
    }

    fn fault(&mut self, fault: Fault) -> Option<Json> {
        self.faults.push(fault);
        None
    }

    /// Looks at a key without a value: where layers merge it takes the key out, else it is a fault.
    fn null(&mut self, entry: &Entry) {
        if self.in_entry || self.stage == Stage::Policy {
            self.faults.push(Fault::new(entry.key_span, format!("`{}` has no value", entry.key)));
        } else if self.stage != Stage::Layer {
            self.faults.push(empty(&entry.key, entry.key_span));
        }
    }

    /// Reports a value of another type than is due.
    fn wrong(&mut self, key: &str, node: &Node, shape: &Shape) -> Option<Json> {
        if node.is_null() {
            return self.fault(without_value(key, node.span));
        }
        let title = format!("`{key}`: expected {}, found {}", described(shape), node.kind());
        let fault = Fault::new(node.span, title);
        self.fault(match (shape, node.text()) {
            (Shape::List { items, .. }, Some(text)) if takes_text(items) && !text.contains(['\n', ',']) => {
                fault.label(format!("write `[{text}]`"))
            }
            (Shape::Map { .. }, Some(text)) => match text.split_once('=') {
                Some((name, value)) => fault.label(format!("write `{{{name}: {value}}}`")),
                None => fault,
            },
            (Shape::Map { .. }, None) => fault.help("a map is written `NAME: value`, without dashes"),
            _ => fault,
        })
    }

    /// Walks the one of several forms that was meant.
    fn any(&mut self, key: &str, node: &Node, forms: &[Shape]) -> Option<Json> {
        let objects: Vec<&Object> = forms.iter().filter_map(direct_object).collect();
        if let (Some(mapping), [_, _, ..]) = (node.mapping(), objects.as_slice()) {
            return self.distinguished(key, node, mapping, &objects);
        }
        let fits = |form: &&Shape| match (form, node.kind()) {
            (Shape::Object(_) | Shape::Map { .. }, kind) => kind == Kind::Mapping,
            (Shape::List { .. }, kind) => kind == Kind::Sequence,
            (_, kind) => !matches!(kind, Kind::Mapping | Kind::Sequence | Kind::Null),
        };
        match forms.iter().find(fits) {
            Some(form) => self.value(key, node, form),
            None if node.is_null() => self.fault(without_value(key, node.span)),
            None => {
                let forms: Vec<_> = forms.iter().map(described).collect();
                let title = format!("`{key}`: expected {}, found {}", forms.join(" or "), node.kind());
                let title = if objects.len() > 1 { kinds(key, &objects, node.kind()) } else { title };
                let fault = Fault::new(node.span, title);
                self.fault(match node.text() {
                    Some(text) if key == "repositories" => foreign_repository(fault, text),
                    _ => fault,
                })
            }
        }
    }

    /// Walks the one of several kinds of map whose own key is there.
    fn distinguished(
        &mut self,
        key: &str,
        node: &Node,
        mapping: &Mapping,
        objects: &[&Object],
    ) -> Option<Json> {
        let own =
            |object: &Object| object.properties.first().map_or("", |property| &property.name).to_owned();
        let meant: Vec<_> = objects.iter().filter(|object| mapping.get(&own(object)).is_some()).collect();
        match meant.as_slice() {
            [object] => self.object(key, node, mapping, object),
            [] => {
                let tags: Vec<_> = objects.iter().map(|object| own(object)).collect();
                let title = format!("`{key}`: expected a map with one of {}", listed(&tags, "or"));
                for entry in &mapping.0 {
                    let near = super::diagnostic::nearest(&entry.key, tags.iter().map(String::as_str));
                    if let Some(near) =
                        near.filter(|_| !objects.iter().any(|o| o.property(&entry.key).is_some()))
                    {
                        let fault = Fault::new(entry.key_span, title);
                        return self.fault(fault.label(format!("did you mean `{near}`?")));
                    }
                }
                self.fault(Fault::new(node.span, title))
            }
            [first, second, ..] => {
                let (first, second) = (own(first), own(second));
                let span = mapping.entry(&second).map_or(node.span, |entry| entry.key_span);
                let related = mapping.entry(&first).map_or(node.span, |entry| entry.key_span);
                let title = format!("`{first}` and `{second}` exclude each other");
                self.fault(Fault::new(span, title).related(related, ""))
            }
        }
    }

    /// Walks a map with any keys.
    fn map(&mut self, key: &str, mapping: &Mapping, keys: Option<&str>, values: &Shape) -> Option<Json> {
        let mut json = serde_json::Map::new();
        let before = self.faults.len();
        for entry in &mapping.0 {
            let mut name = entry.key.clone();
            if name.contains("${") {
                let title = format!("`{key}`: parameters stand in values, not in keys");
                self.faults.push(Fault::new(entry.key_span, title));
            } else if let Some(keys) = keys {
                if let Err(expected) = self.check(keys, &name) {
                    self.faults.push(scalar::unexpected(key, entry.key_span, &name, expected));
                } else if keys == "platform" {
                    name = format::platform(&name).map(|platform| platform.to_string()).unwrap_or(name);
                }
            }
            if entry.value.is_null() {
                self.null(entry);
                continue;
            }
            if let Some(value) = self.value(&entry.key, &entry.value, values)
                && json.insert(name, value).is_some()
            {
                self.faults.push(Fault::new(entry.key_span, format!("`{key}` has `{}` twice", entry.key)));
            }
        }
        (self.faults.len() == before).then_some(Json::Object(json))
    }

    /// Walks a list. What a file takes out of its base is looked at as far as it goes.
    fn list(&mut self, key: &str, nodes: &[Node], items: &Shape, merge: Option<Merge>) -> Option<Json> {
        let before = self.faults.len();
        let around = std::mem::replace(&mut self.in_entry, true);
        let mut json = Vec::with_capacity(nodes.len());
        for node in nodes {
            let removal = merge.filter(|_| self.stage == Stage::Layer);
            json.extend(match removal {
                Some(merge) if self.removes(key, node, items, merge) => None,
                _ => self.value(key, node, items),
            });
        }
        self.in_entry = around;
        (self.faults.len() == before).then_some(Json::Array(json))
    }

    /// Says whether an item takes one out of the base, having looked at how it says so.
    fn removes(&mut self, key: &str, node: &Node, items: &Shape, merge: Merge) -> bool {
        match &node.value {
            Value::Scalar(Scalar { text, .. }) if merge != Merge::Patterns => {
                let Some(name) = text.strip_prefix('!') else { return false };
                let named = Node {
                    value: Value::Scalar(Scalar { text: name.to_owned(), style: Style::Quoted }),
                    span: node.span,
                };
                self.value(key, &named, items);
                true
            }
            Value::Mapping(mapping) => {
                let Some(remove) = mapping.entry("remove") else { return false };
                let mut keys = merge.keys().to_vec();
                if remove.value.text() != Some("true") {
                    let title = format!("`remove`: expected `true`, found {}", shown(&remove.value));
                    self.faults.push(Fault::new(remove.value.span, title));
                }
                keys.push("remove");
                for entry in mapping.0.iter().filter(|entry| !keys.contains(&entry.key.as_str())) {
                    let title = format!("`{}` has no meaning beside `remove: true`", entry.key);
                    let help = format!("an entry is taken out by {} alone", listed(merge.keys(), "and"));
                    self.faults.push(Fault::new(entry.key_span, title).help(help));
                }
                if !merge.keys().iter().any(|key| mapping.get(key).is_some()) {
                    let title = format!("which entry of `{key}` is to be removed?");
                    let help = format!("an entry is named by {}", listed(merge.keys(), "and"));
                    self.faults.push(Fault::new(node.span, title).help(help));
                }
                true
            }
            _ => false,
        }
    }
}

/// The fault of an item of a list without a value.
fn without_value(key: &str, span: Span) -> Fault {
    Fault::new(span, format!("`{key}` has an item without a value"))
}

fn direct_object(shape: &Shape) -> Option<&Object> {
    match shape {
        Shape::Object(object) => Some(object),
        _ => None,
    }
}

fn takes_text(shape: &Shape) -> bool {
    matches!(shape, Shape::Text { .. } | Shape::Any(_))
}

/// Says what a shape is, for "expected …".
fn described(shape: &Shape) -> String {
    match shape {
        Shape::Text { .. } => "text".to_owned(),
        Shape::Choice(choices) => {
            listed(&choices.iter().map(|choice| &choice.word).collect::<Vec<_>>(), "or")
        }
        Shape::Integer { .. } => "a number".to_owned(),
        Shape::Boolean => "`true` or `false`".to_owned(),
        Shape::List { .. } => "a list".to_owned(),
        Shape::Map { .. } | Shape::Object(_) => "a map".to_owned(),
        Shape::Any(forms) => forms.iter().map(described).collect::<Vec<_>>().join(" or "),
    }
}

fn kinds(key: &str, objects: &[&Object], found: Kind) -> String {
    let own = |object: &&Object| object.properties.first().map_or("", |property| &property.name).to_owned();
    let tags: Vec<_> = objects.iter().map(own).collect();
    format!("`{key}`: expected a map with one of {}, found {found}", listed(&tags, "or"))
}

/// Says what to write for a repository that stands there as text.
fn foreign_repository(fault: Fault, text: &str) -> Fault {
    if text.contains("alpine") || text.contains("wolfi") || text.starts_with('@') || text.contains("apk") {
        return fault
            .help("packages come from Debian archives: `debian: trixie`; apk repositories are not read");
    }
    if text.contains("://") {
        return fault.label(format!("write `deb: {text}`, with `suites`, `components` and `signed-by`"));
    }
    let kind = if text.contains('/') { "debs" } else { "debian" };
    fault.label(format!("write `{kind}: {text}`"))
}

/// Lists names: `a`, `b` or `c`.
pub(super) fn listed<T: AsRef<str>>(names: &[T], before_last: &str) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} {before_last} {last}", rest.join(", ")),
    }
}

/// Shows a value in a message.
fn shown(node: &Node) -> String {
    match node.text() {
        Some(text) => format!("`{}`", scalar::shortened(text)),
        None => node.kind().to_string(),
    }
}
