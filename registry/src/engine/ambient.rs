//! Which engine the user means: the one module that reads the environment for engines.
//!
//! Docker: `DOCKER_HOST`, else the context that `DOCKER_CONTEXT` or `config.json` names, else its usual
//! socket. Podman: `CONTAINER_HOST`, else the socket of the user, else that of the system.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use attar_image::Digest;
use serde::Deserialize;

use super::endpoint::{Endpoint, Tls};
use super::{EngineError, Kind};

const DOCKER_SOCKET: &str = "/var/run/docker.sock";
const PODMAN_SOCKET: &str = "/run/podman/podman.sock";

/// What the environment says about engines.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `DOCKER_HOST`.
    pub docker_host: Option<String>,
    /// `DOCKER_CONTEXT`.
    pub docker_context: Option<String>,
    /// `DOCKER_CONFIG`, or `.docker` in the home folder.
    pub docker_config: Option<PathBuf>,
    /// `DOCKER_TLS_VERIFY`: whether a TCP address speaks TLS.
    pub docker_tls: bool,
    /// `DOCKER_CERT_PATH`.
    pub docker_certificates: Option<PathBuf>,
    /// `CONTAINER_HOST`.
    pub container_host: Option<String>,
    /// `XDG_RUNTIME_DIR`.
    pub runtime_folder: Option<PathBuf>,
}

impl Environment {
    /// Reads the environment of this process.
    pub fn ambient() -> Self {
        let value = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let text = |name: &str| value(name).and_then(|value: OsString| value.into_string().ok());
        let folder = |name: &str| value(name).map(PathBuf::from);
        Self {
            docker_host: text("DOCKER_HOST"),
            docker_context: text("DOCKER_CONTEXT"),
            docker_config: folder("DOCKER_CONFIG").or_else(|| Some(folder("HOME")?.join(".docker"))),
            docker_tls: value("DOCKER_TLS_VERIFY").is_some(),
            docker_certificates: folder("DOCKER_CERT_PATH"),
            container_host: text("CONTAINER_HOST"),
            runtime_folder: folder("XDG_RUNTIME_DIR"),
        }
    }

    /// Returns where Docker is.
    pub(super) fn docker(&self) -> Result<Endpoint, EngineError> {
        if let Some(host) = &self.docker_host {
            let folder = self.docker_certificates.clone().or_else(|| self.docker_config.clone());
            let tls = self.docker_tls.then(|| Tls::in_folder(&folder.unwrap_or_default(), false));
            return Endpoint::parse(Kind::Docker, host, tls);
        }
        match self.context()? {
            Some(name) => self.endpoint_of(&name),
            None => Ok(Endpoint::Unix(DOCKER_SOCKET.into())),
        }
    }

    /// Returns where Podman serves its interface; `None` where it does not.
    pub(super) fn podman(&self) -> Result<Option<Endpoint>, EngineError> {
        if let Some(host) = &self.container_host {
            return Endpoint::parse(Kind::Podman, host, None).map(Some);
        }
        let own = self.runtime_folder.as_ref().map(|folder| folder.join("podman/podman.sock"));
        let sockets = own.into_iter().chain([PathBuf::from(PODMAN_SOCKET)]);
        // A socket that nobody serves any more is as good as none.
        let is_served = |path: &PathBuf| std::os::unix::net::UnixStream::connect(path).is_ok();
        Ok(sockets.into_iter().find(is_served).map(Endpoint::Unix))
    }

    /// Returns the context that is not the default one.
    fn context(&self) -> Result<Option<String>, EngineError> {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Configuration {
            #[serde(default)]
            current_context: String,
        }
        let named = match (&self.docker_context, &self.docker_config) {
            (Some(name), _) => name.clone(),
            (None, None) => return Ok(None),
            (None, Some(folder)) => {
                let file = folder.join("config.json");
                let configuration: Configuration = match read_json(&file) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Configuration::default(),
                    other => other.map_err(|source| EngineError::Configuration { file, source })?,
                };
                configuration.current_context
            }
        };
        Ok((!matches!(named.as_str(), "" | "default")).then_some(named))
    }

    /// Reads where a context leads.
    fn endpoint_of(&self, name: &str) -> Result<Endpoint, EngineError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Meta {
            endpoints: Endpoints,
        }
        #[derive(Deserialize)]
        struct Endpoints {
            docker: Target,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Target {
            host: String,
            #[serde(default, rename = "SkipTLSVerify")]
            skip_tls_verify: bool,
        }
        let contexts = self.docker_config.clone().unwrap_or_default().join("contexts");
        let id = Digest::of(name).hex();
        let meta: Meta = read_json(&contexts.join("meta").join(&id).join("meta.json"))
            .map_err(|source| EngineError::Context { name: name.to_owned(), source })?;
        let Target { host, skip_tls_verify } = meta.endpoints.docker;
        let folder = contexts.join("tls").join(&id).join("docker");
        let tls = folder.is_dir().then(|| Tls::in_folder(&folder, skip_tls_verify));
        Endpoint::parse(Kind::Docker, &host, tls)
    }
}

fn read_json<T: serde::de::DeserializeOwned>(file: &Path) -> io::Result<T> {
    Ok(serde_json::from_slice(&std::fs::read(file)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use attar_testing::Scratch;

    #[test]
    fn the_environment_says_where_docker_is() {
        let scratch = Scratch::new();
        let id = Digest::of("remote").hex();
        scratch.write(
            format!("contexts/meta/{id}/meta.json"),
            r#"{"Name": "remote", "Endpoints": {"docker": {"Host": "tcp://build.example:2376", "SkipTLSVerify": false}}}"#,
        );
        scratch.write(format!("contexts/tls/{id}/docker/ca.pem"), "");
        let base = || Environment { docker_config: Some(scratch.path().into()), ..Environment::default() };
        let text = |environment: &Environment| match environment.docker() {
            Ok(endpoint) => endpoint.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(text(&base()), "unix:///var/run/docker.sock");
        let host = |host: &str| Environment { docker_host: Some(host.into()), ..base() };
        assert_eq!(text(&host("unix:///run/other.sock")), "unix:///run/other.sock");
        assert_eq!(text(&host("tcp://127.0.0.1:2375")), "http://127.0.0.1:2375");
        let secured = Environment { docker_tls: true, ..host("tcp://127.0.0.1:2376") };
        assert_eq!(text(&secured), "https://127.0.0.1:2376");
        insta::assert_snapshot!(text(&host("ssh://me@build.example")), @"cannot reach Docker at `ssh://me@build.example`: expected `unix://PATH`, `tcp://HOST:PORT` or `http(s)://HOST:PORT`");

        let remote = || Environment { docker_context: Some("remote".into()), ..base() };
        assert_eq!(text(&remote()), "https://build.example:2376");
        scratch.write("config.json", r#"{"currentContext": "remote", "auths": {}}"#);
        assert_eq!(text(&base()), "https://build.example:2376");
        let default = Environment { docker_context: Some("default".into()), ..base() };
        assert_eq!(text(&default), "unix:///var/run/docker.sock");
        let unknown = Environment { docker_context: Some("gone".into()), ..base() };
        assert_eq!(text(&unknown), "cannot use the Docker context `gone`");
    }
}
