//! Registries and engines, for commands that do not wait themselves.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use attar_image::blobs::Cancelled;
use attar_registry::engine::{Engine, Environment, Kind};
use attar_registry::{Client, Credentials, EngineError, Events, PlainHttp};

use crate::args::RegistryArgs;
use crate::progress::Reporter;
use crate::settings::Settings;

/// How long nobody is asked whether to go on waiting.
pub(crate) const ATTENTION: Duration = Duration::from_millis(50);

/// The way to registries and engines; opens no connection by itself.
pub(crate) struct Network {
    runtime: Arc<tokio::runtime::Runtime>,
    /// Talks to registries.
    pub(crate) client: Client,
    events: Events,
}

impl Network {
    /// Sets the way up.
    pub(crate) fn new(
        settings: &Settings,
        arguments: &RegistryArgs,
        reporter: &Reporter,
    ) -> anyhow::Result<Self> {
        Self::with_events(settings, arguments.plain_http, reporter.transfers())
    }

    /// Sets the way up, with events of transfers going somewhere.
    pub(crate) fn with_events(settings: &Settings, plain_http: bool, events: Events) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .context("cannot start the network's threads")?;
        let plain_http = if plain_http { PlainHttp::Always } else { PlainHttp::Loopback };
        let of_registries = attar_registry::Settings {
            certificates: settings.certificates.clone(),
            certificate_folders: certificate_folders(settings),
            plain_http,
            ..attar_registry::Settings::default()
        };
        let client = Client::new(of_registries, Credentials::ambient(), events.clone());
        Ok(Self { runtime: Arc::new(runtime), client, events })
    }

    /// Waits for what the network does.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Waits for what the network does, and asks again and again whether to go on.
    pub(crate) fn wait_attending<T>(
        &self,
        work: impl Future<Output = T>,
        attend: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<T, Cancelled> {
        self.wait(async {
            let mut work = pin!(work);
            loop {
                if let Ok(done) = tokio::time::timeout(ATTENTION, &mut work).await {
                    return Ok(done);
                }
                if attend().is_break() {
                    return Err(Cancelled);
                }
            }
        })
    }

    /// Connects to an engine.
    pub(crate) async fn connect(&self, kind: Kind) -> Result<Engine, EngineError> {
        Engine::connect(kind, &Environment::ambient(), &self.events).await
    }

    /// Connects to an engine.
    pub(crate) fn engine(&self, kind: Kind) -> Result<Engine, EngineError> {
        self.wait(self.connect(kind))
    }

    /// Connects to the first engine that answers, Docker before Podman.
    pub(crate) fn any_engine(&self) -> Result<Engine, EngineError> {
        self.engine(Kind::Docker).or_else(|first| match first.is_absent() {
            // What keeps Docker from answering is what most users want to know.
            true => self.engine(Kind::Podman).map_err(|_| first),
            false => Err(first),
        })
    }
}

/// Where authorities of single registries are kept: Docker's and Podman's folders.
fn certificate_folders(settings: &Settings) -> Vec<PathBuf> {
    let own = settings.config_folder.join("containers/certs.d");
    vec!["/etc/docker/certs.d".into(), "/etc/containers/certs.d".into(), own]
}
