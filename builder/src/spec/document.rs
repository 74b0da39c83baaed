//! A spec as its files say it: read, each file checked by itself, not yet merged.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::diagnostic::{Diagnostics, Fault, nearest};
use super::format;
use super::merge::{Merging, empty, joined, normalised};
use super::node::{Mapping, Node, Value};
use super::parameters::Parameters;
use super::shape;
use super::source::{Source, Sources, Span};
use super::validate::{Stage, Validation, listed};
use super::yaml;

/// The most files one spec is made of.
const MAX_FILES: usize = 100;

/// A spec that was read with everything it includes.
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) sources: Sources,
    pub(super) directory: PathBuf,
    layers: Vec<Layer>,
}

/// What one file says.
#[derive(Clone, Debug)]
struct Layer {
    spec: Mapping,
    variants: BTreeMap<String, Variant>,
}

/// What one file says about a variant.
#[derive(Clone, Debug)]
struct Variant {
    /// What it is built upon, if the file says so.
    extends: Option<Vec<(String, Span)>>,
    spec: Mapping,
}

/// Reads a spec and everything it includes.
///
/// Everything that is wrong with any of the files and with the way they fit together is returned at
/// once; what depends on arguments and platforms comes with [`Document::effective`].
pub fn load(path: &Path) -> Result<Document, Diagnostics> {
    load_with(path, &read)
}

/// Reads a spec as [`load`] does, from files that `read` returns.
pub fn load_with(path: &Path, read: Reader<'_>) -> Result<Document, Diagnostics> {
    let name = path.to_str().map_or_else(|| path.display().to_string(), str::to_owned);
    let directory = path.parent().unwrap_or(Path::new("")).to_owned();
    let file = path.file_name().map_or_else(PathBuf::new, PathBuf::from);
    Loading::new(directory, read).run(&name, &file, None)
}

