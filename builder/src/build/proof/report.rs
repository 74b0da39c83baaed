//! What stops a build: what cannot start, who needs it, and what would help.

use std::fmt;

use attar_image::linkage::Problem;

use super::Refused;
use super::remedy::Remedies;
use crate::build::image::Made;
use crate::context::Context;
use crate::images::Images;

/// Images that cannot start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CannotStart {
    /// What is missing, each once for all images that miss it.
    pub shortages: Vec<Shortage>,
}

/// Something that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// The images it concerns, such as `linux/arm64 (debug)`.
    pub images: Vec<String>,
    /// What lacks it.
    pub object: String,
    /// What is wrong.
    pub problem: Problem,
    /// Who needs the object, from the entrypoint down.
    pub chain: Vec<String>,
    /// What would help.
    pub remedy: Remedy,
}

/// What would help against a shortage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// One of these packages has what is missing.
    Add {
        /// The packages, the likeliest first.
        packages: Vec<String>,
    },
    /// A package that is left out has what is missing.
    KeepPackage {
        /// The package.
        package: String,
        /// The package of the image that depends on it.
        dependent: String,
    },
    /// A file of a package is left out.
    KeepFile {
        /// The package.
        package: String,
        /// The file.
        path: String,
    },
    /// The archives could not be asked.
    Search {
        /// What to ask for.
        what: String,
    },
    /// No package helps.
    Unknown,
}

/// Most shortages that are shown one by one.
const MAX_SHOWN: usize = 20;

/// Gathers what stops the images of a build: the same for several images is said once.
pub(super) fn gather(
    context: &Context,
    images: &Images,
    refused: Vec<(&Made, String, Refused)>,
) -> CannotStart {
    let mut remedies = Remedies::new(context, images);
    let mut shortages: Vec<Shortage> = Vec::new();
    for (made, image, Refused { finding, dropped }) in refused {
        // Names of libraries differ between architectures, and so may what helps.
        let same = |it: &&mut Shortage| (&it.object, &it.problem) == (&finding.object, &finding.problem);
        if let Some(known) = shortages.iter_mut().find(same) {
            known.images.push(image);
            continue;
        }
        let remedy = remedies.find(made, &finding, dropped.as_ref());
        let attar_image::linkage::Finding { object, problem, chain, .. } = finding;
        shortages.push(Shortage { images: vec![image], object, problem, chain, remedy });
    }
    CannotStart { shortages }
}

impl fmt::Display for CannotStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the image cannot start as it shall")?;
        for shortage in self.shortages.iter().take(MAX_SHOWN) {
            write!(f, "\n  {shortage}")?;
        }
        match self.shortages.len().saturating_sub(MAX_SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

impl std::error::Error for CannotStart {}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} [{}]", self.object, self.problem, self.images.join(", "))?;
        if self.chain.len() > 1 {
            write!(f, "\n    reached by {}", self.chain.join(" -> "))?;
        }
        match &self.remedy {
            Remedy::Add { packages } => match &packages[..] {
                [package] => write!(f, "\n    package `{package}` has it: add it to `contents: packages:`"),
                packages => {
                    let names = packages.join("`, `");
                    write!(f, "\n    packages `{names}` have it: add one to `contents: packages:`")
                }
            },
            Remedy::KeepPackage { package, dependent } => write!(
                f,
                "\n    `{dependent}` depends on `{package}` for it, which `contents: without: packages:` leaves out"
            ),
            Remedy::KeepFile { package, path } => write!(
                f,
                "\n    package `{package}` has it as `{path}`, which `without` or `only` leaves out: `!{path}` keeps it"
            ),
            Remedy::Search { what } => write!(f, "\n    `attar search {what}` finds the package that has it"),
            Remedy::Unknown => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shortage(problem: Problem, remedy: Remedy) -> Shortage {
        Shortage {
            images: vec!["linux/amd64".into(), "linux/arm64".into()],
            object: "/usr/bin/api".into(),
            problem,
            chain: vec!["entrypoint".into(), "/usr/bin/tini".into()],
            remedy,
        }
    }

    #[test]
    fn each_shortage_says_what_who_and_what_helps() {
        let library = |soname: &str| Problem::Library { soname: soname.into(), elsewhere: None };
        let shortages = vec![
            shortage(library("libpq.so.5"), Remedy::Add { packages: vec!["libpq5".into()] }),
            shortage(library("libx.so.1"), Remedy::Add { packages: vec!["x1".into(), "x2".into()] }),
            shortage(
                library("libLLVM.so.19.1"),
                Remedy::KeepPackage { package: "libllvm19".into(), dependent: "postgresql-17".into() },
            ),
            shortage(
                library("libz.so.1"),
                Remedy::KeepFile { package: "zlib1g".into(), path: "/usr/lib/libz.so.1".into() },
            ),
            shortage(library("liby.so.1"), Remedy::Search { what: "liby.so.1".into() }),
            Shortage { chain: vec!["entrypoint".into()], ..shortage(Problem::NoProgram, Remedy::Unknown) },
        ];
        insta::assert_snapshot!(CannotStart { shortages }.to_string(), @r"
        the image cannot start as it shall
          /usr/bin/api needs `libpq.so.5`, which is not in the image [linux/amd64, linux/arm64]
            reached by entrypoint -> /usr/bin/tini
            package `libpq5` has it: add it to `contents: packages:`
          /usr/bin/api needs `libx.so.1`, which is not in the image [linux/amd64, linux/arm64]
            reached by entrypoint -> /usr/bin/tini
            packages `x1`, `x2` have it: add one to `contents: packages:`
          /usr/bin/api needs `libLLVM.so.19.1`, which is not in the image [linux/amd64, linux/arm64]
            reached by entrypoint -> /usr/bin/tini
            `postgresql-17` depends on `libllvm19` for it, which `contents: without: packages:` leaves out
          /usr/bin/api needs `libz.so.1`, which is not in the image [linux/amd64, linux/arm64]
            reached by entrypoint -> /usr/bin/tini
            package `zlib1g` has it as `/usr/lib/libz.so.1`, which `without` or `only` leaves out: `!/usr/lib/libz.so.1` keeps it
          /usr/bin/api needs `liby.so.1`, which is not in the image [linux/amd64, linux/arm64]
            reached by entrypoint -> /usr/bin/tini
            `attar search liby.so.1` finds the package that has it
          /usr/bin/api is neither an ELF program nor a script that starts with `#!` [linux/amd64, linux/arm64]
        ");
    }
}
