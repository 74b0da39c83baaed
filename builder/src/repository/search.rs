//! Finding packages by name, by a file they have, or by a library they bring.

use std::collections::BTreeMap;
use std::path::PathBuf;

use attar_packages::debian::contents::{self, ContentsError};
use attar_packages::debian::index::Package;
use rayon::prelude::*;

use super::archive::Archive;
use super::contents::ContentsIndex;
use super::error::RepositoryError;
use crate::context::Context;
use crate::spec::schema::Repository;

/// What is searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Packages whose name has this text in it, or that provide this name.
    Name(String),
    /// Packages that have a file.
    File(contents::Query),
}

/// Where to search, and for what.
pub struct Request<'a> {
    /// The repositories of the spec.
    pub repositories: &'a [Repository],
    /// Tells for each repository what its relative paths are relative to.
    pub directory: &'a dyn Fn(usize) -> PathBuf,
    /// Debian's names of the architectures.
    pub architectures: &'a [&'a str],
    /// What is searched for.
    pub query: &'a Query,
    /// How many answers are wanted at most.
    pub limit: usize,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Packages by name: exact ones first, then those that provide the name, then the others.
    Packages {
        /// The packages.
        packages: Vec<PackageHit>,
        /// How many more there are beyond the limit.
        more: u64,
    },
    /// Files: libraries where the loader looks first, then by path.
    Files {
        /// The files.
        files: Vec<FileHit>,
        /// How many more there are beyond the limit.
        more: u64,
    },
}

/// How a package answers a search for a name; better answers come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// It has the name.
    Exact,
    /// It provides the name.
    Provides,
    /// The text starts its name.
    Start,
    /// The text is within its name.
    Within,
}

/// A package that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageHit {
    /// Its name.
    pub name: String,
    /// How it answers the search.
    pub matched: Match,
    /// The first line of its description.
    pub description: String,
    /// Where it can be had: every suite and architecture, once each, in the order of the spec.
    pub offers: Vec<Offer>,
}

/// A version of a package that can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The suite as asked for.
    pub archive: String,
    /// The architecture, or `all`.
    pub architecture: String,
    /// The version.
    pub version: String,
}

/// A file that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileHit {
    /// Its absolute path; bytes that are not UTF-8 are replaced.
    pub path: String,
    /// The package that has it.
    pub package: String,
    /// Where: every suite and architecture, once each, in the order of the spec.
    pub places: Vec<(String, String)>,
}

/// A search that failed.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The archives cannot be had.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// A list of files cannot be read.
    #[error("cannot search the contents index of {archive}/{component} ({architecture})")]
    Contents {
        /// The suite.
        archive: String,
        /// The component.
        component: String,
        /// The architecture.
        architecture: String,
        /// What is wrong with it.
        #[source]
        source: ContentsError,
    },
}

impl Query {
    /// Reads what a user typed: a path has a slash, a library has `.so` in its name.
    pub fn parse(text: &str) -> Self {
        let bytes = text.as_bytes().to_vec();
        if text.contains('/') {
            Self::File(contents::Query::Path(bytes))
        } else if text.contains(".so.") || text.ends_with(".so") {
            Self::File(contents::Query::Soname(bytes))
        } else {
            Self::Name(text.to_owned())
        }
    }
}

/// Searches all repositories.
pub fn search(context: &Context, request: &Request<'_>) -> Result<Answer, SearchError> {
    match request.query {
        Query::Name(name) => {
            let opening =
                context.client.open_all(request.repositories, request.directory, request.architectures);
            Ok(by_name(&context.wait(opening)?, name, request.limit))
        }
        Query::File(query) => {
            let mut indexes = Vec::new();
            let mut missing = Vec::new();
            for (number, repository) in request.repositories.iter().enumerate() {
                let directory = (request.directory)(number);
                let fetching = context.client.contents(repository, &directory, request.architectures);
                let contents = context.wait(fetching)?;
                indexes.extend(contents.indexes);
                missing.extend(contents.missing);
            }
            if indexes.is_empty() && !missing.is_empty() {
                return Err(missing.swap_remove(0).into());
            }
            for error in missing {
                context.events.warn(format!("the search is incomplete: {error}"));
            }
            by_file(&indexes, query, request.limit)
        }
    }
}

