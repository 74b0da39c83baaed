//! Globs over the paths of an image.

use attar_image::path::TreePath;
use globset::{GlobBuilder, GlobMatcher};

/// A glob over absolute paths. `*` stays within a directory, `**` does not; a path without wildcards, or
/// one that ends in `/`, stands for everything below it too.
#[derive(Clone, Debug)]
pub struct Glob {
    text: String,
    itself: GlobMatcher,
    below: Option<GlobMatcher>,
}

/// What is no glob.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidGlob {
    /// It does not start with `/`.
    #[error("expected a glob that starts with `/`, found `{0}`")]
    Relative(String),
    /// It cannot be read.
    #[error("expected a glob, found `{glob}`: {problem}")]
    Syntax {
        /// The glob.
        glob: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl InvalidGlob {
    /// Returns what completes "expected …".
    pub fn expected(&self) -> String {
        match self {
            Self::Relative(_) => "a glob that starts with `/`".to_owned(),
            Self::Syntax { problem, .. } => format!("a glob ({problem})"),
        }
    }
}

impl Glob {
    /// Reads a glob.
    pub fn parse(text: &str) -> Result<Self, InvalidGlob> {
        if !text.starts_with('/') {
            return Err(InvalidGlob::Relative(text.to_owned()));
        }
        let stem = text.trim_end_matches('/');
        let compile = |glob: &str| {
            let built = GlobBuilder::new(glob).literal_separator(true).backslash_escape(true).build();
            let problem = |error: globset::Error| error.kind().to_string();
            let invalid = |problem| InvalidGlob::Syntax { glob: text.to_owned(), problem };
            built.map(|glob| glob.compile_matcher()).map_err(|error| invalid(problem(error)))
        };
        let is_plain = !text.contains(['*', '?', '[', '{', '\\']);
        let below = (is_plain || text.ends_with('/')).then(|| compile(&format!("{stem}/**"))).transpose()?;
        Ok(Self { text: text.to_owned(), itself: compile(stem)?, below })
    }

    /// Returns the glob as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Says whether the glob matches a path.
    pub fn matches(&self, path: &TreePath) -> bool {
        self.matches_absolute(&[b"/", path.as_bytes()].concat())
    }

    /// Says whether the glob matches a path that has its leading slash.
    pub(crate) fn matches_absolute(&self, path: &[u8]) -> bool {
        let candidate = globset::Candidate::from_bytes(path);
        self.itself.is_match_candidate(&candidate)
            || self.below.as_ref().is_some_and(|below| below.is_match_candidate(&candidate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_from_the_root() {
        for (glob, path, expected) in [
            ("/bin/sh", "bin/sh", true),
            ("/bin/sh", "usr/bin/sh", false),
            ("/usr/share", "usr/share/doc/a", true),
            ("/usr/share/", "usr/share/doc", true),
            ("/usr/*", "usr/share", true),
            ("/usr/*", "usr/share/doc", false),
            ("/usr/*/", "usr/share/doc", true),
            ("/**/*.pem", "etc/ssl/a.pem", true),
            ("/**/*.pem", "a.pem", true),
            ("/etc/[ab]", "etc/b", true),
            ("/etc/{a,b}", "etc/c", false),
        ] {
            let path = TreePath::parse(path).expect("a path");
            assert_eq!(Glob::parse(glob).expect("a glob").matches(&path), expected, "{glob} {path}");
        }
    }

    #[test]
    fn what_is_no_glob() {
        let expected = |text: &str| Glob::parse(text).expect_err("no glob").expected();
        assert_eq!(expected("etc/*"), "a glob that starts with `/`");
        assert!(expected("/etc/[").starts_with("a glob ("), "{}", expected("/etc/["));
    }
}
