//! The effective spec: merged, expanded, validated, typed, with where everything was said.

use std::collections::BTreeMap;
use std::path::PathBuf;

use attar_image::platform::Platform;

use super::diagnostic::{Diagnostics, Fault};
use super::document::Document;
use super::format;
use super::node::{Mapping, Node, Scalar, Style, Value};
use super::parameters::Parameters;
use super::schema::{DebianRepository, Foundation, Repository, Spec};
use super::shape::{self, Shape};
use super::source::{Location, Sources};
use super::validate::{self, Stage, Validation};

/// The suite packages come from when the spec names no repository: a constant of this release.
pub const DEFAULT_SUITE: &str = "trixie";

/// The platforms that are built when the spec names none.
pub const DEFAULT_PLATFORMS: [&str; 2] = ["linux/amd64", "linux/arm64"];

/// Which image of a spec is meant.
#[derive(Clone, Copy, Debug, Default)]
pub struct Selection<'a> {
    /// The variant; none for the plain image.
    pub variant: Option<&'a str>,
    /// The platform that `${arch}` and its like stand for. Without one the texts that hold them stay
    /// templates, in which `$$` is a dollar.
    pub platform: Option<&'a str>,
    /// Values of parameters, by name.
    pub arguments: Option<&'a BTreeMap<String, String>>,
}

/// A spec with nothing left to merge or expand.
#[derive(Clone, Debug)]
pub struct Effective {
    /// What it says. Platforms and repositories are filled in where the files say nothing.
    pub spec: Spec,
    /// Where it says so.
    pub origins: Origins,
    /// The directory that all its relative paths begin at, whichever file said them.
    pub directory: PathBuf,
    /// Whether texts are templates still, for want of a platform.
    pub(super) open: bool,
}

impl Effective {
    /// Returns a spec that was effective somewhere else. Nothing says where its values were said, and no
    /// folder is what its relative paths begin at: none of them may be followed.
    pub fn recorded(spec: Spec) -> Self {
        Self { spec, origins: Origins::default(), directory: PathBuf::from("/nonexistent"), open: false }
    }
}

/// Where each value of an effective spec was said, by JSON pointer (`/contents/packages/3`).
#[derive(Clone, Debug, Default)]
pub struct Origins(BTreeMap<String, Location>);

impl Origins {
    /// Returns where a value was said, or else the nearest value around it; `None` for a default.
    pub fn of(&self, pointer: &str) -> Option<&Location> {
        let mut pointer = pointer;
        loop {
            if let Some(location) = self.0.get(pointer) {
                return Some(location);
            }
            pointer = pointer.rsplit_once('/')?.0;
        }
    }

    /// Returns where a value was said, following it to the form in which it was written: the words of
    /// an entrypoint may stand in a list or a line. `None` for a default.
    pub(super) fn said(&self, pointer: &str) -> Option<&Location> {
        let mut around = pointer;
        let location = loop {
            if let Some(location) = self.0.get(around) {
                break location;
            }
            around = around.rsplit_once('/')?.0;
        };
        let below = format!("{around}/");
        let mut known = self.0.range(below.clone()..).take_while(|(key, _)| key.starts_with(&below));
        let named = |key: &str| !key[below.len()..].starts_with(|c: char| c.is_ascii_digit());
        let is_default = around.len() < pointer.len() && known.any(|(key, _)| named(key));
        (!is_default).then_some(location)
    }

    /// Names a value for a message by file and line: `attar.yaml:12`.
    pub fn label(&self, pointer: &str) -> String {
        self.of(pointer)
            .map_or_else(|| "default".to_owned(), |place| format!("{}:{}", place.file, place.line))
    }

    pub(super) fn add(&mut self, pointer: &str, node: &Node, sources: &Sources) {
        match &node.value {
            Value::Scalar(_) => {}
            Value::Sequence(items) => {
                for (index, item) in items.iter().enumerate() {
                    let pointer = format!("{pointer}/{index}");
                    self.0.insert(pointer.clone(), sources.locate(item.span));
                    self.add(&pointer, item, sources);
                }
            }
            Value::Mapping(mapping) => {
                for entry in &mapping.0 {
                    let pointer = format!("{pointer}/{}", escaped(&entry.key));
                    self.0.insert(pointer.clone(), sources.locate(entry.key_span));
                    self.add(&pointer, &entry.value, sources);
                }
            }
        }
    }
}

