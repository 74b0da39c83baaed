//! `attar inspect`: what the layers of an image hold, what is dead, whether rules are kept: as a report, or
//! in an interface to look around.

mod findings;
mod gather;
mod purpose;
mod report;
mod rules;
mod table;
mod terminal;

use std::io::{self, IsTerminal as _};

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
use purpose::Purpose;
use report::Inspection;
use rules::Rules;

pub(crate) fn run(arguments: &InspectArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let has_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    match Purpose::of(arguments, has_terminal)? {
        Purpose::Report(image) => report(image, arguments, settings),
        Purpose::Interface => terminal::open(arguments, settings),
        Purpose::Screen(width, height) => terminal::draw_once(arguments, (width, height), settings),
    }
}

fn report(name: &str, arguments: &InspectArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let source = image(name)?;
    let baseline = arguments.baseline.as_deref().map(image).transpose()?;
    // Rules come first: what is wrong with them is said before anything is read.
    let rules = Rules::of(arguments)?;
    let reporter = Reporter::new(settings);
    if arguments.policy.is_some() && !arguments.ci {
        // No error: the variable of the option may be set for other commands.
        reporter.say("`--policy` is not used: only `--ci` judges");
    }
    let open = |source: &ImageSource, platform: Option<&str>| {
        remote::open(source, platform, Extent::OneImage, settings, &arguments.registry, &reporter)
    };
    let wanted = Wanted::of(arguments, &rules);
    let opened = open(&source, arguments.platform.as_deref())?;
    let mut images = gather::images(name, &opened, wanted)?;
    if let (Some(source), Some(name)) = (&baseline, &arguments.baseline) {
        // The same platform of both, where they have one.
        let has_platform = !opened.is_root && !matches!(source, ImageSource::Root(_));
        let platform = images.first().filter(|_| has_platform).map(|image| image.image.platform.to_string());
        let before = open(source, platform.as_deref())
            .and_then(|opened| gather::images(name, &opened, wanted))
            .with_context(|| format!("cannot read the baseline `{name}`"))?;
        gather::compare(&mut images, &before);
    }
    rules.judge(&mut images);
    let inspection = Inspection { images, rules, has_baseline: baseline.is_some() };
    // The bars are gone before the answer comes.
    drop(reporter);
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
