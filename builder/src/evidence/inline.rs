//! Puts what a spec names by file into the spec itself, and takes out what does not shape the image.

use std::path::Path;

use super::BuildError;
use crate::build::certificates;
use crate::repository::openpgp::armored;
use crate::spec::Effective;
use crate::spec::schema::{Certificate, InlineCertificate, Repository, Spec};

/// Returns an effective spec that stands without the files beside it, the user's own aside.
///
/// Mirrors are left out: where packages are asked for never shows in an image, and is nobody else's
/// business. Logins a spec cannot hold.
pub(super) fn spec(effective: &Effective) -> Result<Spec, BuildError> {
    let mut spec = effective.spec.clone();
    // Who judges an image leaves its bytes alone.
    spec.check = None;
    spec.certificates.additional = certificates(effective)?
        .into_iter()
        .map(|it| Certificate::Inline(InlineCertificate { name: it.name, content: it.pem }))
        .collect();
    for (number, repository) in spec.contents.repositories.iter_mut().enumerate() {
        let label = || effective.origins.label(&format!("/contents/repositories/{number}/signed-by"));
        match repository {
            Repository::Debian(debian) => {
                debian.mirrors.clear();
                if let Some(key) = &mut debian.signed_by {
                    *key = inline_key(key, &effective.directory, label)?;
                }
            }
            Repository::Deb(deb) => {
                deb.signed_by = inline_key(&deb.signed_by, &effective.directory, label)?;
            }
            Repository::Debs(_) => {}
        }
    }
    Ok(spec)
}

fn inline_key(key: &str, directory: &Path, label: impl Fn() -> String) -> Result<String, BuildError> {
    let path = directory.join(key);
    let bytes = if key.contains("-----BEGIN PGP") {
        key.as_bytes().to_vec()
    } else {
        std::fs::read(&path).map_err(|source| BuildError::Key { label: label(), path, source })?
    };
    armored(&bytes).map_err(|source| BuildError::InvalidKey { label: label(), source })
}
