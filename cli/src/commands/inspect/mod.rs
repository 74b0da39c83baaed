//! `attar inspect`: what the layers of an image hold, what is dead, whether rules are kept.

mod findings;
mod gather;
mod report;
mod rules;
mod table;

use anyhow::Context as _;

use crate::args::InspectArgs;
use crate::exit_code::ExitCode;
use crate::failure::Usage;
use crate::output;
use crate::progress::Reporter;
use crate::remote::{self, Extent};
use crate::settings::Settings;
use crate::source::{self, ImageSource, Source};

use gather::Wanted;
use report::Inspection;
use rules::Rules;

pub(crate) fn run(arguments: &InspectArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let source = image(&arguments.image)?;
    let baseline = arguments.baseline.as_deref().map(image).transpose()?;
    // Rules come first: what is wrong with them is said before anything is read.
    let rules = Rules::of(arguments)?;
    let reporter = Reporter::new(settings);
    let bring = |source: &ImageSource| {
        let platform = arguments.platform.as_deref();
        remote::bring(source, platform, Extent::Image, settings, &arguments.registry, &reporter)
    };
    let wanted = Wanted::of(arguments, &rules);
    let local = bring(&source)?;
    let mut images = gather::images(&arguments.image, &local, wanted, settings, &reporter)?;
    if let (Some(source), Some(name)) = (&baseline, &arguments.baseline) {
        let local = bring(source).with_context(|| format!("cannot read the baseline `{name}`"))?;
        let before = gather::images(name, &local, wanted, settings, &reporter)?;
        gather::compare(&mut images, before, &reporter);
    }
    rules.judge(&mut images);
    let inspection = Inspection { images, rules, has_baseline: baseline.is_some() };
    output::write(&inspection, &arguments.outputs)?;
    Ok(inspection.exit_code())
}

fn image(word: &str) -> anyhow::Result<ImageSource> {
    match source::parse(word)? {
        Source::Image(source) => Ok(source),
        Source::Spec(path) => {
            Err(Usage::new(format!("`{}` is a spec, and has no layers yet", path.display()))
                .hint("`attar build -o oci:DIR` builds it; then inspect `oci:DIR`")
                .into())
        }
    }
}
