//! One image as one tar archive: its layers, one after the other, with every directory once.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use attar_image::layer::END_OF_ARCHIVE;
use attar_image::layer::compression::decoder;
use attar_image::layer::reader::{MemberKind, Reader, TarError};
use attar_image::layer::writer::{append_header, append_padding};
use attar_image::{Content, Digest, Entry, Kind, Metadata, TreePath};

use crate::assemble::Image;
use crate::layer::Layer;

/// A root file system that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum RootfsError {
    /// A layer's segment cannot be read.
    #[error("cannot read the layer segment `{}`", path.display())]
    Read {
        /// The segment.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A layer's segment is damaged.
    #[error("layer `{layer}` is damaged")]
    Damaged {
        /// What is in the layer.
        layer: String,
        /// What is wrong.
        #[source]
        source: TarError,
    },
    /// The archive cannot be written.
    #[error("cannot write the archive")]
    Write(#[source] io::Error),
}

/// Writes the directories of all layers, then everything else in the order of the layers.
///
/// No path but directories stands in two layers, and hard links never leave their layer, so nothing
/// has to be held in memory but the directories.
pub(super) fn write(image: &Image, out: &mut dyn Write) -> Result<(), RootfsError> {
    let mut directories: BTreeMap<TreePath, Metadata> = BTreeMap::new();
    for layer in &image.layers {
        each(layer, |path, kind, metadata, _| {
            if *kind == MemberKind::Directory {
                directories.insert(path.clone(), metadata.clone());
            }
            Ok(())
        })?;
    }
    let mut blocks = Vec::new();
    for (path, metadata) in directories {
        append_header(&mut blocks, &path, &Entry::directory(metadata), None);
    }
    out.write_all(&blocks).map_err(RootfsError::Write)?;
    for layer in &image.layers {
        each(layer, |path, kind, metadata, content| copy(out, path, kind, metadata, content))?;
    }
    out.write_all(&END_OF_ARCHIVE).map_err(RootfsError::Write)
}

type Each<'a> = dyn FnMut(&TreePath, &MemberKind, &Metadata, &mut dyn Read) -> io::Result<()> + 'a;

fn each(
    layer: &Layer,
    mut use_it: impl FnMut(&TreePath, &MemberKind, &Metadata, &mut dyn Read) -> io::Result<()>,
) -> Result<(), RootfsError> {
    let use_it: &mut Each<'_> = &mut use_it;
    for path in &layer.segments {
        let failed = |source| RootfsError::Read { path: path.clone(), source };
        let file = File::open(path).map_err(failed)?;
        let mut reader = Reader::new(decoder(file).map_err(failed)?);
        let damaged = |source| RootfsError::Damaged { layer: layer.name.clone(), source };
        while let Some(member) = reader.next_member().map_err(damaged)? {
            use_it(&member.path, &member.kind, &member.metadata, &mut reader).map_err(RootfsError::Write)?;
        }
    }
    Ok(())
}

fn copy(
    out: &mut dyn Write,
    path: &TreePath,
    kind: &MemberKind,
    metadata: &Metadata,
    content: &mut dyn Read,
) -> io::Result<()> {
    let mut linked_to = None;
    // Only the size of a content reaches the header.
    let file =
        |size| Kind::File { content: Content { digest: Digest::from_bytes([0; 32]), size }, links: None };
    let kind = match kind {
        MemberKind::Directory => return Ok(()),
        MemberKind::File { size } => file(*size),
        MemberKind::HardLink { target } => {
            linked_to = Some(target.clone());
            file(0)
        }
        MemberKind::Symlink { target } => Kind::Symlink { target: target.clone() },
        MemberKind::CharacterDevice { major, minor } => {
            Kind::CharacterDevice { major: *major, minor: *minor }
        }
        MemberKind::BlockDevice { major, minor } => Kind::BlockDevice { major: *major, minor: *minor },
        MemberKind::Fifo => Kind::Fifo,
    };
    let entry = Entry { kind, metadata: metadata.clone() };
    let mut blocks = Vec::new();
    append_header(&mut blocks, path, &entry, linked_to.as_ref());
    out.write_all(&blocks)?;
    let size = io::copy(content, out)?;
    blocks.clear();
    append_padding(&mut blocks, size);
    out.write_all(&blocks)
}
