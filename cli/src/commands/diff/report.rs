//! What comparing two images found out.

use std::io::{self, Write};

use attar_image::layout::Image;
use attar_image::platform::Platform;
use attar_inspector::compare::{Comparison, Figure, Scope, Setting, Verdict};
use serde::Serialize;

use super::table;
use crate::exit_code::ExitCode;
use crate::output::Report;
use crate::output::findings::{self, Finding, Findings, Level, Table};
use crate::size::Size;

/// How two images differ.
#[derive(Debug, Serialize)]
pub(super) struct Difference {
    pub(super) verdict: Verdict,
    /// The answer in one line.
    pub(super) summary: String,
    /// Whether all bytes count.
    strict: bool,
    images: Names,
    /// Platforms that only one of the images has.
    platforms_before_only: Vec<String>,
    platforms_after_only: Vec<String>,
    pub(super) comparisons: Vec<Compared>,
    /// Whether everything is shown.
    #[serde(skip)]
    pub(super) all: bool,
}

/// What was compared, as the user named it.
#[derive(Debug, Serialize)]
struct Names {
    before: String,
    after: String,
}

/// How two images for one platform each differ.
#[derive(Debug, Serialize)]
pub(super) struct Compared {
    pub(super) before: Compares,
    pub(super) after: Compares,
    #[serde(flatten)]
    pub(super) comparison: Comparison,
}

/// One of two images.
#[derive(Debug, Serialize)]
pub(super) struct Compares {
    pub(super) platform: String,
    /// Digest of the manifest.
    digest: String,
}

impl Compared {
    pub(super) fn new(before: &Image, after: &Image, comparison: Comparison) -> Self {
        let of = |image: &Image| Compares {
            platform: image.platform.to_string(),
            digest: image.descriptor.digest.to_string(),
        };
        Self { before: of(before), after: of(after), comparison }
    }

    /// Returns the platform, or both.
    pub(super) fn platform(&self) -> String {
        if self.before.platform == self.after.platform {
            self.before.platform.clone()
        } else {
            format!("{} -> {}", self.before.platform, self.after.platform)
        }
    }

    /// Returns the answer with how much the image grew.
    pub(super) fn summary(&self) -> String {
        let grown = self.comparison.size.map(|size| size.delta()).filter(|delta| *delta != 0);
        match grown {
            Some(delta) => format!("{} ({})", self.comparison.summary, signed(delta)),
            None => self.comparison.summary.clone(),
        }
    }
}

impl Difference {
    pub(super) fn new(
        (before, after): (String, String),
        comparisons: Vec<Compared>,
        (before_only, after_only): (Vec<Platform>, Vec<Platform>),
        scope: Scope,
        all: bool,
    ) -> Self {
        let names = |platforms: &[Platform]| platforms.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (platforms_before_only, platforms_after_only) = (names(&before_only), names(&after_only));
        let worst = comparisons.iter().map(|compared| compared.comparison.verdict).max();
        let is_complete = platforms_before_only.is_empty() && platforms_after_only.is_empty();
        let verdict = if is_complete { worst.unwrap_or(Verdict::Identical) } else { Verdict::Differs };
        let mut difference = Self {
            verdict,
            summary: String::new(),
            strict: scope == Scope::Strict,
            images: Names { before, after },
            platforms_before_only,
            platforms_after_only,
            comparisons,
            all,
        };
        difference.summary = difference.one_line();
        difference
    }

