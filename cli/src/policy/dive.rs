//! dive's `.dive-ci`, for teams that come from dive: its three rules with its defaults and meanings, on
//! dive's own figures.
//!
//! One thing is stricter: a key that dive does not know, and silently ignores, is an error.

use std::collections::BTreeMap;
use std::path::Path;

use attar_builder::spec::{Location, read_policy};
use attar_inspector::dive::Limits;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

/// dive's rules, with where they stand.
#[derive(Debug)]
pub(crate) struct DiveRules {
    /// The file.
    pub(crate) file: String,
    /// The limits, dive's defaults where the file says nothing.
    pub(crate) limits: Limits,
    /// Where each key stands.
    places: BTreeMap<&'static str, Location>,
}

impl DiveRules {
    /// Returns where a rule stands; `None` for a default.
    pub(crate) fn place(&self, key: &str) -> Option<&Location> {
        self.places.get(key)
    }
}

/// What `.dive-ci` says.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct File {
    /// The rules.
    rules: Keys,
}

/// The keys that dive reads.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Keys {
    /// The lowest efficiency, from 0 to 1.
    lowest_efficiency: Option<Text<Ratio>>,
    /// The most wasted bytes.
    highest_wasted_bytes: Option<Text<Amount>>,
    /// The most wasted bytes by the size of all layers but the lowest, from 0 to 1.
    highest_user_wasted_percent: Option<Text<Ratio>>,
}

/// A value as it stands in the file.
#[derive(Debug)]
struct Text<K> {
    text: String,
    kind: std::marker::PhantomData<K>,
}

/// A number from 0 to 1, or a word that turns the rule off.
#[derive(Debug)]
enum Ratio {}

/// A number of bytes, or a word that turns the rule off.
#[derive(Debug)]
enum Amount {}

trait Kind {
    const FORMAT: &'static str;
}

impl Kind for Ratio {
    const FORMAT: &'static str = "dive-ratio";
}

impl Kind for Amount {
    const FORMAT: &'static str = "dive-bytes";
}

impl<K: Kind> JsonSchema for Text<K> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        K::FORMAT.into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"], "x-format": K::FORMAT })
    }
}

impl<'de, K> Deserialize<'de> for Text<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { text: String::deserialize(deserializer)?, kind: std::marker::PhantomData })
    }
}

/// Says whether a file holds dive's rules: by its name, or because `rules` is what it begins with.
pub(super) fn is_dives(path: &Path, text: &str) -> bool {
    let is_named = path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(super::DIVE));
    is_named || text.lines().any(|line| line.starts_with("rules:"))
}

/// Reads dive's rules.
pub(super) fn parse(name: &str, text: &str) -> anyhow::Result<DiveRules> {
    let (File { rules }, origins) = read_policy(name, text, super::value::format)?;
    let mut limits = Limits::default();
    let mut places = BTreeMap::new();
    let mut note = |key: &'static str, is_there: bool| {
        if let Some(place) = origins.of(&format!("/rules/{key}")).filter(|_| is_there) {
            places.insert(key, place.clone());
        }
    };
    note("lowestEfficiency", rules.lowest_efficiency.is_some());
    note("highestWastedBytes", rules.highest_wasted_bytes.is_some());
    note("highestUserWastedPercent", rules.highest_user_wasted_percent.is_some());
    // The syntax was judged when the file was read: what is no number turns the rule off.
    if let Some(value) = rules.lowest_efficiency {
        limits.lowest_efficiency = ratio(&value.text);
    }
    if let Some(value) = rules.highest_wasted_bytes {
        limits.highest_wasted_bytes = amount(&value.text);
    }
    if let Some(value) = rules.highest_user_wasted_percent {
        limits.highest_user_wasted_percent = ratio(&value.text);
    }
    Ok(DiveRules { file: name.to_owned(), limits, places })
}

