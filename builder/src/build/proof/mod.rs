//! The start-up proof of the images of a build, before any layer is written.
//!
//! [`linkage`](attar_image::linkage) says what is missing; here is said which of it counts, what the
//! spec accepts, and which package would help.

mod files;
mod remedy;
mod report;

use std::collections::BTreeSet;

use attar_image::TreePath;
use attar_image::linkage::{self, Finding, Problem};
use attar_image::platform::Platform;
use serde::{Deserialize, Serialize};

use super::image::Made;
use super::{BuildError, image_name};
use crate::assemble;
use crate::context::Context;
use crate::images::Images;
use crate::parallel;
pub(super) use files::ImageFiles;
use remedy::Dropped;
pub use report::{CannotStart, Remedy, Shortage};

/// What the start-up proof of one image says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// The program that starts; `None` for an image without one, of which nothing is proven.
    pub entrypoint: Option<String>,
    /// What lacks something and is accepted by the spec.
    pub accepted: Vec<Accepted>,
    /// Number of findings in what the entrypoint starts without.
    pub others: usize,
}

/// Something that lacks something, and that the spec accepts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// What lacks it.
    pub path: String,
    /// What is missing.
    pub missing: String,
    /// Why it may be missing.
    pub reason: String,
}

/// Most findings that do not count which are listed one by one.
const MAX_NOTES: usize = 50;

/// What is proven of one image.
#[derive(Default)]
pub(super) struct Proven {
    pub(super) start: Start,
    refused: Vec<Refused>,
    /// What the entrypoint starts without.
    others: Vec<Finding>,
    reached: BTreeSet<TreePath>,
}

impl Proven {
    /// Returns the proof without what the spec accepts.
    pub(super) fn report(&self) -> linkage::Report {
        linkage::Report {
            entrypoint: self.start.entrypoint.clone(),
            findings: self.refused.iter().map(|refused| refused.finding.clone()).collect(),
            others: self.others.clone(),
            reached: self.reached.clone(),
        }
    }
}

/// Something that stops a build.
struct Refused {
    finding: Finding,
    dropped: Option<Dropped>,
}

/// Proves that all images start, or says what they lack.
pub(super) fn prove(context: &Context, images: &Images, made: &[Made]) -> Result<Vec<Proven>, BuildError> {
    let mut all = parallel::map(context.threads, made, |made| Ok::<_, BuildError>(look(made)))?;
    let mut refused = Vec::new();
    for (made, proven) in made.iter().zip(&mut all) {
        let name = image_name(&made.variant, &made.platform);
        tell(context, &name, proven);
        refused.extend(proven.refused.drain(..).map(|refused| (made, name.clone(), refused)));
    }
    if refused.is_empty() {
        return Ok(all);
    }
    Err(BuildError::CannotStart(Box::new(report::gather(context, images, refused))))
}

/// Looks whether an image starts.
pub(super) fn look(made: &Made) -> Proven {
    let files = ImageFiles::new(made);
    let config =
        assemble::runtime(&made.spec, &made.run_as, super::image::bundle(&made.rootfs.view).is_some());
    let Ok(platform) = made.platform.parse::<Platform>() else { return Proven::default() };
    let subject =
        linkage::Subject { tree: &made.rootfs.view, files: &files, config: &config, platform: &platform };
    let report = linkage::prove(&subject);
    let mut start = Start { entrypoint: report.entrypoint, ..Start::default() };
    let (mut refused, mut others) = (Vec::new(), Vec::new());
    let needed = report.findings.into_iter().map(|finding| (finding, true));
    for (finding, needed) in needed.chain(report.others.into_iter().map(|finding| (finding, false))) {
        let dropped = remedy::dropped(made, &finding);
        if !needed && dropped.is_none() {
            others.push(finding);
        } else if let Some(accepted) = accepted(made, &finding) {
            start.accepted.push(accepted);
        } else {
            refused.push(Refused { finding, dropped });
        }
    }
    start.others = others.len();
    Proven { start, refused, others, reached: report.reached }
}

/// Returns the exception of the spec that covers a finding.
fn accepted(made: &Made, finding: &Finding) -> Option<Accepted> {
    let missing = finding.problem.missing();
    let covers =
        |path: &str| path == finding.object || finding.path.as_ref().is_some_and(|it| it.to_string() == path);
    let exceptions = made.spec.start.iter().flat_map(|start| &start.allow);
    let exception = exceptions.filter(|it| it.missing == missing).find(|it| covers(&it.path))?;
    Some(Accepted {
        path: exception.path.clone(),
        missing: missing.to_owned(),
        reason: exception.reason.clone(),
    })
}

/// Says what the spec accepts, and what is missing for what the entrypoint is not known to need.
pub(super) fn tell(context: &Context, image: &str, judged: &Proven) {
    for Accepted { path, missing, reason } in &judged.start.accepted {
        context.events.warn(format!("{image}: `{path}` lacks `{missing}`, which the spec accepts: {reason}"));
    }
    let count = judged.others.len();
    if count > 0 {
        let things = if count == 1 { "thing is" } else { "things are" };
        context.events.warn(format!(
            "{image}: {count} {things} missing for files that the entrypoint is not known to need; `--verbose` lists them"
        ));
    }
    for finding in judged.others.iter().take(MAX_NOTES) {
        context.events.note(format!("{image}: {} {}", finding.object, finding.problem));
    }
}

/// Returns the name of a library or interpreter that is missing.
fn missing_file(problem: &Problem) -> Option<&str> {
    match problem {
        Problem::Library { soname, elsewhere: None } => Some(soname),
        Problem::Interpreter(path) | Problem::ScriptInterpreter(path) | Problem::Part { path, .. } => {
            path.rsplit('/').next()
        }
        Problem::NotInPath { name, .. } => Some(name),
        _ => None,
    }
}
