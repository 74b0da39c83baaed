//! `attar packages`: the packages of a spec's lock, or of an image.

use std::io::{self, Write};
use std::path::Path;

use attar_builder::lock::{Lock, LockedPackage};
use attar_scanner::Installed;
use serde::Serialize;

use crate::args::PackagesArgs;
use crate::discovery;
use crate::exit_code::ExitCode;
use crate::failure::Usage;
use crate::image;
use crate::output::{self, Report};
use crate::progress::Reporter;
use crate::settings::Settings;
use crate::source::{self, ImageSource, Source};

/// The packages of the images of one spec or index.
#[derive(Debug, Default, Serialize)]
struct Packages {
    packages: Vec<Package>,
}

/// One package for one platform.
#[derive(Debug, Serialize)]
struct Package {
    platform: String,
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
        let rows = self.packages.iter().map(|package| {
            let Package { platform, name, version, architecture, source, .. } = package;
            [name, version, architecture, source, platform].map(String::clone)
        });
        output::columns(out, ["NAME", "VERSION", "ARCHITECTURE", "SOURCE", "PLATFORM"], rows)
    }
}

pub(crate) fn run(arguments: &PackagesArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let source = match &arguments.of {
        Some(word) => source::parse(word)?,
        None => Source::Spec(discovery::nearest_spec()?),
    };
    let platform = arguments.platform.as_deref();
    let packages = match source {
        Source::Spec(path) => of_spec(&path, platform, arguments.variant.as_deref())?,
        Source::Image(image) => {
            if arguments.variant.is_some() {
                return Err(Usage::new("an image has no variants: `--variant` is for specs").into());
            }
            of_image(&image, platform, &Reporter::new(settings))?
        }
    };
    output::write(&packages, &arguments.report.outputs)?;
    Ok(ExitCode::Yes)
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

fn of_image(source: &ImageSource, platform: Option<&str>, reporter: &Reporter) -> anyhow::Result<Packages> {
    let opened = image::open(source, platform)?;
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
            platform: platform.into(),
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
            platform: platform.into(),
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
