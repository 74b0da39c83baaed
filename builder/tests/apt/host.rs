//! The host's apt, with folders of its own: asked what it would install on an empty system.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use attar_builder::resolve::{PlatformUniverse, Source};
use attar_packages::debian::index::Index;
use attar_testing::{Scratch, mirror, run, skip};

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
const SUITE: &str = "trixie";

/// An apt that knows the packages of one architecture.
pub(crate) struct Apt {
    architecture: String,
    folder: Scratch,
}

impl Apt {
    /// Fetches the indexes of the suite, its updates and security from the host's mirror.
    pub(crate) fn update(architecture: &str) -> Result<Self, String> {
        skip::program("apt-get")?;
        let main = mirror::debian()?;
        let source = |url: &str, suite: &str| format!("deb [signed-by={KEYRING}] {url} {suite} main\n");
        let sources = [
            source(&main, SUITE),
            source(&main, &format!("{SUITE}-updates")),
            source(&format!("{main}-security"), &format!("{SUITE}-security")),
        ];
        let folder = Scratch::new();
        folder.write("etc/sources.list", sources.concat());
        for path in ["etc/apt.conf.d/none", "etc/preferences.d/none", "etc/sources.list.d/none"] {
            folder.write(path, "");
        }
        for path in ["state/lists/partial/none", "cache/archives/partial/none"] {
            folder.write(path, "");
        }
        let apt = Self { architecture: architecture.to_owned(), folder };
        let updated = run(apt.command().arg("update"));
        if updated.is_success() { Ok(apt) } else { Err(updated.to_string()) }
    }

    /// Returns the packages that apt would install for these, with their versions.
    pub(crate) fn install(&self, packages: &BTreeSet<String>) -> BTreeMap<String, String> {
        let mut command = self.command();
        let simulated = run(command.args(["-s", "--no-install-recommends", "install"]).args(packages));
        let installed = |line: &str| {
            let (name, rest) = line.strip_prefix("Inst ")?.split_once(' ')?;
            let version = rest.strip_prefix('(')?.split(' ').next()?;
            Some((name.to_owned(), version.to_owned()))
        };
        simulated.success().lines().filter_map(installed).collect()
    }

    /// Reads the indexes that apt fetched.
    pub(crate) fn universe(&self) -> PlatformUniverse {
        let lists = self.folder.join("state/lists");
        let mut paths: Vec<_> = std::fs::read_dir(lists)
            .expect("apt has a folder of lists")
            .map(|entry| entry.expect("the folder can be read").path())
            .filter(|path| path.to_string_lossy().ends_with("_Packages"))
            .collect();
        paths.sort();
        PlatformUniverse {
            platform: format!("linux/{}", self.architecture),
            architecture: self.architecture.clone(),
            sources: paths.iter().map(|path| source(path)).collect(),
        }
    }

    /// Returns apt with this host's folders, options and installed packages out of sight.
    fn command(&self) -> Command {
        let mut command = Command::new("apt-get");
        let folder = |name: &str| self.folder.join(name).display().to_string();
        let options = [
            format!("Dir::State={}", folder("state")),
            format!("Dir::Etc={}", folder("etc")),
            format!("Dir::Cache={}", folder("cache")),
            "Dir::State::status=/dev/null".to_owned(),
            // Some hosts turn these off, and then every question reads all indexes again.
            "Dir::Cache::pkgcache=pkgcache.bin".to_owned(),
            "Dir::Cache::srcpkgcache=srcpkgcache.bin".to_owned(),
            format!("APT::Architecture={0}", self.architecture),
            format!("APT::Architectures::={0}", self.architecture),
            // As text, so that it can be read here.
            "Acquire::GzipIndexes=false".to_owned(),
            "Acquire::Languages=none".to_owned(),
            // The solver whose answers are the measure; newer versions of apt have another one.
            "APT::Solver=internal".to_owned(),
            // A mirror may be behind.
            "Acquire::Check-Valid-Until=false".to_owned(),
            "APT::Sandbox::User=".to_owned(),
            "Debug::NoLocking=true".to_owned(),
        ];
        command.env("LC_ALL", "C").args(options.iter().flat_map(|option| ["-o", option]));
        command
    }
}

/// Reads one list, named like `mirror_dists_SUITE_COMPONENT_binary-ARCHITECTURE_Packages`.
fn source(path: &Path) -> Source {
    let file = path.to_string_lossy();
    let suite = file.rsplit("_dists_").next().and_then(|rest| rest.split('_').next()).unwrap_or_default();
    let text = std::fs::read(path).expect("the list can be read");
    Source {
        name: suite.to_owned(),
        repository: SUITE.to_owned(),
        priority: 500,
        allowed: None,
        security: suite.ends_with("-security"),
        index: Arc::new(Index::parse(text).expect("the list is an index")),
    }
}
