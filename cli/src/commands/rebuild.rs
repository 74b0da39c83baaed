//! `attar rebuild`: builds an image again, and says whether the bytes are the same.

mod again;
mod of_image;
mod of_spec;
mod report;

use crate::args::RebuildArgs;
use crate::discovery;
use crate::exit_code::ExitCode;
use crate::output;
use crate::progress::Reporter;
use crate::remote::{self, Extent};
use crate::settings::Settings;
use crate::source::{self, Source};

pub(crate) fn run(arguments: &RebuildArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let source = match &arguments.of {
        Some(word) => source::parse(word)?,
        None => Source::Spec(discovery::nearest_spec()?),
    };
    let report = match source {
        Source::Spec(spec) => of_spec::run(arguments, settings, &spec)?,
        Source::Image(image) => {
            let reporter = Reporter::new(settings);
            let extent = Extent::WithReferrers;
            let local = remote::bring(&image, None, extent, settings, &arguments.registry, &reporter)?;
            drop(reporter);
            of_image::run(arguments, settings, &local.source, &image)?
        }
    };
    output::write(&report, &arguments.report.outputs)?;
    Ok(report.exit_code())
}
