//! Programs that put layers on top of each other, apart from attar.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use attar_testing::command::words;
use attar_testing::engine::Docker;
use attar_testing::layers::{Codec, write_docker_archive, write_layout};
use attar_testing::tree::Listing;
use attar_testing::{Scratch, run};

/// Unpacks layers with umoci.
pub(crate) fn umoci(scratch: &Scratch, layers: &[Vec<u8>]) -> anyhow::Result<Listing> {
    let layout = scratch.join("umoci");
    write_layout(&layout, "it", Codec::Gzip, layers)?;
    let bundle = scratch.join("bundle");
    let image = format!("{}:it", layout.display());
    let said = run(words(&["umoci", "unpack", "--image", &image]).arg(&bundle));
    ensure!(said.is_success(), "{}", said.stderr);
    Listing::of_folder(&bundle.join("rootfs"))
}

/// Says whether this process may mount, or why not.
pub(crate) fn can_mount() -> Result<(), String> {
    let scratch = Scratch::with([("one/a", ""), ("two/b", "")]);
    let mounted = Overlay::mount(
        scratch.join("at"),
        &["one", "two"].map(|name| scratch.join(name).display().to_string()),
    );
    mounted.map(drop).map_err(|error| format!("{error:#}"))
}

/// Loads layers into Docker, and mounts the folders that it made of them on top of each other, without
/// what Docker puts into containers.
pub(crate) fn overlay(docker: Docker, scratch: &Scratch, layers: &[Vec<u8>]) -> anyhow::Result<Listing> {
    let archive = scratch.join("archive.tar");
    let name = format!("attar-tests/merged:{}", std::process::id());
    write_docker_archive(&archive, &name, layers)?;
    let said = run(words(&["docker", "load", "--quiet", "--input"]).arg(&archive));
    ensure!(said.is_success(), "{}", said.stderr);
    let listing = mounted(scratch, &name);
    docker.remove(&name);
    listing
}

fn mounted(scratch: &Scratch, name: &str) -> anyhow::Result<Listing> {
    let format = "{{.GraphDriver.Name}} {{.GraphDriver.Data.UpperDir}} {{.GraphDriver.Data.LowerDir}}";
    let said = run(&mut words(&["docker", "image", "inspect", "--format", format, name])).success();
    let mut said = said.split_whitespace();
    ensure!(said.next() == Some("overlay2"), "Docker stores layers in another way");
    let upper = said.next().context("no folder of the uppermost layer")?;
    let lower = said.next().filter(|word| *word != "value>").unwrap_or_default();
    let folders: Vec<String> = [upper]
        .into_iter()
        .chain(lower.split(':').filter(|word| word.starts_with('/')))
        .map(String::from)
        .collect();
    let overlay = Overlay::mount(scratch.join("at"), &folders)?;
    Listing::of_folder(&overlay.0)
}

/// A mounted overlay, which goes when it is dropped.
struct Overlay(PathBuf);

impl Overlay {
    /// Mounts folders on top of each other, the uppermost first; there must be two.
    fn mount(at: PathBuf, folders: &[String]) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&at)?;
        let options = format!("lowerdir={}", folders.join(":"));
        let said = run(words(&["mount", "-t", "overlay", "overlay", "-o", &options]).arg(&at));
        ensure!(said.is_success(), "{}", said.stderr);
        Ok(Self(at))
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        run(words(&["umount"]).arg(&self.0));
    }
}
