//! Debian's docker-registry, as a judge: the registry that most others descend from.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::tls::Authority;
use crate::{Scratch, skip};

/// A name and password that [`DockerRegistry::guarded`] takes.
pub const LOGIN: (&str, &str) = ("robot", "U*U");

/// The hash of that password, a test vector of bcrypt.
const HASH: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

/// A registry that runs until it is dropped.
#[derive(Debug)]
pub struct DockerRegistry {
    child: Child,
    host: String,
    scratch: Scratch,
    /// Certificates and logins.
    files: Option<Scratch>,
}

impl DockerRegistry {
    /// Starts a registry that everybody may write to, in plain HTTP.
    pub fn start() -> Result<Self, String> {
        Self::with("")
    }

    /// Starts a registry that speaks TLS and wants [`LOGIN`].
    pub fn guarded(authority: &Authority) -> Result<Self, String> {
        let scratch = Scratch::new();
        let (certificate, key) = authority.server_pem();
        let certificate = scratch.write("server.crt", certificate);
        let key = scratch.write("server.key", key);
        let logins = scratch.write("htpasswd", format!("{}:{HASH}\n", LOGIN.0));
        let further = format!(
            "  tls:\n    certificate: {}\n    key: {}\nauth:\n  htpasswd:\n    realm: tests\n    path: {}\n",
            certificate.display(),
            key.display(),
            logins.display()
        );
        let mut registry = Self::with(&further)?;
        registry.files = Some(scratch);
        Ok(registry)
    }

    fn with(further: &str) -> Result<Self, String> {
        skip::program("docker-registry")?;
        let scratch = Scratch::new();
        let port = TcpListener::bind(("127.0.0.1", 0))
            .and_then(|listener| listener.local_addr())
            .map_err(|error| error.to_string())?
            .port();
        let host = format!("127.0.0.1:{port}");
        let configuration = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage:\n  filesystem: {{rootdirectory: {}}}\n  delete: {{enabled: true}}\n\
             http:\n  addr: {host}\n{further}",
            scratch.join("storage").display()
        );
        let file = scratch.write("config.yml", configuration);
        let child = Command::new("docker-registry")
            .arg("serve")
            .arg(file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut registry = Self { child, host, scratch, files: None };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(&registry.host).is_err() {
            if let Ok(Some(status)) = registry.child.try_wait() {
                return Err(format!("`docker-registry` ended with {status}"));
            }
            if Instant::now() > deadline {
                return Err("`docker-registry` does not answer".into());
            }
            std::thread::yield_now();
        }
        Ok(registry)
    }

    /// Returns host and port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the reference of something in this registry: `reference("app:1")`.
    pub fn reference(&self, name: &str) -> String {
        format!("{}/{name}", self.host)
    }

    /// Returns the folder with everything that the registry stores.
    pub fn storage(&self) -> PathBuf {
        self.scratch.join("storage")
    }
}

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
