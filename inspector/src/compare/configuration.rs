//! What two configurations say, setting by setting.

use std::collections::{BTreeMap, BTreeSet};

use attar_image::layout::Image;
use attar_image::manifest::{Config, History, ImageConfig};
use serde::Serialize;
use serde_json::Value;

use super::{Change, Scope};

/// A setting that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// What was done to it.
    pub change: Change,
    /// What it is: `entrypoint`, `environment`, `label`; an unknown field has its own name.
    pub field: String,
    /// Which of several it is, such as the name of a variable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the first image has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What the second has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl Setting {
    /// Says whether it makes images differ. History and dates say how an image came to be, not what it is.
    pub(super) fn counts(&self, scope: Scope) -> bool {
        scope == Scope::Strict || !RECORDS.contains(&self.field.as_str())
    }
}

/// Fields that say how an image came to be, those of old versions of Docker among them.
const RECORDS: [&str; 8] =
    ["author", "container", "container_config", "created", "docker_version", "history", "id", "parent"];

/// Settings by field and name.
type Settings = BTreeMap<(String, String), String>;

/// Returns the settings that differ, by field and name. The layers are no setting.
pub(super) fn compare(before: &ImageConfig, after: &ImageConfig) -> Vec<Setting> {
    differing(&of_image(before), &of_image(after))
}

/// Returns the annotations of the manifests that differ.
pub(super) fn annotations(before: &Image, after: &Image) -> Vec<Setting> {
    let settings = |image: &Image| -> Settings {
        let annotations = image.manifest.annotations.iter();
        annotations.map(|(name, value)| (("annotation".to_owned(), name.clone()), value.clone())).collect()
    };
    differing(&settings(before), &settings(after))
}

fn differing(before: &Settings, after: &Settings) -> Vec<Setting> {
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differing = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
    let setting = |key: &(String, String)| {
        let (field, name) = key.clone();
        let (before, after) = (before.get(key).cloned(), after.get(key).cloned());
        let change = Change::of(before.as_ref(), after.as_ref());
        Setting { change, field, name: (!name.is_empty()).then_some(name), before, after }
    };
    differing.map(setting).collect()
}

fn of_image(image: &ImageConfig) -> Settings {
    let ImageConfig { created, author, platform, config, rootfs: _, history, other } = image;
    let mut settings = Settings::new();
    let mut set = |field: &str, name: &str, value: Option<String>| {
        if let Some(value) = value {
            settings.insert((field.to_owned(), name.to_owned()), value);
        }
    };
    set("platform", "", Some(platform.normalised().to_string()));
    set("platform", "os.version", platform.os_version.clone());
    set("platform", "os.features", listed(&platform.os_features));
    set("created", "", created.clone());
    set("author", "", author.clone());
    set("history", "", (!history.is_empty()).then(|| steps(history)));
    // Docker writes many fields that say nothing: `"Image": ""`, `"OnBuild": null`.
    for (name, value) in other.iter().filter(|(_, value)| is_said(value)) {
        set(name, "", Some(value.to_string()));
    }
    if let Some(config) = config {
        of_config(config, &mut set);
    }
    settings
}

fn of_config(config: &Config, set: &mut impl FnMut(&str, &str, Option<String>)) {
    let Config {
        user,
        exposed_ports,
        env,
        entrypoint,
        cmd,
        volumes,
        working_dir,
        labels,
        stop_signal,
        healthcheck,
        other,
    } = config;
    set("user", "", (!user.is_empty()).then(|| user.clone()));
    // `/` is where a program starts when nothing is said.
    set("working directory", "", (!matches!(working_dir.as_str(), "" | "/")).then(|| working_dir.clone()));
    set("entrypoint", "", entrypoint.as_deref().and_then(listed));
    set("command", "", cmd.as_deref().and_then(listed));
    set("stop signal", "", stop_signal.clone().filter(|signal| !signal.is_empty()));
    let healthcheck = healthcheck.as_ref().and_then(|check| serde_json::to_value(check).ok());
    set("health check", "", healthcheck.filter(is_said).map(|check| check.to_string()));
    for variable in env {
        let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
        set("environment", name, Some(value.to_owned()));
    }
    for (name, value) in labels {
        set("label", name, Some(value.clone()));
    }
    for (field, names) in [("port", exposed_ports), ("volume", volumes)] {
        for name in names.keys() {
            set(field, name, Some(String::new()));
        }
    }
    for (name, value) in other.iter().filter(|(_, value)| is_said(value)) {
        set(name, "", Some(value.to_string()));
    }
}

fn is_said(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::Bool(true) | Value::Number(_) => true,
    }
}

/// Writes a list of words as JSON, in which two words never look like one; none for an empty one.
fn listed(words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| Value::from(words.to_vec()).to_string())
}

fn steps(history: &[History]) -> String {
    serde_json::to_string(history).unwrap_or_default()
}
