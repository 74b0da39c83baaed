//! What a schema cannot say: keys that exclude or need each other, and entries that contradict.

use std::collections::BTreeMap;

use crate::spec::diagnostic::Fault;
use crate::spec::effective::{DEFAULT_PLATFORMS, DEFAULT_SUITE};
use crate::spec::merge;
use crate::spec::node::{Mapping, Node, Value};
use crate::spec::shape::{self, Merge, Shape};
use crate::spec::source::{Sources, Span};

/// Checks one map by itself.
pub(super) fn object(name: &str, node: &Node, mapping: &Mapping) -> Vec<Fault> {
    let mut faults = Vec::new();
    match name {
        "FileEntry" => file(node, mapping, &mut faults),
        "PathEntry" => path(node, mapping, &mut faults),
        "PackageOptions" => package(mapping, &mut faults),
        "DebRepository" => archive(mapping, &mut faults),
        "User" => user(mapping, &mut faults),
        "EntrypointCommand" | "Healthcheck" => command(mapping, &mut faults),
        _ => {}
    }
    faults
}

/// Reports every pair of keys that exclude each other.
fn exclusive(mapping: &Mapping, keys: &[&str], help: &str, faults: &mut Vec<Fault>) {
    let mut present = keys.iter().filter_map(|key| mapping.entry(key));
    let Some(first) = present.next() else { return };
    for other in present {
        let title = format!("`{}` and `{}` exclude each other", first.key, other.key);
        let fault = Fault::new(other.key_span, title).related(first.key_span, "");
        faults.push(if help.is_empty() { fault } else { fault.help(help) });
    }
}

fn file(node: &Node, mapping: &Mapping, faults: &mut Vec<Fault>) {
    let contents = ["from", "text", "archive"];
    exclusive(
        mapping,
        &contents,
        "exactly one of `from`, `text`, `archive` says what the file holds",
        faults,
    );
    if contents.iter().all(|key| mapping.get(key).is_none()) {
        let title = "`files`: one of `from`, `text`, `archive` is missing";
        faults.push(Fault::new(node.span, title).help("it says what the file holds"));
    }
    let to = mapping.get("to").and_then(Node::text).unwrap_or_default();
    if let Some(text) = mapping.entry("text") {
        if to.ends_with('/') {
            let title = "`to`: expected the path of a file, found a directory";
            let span = mapping.get("to").map_or(node.span, |to| to.span);
            faults.push(Fault::new(span, title).related(text.key_span, "`text` makes one file"));
        }
        for key in ["exclude", "sha256", "directory-permissions"] {
            if let Some(entry) = mapping.entry(key) {
                let title = format!("`{key}` has no meaning beside `text`");
                faults.push(Fault::new(entry.key_span, title));
            }
        }
    }
    let several = contents.iter().filter_map(|key| mapping.get(key)?.mapping()).any(|map| map.0.len() > 1);
    if let Some(sha256) = mapping.entry("sha256").filter(|_| several) {
        let title = "`sha256` is one checksum, but there is a source for each platform";
        faults.push(Fault::new(sha256.key_span, title));
    }
    attributes(mapping, faults);
}

/// Checks what files and paths share.
fn attributes(mapping: &Mapping, faults: &mut Vec<Fault>) {
    let Some(xattrs) = mapping.get("xattrs").and_then(Node::mapping) else { return };
    if let Some((entry, capabilities)) =
        xattrs.entry("security.capability").zip(mapping.entry("capabilities"))
    {
        let title = "`capabilities` and the attribute `security.capability` are the same";
        faults.push(Fault::new(entry.key_span, title).related(capabilities.key_span, "also here"));
    }
    for entry in &xattrs.0 {
        let spaces = ["user.", "security.", "trusted.", "system."];
        if !spaces.iter().any(|space| entry.key.len() > space.len() && entry.key.starts_with(space)) {
            let title =
                format!("`xattrs`: expected a full name such as `user.comment`, found `{}`", entry.key);
            faults.push(Fault::new(entry.key_span, title));
        }
    }
}

