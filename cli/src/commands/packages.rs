//! `attar packages`: the packages of a spec's lock, or of an image.

use std::io::{self, Write};
use std::path::Path;

use attar_builder::lock::{Lock, LockedPackage};
use attar_packages::database::Manager;
use attar_scanner::Installed;
use serde::Serialize;

use super::several;
use crate::args::PackagesArgs;
use crate::discovery;
use crate::exit_code::ExitCode;
use crate::failure::Usage;
use crate::image::Opened;
use crate::output::{self, Report};
use crate::progress::Reporter;
use crate::remote::{self, Extent};
use crate::settings::Settings;
use crate::source::{self, Source};

/// The packages of the images of one spec or index.
#[derive(Debug, Default, Serialize)]
struct Packages {
    packages: Vec<Package>,
}

/// One package for one platform.
#[derive(Debug, Serialize)]
struct Package {
    /// The spec or image, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<String>,
    platform: String,
    /// The type that the package's URL has.
    #[serde(rename = "type")]
    manager: Manager,
    name: String,
    version: String,
    architecture: String,
    source: String,
    /// SHA-256 of the `.deb`; an image does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    /// Size of the `.deb` in bytes; an image does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    /// The file of the image that lists the package; a lock has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_in: Option<String>,
}

impl Report for Packages {
    const SCHEMA: &'static str = "attar.packages/1";

    fn table(&self, out: &mut dyn Write) -> io::Result<()> {
        const HEAD: [&str; 5] = ["NAME", "VERSION", "ARCHITECTURE", "SOURCE", "PLATFORM"];
        let fields = |package: &Package| {
            let Package { platform, name, version, architecture, source, .. } = package;
            [name, version, architecture, source, platform].map(String::clone)
        };
        if self.packages.iter().all(|package| package.of.is_none()) {
            return output::columns(out, HEAD, self.packages.iter().map(fields));
        }
        let rows = self.packages.iter().map(|package| {
            let [name, version, architecture, source, platform] = fields(package);
            [name, version, architecture, source, platform, package.of.clone().unwrap_or_default()]
        });
        let [name, version, architecture, source, platform] = HEAD;
        output::columns(out, [name, version, architecture, source, platform, "OF"], rows)
    }
}

pub(crate) fn run(arguments: &PackagesArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let reporter = Reporter::new(settings);
    let sources = sources(&arguments.of)?;
    if let [(_, source)] = &sources[..] {
        output::write(&of(source, arguments, settings, &reporter)?, &arguments.report.outputs)?;
        return Ok(ExitCode::Yes);
    }
    let mut all = Packages::default();
    let mut worst = ExitCode::Yes;
    for (name, source) in &sources {
        match of(source, arguments, settings, &reporter) {
            Ok(found) => all.packages.extend(
                found.packages.into_iter().map(|package| Package { of: Some(name.clone()), ..package }),
            ),
            Err(error) => worst = worst.max(several::failed(name, error, &reporter)),
        }
    }
    output::write(&all, &arguments.report.outputs)?;
    Ok(worst)
}

/// Returns what is meant, each with its name: `DIR/...` stands for every spec below a folder.
fn sources(words: &[String]) -> anyhow::Result<Vec<(String, Source)>> {
    if words.is_empty() {
        return Ok(vec![(String::new(), Source::Spec(discovery::nearest_spec()?))]);
    }
    let mut sources = Vec::new();
    for word in words {
        if Path::new(word).ends_with("...") {
            let specs = discovery::specs(&[word.into()])?;
            sources.extend(specs.into_iter().map(|path| (path.display().to_string(), Source::Spec(path))));
        } else {
            sources.push((word.clone(), source::parse(word)?));
        }
    }
    Ok(sources)
}

fn of(
    source: &Source,
    arguments: &PackagesArgs,
    settings: &Settings,
    reporter: &Reporter,
) -> anyhow::Result<Packages> {
    let platform = arguments.platform.as_deref();
    match source {
        Source::Spec(path) => of_spec(path, platform, arguments.variant.as_deref()),
        Source::Image(_) if arguments.variant.is_some() => {
            Err(Usage::new("an image has no variants: `--variant` is for specs").into())
        }
        Source::Image(found) => {
            let (extent, registry) = (Extent::Image, &arguments.registry);
            of_image(&remote::open(found, platform, extent, settings, registry, reporter)?, reporter)
        }
    }
}

fn of_spec(spec: &Path, platform: Option<&str>, variant: Option<&str>) -> anyhow::Result<Packages> {
    let path = discovery::lock_of(spec);
    let lock = Lock::read(&path)?.ok_or_else(|| {
        Usage::new(format!("`{}` has no lock yet", spec.display())).hint("`attar lock` chooses packages")
    })?;
    if let Some(wanted) = platform
        && !lock.packages.contains_key(wanted)
    {
        let known: Vec<String> = lock.packages.keys().map(|name| format!("`{name}`")).collect();
        return Err(Usage::new(format!("no platform `{wanted}`: found {}", known.join(", "))).into());
    }
    let mut packages = Packages::default();
    for name in lock.packages.keys().filter(|name| platform.is_none_or(|wanted| wanted == *name)) {
        let locked = lock.image(name, variant.unwrap_or_default());
        packages.packages.extend(locked.map(|package| Package::locked(package, name)));
    }
    Ok(packages)
}

fn of_image(opened: &Opened, reporter: &Reporter) -> anyhow::Result<Packages> {
    let mut packages = Packages::default();
    for image in &opened.images {
        let catalog = opened.catalog(&opened.stack(image)?)?;
        for (path, problem) in &catalog.problems {
            reporter.events().warn(format!("`{path}` lists a package that cannot be read: {problem}"));
        }
        let platform = image.platform.to_string();
        packages.packages.extend(catalog.packages.iter().map(|found| Package::installed(found, &platform)));
    }
    Ok(packages)
}

impl Package {
    fn locked(package: &LockedPackage, platform: &str) -> Self {
        Self {
            of: None,
            platform: platform.into(),
            manager: Manager::Dpkg,
            name: package.name.clone(),
            version: package.version.clone(),
            architecture: package.architecture.clone(),
            source: package.source.clone(),
            digest: Some(package.digest.to_string()),
            size: Some(package.size),
            recorded_in: None,
        }
    }

    fn installed(found: &Installed, platform: &str) -> Self {
        Self {
            of: None,
            platform: platform.into(),
            manager: found.manager,
            name: found.name.clone(),
            version: found.version.clone(),
            architecture: found.architecture.clone(),
            source: found.source.clone(),
            digest: None,
            size: None,
            recorded_in: Some(found.recorded_in.to_string()),
        }
    }
}
