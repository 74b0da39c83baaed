//! `attar why`: from a path, a library or a package back to what asks for it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use attar_builder::build::{self, Explanation, Request, Variants};
use serde::Serialize;

use super::context::{pairs, start};
use super::why_image;
use crate::args::WhyArgs;
use crate::discovery;
use crate::escape;
use crate::exit_code::ExitCode;
use crate::failure::Usage;
use crate::output::{self, Report};
use crate::progress::Reporter;
use crate::remote::{self, Extent};
use crate::settings::Settings;
use crate::source::{self, Source};

/// Why something is there.
#[derive(Debug, Serialize)]
pub(super) struct Reasons {
    pub(super) what: String,
    pub(super) reasons: Vec<Reason>,
}

/// Why something is in some images.
#[derive(Debug, Serialize)]
pub(super) struct Reason {
    /// The images, such as `linux/arm64 (debug)`.
    pub(super) images: Vec<String>,
    /// The path, unless a package was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<String>,
    /// What the path leads to, when it is a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<String>,
    /// The packages from the one that is asked for to the one that brings it.
    pub(super) packages: Vec<Package>,
    /// What asks for it in the end: a place in the spec, the foundation, a layer.
    pub(super) origin: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// The clause of the package before it that it satisfies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) clause: Option<String>,
}

impl Report for Reasons {
    const SCHEMA: &'static str = "attar.why/1";

    /// Writes one line a reason, from what was asked about back to what asks for it.
    fn table(&self, out: &mut dyn Write) -> io::Result<()> {
        for reason in &self.reasons {
            let mut steps = Vec::new();
            if let Some(path) = &reason.path {
                let target = reason.target.as_ref().map(|target| format!(" -> {target}"));
                steps.push(format!("{path}{}", target.unwrap_or_default()));
            }
            steps.extend(reason.packages.iter().rev().map(|step| format!("{} {}", step.name, step.version)));
            steps.push(reason.origin.clone());
            let line = steps.join(" <- ");
            writeln!(out, "{} [{}]", escape::line(&line), escape::line(&reason.images.join(", ")))?;
        }
        Ok(())
    }
}

pub(crate) fn run(arguments: &WhyArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let (source, what) = match &arguments.words[..] {
        [what] => (Source::Spec(discovery::nearest_spec()?), what),
        [source, what] => (source::parse(source)?, what),
        _ => return Err(Usage::new("expected a spec or an image, and what to explain").into()),
    };
    let reporter = Reporter::new(settings);
    let reasons = match source {
        Source::Spec(spec) => of_spec(arguments, settings, &reporter, spec, what)?,
        Source::Image(source) => {
            let platform = arguments.platform.as_deref();
            let (extent, registry) = (Extent::OneImage, &arguments.registry);
            let opened = remote::open(&source, platform, extent, settings, registry, &reporter)?;
            why_image::reasons(&opened, what)?
        }
    };
    drop(reporter);
    let found = Reasons { what: what.clone(), reasons };
    output::write(&found, &arguments.report.outputs)?;
    Ok(if found.reasons.is_empty() { ExitCode::No } else { ExitCode::Yes })
}

fn of_spec(
    arguments: &WhyArgs,
    settings: &Settings,
    reporter: &Reporter,
    spec: PathBuf,
    what: &str,
) -> anyhow::Result<Vec<Reason>> {
    let mut request = Request::new(spec);
    request.arguments = pairs("--arg", &arguments.spec.arguments)?;
    if let Some(variant) = &arguments.variant {
        request.variants = Variants::Named(vec![variant.clone()]);
    }
    request.platforms = arguments.platform.iter().cloned().collect();
    let context = start(settings, &arguments.source, &arguments.registry, reporter)?;
    let explanations = build::explain(&context, &request, what)?;
    Ok(explanations.into_iter().map(|explanation| reason(explanation, &request.spec)).collect())
}

fn reason(explanation: Explanation, spec: &Path) -> Reason {
    let Explanation { images, origin, packages, path, target } = explanation;
    let packages = packages
        .into_iter()
        .map(|step| Package { name: step.name, version: step.version, clause: step.clause })
        .collect();
    Reason {
        images,
        path: path.map(|path| path.to_string()),
        target: target.map(|target| target.to_string()),
        packages,
        origin: match origin.as_str() {
            "foundation" => format!("the foundation of {}", spec.display()),
            _ => origin,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_reads_from_the_file_back_to_the_spec() {
        let package = |name: &str, clause: Option<&str>| Package {
            name: name.into(),
            version: "1".into(),
            clause: clause.map(String::from),
        };
        let reasons = Reasons {
            what: "libz.so.1".into(),
            reasons: vec![Reason {
                images: vec!["linux/amd64".into(), "linux/arm64".into()],
                path: Some("/usr/lib/libz.so.1".into()),
                target: Some("/usr/lib/libz.so.1.3".into()),
                packages: vec![package("libssl3t64", None), package("zlib1g", Some("zlib1g (>= 1.2)"))],
                origin: "attar.yaml:7".into(),
            }],
        };
        let mut table = Vec::new();
        reasons.table(&mut table).expect("a table");
        insta::assert_snapshot!(String::from_utf8(table).expect("UTF-8"), @"/usr/lib/libz.so.1 -> /usr/lib/libz.so.1.3 <- zlib1g 1 <- libssl3t64 1 <- attar.yaml:7 [linux/amd64, linux/arm64]");
    }
}
