//! What a user wants to debug: `pod/NAME`, `deploy/NAME`, `docker:NAME`, `image:REF` and so on.

use std::fmt;

/// What a debug container is attached to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A pod, or a workload that has pods.
    Workload {
        /// Kind of the workload.
        kind: WorkloadKind,
        /// Its name.
        name: Box<str>,
    },
    /// A container of an engine.
    Container {
        /// The engine; the first that has such a container if none is named.
        engine: Option<Engine>,
        /// Name, or the beginning of the identifier.
        name: Box<str>,
    },
    /// An image that does not run: it is started for debugging.
    Image(Box<str>),
}

/// A kind of workload that has pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkloadKind {
    /// A pod itself.
    Pod,
    /// A Deployment.
    Deployment,
    /// A StatefulSet.
    StatefulSet,
    /// A DaemonSet.
    DaemonSet,
    /// A ReplicaSet.
    ReplicaSet,
    /// A Job.
    Job,
    /// A CronJob: its newest job.
    CronJob,
    /// A Service: the pods it selects.
    Service,
}

/// A container engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Engine {
    /// Docker.
    Docker,
    /// Podman.
    Podman,
    /// containerd.
    Containerd,
}

/// What a name without a prefix means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BareName {
    /// A container: when run as `attar`.
    Container,
    /// A pod: when run as `kubectl attar`.
    Pod,
}

/// Words that cannot be a target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTarget {
    /// Nothing was said.
    #[error("no target: expected `pod/NAME`, `docker:NAME`, `image:REF` or a container's name")]
    Empty,
    /// The word before the slash is no kind of workload.
    #[error("`{0}` is no kind of workload: expected {KINDS}")]
    UnknownKind(String),
    /// The word before the colon is no engine.
    #[error("`{0}` is no engine: expected `docker`, `podman`, `containerd`, or `image:REF` for an image")]
    UnknownEngine(String),
    /// Nothing follows the prefix.
    #[error("no name follows `{0}`")]
    NoName(String),
    /// The name has a character that no such name has.
    #[error("`{name}` is no name of a {what}: `{character}` cannot stand in one")]
    Character {
        /// What is named.
        what: &'static str,
        /// The name.
        name: String,
        /// The first character that cannot stand there.
        character: char,
    },
    /// More than two parts: the container goes into `-c`.
    #[error("`{0}` has too many parts: name the container with `-c`")]
    TooManyParts(String),
}

const KINDS: &str =
    "`pod`, `deploy`, `statefulset`, `daemonset`, `replicaset`, `job`, `cronjob` or `service`";

impl Target {
    /// Reads a target; `bare` says what a name without a prefix means.
    pub fn parse(text: &str, bare: BareName) -> Result<Self, InvalidTarget> {
        if text.is_empty() {
            return Err(InvalidTarget::Empty);
        }
        // `docker://NAME` is how other tools spell `docker:NAME`.
        if let Some((prefix, name)) = text.split_once("://").or_else(|| text.split_once(':')) {
            return with_prefix(prefix, name);
        }
        match text.split_once('/') {
            Some((kind, name)) => workload(kind, name, text),
            None => match bare {
                BareName::Pod => workload("pod", text, text),
                BareName::Container => container(None, text),
            },
        }
    }
}

fn with_prefix(prefix: &str, name: &str) -> Result<Target, InvalidTarget> {
    if name.is_empty() {
        return Err(InvalidTarget::NoName(format!("{prefix}:")));
    }
    match prefix {
        "docker" => container(Some(Engine::Docker), name),
        "podman" => container(Some(Engine::Podman), name),
        "containerd" | "nerdctl" => container(Some(Engine::Containerd), name),
        "image" => match name.chars().find(|c| c.is_whitespace() || c.is_control()) {
            Some(character) => Err(InvalidTarget::Character { what: "image", name: name.into(), character }),
            None => Ok(Target::Image(name.into())),
        },
        _ => Err(InvalidTarget::UnknownEngine(prefix.into())),
    }
}

fn container(engine: Option<Engine>, name: &str) -> Result<Target, InvalidTarget> {
    // What Docker and Podman accept as a name; identifiers are a subset of it.
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    check("container", name, is_allowed)?;
    Ok(Target::Container { engine, name: name.into() })
}

fn workload(kind: &str, name: &str, text: &str) -> Result<Target, InvalidTarget> {
    let kind = WorkloadKind::parse(kind).ok_or_else(|| InvalidTarget::UnknownKind(kind.into()))?;
    if name.is_empty() {
        return Err(InvalidTarget::NoName(text.into()));
    }
    if name.contains('/') {
        return Err(InvalidTarget::TooManyParts(text.into()));
    }
    // Names of such objects are DNS subdomains.
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
    check(kind.word(), name, is_allowed)?;
    Ok(Target::Workload { kind, name: name.into() })
}

