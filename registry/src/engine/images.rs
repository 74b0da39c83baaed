//! What an engine says of its images before any of their layers are read.

use attar_image::Platform;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Engine, EngineError, MAX_ANSWER};
use crate::failure::Failure;
use crate::request::Request;

/// An image that an engine has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineImage {
    /// Its identifier, `sha256:` and digits.
    pub id: String,
    /// Its names; none of an image that lost its last one.
    pub names: Vec<String>,
    /// Bytes, as the engine counts them.
    pub size: Option<u64>,
    /// When it was created, in seconds since 1970.
    pub created: Option<i64>,
}

/// What an engine says of one image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The platform.
    pub platform: Platform,
    /// Bytes of all layers, as the engine counts them.
    pub size: Option<u64>,
    /// The layers, the lowest first.
    pub layers: Vec<LayerSummary>,
}

/// What an engine says of one layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerSummary {
    /// What made it; none where the history does not tell which of its steps did.
    pub created_by: Option<String>,
    /// Bytes, as the engine counts them.
    pub size: Option<u64>,
}

impl Engine {
    /// Lists the images that the engine has, in its own order.
    pub async fn images(&self) -> Result<Vec<EngineImage>, EngineError> {
        let task = "list the images of";
        let found: Vec<Listed> = self.ask("images/json").await.map_err(self.failed(task))?;
        Ok(found.into_iter().map(EngineImage::from).collect())
    }

    /// Returns what the engine knows of an image.
    pub async fn summary(&self, name: &str) -> Result<Summary, EngineError> {
        let inspected: Inspected = match self.ask(&format!("images/{name}/json")).await {
            Ok(inspected) => inspected,
            Err(failure) if failure.code() == Some(404) => {
                return Err(EngineError::NoImage { kind: self.kind, name: name.to_owned() });
            }
            Err(failure) => return Err(self.failed("ask for the image")(failure)),
        };
        // Without a history the layers have no commands, and are there all the same.
        let history = self.ask(&format!("images/{name}/history")).await.unwrap_or_default();
        Ok(Summary::of(inspected, history))
    }

    async fn ask<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let response = self.transport.send(&Request::get(self.url(path))).await?;
        Ok(serde_json::from_slice(&response.bytes(MAX_ANSWER).await?)?)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    id: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    size: Option<i64>,
    created: Option<i64>,
}

impl From<Listed> for EngineImage {
    fn from(listed: Listed) -> Self {
        let mut names = listed.repo_tags.unwrap_or_default();
        // Older engines write so that there is none.
        names.retain(|name| name != "<none>:<none>");
        Self { id: listed.id, names, size: bytes(listed.size), created: listed.created }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    os: String,
    architecture: String,
    #[serde(default)]
    variant: Option<String>,
    size: Option<i64>,
    #[serde(default, rename = "RootFS")]
    root: RootFs,
}

#[derive(Default, Deserialize)]
struct RootFs {
    #[serde(default, rename = "Layers")]
    layers: Option<Vec<String>>,
}

/// One step of the history; the engine tells the last one first.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Step {
    #[serde(default)]
    created_by: String,
    #[serde(default)]
    size: i64,
}

impl Summary {
    fn of(inspected: Inspected, mut history: Vec<Step>) -> Self {
        history.reverse();
        let Inspected { os, architecture, variant, size, root } = inspected;
        let variant = variant.filter(|variant| !variant.is_empty());
        Self {
            platform: Platform::new(&os, &architecture, variant.as_deref()).normalised(),
            size: bytes(size),
            layers: layers(&history, root.layers.unwrap_or_default().len()),
        }
    }
}

/// Finds the steps that made layers: the engine does not say which did.
fn layers(history: &[Step], number: usize) -> Vec<LayerSummary> {
    let guesses: [fn(&Step) -> bool; 3] =
        [|_| true, |step| step.size > 0 || !is_setting(&step.created_by), |step| step.size > 0];
    let found = guesses.iter().find_map(|guess| {
        let steps: Vec<&Step> = history.iter().filter(|step| guess(step)).collect();
        (steps.len() == number).then_some(steps)
    });
    let Some(steps) = found else { return vec![LayerSummary::default(); number] };
    let layer = |step: &Step| LayerSummary {
        created_by: Some(step.created_by.clone()).filter(|text| !text.is_empty()),
        size: bytes(Some(step.size)),
    };
    steps.into_iter().map(layer).collect()
}

/// Says whether a step of a Dockerfile makes no layer.
fn is_setting(created_by: &str) -> bool {
    const SETTINGS: &[&str] = &[
        "ARG",
        "CMD",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
    ];
    let step = created_by.strip_prefix("/bin/sh -c #(nop)").unwrap_or(created_by);
    step.split_whitespace().next().is_some_and(|word| SETTINGS.contains(&word))
}

/// Engines write -1 for what they have not counted.
fn bytes(size: Option<i64>) -> Option<u64> {
    size.and_then(|size| size.try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(layers: usize, history: &str) -> Summary {
        let layers: Vec<String> = (0..layers).map(|layer| format!("\"sha256:{layer}\"")).collect();
        let inspected = format!(
            r#"{{"Os":"linux","Architecture":"arm","Variant":"v7","Size":7,"RootFS":{{"Layers":[{}]}}}}"#,
            layers.join(",")
        );
        let read = |text: &str| serde_json::from_str(text).expect("what an engine says");
        Summary::of(read(&inspected), serde_json::from_str(history).expect("a history"))
    }

    #[test]
    fn steps_that_make_no_layer_are_told_apart() {
        let layer = |by: &str, size| LayerSummary { created_by: Some(by.into()), size: Some(size) };
        let none = LayerSummary::default();
        let dockerfile = r#"[{"CreatedBy":"CMD [\"sh\"]","Size":0},{"CreatedBy":"WORKDIR /app","Size":0},
            {"CreatedBy":"/bin/sh -c #(nop)  ENV A=b","Size":0},{"CreatedBy":"ADD root","Size":5}]"#;
        for (number, history, expected) in [
            (2, dockerfile, vec![layer("ADD root", 5), layer("WORKDIR /app", 0)]),
            (1, dockerfile, vec![layer("ADD root", 5)]),
            (3, dockerfile, vec![none.clone(); 3]),
            (2, "[]", vec![none.clone(); 2]),
            (1, r#"[{"Size":-1}]"#, vec![none]),
            (0, "[]", vec![]),
        ] {
            assert_eq!(summary(number, history).layers, expected, "{number} of {history}");
        }
        let summary = summary(0, "[]");
        assert_eq!((summary.platform.to_string(), summary.size), ("linux/arm/v7".to_owned(), Some(7)));
    }

    #[test]
    fn images_without_a_name_have_none() {
        let listed = r#"[{"Id":"sha256:a","RepoTags":["app:1","app:2"],"Size":7,"Created":1},
            {"Id":"sha256:b","RepoTags":["<none>:<none>"],"Size":-1},{"Id":"sha256:c","RepoTags":null}]"#;
        let listed: Vec<Listed> = serde_json::from_str(listed).expect("what engines say");
        let found: Vec<EngineImage> = listed.into_iter().map(EngineImage::from).collect();
        let image = |id: &str, names: &[&str], size, created| EngineImage {
            id: id.into(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            size,
            created,
        };
        let expected = [
            image("sha256:a", &["app:1", "app:2"], Some(7), Some(1)),
            image("sha256:b", &[], None, None),
            image("sha256:c", &[], None, None),
        ];
        assert_eq!(found, expected);
    }
}
