//! Pushes a changed application to a registry that has the rest: attar, crane and skopeo, one after the
//! other, the same image.

use anyhow::Context as _;
use attar_testing::command::words;
use attar_testing::docker_registry::DockerRegistry;
use attar_testing::skip;

use crate::measure::{self, median, ratio, seconds};
use crate::row;
use crate::workspace::{Compression, Workspace};

pub(crate) fn rows(workspace: &Workspace, rounds: usize, table: &mut Vec<String>) -> anyhow::Result<()> {
    let registry = match DockerRegistry::start() {
        Ok(registry) => registry,
        Err(reason) => {
            table.push(row("push, application changed", "", "", &reason));
            return Ok(());
        }
    };
    let cache = workspace.downloads_only()?;
    let layout = cache.path().join("out");
    let layout = layout.to_str().context("a path in UTF-8")?;
    let spec = workspace.spec("program", Compression::Gzip);
    let push = || {
        let attar = workspace.attar().cache(cache.path()).args(["build", "--locked", "--push"]).arg(&spec);
        let mut command = attar.args(["-t", &registry.reference("attar/app:1")]).into_command();
        Ok::<_, anyhow::Error>(measure::run(&mut command)?.time)
    };
    let (crane, skopeo) = (registry.reference("crane/app:1"), registry.reference("skopeo/app:1"));
    let (source, target) = (format!("oci:{layout}"), format!("docker://{skopeo}"));
    let others = [
        vec!["crane", "push", "--index", layout, &crane],
        vec!["skopeo", "copy", "--all", "--quiet", "--dest-tls-verify=false", &source, &target],
    ];
    for command in others {
        if skip::program(command[0]).is_err() {
            continue;
        }
        let mut pairs = Vec::new();
        for round in 0..=rounds {
            workspace.change_program(round)?;
            workspace.build("program", Compression::Gzip, cache.path())?;
            let pair = (push()?, measure::run(&mut words(&command))?.time);
            // The first round brings what does not change.
            if round > 0 {
                pairs.push(pair);
            }
        }
        let (attar, other) = (median(pairs.iter().map(|it| it.0)), median(pairs.iter().map(|it| it.1)));
        let ratio = median(pairs.iter().map(|(attar, other)| ratio(*attar, *other)));
        let beside = format!("{} {}", command[0], seconds(other));
        table.push(row("push, application changed", &seconds(attar), &beside, &format!("{ratio:.2}")));
    }
    Ok(())
}
