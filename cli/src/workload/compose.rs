//! Compose files: one container a service.

use std::collections::BTreeSet;

use attar_builder::spec::schema::Words;
use serde_json::Value;

use super::interpolate::{self, Variables};
use super::{Container, InvalidWorkload, Overrides, Role, Workload, text, words, wrong};

/// The condition of a service that waits for another one to end.
const ENDS: &str = "service_completed_successfully";

/// Reads the services of a compose file.
pub(super) fn containers(document: &Value, variables: &Variables<'_>) -> Result<Workload, InvalidWorkload> {
    let mut document = document.clone();
    interpolate::document(&mut document, variables).map_err(|problem| wrong("compose file", problem))?;
    let Some(services) = document["services"].as_object() else { return Ok(Workload::default()) };
    let dependencies = services.values().filter_map(|service| service["depends_on"].as_object()).flatten();
    let ending: BTreeSet<&str> =
        dependencies.filter(|(_, how)| how["condition"] == ENDS).map(|(name, _)| name.as_str()).collect();
    let mut workload = Workload::default();
    for (name, service) in services {
        let place = format!("service {name}");
        if service["extends"].is_object() || service["extends"].is_string() {
            workload.left_out.push(format!("{place} extends another one, which is not followed"));
        }
        let Some(image) = text(&service["image"]).filter(|image| !image.is_empty()) else {
            workload.left_out.push(format!("{place} names no image"));
            continue;
        };
        let role = if ending.contains(name.as_str()) || is_init(name) { Role::Init } else { Role::Main };
        let overrides = overrides(&place, service)?;
        workload.containers.push(Container {
            image,
            role,
            platform: text(&service["platform"]),
            overrides,
            place,
        });
    }
    // What others wait for comes first.
    workload.containers.sort_by_key(|container| container.role != Role::Init);
    Ok(workload)
}

/// Says whether the name of a service says that it prepares something.
fn is_init(name: &str) -> bool {
    name.split(['-', '_']).any(|word| matches!(word, "init" | "migrate" | "migrations"))
}

fn overrides(place: &str, service: &Value) -> Result<Overrides, InvalidWorkload> {
    Ok(Overrides {
        entrypoint: line(place, "entrypoint", &service["entrypoint"])?,
        arguments: line(place, "command", &service["command"])?,
        user: text(&service["user"]).filter(|user| !user.is_empty()),
        directory: text(&service["working_dir"]),
        environment: environment(&service["environment"]),
        healthcheck: healthcheck(&service["healthcheck"]),
    })
}

/// Returns words that are a list, or one line as a shell splits it.
fn line(place: &str, key: &str, value: &Value) -> Result<Option<Vec<String>>, InvalidWorkload> {
    let Value::String(line) = value else { return words(place, key, value) };
    let Words(words) = line.parse().map_err(|error| wrong(place, format!("`{key}`: {error}")))?;
    Ok(Some(words))
}

/// Reads a map, or a list of `NAME=VALUE`. A name without a value takes the machine's, which is not asked.
fn environment(value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Object(map) => {
            map.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect()
        }
        Value::Array(items) => items
            .iter()
            .filter_map(|item| item.as_str()?.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        _ => Vec::new(),
    }
}

fn healthcheck(value: &Value) -> Option<Option<Vec<String>>> {
    if value["disable"] == true {
        return Some(None);
    }
    match &value["test"] {
        Value::String(line) => Some(Some(vec!["CMD-SHELL".to_owned(), line.clone()])),
        Value::Array(items) => {
            let words: Vec<String> = items.iter().filter_map(text).collect();
            Some((words.first().map(String::as_str) != Some("NONE")).then_some(words))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use attar_builder::spec::read_documents;

    use super::*;

    fn read(text: &str) -> Workload {
        let document = read_documents("compose.yaml", text).expect("YAML").remove(0);
        containers(&document, &|name| (name == "TAG").then(|| "17".to_owned())).expect("a compose file")
    }

    #[test]
    fn services_have_roles_and_override_the_image() {
        let text = r#"
x-common: &common {user: "999", environment: {A: 1, B: true, C: null}}
services:
  api:
    <<: *common
    image: "reg.example/api:${TAG}"
    entrypoint: /app --flag 'two words'
    command: [serve, 8080]
    working_dir: /srv
    depends_on: {db: {condition: service_healthy}, prepare: {condition: service_completed_successfully}}
    healthcheck: {test: [CMD, /app, health]}
  db-init: {image: db, environment: [X=1, Y]}
  db: {image: db, healthcheck: {disable: true}, platform: linux/arm64}
  prepare: {image: "${PREPARE:-tool}", healthcheck: {test: "curl localhost"}}
  built: {build: .}
"#;
        let workload = read(text);
        assert_eq!(workload.left_out, ["service built names no image"]);
        let roles: Vec<_> =
            workload.containers.iter().map(|it| format!("{} {} {:?}", it.place, it.image, it.role)).collect();
        assert_eq!(
            roles,
            [
                "service db-init db Init",
                "service prepare tool Init",
                "service api reg.example/api:17 Main",
                "service db db Main",
            ]
        );
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            workload.containers[2].overrides,
            Overrides {
                entrypoint: Some(words(&["/app", "--flag", "two words"])),
                arguments: Some(words(&["serve", "8080"])),
                user: Some("999".into()),
                directory: Some("/srv".into()),
                environment: vec![pair("A", "1"), pair("B", "true")],
                healthcheck: Some(Some(words(&["CMD", "/app", "health"]))),
            }
        );
        assert_eq!(workload.containers[0].overrides.environment, [pair("X", "1")]);
        assert_eq!(
            workload.containers[1].overrides.healthcheck,
            Some(Some(words(&["CMD-SHELL", "curl localhost"])))
        );
        let db = &workload.containers[3];
        assert_eq!((db.platform.as_deref(), &db.overrides.healthcheck), (Some("linux/arm64"), &Some(None)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let document = |text: &str| read_documents("compose.yaml", text).expect("YAML").remove(0);
        let error = |text: &str| containers(&document(text), &|_| None).expect_err("is wrong").to_string();
        assert_eq!(
            error("services: {a: {image: b, command: {x: y}}}"),
            "service a: `command`: expected a list"
        );
        assert_eq!(
            error("services: {a: {image: \"${TAG?is needed}\"}}"),
            "compose file: the variable `TAG` is not set: is needed"
        );
    }
}