/// Reads a spec from text, such as standard input, whose relative paths begin at `directory`.
pub fn parse(name: &str, text: &str, directory: &Path) -> Result<Document, Diagnostics> {
    Loading::new(directory.to_owned(), &read).run(name, Path::new(name), Some(text))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(yaml::MAX_SIZE as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Document {
    /// Returns the names of the variants, in order.
    pub fn variants(&self) -> Vec<String> {
        let names: BTreeSet<_> = self.layers.iter().flat_map(|layer| layer.variants.keys()).collect();
        names.into_iter().cloned().collect()
    }

    /// Returns the directory that relative paths of an effective spec begin at.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the files the spec was read from, the spec itself first.
    pub fn files(&self) -> Vec<String> {
        self.sources.iter().map(|source| source.name.to_string()).collect()
    }

    /// Puts the layers of the plain image, and then those of a variant, upon each other.
    pub(super) fn merged(&self, variant: Option<&str>, faults: &mut Vec<Fault>) -> Mapping {
        let mut merged = Mapping::default();
        let mut merging = Merging { sources: &self.sources, faults, lowest: true };
        for layer in &self.layers {
            merging.object(&mut merged, &layer.spec, shape::spec());
            merging.lowest = false;
        }
        for name in variant.map(|name| self.lineage(name)).unwrap_or_default() {
            for variant in self.layers.iter().filter_map(|layer| layer.variants.get(&name)) {
                merging.object(&mut merged, &variant.spec, shape::variant());
            }
        }
        merged
    }

    /// Returns what a variant is built upon, by the last file that says so.
    fn extends(&self, name: &str) -> &[(String, Span)] {
        let said =
            |layer: &'_ Layer| layer.variants.get(name).is_some_and(|variant| variant.extends.is_some());
        let layer = self.layers.iter().rfind(|layer| said(layer));
        layer.and_then(|layer| layer.variants[name].extends.as_deref()).unwrap_or_default()
    }

    /// Returns the variants a variant is built upon, each once and after its own, and itself last.
    fn lineage(&self, name: &str) -> Vec<String> {
        fn visit(document: &Document, name: &str, visited: &mut BTreeSet<String>, lineage: &mut Vec<String>) {
            if visited.insert(name.to_owned()) {
                for (below, _) in document.extends(name) {
                    visit(document, below, visited, lineage);
                }
                lineage.push(name.to_owned());
            }
        }
        let mut lineage = Vec::new();
        visit(self, name, &mut BTreeSet::new(), &mut lineage);
        lineage
    }

    /// Checks that everything a variant extends exists and that none extends itself.
    fn check_variants(&self, faults: &mut Vec<Fault>) {
        let names = self.variants();
        for name in &names {
            for (below, span) in self.extends(name) {
                if !names.contains(below) {
                    let fault = Fault::new(*span, format!("there is no variant `{below}`"));
                    let fault = fault.nearest(below, names.iter().map(String::as_str));
                    faults.push(fault.help(format!("the variants are {}", listed(&names, "and"))));
                } else if self.lineage(below).contains(name) {
                    faults.push(Fault::new(*span, format!("the variant `{name}` extends itself")));
                }
            }
        }
    }

    /// Merges the plain image and every variant, and looks for parameters that do not exist.
    fn check_merging(&self, faults: &mut Vec<Fault>) {
        let variants = self.variants();
        for variant in std::iter::once(None).chain(variants.iter().map(|name| Some(name.as_str()))) {
            let merged = self.merged(variant, faults);
            let args = merged.get("args").and_then(Node::mapping);
            let parameters = Parameters::new(&self.sources, None, args, &BTreeMap::new(), faults);
            for entry in merged.0.iter().filter(|entry| entry.key != "args") {
                parameters.node(&mut entry.value.clone(), faults);
            }
        }
    }

    /// Returns the fault of a variant that does not exist.
    pub(super) fn unknown_variant(&self, name: &str) -> Fault {
        let names = self.variants();
        let fault = Fault::without_place(format!("there is no variant `{name}`"));
        match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => fault.help(format!("did you mean `{near}`?")),
            None if names.is_empty() => fault.help("the spec has no variants"),
            None => fault.help(format!("the variants are {}", listed(&names, "and"))),
        }
    }
}

/// How a file is read.
pub type Reader<'a> = &'a dyn Fn(&Path) -> io::Result<Vec<u8>>;

/// A spec while its files are read.
struct Loading<'a> {
    read: Reader<'a>,
    directory: PathBuf,
    sources: Sources,
    layers: Vec<Layer>,
    faults: Vec<Fault>,
    /// Every file that was begun, by its normalised path.
    begun: BTreeSet<String>,
    /// The files between the spec and the one that is read.
    open: Vec<String>,
}

impl<'a> Loading<'a> {
    fn new(directory: PathBuf, read: Reader<'a>) -> Self {
        let (sources, layers, faults) = (Sources::default(), Vec::new(), Vec::new());
        Self { read, directory, sources, layers, faults, begun: BTreeSet::new(), open: Vec::new() }
    }

    /// Reads the spec `file`, or takes its text, and checks how everything fits together.
    fn run(mut self, name: &str, file: &Path, text: Option<&str>) -> Result<Document, Diagnostics> {
        let relative = file.to_string_lossy().into_owned();
        match text {
            Some(text) => self.file(name, &relative, text.as_bytes().to_vec()),
            None => match (self.read)(&self.directory.join(file)) {
                Ok(bytes) => self.file(name, &relative, bytes),
                Err(error) => {
                    self.faults.push(Fault::without_place(format!("cannot read `{name}`: {error}")))
                }
            },
        }
        let Self { sources, layers, mut faults, directory, .. } = self;
        let document = Document { sources, layers, directory };
        if faults.is_empty() {
            document.check_variants(&mut faults);
        }
        if faults.is_empty() {
            document.check_merging(&mut faults);
        }
        if faults.is_empty() { Ok(document) } else { Err(Diagnostics::new(faults, document.sources)) }
    }

