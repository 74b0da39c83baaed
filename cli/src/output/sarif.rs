//! Findings as SARIF 2.1.0, as code scanning reads it.
//!
//! Of one file code scanning takes one run a tool, so all subjects share one run: each result says in
//! `properties.image` which it is of, and where there are several its message begins with it. No
//! category is written (`automationDetails`): the workflow that uploads knows it, and what stands in
//! the file would win over it. Every result has a place, as code scanning refuses those without: where
//! a finding is of the whole image, that is the image's name.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::findings::{Finding, Findings, Location, Rule};

/// The base that paths in images are relative to.
const IMAGE: &str = "IMAGE";

/// Returns the document.
pub(super) fn of(subjects: &[Findings]) -> Value {
    let mut rules: Vec<&Rule> = Vec::new();
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for rule in subjects.iter().flat_map(|findings| &findings.rules) {
        numbers.entry(&rule.id).or_insert_with(|| {
            rules.push(rule);
            rules.len() - 1
        });
    }
    let several = subjects.len() > 1;
    let results: Vec<Value> = subjects
        .iter()
        .flat_map(|findings| findings.results.iter().map(move |finding| (findings, finding)))
        .map(|(findings, finding)| {
            let mut result = result(findings, finding, several);
            if let Some(number) = numbers.get(finding.rule.as_str()) {
                result["ruleIndex"] = json!(number);
            }
            result
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "attar",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.into_iter().map(reporting_descriptor).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {
                IMAGE: { "description": { "text": "the root directory of the image" } },
            },
            "results": results,
        }],
    })
}

fn reporting_descriptor(rule: &Rule) -> Value {
    let text = |text: &str| json!({ "text": text });
    json!({
        "id": rule.id,
        "shortDescription": text(&rule.title),
        "fullDescription": text(&rule.help),
        "help": text(&rule.help),
    })
}

fn result(findings: &Findings, finding: &Finding, several: bool) -> Value {
    let mut message = finding.message.clone();
    if several {
        message = format!("{}: {message}", findings.subject);
    }
    if let Some(fix) = &finding.fix {
        message.push_str("\nfix: ");
        message.push_str(fix);
    }
    let locations: Vec<Value> = match finding.locations.as_slice() {
        [] => vec![physical(json!({ "uri": encoded(findings.stable_subject().as_bytes()) }), 1, 1)],
        locations => locations.iter().map(location).collect(),
    };
    let fingerprint = finding.fingerprint();
    let mut result = json!({
        "ruleId": finding.rule,
        "level": finding.level.name(),
        "message": { "text": message },
        "locations": locations,
        // Code scanning computes the first from a line of source, which an image does not have.
        "partialFingerprints": {
            "primaryLocationLineHash": format!("{fingerprint}:1"),
            "attar/v1": fingerprint,
        },
        "properties": { "image": findings.subject },
    });
    if let Some(reason) = &finding.allowed {
        result["suppressions"] =
            json!([{ "kind": "external", "status": "accepted", "justification": reason }]);
    }
    result
}

fn location(location: &Location) -> Value {
    match location {
        Location::Image { path, layer } => {
            let uri = encoded(path.as_bytes());
            // The root directory itself has no relative name but this one.
            let uri = if uri.is_empty() { "./".to_owned() } else { uri };
            let mut value = physical(json!({ "uri": uri, "uriBaseId": IMAGE }), 1, 1);
            if let Some(layer) = layer {
                value["logicalLocations"] = json!([{
                    "name": format!("layer {}", layer.number),
                    "fullyQualifiedName": layer.digest.to_string(),
                    "kind": "layer",
                }]);
            }
            value
        }
        Location::File { file, line, column } => {
            let file = file.strip_prefix("./").unwrap_or(file);
            physical(json!({ "uri": encoded(file.trim_start_matches('/').as_bytes()) }), *line, *column)
        }
    }
}

fn physical(artifact: Value, line: u32, column: u32) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": artifact,
        "region": { "startLine": line, "startColumn": column },
    }})
}

