//! The proof in the making: what was found, and how it was reached.

use super::process::{Failure, Process};
use super::world::World;
use super::{Finding, Problem, Report};
use crate::path::TreePath;

/// Libraries that the machine's driver puts into a container when it starts; no image has them.
const GIVEN_BY_HOST: [&str; 3] = ["libcuda.so.", "libnvidia-", "libnvcuvid.so."];

/// How much depends on something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// Without it the program does not start, or not do what it is for.
    Needed,
    /// The program goes on without it.
    Optional,
}

/// A step on the way from the entrypoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step(usize);

/// The proof in the making.
pub(super) struct Proof<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) report: Report,
    steps: Vec<(String, Option<Step>)>,
}

impl<'a> Proof<'a> {
    pub(super) fn new(world: &'a World<'a>) -> Self {
        Self { world, report: Report::default(), steps: Vec::new() }
    }

    /// Notes that something is reached.
    pub(super) fn step(&mut self, label: impl Into<String>, from: Option<Step>) -> Step {
        self.steps.push((label.into(), from));
        Step(self.steps.len() - 1)
    }

    /// Notes that something which `from` needs lacks something.
    pub(super) fn fail(
        &mut self,
        object: &str,
        path: Option<TreePath>,
        problem: Problem,
        from: Step,
        weight: Weight,
    ) {
        let given = |soname: &str| GIVEN_BY_HOST.iter().any(|start| soname.starts_with(start));
        if matches!(&problem, Problem::Library { soname, .. } if given(soname)) {
            return;
        }
        let weight = if self.comes_later(object, &problem) { Weight::Optional } else { weight };
        let mut chain: Vec<String> = std::iter::successors(Some(from), |step| self.steps[step.0].1)
            .map(|step| self.steps[step.0].0.clone())
            .collect();
        chain.reverse();
        let finding = Finding { object: object.to_owned(), path, problem, chain };
        let same = |other: &Finding| (&other.object, &other.problem) == (&finding.object, &finding.problem);
        let Report { findings, others, .. } = &mut self.report;
        match weight {
            _ if findings.iter().any(same) => {}
            Weight::Needed => {
                others.retain(|other| !same(other));
                findings.push(finding);
            }
            Weight::Optional if others.iter().any(same) => {}
            Weight::Optional => others.push(finding),
        }
    }
}

impl Proof<'_> {
    /// Says whether something that is absent lies in a volume, which is filled when the container starts.
    fn comes_later(&self, object: &str, problem: &Problem) -> bool {
        let path = match problem {
            Problem::Absent { leads_to } => leads_to.as_deref().unwrap_or(object),
            Problem::Part { path, .. } | Problem::ScriptInterpreter(path) => path,
            _ => return false,
        };
        let inside = |volume: &String| {
            let rest = path.strip_prefix(volume.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        self.world.subject.config.volumes.keys().any(inside)
    }
}

/// A program that runs, with the libraries it has loaded.
pub(super) struct Running<'a> {
    pub(super) process: Process<'a>,
    /// The program, links followed.
    pub(super) path: TreePath,
    /// The program as it was started.
    pub(super) shown: String,
    /// What follows the program's name.
    pub(super) arguments: Vec<String>,
    /// Where the search for programs goes.
    pub(super) search: String,
    /// How each object was reached; the program first.
    steps: Vec<Step>,
}

impl<'a> Running<'a> {
    pub(super) fn new(
        process: Process<'a>,
        path: TreePath,
        shown: String,
        arguments: Vec<String>,
        search: String,
        step: Step,
    ) -> Self {
        Self { process, path, shown, arguments, search, steps: vec![step] }
    }

    /// Returns how the program was reached.
    pub(super) fn step(&self) -> Step {
        self.steps[0]
    }

    /// Returns the names the program goes by: as it was started, and as the file is called.
    pub(super) fn names(&self) -> [String; 2] {
        let shown = self.shown.rsplit('/').next().unwrap_or_default().to_owned();
        [shown, String::from_utf8_lossy(self.path.file_name()).into_owned()]
    }

    /// Returns the first argument that is the program's own, and those after it. Options come before;
    /// those of `valued` take the next word, too, and after one of `final_` nothing is a file.
    pub(super) fn operands(&self, valued: &[&str], final_: &[&str]) -> &[String] {
        let mut at = 0;
        while let Some(word) = self.arguments.get(at) {
            if word == "--" {
                return &self.arguments[at + 1..];
            }
            if !word.starts_with('-') || word == "-" {
                return &self.arguments[at..];
            }
            if final_.contains(&word.as_str()) {
                return &[];
            }
            at += if valued.contains(&word.as_str()) { 2 } else { 1 };
        }
        &[]
    }

    /// Opens a library at run time on behalf of an object, and notes what is reached and what lacks.
    pub(super) fn open(&mut self, proof: &mut Proof<'a>, path: &TreePath, caller: usize, weight: Weight) {
        let failures = self.process.open(path, caller);
        self.note(proof, failures, weight);
    }

    /// Notes what was loaded since the last time.
    pub(super) fn note(&mut self, proof: &mut Proof<'a>, failures: Vec<Failure>, weight: Weight) {
        for number in self.steps.len()..self.process.objects.len() {
            let object = &self.process.objects[number];
            let from = self.steps[object.loader.unwrap_or(0)];
            self.steps.push(proof.step(object.label(), Some(from)));
        }
        proof.report.reached.extend(self.process.objects.iter().map(|object| object.path.clone()));
        for failure in failures {
            let object = &self.process.objects[failure.object];
            let from = match object.loader {
                Some(loader) => self.steps[loader],
                None => self.steps[0],
            };
            // The program is named as it was started.
            let (label, from) = match failure.object {
                0 => (self.shown.clone(), proof.before(from)),
                _ => (object.label(), from),
            };
            proof.fail(&label, Some(object.path.clone()), failure.problem, from, weight);
        }
    }
}

impl Proof<'_> {
    /// Notes that what was reached last lacks something.
    pub(super) fn fail_at(&mut self, step: Step, problem: Problem, weight: Weight) {
        match self.steps[step.0].0.clone() {
            label if label.starts_with('/') => self.fail(&label, None, problem, self.before(step), weight),
            // The entrypoint or health check itself.
            _ => self.fail("the image", None, problem, step, weight),
        }
    }

    /// Returns the step before a step; the first one has none before it.
    fn before(&self, step: Step) -> Step {
        self.steps[step.0].1.unwrap_or(step)
    }
}
