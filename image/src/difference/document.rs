//! The first difference between two JSON documents.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::Value;

/// Returns the JSON pointer at which two documents differ first, and both values. A pointer of
/// `skipped` is left out with all below it; `*` in it stands for one name.
///
/// Documents whose values are the same and whose bytes are not differ at the empty pointer.
pub(super) fn first(expected: &[u8], found: &[u8], skipped: &[&str]) -> Option<(String, Value, Value)> {
    if expected == found {
        return None;
    }
    let parse = |bytes| serde_json::from_slice::<Json>(bytes).ok();
    let (expected, found) = (parse(expected), parse(found));
    let mut pointer = Vec::new();
    if let Some((expected, found)) = compare(expected.as_ref(), found.as_ref(), &mut pointer, skipped) {
        return Some((shown(&pointer), expected, found));
    }
    // What was skipped explains why the bytes differ.
    (skipped.is_empty()).then(|| (String::new(), Value::Present, Value::Present))
}

fn compare(
    expected: Option<&Json>,
    found: Option<&Json>,
    pointer: &mut Vec<String>,
    skipped: &[&str],
) -> Option<(Value, Value)> {
    if expected == found || skipped.iter().any(|pattern| matches(pattern, pointer)) {
        return None;
    }
    let names: Vec<String> = match (expected, found) {
        (Some(Json::Object(expected)), Some(Json::Object(found))) => {
            let names: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
            names.into_iter().cloned().collect()
        }
        (Some(Json::Array(expected)), Some(Json::Array(found))) => {
            (0..expected.len().max(found.len())).map(|number| number.to_string()).collect()
        }
        _ => return Some((value(expected), value(found))),
    };
    for name in names {
        let inner = |json: Option<&Json>| match json {
            Some(Json::Object(map)) => map.get(&name).cloned(),
            Some(Json::Array(list)) => {
                name.parse::<usize>().ok().and_then(|number| list.get(number)).cloned()
            }
            _ => None,
        };
        let (expected, found) = (inner(expected), inner(found));
        pointer.push(name);
        let difference = compare(expected.as_ref(), found.as_ref(), pointer, skipped);
        if difference.is_some() {
            return difference;
        }
        pointer.pop();
    }
    None
}

fn matches(pattern: &str, pointer: &[String]) -> bool {
    let names: Vec<&str> = pattern.split('/').skip(1).collect();
    names.len() == pointer.len() && names.iter().zip(pointer).all(|(name, at)| *name == "*" || name == at)
}

fn shown(pointer: &[String]) -> String {
    pointer.iter().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect()
}

fn value(json: Option<&Json>) -> Value {
    match json {
        None => Value::Absent,
        Some(Json::String(text)) => Value::Text(text.clone()),
        Some(json) => Value::Text(json.to_string()),
    }
}
