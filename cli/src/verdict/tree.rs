//! The verdict about an image that is not made yet: its tree in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use attar_builder::build::{Candidate, Judge};
use attar_builder::spec::schema::Spec;
use attar_image::digest::Digest;
use attar_image::elf::Facts;
use attar_image::linkage::Files;
use attar_image::path::TreePath;
use attar_image::script::Shebang;
use attar_image::{Content, Kind};
use attar_scanner::distroless::{self, Evidence, Marks, Origins, Subject, Wanted};

use super::contents::Marking;
use super::cst::Runs;
use super::{Asked, Judged, Name, Terms, Verdicts};

/// Marks of contents, by digest: images of one spec have most files in common.
pub(crate) type KnownMarks = BTreeMap<Digest, Option<Arc<Marks>>>;

/// Judges the tree of an image.
pub(crate) fn judge_candidate(
    spec: &str,
    candidate: &Candidate<'_>,
    terms: &Terms,
    known: &mut KnownMarks,
) -> Judged {
    gather(candidate, known);
    let evidence = OfCandidate { candidate, marks: known };
    let subject = Subject {
        tree: candidate.tree(),
        evidence: &evidence,
        config: candidate.config(),
        start: candidate.start(),
        origins: &evidence,
        hidden: &[],
        referrers: None,
        figures: None,
    };
    let verdict = distroless::judge(&subject, &terms.rules);
    let variant = Some(candidate.variant()).filter(|variant| !variant.is_empty()).map(str::to_owned);
    let name = Name {
        subject: spec.to_owned(),
        platform: candidate.platform().to_string(),
        variant,
        container: None,
        role: None,
    };
    let mut judged = Judged::new(name, terms, verdict);
    judged.runs = Runs::of(&candidate.config().config.clone().unwrap_or_default(), candidate.tree());
    judged
}

/// Reads what the verdict wants to know of contents and that is not known yet.
fn gather(candidate: &Candidate<'_>, known: &mut KnownMarks) {
    for (path, entry) in candidate.tree().iter() {
        let Kind::File { content, .. } = &entry.kind else { continue };
        if distroless::wanted(path, entry) == Wanted::Nothing || known.contains_key(&content.digest) {
            continue;
        }
        let mut marking = Marking::default();
        let read = candidate.write(path, content, &mut marking);
        known.insert(content.digest, read.ok().map(|()| Arc::new(marking.finish())));
    }
}

struct OfCandidate<'a> {
    candidate: &'a Candidate<'a>,
    marks: &'a KnownMarks,
}

impl Files for OfCandidate<'_> {
    fn elf(&self, path: &TreePath, content: &Content) -> Option<Arc<Facts>> {
        self.candidate.files().elf(path, content)
    }

    fn script(&self, path: &TreePath, content: &Content) -> Option<Shebang> {
        self.candidate.files().script(path, content)
    }

    fn read(&self, path: &TreePath, content: &Content) -> Option<Vec<u8>> {
        self.candidate.files().read(path, content)
    }

    fn is_candidate(&self, path: &TreePath, content: &Content) -> bool {
        self.candidate.files().is_candidate(path, content)
    }
}

impl Evidence for OfCandidate<'_> {
    fn marks(&self, content: &Content) -> Option<Arc<Marks>> {
        self.marks.get(&content.digest)?.clone()
    }
}

impl Origins for OfCandidate<'_> {
    fn package(&self, path: &TreePath) -> Option<String> {
        self.candidate.package(path).map(str::to_owned)
    }
}

/// Judges what `attar build` makes, before any layer is made.
pub(crate) struct SpecJudge {
    /// What is asked for besides what the spec says.
    pub(crate) asked: Asked,
    /// Whether every image is judged; else those whose spec asks for it.
    pub(crate) every: bool,
    /// The spec, as the user named it.
    pub(crate) spec: String,
    /// What it comes to.
    pub(crate) verdicts: Option<anyhow::Result<Verdicts>>,
}

impl SpecJudge {
    fn judge_all(&self, candidates: &[Candidate<'_>]) -> anyhow::Result<Verdicts> {
        let mut known = KnownMarks::new();
        let mut verdicts = Vec::new();
        for candidate in candidates.iter().filter(|candidate| self.wants(candidate.spec())) {
            let terms = self.asked.terms(candidate.spec().check.as_ref(), None)?;
            verdicts.push(judge_candidate(&self.spec, candidate, &terms, &mut known));
        }
        Ok(Verdicts::of(verdicts))
    }
}

impl Judge for SpecJudge {
    fn wants(&self, spec: &Spec) -> bool {
        self.every || spec.check.is_some()
    }

    fn judge(&mut self, candidates: &[Candidate<'_>]) -> bool {
        let verdicts = self.judge_all(candidates);
        let passes =
            verdicts.as_ref().is_ok_and(|verdicts| verdicts.exit_code() == crate::exit_code::ExitCode::Yes);
        self.verdicts = Some(verdicts);
        passes
    }
}
