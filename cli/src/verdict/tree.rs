//! The verdict about an image that is not made yet: its tree in memory.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;

use attar_builder::build::{Candidate, Judge};
use attar_builder::cache::{Cache, Shelf};
use attar_builder::spec::schema::Spec;
use attar_image::digest::Digest;
use attar_image::elf::Facts;
use attar_image::linkage::Files;
use attar_image::path::TreePath;
use attar_image::script::Shebang;
use attar_image::{Content, Kind};
use attar_scanner::distroless::{self, Evidence, Marks, Origins, REVISION, Subject, Wanted};

use super::contents::Marking;
use super::cst::Runs;
use super::{Asked, Judged, Name, Terms, Verdicts};
use crate::exit_code::ExitCode;

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

/// Judges what `attar build` makes, before any layer is made. An answer that was yes is kept in the cache
/// beside the build, so that building the same again opens no package.
pub(crate) struct SpecJudge {
    asked: Asked,
    /// Whether every image is judged; else those whose spec asks for it.
    every: bool,
    /// The spec, as the user named it.
    spec: String,
    cache: Cache,
    told: Option<anyhow::Result<Told>>,
}

/// What a judge tells.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// For people, line by line.
    pub(crate) lines: String,
    /// What it comes to.
    pub(crate) code: ExitCode,
}

impl SpecJudge {
    pub(crate) fn new(asked: Asked, every: bool, spec: String, cache: Cache) -> Self {
        Self { asked, every, spec, cache, told: None }
    }

    /// Returns what was judged; `None` if nothing was.
    pub(crate) fn told(self) -> Option<anyhow::Result<Told>> {
        self.told
    }

    fn judge_all(&self, candidates: &[Candidate<'_>]) -> anyhow::Result<Told> {
        let mut known = KnownMarks::new();
        let mut verdicts = Vec::new();
        for candidate in candidates.iter().filter(|candidate| self.wants(candidate.spec())) {
            let terms = self.asked.terms(candidate.spec().check.as_ref(), None)?;
            verdicts.push(judge_candidate(&self.spec, candidate, &terms, &mut known));
        }
        let verdicts = Verdicts::of(verdicts);
        let mut lines = Vec::new();
        for judged in &verdicts.verdicts {
            writeln!(lines, "check: {}", judged.headline())?;
            judged.details(&mut lines)?;
        }
        Ok(Told { lines: String::from_utf8_lossy(&lines).into_owned(), code: verdicts.exit_code() })
    }

    /// Names an answer by everything that decides about it.
    fn key(&self, build: &str, specs: &[&Spec]) -> String {
        let checks: Vec<_> = specs.iter().map(|spec| &spec.check).collect();
        let mut allowed = checks.iter().filter_map(|check| check.as_ref()).flat_map(|check| &check.allow);
        // The day matters where something is allowed until one.
        let today = allowed.any(|entry| entry.expires.is_some()).then_some(self.asked.today);
        let Asked { profile, fail_on, .. } = &self.asked;
        let text = format!(
            "{build} {REVISION} {} {:?} {profile:?} {fail_on:?} {today:?} {checks:?}",
            self.every, self.spec
        );
        format!("check-{}", Digest::of(text.as_bytes()).hex())
    }
}

impl Judge for SpecJudge {
    fn wants(&self, spec: &Spec) -> bool {
        self.every || spec.check.is_some()
    }

    fn knows(&mut self, build: &str, specs: &[&Spec]) -> bool {
        let kept = self.cache.get(Shelf::Builds, &self.key(build, specs));
        let lines = kept.and_then(|bytes| String::from_utf8(bytes).ok());
        self.told = lines.map(|lines| Ok(Told { lines, code: ExitCode::Yes }));
        self.told.is_some()
    }

    fn remember(&mut self, build: &str, specs: &[&Spec]) {
        if let Some(Ok(told)) = &self.told {
            let key = self.key(build, specs);
            if let Err(error) = self.cache.put(Shelf::Builds, &key, told.lines.as_bytes()) {
                tracing::debug!(%error, "cannot keep the answer of a check");
            }
        }
    }

    fn judge(&mut self, candidates: &[Candidate<'_>]) -> bool {
        let told = self.judge_all(candidates);
        let passes = told.as_ref().is_ok_and(|told| told.code == ExitCode::Yes);
        self.told = Some(told);
        passes
    }
}
