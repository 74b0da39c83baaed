//! `attar build --load`: the image for the engine's own platform goes into the engine.

use std::io::{self, BufWriter, Write as _};

use anyhow::Context as _;
use attar_builder::build::Built;
use attar_builder::cache::Cache;
use attar_builder::export;
use attar_image::platform::Platform;
use attar_image::reference::Reference;
use attar_registry::engine::{Engine, Kind};

use crate::args::EngineName;
use crate::failure::Usage;
use crate::image;
use crate::network::Network;

/// An engine that images are loaded into, and the platform that is taken.
pub(super) struct Loading {
    engine: Engine,
    platform: Platform,
}

impl Loading {
    /// Connects to the engine. With one `--platform` that one is taken, else the engine's own.
    pub(super) fn start(network: &Network, name: EngineName, narrowed: &[String]) -> anyhow::Result<Self> {
        let engine = match name {
            EngineName::Any => network.any_engine()?,
            EngineName::Docker => network.engine(Kind::Docker)?,
            EngineName::Podman => network.engine(Kind::Podman)?,
        };
        let platform = match narrowed {
            [one] => image::platform(one)?,
            _ => engine.platform().clone(),
        };
        Ok(Self { engine, platform })
    }

    /// Says where images go, for people.
    pub(super) fn place(&self) -> String {
        format!("{} at {}", self.engine.kind(), self.engine.address())
    }

    /// Loads one image; returns what the engine calls it, with its prefix.
    pub(super) fn load(
        &self,
        network: &Network,
        cache: &Cache,
        built: &Built,
        references: &[Reference],
    ) -> anyhow::Result<Vec<String>> {
        if !built.images.iter().any(|image| image.platform.is_same(&self.platform)) {
            let platforms: Vec<String> =
                built.images.iter().map(|image| format!("`{}`", image.platform)).collect();
            return Err(Usage::new(format!(
                "{} runs `{}`, and the image is built for {}",
                self.engine.kind(),
                self.platform,
                platforms.join(", ")
            ))
            .into());
        }
        // The archive is written while it is sent: nothing of it stays on the disk.
        let (reader, writer) = io::pipe().context("cannot make a pipe")?;
        let kind = self.engine.kind();
        let (written, loaded) = std::thread::scope(|scope| {
            let writing = scope.spawn(|| {
                let mut out = BufWriter::with_capacity(256 << 10, writer);
                export::for_engine(cache, built, &self.platform, kind.prefix(), references, &mut out)?;
                Ok::<_, anyhow::Error>(out.flush()?)
            });
            let loaded = network.wait(self.engine.load(reader));
            (writing.join(), loaded)
        });
        // An engine that refuses closes the pipe, which is not the reason to tell.
        let names = loaded?;
        match written {
            Ok(result) => result?,
            Err(panic) => std::panic::resume_unwind(panic),
        }
        Ok(names.into_iter().map(|name| format!("{}:{name}", kind.prefix())).collect())
    }
}
