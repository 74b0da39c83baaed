//! The JSON Schema of the spec's types, compiled into what merging, validation and the reference
//! walk over.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde_json::{Map, Value as Json};

use super::fields;
use super::format;
use super::node::{Mapping, Node, Value};
use super::schema::{FileKeys, Spec, VariantKeys};

/// What a value can be.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// Text.
    Text {
        /// The syntax it has, by name.
        format: Option<String>,
        /// Whether what YAML reads as a number or a boolean counts as text.
        scalar: bool,
    },
    /// One of a few words.
    Choice(Vec<Choice>),
    /// A number without a fraction.
    Integer {
        /// The lowest.
        lowest: i64,
        /// The highest.
        highest: i64,
    },
    /// `true` or `false`.
    Boolean,
    /// A list.
    List {
        /// What its items can be.
        items: Box<Shape>,
        /// The rule it merges by; without one it replaces.
        merge: Option<Merge>,
    },
    /// A map with any keys.
    Map {
        /// The syntax of the keys, by name.
        keys: Option<String>,
        /// What the values can be.
        values: Box<Shape>,
    },
    /// A map with known keys.
    Object(Object),
    /// Several forms.
    Any(Vec<Shape>),
}

/// A word of an enumeration.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// The word.
    pub(crate) word: String,
    /// What it means.
    pub(crate) description: String,
}

/// A map with known keys.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    /// Name of its type.
    pub(crate) name: String,
    /// What it is.
    pub(crate) description: String,
    /// Its keys, in the order in which they are declared.
    pub(crate) properties: Vec<Property>,
}

/// A key of an [`Object`].
#[derive(Clone, Debug)]
pub(crate) struct Property {
    /// The key.
    pub(crate) name: String,
    /// Another spelling of it.
    pub(crate) alias: Option<String>,
    /// What it means.
    pub(crate) description: String,
    /// Whether it must be there.
    pub(crate) required: bool,
    /// What its value can be.
    pub(crate) shape: Shape,
}

/// The rule by which a list merges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Merge {
    /// Plain names: appended, `!NAME` takes one out.
    Names,
    /// Globs and names of sets: appended, since a later `!glob` includes again.
    Patterns,
    /// Entries with these keys, all of which name an entry together.
    Keyed(&'static [&'static str]),
    /// Packages, by name.
    Packages,
    /// Files, by `to`, and by source as well when `to` ends in `/`.
    Files,
    /// Repositories, by kind and value.
    Repositories,
    /// Certificates, by file or name.
    Certificates,
    /// Accepted findings, by check and by the paths they are about.
    Findings,
}

impl Merge {
    /// Returns the rule with this name.
    pub(crate) fn parse(name: &str) -> Self {
        match name {
            "names" => Self::Names,
            "patterns" => Self::Patterns,
            "users" => Self::Keyed(&["username"]),
            "groups" => Self::Keyed(&["groupname"]),
            "paths" => Self::Keyed(&["path"]),
            "exceptions" => Self::Keyed(&["path", "missing"]),
            "findings" => Self::Findings,
            "packages" => Self::Packages,
            "files" => Self::Files,
            "repositories" => Self::Repositories,
            "certificates" => Self::Certificates,
            unknown => unreachable!("the schema names a merge rule that does not exist: {unknown}"),
        }
    }

    /// Returns the keys an entry with `remove: true` may have beside it.
    pub(crate) fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Names | Self::Patterns => &[],
            Self::Keyed(keys) => keys,
            Self::Packages | Self::Certificates => &["name"],
            Self::Files => &["to", "from", "archive"],
            Self::Repositories => &["debian", "deb", "debs"],
            Self::Findings => &["id", "paths"],
        }
    }
}

impl Object {
    /// Returns a key by its name or alias.
    pub(crate) fn property(&self, key: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == key || property.alias.as_deref() == Some(key))
    }

    /// Iterates over the names of the keys.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> + Clone {
        self.properties.iter().map(|property| property.name.as_str())
    }
}

/// Returns what an effective spec is: merged, without `include` and `variants`.
pub(crate) fn spec() -> &'static Object {
    static SPEC: LazyLock<Object> = LazyLock::new(|| own_keys::<Spec>("Spec"));
    &SPEC
}

