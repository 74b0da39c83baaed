//! The verdict about images and specs, put together: what is looked at, by which rules, and how it is
//! told.
//!
//! ```text
//! an image    -> stack -> contents (one pass over the layers) --+
//!                                                               +-> distroless::judge -> Judged -> Verdicts
//! a candidate -> tree in memory, contents of its packages ------+
//! ```

mod contents;
mod cst;
mod findings;
mod image;
mod rules;
mod show;
mod tree;

use attar_image::digest::Digest;
use attar_scanner::distroless::{Answer, Severity, State, Verdict};
use serde::Serialize;

use crate::exit_code::ExitCode;
use crate::workload::Role;

pub(crate) use image::{Judging, judge_image};
pub(crate) use rules::{Asked, FailOn, Terms};
pub(crate) use tree::{KnownMarks, SpecJudge, judge_candidate};

/// The verdicts of one run.
#[derive(Debug, Serialize)]
pub(crate) struct Verdicts {
    /// Whether all pass.
    pub(crate) answer: Answer,
    /// One for each image on each platform, in the order in which they were named.
    pub(crate) verdicts: Vec<Judged>,
}

/// The verdict about one image on one platform.
#[derive(Debug, Serialize)]
pub(crate) struct Judged {
    /// What was judged.
    #[serde(flatten)]
    pub(crate) subject: Name,
    /// The least that makes the answer no.
    pub(crate) fail_on: FailOn,
    /// What it comes to.
    #[serde(flatten)]
    pub(crate) verdict: Verdict,
    /// The layers' blobs, the lowest first; none of a spec.
    #[serde(skip)]
    pub(crate) layers: Vec<Digest>,
    /// How it runs, for tests that are made of the verdict.
    #[serde(skip)]
    pub(crate) runs: cst::Runs,
}

/// What was judged.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Name {
    /// The image or spec as the user named it.
    pub(crate) subject: String,
    /// The platform.
    pub(crate) platform: String,
    /// The variant of a spec.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) variant: Option<String>,
    /// Where a file describes the container: `service api`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) container: Option<String>,
    /// What the container is there for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<Role>,
}

impl Verdicts {
    /// Sums up.
    pub(crate) fn of(verdicts: Vec<Judged>) -> Self {
        let worst = |judged: &Judged| match judged.answer() {
            Answer::Yes => 0,
            Answer::CannotJudge => 1,
            Answer::No => 2,
        };
        let answer = verdicts.iter().max_by_key(|judged| worst(judged)).map_or(Answer::Yes, Judged::answer);
        Self { answer, verdicts }
    }

    /// Returns the code that says the answer.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self.answer {
            Answer::Yes => ExitCode::Yes,
            Answer::No => ExitCode::No,
            Answer::CannotJudge => ExitCode::CannotJudge,
        }
    }
}

impl Judged {
    fn new(subject: Name, terms: &Terms, verdict: Verdict) -> Self {
        let fail_on = terms.fail_on;
        let verdict = Verdict { answer: answer(&verdict, fail_on), ..verdict };
        Self { subject, fail_on, verdict, layers: Vec::new(), runs: cst::Runs::default() }
    }

    /// Returns whether it passes.
    pub(crate) fn answer(&self) -> Answer {
        self.verdict.answer
    }
}

/// Returns the answer when more, or less, than a failure makes it no.
fn answer(verdict: &Verdict, fail_on: FailOn) -> Answer {
    let least = match fail_on {
        FailOn::Fail => return verdict.answer,
        FailOn::Never => return Answer::Yes,
        FailOn::Warning => Severity::Warning,
        FailOn::Info => Severity::Info,
    };
    match verdict.findings().any(|finding| finding.severity <= least) {
        true => Answer::No,
        false => verdict.answer,
    }
}

/// Says whether a check has nothing to tell.
fn is_quiet(state: &State) -> bool {
    matches!(state, State::Passed | State::NotApplicable(_))
}
