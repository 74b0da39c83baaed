//! Which paths of packages are kept: globs from the root, sets by name, and what is included again.

use attar_image::path::TreePath;
use globset::{Candidate, Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use super::diagnostic::nearest;

mod sets;

pub use sets::{PathSet, sets};

/// A filter over paths: only some of them, without others. Copyright files always pass.
#[derive(Clone, Debug, Default)]
pub struct PathFilter {
    only: Option<Rules>,
    without: Rules,
}

/// A pattern that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPattern {
    /// A bare word that names no set.
    #[error("`{name}` is neither a glob that starts with `/` nor the name of a set")]
    Set {
        /// The word.
        name: String,
        /// The set that was probably meant.
        nearest: Option<&'static str>,
    },
    /// A glob that cannot be read.
    #[error("cannot read the glob `{glob}`: {problem}")]
    Glob {
        /// The glob.
        glob: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl PathFilter {
    /// Compiles a filter. No pattern in `only` means all paths.
    ///
    /// A pattern is a glob that starts with `/`, or the name of a set; `!` before it turns it round,
    /// and of all that match a path the last one decides. `*` stays within a directory, `**` does
    /// not. A path without wildcards, or one that ends in `/`, stands for everything below it too.
    pub fn new(only: &[String], without: &[String]) -> Result<Self, InvalidPattern> {
        let only = if only.is_empty() { None } else { Some(Rules::new(only)?) };
        Ok(Self { only, without: Rules::new(without)? })
    }

    /// Says whether a path passes.
    pub fn keeps(&self, path: &TreePath) -> bool {
        if is_copyright(path.as_bytes()) {
            return true;
        }
        let candidate = candidate(path);
        self.only.as_ref().is_none_or(|only| only.selects(&candidate)) && !self.without.selects(&candidate)
    }

    /// Says whether the filter lets everything pass.
    pub fn is_empty(&self) -> bool {
        self.only.is_none() && self.without.patterns.is_empty()
    }

    /// Says of each glob whether it matches any of `paths`. A set may match nothing and is left out.
    pub fn globs<'a>(&self, paths: impl IntoIterator<Item = &'a TreePath>) -> Vec<GlobUse<'_>> {
        let lists: Vec<(List, &Rules)> = self
            .only
            .iter()
            .map(|rules| (List::Only, rules))
            .chain([(List::Without, &self.without)])
            .collect();
        let mut globs: Vec<GlobUse<'_>> = lists
            .iter()
            .flat_map(|(list, rules)| {
                let all = rules.patterns.iter().enumerate().filter(|(_, pattern)| !pattern.set);
                all.map(|(place, pattern)| GlobUse {
                    list: *list,
                    place,
                    text: &pattern.text,
                    matches: false,
                })
            })
            .collect();
        if globs.is_empty() {
            return globs;
        }
        for path in paths {
            let candidate = candidate(path);
            for (list, rules) in &lists {
                for index in rules.globs.matches_candidate(&candidate) {
                    let is_matched =
                        |glob: &&mut GlobUse<'_>| (glob.list, glob.place) == (*list, rules.owner[index]);
                    if let Some(glob) = globs.iter_mut().find(is_matched) {
                        glob.matches = true;
                    }
                }
            }
        }
        globs
    }
}

/// One of the two lists of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// What is kept.
    Only,
    /// What is left out.
    Without,
}

/// A glob of a filter, and whether it does anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlobUse<'a> {
    /// The list it stands in.
    pub list: List,
    /// Its place in the list, from 0.
    pub place: usize,
    /// The glob, with the `!` before it if there is one.
    pub text: &'a str,
    /// Whether it matches a path.
    pub matches: bool,
}

/// Patterns in order, compiled into one automaton.
#[derive(Clone, Debug, Default)]
struct Rules {
    patterns: Vec<Pattern>,
    globs: GlobSet,
    /// For each glob the pattern it belongs to.
    owner: Vec<usize>,
    /// For each glob whether what it matches is in its pattern, or spared by it.
    inside: Vec<bool>,
}

impl Rules {
    fn new(texts: &[String]) -> Result<Self, InvalidPattern> {
        let patterns = texts.iter().map(|text| Pattern::parse(text)).collect::<Result<Vec<_>, _>>()?;
        let mut builder = GlobSetBuilder::new();
        let (mut owner, mut inside) = (Vec::new(), Vec::new());
        for (index, pattern) in patterns.iter().enumerate() {
            for (is_inside, glob) in &pattern.globs {
                builder.add(glob.clone());
                owner.push(index);
                inside.push(*is_inside);
            }
        }
        let invalid = |error: globset::Error| InvalidPattern::Glob {
            glob: error.glob().unwrap_or_default().to_owned(),
            problem: error.kind().to_string(),
        };
        Ok(Self { patterns, globs: builder.build().map_err(invalid)?, owner, inside })
    }

