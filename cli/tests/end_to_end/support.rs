//! What the end-to-end tests share: the program, a cache, and the examples with their locks.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use attar_testing::layout::Image;
use attar_testing::{Attar, Scratch};

/// The names of the examples.
pub(crate) const EXAMPLES: [&str; 6] = ["static", "base-nossl", "base", "cc", "python3", "program"];

/// Returns the cache that all tests share, which outlives a run of the tests.
pub(crate) fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("attar-cache")
}

/// Prepares a run of the program with the shared cache.
pub(crate) fn attar() -> Attar {
    Attar::at(env!("CARGO_BIN_EXE_attar")).cache(cache())
}

/// A copy of the examples in a scratch folder, locked all alike in one run of the tests.
pub(crate) struct Examples {
    pub(crate) scratch: Scratch,
}

impl Examples {
    /// Copies the examples.
    pub(crate) fn copy() -> Self {
        let scratch = Scratch::new();
        copy_folder(locked(), &scratch.join("examples"));
        Self { scratch }
    }

    /// Returns the path of an example's spec.
    pub(crate) fn spec(&self, name: &str) -> PathBuf {
        self.scratch.join("examples").join(name).join("attar.yaml")
    }

    /// Returns a path in the scratch folder.
    pub(crate) fn join(&self, path: &str) -> PathBuf {
        self.scratch.join(path)
    }

    /// Builds an example into a layout of the scratch folder, and returns the images by platform.
    #[track_caller]
    pub(crate) fn build(&self, name: &str) -> Vec<Image> {
        self.build_spec(&self.spec(name), name)
    }

    /// Builds a spec into the layout `layout` of the scratch folder.
    #[track_caller]
    pub(crate) fn build_spec(&self, spec: &Path, layout: &str) -> Vec<Image> {
        let folder = self.join(layout);
        attar().arg("build").arg(spec).arg("-o").arg(format!("oci:{}", folder.display())).run().success();
        attar_testing::layout::images(&folder, None).expect("a layout with one entry")
    }

    /// Builds one platform of a spec into an archive for Docker, and returns its path.
    #[track_caller]
    pub(crate) fn docker_archive(&self, spec: &Path, platform: &str, tag: &str) -> PathBuf {
        let file = self.join(&format!("{}.tar", tag.replace([':', '/'], "-")));
        attar()
            .arg("build")
            .arg(spec)
            .args(["--platform", platform, "-t", tag, "-o"])
            .arg(format!("docker-archive:{}", file.display()))
            .run()
            .success();
        file
    }
}

/// Returns the examples with locks, made once in a run of the tests: solving for each test again would
/// make them slow, and the mirror could change in between.
fn locked() -> &'static Path {
    static LOCKED: OnceLock<Scratch> = OnceLock::new();
    let scratch = LOCKED.get_or_init(|| {
        let scratch = Scratch::new();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
        copy_folder(&source, &scratch.join("examples"));
        for name in EXAMPLES {
            let folder = scratch.join("examples").join(name);
            let _ = std::fs::remove_file(folder.join("attar.lock"));
            attar().arg("lock").arg(folder.join("attar.yaml")).run().success();
        }
        scratch
    });
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| scratch.join("examples"))
}

/// Copies a folder of plain files.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder to copy").flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).expect("a file can be copied");
        }
    }
}
