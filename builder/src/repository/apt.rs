//! The configuration of the host's apt, read as apt would read it.
//!
//! attar has no mirror of its own: a machine that can install packages already says where they come
//! from, through which proxy, with which login. Nothing of this reaches a lock or an image. A file that
//! cannot be read or understood is a [`Problem`] and never stops a build: it may well be about an
//! archive that the build does not need.

pub mod configuration;
pub mod credentials;
pub mod sources;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use configuration::{Configuration, MalformedConfiguration};
use credentials::Credentials;
use sources::{MalformedSources, Source};

/// What the host's apt is configured to do.
#[derive(Clone, Debug, Default)]
pub struct HostApt {
    /// Archives of binary packages, in the order apt reads them.
    pub sources: Vec<Source>,
    /// Settings of `apt.conf`.
    pub configuration: Arc<Configuration>,
    /// Logins of `auth.conf`.
    pub credentials: Credentials,
    /// Files that were passed over.
    pub problems: Vec<Problem>,
}

/// A file of the host's apt that was passed over.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot read `{}`, a file of the host's apt", .file.display())]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// Why.
    #[source]
    pub source: Arc<ProblemKind>,
}

/// Why a file of the host's apt was passed over.
#[derive(Debug, thiserror::Error)]
pub enum ProblemKind {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// It is no valid list of sources.
    #[error(transparent)]
    Sources(#[from] MalformedSources),
    /// It is no valid `apt.conf`.
    #[error(transparent)]
    Configuration(#[from] MalformedConfiguration),
}

impl HostApt {
    /// Reads `etc/apt` below `root`; a host without apt gives an empty configuration.
    pub fn read(root: &Path) -> Self {
        let etc = root.join("etc/apt");
        let mut apt = Self::default();
        let mut configuration = Configuration::default();
        for file in apt.parts(&etc.join("apt.conf.d"), &["", "conf"], &etc.join("apt.conf"), Order::Last) {
            let result = read(&file).and_then(|text| Ok(configuration.add(&text)?));
            apt.note(&file, result);
        }
        apt.configuration = Arc::new(configuration);
        let directory = etc.join("sources.list.d");
        for file in apt.parts(&directory, &["list", "sources"], &etc.join("sources.list"), Order::First) {
            let result = read_sources(&file, root);
            let sources = apt.note(&file, result).unwrap_or_default();
            apt.sources.extend(sources);
        }
        for file in apt.parts(&etc.join("auth.conf.d"), &["", "conf"], &etc.join("auth.conf"), Order::First) {
            let result = read(&file).map(|text| apt.credentials.add(&text));
            apt.note(&file, result);
        }
        apt
    }

    /// Says whether apt looks at a Release's `Valid-Until`, for an archive that says nothing itself.
    pub fn check_valid_until(&self) -> bool {
        self.check_date() && self.configuration.flag("Acquire::Check-Valid-Until") != Some(false)
    }

    /// Says whether apt looks at a Release's dates at all.
    pub fn check_date(&self) -> bool {
        self.configuration.flag("Acquire::Check-Date") != Some(false)
    }

    /// Lists the files apt would read: those of a directory in order of name, and the single file.
    fn parts(&mut self, directory: &Path, extensions: &[&str], single: &Path, order: Order) -> Vec<PathBuf> {
        let mut files = match list(directory, extensions) {
            Ok(files) => files,
            Err(error) => {
                self.note::<()>(directory, Err(error.into()));
                Vec::new()
            }
        };
        if single.exists() {
            let position = if order == Order::First { 0 } else { files.len() };
            files.insert(position, single.to_path_buf());
        }
        files
    }

    fn note<T>(&mut self, file: &Path, result: Result<T, ProblemKind>) -> Option<T> {
        result
            .map_err(|source| self.problems.push(Problem { file: file.to_path_buf(), source: source.into() }))
            .ok()
    }
}

/// Where a single file stands among the parts of its directory.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    First,
    Last,
}

fn read(file: &Path) -> Result<String, ProblemKind> {
    Ok(std::fs::read_to_string(file)?)
}

/// Lists files that `run-parts` would take and that have one of `extensions`, in order of name.
fn list(directory: &Path, extensions: &[&str]) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if plain && !name.starts_with('.') && extensions.contains(&extension) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read_sources(file: &Path, root: &Path) -> Result<Vec<Source>, ProblemKind> {
    let text = read(file)?;
    let sources = if file.extension().is_some_and(|extension| extension == "sources") {
        sources::parse_deb822(&text)?
    } else {
        sources::parse_lines(&text)?
    };
    let mut all = Vec::new();
    for source in sources {
        all.extend(expand(source, root)?);
    }
    Ok(all)
}

/// Replaces `mirror+file:LIST`, as cloud images have it, by the mirrors that LIST names.
fn expand(source: Source, root: &Path) -> Result<Vec<Source>, ProblemKind> {
    let Some(list) = source.uri.strip_prefix("mirror+file:") else { return Ok(vec![source]) };
    let list = list.trim_start_matches('/');
    let text = read(&root.join(list))?;
    let mirrors = text.lines().filter_map(|line| line.split_whitespace().next());
    let mirrors = mirrors.filter(|mirror| !mirror.starts_with('#'));
    Ok(mirrors.map(|mirror| Source { uri: mirror.to_owned(), ..source.clone() }).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn host(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a directory");
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, text).expect("a file");
        }
        root
    }