/// Returns what a file says: the keys of a spec, `include` and `variants`.
pub(crate) fn file() -> &'static Object {
    static FILE: LazyLock<Object> = LazyLock::new(|| {
        let mut file = spec().clone();
        "File".clone_into(&mut file.name);
        let [include, mut variants] = <[Property; 2]>::try_from(own_keys::<FileKeys>("FileKeys").properties)
            .expect("a file has two keys of its own");
        if let Shape::Map { values, .. } = &mut variants.shape {
            **values = Shape::Object(variant().clone());
        }
        file.properties.insert(1, include);
        file.properties.push(variants);
        file
    });
    &FILE
}

/// Returns what a variant says: the keys that can differ, and `extends`.
pub(crate) fn variant() -> &'static Object {
    static VARIANT: LazyLock<Object> = LazyLock::new(|| {
        let mut variant = own_keys::<VariantKeys>("VariantKeys");
        // The plan of layers is one for all variants, and so is the repository they are in.
        let shared = ["name", "layering"];
        let own = spec().properties.iter().filter(|property| !shared.contains(&property.name.as_str()));
        variant.properties.extend(own.cloned());
        "Variant".clone_into(&mut variant.name);
        variant
    });
    &VARIANT
}

/// Renames keys that are another spelling to their own name.
pub(crate) fn canonical_keys(mapping: &mut Mapping) {
    for entry in &mut mapping.0 {
        if let Some(property) = spec().property(&entry.key).filter(|property| property.name != entry.key) {
            entry.key.clone_from(&property.name);
        }
    }
}

impl Shape {
    /// Renames the platforms that are keys of maps below a node to their canonical names.
    pub(crate) fn canonical_platforms(&self, node: &mut Node) {
        match (self, &mut node.value) {
            (Self::Any(forms), _) => forms.iter().for_each(|form| form.canonical_platforms(node)),
            (Self::Object(object), Value::Mapping(mapping)) => {
                for entry in &mut mapping.0 {
                    if let Some(property) = object.property(&entry.key) {
                        property.shape.canonical_platforms(&mut entry.value);
                    }
                }
            }
            (Self::List { items, .. }, Value::Sequence(nodes)) => {
                nodes.iter_mut().for_each(|node| items.canonical_platforms(node));
            }
            (Self::Map { keys, .. }, Value::Mapping(mapping)) if keys.as_deref() == Some("platform") => {
                for entry in &mut mapping.0 {
                    if let Ok(platform) = format::platform(&entry.key) {
                        entry.key = platform.to_string();
                    }
                }
            }
            _ => {}
        }
    }
}

fn own_keys<T: JsonSchema>(name: &str) -> Object {
    let schema = schemars::schema_for!(T).to_value();
    let definitions = schema["$defs"].as_object().cloned().unwrap_or_default();
    let compiler = Compiler { definitions: &definitions, ordered: true };
    compiler.object(name, schema.as_object().expect("a schema of a struct is a map"))
}

/// Returns what a file that is no spec says, its keys in the order of the alphabet.
pub(crate) fn of_type<T: JsonSchema>(name: &str) -> Object {
    let schema = schemars::schema_for!(T).to_value();
    let definitions = schema["$defs"].as_object().cloned().unwrap_or_default();
    let compiler = Compiler { definitions: &definitions, ordered: false };
    compiler.object(name, schema.as_object().expect("a schema of a struct is a map"))
}

struct Compiler<'a> {
    definitions: &'a Map<String, Json>,
    /// Whether keys come in the order in which the types of a spec declare them.
    ordered: bool,
}

/// What stands beside a reference or around it, which goes inward.
#[derive(Clone, Default)]
struct Context {
    format: Option<String>,
    merge: Option<Merge>,
    keys: Option<String>,
}

