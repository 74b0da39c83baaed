//! `${…}`: the parameters of a spec and of the platform, expanded in every text.

use std::collections::BTreeMap;

use attar_image::platform::Platform;

use super::diagnostic::{Fault, nearest};
use super::node::{Mapping, Node, Style, Value};
use super::source::{Sources, Span};

/// What the platform gives, in the words of OCI, Debian, GNU, the kernel and Rust.
pub(crate) const BUILT_IN: &[&str] =
    &["os", "arch", "variant", "platform", "debian-arch", "triplet", "machine", "rust-target"];

/// Longer values are refused: a parameter that holds parameters doubles with each step.
const MAX_VALUE: usize = 64 << 10;

/// Says whether a parameter can have this name.
pub(crate) fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') && text.chars().all(allowed)
}

/// The values that texts are expanded with.
pub(crate) struct Parameters<'a> {
    sources: &'a Sources,
    values: BTreeMap<String, String>,
    /// Whether a platform is known. Without one, texts stay templates: `${arch}` and `$$` remain.
    closed: bool,
}

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    /// Text as it is.
    Literal(&'a str),
    /// `$$`.
    Dollar,
    /// `${NAME}`.
    Parameter(&'a str),
    /// `${` without its end.
    Unclosed,
}

/// Splits a text at its parameters.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let after = &rest[at + 1..];
        if let Some(behind) = after.strip_prefix('$') {
            parts.extend([Part::Literal(&rest[..at]), Part::Dollar]);
            rest = behind;
        } else if let Some(inner) = after.strip_prefix('{') {
            parts.push(Part::Literal(&rest[..at]));
            let Some((name, behind)) = inner.split_once('}') else {
                parts.push(Part::Unclosed);
                return parts;
            };
            parts.push(Part::Parameter(name));
            rest = behind;
        } else {
            parts.push(Part::Literal(&rest[..=at]));
            rest = after;
        }
    }
    parts.push(Part::Literal(rest));
    parts
}

impl<'a> Parameters<'a> {
    /// Gathers the values: those of the platform, and those of `args` as `arguments` override them.
    pub(crate) fn new(
        sources: &'a Sources,
        platform: Option<&Platform>,
        args: Option<&Mapping>,
        arguments: &BTreeMap<String, String>,
        faults: &mut Vec<Fault>,
    ) -> Self {
        let mut parameters = Self { sources, values: BTreeMap::new(), closed: platform.is_some() };
        if let Some(platform) = platform {
            let built_in = |name: &&str| (name.to_string(), built_in(platform, name));
            parameters.values.extend(BUILT_IN.iter().map(built_in));
        }
        let entries = args.map_or(&[][..], |args| &args.0);
        for name in arguments.keys().filter(|name| !entries.iter().any(|entry| entry.key == **name)) {
            let title = format!("`args` declares no parameter `{name}`");
            let near = nearest(name, entries.iter().map(|entry| entry.key.as_str()));
            let fault = Fault::without_place(title);
            faults.push(match near {
                Some(near) => fault.help(format!("did you mean `{near}`?")),
                None => fault,
            });
        }
        let mut waiting: Vec<_> = Vec::new();
        for entry in entries {
            match arguments.get(&entry.key) {
                Some(value) => drop(parameters.values.insert(entry.key.clone(), parameters.literal(value))),
                None => waiting.push(entry),
            }
        }
        parameters.defaults(waiting, faults);
        parameters
    }

    /// Expands defaults that hold other parameters, each after those it needs.
    fn defaults(&mut self, mut waiting: Vec<&super::node::Entry>, faults: &mut Vec<Fault>) {
        while !waiting.is_empty() {
            let before = waiting.len();
            let names: Vec<_> = waiting.iter().map(|entry| entry.key.clone()).collect();
            waiting.retain(|entry| {
                let text = entry.value.text().unwrap_or_default();
                let needs = |part: &Part<'_>| matches!(part, Part::Parameter(name) if names.iter().any(|n| n == name));
                if parts(text).iter().any(needs) {
                    return true;
                }
                let value = self.text(text, entry.value.span, faults);
                self.values.insert(entry.key.clone(), value);
                false
            });
            if waiting.len() == before {
                for entry in waiting {
                    let title = format!("the parameter `{}` needs its own value", entry.key);
                    faults.push(Fault::new(entry.value.span, title));
                    self.values.insert(entry.key.clone(), String::new());
                }
                return;
            }
        }
    }