    /// Says what the last pattern says that a path is in.
    fn selects(&self, candidate: &Candidate<'_>) -> bool {
        let mut matches = self.globs.matches_candidate(candidate);
        matches.sort_unstable();
        while let Some(index) = matches.pop() {
            let owner = self.owner[index];
            if self.inside[index] {
                return self.patterns[owner].select;
            }
            matches.retain(|other| self.owner[*other] != owner);
        }
        false
    }
}

/// One pattern with the globs it stands for.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    text: String,
    /// Whether it is the name of a set.
    set: bool,
    /// Whether it selects paths; `!` makes it deselect them.
    select: bool,
    /// Its globs; of all that match the last one says whether a path is in the pattern.
    globs: Vec<(bool, Glob)>,
}

impl Pattern {
    /// Reads a glob, the name of a set, or either after `!`.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidPattern> {
        let body = text.strip_prefix('!').unwrap_or(text);
        let (set, select) = (!body.starts_with('/'), body.len() == text.len());
        let mut pattern = Self { text: text.to_owned(), set, select, globs: Vec::new() };
        if !set {
            pattern.add(true, body)?;
            return Ok(pattern);
        }
        let Some(set) = sets().iter().find(|set| set.name == body) else {
            let nearest = nearest(body, sets().iter().map(|set| set.name));
            return Err(InvalidPattern::Set { name: body.to_owned(), nearest });
        };
        for glob in set.patterns {
            match glob.strip_prefix('!') {
                Some(spared) => pattern.add(false, spared)?,
                None => pattern.add(true, glob)?,
            }
        }
        Ok(pattern)
    }

    fn add(&mut self, inside: bool, glob: &str) -> Result<(), InvalidPattern> {
        let tree = glob.ends_with('/') || !glob.contains(['*', '?', '[', '{', '\\']);
        let path = merged_usr(glob.trim_matches('/'));
        if path.is_empty() {
            let problem = "it is the root itself; `/**` is everything".to_owned();
            return Err(InvalidPattern::Glob { glob: glob.to_owned(), problem });
        }
        self.globs.push((inside, compile(&path)?));
        if tree {
            self.globs.push((inside, compile(&format!("{path}/**"))?));
        }
        Ok(())
    }
}

/// Says what is wrong with a glob, if anything is.
pub(crate) fn check_glob(glob: &str) -> Result<(), String> {
    compile(glob).map(drop).map_err(|error| match error {
        InvalidPattern::Glob { problem, .. } => problem,
        InvalidPattern::Set { .. } => error.to_string(),
    })
}

fn compile(glob: &str) -> Result<Glob, InvalidPattern> {
    let built = GlobBuilder::new(glob).literal_separator(true).backslash_escape(true).build();
    built.map_err(|error| InvalidPattern::Glob { glob: glob.to_owned(), problem: error.kind().to_string() })
}

/// Brings `bin/sh` to where it stands in every image: `usr/bin/sh`.
fn merged_usr(path: &str) -> String {
    let first = path.split('/').next().unwrap_or_default();
    let moved = matches!(first, "bin" | "sbin" | "lib" | "lib32" | "lib64" | "libx32" | "libo32");
    if moved { format!("usr/{path}") } else { path.to_owned() }
}

fn candidate(path: &TreePath) -> Candidate<'_> {
    use std::os::unix::ffi::OsStrExt as _;
    Candidate::new(std::ffi::OsStr::from_bytes(path.as_bytes()))
}

