//! The reference of the spec as Markdown, made from the same shape that validates it.

use std::fmt::Write as _;

use super::filter::sets;
use super::parameters;
use super::shape::{self, Merge, Object, Property, Shape};

const HEAD: &str = "\
# The spec

`attar.yaml` describes an image. This page is made from the types that read it; `attar schema` prints the
same as JSON Schema, and `attar show` what a spec amounts to, line by line with its origin.

Relative paths are relative to the file that says them. Text that YAML reads as a number or a boolean keeps
its source text where this page says *scalar*: `1.10` stays `1.10`.

";

const MERGING: &str = "
## Merging

What a file says lies upon what it includes, and what a variant says upon the plain image: maps merge, lists
merge as the tables say, all else replaces. A file that is included several times counts once.

- An empty value (`~`, `null`) takes a key out that the base has.
- `!NAME` takes a name out of a list of names or packages.
- `remove: true` beside its key takes an entry out of a list of entries.
- Taking out what is not there is an error, and so is the same entry twice in one file.
";

/// Renders the reference.
pub fn reference() -> String {
    let mut text = HEAD.to_owned();
    let mut waiting = Vec::new();
    section(&mut text, "Top level", "", shape::file(), &mut waiting);
    while !waiting.is_empty() {
        let (path, shape) = waiting.remove(0);
        let mut below = Vec::new();
        forms(&mut text, &path, &shape, &mut below);
        waiting.splice(0..0, below);
    }
    text.push_str(MERGING);
    parameters(&mut text);
    named_sets(&mut text);
    text
}

/// A key with what its value can be, which gets a section of its own.
type Waiting = Vec<(String, Shape)>;

/// Writes a section for each map that a key can hold.
fn forms(text: &mut String, path: &str, shape: &Shape, waiting: &mut Waiting) {
    let objects = objects(shape);
    for object in &objects {
        let title = match object.properties.first() {
            Some(first) if objects.len() > 1 => format!("`{path}`: `{}`", first.name),
            _ => format!("`{path}`"),
        };
        section(text, &title, path, object, waiting);
    }
}

fn section(text: &mut String, title: &str, path: &str, object: &Object, waiting: &mut Waiting) {
    let level = if path.is_empty() { "##" } else { "###" };
    let _ = writeln!(text, "{level} {title}\n");
    if !path.is_empty() && !object.description.is_empty() {
        let _ = writeln!(text, "{}\n", object.description);
    }
    text.push_str("| key | value | meaning |\n|---|---|---|\n");
    for property in &object.properties {
        let _ = writeln!(text, "| {} | {} | {} |", key(property), value(&property.shape), meaning(property));
        // What a variant can say has been said.
        if property.name != "variants" && !objects(&property.shape).is_empty() {
            let path =
                if path.is_empty() { property.name.clone() } else { format!("{path}.{}", property.name) };
            waiting.push((path, property.shape.clone()));
        }
    }
    text.push('\n');
}

fn key(property: &Property) -> String {
    let required = if property.required { " (required)" } else { "" };
    match &property.alias {
        Some(alias) => format!("`{}`, `{alias}`{required}", property.name),
        None => format!("`{}`{required}", property.name),
    }
}

fn meaning(property: &Property) -> String {
    let mut meaning = property.description.clone();
    for choice in choices(&property.shape).unwrap_or_default() {
        let _ = write!(meaning, "<br>`{}`: {}", choice.word, choice.description);
    }
    if let Shape::List { merge: Some(merge), .. } = &property.shape {
        let _ = write!(meaning, " {}", rule(*merge));
    }
    meaning.replace('|', "\\|")
}

fn choices(shape: &Shape) -> Option<&[shape::Choice]> {
    match shape {
        Shape::Choice(choices) => Some(choices),
        _ => None,
    }
}

/// Says how a list merges.
fn rule(merge: Merge) -> String {
    let by = match merge {
        Merge::Names | Merge::Patterns => return "*Appended.*".to_owned(),
        Merge::Keyed(keys) => keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" and "),
        Merge::Packages => "name".to_owned(),
        Merge::Files => "`to`, and by source as well where `to` ends in `/`".to_owned(),
        Merge::Repositories => "kind and value".to_owned(),
        Merge::Certificates => "file or name".to_owned(),
        Merge::Findings => "`id` and `paths`".to_owned(),
    };
    format!("*Merged by {by}.*")
}

/// Says what a value can be.
fn value(shape: &Shape) -> String {
    match shape {
        Shape::Text { scalar: true, .. } => "scalar".to_owned(),
        Shape::Text { .. } => "text".to_owned(),
        Shape::Choice(choices) => {
            choices.iter().map(|choice| format!("`{}`", choice.word)).collect::<Vec<_>>().join(", ")
        }
        Shape::Integer { .. } => "number".to_owned(),
        Shape::Boolean => "`true`, `false`".to_owned(),
        Shape::List { items, .. } => format!("list of {}", plural(&value(items))),
        Shape::Map { values, .. } => format!("map to {}", value(values)),
        Shape::Object(_) => "map".to_owned(),
        Shape::Any(forms) => {
            let mut words: Vec<String> = Vec::new();
            for word in forms.iter().map(value) {
                if !words.contains(&word) {
                    words.push(word);
                }
            }
            words.join(" or ")
        }
    }
}

fn plural(word: &str) -> String {
    match word {
        "text" => "texts".to_owned(),
        "scalar" | "map" => format!("{word}s"),
        "text or map" => "texts or maps".to_owned(),
        other => other.to_owned(),
    }
}

fn objects(shape: &Shape) -> Vec<Object> {
    match shape {
        Shape::Object(object) => vec![object.clone()],
        Shape::Any(forms) => forms.iter().flat_map(objects).collect(),
        Shape::List { items, .. } => objects(items),
        Shape::Map { values, .. } => objects(values),
        _ => Vec::new(),
    }
}

fn parameters(text: &mut String) {
    text.push_str(
        "
## Parameters

`${NAME}` stands for a value in every text, also where a number is due; `$$` is a dollar. `args` declares
parameters, `--arg NAME=VALUE` sets them. The platform gives:

| parameter | on `linux/amd64` | on `linux/arm/v7` |
|---|---|---|
",
    );
    for name in parameters::BUILT_IN {
        let on = |platform: &str| parameters::example(platform, name);
        let _ = writeln!(text, "| `${{{name}}}` | {} | {} |", on("linux/amd64"), on("linux/arm/v7"));
    }
}

fn named_sets(text: &mut String) {
    text.push_str(
        "
## Sets of paths

A glob starts with `/`; `*` stays within a directory, `**` does not; a path without wildcards, or one that
ends in `/`, stands for everything below it too. `!` before a pattern turns it round, and of all that match
a path the last one decides. Copyright files are never left out. A bare word is one of these sets:

| set | globs |
|---|---|
",
    );
    for set in sets() {
        let globs: Vec<_> = set.patterns.iter().map(|glob| format!("`{glob}`")).collect();
        let _ = writeln!(text, "| `{}` | {}<br>{} |", set.name, set.description, globs.join(" "));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::reference;

    #[test]
    fn the_reference_page_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/spec.md");
        if std::env::var_os("ATTAR_TESTS_WRITE").is_some() {
            std::fs::write(&path, reference()).expect("the page can be written");
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        let command = "ATTAR_TESTS_WRITE=1 cargo test -p attar-builder reference";
        assert!(kept == reference(), "run `{command}` and commit the page");
    }
}
