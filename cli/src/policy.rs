//! Rules that stand beside an image: `attar-policy.yaml`, one section a verb, and dive's `.dive-ci`.
//!
//! A policy is read as strictly as a spec: an unknown key, a key that stands twice, a value of another
//! type is an error with file, line, column and the nearest name. What a section says is turned into
//! the plain rules of the verb's crate; where it says so is kept ([`Policy::place`]), so that a
//! finding points at its rule.

mod dive;
mod inspect;
mod value;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use attar_builder::spec::schema::Check;
use attar_builder::spec::{Location, Origins, read_policy};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::failure::Usage;

pub(crate) use dive::DiveRules;
pub(crate) use inspect::InspectRules;

/// File name of a policy.
pub(crate) const POLICY: &str = "attar-policy.yaml";
/// File name of dive's rules.
const DIVE: &str = ".dive-ci";

/// What a policy says, with where it says it.
#[derive(Debug, Default)]
pub(crate) struct Policy {
    pub(crate) sections: Sections,
    origins: Origins,
}

/// The sections of a policy.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Sections {
    /// Rules of `attar check`.
    pub(crate) check: Option<Check>,
    /// Rules of `attar inspect --ci`.
    pub(crate) inspect: Option<InspectRules>,
}

/// The rules of one run.
#[derive(Debug)]
pub(crate) enum Rules {
    /// attar's own.
    Policy(Box<Policy>),
    /// dive's, with where each stands.
    Dive(DiveRules),
}

impl Policy {
    /// Returns where a key stands: `inspect.size.total`, or the nearest key around it.
    pub(crate) fn place(&self, key: &str) -> Option<&Location> {
        self.origins.of(&format!("/{}", key.replace('.', "/")))
    }

    /// Reads a policy from text; messages call it `name`.
    fn parse(name: &str, text: &str) -> anyhow::Result<Self> {
        let (sections, origins) = read_policy(name, text, value::format)?;
        Ok(Self { sections, origins })
    }
}

/// Reads the policy that is named, or else `attar-policy.yaml` of the working directory; `None` if there
/// is none. dive's rules are not looked for.
pub(crate) fn find(named: Option<&Path>) -> anyhow::Result<Option<Policy>> {
    let Some(path) = named.or(Some(Path::new(POLICY)).filter(|path| path.is_file())) else {
        return Ok(None);
    };
    match rules(Some(path))? {
        None => Ok(None),
        Some(Rules::Policy(policy)) => Ok(Some(*policy)),
        Some(Rules::Dive(rules)) => {
            let message = format!("`{}` holds the rules of dive", rules.file);
            Err(Usage::new(message).hint("`attar inspect --ci` judges them").into())
        }
    }
}

/// Reads the rules that are named, or else the first that the working directory has: `attar-policy.yaml`,
/// then `.dive-ci`. A file is dive's if its one key is `rules`.
pub(crate) fn rules(named: Option<&Path>) -> anyhow::Result<Option<Rules>> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => match [POLICY, DIVE].into_iter().find(|name| Path::new(name).is_file()) {
            Some(name) => PathBuf::from(name),
            None => return Ok(None),
        },
    };
    let name = path.display().to_string();
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read `{name}`"))?;
    let text = String::from_utf8(bytes).map_err(|_| anyhow::anyhow!("`{name}` is not UTF-8"))?;
    if dive::is_dives(&path, &text) {
        return Ok(Some(Rules::Dive(dive::parse(&name, &text)?)));
    }
    Ok(Some(Rules::Policy(Box::new(Policy::parse(&name, &text)?))))
}

/// Returns the JSON Schema of `attar-policy.yaml`.
pub(crate) fn json_schema() -> Value {
    let mut schema = schemars::schema_for!(Sections).to_value();
    publish(&mut schema);
    schema["title"] = json!(POLICY);
    schema["$id"] = json!("attar-policy.schema.json");
    schema
}

