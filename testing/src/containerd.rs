//! A containerd of a test's own.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::command::{Finished, run, words};
use crate::{Scratch, skip};

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A containerd with state, images and socket in a folder of its own, which ends when it is dropped.
#[derive(Debug)]
pub struct Containerd {
    process: Child,
    folder: Scratch,
}

impl Containerd {
    /// Starts one; the error says why there is none here.
    pub fn start() -> Result<Self, String> {
        for program in ["containerd", "ctr", "runc"] {
            skip::program(program)?;
        }
        let folder = Scratch::new();
        let path = |name: &str| folder.join(name).display().to_string();
        let config = folder.write(
            "config.toml",
            format!(
                "version = 2\nroot = {:?}\nstate = {:?}\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n\
                 [grpc]\naddress = {:?}\n",
                path("root"),
                path("state"),
                path("socket"),
            ),
        );
        let log = File::create(folder.join("log")).map_err(|error| error.to_string())?;
        let process = Command::new("containerd")
            .arg("--config")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|error| format!("containerd does not start: {error}"))?;
        let mut containerd = Self { process, folder };
        let end = Instant::now() + PATIENCE;
        while !containerd.ctr(&["version"]).is_success() {
            if Instant::now() > end || !matches!(containerd.process.try_wait(), Ok(None)) {
                return Err(format!(
                    "containerd does not answer: {}",
                    last_line(&containerd.folder.join("log"))
                ));
            }
            sleep(Duration::from_millis(50));
        }
        Ok(containerd)
    }

    /// Runs `ctr` with arguments, in a namespace of the tests' own.
    #[track_caller]
    pub fn ctr(&self, arguments: &[&str]) -> Finished {
        let socket = self.folder.join("socket").display().to_string();
        let mut command = words(&["ctr", "--address", &socket, "--namespace", "attar-tests"]);
        run(command.args(arguments))
    }

    /// Imports an archive with every platform, unpacks all of them, and returns the names of the images.
    ///
    /// The snapshots are plain folders, which every file system can hold.
    #[track_caller]
    pub fn import(&self, archive: &Path) -> Vec<String> {
        let archive = archive.to_str().expect("a path in UTF-8");
        self.ctr(&["images", "import", "--all-platforms", "--snapshotter", "native", archive]).success();
        let names = self.ctr(&["images", "ls", "--quiet"]).success();
        names.lines().map(str::to_owned).collect()
    }

    /// Runs a container of an image to its end and removes it; it has no network.
    #[track_caller]
    pub fn run(&self, platform: &str, image: &str, arguments: &[&str]) -> Finished {
        // Names are the daemon's own, but control groups are the machine's.
        let name = format!("attar-test-{}", self.process.id());
        let base = ["run", "--rm", "--snapshotter", "native", "--platform", platform, image, &name];
        self.ctr(&[&base, arguments].concat())
    }
}

impl Drop for Containerd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn last_line(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    text.lines().last().unwrap_or("it says nothing").to_owned()
}
