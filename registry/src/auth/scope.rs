//! What a token is asked for. Pure.

use std::collections::BTreeMap;
use std::fmt;

use attar_image::reference::Repository;

/// What is to be done in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    /// Read.
    Pull,
    /// Read and write.
    Push,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pull => "pull",
            Self::Push => "pull,push",
        })
    }
}

/// Repositories of one registry, each with what is to be done in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scopes {
    /// The repository whose login counts.
    repository: Repository,
    access: BTreeMap<String, Access>,
}

impl Scopes {
    /// Returns the scope of one repository.
    pub(crate) fn new(repository: &Repository, access: Access) -> Self {
        let paths = BTreeMap::from([(repository.path().to_owned(), access)]);
        Self { repository: repository.clone(), access: paths }
    }

    /// Adds reading from another repository of the same registry, as mounting a blob needs it.
    pub(crate) fn and_pull(&self, path: &str) -> Self {
        let mut scopes = self.clone();
        scopes.access.entry(path.to_owned()).or_insert(Access::Pull);
        scopes
    }

    /// Returns the repository whose login counts.
    pub(crate) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Iterates over the scopes as token servers take them: `repository:NAME:pull,push`.
    pub(crate) fn texts(&self) -> impl Iterator<Item = String> {
        self.access.iter().map(|(path, access)| format!("repository:{path}:{access}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_asks_for_both_repositories() {
        let repository: Repository = "reg.example/team/app".parse().expect("a repository");
        let scopes = Scopes::new(&repository, Access::Push).and_pull("team/base").and_pull("team/app");
        let texts: Vec<String> = scopes.texts().collect();
        assert_eq!(texts, ["repository:team/app:pull,push", "repository:team/base:pull"]);
    }
}
