//! The images that are inspected: a large one of real packages in three forms, and one of a million
//! entries. They stay in their folder between runs.

use std::path::{Path, PathBuf};

use attar_testing::Attar;
use attar_testing::layers::{Codec, Layer, write_docker_archive, write_layout};
use attar_testing::layout::Image;

use crate::measure;

/// The forms of the large image: name of the layout, and what `compression:` says in the spec.
pub(crate) const FORMS: [&str; 3] = ["none", "gzip", "zstd"];

/// What tells that the large image is of this generation.
const SPEC: &str = "\
name: benchmark/large
contents:
  repositories: [{debian: trixie}]
  packages: [clang, llvm, golang-go, default-jdk-headless, libreoffice-core-nogui, clangd, lld]
  full-relations: true
platforms: [linux/amd64]
layering: {budget: 19}
compression: none
";

/// A folder with the images.
pub(crate) struct Images(PathBuf);

impl Images {
    /// Makes the images that are not there yet.
    pub(crate) fn prepare(program: &Path, folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let spec = folder.join("attar.yaml");
        if std::fs::read_to_string(&spec).is_ok_and(|text| text != SPEC) {
            for form in FORMS {
                std::fs::remove_dir_all(folder.join(form)).ok();
            }
        }
        std::fs::write(&spec, SPEC)?;
        let cache = folder.join("cache");
        let attar = |arguments: &[&str]| {
            let run = Attar::at(program).cache(&cache).current_dir(folder).args(arguments);
            measure::run(&mut run.into_command())
        };
        if FORMS.iter().any(|form| !folder.join(form).join("index.json").exists()) {
            attar(&["lock"])?;
            for form in FORMS {
                let file = format!("{form}.yaml");
                std::fs::write(folder.join(&file), format!("include: attar.yaml\ncompression: {form}\n"))?;
                std::fs::copy(folder.join("attar.lock"), folder.join(format!("{form}.lock")))?;
                let layout = format!("oci:{form}");
                let mut build = vec!["build", "--locked", &file, "-o", &layout];
                if form == "none" {
                    build.extend(["-o", "docker-archive:archive.tar", "-t", "benchmark/large:1"]);
                }
                attar(&build)?;
            }
            std::fs::remove_dir_all(&cache)?;
        }
        Self::prepare_written(folder)
    }

    /// Makes those that are not there yet of the images that need no packages.
    pub(crate) fn prepare_written(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let images = Self(folder.to_path_buf());
        if !images.million().join("index.json").exists() {
            write_layout(&images.million(), "million", Codec::Plain, entries(1000))?;
        }
        let archive = images.hundred_thousand();
        if !archive.exists() {
            // Only what is whole gets the name.
            let unfinished = archive.with_extension("unfinished");
            write_docker_archive(&unfinished, "benchmark/entries:1", &entries(100).collect::<Vec<_>>())?;
            std::fs::rename(unfinished, archive)?;
        }
        Ok(images)
    }

    /// Returns the layout of one form of the large image.
    pub(crate) fn layout(&self, form: &str) -> PathBuf {
        self.0.join(form)
    }

    /// Returns the large image as an archive for Docker, not compressed.
    pub(crate) fn archive(&self) -> PathBuf {
        self.0.join("archive.tar")
    }

    /// Returns the layout of the image of a million entries.
    pub(crate) fn million(&self) -> PathBuf {
        self.0.join("million")
    }

    /// Returns the image of a hundred thousand entries, which is an archive for Docker, not compressed.
    pub(crate) fn hundred_thousand(&self) -> PathBuf {
        self.0.join("hundred-thousand.tar")
    }

    /// Returns the blobs of the layers of one form of the large image, the largest first.
    pub(crate) fn layers(&self, form: &str) -> anyhow::Result<Vec<PathBuf>> {
        let images = attar_testing::layout::images(&self.layout(form), None)?;
        let of_image = |image: &Image| {
            let sized = image.layer_sizes().into_iter().zip(image.layers());
            sized.map(|(size, digest)| (size, image.blob(&digest))).collect::<Vec<_>>()
        };
        let mut layers: Vec<(u64, PathBuf)> = images.iter().flat_map(of_image).collect();
        layers.sort();
        Ok(layers.into_iter().rev().map(|(_, path)| path).collect())
    }
}

/// Number of layers of the images of many entries, which have as many entries each.
const LAYERS: usize = 10;

/// Returns the layers of an image of a thousand entries for each of the directories of a layer: every layer
/// writes the tenth file of every directory of the layer below anew, and takes every tenth of its directories
/// away.
fn entries(directories: usize) -> impl Iterator<Item = Vec<u8>> {
    (0..LAYERS).map(move |number| {
        let mut layer = Layer::new();
        for directory in 0..directories {
            layer = layer.directory(&format!("srv/{number}/directory-{directory:03}"));
            for file in 0..98 {
                let (number, directory) = match number {
                    1.. if file % 10 == 9 => (number - 1, directory),
                    _ => (number, directory),
                };
                let path = format!("srv/{number}/directory-{directory:03}/file-{file:02}");
                layer = layer.file(&path, format!("{number} {directory} {file}"));
            }
            let below = format!("srv/{}/directory-{directory:03}", number.saturating_sub(2));
            layer = match number {
                2.. if directory % 10 == 0 => layer.whiteout(&below),
                _ => layer.symlink(&format!("srv/{number}/link-{directory:03}"), &below),
            };
        }
        layer.tar()
    })
}
