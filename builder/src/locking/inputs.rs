//! What of a spec the solver, effects and the planner read: a lock holds as long as it is the same.
//!
//! Comments, files, environment, entrypoint and the like never count.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::repository::Archive;
use crate::spec::Effective;
use crate::spec::schema::{PackageEntry, Repository};

/// Returns the inputs of one variant: the same for all platforms, or one value for each.
pub(crate) fn of_variant(effective: &BTreeMap<String, Effective>, directories: &[Archive]) -> Value {
    let by_platform: BTreeMap<&str, Value> = effective
        .iter()
        .map(|(platform, effective)| (&platform[..], of_image(effective, directories)))
        .collect();
    let mut values = by_platform.values();
    let first = values.next().cloned().unwrap_or_default();
    if values.all(|value| *value == first) { first } else { json!({"platforms-differ": by_platform}) }
}

fn of_image(effective: &Effective, directories: &[Archive]) -> Value {
    let spec = &effective.spec;
    let contents = &spec.contents;
    let repositories: Vec<Value> = contents
        .repositories
        .iter()
        .enumerate()
        .map(|(number, repository)| match repository {
            // Which mirror gives the bytes never matters.
            Repository::Debian(repository) => {
                let mut repository = repository.clone();
                repository.mirrors.clear();
                json!(repository)
            }
            Repository::Deb(repository) => json!(repository),
            Repository::Debs(repository) => json!({"debs": repository, "files": files(directories, number)}),
        })
        .collect();
    let packages: Vec<Value> = contents.packages.iter().map(package).collect();
    json!({
        "accounts": {
            "groups": spec.accounts.groups,
            "users": spec.accounts.users.iter().map(|user| json!([user.username, user.uid, user.gid])).collect::<Vec<_>>(),
        },
        "allow-skew": contents.allow_skew,
        "foundation": contents.foundation,
        "full-relations": contents.full_relations,
        "layering": spec.layering,
        "packages": packages,
        "platforms": spec.platforms,
        "providers": spec.certificates.providers,
        "repositories": repositories,
        "without": contents.without.packages,
    })
}

/// Which of a package's files are kept is no matter for the solver.
fn package(entry: &PackageEntry) -> Value {
    let bare = PackageEntry { only: Vec::new(), without: Vec::new(), applets: None, ..entry.clone() };
    json!(bare)
}

fn files(directories: &[Archive], repository: usize) -> BTreeMap<String, String> {
    directories
        .iter()
        .filter(|archive| archive.repository == repository)
        .flat_map(|archive| &archive.indexes)
        .flat_map(|index| {
            index
                .index
                .packages()
                .map(|package| (package.filename().to_owned(), package.sha256().to_owned()))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Says in words what differs between two sets of inputs, most telling first.
pub(crate) fn difference(old: &BTreeMap<String, Value>, new: &BTreeMap<String, Value>) -> Vec<String> {
    let mut lines = Vec::new();
    for (variant, value) in new {
        let image = if variant.is_empty() { String::new() } else { format!("variant `{variant}`: ") };
        match old.get(variant) {
            None => lines.push(format!("{image}not in the lock")),
            Some(before) => compare(&image, before, value, &mut lines),
        }
    }
    for variant in old.keys().filter(|variant| !new.contains_key(*variant)) {
        lines.push(format!("variant `{variant}` is gone from the spec"));
    }
    lines
}

fn compare(image: &str, old: &Value, new: &Value, lines: &mut Vec<String>) {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else {
        lines.push(format!("{image}the spec differs"));
        return;
    };
    for (key, value) in new {
        let before = old.get(key).unwrap_or(&Value::Null);
        if before == value {
            continue;
        }
        match (before.as_array(), value.as_array()) {
            (Some(before), Some(after)) => {
                let added = after
                    .iter()
                    .filter(|item| !before.contains(item))
                    .map(|item| format!("+{}", plain(item)));
                let gone = before
                    .iter()
                    .filter(|item| !after.contains(item))
                    .map(|item| format!("-{}", plain(item)));
                let all: Vec<String> = added.chain(gone).collect();
                lines.push(format!("{image}`{key}`: {}", all.join(" ")));
            }
            _ => lines.push(format!("{image}`{key}`: {} -> {}", plain(before), plain(value))),
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(map) => match map.get("name") {
            Some(Value::String(name)) => name.clone(),
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}
