//! Packages of the host's mirror, fetched by the host's apt for any architecture.

use std::path::PathBuf;
use std::process::Command;

use attar_testing::{Scratch, mirror, run, skip};

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Packages in a folder of their own.
pub(crate) struct Fetched(Scratch);

impl Fetched {
    /// Returns the files, in order of name.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.0.join("packages")).expect("the folder of packages");
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "deb"));
        files.sort();
        files
    }
}

/// Fetches packages of trixie by name.
pub(crate) fn fetch(architecture: &str, names: &[&str]) -> Result<Fetched, String> {
    skip::program("apt-get")?;
    let url = mirror::debian()?;
    let folder = Scratch::new();
    folder.write("etc/sources.list", format!("deb [signed-by={KEYRING}] {url} trixie main\n"));
    for path in ["etc/apt.conf.d/x", "etc/preferences.d/x", "etc/sources.list.d/x", "packages/x"] {
        folder.write(path, "");
    }
    for path in ["state/lists/partial/x", "cache/archives/partial/x"] {
        folder.write(path, "");
    }
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        let option = |name: &str, value: &str| format!("{name}={value}");
        let path = |name: &str| folder.join(name).display().to_string();
        let options = [
            option("Dir::State", &path("state")),
            option("Dir::Etc", &path("etc")),
            option("Dir::Cache", &path("cache")),
            option("Dir::State::status", "/dev/null"),
            option("APT::Architecture", architecture),
            option("APT::Architectures::", architecture),
            option("Acquire::Languages", "none"),
            option("Acquire::Check-Valid-Until", "false"),
            option("APT::Sandbox::User", ""),
            option("Debug::NoLocking", "true"),
        ];
        command.env("LC_ALL", "C").current_dir(folder.join("packages"));
        run(command.args(options.iter().flat_map(|option| ["-o", option])).args(arguments))
    };
    let updated = apt(&["update"]);
    if !updated.is_success() {
        return Err(updated.to_string());
    }
    apt(&[&["download"], names].concat()).success();
    Ok(Fetched(folder))
}
