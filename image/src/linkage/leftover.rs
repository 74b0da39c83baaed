//! ELF files that nothing is known to need: whether what they need stands anywhere in the image.
//!
//! How they would be started or loaded is not known, so only what is nowhere counts.

use super::Problem;
use super::proof::{Proof, Step, Weight};
use super::world::{World, shown};
use crate::elf::{Facts, Kind};

pub(super) fn look(proof: &mut Proof<'_>, from: Step) {
    let world = proof.world;
    let subject = world.subject;
    for (path, entry) in subject.tree.iter() {
        let Some(content) = entry.content() else { continue };
        if proof.report.reached.contains(path) || !subject.files.is_candidate(path, &content) {
            continue;
        }
        let Some(facts) = world.elf(path) else { continue };
        let is_code = matches!(facts.kind, Kind::Executable | Kind::SharedObject);
        if !is_code || world.runs(&facts).is_err() {
            continue;
        }
        for problem in problems(world, &facts) {
            proof.fail(&shown(path), Some(path.clone()), problem, from, Weight::Optional);
        }
    }
}

fn problems(world: &World<'_>, facts: &Facts) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(interpreter) =
        facts.interpreter.as_ref().filter(|path| facts.kind == Kind::Executable && !world.exists(path))
    {
        problems.push(Problem::Interpreter(interpreter.clone()));
    }
    for name in &facts.needed {
        let file = name.rsplit('/').next().unwrap_or_default();
        if world.anywhere(file).is_none() && !is_of_musl(file) {
            problems.push(Problem::Library { soname: name.clone(), elsewhere: None });
        }
    }
    for need in &facts.version_needs {
        let library = world.anywhere(&need.library).and_then(|path| world.subject.tree.resolve(path));
        let Some(path) = library else { continue };
        let Some(library) = world.elf(&path).filter(|library| !library.version_definitions.is_empty()) else {
            continue;
        };
        let lacks = |version: &&String| {
            !need.weak.contains(version) && !library.version_definitions.contains(version)
        };
        problems.extend(need.versions.iter().filter(lacks).map(|version| Problem::Version {
            soname: need.library.clone(),
            version: version.clone(),
            path: shown(&path),
        }));
    }
    problems
}

/// Says whether a library is that of musl, which stands under another name where musl is.
fn is_of_musl(name: &str) -> bool {
    name.starts_with("libc.musl-") || name == "libc.so"
}
