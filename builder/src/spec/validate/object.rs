//! Maps with known keys.

use serde_json::Value as Json;

use super::scalar::{nearest_key, synonym};
use super::{Validation, checks, listed};
use crate::spec::diagnostic::Fault;
use crate::spec::node::{Entry, Mapping, Node};
use crate::spec::refused;
use crate::spec::shape::{self, Object, Shape};

impl Validation<'_> {
    /// Walks a map with known keys.
    pub(super) fn object(
        &mut self,
        key: &str,
        node: &Node,
        mapping: &Mapping,
        object: &Object,
    ) -> Option<Json> {
        let before = self.faults.len();
        let mut json = serde_json::Map::new();
        for entry in &mapping.0 {
            let Some(property) = object.property(&entry.key) else {
                self.faults.push(unknown(entry, object));
                continue;
            };
            if entry.key != property.name
                && let Some(other) = mapping.entry(&property.name)
            {
                let title = format!("`{}` and `{}` are the same key", entry.key, property.name);
                self.faults.push(Fault::new(entry.key_span, title).related(other.key_span, "also here"));
            }
            if entry.value.is_null() {
                self.null(entry);
                continue;
            }
            if let Some(value) = self.value(&entry.key, &entry.value, &property.shape) {
                json.insert(property.name.clone(), value);
            }
        }
        for property in object.properties.iter().filter(|property| property.required) {
            if mapping.get(&property.name).is_none() {
                let title = format!("`{key}`: `{}` is missing", property.name);
                let help = format!("`{}`: {}", property.name, fragment(&property.description));
                self.faults.push(Fault::new(node.span, title).help(help));
            }
        }
        self.faults.extend(checks::object(&object.name, node, mapping));
        (self.faults.len() == before).then_some(Json::Object(json))
    }
}

/// The fault of a key that the map has not.
fn unknown(entry: &Entry, object: &Object) -> Fault {
    let found = &entry.key;
    if let Some(reason) = refused::reason(&object.name, found) {
        return Fault::new(entry.key_span, format!("`{found}` has no meaning here")).help(reason);
    }
    if object.name == "Variant" && shape::file().property(found).is_some() {
        return Fault::new(entry.key_span, format!("`{found}` cannot differ between variants"));
    }
    let fault = Fault::new(entry.key_span, format!("unknown key `{found}`"));
    if let Some(place) = elsewhere(found, object) {
        return fault.label(place);
    }
    if let Some(near) = nearest_key(found, object.keys()) {
        return fault.label(format!("did you mean `{near}`?"));
    }
    let keys: Vec<_> = object.keys().collect();
    fault.help(format!("the keys here are {}", listed(&keys, "and")))
}

/// Makes a description read on after a colon.
fn fragment(description: &str) -> String {
    let text = description.trim_end_matches('.');
    let word = text.split(' ').next().unwrap_or_default();
    match word.char_indices().nth(1) {
        Some((second, _)) if !word[second..].contains(char::is_uppercase) => {
            format!("{}{}", word[..second].to_lowercase(), &text[second..])
        }
        _ => text.to_owned(),
    }
}

/// Says where a key belongs that stands on the wrong level.
fn elsewhere(found: &str, object: &Object) -> Option<String> {
    if matches!(object.name.as_str(), "File" | "Variant") {
        let key = synonym(found).unwrap_or(found);
        let holder = shape::spec().properties.iter().find(
            |property| matches!(&property.shape, Shape::Object(inner) if inner.property(key).is_some()),
        )?;
        return Some(format!("`{key}` stands in `{}`", holder.name));
    }
    let near = nearest_key(found, object.keys()).is_some();
    let sketch = ["Contents", "Without", "Accounts", "Certificates", "Layering"];
    let top = shape::file().property(found).filter(|_| !near && sketch.contains(&object.name.as_str()))?;
    Some(format!("`{}` stands at the top level", top.name))
}
