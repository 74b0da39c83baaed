//! What is known when a script starts.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use attar_image::{FileTree, TreePath};

use super::evaluate::{Flow, Run};
use super::parse;
use super::state::{Made, State};
use super::{PackageScripts, Script, Surroundings, Unknown};

pub(super) fn follow(
    package: &PackageScripts,
    name: &str,
    text: &[u8],
    surroundings: &Surroundings<'_>,
) -> Script {
    let program = match parse::parse(text) {
        Ok(program) => program,
        Err(error) => {
            let text = "the whole script".to_owned();
            let unknown = vec![Unknown { line: error.line, text, why: error.why }];
            return Script { commands: Vec::new(), unknown };
        }
    };
    let arguments: &[&str] = if name == "postinst" { &["configure", ""] } else { &["install"] };
    let variables = [
        ("DPKG_ROOT", ""),
        ("DPKG_MAINTSCRIPT_PACKAGE", &package.package),
        ("DPKG_MAINTSCRIPT_NAME", name),
        ("DPKG_MAINTSCRIPT_ARCH", surroundings.architecture),
        ("DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT", "1"),
        ("DPKG_ADMINDIR", "/var/lib/dpkg"),
        ("DEBIAN_FRONTEND", "noninteractive"),
        ("HOME", "/root"),
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ];
    let state = State {
        variables: variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Some(value.to_owned())))
            .collect(),
        arguments: arguments.iter().map(|argument| Some((*argument).to_owned())).collect(),
        functions: BTreeMap::new(),
        directory: Some(String::new()),
        certain: true,
        maybe_over: false,
        any_variable: false,
        // Before a package is unpacked, its own files are not there.
        made: match name {
            "preinst" => hidden(package, surroundings.tree),
            _ => BTreeMap::new(),
        },
    };
    let mut run = Run {
        temporary: BTreeMap::new(),
        surroundings,
        package,
        state,
        status: Some(true),
        stdin: None,
        found: None,
        names: BTreeSet::new(),
        answers: answers(package.templates.as_deref().unwrap_or_default()),
        line: 1,
        hidden: Vec::new(),
        here: Rc::new(program.here),
        printed: Vec::new(),
        result: Script::default(),
        steps: 0,
        depth: 0,
    };
    let flow = run.evaluate(&program.body);
    if flow == (Flow::Exit { well: false }) {
        // The package can be installed, so something was taken for what it is not.
        run.unknown("the rest of the script", "it would end with an error here");
    }
    let mut seen = BTreeSet::new();
    run.result.unknown.retain(|unknown| seen.insert(unknown.clone()));
    run.result
}

/// Returns the files and links of a package as what is not there.
fn hidden(package: &PackageScripts, tree: &FileTree) -> BTreeMap<TreePath, Made> {
    let is_file = |path: &&TreePath| tree.get(path).is_some_and(|entry| !entry.is_directory());
    package.paths.iter().filter(is_file).map(|path| (path.clone(), Made::Nothing)).collect()
}

/// Reads the default answers of debconf questions.
fn answers(templates: &str) -> BTreeMap<String, String> {
    let mut answers = BTreeMap::new();
    for stanza in templates.split("\n\n") {
        let field = |name: &str| {
            let line = stanza
                .lines()
                .find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')))?;
            Some(line[name.len() + 1..].trim().to_owned())
        };
        // A choice without a default is made by the script that asks, which is not followed.
        let is_free =
            matches!(field("Type").as_deref(), Some("string" | "password" | "note" | "text" | "error"));
        let answer = field("Default").or_else(|| is_free.then(String::new));
        if let (Some(name), Some(answer)) = (field("Template"), answer) {
            answers.insert(name, answer);
        }
    }
    answers
}
