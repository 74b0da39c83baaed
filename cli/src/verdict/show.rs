//! The verdict for people: short where all is well, and else what, where, whose, and how to fix it.

use std::io::{self, Write};

use attar_scanner::distroless::{
    Answer, CheckId, Finding, Grade, Outcome, Place, Severity, StaleReason, State,
};

use super::{Judged, Verdicts, is_quiet};
use crate::escape;
use crate::output::Report;
use crate::output::findings::Findings;
use crate::size::Size;

/// The most places of one finding that are listed.
const MAX_PLACES: usize = 3;
/// The most findings of one check that are listed.
const MAX_FINDINGS: usize = 10;

impl Report for Verdicts {
    const SCHEMA: &'static str = "attar.check/1";

    fn table(&self, out: &mut dyn Write) -> io::Result<()> {
        for (number, judged) in self.verdicts.iter().enumerate() {
            if number > 0 {
                writeln!(out)?;
            }
            writeln!(out, "{}", judged.headline())?;
            judged.details(out)?;
        }
        Ok(())
    }

    fn findings(&self) -> Vec<Findings> {
        self.verdicts.iter().map(super::findings::of).collect()
    }

    fn structure_tests(&self) -> String {
        super::cst::of(&self.verdicts)
    }
}

impl Judged {
    /// Names what was judged.
    pub(crate) fn name(&self) -> String {
        let subject = &self.subject;
        let variant = subject.variant.as_ref().map(|variant| format!(" ({variant})")).unwrap_or_default();
        let container = subject.container.as_ref().map(|it| format!("{it}: ")).unwrap_or_default();
        format!("{container}{} for {}{variant}", subject.subject, subject.platform)
    }

    /// Says in one line what it comes to: `oci:image for linux/amd64: yes, grade A as strict`.
    pub(crate) fn headline(&self) -> String {
        escape::line(&format!("{}: {}", self.name(), self.short()))
    }

    /// Says the answer with what it means: `yes, grade A as strict: nothing fails, …`.
    pub(crate) fn summary(&self) -> String {
        match self.verdict.grade {
            Some(grade) => format!("{}: {}", self.short(), meaning(grade)),
            None => self.short(),
        }
    }

    fn short(&self) -> String {
        let answer = match self.answer() {
            Answer::Yes => "yes",
            Answer::No => "no",
            Answer::CannotJudge => "cannot judge",
        };
        let grade = self.verdict.grade.map(|grade| format!(", grade {grade}")).unwrap_or_default();
        format!("{answer}{grade} as {}", self.verdict.profile)
    }

    /// Writes what there is to say beyond the first line: failures in full, all else in one line a check.
    pub(crate) fn details(&self, out: &mut dyn Write) -> io::Result<()> {
        let (failed, others): (Vec<&Outcome>, Vec<&Outcome>) =
            self.loud().partition(|outcome| outcome.state == State::Failed);
        for outcome in failed {
            self.failure(outcome, out)?;
        }
        for outcome in others {
            writeln!(out, "  {}", escape::line(&short(outcome)))?;
        }
        for stale in &self.verdict.stale {
            let what = match stale.because {
                StaleReason::Expired(day) => format!("was allowed until {day}"),
                StaleReason::Unused => "is allowed, and nothing of it was found".to_owned(),
            };
            let paths = stale.paths.join(", ");
            let line = format!("  {} {what}: {} {paths}", stale.id, stale.reason);
            writeln!(out, "{}", escape::line(line.trim_end()))?;
        }
        Ok(())
    }

    fn loud(&self) -> impl Iterator<Item = &Outcome> {
        // Nothing can be attached to an image that is not made yet.
        let is_early = |outcome: &&Outcome| {
            self.layers.is_empty()
                && matches!(outcome.state, State::CannotJudge(_))
                && outcome.id == CheckId::D16
        };
        let checks = self.verdict.checks.iter().filter(|outcome| !is_quiet(&outcome.state));
        checks.filter(move |outcome| !is_early(outcome))
    }