/// Escapes a key for a JSON pointer.
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

impl Document {
    /// Merges and expands the spec of one image, validates the result and reads it into types.
    pub fn effective(&self, selection: Selection<'_>) -> Result<Effective, Diagnostics> {
        let mut faults = Vec::new();
        let effective = self.build(selection, &mut faults);
        effective.filter(|_| faults.is_empty()).ok_or_else(|| Diagnostics::new(faults, self.sources.clone()))
    }

    fn build(&self, selection: Selection<'_>, faults: &mut Vec<Fault>) -> Option<Effective> {
        if let Some(variant) =
            selection.variant.filter(|name| !self.variants().iter().any(|known| known == name))
        {
            faults.push(self.unknown_variant(variant));
            return None;
        }
        let platform = match selection.platform.map(format::platform) {
            None => None,
            Some(Ok(platform)) => Some(platform),
            Some(Err(expected)) => {
                let found = selection.platform.unwrap_or_default();
                let fault = Fault::without_place(format!("expected {}, found `{found}`", expected.expected));
                faults.push(fault.help(expected.label.or(expected.help).unwrap_or_default()));
                return None;
            }
        };
        let mut root = self.merged(selection.variant, faults);
        let none = BTreeMap::new();
        self.expand(&mut root, platform.as_ref(), selection.arguments.unwrap_or(&none), faults);
        validate::name_directories(&mut root, &self.sources);
        let open = platform.is_none();
        let span = super::source::Span { file: 0, start: 0, end: 0 };
        let mut root = Node { value: Value::Mapping(root), span };
        let json = self.validated(&root, Stage::Effective { open }, faults)?;
        let mut spec: Spec = match serde_json::from_value(json) {
            Ok(spec) => spec,
            Err(error) => {
                faults.push(Fault::without_place(format!("cannot read the spec: {error}")));
                return None;
            }
        };
        fill_in(&mut spec);
        Shape::Object(shape::spec().clone()).canonical_platforms(&mut root);
        let mut origins = Origins::default();
        origins.add("", &root, &self.sources);
        Some(Effective { spec, origins, directory: self.directory.clone(), open })
    }

    /// Expands all texts, and gives `args` the values that were used.
    fn expand(
        &self,
        root: &mut Mapping,
        platform: Option<&Platform>,
        arguments: &BTreeMap<String, String>,
        faults: &mut Vec<Fault>,
    ) {
        let args = root.get("args").and_then(Node::mapping).cloned();
        let parameters = Parameters::new(&self.sources, platform, args.as_ref(), arguments, faults);
        for entry in &mut root.0 {
            if entry.key != "args" {
                parameters.node(&mut entry.value, faults);
            } else if let Value::Mapping(args) = &mut entry.value.value {
                for entry in &mut args.0 {
                    let text = parameters.value(&entry.key).unwrap_or_default().to_owned();
                    entry.value.value = Value::Scalar(Scalar { text, style: Style::Quoted });
                }
            }
        }
    }

    fn validated(&self, root: &Node, stage: Stage, faults: &mut Vec<Fault>) -> Option<serde_json::Value> {
        let shape = Shape::Object(shape::spec().clone());
        let json = Validation::new(stage, &self.sources, faults).value("spec", root, &shape);
        if let Some(mapping) = root.mapping().filter(|_| faults.is_empty()) {
            faults.extend(validate::effective(mapping, &self.sources));
        }
        json
    }
}

/// Fills in what the files do not say, so that a constant of this release is seen where it counts.
fn fill_in(spec: &mut Spec) {
    if spec.platforms.is_empty() {
        spec.platforms = DEFAULT_PLATFORMS.map(str::to_owned).to_vec();
    }
    let takes_packages = spec.contents.foundation != Foundation::None || !spec.contents.packages.is_empty();
    if spec.contents.repositories.is_empty() && takes_packages {
        let debian = DebianRepository { debian: DEFAULT_SUITE.to_owned(), ..DebianRepository::default() };
        spec.contents.repositories = vec![Repository::Debian(debian)];
    }
}
