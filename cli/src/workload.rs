//! The containers that a compose file or a Kubernetes manifest describes: which image each runs, in which
//! role, and what it says otherwise than the image's configuration.

mod compose;
mod interpolate;
mod kubernetes;

use attar_builder::spec::{Diagnostics, read_documents};
use attar_image::manifest::{Config, Healthcheck};
use serde::Serialize;
use serde_json::Value;

pub(crate) use interpolate::Variables;

/// A container that a file describes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Container {
    /// Where the file describes it: `deployment/api, container web`.
    pub(crate) place: String,
    /// The image, as the file names it.
    pub(crate) image: String,
    /// What it is there for.
    pub(crate) role: Role,
    /// The platform, if the file says one.
    pub(crate) platform: Option<String>,
    /// What holds instead of the image's configuration.
    pub(crate) overrides: Overrides,
}

/// What a container is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Role {
    /// It does the work.
    Main,
    /// It prepares something and ends.
    Init,
    /// It is there to look around.
    Debug,
}

/// What holds instead of the configuration of an image.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Overrides {
    /// The program. With one, the image's arguments do not count.
    pub(crate) entrypoint: Option<Vec<String>>,
    /// Its arguments.
    pub(crate) arguments: Option<Vec<String>>,
    /// `USER[:GROUP]`.
    pub(crate) user: Option<String>,
    /// The working directory.
    pub(crate) directory: Option<String>,
    /// Variables, which win over the image's.
    pub(crate) environment: Vec<(String, String)>,
    /// How the container is asked whether it is well; `Some(None)` for not at all.
    pub(crate) healthcheck: Option<Option<Vec<String>>>,
}

/// What a file is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Described {
    /// A compose file or a manifest.
    Workload(Workload),
    /// Neither: a spec, or something that is none of the three.
    Other,
}

/// The containers of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Workload {
    /// In the order of the file, the containers that come first first.
    pub(crate) containers: Vec<Container>,
    /// What cannot be judged, and why.
    pub(crate) left_out: Vec<String>,
}

/// A file that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidWorkload {
    /// The YAML cannot be read.
    #[error(transparent)]
    Yaml(#[from] Diagnostics),
    /// Something in it is not what it should be.
    #[error("{place}: {problem}")]
    Wrong {
        /// Where.
        place: String,
        /// What is wrong.
        problem: String,
    },
}

/// Finds out what a YAML file describes; messages call it `name`.
///
/// What cannot be read as YAML at all is for the reader of specs to complain about.
pub(crate) fn describe(
    name: &str,
    text: &str,
    variables: &Variables<'_>,
) -> Result<Described, InvalidWorkload> {
    let documents = match read_documents(name, text) {
        Ok(documents) => documents,
        Err(error) if looks_like_workload(text) => return Err(error.into()),
        Err(_) => return Ok(Described::Other),
    };
    let is_object = |document: &Value| document["apiVersion"].is_string() && document["kind"].is_string();
    if documents.iter().any(is_object) {
        return kubernetes::containers(&documents).map(Described::Workload);
    }
    match &documents[..] {
        [document] if document["services"].is_object() => {
            compose::containers(document, variables).map(Described::Workload)
        }
        _ => Ok(Described::Other),
    }
}

/// Says whether a text that is no YAML was meant as a file of this kind.
fn looks_like_workload(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("apiVersion:") || line.starts_with("services:"))
}

impl Overrides {
    /// Puts what holds here into an image's configuration.
    pub(crate) fn apply(&self, config: &mut Config) {
        if let Some(entrypoint) = &self.entrypoint {
            config.entrypoint = Some(entrypoint.clone());
            config.cmd = None;
        }
        if let Some(arguments) = &self.arguments {
            config.cmd = Some(arguments.clone());
        }
        if let Some(user) = &self.user {
            config.user.clone_from(user);
        }
        if let Some(directory) = &self.directory {
            config.working_dir.clone_from(directory);
        }
        for (name, value) in &self.environment {
            let start = format!("{name}=");
            config.env.retain(|pair| !pair.starts_with(&start));
            config.env.push(format!("{name}={value}"));
        }
        if let Some(test) = &self.healthcheck {
            config.healthcheck = test
                .clone()
                .map(|test| Healthcheck { test, ..config.healthcheck.take().unwrap_or_default() });
        }
    }
}

/// Returns the text of a scalar as a container gets it.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// Returns the words of a list.
fn words(place: &str, key: &str, value: &Value) -> Result<Option<Vec<String>>, InvalidWorkload> {
    match value {
        Value::Null => Ok(None),
        Value::Array(items) => {
            let words: Option<Vec<String>> = items.iter().map(text).collect();
            words.map(Some).ok_or_else(|| wrong(place, format!("`{key}`: expected a list of texts")))
        }
        _ => Err(wrong(place, format!("`{key}`: expected a list"))),
    }
}

fn wrong(place: &str, problem: impl Into<String>) -> InvalidWorkload {
    InvalidWorkload::Wrong { place: place.to_owned(), problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_says_what_a_file_is() {
        let none = |_: &str| None;
        let kind = |text: &str| match describe("f.yaml", text, &none) {
            Ok(Described::Workload(workload)) => format!("{} containers", workload.containers.len()),
            Ok(Described::Other) => "other".to_owned(),
            Err(error) => error.to_string().lines().next().unwrap_or_default().to_owned(),
        };
        for (text, expected) in [
            ("contents: {packages: [a]}\nentrypoint: [/a]\n", "other"),
            ("services: {web: {image: a}}\n", "1 containers"),
            ("services: [a]\n", "other"),
            (
                "apiVersion: v1\nkind: Service\n---\napiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: b}]}\n",
                "1 containers",
            ),
            ("a: [\n", "other"),
            ("", "other"),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
        assert!(kind("services:\n  a: {image: b, image: c}\n").contains("`image` stands here twice"));
    }

    #[test]
    fn what_a_file_says_holds_instead_of_the_configuration() {
        let words = |list: &[&str]| Some(list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        let config = Config {
            entrypoint: words(&["/app"]),
            cmd: words(&["serve"]),
            user: "65532".into(),
            env: vec!["A=1".into(), "AB=2".into()],
            healthcheck: Some(Healthcheck { test: vec!["NONE".into()], ..Default::default() }),
            ..Config::default()
        };
        let mut changed = config.clone();
        Overrides::default().apply(&mut changed);
        assert_eq!(changed, config);
        let overrides = Overrides {
            entrypoint: words(&["/other"]),
            environment: vec![("A".into(), "3".into())],
            user: Some("0".into()),
            healthcheck: Some(None),
            ..Overrides::default()
        };
        overrides.apply(&mut changed);
        assert_eq!((changed.entrypoint, changed.cmd), (words(&["/other"]), None));
        assert_eq!((changed.env, changed.user.as_str()), (vec!["AB=2".to_owned(), "A=3".to_owned()], "0"));
        assert_eq!(changed.healthcheck, None);
    }
}
