//! What is measured: the program, the examples with their locks, the downloaded packages.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use attar_testing::command::words;
use attar_testing::{Attar, Scratch};
use serde_json::Value;

use crate::measure::{self, Figure};

/// How layers are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// Returns the program of the pipeline that does the same.
    fn program(self) -> &'static str {
        match self {
            Self::Gzip => "gzip -6 -n",
            Self::Zstd => "zstd -3 -q",
        }
    }
}

/// Everything that a measurement needs.
pub(crate) struct Workspace {
    pub(crate) scratch: Scratch,
    program: PathBuf,
    /// The packages of the python3 example on both platforms, each once.
    packages: Vec<PathBuf>,
}

impl Workspace {
    /// Locks the examples and fetches their packages.
    pub(crate) fn prepare(program: &Path) -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut workspace =
            Self { scratch: Scratch::new(), program: program.to_path_buf(), packages: Vec::new() };
        workspace.copy_examples(&root.join("examples"))?;
        for name in ["python3", "program"] {
            for compression in [Compression::Gzip, Compression::Zstd] {
                let spec = workspace.spec(name, compression);
                measure::run(&mut workspace.attar().arg("lock").arg(spec).into_command())?;
            }
        }
        workspace.packages = workspace.list_packages()?;
        Ok(workspace)
    }

    /// Copies the examples, each with a second spec that compresses with zstd.
    fn copy_examples(&self, from: &Path) -> anyhow::Result<()> {
        for name in ["common", "python3", "program"] {
            let folder = self.scratch.join("examples").join(name);
            std::fs::create_dir_all(&folder)?;
            for entry in std::fs::read_dir(from.join(name))? {
                let entry = entry?;
                if entry.path().extension().is_none_or(|extension| extension != "lock") {
                    std::fs::copy(entry.path(), folder.join(entry.file_name()))?;
                }
            }
            std::fs::write(folder.join("zstd.yaml"), "include: attar.yaml\ncompression: zstd\n")?;
        }
        Ok(())
    }

    pub(crate) fn spec(&self, name: &str, compression: Compression) -> PathBuf {
        let file = match compression {
            Compression::Gzip => "attar.yaml",
            Compression::Zstd => "zstd.yaml",
        };
        self.scratch.join("examples").join(name).join(file)
    }

    /// Prepares a run of the program with the cache that holds the downloads.
    pub(crate) fn attar(&self) -> Attar {
        Attar::at(&self.program).cache(self.scratch.join("downloads"))
    }

    fn list_packages(&self) -> anyhow::Result<Vec<PathBuf>> {
        let spec = self.spec("python3", Compression::Gzip);
        let listed = self.attar().arg("packages").arg(spec).args(["-o", "json"]).run().success();
        let listed: Value = serde_json::from_str(&listed)?;
        let digests = listed["packages"].as_array().into_iter().flatten();
        let mut packages: Vec<PathBuf> = digests
            .filter_map(|package| package["digest"].as_str()?.strip_prefix("sha256:"))
            .map(|digest| self.scratch.join("downloads/packages/sha256").join(digest))
            .collect();
        packages.sort();
        packages.dedup();
        Ok(packages)
    }

    /// Makes a cache with the downloads alone.
    pub(crate) fn downloads_only(&self) -> anyhow::Result<Scratch> {
        let cache = Scratch::new();
        let from = self.scratch.join("downloads");
        attar_testing::run(words(&["cp", "-a"]).arg(from.join(".")).arg(cache.path())).success();
        for shelf in ["data", "records", "segments", "layers", "inputs", "builds"] {
            std::fs::remove_dir_all(cache.path().join(shelf)).ok();
        }
        Ok(cache)
    }

    /// Builds an example into a layout of its own.
    pub(crate) fn build(&self, name: &str, compression: Compression, cache: &Path) -> anyhow::Result<Figure> {
        self.build_spec(&self.spec(name, compression), &cache.join("out"), cache)
    }

    /// Builds a spec into a layout.
    pub(crate) fn build_spec(&self, spec: &Path, layout: &Path, cache: &Path) -> anyhow::Result<Figure> {
        let attar = self.attar().cache(cache).args(["build", "--locked", "--offline", "--quiet"]).arg(spec);
        measure::run(&mut attar.arg("-o").arg(format!("oci:{}", layout.display())).into_command())
    }

    /// Does the same work with plain programs on all cores: decompress, compress, hash.
    pub(crate) fn pipeline(&self, compression: Compression) -> anyhow::Result<Figure> {
        let out = Scratch::new();
        let script = format!(
            "dpkg-deb --fsys-tarfile \"$1\" | {} | tee \"{}/$(basename \"$1\")\" | sha256sum",
            compression.program(),
            out.path().display()
        );
        let list = self.packages.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join("\n");
        let list = self.scratch.write("packages", list);
        let cores = std::thread::available_parallelism()?.to_string();
        let list = list.to_str().context("a path in UTF-8")?;
        let mut command = words(&["xargs", "-a", list, "-P", &cores, "-n", "1", "sh", "-c", &script, "sh"]);
        measure::run(&mut command)
    }

    /// Changes the file of the program example.
    pub(crate) fn change_program(&self, round: usize) -> anyhow::Result<()> {
        let path = self.scratch.join("examples/program/greeter.py");
        let text = std::fs::read_to_string(&path)?;
        Ok(std::fs::write(path, format!("{text}# {round}\n"))?)
    }

    pub(crate) fn search(&self, word: &str) -> anyhow::Result<Figure> {
        let folder = self.scratch.join("examples/python3");
        let attar = self.attar().current_dir(folder).args(["search", "--offline", word]);
        measure::run(&mut attar.into_command())
    }
}