fn check(what: &'static str, name: &str, is_allowed: impl Fn(char) -> bool) -> Result<(), InvalidTarget> {
    match name.chars().find(|character| !is_allowed(*character)) {
        Some(character) => Err(InvalidTarget::Character { what, name: name.into(), character }),
        None => Ok(()),
    }
}

impl WorkloadKind {
    /// Reads a kind in the spellings that `kubectl` takes.
    fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "pod" | "pods" | "po" => Self::Pod,
            "deployment" | "deployments" | "deploy" => Self::Deployment,
            "statefulset" | "statefulsets" | "sts" => Self::StatefulSet,
            "daemonset" | "daemonsets" | "ds" => Self::DaemonSet,
            "replicaset" | "replicasets" | "rs" => Self::ReplicaSet,
            "job" | "jobs" => Self::Job,
            "cronjob" | "cronjobs" | "cj" => Self::CronJob,
            "service" | "services" | "svc" => Self::Service,
            _ => return None,
        })
    }

    /// Returns the word this kind is printed as.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pod => "pod",
            Self::Deployment => "deployment",
            Self::StatefulSet => "statefulset",
            Self::DaemonSet => "daemonset",
            Self::ReplicaSet => "replicaset",
            Self::Job => "job",
            Self::CronJob => "cronjob",
            Self::Service => "service",
        }
    }
}

impl Engine {
    /// Returns the prefix of targets of this engine.
    pub fn word(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Containerd => "containerd",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workload { kind, name } => write!(f, "{}/{name}", kind.word()),
            Self::Container { engine: Some(engine), name } => write!(f, "{}:{name}", engine.word()),
            Self::Container { engine: None, name } => f.write_str(name),
            Self::Image(reference) => write!(f, "image:{reference}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, bare: BareName) -> String {
        match Target::parse(text, bare) {
            Ok(target) => format!("{target:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn every_form_is_read() {
        let workload = |kind, name: &str| Target::Workload { kind, name: name.into() };
        let container = |engine, name: &str| Target::Container { engine, name: name.into() };
        for (text, expected) in [
            ("pod/web-0", workload(WorkloadKind::Pod, "web-0")),
            ("deploy/ledger", workload(WorkloadKind::Deployment, "ledger")),
            ("Deployment/ledger", workload(WorkloadKind::Deployment, "ledger")),
            ("sts/db", workload(WorkloadKind::StatefulSet, "db")),
            ("ds/agent", workload(WorkloadKind::DaemonSet, "agent")),
            ("cj/nightly", workload(WorkloadKind::CronJob, "nightly")),
            ("docker:web", container(Some(Engine::Docker), "web")),
            ("docker://web", container(Some(Engine::Docker), "web")),
            ("podman:web_1", container(Some(Engine::Podman), "web_1")),
            ("containerd:4f0c", container(Some(Engine::Containerd), "4f0c")),
            ("image:reg.example:5000/a/b@sha256:00", Target::Image("reg.example:5000/a/b@sha256:00".into())),
            ("web", container(None, "web")),
        ] {
            assert_eq!(Target::parse(text, BareName::Container), Ok(expected), "{text}");
        }
        assert_eq!(Target::parse("web", BareName::Pod), Ok(workload(WorkloadKind::Pod, "web")));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let messages: Vec<String> =
            ["", "node/n1", "lxc:web", "docker:", "pod/", "pod/web/app", "pod/Web", "we b"]
                .iter()
                .map(|text| shown(text, BareName::Container))
                .collect();
        insta::assert_snapshot!(messages.join("\n"), @r"
        no target: expected `pod/NAME`, `docker:NAME`, `image:REF` or a container's name
        `node` is no kind of workload: expected `pod`, `deploy`, `statefulset`, `daemonset`, `replicaset`, `job`, `cronjob` or `service`
        `lxc` is no engine: expected `docker`, `podman`, `containerd`, or `image:REF` for an image
        no name follows `docker:`
        no name follows `pod/`
        `pod/web/app` has too many parts: name the container with `-c`
        `Web` is no name of a pod: `W` cannot stand in one
        `we b` is no name of a container: ` ` cannot stand in one
        ");
    }

    #[test]
    fn printing_and_reading_agree() {
        for text in ["pod/web", "deployment/ledger", "docker:web", "web", "image:a/b:1"] {
            let target = Target::parse(text, BareName::Container).expect("a target");
            assert_eq!(target.to_string(), text);
        }
    }
}
