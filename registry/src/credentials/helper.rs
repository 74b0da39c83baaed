//! Asks credential helpers: programs called `docker-credential-NAME`.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::Login;
use crate::secret::Secret;

/// How long a helper may take; some ask a cloud.
const PATIENCE: Duration = Duration::from_secs(60);

/// What helpers say when they know no login, by Docker's protocol.
const NOT_FOUND: &str = "credentials not found in native keychain";

/// A helper that does not work.
#[derive(Debug, thiserror::Error)]
pub enum HelperError {
    /// The name could lead to another program.
    #[error("its name is not a plain one")]
    Name,
    /// The program cannot be started or spoken to.
    #[error(transparent)]
    Run(#[from] io::Error),
    /// The program failed.
    #[error("it failed: {0}")]
    Failed(String),
    /// The program does not end.
    #[error("it did not answer within {} seconds", PATIENCE.as_secs())]
    TimedOut,
    /// The answer is not JSON with a name and a secret.
    #[error("its answer cannot be read")]
    Answer,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// Asks a helper for the login of a server; `None` if it knows none.
pub(super) async fn get(name: &str, server: &str) -> Result<Option<Login>, HelperError> {
    if name.contains(['/', '\0']) {
        return Err(HelperError::Name);
    }
    let mut child = Command::new(format!("docker-credential-{name}"))
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        match input.write_all(server.as_bytes()).await {
            // A helper may answer without reading what it is asked.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error.into()),
            _ => {}
        }
    }
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output())
        .await
        .map_err(|_| HelperError::TimedOut)??;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        let said: String = String::from_utf8_lossy(&said).trim().chars().take(300).collect();
        return if said.contains(NOT_FOUND) { Ok(None) } else { Err(HelperError::Failed(said)) };
    }
    let Answer { username, secret } =
        serde_json::from_slice(&output.stdout).map_err(|_| HelperError::Answer)?;
    Ok(match username.as_str() {
        "<token>" => Some(Login::Identity(Secret::new(secret))),
        _ if secret.is_empty() => None,
        _ => Some(Login::Password { name: username, password: Secret::new(secret) }),
    })
}
