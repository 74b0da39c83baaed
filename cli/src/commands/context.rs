//! Sets the builder up from settings, for every command that needs it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use attar_builder::build::{Request, Variants};
use attar_builder::cache::Cache;
use attar_builder::context::Context;
use attar_builder::repository;

use super::vendor::RegistryKeeper;
use crate::args::{ImageArgs, NamedValue, RegistryArgs, SourceArgs, SpecArgs};
use crate::failure::Usage;
use crate::progress::Reporter;
use crate::settings::Settings;

/// Sets the builder up; opens no connection yet.
pub(super) fn start(
    settings: &Settings,
    arguments: &SourceArgs,
    registry: &RegistryArgs,
    reporter: &Reporter,
) -> anyhow::Result<Context> {
    let sources = settings.sources(arguments);
    let cache = Cache::open(&settings.cache, reporter.events())?;
    let mut repository = repository::Settings::new(cache, settings.now);
    repository.mirrors = sources.mirrors;
    repository.transport.offline = sources.offline;
    repository.transport.certificates = settings.certificates.clone();
    repository.netrc = settings.netrc.clone();
    let keeper = RegistryKeeper::new(settings, registry.plain_http, reporter.transfers());
    repository.keeper = Some(Arc::new(keeper));
    Ok(Context::new(repository, settings.threads.get(), reporter.events())?)
}

/// Returns what the options that shape an image ask for.
pub(super) fn request(
    spec: &Path,
    parameters: &SpecArgs,
    image: &ImageArgs,
    settings: &Settings,
) -> Result<Request, Usage> {
    let mut request = Request::new(spec);
    request.arguments = pairs("--arg", &parameters.arguments)?;
    request.variants = match &image.variants[..] {
        [] if image.all_variants => Variants::All,
        [] => Variants::Plain,
        names => Variants::Named(names.to_vec()),
    };
    request.platforms.clone_from(&image.platforms);
    request.epoch = settings.source_date_epoch;
    request.annotations = pairs("--annotation", &image.annotations)?;
    request.labels = pairs("--label", &image.labels)?;
    Ok(request)
}

/// Collects `NAME=VALUE` pairs; the same name twice is wrong usage.
pub(super) fn pairs(option: &str, values: &[NamedValue]) -> Result<BTreeMap<String, String>, Usage> {
    let mut pairs = BTreeMap::new();
    for NamedValue { name, value } in values {
        if pairs.insert(name.clone(), value.clone()).is_some() {
            return Err(Usage::new(format!("`{option} {name}=…` stands twice")));
        }
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_given_twice_is_wrong_usage() {
        let pair = |text: &str| text.parse::<NamedValue>().expect("a pair");
        let error = pairs("--arg", &[pair("A=1"), pair("A=2")]).expect_err("given twice");
        assert_eq!(error.to_string(), "`--arg A=…` stands twice");
        assert_eq!(pairs("--arg", &[pair("A=1"), pair("B=2")]).expect("two pairs").len(), 2);
    }
}
