//! Containers that run while a test talks to them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{Finished, run, words};
use crate::engine::Docker;
use crate::skip;

/// A container of the Docker engine, removed with its volumes when the test ends.
#[derive(Debug)]
pub struct Container(String);

impl Container {
    /// Starts a container in the background.
    #[track_caller]
    pub fn start(_: Docker, options: &[&str], image: &str, arguments: &[&str]) -> Self {
        let mut command = words(&["docker", "run", "--detach"]);
        let said = run(command.args(options).arg(image).args(arguments)).success();
        Self(said.trim().to_owned())
    }

    /// Returns where a published port of the container answers.
    #[track_caller]
    pub fn address(&self, port: u16) -> SocketAddr {
        let said = self.docker(&["port"], &[&port.to_string()]).success();
        said.lines().next().and_then(|line| line.parse().ok()).expect("the port is published")
    }

    /// Returns what the container printed.
    pub fn logs(&self) -> Finished {
        self.docker(&["logs"], &[])
    }

    fn docker(&self, words: &[&str], arguments: &[&str]) -> Finished {
        run(Command::new("docker").args(words).arg(&self.0).args(arguments))
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        self.docker(&["rm", "--force", "--volumes"], &[]);
    }
}

/// A project of compose, taken down with its volumes when the test ends.
#[derive(Debug)]
pub struct Compose {
    program: Vec<&'static str>,
    project: String,
    file: PathBuf,
    variables: Vec<(&'static str, String)>,
}

impl Compose {
    /// Finds compose, as a part of `docker` or as a program of its own, for a project with this name.
    pub fn find(project: &str, file: &Path, variables: Vec<(&'static str, String)>) -> Result<Self, String> {
        let has_plugin = run(&mut words(&["docker", "compose", "version"])).is_success();
        let program = if has_plugin {
            vec!["docker", "compose"]
        } else {
            vec![skip::program("docker-compose").map(|_| "docker-compose")?]
        };
        let project = format!("{project}-{}", std::process::id());
        Ok(Self { program, project, file: file.to_owned(), variables })
    }

    /// Runs a command of compose.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Finished {
        let mut command = words(&self.program);
        command.args(["--project-name", &self.project, "--file"]).arg(&self.file);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        run(command.args(arguments))
    }

    /// Returns the identifier of a service's container, whether it runs or not.
    #[track_caller]
    pub fn container(&self, service: &str) -> String {
        self.run(&["ps", "--all", "--quiet", service]).success().trim().to_owned()
    }
}

impl Drop for Compose {
    fn drop(&mut self) {
        self.run(&["down", "--volumes", "--timeout", "10"]);
    }
}
