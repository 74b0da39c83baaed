//! Builds a spec once more, in surroundings that must not show in the image.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use attar_builder::cache::Cache;
use attar_image::layout::Layout;
use rustix::fs::Mode;
use rustix::process::umask;
use tempfile::TempDir;

use crate::args::{ImageArgs, RebuildArgs};
use crate::environment;
use crate::settings::Settings;

/// Name of the plain image in the layout.
pub(super) const NAME: &str = "again";

/// Variables of options that the second build shall see as the first did.
const KEPT: [&str; 2] = ["ATTAR_CONFIG", "ATTAR_LOG"];

/// A layout with images that were built with an empty cache.
pub(super) struct Again {
    pub(super) layout: Layout,
    /// The layout and the cache are in it.
    _folder: TempDir,
}

/// Builds a spec as its lock says, by a process of its own.
///
/// Umask, time zone and working directory belong to a whole process, so this one cannot try others.
pub(super) fn build(
    arguments: &RebuildArgs,
    settings: &Settings,
    spec: &Path,
    cache: &Cache,
) -> anyhow::Result<Again> {
    let folder = cache.without_results()?;
    let context = || format!("cannot build `{}` again in `{}`", spec.display(), folder.path().display());
    let layout = folder.path().join("layout");
    let mut command = Command::new(std::env::current_exe().context("cannot find the running program")?);
    for name in environment::of_options().iter().filter(|name| !KEPT.contains(&&name[..])) {
        command.env_remove(name);
    }
    command
        .current_dir(folder.path())
        .env("TZ", "Pacific/Kiritimati")
        .env("LC_ALL", "tr_TR.UTF-8")
        .env("ATTAR_CACHE_DIR", folder.path())
        .args(["build", "--quiet", "--locked", "--threads"])
        .arg((settings.threads.get() + 1).to_string())
        .args(options(&arguments.image, arguments))
        .arg("-o")
        .arg(concat("oci:", &layout, &format!(":{NAME}")))
        .arg(elsewhere(spec, folder.path()).with_context(context)?);
    let mirrors = settings.sources(&arguments.source).mirrors.join(" ");
    if !mirrors.is_empty() {
        // A mirror's address may hold a password, which has no place on a command line.
        command.env("ATTAR_MIRROR", mirrors);
    }
    let mask = umask(Mode::RWXG | Mode::RWXO);
    if mask == Mode::RWXG | Mode::RWXO {
        umask(Mode::WGRP | Mode::WOTH);
    }
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    umask(mask);
    let output = child.and_then(std::process::Child::wait_with_output).with_context(context)?;
    if !output.status.success() {
        bail!(
            "`{}` cannot be built again without the cache:\n{}",
            spec.display(),
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    Ok(Again { layout: Layout::open(layout)?, _folder: folder })
}

/// Returns the options that shape the images, as they were given.
fn options(image: &ImageArgs, arguments: &RebuildArgs) -> Vec<OsString> {
    let mut options: Vec<String> = Vec::new();
    let mut add = |name: &str, value: String| options.extend([name.to_owned(), value]);
    image.variants.iter().for_each(|name| add("--variant", name.clone()));
    image.platforms.iter().for_each(|name| add("--platform", name.clone()));
    image.annotations.iter().for_each(|pair| add("--annotation", pair.to_string()));
    image.labels.iter().for_each(|pair| add("--label", pair.to_string()));
    arguments.spec.arguments.iter().for_each(|pair| add("--arg", pair.to_string()));
    options.extend(image.all_variants.then(|| String::from("--all-variants")));
    options.extend(arguments.source.offline.then(|| String::from("--offline")));
    options.into_iter().map(OsString::from).collect()
}

/// Returns another path of a spec: below `folder`, by a link to the folder that it lies in.
fn elsewhere(spec: &Path, folder: &Path) -> std::io::Result<std::path::PathBuf> {
    let parent = spec.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let link = folder.join("spec");
    std::os::unix::fs::symlink(std::fs::canonicalize(parent)?, &link)?;
    Ok(link.join(spec.file_name().unwrap_or_default()))
}

fn concat(before: &str, path: &Path, after: &str) -> OsString {
    let mut whole = OsString::from(before);
    whole.push(path);
    whole.push(after);
    whole
}