/// Writes a path as a relative reference. A colon is encoded too: before the first `/` it would end
/// the name of a scheme.
fn encoded(path: &[u8]) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.iter().copied().skip_while(|byte| *byte == b'/') {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'+' | b'@' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::findings::example;

    #[test]
    fn a_result_has_rule_place_and_fingerprint() {
        let document = of(&[example()]);
        let run = &document["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"].as_array().map(Vec::len), Some(4));
        let fingerprint = example().results[0].fingerprint();
        let expected = json!({
            "ruleId": "D01",
            "ruleIndex": 0,
            "level": "error",
            "message": { "text":
                "`a b%|<x>\n\u{1b}[1m` is a shell & @someone\nfix: leave it out: `without: {packages: [dash]}`" },
            "locations": [{
                "physicalLocation": {
                    "artifactLocation": { "uri": "usr/bin/a%20b%25%7C%60%3Cx%3E%0A%1B%5B1m", "uriBaseId": "IMAGE" },
                    "region": { "startLine": 1, "startColumn": 1 },
                },
                "logicalLocations": [{
                    "name": "layer 2",
                    "fullyQualifiedName": attar_image::digest::Digest::of(b"layer").to_string(),
                    "kind": "layer",
                }],
            }],
            "partialFingerprints": {
                "primaryLocationLineHash": format!("{fingerprint}:1"), "attar/v1": fingerprint,
            },
            "properties": { "image": "reg.example:5000/acme/app:1.4" },
        });
        assert_eq!(run["results"][0], expected);
        let allowed = &run["results"][1];
        assert_eq!(allowed["suppressions"][0]["justification"], "runs `chown` first");
        let place = &allowed["locations"][0]["physicalLocation"];
        let expected = json!({
            "artifactLocation": { "uri": "attar.yaml" }, "region": { "startLine": 3, "startColumn": 5 },
        });
        assert_eq!(*place, expected);
        let whole = &run["results"][2]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert_eq!(whole, "reg.example%3A5000/acme/app");
    }

    /// What the standard requires, and what code scanning requires besides.
    #[test]
    fn every_required_field_is_there() {
        let (one, other) =
            (example(), Findings { image: "other".into(), subject: "other".into(), ..example() });
        let document = of(&[one, other]);
        assert_eq!(document["version"], "2.1.0");
        assert!(document["$schema"].is_string());
        let runs = document["runs"].as_array().expect("runs");
        assert_eq!(runs.len(), 1);
        let driver = &runs[0]["tool"]["driver"];
        assert!(driver["name"].is_string());
        let rules = driver["rules"].as_array().expect("rules");
        for rule in rules {
            for key in ["shortDescription", "fullDescription", "help"] {
                assert!(rule[key]["text"].as_str().is_some_and(|text| !text.is_empty()), "{key} of {rule}");
            }
        }
        let results = runs[0]["results"].as_array().expect("results");
        assert_eq!(results.len(), 6);
        for result in results {
            let number = result["ruleIndex"].as_u64().and_then(|number| usize::try_from(number).ok());
            assert_eq!(rules[number.expect("a number")]["id"], result["ruleId"]);
            assert!(["error", "warning", "note"].contains(&result["level"].as_str().expect("a level")));
            assert!(result["message"]["text"].is_string());
            assert!(result["partialFingerprints"]["primaryLocationLineHash"].is_string());
            let places = result["locations"].as_array().expect("places");
            assert!(!places.is_empty());
            for place in places {
                let uri = place["physicalLocation"]["artifactLocation"]["uri"].as_str().expect("a URI");
                assert!(!uri.starts_with('/') && !uri.contains(':') && uri.is_ascii(), "{uri}");
                assert!(place["physicalLocation"]["region"]["startLine"].is_u64());
            }
        }
        let text = results[3]["message"]["text"].as_str().expect("a text");
        assert!(text.starts_with("other: "), "{text}");
    }
}