    /// Writes all that a check found; what all its findings say stands in the first line.
    fn failure(&self, outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
        let why = outcome.findings.first().map_or("", |finding| finding.why);
        let is_shared = outcome.findings.iter().all(|finding| finding.why == why);
        let shared = if is_shared { format!(": {why}") } else { String::new() };
        writeln!(out, "  {}", escape::line(&format!("{} {}{shared}", outcome.id, outcome.name)))?;
        for finding in outcome.findings.iter().take(MAX_FINDINGS) {
            let mut said = finding.what.clone();
            match &finding.excuse {
                Some(excuse) => said.push_str(&format!(" (allowed: {excuse})")),
                None if is_shared => {}
                None if finding.severity == Severity::Fail => said.push_str(&format!(": {}", finding.why)),
                None => said.push_str(&format!(": {}: {}", finding.severity, finding.why)),
            }
            writeln!(out, "    {}", escape::line(&said))?;
            for place in finding.places.iter().take(MAX_PLACES) {
                writeln!(out, "      {}", escape::line(&shown(place)))?;
            }
            if let Some(more) = finding.places.len().checked_sub(MAX_PLACES).filter(|more| *more > 0) {
                writeln!(out, "      … and {more} more places")?;
            }
            if finding.excuse.is_none() && !finding.fix.spec.is_empty() {
                writeln!(out, "      fix: {}", escape::line(&finding.fix.spec))?;
            }
        }
        match outcome.findings.len().checked_sub(MAX_FINDINGS).filter(|more| *more > 0) {
            Some(more) => writeln!(out, "    … and {more} more"),
            None => Ok(()),
        }
    }
}

/// Says in one line what a check found that fails nothing.
fn short(outcome: &Outcome) -> String {
    let first = |finding: &&Finding| match &finding.excuse {
        Some(excuse) => format!("{} ({excuse})", finding.what),
        None => finding.what.clone(),
    };
    let findings = || {
        let shown = outcome.findings.first().as_ref().map(first).unwrap_or_default();
        match outcome.findings.len() {
            0 | 1 => shown,
            count => format!("{shown}; and {} more", count - 1),
        }
    };
    let said = match &outcome.state {
        State::Failed => return String::new(),
        State::Warned => format!("warning: {}", findings()),
        State::Noted => format!("info: {}", findings()),
        State::Allowed => format!("allowed: {}", findings()),
        State::CannotJudge(reason) => format!("cannot judge: {reason}"),
        State::Passed | State::NotApplicable(_) => "nothing".to_owned(),
    };
    format!("{} {}: {said}", outcome.id, outcome.name)
}

/// Shows a path with where it comes from: `/usr/bin/dash (package dash, layer 2: attar: dash)`.
fn shown(place: &Place) -> String {
    let mut from = Vec::new();
    from.extend(place.bytes.map(|bytes| Size(bytes).to_string()));
    from.extend(place.package.as_ref().map(|package| format!("package {package}")));
    if let Some(layer) = place.layer {
        let by = place.created_by.as_ref().map(|by| format!(": {by}")).unwrap_or_default();
        from.push(format!("layer {}{by}", layer + 1));
    }
    from.extend(place.hidden_by.map(|layer| format!("hidden by layer {}, and still there", layer + 1)));
    match from.is_empty() {
        true => place.path.to_string(),
        false => format!("{} ({})", place.path, from.join(", ")),
    }
}

/// Says what a grade stands for.
pub(super) fn meaning(grade: Grade) -> &'static str {
    match grade {
        Grade::A => "nothing fails, nothing warns, nothing had to be allowed",
        Grade::B => "nothing fails; something warns or is allowed",
        Grade::C => "only budgets are exceeded",
        Grade::D => "a tool, a right or a setting has no place in it",
        Grade::F => "a shell, a package manager or a secret is in it, or it does not start",
    }
}
