//! How a container starts: user, working directory, entrypoint, and the health check beside it.

use super::leftover;
use super::program::Start;
use super::proof::{Proof, Weight};
use super::user::credentials;
use super::world::World;
use super::{Credentials, Problem, Report, Subject};
use crate::path::TreePath;

pub(super) fn prove(subject: &Subject<'_>) -> Report {
    let (user, unknown) = match credentials(subject) {
        Ok(user) => (user, None),
        Err(problem) => (Credentials::default(), Some(problem)),
    };
    let world = World::new(subject, user);
    let mut proof = Proof::new(&world);
    if subject.platform.os != "linux" {
        return proof.report;
    }
    let entrypoint = proof.step("entrypoint", None);
    if let Some(problem) = unknown {
        proof.fail("the image", None, problem, entrypoint, Weight::Needed);
    }
    if let Some(problem) = work_directory(&world) {
        proof.fail("the image", None, problem, entrypoint, Weight::Needed);
    }
    let words = |words: &Option<Vec<String>>| words.clone().unwrap_or_default();
    let command = [words(&subject.config.entrypoint), words(&subject.config.cmd)].concat();
    let start = |words: &[String], from| {
        let (program, arguments) = words.split_first()?;
        let search = world.search_path().to_owned();
        let (program, arguments) = (program.clone(), arguments.to_vec());
        Some(Start { program, arguments, search, from, depth: 0, weight: Weight::Needed })
    };
    if let Some(start) = start(&command, entrypoint) {
        proof.report.entrypoint = Some(start.program.clone());
        proof.start(start);
    }
    let healthcheck = proof.step("healthcheck", None);
    if let Some(start) = start(&health_command(subject), healthcheck) {
        proof.start(start);
    }
    leftover::look(&mut proof, entrypoint);
    proof.report
}

/// Returns what is wrong with the working directory. One that is not there is made.
fn work_directory(world: &World<'_>) -> Option<Problem> {
    let written = &world.subject.config.working_dir;
    // Runtimes make and enter it as root.
    let root = Credentials::default();
    let root = super::root::Root { tree: world.subject.tree, user: &root };
    let is_fine = match root.lookup(&TreePath::root(), written.as_bytes()) {
        super::root::Lookup::Found(path) => root.is_directory(&path),
        super::root::Lookup::Absent(_) => true,
        _ => false,
    };
    (!is_fine).then(|| Problem::WorkDirectory(written.clone()))
}

/// Returns the program that an engine asks whether the container is well.
fn health_command(subject: &Subject<'_>) -> Vec<String> {
    let test = subject.config.healthcheck.as_ref().map(|check| &check.test[..]).unwrap_or_default();
    match test {
        [kind, words @ ..] if kind == "CMD" => words.to_vec(),
        [kind, line] if kind == "CMD-SHELL" => vec!["/bin/sh".into(), "-c".into(), line.clone()],
        _ => Vec::new(),
    }
}
