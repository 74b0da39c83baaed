//! The effective spec as text: canonical order, each line with where it was said.

use serde_json::Value as Json;

use super::effective::{Effective, Origins, escaped};
use super::node::{Kind, Scalar, Style};
use super::shape::{self, Object, Shape};

/// The column that origins stand at, where lines are shorter.
const COLUMN: usize = 44;

/// Renders an effective spec as a spec that means the same, each line with its origin as a comment:
/// the file and line that say so, or `default`.
pub fn show(effective: &Effective) -> String {
    let json = serde_json::to_value(&effective.spec).expect("a spec has no keys but text");
    let mut lines = Lines { lines: Vec::new(), origins: &effective.origins, open: effective.open };
    if let Json::Object(map) = &json {
        lines.object(map, shape::spec(), &Place::default(), false);
    }
    let rendered = lines.lines.iter().map(|(line, origin)| format!("{line:<COLUMN$}  # {origin}\n"));
    rendered.collect()
}

/// Where a value stands: in the spec, and on its line.
#[derive(Default)]
struct Place {
    pointer: String,
    indent: usize,
    /// Whether a dash stands in the indentation.
    dash: bool,
}

impl Place {
    fn key(&self, key: &str) -> String {
        format!("{}/{}", self.pointer, escaped(key))
    }

    /// Returns the place of what is inside.
    fn deeper(&self) -> Self {
        Self { pointer: self.pointer.clone(), indent: self.indent + 2, dash: false }
    }

    fn start(&self) -> String {
        let spaces = if self.dash { self.indent.saturating_sub(2) } else { self.indent };
        format!("{}{}", " ".repeat(spaces), if self.dash { "- " } else { "" })
    }
}

struct Lines<'a> {
    lines: Vec<(String, String)>,
    origins: &'a Origins,
    /// Whether texts are templates, so that their dollars mean what they say.
    open: bool,
}

impl Lines<'_> {
    fn push(&mut self, line: String, pointer: &str) {
        let origin = match self.origins.said(pointer) {
            Some(place) => format!("{}:{}", place.file, place.line),
            None => "default".to_owned(),
        };
        self.lines.push((line, origin));
    }

    /// Writes the keys of a map; the first one behind a dash where the map is an item of a list.
    fn object(&mut self, map: &serde_json::Map<String, Json>, object: &Object, place: &Place, dash: bool) {
        let mut dash = dash;
        for property in &object.properties {
            let Some(value) = map.get(&property.name) else { continue };
            let inner = Place { pointer: place.key(&property.name), dash, ..*place };
            self.entry(&property.name, value, &property.shape, &inner);
            dash = false;
        }
    }

    fn entry(&mut self, key: &str, value: &Json, shape: &Shape, place: &Place) {
        let start = format!("{}{}:", place.start(), quoted(key, false));
        match value {
            Json::Object(map) if map.is_empty() => self.push(format!("{start} {{}}"), &place.pointer),
            Json::Object(map) => {
                self.push(start, &place.pointer);
                self.map(map, shape, &place.deeper());
            }
            Json::Array(items) if items.is_empty() => self.push(format!("{start} []"), &place.pointer),
            Json::Array(items) => {
                self.push(start, &place.pointer);
                for (index, item) in items.iter().enumerate() {
                    let inner = Place { pointer: place.key(&index.to_string()), ..place.deeper() };
                    self.item(item, items_of(shape), &inner);
                }
            }
            scalar => {
                let text = self.scalar(scalar, shape);
                self.push(format!("{start} {text}"), &place.pointer);
            }
        }
    }

    fn map(&mut self, map: &serde_json::Map<String, Json>, shape: &Shape, place: &Place) {
        if let Some(object) = object_of(shape, map) {
            return self.object(map, object, place, false);
        }
        for (key, value) in map {
            self.entry(key, value, values_of(shape), &Place { pointer: place.key(key), ..*place });
        }
    }

    fn item(&mut self, item: &Json, shape: &Shape, place: &Place) {
        match item {
            Json::Object(map) => {
                if let Some(object) = object_of(shape, map) {
                    self.object(map, object, &place.deeper(), true);
                }
            }
            scalar => {
                let text = self.scalar(scalar, shape);
                self.push(format!("{}- {text}", place.start()), &place.pointer);
            }
        }
    }

    fn scalar(&self, value: &Json, shape: &Shape) -> String {
        match value {
            Json::String(text) if self.open => quoted(text, is_scalar(shape)),
            Json::String(text) => quoted(&without_parameters(text), is_scalar(shape)),
            other => other.to_string(),
        }
    }
}

/// Doubles the dollars that would begin a parameter.
fn without_parameters(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        result.push(character);
        if character == '$' && matches!(characters.peek(), Some('$' | '{')) {
            result.push('$');
        }
    }
    result
}

/// Returns the known keys of a map, if it has known keys.
fn object_of<'a>(shape: &'a Shape, map: &serde_json::Map<String, Json>) -> Option<&'a Object> {
    match shape {
        Shape::Object(object) => map.keys().all(|key| object.property(key).is_some()).then_some(object),
        Shape::Any(forms) => forms.iter().find_map(|form| object_of(form, map)),
        _ => None,
    }
}

fn values_of(shape: &Shape) -> &Shape {
    match shape {
        Shape::Map { values, .. } => values,
        Shape::Any(forms) => {
            forms.iter().find(|form| matches!(form, Shape::Map { .. })).map_or(shape, values_of)
        }
        _ => shape,
    }
}

fn items_of(shape: &Shape) -> &Shape {
    match shape {
        Shape::List { items, .. } => items,
        Shape::Any(forms) => {
            forms.iter().find(|form| matches!(form, Shape::List { .. })).map_or(shape, items_of)
        }
        _ => shape,
    }
}

/// Says whether what YAML reads as a number counts as text here.
fn is_scalar(shape: &Shape) -> bool {
    matches!(shape, Shape::Text { scalar: true, .. })
}

/// Writes text so that YAML reads the same: plain where that is safe.
fn quoted(text: &str, scalar: bool) -> String {
    let kind = Scalar { text: text.to_owned(), style: Style::Plain }.kind();
    let resolves = kind == Kind::Text || (scalar && matches!(kind, Kind::Integer | Kind::Float));
    let inside = |c: char| c.is_alphanumeric() || " /._-+=~:$@(),<>*^!;?%&|'\"".contains(c);
    let first = |c: char| c.is_alphanumeric() || "/._+=~$(;^".contains(c);
    let safe = text.starts_with(first)
        && text.chars().all(inside)
        && !text.contains(": ")
        && !text.ends_with([':', ' ']);
    if resolves && safe {
        return text.to_owned();
    }
    escape(text)
}

/// Writes text in double quotes.
fn escape(text: &str) -> String {
    let mut result = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => result.push_str("\\\""),
            '\\' => result.push_str("\\\\"),
            '\n' => result.push_str("\\n"),
            '\t' => result.push_str("\\t"),
            '\r' => result.push_str("\\r"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let code = u32::from(c);
                result.push_str(&if code < 0x100 {
                    format!("\\x{code:02x}")
                } else {
                    format!("\\u{code:04x}")
                });
            }
            c => result.push(c),
        }
    }
    result.push('"');
    result
}
