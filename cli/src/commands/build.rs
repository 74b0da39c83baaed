//! `attar build`: from specs to images where the user wants them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use attar_builder::build::{self, Built, Outcome, Request};
use attar_builder::context::Context;
use attar_builder::export::{self, Destination};
use attar_builder::spec;
use attar_image::reference::Reference;

use super::context::{pairs, start};
use super::load::Loading;
use super::publish::{Pushed, Targets};
use super::{lock, metadata, publish, several};
use crate::args::{BuildArgs, ProfileOrSpec};
use crate::discovery;
use crate::exit_code::ExitCode;
use crate::failure::Usage;
use crate::network::Network;
use crate::progress::Reporter;
use crate::settings::Settings;
use crate::verdict::{Asked, SpecJudge};

pub(crate) fn run(arguments: &BuildArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    check(arguments)?;
    let specs = discovery::specs(&arguments.paths.specs)?;
    let mut plans = plans(arguments, &specs)?;
    let reporter = Reporter::new(settings);
    let context = start(settings, &arguments.source, &arguments.registry, &reporter)?;
    let network = Network::new(settings, &arguments.registry, &reporter)?;
    let loading = arguments
        .publish
        .load
        .map(|engine| Loading::start(&network, engine, &arguments.image.platforms))
        .transpose()?;
    let mut report = metadata::Metadata::default();
    let code = several::for_each_spec(&arguments.paths.specs, &reporter, |spec| {
        let request = request(arguments, settings, spec)?;
        let mut judge = judge(arguments, settings, spec, &context);
        let built = build::build(&context, &request, Some(&mut judge));
        let refused = tell(judge, &reporter)?;
        let outcome = match built {
            Err(build::BuildError::Refused) => return Ok(refused),
            built => built?,
        };
        lock::report(&request.lock, &outcome.lock, &outcome.locking, &reporter);
        let plan = plans.remove(spec).unwrap_or_default();
        let written = deliver(&context, &network, loading.as_ref(), &outcome, &plan, &reporter)?;
        report.add(spec, &request.lock, &outcome.built, &written);
        reporter.answer(&lines(&outcome.built, &written))?;
        Ok(ExitCode::Yes)
    })?;
    if let Some(file) = &arguments.metadata_file {
        report.write(file, &reporter)?;
    }
    if !goes_anywhere(arguments) && code == ExitCode::Yes {
        reporter.say(&format!("nothing was written: {DESTINATIONS}"));
    }
    drop(reporter);
    if !arguments.source.offline {
        context.cache.prune(settings.cache_limit.0).context("cannot make room in the cache")?;
    }
    Ok(code)
}

const DESTINATIONS: &str = "say where with `-o oci:DIR`, `-o oci-archive:FILE`, `-o docker-archive:FILE` or \
                            `-o rootfs:FILE.tar`, `--push`, or `--load`";

fn goes_anywhere(arguments: &BuildArgs) -> bool {
    !arguments.outputs.is_empty() || arguments.publish.push || arguments.publish.load.is_some()
}

/// Returns what judges the images of a spec.
fn judge(arguments: &BuildArgs, settings: &Settings, spec: &Path, context: &Context) -> SpecJudge {
    let mut asked = Asked::new(None, settings.now);
    if let Some(ProfileOrSpec::Profile(profile)) = arguments.check {
        asked.profile = Some(profile);
    }
    let shown = spec.display().to_string();
    SpecJudge::new(asked, arguments.check.is_some(), shown, context.cache.clone())
}

/// Tells what the judge says, in full where it says no, and returns the code of its answer.
fn tell(judge: SpecJudge, reporter: &Reporter) -> anyhow::Result<ExitCode> {
    let Some(told) = judge.told().transpose()? else { return Ok(ExitCode::Yes) };
    for line in told.lines.lines() {
        reporter.say(line);
    }
    if told.code != ExitCode::Yes {
        reporter.say("nothing is published: an image does not pass its check");
    }
    Ok(told.code)
}

