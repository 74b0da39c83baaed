//! `attar rebuild`: builds an image again, and says whether the bytes are the same.

mod again;
mod of_image;
mod of_spec;
mod report;

use attar_builder::evidence::EVIDENCE;

use crate::args::RebuildArgs;
use crate::discovery;
use crate::exit_code::ExitCode;
use crate::failure::Usage;
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
            if arguments.source.offline && !image.is_here() {
                return Err(Usage::new(format!(
                    "`--offline` opens no connection, and `{image}` is not here"
                ))
                .hint("an image in a layout can be rebuilt offline: `oci:DIR:NAME`")
                .into());
            }
            let reporter = Reporter::new(settings);
            let extent = Extent::WithArtifacts(EVIDENCE);
            let local = remote::bring(&image, None, extent, settings, &arguments.registry, &reporter)?;
            drop(reporter);
            of_image::run(arguments, settings, &local.source, &image)?
        }
    };
    output::write(&report, &arguments.report.outputs)?;
    Ok(report.exit_code())
}
