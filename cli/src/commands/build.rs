//! `attar build`: from specs to images where the user wants them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use attar_builder::build::{self, Built, Outcome, Request};
use attar_builder::context::Context;
use attar_builder::export::{self, Destination};
use attar_builder::spec;
use attar_image::reference::Reference;

use super::context::{pairs, start};
use super::{lock, metadata, several};
use crate::args::BuildArgs;
use crate::discovery;
use crate::exit_code::ExitCode;
use crate::failure::Usage;
use crate::progress::Reporter;
use crate::settings::Settings;

pub(crate) fn run(arguments: &BuildArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let tags = tags(&arguments.tags)?;
    if arguments.outputs.is_empty() && !tags.is_empty() {
        return Err(Usage::new("`-t` names an image, but nothing says where to write it")
            .hint(DESTINATIONS)
            .into());
    }
    let specs = discovery::specs(&arguments.paths.specs)?;
    let destinations = destinations(arguments, &specs)?;
    let reporter = Reporter::new(settings);
    let context = start(settings, &arguments.source, &reporter)?;
    let mut report = metadata::Metadata::default();
    let code = several::for_each_spec(&arguments.paths.specs, &reporter, |spec| {
        let request = request(arguments, settings, spec)?;
        let outcome = build::build(&context, &request)?;
        lock::report(&request.lock, &outcome.lock, &outcome.locking, &reporter);
        let written = write(&context, &outcome, destinations.get(spec).map_or(&[], Vec::as_slice), &tags)?;
        report.add(spec, &request.lock, &outcome.built, &written);
        reporter.answer(&lines(&outcome.built, &written))?;
        Ok(ExitCode::Yes)
    })?;
    if let Some(file) = &arguments.metadata_file {
        report.write(file, &reporter)?;
    }
    if arguments.outputs.is_empty() && code == ExitCode::Yes {
        reporter.say(&format!("nothing was written: {DESTINATIONS}"));
    }
    drop(reporter);
    if !arguments.source.offline {
        context.cache.prune(settings.cache_limit.0).context("cannot make room in the cache")?;
    }
    Ok(code)
}

const DESTINATIONS: &str =
    "say where with `-o oci:DIR`, `-o oci-archive:FILE`, `-o docker-archive:FILE` or `-o rootfs:FILE.tar`";

fn request(arguments: &BuildArgs, settings: &Settings, spec: &Path) -> Result<Request, Usage> {
    let mut request = super::context::request(spec, &arguments.spec, &arguments.image, settings)?;
    request.locked = arguments.locked;
    request.locking.allow_rollback = arguments.source.allow_rollback;
    Ok(request)
}

fn tags(words: &[String]) -> Result<Vec<Reference>, Usage> {
    let parse = |word: &String| {
        word.parse().map_err(|error| Usage::new(format!("`-t {word}` names no image: {error}")))
    };
    words.iter().map(parse).collect()
}

/// Says where each spec's images go, before anything is built. Several specs share a layout under
/// their names; a file holds one image.
fn destinations(
    arguments: &BuildArgs,
    specs: &[PathBuf],
) -> anyhow::Result<BTreeMap<PathBuf, Vec<Destination>>> {
    let mut all = BTreeMap::new();
    let mut entries = BTreeMap::new();
    for path in specs {
        let arguments_of_spec = pairs("--arg", &arguments.spec.arguments)?;
        let selection = spec::Selection { arguments: Some(&arguments_of_spec), ..Default::default() };
        let read = spec::load(path).and_then(|document| {
            let effective = document.effective(selection)?.spec;
            Ok((document, effective))
        });
        let (document, effective) = match read {
            Ok(read) => read,
            // What is wrong with one of several is said in its turn, after the others before it.
            Err(_) if specs.len() > 1 => continue,
            Err(faults) => return Err(faults.into()),
        };
        let mut variants = vec![String::new()];
        variants.extend(if arguments.image.all_variants {
            document.variants()
        } else {
            arguments.image.variants.clone()
        });
        let platforms = match arguments.image.platforms.len() {
            0 => effective.platforms.len(),
            narrowed => narrowed,
        };
        let name = effective.name.as_deref();
        let mut here = arguments.outputs.clone();
        if specs.len() > 1 {
            for destination in &mut here {
                share(destination, path, name, &mut entries)?;
            }
        }
        export::places(&here, &variants, name, platforms).map_err(|error| Usage::new(error.to_string()))?;
        all.insert(path.clone(), here);
    }
    Ok(all)
}

/// Gives a spec its own entry in a destination that several specs share.
fn share(
    destination: &mut Destination,
    spec: &Path,
    name: Option<&str>,
    entries: &mut BTreeMap<String, PathBuf>,
) -> Result<(), Usage> {
    let shown = destination.to_string();
    let Destination::Layout { name: entry, .. } = destination else {
        return Err(Usage::new(format!("`{shown}` takes the image of one spec")).hint("build one at a time"));
    };
    if entry.is_some() {
        return Err(Usage::new(format!("two images would be written to `{shown}`"))
            .hint("without a name after the folder, each spec's `name` is used"));
    }
    let Some(name) = name else {
        return Err(Usage::new(format!("`{}` has no `name` for its entry in `{shown}`", spec.display())));
    };
    *entry = Some(name.to_owned());
    match entries.insert(destination.to_string(), spec.to_owned()) {
        None => Ok(()),
        Some(other) => Err(Usage::new(format!(
            "`{}` and `{}` would both be written to `{destination}`",
            other.display(),
            spec.display()
        ))),
    }
}

/// Writes the images to their destinations, and says for each image where it is.
fn write(
    context: &Context,
    outcome: &Outcome,
    destinations: &[Destination],
    tags: &[Reference],
) -> anyhow::Result<Vec<Vec<String>>> {
    let mut written = vec![Vec::new(); outcome.built.len()];
    for destination in destinations {
        export::export(&context.cache, &outcome.built, destination, tags)?;
        for (places, built) in written.iter_mut().zip(&outcome.built) {
            places.push(place(destination, built));
        }
    }
    Ok(written)
}

/// Says where one image is in a destination.
fn place(destination: &Destination, built: &Built) -> String {
    match destination {
        Destination::Layout { folder, name: Some(name) } => {
            let name = Some(export::entry_name(name, &built.variant));
            Destination::Layout { folder: folder.clone(), name }.to_string()
        }
        other => other.to_string(),
    }
}

/// Returns one line for each image: its digest, then where it was written.
fn lines(built: &[Built], written: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (built, places) in built.iter().zip(written) {
        write!(text, "{}", built.index.digest()).expect("writing to a string cannot fail");
        for place in places {
            write!(text, " {place}").expect("writing to a string cannot fail");
        }
        text.push('\n');
    }
    text
}
