//! The start-up proof of the images of a build, before any layer is written.
//!
//! [`linkage`](attar_image::linkage) says what is missing; here is said which of it counts, what the
//! spec accepts, and which package would help.

mod files;
mod remedy;
mod report;

use attar_image::linkage::{self, Finding, Problem};
use attar_image::platform::Platform;
use serde::{Deserialize, Serialize};

use super::image::Made;
use super::{BuildError, image_name};
use crate::assemble;
use crate::context::Context;
use crate::images::Images;
use crate::parallel;
use files::ImageFiles;
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

/// What was judged of one image.
#[derive(Default)]
struct Judged {
    start: Start,
    refused: Vec<Refused>,
    /// What the entrypoint starts without.
    others: Vec<Finding>,
}

/// Something that stops a build.
struct Refused {
    finding: Finding,
    dropped: Option<Dropped>,
}

/// Proves that all images start, or says what they lack.
pub(super) fn prove(context: &Context, images: &Images, made: &[Made]) -> Result<Vec<Start>, BuildError> {
    let judged = parallel::map(context.threads, made, |made| Ok::<_, BuildError>(judge(made)))?;
    let mut starts = Vec::with_capacity(judged.len());
    let mut refused = Vec::new();
    for (made, judged) in made.iter().zip(judged) {
        let name = image_name(&made.variant, &made.platform);
        tell(context, &name, &judged);
        starts.push(judged.start);
        refused.extend(judged.refused.into_iter().map(|refused| (made, name.clone(), refused)));
    }
    if refused.is_empty() {
        return Ok(starts);
    }
    Err(BuildError::CannotStart(Box::new(report::gather(context, images, refused))))
}

fn judge(made: &Made) -> Judged {
    let files = ImageFiles::new(made);
    let config =
        assemble::runtime(&made.spec, &made.run_as, super::image::bundle(&made.rootfs.view).is_some());
    let Ok(platform) = made.platform.parse::<Platform>() else { return Judged::default() };
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
    Judged { start, refused, others }
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

fn tell(context: &Context, image: &str, judged: &Judged) {
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
