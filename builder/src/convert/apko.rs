//! apko's configuration: its keys keep their meaning, its package names become Debian's.

use std::path::Path;

use super::draft::{Draft, Key};
use super::text::{Text, scalar};
use super::{Conversion, ConvertError, apk};
use crate::spec::foreign::{Mapping, Node, Sources, Style, Value, read, refusal};

/// How an included file is read.
pub type Reader<'a> = &'a dyn Fn(&Path) -> std::io::Result<String>;

/// The most files that include each other.
const MAX_FILES: usize = 16;

/// Says whether a text is such a configuration: a map with apko's keys, and none of a spec's alone.
pub fn looks_like_apko(text: &str) -> bool {
    let mut sources = Sources::default();
    let Ok(root) = read("", text, &mut sources) else { return false };
    let Some(root) = root.mapping() else { return false };
    let contents = root.get("contents").and_then(Node::mapping);
    let own = |contents: &Mapping| {
        let lists = ["repositories", "packages"].into_iter().filter_map(|key| contents.get(key)?.sequence());
        lists.flatten().any(|item| item.mapping().is_some())
            || ["files", "without", "foundation"].iter().any(|key| contents.get(key).is_some())
    };
    let keys = ["archs", "contents", "entrypoint", "include"];
    keys.iter().any(|key| root.get(key).is_some())
        && !contents.is_some_and(own)
        && root.get("platforms").is_none()
}

/// Converts a configuration; `read` gives the file that another includes.
pub fn convert(name: &str, text: &str, read_file: Reader<'_>) -> Result<Conversion, ConvertError> {
    let mut sources = Sources::default();
    let mut trees = Vec::new();
    let mut current = (name.to_owned(), text.to_owned());
    let mut missing = None;
    loop {
        let (file, text) = &current;
        if text.len() > super::MAX_SIZE {
            return Err(ConvertError::TooLarge);
        }
        let tree = read(file, text, &mut sources).map_err(|(line, problem)| match trees.is_empty() {
            true => ConvertError::at(line, problem),
            false => ConvertError::at(line, format!("in `{file}`: {problem}")),
        })?;
        let include = tree.mapping().and_then(|root| root.get("include")).cloned();
        trees.push(tree);
        let Some((include, path)) = include.as_ref().and_then(|node| Some((node, node.text()?))) else {
            break;
        };
        if path.is_empty() {
            break;
        }
        match read_file(Path::new(path)) {
            Ok(text) if trees.len() < MAX_FILES => current = (path.to_owned(), text),
            Ok(_) => return Err(ConvertError::at(1, "too many files include each other")),
            Err(error) => {
                missing =
                    Some((sources.locate(include.span).line as usize, format!("include: `{path}`: {error}")));
                break;
            }
        }
    }
    let mut apko = Apko { sources: &sources, draft: Draft::default(), main: true };
    apko.draft.head = super::text::comment(&format!(
        "Made from {name}. apk packages stand under their names in Debian, without their versions."
    ));
    if let Some((line, what)) = missing {
        apko.draft.unmapped(line, what);
    }
    apko.draft.add(Key::Repositories, 0, "debian: trixie", "");
    let tree = trees.into_iter().rev().reduce(merged).expect("there is one file at least");
    match tree.mapping() {
        Some(root) => apko.root(root),
        None => return Err(ConvertError::at(1, "expected a map")),
    }
    Ok(apko.draft.finish())
}

/// Lays a file upon the one it includes, as apko does: lists are joined, maps merge, all else replaces.
fn merged(base: Node, upper: Node) -> Node {
    let span = upper.span;
    match (base.value, upper.value) {
        (Value::Mapping(mut base), Value::Mapping(upper)) => {
            for entry in upper.0 {
                match base.entry_mut(&entry.key) {
                    Some(known) => known.value = merged(known.value.clone(), entry.value),
                    None => base.0.push(entry),
                }
            }
            Node { value: Value::Mapping(base), span }
        }
        (Value::Sequence(mut base), Value::Sequence(upper)) => {
            base.extend(upper);
            Node { value: Value::Sequence(base), span }
        }
        (_, value) => Node { value, span },
    }
}

struct Apko<'a> {
    sources: &'a Sources,
    draft: Draft,
    main: bool,
}

