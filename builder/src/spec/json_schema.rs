//! The JSON Schema that editors check a spec with: what one file can say, before anything is merged.

use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::schema::{FileKeys, Spec, VariantKeys};
use super::shape::{self, Merge};

/// Returns the JSON Schema of `attar.yaml`.
pub fn json_schema() -> Value {
    let mut root = schemars::schema_for!(Spec).to_value();
    let file = own::<FileKeys>();
    let variant = own::<VariantKeys>();
    let mut definitions = root["$defs"].as_object().cloned().unwrap_or_default();
    definitions.extend(file["$defs"].as_object().cloned().unwrap_or_default());
    definitions.remove("VariantKeys");
    let mut properties = root["properties"].as_object().cloned().unwrap_or_default();
    let platforms = properties.get("platforms").cloned().unwrap_or_default();
    properties.insert("archs".to_owned(), described(platforms, "Another spelling of `platforms`."));

    let mut of_variant = variant["properties"].as_object().cloned().unwrap_or_default();
    let can_differ = |key: &String| shape::variant().property(key).is_some();
    of_variant.extend(properties.clone().into_iter().filter(|(key, _)| can_differ(key)));
    let what = "What an image has other than the plain one.";
    let of_variant = json!({
        "description": what, "type": "object", "properties": of_variant, "additionalProperties": false,
    });
    definitions.insert("Variant".to_owned(), of_variant);
    let parameter = json!({ "description": "Text with a parameter.", "type": "string", "pattern": r"\$\{" });
    definitions.insert("Parameter".to_owned(), parameter);

    properties.insert("include".to_owned(), file["properties"]["include"].clone());
    let mut variants = file["properties"]["variants"].clone();
    variants["additionalProperties"] = json!({ "$ref": "#/$defs/Variant" });
    properties.insert("variants".to_owned(), variants);

    root["properties"] = Value::Object(properties);
    root["$defs"] = Value::Object(definitions);
    publish(&mut root);
    root["title"] = json!("attar.yaml");
    root["$id"] = json!("attar.schema.json");
    root
}

fn own<T: JsonSchema>() -> Value {
    schemars::schema_for!(T).to_value()
}

fn described(mut schema: Value, description: &str) -> Value {
    schema["description"] = json!(description);
    schema
}

/// Turns a schema of values into one of what a file can say: texts with parameters, empty values,
/// entries that are taken out. What steers our own walks goes.
fn publish(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(publish),
        Value::Object(map) => publish_map(map),
        _ => {}
    }
}

fn publish_map(map: &mut Map<String, Value>) {
    if let Some(Value::Object(properties)) = map.get_mut("properties") {
        properties.values_mut().for_each(publish);
    }
    for (key, value) in map.iter_mut() {
        match key.as_str() {
            "properties" => {}
            "$defs" => value.as_object_mut().into_iter().flat_map(Map::values_mut).for_each(publish),
            "items" | "additionalProperties" | "anyOf" | "oneOf" => publish(value),
            _ => {}
        }
    }
    let merges = map.get("type").and_then(Value::as_str) == Some("object") && !map.contains_key("required");
    if merges {
        for key in ["properties", "additionalProperties"] {
            match (key, map.get_mut(key)) {
                ("properties", Some(Value::Object(properties))) => {
                    properties.values_mut().for_each(nullable);
                }
                ("additionalProperties", Some(values @ Value::Object(_))) => nullable(values),
                _ => {}
            }
        }
    }
    if let Some(merge) = map.get("x-merge").and_then(Value::as_str).map(Merge::parse)
        && !merge.keys().is_empty()
        && let Some(items) = map.get_mut("items")
    {
        *items = json!({ "anyOf": [items.take(), removal(merge)] });
    }
    map.retain(|key, _| !key.starts_with("x-"));
    if let Some(Value::String(description)) = map.get_mut("description") {
        *description = description.replace('\n', " ");
    }
    or_parameter(map);
}

/// Lets an empty value stand, which takes a key out of the base.
fn nullable(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    match map.get_mut("type") {
        Some(Value::String(name)) => {
            let name = std::mem::take(name);
            map.insert("type".to_owned(), json!([name, "null"]));
        }
        Some(Value::Array(names)) => {
            if !names.contains(&json!("null")) {
                names.push(json!("null"));
            }
        }
        _ => {
            if let Some(Value::Array(forms)) = map.get_mut("anyOf") {
                let null = json!({ "type": "null" });
                if !forms.contains(&null) {
                    forms.push(null);
                }
            } else if let Some(reference) = map.remove("$ref") {
                map.insert("anyOf".to_owned(), json!([{ "$ref": reference }, { "type": "null" }]));
            }
        }
    }
}

/// What takes an entry out of a list.
fn removal(merge: Merge) -> Value {
    let key = |key: &&str| {
        (
            (*key).to_owned(),
            json!({ "type": if *key == "paths" { json!("array") } else { json!(["string", "object"]) } }),
        )
    };
    let mut properties: Map<String, Value> = merge.keys().iter().map(key).collect();
    properties.insert("remove".to_owned(), json!({ "const": true }));
    json!({
        "description": "Takes the entry of this key out that an included spec or the plain image has.",
        "type": "object", "properties": properties, "required": ["remove"], "additionalProperties": false,
    })
}

/// Lets a text with a parameter stand where something else than plain text is due.
fn or_parameter(map: &mut Map<String, Value>) {
    let parameter = json!({ "$ref": "#/$defs/Parameter" });
    if let Some(Value::Array(choices)) = map.get_mut("oneOf") {
        choices.push(parameter);
        return;
    }
    if let Some(Value::String(pattern)) = map.get_mut("pattern") {
        if pattern != r"\$\{" {
            *pattern = format!(r"({pattern})|\$\{{");
        }
        return;
    }
    let narrow = |name: &Value| matches!(name.as_str(), Some("integer" | "boolean"));
    let is_narrow = match map.get("type") {
        Some(Value::Array(names)) => names.iter().any(narrow) && !names.contains(&json!("string")),
        Some(name) => narrow(name),
        None => false,
    };
    if is_narrow && !map.contains_key("const") {
        let description = map.remove("description");
        let own = Value::Object(std::mem::take(map));
        map.insert("anyOf".to_owned(), json!([own, parameter]));
        map.extend(description.map(|description| ("description".to_owned(), description)));
    }
}