/// Judges texts by the syntaxes of dive.
pub(super) fn format(format: &str, text: &str) -> Option<Result<(), String>> {
    let (is_right, expected) = match format {
        "dive-ratio" => (ratio(text).is_some(), "a number from 0 to 1, or `disabled`"),
        "dive-bytes" => (amount(text).is_some(), "a size such as `20MB`, or `disabled`"),
        _ => return None,
    };
    Some(if is_right || is_off(text) { Ok(()) } else { Err(expected.to_owned()) })
}

fn is_off(text: &str) -> bool {
    matches!(text.trim().to_lowercase().as_str(), "" | "disabled" | "off" | "false")
}

fn ratio(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number| (0.0..=1.0).contains(number))
}

/// Reads a size as dive does: `k` is 1,000, `ki` is 1,024, a `B` may follow, fractions are cut off.
fn amount(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',')).unwrap_or(text.len());
    let number: f64 = text[..end].replace(',', "").parse().ok()?;
    let unit = text[end..].trim().to_lowercase();
    let power = |letter: &str| "kmgtpe".find(letter).map(|place| place as i32 + 1);
    let unit = unit.strip_suffix('b').unwrap_or(&unit);
    let factor: f64 = match unit.strip_suffix('i') {
        Some(letter) if letter.len() == 1 => 1024_f64.powi(power(letter)?),
        None if unit.is_empty() => 1.0,
        None if unit.len() == 1 => 1000_f64.powi(power(unit)?),
        _ => return None,
    };
    let bytes = number * factor;
    // The cast cuts off what dive cuts off.
    (bytes < u64::MAX as f64).then_some(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use attar_builder::spec::Diagnostics;

    #[test]
    fn what_is_not_said_is_the_default() {
        let limits = parse(".dive-ci", "").expect("rules").limits;
        assert_eq!(limits, Limits::default());
        let text =
            "rules:\n  lowestEfficiency: 0.95\n  highestWastedBytes: 20MB\n  highestUserWastedPercent: off\n";
        let rules = parse(".dive-ci", text).expect("rules");
        let expected = Limits {
            lowest_efficiency: Some(0.95),
            highest_wasted_bytes: Some(20_000_000),
            highest_user_wasted_percent: None,
        };
        assert_eq!(rules.limits, expected);
        assert_eq!(rules.place("highestWastedBytes").expect("a place").to_string(), ".dive-ci:3:3");
        assert_eq!(parse(".dive-ci", "rules: {}\n").expect("rules").place("highestWastedBytes"), None);
    }

    #[test]
    fn a_key_that_dive_ignores_is_an_error() {
        let text = "rules:\n  lowest-efficiency-threshold: 0.10\n  highestUserWastedPercent: 20\n";
        let error = parse(".dive-ci", text).expect_err("is wrong");
        let error = error.downcast::<Diagnostics>().expect("shown in the file");
        insta::assert_snapshot!(error, @r"
        error: unknown key `lowest-efficiency-threshold`
         --> .dive-ci:2:3
          |
        2 |   lowest-efficiency-threshold: 0.10
          |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^ did you mean `lowestEfficiency`?

        error: `highestUserWastedPercent`: expected a number from 0 to 1, or `disabled`, found `20`
         --> .dive-ci:3:29
          |
        3 |   highestUserWastedPercent: 20
          |                             ^^
        ");
    }

    #[test]
    fn sizes_are_read_as_dive_reads_them() {
        for (text, expected) in [
            ("20MB", Some(20_000_000)),
            ("20 mb", Some(20_000_000)),
            ("1k", Some(1000)),
            ("1KiB", Some(1024)),
            ("1ki", Some(1024)),
            ("1.5KB", Some(1500)),
            ("1,000", Some(1000)),
            ("12", Some(12)),
            ("12B", Some(12)),
            ("MB", None),
            ("1 XB", None),
            ("99EiB", None),
        ] {
            assert_eq!(amount(text), expected, "{text}");
        }
    }
}