    fn one_line(&self) -> String {
        if let ([only], true) = (&self.comparisons[..], self.is_complete()) {
            return only.summary();
        }
        if let Some(summary) = self.summary_of_all() {
            let platforms: Vec<String> = self.comparisons.iter().map(Compared::platform).collect();
            return format!("{summary} ({})", platforms.join(", "));
        }
        let word = match self.verdict {
            Verdict::Identical => "same",
            Verdict::SameContents => "same contents, other bytes",
            Verdict::CannotJudge => "cannot judge",
            Verdict::Differs => "differs",
        };
        let of_verdict = self.comparisons.iter().filter(|it| it.comparison.verdict == self.verdict);
        let mut parts: Vec<String> = of_verdict.map(Compared::platform).collect();
        for (platforms, which) in
            [(&self.platforms_before_only, "first"), (&self.platforms_after_only, "second")]
        {
            if !platforms.is_empty() {
                parts.push(format!("{} only in the {which} image", platforms.join(", ")));
            }
        }
        format!("{word}: {}", parts.join("; "))
    }

    /// Returns the answer that holds for every platform alike.
    fn summary_of_all(&self) -> Option<String> {
        let mut summaries = self.comparisons.iter().map(Compared::summary);
        let first = summaries.next()?;
        (self.is_complete() && summaries.all(|summary| summary == first)).then_some(first)
    }

    /// Says whether both images have the same platforms.
    pub(super) fn is_complete(&self) -> bool {
        self.platforms_before_only.is_empty() && self.platforms_after_only.is_empty()
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        match self.verdict {
            Verdict::Identical | Verdict::SameContents => ExitCode::Yes,
            Verdict::CannotJudge => ExitCode::CannotJudge,
            Verdict::Differs => ExitCode::No,
        }
    }
}

impl Report for Difference {
    const SCHEMA: &'static str = "attar.diff/1";

    fn table(&self, out: &mut dyn Write) -> io::Result<()> {
        table::write(self, out)
    }

    fn findings(&self) -> Vec<Findings> {
        let findings = |compared: &Compared| {
            let is_one = self.comparisons.len() == 1;
            let platform = if is_one { String::new() } else { format!(" ({})", compared.platform()) };
            findings_of(compared, self.images.after.clone(), &platform)
        };
        self.comparisons.iter().map(findings).collect()
    }
}

/// Returns what a comment on a pull request shows.
fn findings_of(compared: &Compared, image: String, platform: &str) -> Findings {
    let comparison = &compared.comparison;
    let same = matches!(comparison.verdict, Verdict::Identical | Verdict::SameContents);
    let result = Finding {
        rule: "diff".to_owned(),
        level: if same { Level::Note } else { Level::Warning },
        message: compared.summary(),
        locations: Vec::new(),
        fix: None,
        identity: String::new(),
        allowed: None,
    };
    let figure = |name: &str, figure: Figure| findings::Figure {
        name: name.to_owned(),
        value: Size(figure.after).to_string(),
        before: Some(Size(figure.before).to_string()),
        change: Some(signed(figure.delta())),
        ..findings::Figure::default()
    };
    let mut figures = vec![figure("to fetch", comparison.compressed)];
    figures.extend(comparison.size.map(|size| figure("files", size)));
    let table = |title: &str, header: &[&str], rows: Vec<Vec<String>>| Table {
        title: title.to_owned(),
        header: header.iter().map(ToString::to_string).collect(),
        rows,
    };
    let rows = |rows: Vec<[String; 5]>| rows.into_iter().map(Vec::from).collect();
    let settings = |settings: &[Setting]| table::settings(settings).into_iter().map(Vec::from).collect();
    Findings {
        verb: "diff",
        subject: format!("{image}{platform}"),
        image,
        rules: Vec::new(),
        results: vec![result],
        figures,
        tables: vec![
            table(
                "Packages",
                &table::PACKAGES,
                table::packages(comparison).into_iter().map(Vec::from).collect(),
            ),
            table("Configuration", &table::SETTINGS, settings(&comparison.configuration)),
            table("Files", &table::FILES, rows(table::files(comparison))),
        ],
    }
}

/// Writes a number of bytes with its sign.
pub(super) fn signed(bytes: i64) -> String {
    let sign = match bytes {
        0 => "",
        1.. => "+",
        _ => "-",
    };
    format!("{sign}{}", Size(bytes.unsigned_abs()))
}
