//! One security update: how long the build takes, and how many bytes a puller fetches again, for one
//! layer, the default plan, and one layer a package.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use attar_testing::command::words;
use attar_testing::layout::Image;
use serde_json::Value;

use crate::measure::{self, seconds};
use crate::row;
use crate::workspace::{Compression, Workspace};

/// The package that is updated: the one that is updated most often.
const UPDATED: &str = "libssl3t64";

/// Adds a row for each number of layers.
pub(crate) fn rows(workspace: &Workspace, table: &mut Vec<String>) -> anyhow::Result<()> {
    let mut all = None;
    for (name, budget) in [("one layer", 1), ("the default plan", 10), ("a layer a source package", 100)] {
        let (time, bytes, total) = one(workspace, budget)?;
        let all = *all.get_or_insert(bytes);
        let figure = format!("update of {UPDATED}, {name}");
        let fetched = format!("{:.2} MB of {:.1} MB fetched again", bytes as f64 / 1e6, total as f64 / 1e6);
        table.push(row(&figure, &seconds(time), &fetched, &format!("{:.2}", bytes as f64 / all as f64)));
    }
    Ok(())
}

fn one(workspace: &Workspace, budget: u32) -> anyhow::Result<(std::time::Duration, u64, u64)> {
    let folder = workspace.scratch.join(format!("update-{budget}"));
    std::fs::create_dir_all(folder.join("local"))?;
    let spec = folder.join("attar.yaml");
    std::fs::write(
        &spec,
        format!(
            "include: ../examples/python3/attar.yaml\ncontents: {{repositories: [{{debs: ./local}}]}}\n\
             layering: {{budget: {budget}}}\nplatforms: [linux/amd64]\n"
        ),
    )?;
    let cache = workspace.downloads_only()?;
    let attar = |arguments: &[&str]| {
        let run = workspace.attar().cache(cache.path()).args(arguments).arg(&spec);
        measure::run(&mut run.into_command())
    };
    let original = original(workspace)?;
    repack(&original, &folder, "1")?;
    attar(&["lock"])?;
    let layout = folder.join("layout");
    workspace.build_spec(&spec, &layout, cache.path())?;
    let before: BTreeSet<String> = image(&layout)?.layers().into_iter().collect();
    repack(&original, &folder, "2")?;
    attar(&["lock", "--update=libssl3t64"])?;
    let time = workspace.build_spec(&spec, &layout, cache.path())?.time;
    let after = image(&layout)?;
    let sizes = after.layers().into_iter().zip(after.layer_sizes());
    let (mut again, mut total) = (0, 0);
    for (digest, size) in sizes {
        total += size;
        if !before.contains(&digest) {
            again += size;
        }
    }
    Ok((time, again, total))
}

fn image(layout: &Path) -> anyhow::Result<Image> {
    attar_testing::layout::images(layout, None)?.into_iter().next().context("no image")
}

/// Finds the downloaded package that is updated.
fn original(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let spec = workspace.spec("python3", Compression::Gzip);
    let run = workspace.attar().arg("packages").arg(spec).args(["--platform", "linux/amd64", "-o", "json"]);
    let listed: Value = serde_json::from_str(&run.run().success())?;
    let packages = listed["packages"].as_array().into_iter().flatten();
    let digest = packages
        .filter(|package| package["name"] == UPDATED)
        .find_map(|package| package["digest"].as_str()?.strip_prefix("sha256:"))
        .with_context(|| format!("the example has no {UPDATED}"))?;
    Ok(workspace.scratch.join("downloads/packages/sha256").join(digest))
}

/// Packs the package anew under a later version, with one file changed.
fn repack(original: &Path, folder: &Path, revision: &str) -> anyhow::Result<()> {
    let tree = folder.join(format!("tree-{revision}"));
    attar_testing::run(words(&["dpkg-deb", "--raw-extract"]).arg(original).arg(&tree)).success();
    let control = tree.join("DEBIAN/control");
    let text = std::fs::read_to_string(&control)?;
    let lines = text.lines().map(|line| match line.strip_prefix("Version: ") {
        Some(version) => format!("Version: {version}+local{revision}"),
        None => line.to_owned(),
    });
    std::fs::write(&control, lines.collect::<Vec<_>>().join("\n") + "\n")?;
    let copyright = tree.join(format!("usr/share/doc/{UPDATED}/copyright"));
    let text = std::fs::read_to_string(&copyright)?;
    std::fs::write(&copyright, format!("{text}revision {revision}\n"))?;
    let local = folder.join("local");
    for entry in std::fs::read_dir(&local)? {
        std::fs::remove_file(entry?.path())?;
    }
    let package = local.join(format!("{UPDATED}.deb"));
    attar_testing::run(words(&["dpkg-deb", "--root-owner-group", "-Zxz", "-b"]).arg(&tree).arg(package))
        .success();
    Ok(())
}
