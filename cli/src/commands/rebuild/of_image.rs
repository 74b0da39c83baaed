//! Rebuilds an image from its evidence alone.

use std::io;

use anyhow::Context as _;
use attar_builder::cache::Cache;
use attar_builder::context::Context;
use attar_builder::evidence::{self, Claim};
use attar_builder::export::{self, Destination};
use attar_builder::rebuild::{self, Named, Rebuilt, Trust, Vouching};
use attar_builder::repository::openpgp;
use attar_image::chain;
use attar_image::difference::{self, Side};
use attar_image::layout::{Image as Published, Layout};
use attar_image::manifest::Descriptor;
use attar_image::platform::Platform;

use super::report::{Comparison, Difference, Image, Packages, Parts, Rebuild, Unvouched, Verdict};
use crate::args::RebuildArgs;
use crate::commands::context::start;
use crate::failure::Usage;
use crate::image::{self, Entry};
use crate::progress::Reporter;
use crate::settings::Settings;
use crate::source::ImageSource;

pub(super) fn run(
    arguments: &RebuildArgs,
    settings: &Settings,
    source: &ImageSource,
    named: &ImageSource,
) -> anyhow::Result<Rebuild> {
    let platforms = check(arguments)?;
    let of = named.to_string();
    let entry = image::entry(source)?;
    let images = wanted(&entry, &platforms)?;
    let reporter = Reporter::new(settings);
    // Nothing that was made before is used; packages that were verified are.
    let cache = Cache::open(&settings.cache, reporter.events())?.without_results()?;
    let settings = Settings { cache: cache.path().to_owned(), ..settings.clone() };
    let context = start(&settings, &arguments.source, &arguments.registry, &reporter)?;
    let trust = trust(arguments, &settings)?;
    let mut answer: Option<Rebuild> = None;
    for (_, artifact) in evidence::about(&entry.layout, &entry.descriptor, &entry.referrers) {
        let judged = match Claim::read(&entry.layout, &artifact) {
            Ok(claim) => judge(&context, &claim, &trust, &entry, &images, &platforms, &reporter, of.clone())?,
            Err(error) => Rebuild::cannot_judge(of.clone(), vec![chain(&error)]),
        };
        // Whoever may write beside an image can add evidence: one that gives its bytes suffices.
        if answer.as_ref().is_none_or(|answer| judged.verdict < answer.verdict) {
            answer = Some(judged);
        }
    }
    Ok(answer.unwrap_or_else(|| {
        let reason = "no evidence stands beside it: `attar build` writes it into layouts in which the image \
                      has a name";
        Rebuild::cannot_judge(of, vec![reason.into()])
    }))
}

/// Refuses what is for specs alone, and returns the platforms that are asked for.
fn check(arguments: &RebuildArgs) -> anyhow::Result<Vec<Platform>> {
    let RebuildArgs { against, image, spec, .. } = arguments;
    let is_for_specs = [
        (against.is_some(), "--against"),
        (!image.variants.is_empty(), "--variant"),
        (image.all_variants, "--all-variants"),
        (!image.annotations.is_empty(), "--annotation"),
        (!image.labels.is_empty(), "--label"),
        (!spec.arguments.is_empty(), "--arg"),
    ];
    if let Some((_, option)) = is_for_specs.iter().find(|(given, _)| *given) {
        return Err(Usage::new(format!(
            "`{option}` is for specs: an image's evidence says how it was built"
        ))
        .into());
    }
    image.platforms.iter().map(|word| image::platform(word)).collect()
}

fn wanted(entry: &Entry, platforms: &[Platform]) -> anyhow::Result<Vec<Published>> {
    let mut images = entry.layout.images(&entry.descriptor)?;
    for platform in platforms {
        if !images.iter().any(|image| image.platform.is_same(platform)) {
            return Err(Usage::new(format!("the image has no platform `{platform}`")).into());
        }
    }
    images.retain(|image| platforms.is_empty() || platforms.iter().any(|it| image.platform.is_same(it)));
    Ok(images)
}

fn trust(arguments: &RebuildArgs, settings: &Settings) -> anyhow::Result<Trust> {
    let mut trust = Trust {
        keys: Vec::new(),
        mirrors: settings.sources(&arguments.source).mirrors,
        spec: arguments.trust_spec,
    };
    for file in &arguments.keys {
        let context = || format!("cannot use the keys `{}`", file.display());
        let bytes = std::fs::read(file).with_context(context)?;
        trust.keys.push(openpgp::armored(&bytes).with_context(context)?);
    }
    Ok(trust)
}