impl Compiler<'_> {
    fn object(&self, name: &str, schema: &Map<String, Json>) -> Object {
        let empty = Map::new();
        let properties = schema.get("properties").and_then(Json::as_object).unwrap_or(&empty);
        let required: Vec<_> = schema
            .get("required")
            .and_then(Json::as_array)
            .map_or_else(Vec::new, |names| names.iter().filter_map(Json::as_str).collect());
        let order: Vec<&str> = match self.ordered {
            true => fields::of(name).to_vec(),
            false => properties.keys().map(String::as_str).collect(),
        };
        let property = |key: &&str| {
            let schema = properties.get(*key)?.as_object()?;
            Some(Property {
                name: (*key).to_owned(),
                alias: text(schema, "x-alias"),
                description: description(schema),
                required: required.contains(key),
                shape: self.shape(schema, Context::default()),
            })
        };
        let properties = order.iter().filter_map(property).collect();
        Object { name: name.to_owned(), description: description(schema), properties }
    }

    fn shape(&self, schema: &Map<String, Json>, outer: Context) -> Shape {
        let context = Context {
            format: text(schema, "x-format").or(outer.format),
            merge: schema.get("x-merge").and_then(Json::as_str).map(Merge::parse).or(outer.merge),
            keys: text(schema, "x-keys").or(outer.keys),
        };
        if let Some(reference) = schema.get("$ref").and_then(Json::as_str) {
            let name = reference.rsplit('/').next().unwrap_or_default();
            let definition = self.definitions[name].as_object().expect("a definition is a map");
            if definition.get("type").and_then(Json::as_str) == Some("object") {
                return Shape::Object(self.object(name, definition));
            }
            return self.shape(definition, context);
        }
        if let Some(forms) = schema.get("anyOf").and_then(Json::as_array) {
            let forms = forms.iter().filter_map(Json::as_object).filter(|form| !is_null(form));
            let mut forms: Vec<_> = forms.map(|form| self.shape(form, context.clone())).collect();
            return if forms.len() == 1 { forms.remove(0) } else { Shape::Any(flat(forms)) };
        }
        if let Some(choices) = schema.get("oneOf").and_then(Json::as_array) {
            let choices = choices.iter().filter_map(Json::as_object);
            let choice = |schema: &Map<_, _>| {
                Some(Choice { word: text(schema, "const")?, description: description(schema) })
            };
            return Shape::Choice(choices.filter_map(choice).collect());
        }
        self.plain(schema, context)
    }

    fn plain(&self, schema: &Map<String, Json>, context: Context) -> Shape {
        let nested = |key: &str| schema.get(key).and_then(Json::as_object);
        let types = types(schema);
        match types.as_slice() {
            ["string"] => Shape::Text { format: context.format, scalar: false },
            ["boolean"] => Shape::Boolean,
            ["integer"] => {
                let limit = |key: &str, default| schema.get(key).and_then(Json::as_i64).unwrap_or(default);
                let signed = schema.get("format").and_then(Json::as_str) == Some("int32");
                let (lowest, highest) =
                    if signed { (i32::MIN.into(), i32::MAX.into()) } else { (0, u32::MAX.into()) };
                Shape::Integer { lowest: limit("minimum", lowest), highest: limit("maximum", highest) }
            }
            ["array"] => {
                let merge = context.merge;
                let inner = Context { merge: None, ..context };
                let items = nested("items").map(|items| self.shape(items, inner));
                Shape::List { items: Box::new(items.expect("a list says what its items are")), merge }
            }
            ["object"] => {
                let inner = Context { keys: None, ..context.clone() };
                let values = nested("additionalProperties").map(|values| self.shape(values, inner));
                let values = values.expect("a map without known keys says what its values are");
                Shape::Map { keys: context.keys, values: Box::new(values) }
            }
            _ => Shape::Text { format: context.format, scalar: true },
        }
    }
}

/// Puts the forms of forms beside the forms around them.
fn flat(forms: Vec<Shape>) -> Vec<Shape> {
    let spread = |form| match form {
        Shape::Any(forms) => forms,
        form => vec![form],
    };
    forms.into_iter().flat_map(spread).collect()
}

fn types(schema: &Map<String, Json>) -> Vec<&str> {
    match schema.get("type") {
        Some(Json::String(name)) => vec![name],
        Some(Json::Array(names)) => {
            names.iter().filter_map(Json::as_str).filter(|name| *name != "null").collect()
        }
        _ => Vec::new(),
    }
}

fn is_null(schema: &Map<String, Json>) -> bool {
    schema.get("type").and_then(Json::as_str) == Some("null")
}

fn text(schema: &Map<String, Json>, key: &str) -> Option<String> {
    schema.get(key).and_then(Json::as_str).map(str::to_owned)
}

/// Returns the doc comment as one paragraph.
fn description(schema: &Map<String, Json>) -> String {
    text(schema, "description").unwrap_or_default().replace('\n', " ")
}
