//! YAML text into a tree of nodes: each key once, aliases and nesting bounded, nothing guessed.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Tag};

use super::diagnostic::Fault;
use super::node::{Entry, Mapping, Node, Scalar, Style, Value};
use super::source::Span;

/// The longest file, in bytes.
pub(crate) const MAX_SIZE: usize = 4 << 20;
/// The deepest nesting.
const MAX_DEPTH: usize = 64;
/// The most values, aliases expanded.
const MAX_NODES: usize = 200_000;

/// What is read, for messages and for what it may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// A spec.
    Spec,
    /// A policy: one document with known keys, as a spec.
    Policy,
    /// A file of another tool: any number of documents, whose tags are none of our business.
    Foreign,
}

impl Dialect {
    fn noun(self) -> &'static str {
        match self {
            Self::Spec => "spec",
            Self::Policy => "policy",
            Self::Foreign => "file of this kind",
        }
    }
}

/// Reads one YAML document. `None` stands for a text without one, or one that cannot be read.
///
/// What is wrong is appended to `faults`; a tree is returned as far as there is one.
pub(crate) fn parse(file: u32, text: &str, faults: &mut Vec<Fault>) -> Option<Node> {
    parse_all(file, text, Dialect::Spec, faults).pop()
}

/// Reads the YAML documents of a text, of which only foreign files may have several. None stands for a
/// text that cannot be read.
pub(crate) fn parse_all(file: u32, text: &str, dialect: Dialect, faults: &mut Vec<Fault>) -> Vec<Node> {
    let offsets = Offsets::of(text);
    let mut builder = Builder::new(dialect, faults);
    for event in Parser::new_from_str(text) {
        let step = match event {
            Ok((event, span)) => {
                let (start, end) = (offsets.byte(span.start.index()), offsets.byte(span.end.index()));
                builder.event(event, Span { file, start, end })
            }
            Err(error) => {
                let start = offsets.byte(error.marker().index());
                Err(Box::new(unreadable(&error, Span { file, start, end: start }, text)))
            }
        };
        if let Err(fault) = step {
            faults.push(*fault);
            return Vec::new();
        }
    }
    builder.roots
}

/// Where each character begins, for a text that is not all ASCII.
struct Offsets(Option<Vec<u32>>, u32);

impl Offsets {
    fn of(text: &str) -> Self {
        let number = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        let starts = || text.char_indices().map(|(index, _)| number(index)).collect();
        Self((!text.is_ascii()).then(starts), number(text.len()))
    }

    fn byte(&self, character: usize) -> u32 {
        match &self.0 {
            Some(starts) => starts.get(character).copied().unwrap_or(self.1),
            None => u32::try_from(character).unwrap_or(u32::MAX).min(self.1),
        }
    }
}

/// A list or map whose end has not come yet.
struct Open {
    span: Span,
    anchor: usize,
    /// Number of nodes that existed before it.
    before: usize,
    children: Children,
}

enum Children {
    Sequence(Vec<Node>),
    Mapping { mapping: Mapping, key: Option<Key>, merges: Vec<Node> },
}

/// A key that waits for its value.
struct Key {
    text: String,
    span: Span,
    plain: bool,
}

/// A value that aliases can stand for, and how many nodes it has.
struct Anchored {
    node: Node,
    nodes: usize,
}

struct Builder<'a> {
    dialect: Dialect,
    faults: &'a mut Vec<Fault>,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Anchored>,
    nodes: usize,
    documents: usize,
    roots: Vec<Node>,
}

/// The fault of a step after which nothing more can be read.
type Step = Result<(), Box<Fault>>;

fn stop(span: Span, title: impl Into<String>, help: impl Into<String>) -> Step {
    Err(Box::new(Fault::new(span, title).help(help)))
}

