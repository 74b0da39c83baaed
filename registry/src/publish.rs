//! Publishes an image: everything under its digest, what is said about it, then the tags.

use attar_image::reference::{Reference, Repository, Tag};

use crate::client::Client;
use crate::contents::Contents;
use crate::error::RegistryError;
use crate::push::Root;

/// An image and where it goes.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The repository.
    pub repository: Repository,
    /// The image.
    pub contents: Contents,
    /// Manifests about the image, each with a `subject`: they are there before a tag moves.
    pub referrers: Vec<Contents>,
    /// The tags, moved last and in this order.
    pub tags: Vec<Tag>,
}

/// An image that is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The image by its digest.
    pub reference: Reference,
    /// The tags that lead to it.
    pub tags: Vec<Tag>,
}

impl Client {
    /// Publishes an image. Killed at any point it leaves every tag on a whole image with its evidence, the
    /// old one or the new one.
    pub async fn publish(&self, publication: &Publication) -> Result<Published, RegistryError> {
        let Publication { repository, contents, referrers, tags } = publication;
        let root = contents.root().ok_or_else(|| RegistryError::Nothing(repository.clone()))?;
        // Without evidence, nobody can see a difference between the digest and the first tag.
        let when = if referrers.is_empty() && !tags.is_empty() { Root::Later } else { Root::ByDigest };
        self.push_below(repository, contents, when).await?;
        for referrer in referrers {
            self.attach(repository, referrer).await?;
        }
        for tag in tags {
            self.tag(repository, root, tag).await?;
        }
        let digest = Some(root.descriptor.digest);
        let reference = Reference { repository: repository.clone(), tag: None, digest };
        Ok(Published { reference, tags: tags.clone() })
    }
}
