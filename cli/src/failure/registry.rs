//! Advice about registries and engines.

use attar_image::reference::Reference;
use attar_registry::engine::Kind;
use attar_registry::{AuthError, EngineError, Failure, RegistryError, Task};

use crate::remote::NoEngine;

/// Returns advice for a request that failed.
pub(super) fn failed(error: &RegistryError) -> Option<String> {
    let RegistryError::Request { task, source } = error else { return None };
    match (&**task, &**source) {
        (_, Failure::Auth(error)) => match &**error {
            AuthError::NoLogin { registry, .. } | AuthError::Rejected { registry } => {
                Some(format!("`docker login {registry}` or `podman login {registry}` stores a login"))
            }
            AuthError::PlainRealm { .. } => {
                Some("`--plain-http` speaks to registry and token server in plain text".into())
            }
            _ => None,
        },
        (Task::Connect(_), Failure::Connect { cause, .. }) => Some(match cause {
            cause if cause.contains("certificate") => {
                "`SSL_CERT_FILE=FILE` names the certificate authorities to trust; \
                 `/etc/docker/certs.d/HOST:PORT/ca.crt` one for a single registry"
                    .into()
            }
            _ => "a registry that does not speak TLS needs `--plain-http`".into(),
        }),
        (Task::ReadManifest(reference), failure) if matches!(failure.code(), Some(401 | 404)) => {
            not_found(reference)
        }
        (_, failure) if failure.code() == Some(403) => {
            Some("the login that is stored may not do this: it needs the right to push".into())
        }
        _ => None,
    }
}

/// A name without a host is one of Docker Hub; a bare tag was meant for the image *named* registry.
fn not_found(reference: &Reference) -> Option<String> {
    let name = reference.repository.familiar();
    let is_tag = name.starts_with(|first: char| first.is_ascii_digit()) && reference.tag.is_none();
    match reference.repository.registry() {
        "docker.io" if is_tag => {
            Some(format!("the image named `registry` is `docker.io/library/registry:{name}`"))
        }
        "docker.io" => Some(format!("`{name}` is a repository of Docker Hub: others begin with their host")),
        _ => None,
    }
}

/// Returns advice for an image of an engine that is not there.
pub(super) fn no_engine(error: &NoEngine) -> Option<String> {
    let NoEngine { name, .. } = error;
    Some(match error.kind {
        Kind::Docker => {
            format!(
                "`registry://{name}` asks the registry: what is `docker://` to skopeo is `registry://` here"
            )
        }
        Kind::Podman => format!("`registry:{name}` asks the registry"),
    })
}

/// Returns advice for an engine that cannot be used.
pub(super) fn engine(error: &EngineError) -> Option<String> {
    match error {
        EngineError::Unreachable { .. } => Some(
            "`DOCKER_HOST` or `CONTAINER_HOST` names an engine elsewhere; `docker context` chooses one"
                .into(),
        ),
        EngineError::NoImage { name, .. } => Some(format!("`registry:{name}` asks the registry")),
        EngineError::Service(_) => Some("`apt-get install podman`, or `--load=docker`".into()),
        _ => None,
    }
}