/// Refuses what makes no sense together, before anything is done.
fn check(arguments: &BuildArgs) -> Result<(), Usage> {
    if !goes_anywhere(arguments) && !arguments.tags.is_empty() {
        return Err(Usage::new("`-t` names an image, but nothing says where to write it").hint(DESTINATIONS));
    }
    if arguments.publish.repository.is_some() && !arguments.publish.push && arguments.tags.is_empty() {
        return Err(Usage::new("`--repository` names where images are pushed, and nothing is pushed")
            .hint("add `--push`"));
    }
    if arguments.publish.push && arguments.source.offline {
        return Err(Usage::new("`--offline` opens no connection, and `--push` needs one")
            .hint("`-o oci:DIR` writes a layout that can be pushed later"));
    }
    Ok(())
}

/// Where the images of one spec go.
#[derive(Default)]
struct Plan {
    destinations: Vec<Destination>,
    references: Vec<Reference>,
    targets: Targets,
}

/// Where one image is.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// In registries.
    pub(super) pushed: Vec<Pushed>,
    /// In layouts, archives and engines.
    pub(super) others: Vec<String>,
}

fn request(arguments: &BuildArgs, settings: &Settings, spec: &Path) -> Result<Request, Usage> {
    let mut request = super::context::request(spec, &arguments.spec, &arguments.image, settings)?;
    request.locked = arguments.locked;
    request.locking.allow_rollback = arguments.source.allow_rollback;
    Ok(request)
}

/// Says where each spec's images go, before anything is built. Several specs share a layout under
/// their names; a file holds one image.
fn plans(arguments: &BuildArgs, specs: &[PathBuf]) -> anyhow::Result<BTreeMap<PathBuf, Plan>> {
    let mut all = BTreeMap::new();
    let mut entries = BTreeMap::new();
    let mut claimed = BTreeSet::new();
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
        let mut destinations = arguments.outputs.clone();
        if specs.len() > 1 {
            for destination in &mut destinations {
                share(destination, path, name, &mut entries)?;
            }
        }
        export::places(&destinations, &variants, name, platforms)
            .map_err(|error| Usage::new(error.to_string()))?;
        let shown = path.display().to_string();
        let references = publish::references(&arguments.tags, &arguments.publish, name, &shown)?;
        let targets = Targets::of(&references, &arguments.publish, name, &shown)?;
        targets.claim(&variants, &mut claimed)?;
        all.insert(path.clone(), Plan { destinations, references, targets });
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

/// Brings the images where they go: files first, then engines, then registries.
fn deliver(
    context: &Context,
    network: &Network,
    loading: Option<&Loading>,
    outcome: &Outcome,
    plan: &Plan,
    reporter: &Reporter,
) -> anyhow::Result<Vec<Places>> {
    let mut all: Vec<Places> = outcome.built.iter().map(|_| Places::default()).collect();
    for destination in &plan.destinations {
        export::export(&context.cache, &outcome.built, destination, &plan.references)?;
        for (places, built) in all.iter_mut().zip(&outcome.built) {
            places.others.push(place(destination, built));
        }
    }
    for (places, built) in all.iter_mut().zip(&outcome.built) {
        if let Some(loading) = loading {
            let names = loading.load(network, &context.cache, built, &plan.references)?;
            reporter.say(&format!("loaded into {}: {}", loading.place(), names.join(" ")));
            places.others.extend(names);
        }
        places.pushed = publish::push(network, built, &plan.targets)?;
    }
    Ok(all)
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

/// Returns one line for each image: its reference by digest in each registry, or its digest where it was
/// not pushed, then where else it is.
fn lines(built: &[Built], places: &[Places]) -> String {
    let mut text = String::new();
    for (built, places) in built.iter().zip(places) {
        let mut words: Vec<String> =
            places.pushed.iter().map(|pushed| pushed.reference.to_string()).collect();
        if words.is_empty() {
            words.push(built.index.digest().to_string());
        }
        words.extend(places.others.iter().cloned());
        writeln!(text, "{}", words.join(" ")).expect("writing to a string cannot fail");
    }
    text
}
