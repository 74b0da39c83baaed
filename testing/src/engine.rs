//! Container engines and other judges of images.
//!
//! Finding a judge answers with a reason when it truly cannot be had; see [`crate::need`].

use std::path::Path;
use std::process::Command;

use crate::command::{Finished, run, words};
use crate::skip;

/// A Docker engine that answers.
#[derive(Clone, Copy, Debug)]
pub struct Docker(());

impl Docker {
    /// Finds the engine that `docker` speaks to.
    pub fn find() -> Result<Self, String> {
        skip::program("docker")?;
        let version = run(&mut words(&["docker", "version", "--format", "{{.Server.Version}}"]));
        if version.is_success() { Ok(Self(())) } else { Err("no Docker engine answers".into()) }
    }

    /// Loads an archive and returns the names of its images, or their digests where they have none.
    #[track_caller]
    pub fn load(self, archive: &Path) -> Vec<String> {
        let said = run(Command::new("docker").args(["load", "--quiet", "--input"]).arg(archive)).success();
        said.lines()
            .filter_map(|line| line.strip_prefix("Loaded image: ").or(line.strip_prefix("Loaded image ID: ")))
            .map(|name| name.trim().to_owned())
            .collect()
    }

    /// Runs a container of `image` to its end and removes it; the network is off.
    #[track_caller]
    pub fn run(self, options: &[&str], image: &str, arguments: &[&str]) -> Finished {
        self.run_in("none", options, image, arguments)
    }

    /// Runs a container of `image` in a network (`host`, `container:NAME`) to its end and removes it.
    #[track_caller]
    pub fn run_in(self, network: &str, options: &[&str], image: &str, arguments: &[&str]) -> Finished {
        let base = ["run", "--rm", "--network", network];
        run(Command::new("docker").args(base).args(options).arg(image).args(arguments))
    }

    /// Removes an image.
    pub fn remove(self, image: &str) {
        run(&mut words(&["docker", "rmi", "--force", image]));
    }
}

/// Podman, with limits that machines without CAP_SYS_RESOURCE allow.
#[derive(Clone, Copy, Debug)]
pub struct Podman(());

impl Podman {
    /// Finds podman, if it can start containers here.
    pub fn find() -> Result<Self, String> {
        skip::program("podman")?;
        let info = run(&mut words(&["podman", "info"]));
        if info.is_success() { Ok(Self(())) } else { Err(format!("podman does not work: {}", info.stderr)) }
    }

    /// Loads an archive and returns the names of its images.
    #[track_caller]
    pub fn load(self, archive: &Path) -> Vec<String> {
        let said = run(Command::new("podman").args(["load", "--quiet", "--input"]).arg(archive)).success();
        said.lines()
            .filter_map(|line| line.strip_prefix("Loaded image: "))
            .map(|name| name.trim().to_owned())
            .collect()
    }

    /// Runs a container of `image` to its end and removes it; the network is off.
    #[track_caller]
    pub fn run(self, options: &[&str], image: &str, arguments: &[&str]) -> Finished {
        // crun refuses machines with both generations of control groups; runc takes them.
        let base = ["--runtime", "runc", "run", "--rm", "--network", "none"];
        let limits = ["--ulimit", "nofile=1024:4096", "--ulimit", "nproc=1024:4096"];
        run(Command::new("podman").args(base).args(limits).args(options).arg(image).args(arguments))
    }

    /// Removes an image.
    pub fn remove(self, image: &str) {
        run(&mut words(&["podman", "rmi", "--force", image]));
    }
}

/// Says whether programs of `platform` can be started on this machine.
pub fn can_start(platform: &str) -> Result<(), String> {
    let (machine, handler) = match platform {
        "linux/amd64" => ("x86_64", "qemu-x86_64"),
        "linux/arm64" => ("aarch64", "qemu-aarch64"),
        _ => return Err(format!("no way to start programs of {platform} is known")),
    };
    let registered = Path::new("/proc/sys/fs/binfmt_misc").join(handler).exists();
    if std::env::consts::ARCH == machine || registered {
        Ok(())
    } else {
        Err(format!("programs of {platform} cannot be started here"))
    }
}
