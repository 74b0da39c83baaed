//! YAML files beside the spec, read by the same rules: policies into types, files of other tools as they
//! are.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value as Json};

use super::diagnostic::{Diagnostics, Fault};
use super::effective::Origins;
use super::node::{Kind, Node, Value};
use super::shape::{self, Shape};
use super::source::{Source, Sources};
use super::validate::{Stage, Validation};
use super::yaml::{self, Dialect};

/// Judges a text by the syntax of a name (`x-format` in the schema), if it knows the name: the error
/// completes "expected …".
pub type Formats = fn(&str, &str) -> Option<Result<(), String>>;

/// Reads a policy, one map whose keys are those of `T`, with syntaxes of the caller's; and says where it says
/// what.
///
/// It is as strict as a spec: an unknown key, a wrong type and a key without a value are errors, each shown
/// with file, line, column and the nearest name. An empty text is an empty map.
pub fn read_policy<T: JsonSchema + DeserializeOwned>(
    name: &str,
    text: &str,
    formats: Formats,
) -> Result<(T, Origins), Diagnostics> {
    let mut sources = Sources::default();
    let mut faults = Vec::new();
    let read = policy(name, text, formats, &mut sources, &mut faults);
    read.filter(|_| faults.is_empty()).ok_or_else(|| Diagnostics::new(faults, sources))
}

fn policy<T: JsonSchema + DeserializeOwned>(
    name: &str,
    text: &str,
    formats: Formats,
    sources: &mut Sources,
    faults: &mut Vec<Fault>,
) -> Option<(T, Origins)> {
    let root = documents(name, text, Dialect::Policy, sources, faults)?.pop();
    let mut origins = Origins::default();
    let json = match root.filter(|node| !node.is_null()) {
        None => Json::Object(Map::new()),
        Some(root) if root.mapping().is_none() => {
            faults.push(Fault::new(root.span, format!("a policy is a map, found {}", root.kind())));
            return None;
        }
        Some(root) => {
            let shape = Shape::Object(shape::of_type::<T>("Policy"));
            origins.add("", &root, sources);
            Validation::new(Stage::Policy, sources, faults).with(formats).value(name, &root, &shape)?
        }
    };
    match serde_json::from_value(json) {
        Ok(policy) => Some((policy, origins)),
        Err(error) => {
            faults.push(Fault::without_place(format!("cannot read `{name}`: {error}")));
            None
        }
    }
}

/// Reads the YAML documents of another tool's file, such as a compose file or a Kubernetes manifest.
///
/// Each key stands once, aliases and nesting are bounded; tags are ignored. Plain scalars are what the core
/// schema of YAML 1.2 says; numbers that JSON has not are text.
pub fn read_documents(name: &str, text: &str) -> Result<Vec<Json>, Diagnostics> {
    let mut sources = Sources::default();
    let mut faults = Vec::new();
    match documents(name, text, Dialect::Foreign, &mut sources, &mut faults) {
        Some(nodes) if faults.is_empty() => Ok(nodes.iter().map(json).collect()),
        _ => Err(Diagnostics::new(faults, sources)),
    }
}

/// Reads the documents of a text; `None` when something is wrong that leaves no tree.
fn documents(
    name: &str,
    text: &str,
    dialect: Dialect,
    sources: &mut Sources,
    faults: &mut Vec<Fault>,
) -> Option<Vec<Node>> {
    if text.len() > yaml::MAX_SIZE {
        faults.push(Fault::without_place(format!("`{name}` is larger than {} bytes", yaml::MAX_SIZE)));
        return None;
    }
    let number = sources.add(Source::new(name, String::new(), text.to_owned()));
    let nodes = yaml::parse_all(number, text, dialect, faults);
    faults.is_empty().then_some(nodes)
}

