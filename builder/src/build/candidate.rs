//! Images whose trees are complete and of which no layer is made yet: what a verdict looks at.

use std::io::{self, Write};

use attar_image::linkage::{Files, Report};
use attar_image::platform::Platform;
use attar_image::{Content, FileTree, ImageConfig, TreePath};

use super::image::{self, Made};
use super::proof::{self, ImageFiles, Proven};
use super::{BuildError, LockOutcome, Request, image_name};
use crate::assemble;
use crate::context::Context;
use crate::parallel;
use crate::rootfs::Owner;
use crate::segment::Contents as _;
use crate::spec::schema::Spec;

/// An image whose tree is complete.
pub struct Candidate<'a> {
    made: &'a Made,
    files: ImageFiles<'a>,
    start: Report,
    config: ImageConfig,
    platform: Platform,
}

/// Decides whether images may be made.
pub trait Judge {
    /// Says whether an image of this spec is to be judged.
    fn wants(&self, spec: &Spec) -> bool;

    /// Says whether the images of this build were judged before with the same answer, which is yes, and
    /// need not be judged again. `build` names everything that decides about their bytes.
    fn knows(&mut self, build: &str, specs: &[&Spec]) -> bool;

    /// Is told that images were made which it had judged: `build` names them.
    fn remember(&mut self, build: &str, specs: &[&Spec]);

    /// Judges images in the order in which they are made; `false` stops the build before any layer is
    /// made.
    fn judge(&mut self, candidates: &[Candidate<'_>]) -> bool;
}

impl<'a> Candidate<'a> {
    /// Returns the candidate of a complete tree; `None` for a platform that has no name.
    pub(super) fn new(made: &'a Made, proven: &Proven) -> Option<Self> {
        let platform: Platform = made.platform.parse().ok()?;
        let has_bundle = image::bundle(&made.rootfs.view).is_some();
        let mut config = ImageConfig::new(platform.clone(), Vec::new());
        config.config = Some(assemble::runtime(&made.spec, &made.run_as, has_bundle));
        Some(Self { made, files: ImageFiles::new(made), start: proven.report(), config, platform })
    }

    /// Returns the variant; empty for the plain image.
    pub fn variant(&self) -> &str {
        &self.made.variant
    }

    /// Returns the platform.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// Names the image in messages: `linux/arm64 (debug)`.
    pub fn name(&self) -> String {
        image_name(&self.made.variant, &self.made.platform)
    }

    /// Returns the effective spec.
    pub fn spec(&self) -> &Spec {
        &self.made.spec
    }

    /// Returns the whole tree.
    pub fn tree(&self) -> &FileTree {
        &self.made.rootfs.view
    }

    /// Returns the configuration, which has no layers and no history yet.
    pub fn config(&self) -> &ImageConfig {
        &self.config
    }

    /// Returns what the files of the tree hold.
    pub fn files(&self) -> &dyn Files {
        &self.files
    }

    /// Returns the start-up proof, without what the spec accepts.
    pub fn start(&self) -> &Report {
        &self.start
    }

    /// Returns the package that brings a path; `None` for own and generated files.
    pub fn package(&self, path: &TreePath) -> Option<&str> {
        match self.made.rootfs.owners.get(path)? {
            Owner::Package(number) => Some(&self.made.rootfs.packages.get(*number)?.name),
            _ => None,
        }
    }

    /// Writes the content of a file.
    pub fn write(&self, path: &TreePath, content: &Content, out: &mut dyn Write) -> io::Result<()> {
        self.files.contents().write(path, content, out)
    }
}

/// Makes the trees of the images that are asked for and hands them over, the plain image first.
///
/// No layer is made and nothing is written beside the spec: without a lock that fits, packages are chosen
/// and forgotten. Says what a build would do with the lock.
pub fn candidates<T>(
    context: &Context,
    request: &Request,
    judge: impl FnOnce(&[Candidate<'_>]) -> T,
) -> Result<(T, LockOutcome), BuildError> {
    let trees = super::trees(context, request)?;
    let proven = parallel::map(context.threads, &trees.made, |made| Ok::<_, BuildError>(proof::look(made)))?;
    for (made, proven) in trees.made.iter().zip(&proven) {
        proof::tell(context, &image_name(&made.variant, &made.platform), proven);
    }
    let all = trees.made.iter().zip(&proven).filter_map(|(made, proven)| Candidate::new(made, proven));
    Ok((judge(&all.collect::<Vec<_>>()), trees.locking))
}
