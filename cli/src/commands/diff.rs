//! `attar diff`: how two images differ.

mod content;
mod report;
mod table;

use anyhow::Context as _;
use attar_image::layout::Image;
use attar_image::platform::Platform;
use attar_inspector::compare::{self, Scope, Side};
use attar_packages::ownership::Ownership;

use crate::args::DiffArgs;
use crate::exit_code::ExitCode;
use crate::failure::Usage;
use crate::image::Opened;
use crate::output;
use crate::progress::Reporter;
use crate::remote::{self, Extent};
use crate::settings::Settings;
use crate::source::{self, ImageSource, Source};
use report::{Compared, Difference};

pub(crate) fn run(arguments: &DiffArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let (before, after) = sources(arguments)?;
    let reporter = Reporter::new(settings);
    let (first, second) = match &arguments.platforms[..] {
        [] => (None, None),
        [both] => (Some(both.as_str()), Some(both.as_str())),
        [first, second] => (Some(first.as_str()), Some(second.as_str())),
        _ => return Err(Usage::new("`--platform` more than twice: there are two images").into()),
    };
    let open = |source: &ImageSource, platform| -> anyhow::Result<Opened> {
        // A root file system is for whatever platform it is compared with.
        let platform = if matches!(source, ImageSource::Root(_)) { None } else { platform };
        remote::open(source, platform, Extent::Image, settings, &arguments.registry, &reporter)
    };
    let (ours, theirs) = (open(&before, first)?, open(&after, second)?);
    let pairs = Pairs::of(&before, &ours.images, &after, &theirs.images)?;
    let scope = if arguments.strict { Scope::Strict } else { Scope::Contents };
    let compared: anyhow::Result<Vec<Compared>> = pairs
        .pairs
        .iter()
        .map(|(before, after)| compare(&ours, before, &theirs, after, scope, arguments.content))
        .collect();
    let names = (before.to_string(), after.to_string());
    let only = (pairs.before_only, pairs.after_only);
    let difference = Difference::new(names, compared?, only, scope, arguments.all);
    drop(reporter);
    output::write(&difference, &arguments.outputs)?;
    Ok(difference.exit_code())
}

/// Returns where both images are.
fn sources(arguments: &DiffArgs) -> anyhow::Result<(ImageSource, ImageSource)> {
    let before = image_source(&arguments.before)?;
    match &arguments.after {
        Some(after) => Ok((before, image_source(after)?)),
        None if arguments.platforms.len() == 2 => Ok((before.clone(), before)),
        None => Err(Usage::new("only one image is named")
            .hint("name a second one, or two platforms: `--platform linux/amd64 --platform linux/arm64`")
            .into()),
    }
}

fn image_source(word: &str) -> anyhow::Result<ImageSource> {
    match source::parse(word)? {
        Source::Image(source) => Ok(source),
        Source::Spec(_) => Err(Usage::new(format!("`{word}` is a spec, not an image"))
            .hint("`attar build -o oci:DIR` makes an image of it: `oci:DIR`")
            .into()),
    }
}

/// Images that are compared.
struct Pairs<'a> {
    pairs: Vec<(&'a Image, &'a Image)>,
    before_only: Vec<Platform>,
    after_only: Vec<Platform>,
}

impl<'a> Pairs<'a> {
    /// Pairs the images of one platform; one image on each side is a pair whatever the platforms.
    fn of(
        before_source: &ImageSource,
        before: &'a [Image],
        after_source: &ImageSource,
        after: &'a [Image],
    ) -> Result<Self, Usage> {
        if let ([before], [after]) = (before, after) {
            return Ok(Self { pairs: vec![(before, after)], before_only: vec![], after_only: vec![] });
        }
        for (source, images) in [(before_source, before), (after_source, after)] {
            check_single(source, images)?;
        }
        let find = |images: &'a [Image], wanted: &Image| {
            images.iter().find(|image| image.platform.is_same(&wanted.platform))
        };
        let only = |images: &'a [Image], others: &'a [Image]| -> Vec<Platform> {
            let alone = images.iter().filter(|image| find(others, image).is_none());
            alone.map(|image| image.platform.clone()).collect()
        };
        let pairs: Vec<_> = before.iter().filter_map(|image| Some((image, find(after, image)?))).collect();
        if pairs.is_empty() {
            let listed = |images: &[Image]| {
                let platforms = images.iter().map(|image| format!("`{}`", image.platform));
                platforms.collect::<Vec<_>>().join(", ")
            };
            let message = format!(
                "no platform in common: `{before_source}` has {}, `{after_source}` has {}",
                listed(before),
                listed(after)
            );
            let hint = "`--platform` twice compares one platform of the first image with one of the second";
            return Err(Usage::new(message).hint(hint));
        }
        Ok(Self { pairs, before_only: only(before, after), after_only: only(after, before) })
    }
}

/// Refuses a source with several images for one platform: which one is meant cannot be known.
fn check_single(source: &ImageSource, images: &[Image]) -> Result<(), Usage> {
    for (number, image) in images.iter().enumerate() {
        let is_same = |other: &&Image| {
            other.platform.is_same(&image.platform) && other.descriptor.digest != image.descriptor.digest
        };
        if images[..number].iter().any(|other| is_same(&other)) {
            let message = format!("`{source}` holds several images for `{}`", image.platform);
            return Err(Usage::new(message).hint("`docker-archive:FILE:NAME` and `oci:DIR:NAME` choose one"));
        }
    }
    Ok(())
}

fn compare(
    ours: &Opened,
    before: &Image,
    theirs: &Opened,
    after: &Image,
    scope: Scope,
    with_contents: bool,
) -> anyhow::Result<Compared> {
    let context = || format!("cannot compare the images for {} and {}", before.platform, after.platform);
    let is_read = !compare::have_same_layers(before, after);
    let (stack, other_stack) = if is_read {
        ours.pair(before, theirs, after)?
    } else {
        (compare::unread(before).with_context(context)?, compare::unread(after).with_context(context)?)
    };
    let (mut ownership, mut other_ownership) = (Ownership::default(), Ownership::default());
    if is_read {
        ownership = ours.ownership(&stack)?;
        other_ownership = theirs.ownership(&other_stack)?;
    }
    let mut comparison = compare::compare(
        Side { image: before, stack: &stack, ownership: &ownership, is_root: ours.is_root },
        Side { image: after, stack: &other_stack, ownership: &other_ownership, is_root: theirs.is_root },
        scope,
    );
    if with_contents {
        content::add(&mut comparison, (ours, &stack), (theirs, &other_stack))?;
    }
    Ok(Compared::new(before, after, comparison))
}