/// Takes out what steers our own reading.
fn publish(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(publish),
        Value::Object(map) => {
            map.retain(|key, _| !key.starts_with("x-"));
            if let Some(Value::String(description)) = map.get_mut("description") {
                *description = description.replace('\n', " ");
            }
            map.values_mut().for_each(publish);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use attar_builder::spec::Diagnostics;
    use attar_testing::Scratch;

    fn wrong(text: &str) -> String {
        let error = Policy::parse("attar-policy.yaml", text).expect_err("is wrong");
        error.downcast::<Diagnostics>().expect("shown in the file").to_string()
    }

    #[test]
    fn keys_and_values_are_checked_where_they_stand() {
        let text = "\
inspect:
  size: {total: 20 MiB, totl: 5, layer: many, layers: -1}
  waste: {percent: 101, bytes: 1.5 MB}
  paths: {deny: [usr/bin/su]}
insepct: {}
";
        insta::assert_snapshot!(wrong(text), @r"
        error: unknown key `totl`
         --> attar-policy.yaml:2:25
          |
        2 |   size: {total: 20 MiB, totl: 5, layer: many, layers: -1}
          |                         ^^^^ did you mean `total`?

        error: `layer`: expected a size such as `20 MB` or `512 KiB`, found `many`
         --> attar-policy.yaml:2:41
          |
        2 |   size: {total: 20 MiB, totl: 5, layer: many, layers: -1}
          |                                         ^^^^

        error: `layers`: expected a number from 0 to 4294967295, found `-1`
         --> attar-policy.yaml:2:55
          |
        2 |   size: {total: 20 MiB, totl: 5, layer: many, layers: -1}
          |                                                       ^^

        error: `percent`: expected per cent from 0 to 100, such as `2.5`, found `101`
         --> attar-policy.yaml:3:20
          |
        3 |   waste: {percent: 101, bytes: 1.5 MB}
          |                    ^^^

        error: `deny`: expected a glob that starts with `/`, found `usr/bin/su`
         --> attar-policy.yaml:4:18
          |
        4 |   paths: {deny: [usr/bin/su]}
          |                  ^^^^^^^^^^

        error: unknown key `insepct`
         --> attar-policy.yaml:5:1
          |
        5 | insepct: {}
          | ^^^^^^^ did you mean `inspect`?
        ");
        let twice = wrong("inspect: {}\ninspect: {}\n");
        assert!(twice.starts_with("error: the key `inspect` stands here twice\n"), "{twice}");
    }

    #[test]
    fn a_rule_has_a_place() {
        let text = "inspect:\n  size:\n    total: 20 MB\n  paths:\n    deny:\n      - /a\n      - /b\n";
        let policy = Policy::parse("p.yaml", text).expect("a policy");
        for (key, expected) in [
            ("inspect.size.total", "p.yaml:3:5"),
            ("inspect.paths.deny.1", "p.yaml:7:9"),
            ("inspect.paths.require", "p.yaml:4:3"),
        ] {
            assert_eq!(policy.place(key).map(ToString::to_string).as_deref(), Some(expected), "{key}");
        }
    }

    #[test]
    fn the_schema_has_every_key_with_its_meaning() {
        let schema = json_schema();
        let text = schema.to_string();
        assert!(!text.contains("\"x-"), "{text}");
        assert_eq!(schema["additionalProperties"], false);
        let size = &schema["$defs"]["SizeRules"]["properties"];
        let keys: Vec<&String> = size.as_object().expect("keys").keys().collect();
        assert_eq!(keys, ["compressed", "files", "layer", "layers", "total"]);
        assert_eq!(size["total"]["description"], "The most bytes that the files of all layers may hold.");
    }

    #[test]
    fn growth_may_be_more_than_all() {
        let policy = Policy::parse("p.yaml", "inspect: {growth: {percent: 150 %, waste: 0}}\n").expect("one");
        let rules = policy.sections.inspect.expect("rules").rules();
        assert_eq!((rules.growth_percent, rules.growth_waste, rules.growth), (Some(150.0), Some(0), None));
    }

    #[test]
    fn the_content_decides_whose_rules_they_are() {
        let scratch = Scratch::with([
            ("dive.yaml", "rules:\n  lowestEfficiency: 0.95\n"),
            ("ours.yaml", "inspect: {size: {layers: 5}}\n"),
            ("empty/.dive-ci", ""),
        ]);
        let read = |name: &str| rules(Some(&scratch.join(name))).expect("rules").expect("a file");
        assert!(matches!(read("dive.yaml"), Rules::Dive(_)));
        assert!(matches!(read("ours.yaml"), Rules::Policy(_)));
        assert!(matches!(read("empty/.dive-ci"), Rules::Dive(_)));
        let error = find(Some(&scratch.join("dive.yaml"))).expect_err("dive's");
        assert!(error.to_string().ends_with("dive.yaml` holds the rules of dive"), "{error}");
    }
}