fn path(node: &Node, mapping: &Mapping, faults: &mut Vec<Fault>) {
    let kind = mapping.get("type").and_then(Node::text).unwrap_or_default();
    let link = matches!(kind, "symlink" | "hardlink");
    match mapping.entry("source") {
        None if link => {
            let title = format!("`paths`: `source` is missing: a {kind} points somewhere");
            faults.push(Fault::new(node.span, title));
        }
        Some(source) if !link && !kind.is_empty() && !kind.contains("${") => {
            let title = format!("`source` has no meaning for the type `{kind}`");
            faults.push(Fault::new(source.key_span, title).help("`files` copies files of your own"));
        }
        _ => {}
    }
    if let Some(recursive) = mapping.entry("recursive").filter(|_| link || kind == "empty-file") {
        faults.push(Fault::new(
            recursive.key_span,
            format!("`recursive` has no meaning for the type `{kind}`"),
        ));
    }
    if kind == "permissions" {
        let changes = ["owner", "group", "uid", "gid", "permissions", "xattrs", "capabilities", "modified"];
        if changes.iter().all(|key| mapping.get(key).is_none()) {
            let title = "`paths`: nothing is changed: one of `permissions`, `owner`, `group` is missing";
            faults.push(Fault::new(node.span, title));
        }
    }
    exclusive(mapping, &["owner", "uid"], "", faults);
    exclusive(mapping, &["group", "gid"], "", faults);
    attributes(mapping, faults);
}

fn package(mapping: &Mapping, faults: &mut Vec<Fault>) {
    let name = mapping.get("name").filter(|name| name.text().is_some_and(|text| text.contains('(')));
    if let Some((version, name)) = mapping.entry("version").zip(name) {
        let title = "`version` and a version in `name` exclude each other";
        faults.push(Fault::new(version.key_span, title).related(name.span, ""));
    }
}

fn archive(mapping: &Mapping, faults: &mut Vec<Fault>) {
    let Some(suites) = mapping.entry("suites") else { return };
    let items = suites.value.sequence().unwrap_or_default();
    let flat = items.iter().find(|suite| suite.text().is_some_and(|text| text.ends_with('/')));
    let components = mapping.entry("components");
    match (flat, components) {
        (Some(flat), Some(components)) => {
            let title = "a flat archive has no components";
            faults.push(Fault::new(components.key_span, title).related(flat.span, "flat, as it ends in `/`"));
        }
        (Some(flat), None) if items.len() > 1 => {
            faults.push(Fault::new(flat.span, "a flat archive is one path, without other suites"));
        }
        (None, None)
            if !items.is_empty()
                && !items.iter().any(|item| item.text().is_some_and(|t| t.contains("${"))) =>
        {
            let help = "`components: [main]`; only a flat archive, whose one suite ends in `/`, has none";
            faults.push(Fault::new(suites.key_span, "`components` is missing").help(help));
        }
        _ if items.is_empty() => {
            faults.push(Fault::new(suites.value.span, "`suites`: expected at least one suite"));
        }
        _ => {}
    }
}

fn user(mapping: &Mapping, faults: &mut Vec<Fault>) {
    let uid = mapping.get("uid").filter(|uid| uid.text() == Some("0"));
    if let Some(uid) = uid {
        let help = "`run-as: root` makes the program run as root";
        faults.push(Fault::new(uid.span, "`uid`: 0 is root, who is in every image").help(help));
    }
    let root = mapping.get("username").filter(|name| name.text() == Some("root"));
    if let Some(name) = root.filter(|_| uid.is_none()) {
        faults.push(Fault::new(name.span, "`username`: root is in every image, with the number 0"));
    }
}

fn command(mapping: &Mapping, faults: &mut Vec<Fault>) {
    let Some(command) = mapping.get("command") else { return };
    let none = command.sequence().is_some_and(<[Node]>::is_empty);
    if none || command.text().is_some_and(|line| line.trim().is_empty()) {
        faults.push(Fault::new(command.span, "`command`: expected a program, found nothing"));
    }
}

/// Checks a merged spec as a whole.
pub(crate) fn effective(root: &Mapping, sources: &Sources) -> Vec<Fault> {
    let mut faults = Vec::new();
    repeated(root, shape::spec(), sources, &mut faults);
    let at = |path: &[&str]| {
        let (last, inner) = path.split_last()?;
        inner.iter().try_fold(root, |map, key| map.get(key)?.mapping())?.get(last)
    };
    let list = |path: &[&str]| at(path).and_then(Node::sequence).unwrap_or_default();
    numbers(list(&["accounts", "users"]), "uid", &mut faults);
    numbers(list(&["accounts", "groups"]), "gid", &mut faults);
    sources_for_platforms(list(&["platforms"]), list(&["contents", "files"]), &mut faults);
    let (repositories, packages) = (list(&["contents", "repositories"]), list(&["contents", "packages"]));
    package_repositories(repositories, packages, sources, &mut faults);
    faults
}

