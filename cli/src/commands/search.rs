//! `attar search`: packages by name, by a path, by a library.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use attar_builder::images::architecture;
use attar_builder::repository::search::{Answer, Match, Query, Request, search};
use attar_builder::spec::schema::Spec;
use attar_builder::spec::{self, Selection};
use attar_packages::debian::version::compare;
use serde::Serialize;

use super::context::start;
use crate::args::{RegistryArgs, SearchArgs};
use crate::discovery;
use crate::exit_code::ExitCode;
use crate::failure::Usage;
use crate::output::{self, Report};
use crate::progress::Reporter;
use crate::settings::Settings;

/// The most answers that are shown.
const LIMIT: usize = 50;

/// What was found.
#[derive(Debug, Serialize)]
struct Found {
    what: String,
    results: Vec<Hit>,
    /// How many more there are than are listed.
    more: u64,
}

#[derive(Debug, Serialize)]
struct Hit {
    package: String,
    /// How the name answers: `exact`, `provides`, `start`, `within`; none for files.
    #[serde(skip_serializing_if = "Option::is_none")]
    matched: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    places: Vec<Place>,
}

#[derive(Debug, Serialize)]
struct Place {
    suite: String,
    architecture: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
}

impl Report for Found {
    const SCHEMA: &'static str = "attar.search/1";

    fn table(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.results.is_empty() {
            return Ok(());
        }
        let rows = self.results.iter().map(|hit| {
            let detail = hit.path.clone().or_else(|| hit.description.clone()).unwrap_or_default();
            let versions = hit.places.iter().filter_map(|place| place.version.as_deref());
            let version = versions.max_by(|left, right| compare(left, right)).unwrap_or_default().to_owned();
            let mut suites: Vec<&str> = hit.places.iter().map(|place| place.suite.as_str()).collect();
            suites.dedup();
            [hit.package.clone(), version, suites.join(", "), detail]
        });
        output::columns(out, ["PACKAGE", "VERSION", "SUITE", ""], rows)?;
        if self.more > 0 {
            writeln!(out, "and {} more", self.more)?;
        }
        Ok(())
    }
}

pub(crate) fn run(arguments: &SearchArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let reporter = Reporter::new(settings);
    let context = start(settings, &arguments.source, &RegistryArgs::default(), &reporter)?;
    let (spec, folder) = spec_of(arguments.suite.as_deref())?;
    let platform = match (&arguments.platform, spec.platforms.first()) {
        (Some(platform), _) | (None, Some(platform)) => platform.as_str(),
        (None, None) => "linux/amd64",
    };
    let architecture = architecture(platform)
        .ok_or_else(|| Usage::new(format!("`{platform}` is a platform without Debian packages")))?;
    let answer = search(
        &context,
        &Request {
            repositories: &spec.contents.repositories,
            directory: &|_| folder.clone(),
            architectures: &[architecture],
            query: &Query::parse(&arguments.what),
            limit: LIMIT,
        },
    )?;
    drop(reporter);
    let found = found(&arguments.what, answer);
    output::write(&found, &arguments.report.outputs)?;
    Ok(if found.results.is_empty() { ExitCode::No } else { ExitCode::Yes })
}

/// Returns the spec whose archives are searched: one with the suite alone, the nearest, or the default.
fn spec_of(suite: Option<&str>) -> anyhow::Result<(Spec, PathBuf)> {
    let named = |suite: &str| {
        // A word of its own in the text of a spec: quoted, so that it cannot say anything else.
        let suite = serde_json::Value::String(suite.replace('$', "$$"));
        format!("contents: {{repositories: [{{debian: {suite}}}]}}\n")
    };
    let document = match suite {
        Some(suite) => spec::parse("--suite", &named(suite), Path::new("."))?,
        None => match discovery::nearest_spec() {
            Ok(path) => spec::load(&path)?,
            Err(_) => spec::parse("default", "{}\n", Path::new("."))?,
        },
    };
    let effective = document.effective(Selection::default())?;
    Ok((effective.spec, effective.directory))
}

fn found(what: &str, answer: Answer) -> Found {
    let (results, more) = match answer {
        Answer::Packages { packages, more } => {
            let hits = packages.into_iter().map(|hit| Hit {
                package: hit.name,
                matched: Some(match hit.matched {
                    Match::Exact => "exact",
                    Match::Provides => "provides",
                    Match::Start => "start",
                    Match::Within => "within",
                }),
                path: None,
                description: Some(hit.description),
                places: hit
                    .offers
                    .into_iter()
                    .map(|offer| Place {
                        suite: offer.archive,
                        architecture: offer.architecture,
                        version: Some(offer.version),
                    })
                    .collect(),
            });
            (hits.collect(), more)
        }
        Answer::Files { files, more } => {
            let hits = files.into_iter().map(|hit| Hit {
                package: hit.package,
                matched: None,
                path: Some(hit.path),
                description: None,
                places: hit
                    .places
                    .into_iter()
                    .map(|(suite, architecture)| Place { suite, architecture, version: None })
                    .collect(),
            });
            (hits.collect(), more)
        }
    };
    Found { what: what.to_owned(), results, more }
}
