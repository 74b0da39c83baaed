//! Small universes written as stanzas, and what is chosen from them.

mod alone;
mod choice;
mod platforms;
mod proofs;
mod properties;

use std::collections::BTreeMap;
use std::sync::Arc;

use attar_packages::debian::index::Index;
use attar_packages::debian::relation::Relation;

use super::*;

/// Makes an index from short stanzas, parted by empty lines: `name version`, then fields.
///
/// The architecture is `all`, unless the stanza says otherwise.
pub(super) fn index(stanzas: &str) -> Arc<Index> {
    let mut text = String::new();
    for stanza in stanzas.split("\n\n").map(str::trim).filter(|it| !it.is_empty()) {
        let mut lines = stanza.lines();
        let head = lines.next().expect("a stanza has a first line");
        let (name, version) = head.split_once(' ').expect("the first line is `name version`");
        let fields: Vec<&str> = lines.collect();
        text.push_str(&format!("Package: {name}\nVersion: {version}\n"));
        if !fields.iter().any(|field| field.starts_with("Architecture:")) {
            text.push_str("Architecture: all\n");
        }
        text.push_str(&format!("Filename: pool/{name}_{version}.deb\nSize: 1\nSHA256: {name}{version}\n"));
        for field in fields {
            text.push_str(field);
            text.push('\n');
        }
        text.push('\n');
    }
    Arc::new(Index::parse(text.into_bytes()).expect("the stanzas are an index"))
}

/// Makes a source of ordinary priority.
pub(super) fn source(name: &str, stanzas: &str) -> Source {
    Source {
        name: name.to_owned(),
        repository: name.to_owned(),
        priority: 500,
        allowed: None,
        security: name.ends_with("-security"),
        index: index(stanzas),
    }
}

/// Makes a universe of one platform.
pub(super) fn amd64(sources: Vec<Source>) -> Universe {
    Universe { platforms: vec![platform("amd64", sources)] }
}

/// Makes what one platform has.
pub(super) fn platform(architecture: &str, sources: Vec<Source>) -> PlatformUniverse {
    PlatformUniverse {
        platform: format!("linux/{architecture}"),
        architecture: architecture.to_owned(),
        sources,
    }
}

/// Asks for packages, each as a relation, with `@source` after it to say where from; the labels are `spec:1` and so on.
pub(super) fn ask(relations: &[&str]) -> Request {
    let packages = relations.iter().enumerate().map(|(number, text)| {
        let (text, from) = text.split_once('@').map_or((*text, None), |(text, from)| (text, Some(from)));
        let relation: Relation = text.parse().expect("a request is a relation");
        Wanted {
            name: relation.name.into(),
            constraint: relation.constraint,
            from: from.map(str::to_owned),
            label: format!("spec:{}", number + 1),
        }
    });
    Request { packages: packages.collect(), ..Request::default() }
}

/// Solves, and writes the packages of each platform as `name=version`.
pub(super) fn chosen(universe: &Universe, request: &Request) -> Vec<String> {
    let selection = resolve(universe, request).expect("the request has an answer");
    let each = |platform: &PlatformSelection| {
        let packages: Vec<String> =
            platform.packages.iter().map(|it| format!("{}={}", it.name, it.version)).collect();
        packages.join(" ")
    };
    selection.platforms.iter().map(each).collect()
}

/// Solves in vain, and returns the message.
pub(super) fn refused(universe: &Universe, request: &Request) -> String {
    resolve(universe, request).expect_err("the request has no answer").to_string()
}

/// Runs a table of cases: name, stanzas of `trixie`, requests, packages chosen.
pub(super) fn table(cases: &[(&str, &str, &[&str], &str)]) {
    for (name, stanzas, requests, expected) in cases {
        let found = chosen(&amd64(vec![source("trixie", stanzas)]), &ask(requests));
        assert_eq!(found, [*expected], "{name}");
    }
}