/// Returns a tree without its places.
fn json(node: &Node) -> Json {
    match &node.value {
        Value::Sequence(items) => Json::Array(items.iter().map(json).collect()),
        Value::Mapping(mapping) => {
            Json::Object(mapping.0.iter().map(|entry| (entry.key.clone(), json(&entry.value))).collect())
        }
        Value::Scalar(scalar) => {
            let text = || Json::String(scalar.text.clone());
            match scalar.kind() {
                Kind::Null => Json::Null,
                Kind::Boolean => Json::Bool(scalar.text.eq_ignore_ascii_case("true")),
                Kind::Integer => scalar.text.parse::<i64>().map_or_else(|_| text(), Json::from),
                Kind::Float => {
                    scalar.text.parse::<f64>().ok().and_then(Number::from_f64).map_or_else(text, Json::Number)
                }
                _ => text(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::spec::schema::Check;

    #[derive(Debug, Default, PartialEq, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
    struct Rules {
        /// Rules of the verdict.
        check: Option<Check>,
        /// The most bytes.
        highest_size: Option<u32>,
    }

    #[test]
    fn a_policy_is_read_as_strictly_as_a_spec() {
        let read = |text: &str| {
            read_policy::<Rules>("attar-policy.yaml", text, |_, _| None).map(|(policy, _)| policy)
        };
        assert_eq!(read("").expect("a policy"), Rules::default());
        assert_eq!(read("highest-size: 5\n").expect("a policy").highest_size, Some(5));
        let error = read("chek: {profile: strict}\nhighest-size: ~\n---\n{}\n").expect_err("is wrong");
        insta::assert_snapshot!(error, @"
        error: a policy is one YAML document, found a second
         --> attar-policy.yaml:3:1
          |
        3 | ---
          | ^^^
          |
          = help: `---` begins another document
        ");
        let error = read("chek: {profile: strict}\nhighest-size: ~\n").expect_err("is wrong");
        insta::assert_snapshot!(error, @"
        error: unknown key `chek`
         --> attar-policy.yaml:1:1
          |
        1 | chek: {profile: strict}
          | ^^^^ did you mean `check`?

        error: `highest-size` has no value
         --> attar-policy.yaml:2:1
          |
        2 | highest-size: ~
          | ^^^^^^^^^^^^
        ");
        assert_eq!(
            read("- a\n").expect_err("is wrong").to_string().lines().next(),
            Some("error: a policy is a map, found a list")
        );
    }

    #[test]
    fn a_caller_has_syntaxes_of_its_own() {
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        struct Colours {
            /// One colour.
            #[schemars(extend("x-format" = "colour"))]
            colour: String,
        }
        let formats: Formats = |format, text| {
            let known = || if text == "red" { Ok(()) } else { Err("a colour".to_owned()) };
            (format == "colour").then(known)
        };
        let read = |text: &str| read_policy::<Colours>("p.yaml", text, formats);
        let (colours, origins) = read("# first\ncolour: red\n").expect("a policy");
        assert_eq!(colours.colour, "red");
        assert_eq!(origins.of("/colour").expect("a place").to_string(), "p.yaml:2:1");
        let error = read("colour: loud\n").expect_err("no colour");
        insta::assert_snapshot!(error, @"
        error: `colour`: expected a colour, found `loud`
         --> p.yaml:1:9
          |
        1 | colour: loud
          |         ^^^^
        ");
    }

    #[test]
    fn documents_of_other_tools() {
        let text = "a: !custom {x: &b [1, 010, 1.5, yes, true, ~]}\n---\nb: *b\n---\nplain\n";
        assert!(read_documents("k.yaml", text).is_err(), "anchors end with their document");
        let text = "a: !custom {x: &b [1, 0x1f, 1.5, yes, true, ~], <<: {y: 1}}\nc: *b\n---\n---\nplain\n";
        let list = json!([1, "0x1f", 1.5, "yes", true, null]);
        let expected = vec![json!({"a": {"x": list, "y": 1}, "c": list}), Json::Null, json!("plain")];
        assert_eq!(read_documents("k.yaml", text).expect("YAML"), expected);
    }
}