    #[test]
    fn a_host_without_apt_is_empty() {
        let apt = HostApt::read(host(&[]).path());
        assert!(apt.sources.is_empty() && apt.problems.is_empty());
        assert!(apt.check_valid_until() && apt.check_date());
    }

    #[test]
    fn files_are_read_in_apts_order() {
        let root = host(&[
            ("etc/apt/sources.list", "deb http://first.example/debian trixie main\n"),
            ("etc/apt/sources.list.d/b.sources", "Types: deb\nURIs: http://third.example\nSuites: x\n"),
            ("etc/apt/sources.list.d/a.list", "deb http://second.example x main\n"),
            ("etc/apt/sources.list.d/c.sources.off", "Types: deb\nURIs: http://off.example\nSuites: x\n"),
            ("etc/apt/sources.list.d/d.list", "deb mirror+file:/etc/apt/mirrors/debian.list trixie main\n"),
            ("etc/apt/mirrors/debian.list", "# ours\nhttps://fourth.example/debian\tpriority:1\n"),
            ("etc/apt/apt.conf.d/10dates", "Acquire::Check-Valid-Until \"true\";"),
            ("etc/apt/apt.conf", "Acquire::Check-Valid-Until \"false\";"),
            ("etc/apt/auth.conf.d/team.conf", "machine second.example login me password x"),
        ]);
        let apt = HostApt::read(root.path());
        let uris: Vec<_> = apt.sources.iter().map(|source| source.uri.as_str()).collect();
        assert_eq!(
            uris,
            [
                "http://first.example/debian",
                "http://second.example",
                "http://third.example",
                "https://fourth.example/debian"
            ]
        );
        assert!(!apt.check_valid_until() && apt.check_date());
        let url = reqwest::Url::parse("https://second.example/dists").expect("a URL");
        assert_eq!(apt.credentials.find(&url).map(|login| login.name.as_str()), Some("me"));
        assert!(apt.problems.is_empty(), "{:?}", apt.problems);
    }

    #[test]
    fn a_file_that_is_not_understood_is_passed_over_and_named() {
        let root = host(&[
            ("etc/apt/sources.list.d/a.list", "rpm nothing\n"),
            ("etc/apt/sources.list.d/b.list", "deb http://b.example x main\n"),
        ]);
        let apt = HostApt::read(root.path());
        assert_eq!(apt.sources.len(), 1);
        let problem = apt.problems.first().expect("a problem");
        assert!(problem.file.ends_with("a.list"));
        assert_eq!(problem.source.to_string(), "line 1: expected `deb` or `deb-src`");
    }
}