/// Searches opened archives for a name.
pub fn by_name(archives: &[Archive], name: &str, limit: usize) -> Answer {
    let name = name.to_ascii_lowercase();
    let mut hits: BTreeMap<&str, PackageHit> = BTreeMap::new();
    for archive in archives {
        for index in &archive.indexes {
            for package in index.index.packages() {
                if let Some(matched) = matched(package.name(), &name) {
                    add(&mut hits, archive, package, matched);
                }
            }
            for provider in index.index.providers(&name) {
                add(&mut hits, archive, provider.package, Match::Provides);
            }
        }
    }
    let mut packages: Vec<_> = hits.into_values().collect();
    packages.sort_by(|left, right| (left.matched, &left.name).cmp(&(right.matched, &right.name)));
    let more = packages.len().saturating_sub(limit) as u64;
    packages.truncate(limit);
    Answer::Packages { packages, more }
}

fn matched(found: &str, name: &str) -> Option<Match> {
    match found.find(name)? {
        0 if found.len() == name.len() => Some(Match::Exact),
        0 => Some(Match::Start),
        _ => Some(Match::Within),
    }
}

fn add<'a>(
    hits: &mut BTreeMap<&'a str, PackageHit>,
    archive: &Archive,
    package: Package<'a>,
    matched: Match,
) {
    let hit = hits.entry(package.name()).or_insert_with(|| PackageHit {
        name: package.name().to_owned(),
        matched,
        description: package.description().to_owned(),
        offers: Vec::new(),
    });
    hit.matched = hit.matched.min(matched);
    let offer = Offer {
        archive: archive.name.clone(),
        architecture: package.architecture().to_owned(),
        version: package.version().to_owned(),
    };
    if !hit.offers.contains(&offer) {
        hit.offers.push(offer);
    }
}

/// Searches contents indexes for a file, several at a time.
fn by_file(indexes: &[ContentsIndex], query: &contents::Query, limit: usize) -> Result<Answer, SearchError> {
    let search = |index: &ContentsIndex| {
        let answers = index
            .read()
            .map_err(ContentsError::from)
            .and_then(|input| contents::search(input, std::slice::from_ref(query), limit));
        answers.map_err(|source| SearchError::Contents {
            archive: index.archive.clone(),
            component: index.component.clone(),
            architecture: index.architecture.clone(),
            source,
        })
    };
    let answers: Vec<_> = indexes.par_iter().map(search).collect();
    let mut hits: BTreeMap<(bool, String, String), Vec<(String, String)>> = BTreeMap::new();
    let mut more = 0;
    for (index, answers) in indexes.iter().zip(answers) {
        for answer in answers? {
            more += answer.more;
            for hit in answer.hits {
                let path = format!("/{}", String::from_utf8_lossy(&hit.path));
                for package in hit.packages {
                    let places = hits.entry((!hit.is_default_library, path.clone(), package)).or_default();
                    places.push((index.archive.clone(), index.architecture.clone()));
                }
            }
        }
    }
    more += hits.len().saturating_sub(limit) as u64;
    let files = hits.into_iter().take(limit);
    let files = files.map(|((_, path, package), places)| FileHit { path, package, places }).collect();
    Ok(Answer::Files { files, more })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_told_by_its_spelling() {
        let file = |query| Query::File(query);
        let cases = [
            ("python3", Query::Name("python3".to_owned())),
            ("libssl3", Query::Name("libssl3".to_owned())),
            ("libsolv", Query::Name("libsolv".to_owned())),
            ("libssl.so.3", file(contents::Query::Soname(b"libssl.so.3".to_vec()))),
            ("libnss_files.so", file(contents::Query::Soname(b"libnss_files.so".to_vec()))),
            ("/usr/bin/env", file(contents::Query::Path(b"/usr/bin/env".to_vec()))),
            ("bin/env", file(contents::Query::Path(b"bin/env".to_vec()))),
        ];
        for (text, expected) in cases {
            assert_eq!(Query::parse(text), expected, "{text}");
        }
    }
}