    /// Returns a value that stands for itself in what [`Self::text`] returns.
    fn literal(&self, value: &str) -> String {
        if self.closed { value.to_owned() } else { value.replace('$', "$$") }
    }

    /// Returns the value of a parameter of the spec.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Expands one text.
    pub(crate) fn text(&self, text: &str, span: Span, faults: &mut Vec<Fault>) -> String {
        let mut expanded = String::with_capacity(text.len());
        for part in parts(text) {
            match part {
                Part::Literal(literal) => expanded.push_str(literal),
                Part::Dollar => expanded.push_str(if self.closed { "$" } else { "$$" }),
                Part::Parameter(name) => match self.values.get(name) {
                    Some(value) => expanded.push_str(value),
                    None if !self.closed && BUILT_IN.contains(&name) => {
                        expanded.push_str(&format!("${{{name}}}"));
                    }
                    None => faults.push(self.unknown(name, span)),
                },
                Part::Unclosed => {
                    let fault = Fault::new(span, "`${` has no closing `}`");
                    faults.push(fault.help("`$$` is a dollar"));
                    return text.to_owned();
                }
            }
            if expanded.len() > text.len() + MAX_VALUE {
                faults.push(Fault::new(span, "the text is too long when its parameters are expanded"));
                return text.to_owned();
            }
        }
        expanded
    }

    /// The fault of a parameter that does not exist, at its own place where it is written verbatim.
    fn unknown(&self, name: &str, span: Span) -> Fault {
        let written = format!("${{{name}}}");
        let place = self.sources.find(span, &written).unwrap_or(span);
        let fault = Fault::new(place, format!("unknown parameter `{name}`"));
        let names = self.values.keys().map(String::as_str).chain(BUILT_IN.iter().copied());
        let help = "`args` declares parameters; `$$` is a dollar: nothing expands variables at run time";
        fault.nearest(name, names).help(help)
    }

    /// Expands every text below a node. The keys of maps stay as they are.
    pub(crate) fn node(&self, node: &mut Node, faults: &mut Vec<Fault>) {
        let span = node.span;
        match &mut node.value {
            Value::Scalar(scalar) if scalar.text.contains('$') => {
                let expanded = self.text(&scalar.text, span, faults);
                if expanded != scalar.text {
                    scalar.text = expanded;
                    scalar.style = Style::Expanded;
                }
            }
            Value::Scalar(_) => {}
            Value::Sequence(items) => items.iter_mut().for_each(|item| self.node(item, faults)),
            Value::Mapping(mapping) => {
                mapping.0.iter_mut().for_each(|entry| self.node(&mut entry.value, faults));
            }
        }
    }
}

/// Returns the value of a platform's own parameter, as code.
pub(crate) fn example(platform: &str, name: &str) -> String {
    let value = platform.parse().map(|platform| built_in(&platform, name)).unwrap_or_default();
    if value.is_empty() { "empty".to_owned() } else { format!("`{value}`") }
}

fn built_in(platform: &Platform, name: &str) -> String {
    let text = |name: Option<&str>| name.unwrap_or_default().to_owned();
    match name {
        "os" => platform.os.clone(),
        "arch" => platform.architecture.clone(),
        "variant" => text(platform.variant.as_deref()),
        "platform" => platform.to_string(),
        "debian-arch" => text(platform.debian_architecture()),
        "triplet" => text(platform.triplet()),
        "machine" => text(platform.machine()),
        _ => text(platform.rust_target()),
    }
}
