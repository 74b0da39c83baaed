//! A directory of `.deb` files as a repository.

use std::path::Path;

use super::Client;
use super::archive::Archive;
use super::error::RepositoryError;
use crate::spec::schema::DebsRepository;

impl Client {
    /// Reads the control data of every `.deb` file of a directory.
    pub(super) async fn open_directory(
        &self,
        repository: &DebsRepository,
        directory: &Path,
        _architectures: &[&str],
    ) -> Result<Archive, RepositoryError> {
        let directory = directory.join(&repository.debs);
        let source = std::io::Error::from(std::io::ErrorKind::Unsupported);
        Err(RepositoryError::ReadFile { file: directory, source })
    }
}
