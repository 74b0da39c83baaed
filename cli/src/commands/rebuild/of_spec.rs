//! Rebuilds a spec with its lock: what `attar build` gives against what an empty cache gives.

use std::path::Path;

use attar_builder::build::{self, BuildError, Built};
use attar_builder::cache::Cache;
use attar_builder::export::{self, Destination};
use attar_builder::lock::LockError;
use attar_image::difference::{self, Side};
use attar_image::layout::Layout;

use super::again;
use super::report::{Comparison, Difference, Image, Rebuild};
use crate::args::RebuildArgs;
use crate::commands::context::{request, start};
use crate::failure::Usage;
use crate::image::{self, Entry};
use crate::progress::Reporter;
use crate::remote::{self, Extent};
use crate::settings::Settings;
use crate::source::{self, ImageSource, Source};

pub(super) fn run(arguments: &RebuildArgs, settings: &Settings, spec: &Path) -> anyhow::Result<Rebuild> {
    if !arguments.keys.is_empty() || arguments.trust_spec {
        return Err(Usage::new(
            "`--key` and `--trust-spec` are for images: a spec says itself whom it trusts",
        )
        .into());
    }
    let against = against(arguments)?;
    let reporter = Reporter::new(settings);
    let context = start(settings, &arguments.source, &arguments.registry, &reporter)?;
    let mut request = request(spec, &arguments.spec, &arguments.image, settings)?;
    request.locked = true;
    let of = spec.display().to_string();
    let outcome = match build::build(&context, &request, None) {
        Ok(outcome) => outcome,
        Err(error) => {
            return match reason(&error) {
                Some(reason) => Ok(Rebuild::cannot_judge(of, vec![reason])),
                None => Err(error.into()),
            };
        }
    };
    reporter.stage("building again");
    let again = again::build(arguments, settings, spec, &context.cache)?;
    reporter.stage("comparing");
    let mut images = Vec::new();
    for built in &outcome.built {
        let entry = again.layout.resolve(Some(&export::entry_name(again::NAME, &built.variant)))?;
        let found = Side { layout: &again.layout, entry: &entry };
        let mut comparisons = vec![with_build(&context.cache, built, found)?];
        if let Some(source) = against.as_ref().and_then(|source| source.of_variant(&built.variant)) {
            let extent = Extent::Image;
            let local = remote::bring(&source, None, extent, settings, &arguments.registry, &reporter)?;
            comparisons.push(with_image(&local.source, &source, found)?);
        }
        images.push(Image {
            variant: built.variant.clone(),
            platforms: built.images.iter().map(|image| image.platform.to_string()).collect(),
            digest: entry.digest.to_string(),
            comparisons,
            parts: None,
        });
    }
    Ok(Rebuild::of_images(of, images))
}

/// Says why nothing can be judged, if the error means that.
fn reason(error: &BuildError) -> Option<String> {
    match error {
        BuildError::NoLock(path) => {
            Some(format!("there is no lock `{}`: `attar lock` makes one", path.display()))
        }
        BuildError::Outdated { path, differences } => Some(format!(
            "the lock `{}` does not fit the spec:\n  {}",
            path.display(),
            differences.join("\n  ")
        )),
        BuildError::OldFormat { path, found } => Some(format!(
            "the lock `{}` has format {found}, of which this attar would build other bytes",
            path.display()
        )),
        BuildError::Lock(error @ LockError::Newer { .. }) => Some(error.to_string()),
        _ => None,
    }
}

/// Compares with what `attar build` gives.
fn with_build(cache: &Cache, built: &Built, found: Side<'_>) -> anyhow::Result<Comparison> {
    let digest = built.index.digest();
    let comparison = |difference| Comparison { with: "build".into(), digest: digest.to_string(), difference };
    if digest == found.entry.digest {
        return Ok(comparison(None));
    }
    let folder = tempfile::Builder::new().prefix("attar-layout-").tempdir_in(cache.root().join("tmp"))?;
    let destination = Destination::Layout { folder: folder.path().join("layout"), name: None };
    let plain = Built { variant: String::new(), ..built.clone() };
    export::export(cache, std::slice::from_ref(&plain), &destination, &[])?;
    let layout = Layout::open(folder.path().join("layout"))?;
    let entry = layout.resolve(None)?;
    let difference = difference::first(Side { layout: &layout, entry: &entry }, found, None)?;
    Ok(comparison(difference.as_ref().map(Difference::of)))
}

/// Compares with an image that is there.
fn with_image(source: &ImageSource, named: &ImageSource, found: Side<'_>) -> anyhow::Result<Comparison> {
    let Entry { layout, descriptor, .. } = image::entry(source)?;
    let difference = difference::first(Side { layout: &layout, entry: &descriptor }, found, None)?;
    Ok(Comparison {
        with: named.to_string(),
        digest: descriptor.digest.to_string(),
        difference: difference.as_ref().map(Difference::of),
    })
}

fn against(arguments: &RebuildArgs) -> anyhow::Result<Option<ImageSource>> {
    let Some(word) = &arguments.against else { return Ok(None) };
    let several = arguments.image.all_variants || !arguments.image.variants.is_empty();
    match source::parse(word)? {
        Source::Spec(_) => Err(Usage::new(format!("`--against {word}` names no image")).into()),
        Source::Image(source) if several && source.of_variant("v").is_none() => {
            Err(Usage::new(format!("`--against {word}` holds no variants by name"))
                .hint("name the plain image: `oci:DIR:NAME` has its variants beside it as `NAME-VARIANT`")
                .into())
        }
        Source::Image(source) if arguments.source.offline && !source.is_here() => {
            Err(Usage::new(format!("`--offline` opens no connection, and `{source}` is not here")).into())
        }
        Source::Image(source) => Ok(Some(source)),
    }
}