/// Reports entries that became the same when their parameters were expanded.
fn repeated(mapping: &Mapping, object: &shape::Object, sources: &Sources, faults: &mut Vec<Fault>) {
    for entry in &mapping.0 {
        let Some(property) = object.property(&entry.key) else { continue };
        match (&property.shape, &entry.value) {
            (Shape::Object(inner), node) => {
                if let Some(mapping) = node.mapping() {
                    repeated(mapping, inner, sources, faults);
                }
            }
            (Shape::List { merge: Some(Merge::Patterns), .. }, _) => {}
            (Shape::List { merge, .. }, node) => {
                let merge = merge.unwrap_or(Merge::Names);
                let mut seen: BTreeMap<_, Span> = BTreeMap::new();
                for item in node.sequence().unwrap_or_default() {
                    let key = merge::key(merge, item, sources);
                    if let Some(first) = key.and_then(|key| seen.insert(key, item.span)) {
                        let title = format!("`{}` has this entry twice", entry.key);
                        faults.push(Fault::new(item.span, title).related(first, "first here"));
                    }
                }
            }
            _ => {}
        }
    }
}

/// Reports a number that two accounts have.
fn numbers(entries: &[Node], key: &str, faults: &mut Vec<Fault>) {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for number in entries.iter().filter_map(|entry| entry.mapping()?.get(key)) {
        let Some(text) = number.text() else { continue };
        if let Some(first) = seen.insert(text, number.span) {
            let title = format!("`{key}`: {text} belongs to two accounts");
            faults.push(Fault::new(number.span, title).related(first, "first here"));
        }
    }
}

/// Reports files that lack a source for a platform of the image.
fn sources_for_platforms(platforms: &[Node], files: &[Node], faults: &mut Vec<Fault>) {
    let canonical =
        |text: &str| crate::spec::format::platform(text).ok().map(|platform| platform.to_string());
    let mut platforms: Vec<_> = platforms.iter().filter_map(|node| canonical(node.text()?)).collect();
    if platforms.is_empty() {
        platforms = DEFAULT_PLATFORMS.map(str::to_owned).to_vec();
    }
    for file in files.iter().filter_map(Node::mapping) {
        for entry in ["from", "archive"].iter().filter_map(|key| file.entry(key)) {
            let Some(mapping) = entry.value.mapping() else { continue };
            let given: Vec<_> = mapping.0.iter().filter_map(|entry| canonical(&entry.key)).collect();
            for platform in platforms.iter().filter(|platform| !given.contains(platform)) {
                let title = format!("`{}` has no path for {platform}", entry.key);
                let help = format!("the image is built for {}", platforms.join(", "));
                faults.push(Fault::new(entry.key_span, title).help(help));
            }
        }
    }
}

/// Reports packages that are to come from a repository that is not listed.
fn package_repositories(
    repositories: &[Node],
    packages: &[Node],
    sources: &Sources,
    faults: &mut Vec<Fault>,
) {
    let mut known: Vec<_> = repositories.iter().filter_map(|node| repository(node, sources)).collect();
    if known.is_empty() {
        known.push(DEFAULT_SUITE.to_owned());
    }
    for from in packages.iter().filter_map(|package| package.mapping()?.get("from")) {
        let Some(text) = from.text().filter(|text| !text.contains("${")) else { continue };
        if !known.iter().any(|known| known == text) {
            let title = format!("`from`: no repository is called `{text}`");
            let fault = Fault::new(from.span, title).nearest(text, known.iter().map(String::as_str));
            faults.push(fault.help("it is the suite, URL or directory of an entry of `repositories`"));
        }
    }
}

/// Returns what names a repository: its suite, its URL, or its directory as seen from the spec.
fn repository(node: &Node, sources: &Sources) -> Option<String> {
    let mapping = node.mapping()?;
    let named = ["debian", "deb"].iter().find_map(|kind| mapping.get(kind)?.text().map(str::to_owned));
    named.or_else(|| mapping.get("debs").and_then(|debs| Some(merge::resolved(debs, debs.text()?, sources))))
}

/// Gives packages that come from a directory the name under which the spec knows that directory,
/// whichever file they stand in.
pub(crate) fn name_directories(root: &mut Mapping, sources: &Sources) {
    let Some(contents) = root.entry_mut("contents") else { return };
    let Value::Mapping(contents) = &mut contents.value.value else { return };
    let repositories = contents.get("repositories").and_then(Node::sequence).unwrap_or_default();
    let known: Vec<_> = repositories.iter().filter_map(|node| repository(node, sources)).collect();
    let Some(packages) = contents.entry_mut("packages") else { return };
    let Value::Sequence(packages) = &mut packages.value.value else { return };
    for package in packages {
        let Value::Mapping(package) = &mut package.value else { continue };
        let Some(from) = package.entry_mut("from").map(|entry| &mut entry.value) else { continue };
        let resolved = from.text().map(|text| merge::resolved(from, text, sources)).unwrap_or_default();
        if let Value::Scalar(scalar) = &mut from.value
            && !known.contains(&scalar.text)
            && known.contains(&resolved)
        {
            scalar.text = resolved;
        }
    }
}