impl<'a> Builder<'a> {
    fn new(dialect: Dialect, faults: &'a mut Vec<Fault>) -> Self {
        let (open, anchors, roots) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { dialect, faults, open, anchors, nodes: 0, documents: 0, roots }
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Step {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                self.anchors.clear();
                if self.documents > 1 && self.dialect != Dialect::Foreign {
                    return stop(
                        span,
                        format!("a {} is one YAML document, found a second", self.dialect.noun()),
                        "`---` begins another document",
                    );
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let value = Value::Scalar(self.scalar(text.into_owned(), style, tag.as_deref(), span));
                self.nodes += 1;
                self.finish(Node { value, span }, anchor, 1)
            }
            Event::SequenceStart(anchor, tag) => {
                self.start(Children::Sequence(Vec::new()), anchor, tag.as_deref(), span)
            }
            Event::MappingStart(anchor, tag) => {
                let children =
                    Children::Mapping { mapping: Mapping::default(), key: None, merges: Vec::new() };
                self.start(children, anchor, tag.as_deref(), span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    /// Returns a scalar. A tag other than `!!str` is a fault.
    fn scalar(&mut self, text: String, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Scalar {
        let quoted = |text| Scalar { text, style: Style::Quoted };
        match tag {
            None if style == ScalarStyle::Plain => Scalar { text, style: Style::Plain },
            None => quoted(text),
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => quoted(text),
            Some(tag) if tag.handle == "!" && !tag.suffix.is_empty() && self.dialect != Dialect::Foreign => {
                let written = format!("{tag} {text}").trim_end().to_owned();
                let fault = Fault::new(span, format!("YAML reads `{written}` as a tag, not as text"));
                self.faults.push(fault.label(format!("write `\"{written}\"`")));
                quoted(written)
            }
            Some(tag) => {
                self.tag(tag, span);
                quoted(text)
            }
        }
    }

    fn tag(&mut self, tag: &Tag, span: Span) {
        if self.dialect == Dialect::Foreign {
            return;
        }
        let core = tag.is_yaml_core_schema();
        let tag = if core { format!("!!{}", tag.suffix) } else { tag.to_string() };
        self.faults
            .push(Fault::new(span, format!("a {} has no YAML tags, found `{tag}`", self.dialect.noun())));
    }

    fn start(&mut self, children: Children, anchor: usize, tag: Option<&Tag>, span: Span) -> Step {
        if let Some(tag) = tag {
            self.tag(tag, span);
        }
        if self.open.len() >= MAX_DEPTH {
            return stop(
                span,
                format!("nested deeper than {MAX_DEPTH} levels"),
                format!("no key of a {} is that deep", self.dialect.noun()),
            );
        }
        let before = self.nodes;
        self.nodes += 1;
        self.open.push(Open { span, anchor, before, children });
        Ok(())
    }

    fn end(&mut self, span: Span) -> Step {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let whole = Span { end: span.end.max(open.span.end), ..open.span };
        let value = match open.children {
            Children::Sequence(items) => Value::Sequence(items),
            Children::Mapping { mut mapping, merges, .. } => {
                for merge in merges {
                    self.merge(&mut mapping, merge);
                }
                Value::Mapping(mapping)
            }
        };
        let nodes = self.nodes - open.before;
        self.finish(Node { value, span: whole }, open.anchor, nodes)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Step {
        let Some(anchored) = self.anchors.get(&anchor) else {
            return stop(span, "the alias stands inside what it names", "an anchor cannot hold itself");
        };
        self.nodes += anchored.nodes;
        if self.nodes > MAX_NODES {
            return stop(
                span,
                format!("more than {MAX_NODES} values, aliases expanded"),
                "use fewer aliases",
            );
        }
        let (node, nodes) = (anchored.node.clone(), anchored.nodes);
        if self.open.len() + depth(&node) > MAX_DEPTH {
            return stop(
                span,
                format!("nested deeper than {MAX_DEPTH} levels"),
                format!("no key of a {} is that deep", self.dialect.noun()),
            );
        }
        let node = if self.awaits_key() { Node { span, ..node } } else { node };
        self.finish(node, 0, nodes)
    }

    /// Says whether the next node is a key.
    fn awaits_key(&self) -> bool {
        let children = self.open.last().map(|open| &open.children);
        matches!(children, Some(Children::Mapping { key: None, .. }))
    }

    /// Puts a complete node into the list or map that is open.
    fn finish(&mut self, node: Node, anchor: usize, nodes: usize) -> Step {
        if self.nodes > MAX_NODES {
            let help = format!("a {} is smaller than that", self.dialect.noun());
            return stop(node.span, format!("more than {MAX_NODES} values"), help);
        }
        if anchor > 0 {
            self.anchors.insert(anchor, Anchored { node: node.clone(), nodes });
        }
        match self.open.last_mut().map(|open| &mut open.children) {
            None => self.roots.push(node),
            Some(Children::Sequence(items)) => items.push(node),
            Some(Children::Mapping { key: waiting @ None, .. }) => match node.value {
                Value::Scalar(Scalar { text, style }) => {
                    *waiting = Some(Key { text, span: node.span, plain: style == Style::Plain });
                }
                _ => {
                    return stop(
                        node.span,
                        format!("a key must be text, found {}", node.kind()),
                        "quote the key",
                    );
                }
            },
            Some(Children::Mapping { mapping, key: waiting @ Some(_), merges }) => {
                let Some(Key { text: key, span: key_span, plain }) = waiting.take() else { return Ok(()) };
                if plain && key == "<<" {
                    merges.push(node);
                } else if let Some(first) = mapping.entry(&key) {
                    let fault = Fault::new(key_span, format!("the key `{key}` stands here twice"));
                    self.faults.push(fault.label("again here").related(first.key_span, "first here"));
                } else {
                    mapping.0.push(Entry { key, key_span, value: node });
                }
            }
        }
        Ok(())
    }

    /// Adds the keys of `<<` that a map does not have itself.
    fn merge(&mut self, mapping: &mut Mapping, merged: Node) {
        match merged.value {
            Value::Mapping(other) => {
                for entry in other.0 {
                    if mapping.entry(&entry.key).is_none() {
                        mapping.0.push(entry);
                    }
                }
            }
            Value::Sequence(items) if items.iter().all(|item| item.mapping().is_some()) => {
                for item in items {
                    self.merge(mapping, item);
                }
            }
            _ => {
                let title =
                    format!("`<<` takes an alias of a map, or a list of them, found {}", merged.kind());
                self.faults.push(Fault::new(merged.span, title));
            }
        }
    }
}

fn depth(node: &Node) -> usize {
    match &node.value {
        Value::Scalar(_) => 0,
        Value::Sequence(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Mapping(mapping) => {
            1 + mapping.0.iter().map(|entry| depth(&entry.value)).max().unwrap_or_default()
        }
    }
}

/// Says what the parser stumbled over, and what mostly is the cause.
fn unreadable(error: &ScanError, span: Span, text: &str) -> Fault {
    let at = span.start as usize;
    let before = text[..at].rsplit('\n').next().unwrap_or_default();
    let rest = text[at..].split('\n').next().unwrap_or_default();
    if error.info().contains("unknown anchor") {
        let fault = Fault::new(span, "cannot read YAML: `*` begins an alias, and there is no such anchor");
        return fault.help(format!("text that starts with `*` needs quotes: `\"{}\"`", rest.trim_end()));
    }
    let fault = Fault::new(span, format!("cannot read YAML: {}", error.info()));
    if before.ends_with('$') && rest.starts_with('{') {
        return fault.help("text with `${…}` needs quotes inside `{…}` and `[…]`");
    }
    if error.info().contains("mapping values are not allowed") {
        return fault.help("text with `: ` needs quotes; else look at the indentation");
    }
    if rest.starts_with(['@', '`', '%']) {
        let first = &rest[..1];
        return fault.help(format!("text that starts with `{first}` needs quotes"));
    }
    if rest.starts_with('\t') || before.contains('\t') {
        return fault.help("YAML is indented with spaces, never with tabs");
    }
    fault
}