/// Says whether this is a copyright file, or the link or directory below `doc` that leads to one.
fn is_copyright(path: &[u8]) -> bool {
    let Some(rest) = path.strip_prefix(b"usr/share/doc/") else { return false };
    match memchr::memchr(b'/', rest) {
        None => true,
        Some(slash) => matches!(&rest[slash + 1..], b"copyright" | b"copyright.gz"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(only: &[&str], without: &[&str]) -> PathFilter {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        PathFilter::new(&owned(only), &owned(without)).expect("valid patterns")
    }

    fn path(text: &str) -> TreePath {
        TreePath::parse(text).expect("a valid path")
    }

    /// Asserts which paths pass.
    fn assert_keeps(filter: &PathFilter, cases: &[(&str, bool)]) {
        for (text, kept) in cases {
            assert_eq!(filter.keeps(&path(text)), *kept, "{text}");
        }
    }

    #[test]
    fn a_star_stays_within_a_directory() {
        let filter = filter(&[], &["/usr/bin/py3*", "/opt/**/cache", "/srv/**"]);
        assert_keeps(
            &filter,
            &[
                ("usr/bin/py3clean", false),
                ("usr/bin/python3", true),
                ("usr/bin/py3/x", true),
                ("opt/cache", false),
                ("opt/a/b/cache", false),
                ("opt/a/cache/x", true),
                ("srv", true),
                ("srv/a/b", false),
            ],
        );
    }

    #[test]
    fn a_path_stands_for_what_is_below_it() {
        let filter = filter(&[], &["/usr/share/x", "/usr/lib/y*/"]);
        assert_keeps(
            &filter,
            &[
                ("usr/share/x", false),
                ("usr/share/x/a/b", false),
                ("usr/share/xy", true),
                ("usr/lib/y1", false),
                ("usr/lib/y1/a", false),
            ],
        );
    }

    #[test]
    fn the_last_match_decides() {
        let filter = filter(&[], &["tools", "!/usr/bin/python3*", "/usr/bin/python3-config"]);
        assert_keeps(
            &filter,
            &[
                ("usr/bin/perl", false),
                ("usr/bin/python3.13", true),
                ("usr/bin/python3-config", false),
                ("usr/lib/x.so", true),
            ],
        );
    }

    #[test]
    fn only_and_without_go_together() {
        let filter = filter(&["/usr/lib/**", "!/usr/lib/*/gconv/**"], &["/usr/lib/x86_64-linux-gnu/libm*"]);
        assert_keeps(
            &filter,
            &[
                ("usr/lib/x86_64-linux-gnu/libc.so.6", true),
                ("usr/lib/x86_64-linux-gnu/libm.so.6", false),
                ("usr/lib/x86_64-linux-gnu/gconv/UTF-7.so", false),
                ("usr/bin/ldd", false),
            ],
        );
    }

    #[test]
    fn copyright_files_always_stay() {
        let filter = filter(&["/usr/bin/**"], &["docs", "/**"]);
        assert_keeps(
            &filter,
            &[
                ("usr/share/doc/libc6/copyright", true),
                ("usr/share/doc/libstdc++6", true),
                ("usr/share/doc/libc6/NEWS.gz", false),
                ("usr/share/doc/libc6/x/copyright", false),
                ("usr/bin/env", false),
            ],
        );
    }

    #[test]
    fn a_set_can_be_taken_back_in_parts() {
        let locales = filter(&[], &["locales"]);
        let cases = [
            ("usr/lib/locale/C.utf8/LC_CTYPE", true),
            ("usr/lib/locale/de_DE.utf8/LC_CTYPE", false),
            ("usr/share/locale/de/LC_MESSAGES/bash.mo", false),
        ];
        assert_keeps(&locales, &cases);
        assert_keeps(
            &filter(&[], &["locales", "!/usr/share/locale/de/**"]),
            &[
                ("usr/share/locale/de/LC_MESSAGES/bash.mo", true),
                ("usr/share/locale/fr/LC_MESSAGES/bash.mo", false),
            ],
        );
        assert_keeps(
            &filter(&[], &["/usr/lib/locale/**", "!locales"]),
            &[("usr/lib/locale/C.utf8/LC_CTYPE", false), ("usr/lib/locale/de_DE.utf8/LC_CTYPE", true)],
        );
    }

    #[test]
    fn paths_before_the_merge_of_usr_are_understood() {
        assert_keeps(
            &filter(&[], &["/bin/sh", "/lib/**/*.so"]),
            &[("usr/bin/sh", false), ("usr/lib/a/b.so", false)],
        );
    }

    #[test]
    fn globs_without_a_match_are_told_and_sets_are_not() {
        let filter = filter(&["/usr/**"], &["gconv", "/usr/bin/x", "!/usr/bin/y", "/usr/bin/z*"]);
        let paths = [path("usr/bin/x"), path("usr/bin/q")];
        let globs = filter.globs(&paths);
        let told: Vec<_> =
            globs.iter().map(|glob| (glob.list, glob.place, glob.text, glob.matches)).collect();
        assert_eq!(
            told,
            [
                (List::Only, 0, "/usr/**", true),
                (List::Without, 1, "/usr/bin/x", true),
                (List::Without, 2, "!/usr/bin/y", false),
                (List::Without, 3, "/usr/bin/z*", false),
            ]
        );
    }

    #[test]
    fn bytes_that_are_no_text_match_too() {
        let strange = TreePath::parse(b"opt/\xff\xfe/x").expect("a valid path");
        assert!(!filter(&[], &["/opt/*/x"]).keeps(&strange));
    }

    #[test]
    fn wrong_patterns_are_refused() {
        let parse = |text: &str| Pattern::parse(text).map(drop).map_err(|error| error.to_string());
        let set = |name: &str| {
            Err(format!("`{name}` is neither a glob that starts with `/` nor the name of a set"))
        };
        assert_eq!(parse("doc"), set("doc"));
        assert_eq!(parse("usr/bin/x"), set("usr/bin/x"));
        assert!(matches!(
            Pattern::parse("!local"),
            Err(InvalidPattern::Set { nearest: Some("locales"), .. })
        ));
        for text in ["/usr/[a", "/usr/{a", "/", "//", "/usr/\\"] {
            assert!(matches!(Pattern::parse(text), Err(InvalidPattern::Glob { .. })), "{text}");
        }
    }

    #[test]
    fn every_set_is_valid_and_in_order() {
        assert!(sets().is_sorted_by(|a, b| a.name < b.name));
        for set in sets() {
            Pattern::parse(set.name).expect("the globs of a set are valid");
            assert!(set.patterns.iter().all(|glob| glob.trim_start_matches('!').starts_with('/')));
        }
    }
}