impl Apko<'_> {
    fn line(&self, node: &Node) -> usize {
        if self.main { self.sources.locate(node.span).line as usize } else { 0 }
    }

    fn root(&mut self, root: &Mapping) {
        for entry in &root.0 {
            let (value, line) = (&entry.value, self.line(&entry.value));
            match entry.key.as_str() {
                "contents" => self.contents(value),
                "entrypoint" => self.entrypoint(value),
                "accounts" => self.accounts(value),
                "certificates" => self.certificates(value),
                "cmd" => self.draft.add(Key::Cmd, line, flow(value), ""),
                "work-dir" => self.draft.add(Key::WorkDir, line, flow(value), ""),
                "stop-signal" => self.draft.add(Key::StopSignal, line, flow(value), ""),
                "layering" => self.draft.add(Key::Layering, line, flow(value), ""),
                "volumes" => self.items(Key::Volumes, value),
                "paths" => self.items(Key::Paths, value),
                "archs" => self.items(Key::Platforms, value),
                "environment" => self.entries(Key::Environment, value),
                "annotations" => self.entries(Key::Annotations, value),
                "vcs-url" => self.source(value),
                "include" => {}
                key => self.refused("Spec", key, "", line),
            }
        }
    }

    fn refused(&mut self, object: &str, key: &str, prefix: &str, line: usize) {
        let why = refusal(object, key).unwrap_or("a spec has no such key");
        self.draft.unmapped(line, format!("{prefix}{key}: {why}"));
    }

    fn items(&mut self, key: Key, node: &Node) {
        for item in node.sequence().unwrap_or_default() {
            self.draft.add(key, self.line(item), flow(item), "");
        }
    }

    fn entries(&mut self, key: Key, node: &Node) {
        for entry in node.mapping().map_or(&[][..], |mapping| &mapping.0) {
            let name = scalar(&Text::literal(&entry.key));
            self.draft.add(key, self.line(&entry.value), format!("{name}: {}", flow(&entry.value)), "");
        }
    }

    fn contents(&mut self, node: &Node) {
        for entry in node.mapping().map_or(&[][..], |mapping| &mapping.0) {
            let line = self.line(&entry.value);
            match entry.key.as_str() {
                "packages" => {
                    for item in entry.value.sequence().unwrap_or_default() {
                        self.package(item);
                    }
                }
                "repositories" => {
                    let why = "apk repositories are not read: packages come from Debian";
                    self.draft.unmapped(line, format!("contents.repositories: {why}"));
                }
                key => self.refused("Contents", key, "contents.", line),
            }
        }
    }

    fn package(&mut self, node: &Node) {
        let line = self.line(node);
        let Some(text) = node.text() else { return };
        let (text, excluded) = text.strip_prefix('!').map_or((text, false), |rest| (rest, true));
        let end = text.find(['=', '~', '<', '>', '@']).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let Some(debian) = apk::packages(name) else {
            let what = format!("contents.packages: `{name}`: its name in Debian is not known here");
            self.draft.unmapped(line, what);
            self.draft.remark(Key::Packages, &format!("- {name}   # an apk package; `attar search {name}`"));
            return;
        };
        if debian.is_empty() && !excluded {
            self.draft.remark(Key::Packages, &format!("{name}: the foundation has it."));
        }
        for package in debian {
            let key = if excluded { Key::WithoutPackages } else { Key::Packages };
            let body = scalar(&Text::literal(package));
            if !self.draft.says(key, &body) {
                let why = if *package == name { String::new() } else { format!("{name}:") };
                self.draft.add(key, line, body, &why);
            }
        }
        if !rest.is_empty() {
            let what =
                format!("contents.packages: `{text}`: versions and pins of apk mean nothing in Debian");
            self.draft.unmapped(line, what);
        }
    }

    fn entrypoint(&mut self, node: &Node) {
        let Some(mapping) = node.mapping() else {
            return self.draft.add(Key::Entrypoint, self.line(node), flow(node), "");
        };
        for entry in &mapping.0 {
            let line = self.line(&entry.value);
            match entry.key.as_str() {
                "command" => {
                    let body = format!("{{command: {}}}", flow(&entry.value));
                    self.draft.add(Key::Entrypoint, line, body, "");
                }
                key => self.refused("EntrypointCommand", key, "entrypoint.", line),
            }
        }
    }

    fn accounts(&mut self, node: &Node) {
        for entry in node.mapping().map_or(&[][..], |mapping| &mapping.0) {
            let line = self.line(&entry.value);
            match entry.key.as_str() {
                "run-as" => self.draft.add(Key::RunAs, line, flow(&entry.value), ""),
                "users" => self.items(Key::Users, &entry.value),
                "groups" => self.items(Key::Groups, &entry.value),
                key => self.refused("Accounts", key, "accounts.", line),
            }
        }
    }

    fn certificates(&mut self, node: &Node) {
        for entry in node.mapping().map_or(&[][..], |mapping| &mapping.0) {
            match entry.key.as_str() {
                "additional" => self.items(Key::AdditionalCertificates, &entry.value),
                "providers" => self.items(Key::CertificateProviders, &entry.value),
                key => self.refused("Certificates", key, "certificates.", self.line(&entry.value)),
            }
        }
    }

    /// Says where the source is, as apko does: `URL@REVISION`.
    fn source(&mut self, node: &Node) {
        let Some(text) = node.text() else { return };
        let (url, revision) = text.rsplit_once('@').map_or((text, None), |(url, at)| (url, Some(at)));
        let mut add = |name: &str, value: &str| {
            let body = format!("org.opencontainers.image.{name}: {}", scalar(&Text::literal(value)));
            self.draft.add(Key::Annotations, self.sources.locate(node.span).line as usize, body, "");
        };
        add("source", url);
        if let Some(revision) = revision {
            add("revision", revision);
        }
    }
}

/// Writes a value on one line, scalars as they were written where that can be.
fn flow(node: &Node) -> String {
    match &node.value {
        Value::Scalar(value) if value.style == Style::Plain => {
            let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+');
            let is_safe = value.text.chars().all(safe) && !value.text.starts_with(['-', '.']);
            if is_safe { value.text.clone() } else { scalar(&Text::literal(&value.text)) }
        }
        Value::Scalar(value) => quoted(&value.text),
        Value::Sequence(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Mapping(mapping) => {
            let entry = |entry: &crate::spec::foreign::Entry| {
                format!("{}: {}", scalar(&Text::literal(&entry.key)), flow(&entry.value))
            };
            format!("{{{}}}", mapping.0.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Returns text that was in quotes, and needs them still where it would be a number without.
fn quoted(text: &str) -> String {
    scalar(&Text::literal(text))
}
