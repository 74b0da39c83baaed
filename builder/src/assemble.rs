//! A tree and its layers become an image: configuration, manifest, and the index over platforms.

use std::collections::BTreeMap;

use attar_image::layer::compression::Codec;
use attar_image::manifest::{
    Annotations, Config, Descriptor, Document, Healthcheck, History, ImageConfig, Index, Manifest, media_type,
};
use attar_image::platform::Platform;
use jiff::Timestamp;
use serde_json::Map;

use crate::build::Start;
use crate::effects::accounts::Table;
use crate::foundation;
use crate::layer::Layer;
use crate::spec::schema;

/// How a container of the image runs, with everything looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RunAs {
    /// User and group as numbers, `65532:65532`.
    pub user: String,
    /// Home of the user, where one is known.
    pub home: Option<String>,
}

/// The image of one platform.
#[derive(Clone, Debug)]
pub struct Image {
    /// The platform.
    pub platform: Platform,
    /// The manifest.
    pub manifest: Document<Manifest>,
    /// The configuration.
    pub config: Document<ImageConfig>,
    /// The layers, the lowest first.
    pub layers: Vec<Layer>,
    /// What the start-up proof says.
    pub start: Start,
}

/// Something in the spec that cannot become part of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssembleError {
    /// A user that is no number and has no account.
    #[error(
        "`run-as: {0}` names no user: expected a number, a user of `accounts`, or one that a package makes"
    )]
    UnknownUser(String),
    /// A time that no calendar has.
    #[error("the time {0} in seconds since 1970 is out of range")]
    Time(i64),
}

/// Looks up who the program runs as.
pub(crate) fn run_as(accounts: &schema::Accounts, table: &Table) -> Result<RunAs, AssembleError> {
    let name = accounts.run_as.as_deref().unwrap_or("65532");
    let user = match name.parse::<u32>() {
        Ok(uid) => table.users().iter().find(|user| user.uid == uid).ok_or(uid),
        Err(_) => Ok(table.user(name).ok_or_else(|| AssembleError::UnknownUser(name.to_owned()))?),
    };
    Ok(match user {
        Ok(user) => RunAs { user: format!("{}:{}", user.uid, user.gid), home: Some(user.home.clone()) },
        // Without an entry in /etc/passwd an engine would take group 0.
        Err(uid) => RunAs { user: format!("{uid}:{uid}"), home: None },
    })
}

/// What an image is made of.
pub(crate) struct Parts<'a> {
    /// The effective spec.
    pub(crate) spec: &'a schema::Spec,
    /// The platform.
    pub(crate) platform: Platform,
    /// Who the program runs as.
    pub(crate) run_as: &'a RunAs,
    /// Whether the image has a bundle of certificates.
    pub(crate) has_bundle: bool,
    /// The layers, the lowest first.
    pub(crate) layers: Vec<Layer>,
    /// How the layers are compressed.
    pub(crate) codec: Codec,
    /// Time of creation in seconds since 1970.
    pub(crate) created: i64,
    /// What the start-up proof says.
    pub(crate) start: Start,
}

/// Makes configuration and manifest of one platform's image.
pub(crate) fn image(parts: Parts<'_>) -> Result<Image, AssembleError> {
    let Parts { spec, platform, run_as, has_bundle, layers, codec, created, start } = parts;
    let created = Timestamp::from_second(created).map_err(|_| AssembleError::Time(created))?.to_string();
    let mut config = ImageConfig::new(platform.clone(), layers.iter().map(|layer| layer.diff_id).collect());
    config.created = Some(created.clone());
    config.config = Some(runtime(spec, run_as, has_bundle));
    config.history = layers
        .iter()
        .map(|layer| History {
            created: Some(created.clone()),
            created_by: Some(format!("attar: {}", layer.name)),
            ..History::default()
        })
        .collect();
    let config = Document::new(config);
    let layer_type = match codec {
        Codec::None => media_type::LAYER,
        Codec::Gzip { .. } => media_type::LAYER_GZIP,
        Codec::Zstd { .. } => media_type::LAYER_ZSTD,
    };
    let descriptors =
        layers.iter().map(|layer| Descriptor::new(layer_type, layer.digest, layer.size)).collect();
    let mut manifest = Manifest::image(config.descriptor(media_type::CONFIG), descriptors);
    manifest.annotations = spec.annotations.clone();
    Ok(Image { platform, manifest: Document::new(manifest), config, layers, start })
}

/// Makes the index over the images of all platforms.
pub(crate) fn index(annotations: Annotations, images: &[Image]) -> Document<Index> {
    let manifests = images
        .iter()
        .map(|image| image.manifest.descriptor(media_type::MANIFEST).with_platform(image.platform.clone()))
        .collect();
    let mut index = Index::of(manifests);
    index.annotations = annotations;
    Document::new(index)
}

/// Makes how a container of the image runs.
pub(crate) fn runtime(spec: &schema::Spec, run_as: &RunAs, has_bundle: bool) -> Config {
    let mut environment: BTreeMap<&str, &str> = foundation::ENVIRONMENT
        .into_iter()
        .filter(|(name, _)| has_bundle || *name != "SSL_CERT_FILE")
        .collect();
    environment.extend(spec.environment.iter().map(|(name, value)| (&name[..], &value[..])));
    let home = run_as.home.as_deref().filter(|home| *home != "/nonexistent");
    let entrypoint = spec.entrypoint.as_ref().map(|entrypoint| entrypoint.command.0.clone());
    let mut labels = spec.annotations.clone();
    labels.extend(spec.labels.clone());
    let port = |port: &String| if port.contains('/') { port.clone() } else { format!("{port}/tcp") };
    Config {
        user: run_as.user.clone(),
        exposed_ports: spec.ports.iter().map(|name| (port(name), Map::new())).collect(),
        env: environment.iter().map(|(name, value)| format!("{name}={value}")).collect(),
        entrypoint,
        cmd: spec.cmd.as_ref().map(|words| words.0.clone()),
        volumes: spec.volumes.iter().map(|path| (path.clone(), Map::new())).collect(),
        working_dir: spec.work_dir.as_deref().or(home).unwrap_or("/").to_owned(),
        labels,
        stop_signal: spec.stop_signal.clone(),
        healthcheck: spec.healthcheck.as_ref().map(healthcheck),
        ..Config::default()
    }
}

fn healthcheck(check: &schema::Healthcheck) -> Healthcheck {
    let time = |interval: Option<schema::Interval>| {
        interval.map(|interval| i64::try_from(interval.0.as_nanos()).unwrap_or(i64::MAX))
    };
    let mut test = vec![String::from("CMD")];
    test.extend(check.command.0.iter().cloned());
    Healthcheck {
        test,
        interval: time(check.interval),
        timeout: time(check.timeout),
        start_period: time(check.start_period),
        retries: check.retries.map(i64::from),
        ..Healthcheck::default()
    }
}