    /// Reads one file: first what it includes, then itself, which comes to lie upon that.
    fn file(&mut self, name: &str, relative: &str, bytes: Vec<u8>) {
        if bytes.len() > yaml::MAX_SIZE {
            let title = format!("`{name}` is larger than {} bytes", yaml::MAX_SIZE);
            return self.faults.push(Fault::without_place(title));
        }
        let Ok(text) = String::from_utf8(bytes) else {
            return self.faults.push(Fault::without_place(format!("`{name}` is not UTF-8")));
        };
        let prefix = relative.rsplit_once('/').map_or("", |(directory, _)| directory).to_owned();
        let source = Source::new(name, prefix.clone(), text);
        let number = self.sources.add(source);
        let source = self.sources.file(number);
        let before = self.faults.len();
        let node = yaml::parse(number, &source.text, &mut self.faults);
        let Some(node) = node.filter(|node| !node.is_null()) else {
            if self.faults.len() == before {
                self.faults.push(
                    Fault::without_place(format!("`{name}` is empty"))
                        .help("`attar init` writes a spec to start from"),
                );
            }
            return;
        };
        let Value::Mapping(mut mapping) = node.value else {
            let title = format!("a spec is a map, found {}", node.kind());
            return self
                .faults
                .push(Fault::new(node.span, title).help("it begins with keys such as `contents:`"));
        };
        let key = normalised(relative);
        self.begun.insert(key.clone());
        self.open.push(key);
        self.check(node.span, &mapping);
        if let Some(include) = mapping.remove("include") {
            self.includes(&include.value, &prefix);
        }
        self.open.pop();
        let variants = mapping.remove("variants").map(|entry| entry.value);
        let variants = self.variants(variants);
        shape::canonical_keys(&mut mapping);
        self.layers.push(Layer { spec: mapping, variants });
    }

    /// Checks one file by itself.
    fn check(&mut self, span: Span, mapping: &Mapping) {
        let root = Node { value: Value::Mapping(mapping.clone()), span };
        let file = shape::Shape::Object(shape::file().clone());
        Validation::new(Stage::Layer, &self.sources, &mut self.faults).value("spec", &root, &file);
    }

    fn includes(&mut self, include: &Node, prefix: &str) {
        if include.is_null() {
            return self.faults.push(empty("include", include.span));
        }
        let one = std::slice::from_ref(include);
        for node in include.sequence().unwrap_or(one) {
            let Some(path) = node.text().filter(|path| format::check("include", path).is_ok()) else {
                continue;
            };
            let relative = joined(prefix, path);
            let key = normalised(&relative);
            if self.open.contains(&key) {
                let mut cycle = self.open.clone();
                cycle.push(key);
                let title = "a spec cannot include itself";
                self.faults.push(Fault::new(node.span, title).help(cycle.join(" -> ")));
                continue;
            }
            if self.begun.contains(&key) {
                continue;
            }
            if self.sources.len() >= MAX_FILES {
                return self
                    .faults
                    .push(Fault::new(node.span, format!("more than {MAX_FILES} files are included")));
            }
            match (self.read)(&self.directory.join(&relative)) {
                Ok(bytes) => {
                    let name = normalised(&self.directory.join(&relative).to_string_lossy());
                    self.file(&name, &relative, bytes);
                }
                Err(error) => {
                    let title = format!("cannot read the included `{path}`");
                    self.faults.push(Fault::new(node.span, title).label(error.to_string()));
                }
            }
        }
    }

    fn variants(&mut self, variants: Option<Node>) -> BTreeMap<String, Variant> {
        let Some(Node { value: Value::Mapping(mapping), .. }) = variants else { return BTreeMap::new() };
        let mut result = BTreeMap::new();
        for entry in mapping.0 {
            let Value::Mapping(mut spec) = entry.value.value else {
                let title = format!("the variant `{}` has no value", entry.key);
                self.faults
                    .push(Fault::new(entry.key_span, title).help("`{}` is a variant without a difference"));
                continue;
            };
            let extends = spec.remove("extends").map(|extends| {
                let names = extends.value.sequence().unwrap_or_default().iter();
                names.filter_map(|name| Some((name.text()?.to_owned(), name.span))).collect()
            });
            shape::canonical_keys(&mut spec);
            result.insert(entry.key, Variant { extends, spec });
        }
        result
    }
}