#[expect(clippy::too_many_arguments, reason = "what one claim is judged by")]
fn judge(
    context: &Context,
    claim: &Claim,
    trust: &Trust,
    entry: &Entry,
    images: &[Published],
    platforms: &[Platform],
    reporter: &Reporter,
    of: String,
) -> anyhow::Result<Rebuild> {
    reporter.stage("looking up packages in signed indexes");
    let vouching = rebuild::vouch(context, claim, trust);
    let packages = packages(&vouching, rebuild::named(claim), trust);
    let mut reasons = Vec::new();
    if !vouching.unvouched.is_empty() {
        reasons.push(format!("nobody vouches for {} packages", vouching.unvouched.len()));
        reasons.extend(vouching.unopened.iter().map(|(archive, reason)| format!("{archive}: {reason}")));
    }
    if !rebuild::missing(context, &vouching).is_empty() {
        reasons.push("without the bytes of these packages nothing can be rebuilt".into());
        return Ok(Rebuild { packages: Some(packages), ..Rebuild::cannot_judge(of, reasons) });
    }
    reporter.stage("building again");
    let rebuilt = match rebuild::rebuild(context, claim, &vouching, &entry.layout, images.to_vec()) {
        Ok(Some(rebuilt)) => rebuilt,
        failed => {
            reasons.push(match failed {
                Err(error) => format!("what the evidence says cannot be built: {}", chain(&error)),
                Ok(_) => "the evidence names none of the image's platforms".into(),
            });
            return Ok(Rebuild { packages: Some(packages), ..Rebuild::cannot_judge(of, reasons) });
        }
    };
    reporter.stage("comparing");
    let image = compare(context, claim, entry, images, platforms, &rebuilt)?;
    let mut answer = Rebuild::of_images(of, vec![image]);
    if answer.verdict == Verdict::Identical && !reasons.is_empty() {
        answer.verdict = Verdict::CannotJudge;
    }
    Ok(Rebuild { packages: Some(packages), reasons, ..answer })
}

fn packages(vouching: &Vouching, named: Named, trust: &Trust) -> Packages {
    let unvouched = vouching.unvouched.iter().map(|package| Unvouched {
        name: package.name.clone(),
        version: package.version.clone(),
        architecture: package.architecture.clone(),
        digest: package.digest.to_string(),
        archive: package.archive.clone(),
    });
    Packages {
        vouched: vouching.vouched,
        signers: vouching.signers.iter().map(ToString::to_string).collect(),
        unvouched: unvouched.collect(),
        spec_keys: named.keys.into_iter().collect(),
        spec_addresses: named.addresses.into_iter().collect(),
        spec_trusted: trust.spec,
    }
}

/// Compares the published image with the one that was built again.
fn compare(
    context: &Context,
    claim: &Claim,
    entry: &Entry,
    images: &[Published],
    platforms: &[Platform],
    rebuilt: &Rebuilt,
) -> anyhow::Result<Image> {
    let folder = context.cache.root().join("layout");
    let plain = attar_builder::build::Built { variant: String::new(), ..rebuilt.built.clone() };
    let _ = std::fs::remove_dir_all(&folder);
    let destination = Destination::Layout { folder: folder.clone(), name: None };
    export::export(&context.cache, std::slice::from_ref(&plain), &destination, &[])?;
    let layout = Layout::open(folder)?;
    let again = layout.resolve(None)?;
    let expected = Side { layout: &entry.layout, entry: &entry.descriptor };
    let found = Side { layout: &layout, entry: &again };
    let mut difference = None;
    match platforms {
        [] => difference = difference::first(expected, found, None)?,
        platforms => {
            for platform in platforms {
                difference = difference.or(difference::first(expected, found, Some(platform))?);
            }
        }
    }
    let mut parts = Parts { package_layers: 0, identical_package_layers: 0, own_files: rebuilt.own_files };
    for (built, layers) in rebuilt.built.images.iter().zip(&rebuilt.package_layers) {
        let published = images.iter().find(|image| image.platform.is_same(&built.platform));
        let is_identical = |number: &usize| {
            let layer = published.and_then(|image| image.manifest.layers.get(*number));
            layer.is_some_and(|layer| {
                // Where nothing differs, every layer's bytes were compared.
                let is_true = difference.is_none() || has_its_digest(&entry.layout, layer);
                is_true && built.layers.get(*number).is_some_and(|built| built.digest == layer.digest)
            })
        };
        parts.package_layers += layers;
        parts.identical_package_layers += (0..*layers).filter(is_identical).count();
    }
    Ok(Image {
        variant: claim.recipe.variant.clone(),
        platforms: rebuilt.built.images.iter().map(|image| image.platform.to_string()).collect(),
        digest: again.digest.to_string(),
        comparisons: vec![Comparison {
            with: "published".into(),
            digest: entry.descriptor.digest.to_string(),
            difference: difference.as_ref().map(Difference::of),
        }],
        parts: Some(parts),
    })
}

fn has_its_digest(layout: &Layout, blob: &Descriptor) -> bool {
    let copied = layout.open_blob(blob).map(|mut reader| io::copy(&mut reader, &mut io::sink()));
    matches!(copied, Ok(Ok(_)))
}
