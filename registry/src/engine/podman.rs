//! Podman has no daemon: its service runs for as long as it is needed.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};

use super::endpoint::Endpoint;

/// How long the service may take to start.
const START: Duration = Duration::from_secs(30);

/// A service that ends when it is dropped.
#[derive(Debug)]
pub(super) struct Service {
    socket: PathBuf,
    _child: Child,
    _folder: TempDir,
}

impl Service {
    /// Starts the service on a socket of its own.
    pub(super) async fn start() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("attar-podman-").tempdir()?;
        let socket = folder.path().join("podman.sock");
        let mut child = Command::new("podman")
            .args(["system", "service", "--time", "60"])
            .arg(format!("unix://{}", socket.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let deadline = Instant::now() + START;
        while UnixStream::connect(&socket).is_err() {
            if let Some(status) = child.try_wait()? {
                let mut said = String::new();
                if let Some(mut error) = child.stderr.take() {
                    error.read_to_string(&mut said).await?;
                }
                let said = said.lines().last().unwrap_or_default();
                return Err(io::Error::other(format!("it ended with {status}: {said}")));
            }
            if Instant::now() > deadline {
                return Err(io::ErrorKind::TimedOut.into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(Self { socket, _child: child, _folder: folder })
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        Endpoint::Unix(self.socket.clone())
    }
}
