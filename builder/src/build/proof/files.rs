//! What the files of an image in the making hold: from records of packages, and from own files.

use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;

use attar_image::elf::Facts;
use attar_image::linkage::Files;
use attar_image::script::Shebang;
use attar_image::{Content, TreePath};

use crate::build::image::Made;
use crate::contents::ImageContents;
use crate::files::OwnContent;
use crate::rootfs::Owner;
use crate::segment::Contents as _;

/// Bytes that tell an ELF file, and the first line of a script.
const HEAD: u64 = 256;

/// The files of one image.
pub(in crate::build) struct ImageFiles<'a> {
    made: &'a Made,
    contents: ImageContents<'a>,
}

impl<'a> ImageFiles<'a> {
    pub(in crate::build) fn new(made: &'a Made) -> Self {
        Self { made, contents: ImageContents::new(&made.rootfs.contents, made.packages.clone()) }
    }

    /// Returns what writes the contents.
    pub(in crate::build) fn contents(&self) -> &ImageContents<'a> {
        &self.contents
    }

    fn own(&self, content: &Content) -> Option<&'a OwnContent> {
        self.made.rootfs.contents.get(&content.digest)
    }

    /// Asks the record of the package that brings a file, else all: attar's own layer may hold a copy.
    fn recorded<T>(
        &self,
        path: &TreePath,
        ask: impl Fn(&crate::record::PackageRecord) -> Option<T>,
    ) -> Option<T> {
        let packages = &self.made.packages;
        match self.made.rootfs.owners.get(path) {
            Some(Owner::Package(number)) => ask(&packages.get(*number)?.0),
            _ => packages.iter().find_map(|(record, _)| ask(record)),
        }
    }
}

impl Files for ImageFiles<'_> {
    fn elf(&self, path: &TreePath, content: &Content) -> Option<Arc<Facts>> {
        let facts = match self.own(content) {
            Some(own) if !head(own)?.starts_with(b"\x7fELF") => None,
            Some(own) => Facts::read(&whole(own)?),
            None => self.recorded(path, |record| record.facts(&content.digest)),
        };
        facts.map(Arc::new)
    }

    fn script(&self, path: &TreePath, content: &Content) -> Option<Shebang> {
        match self.own(content) {
            Some(own) => Shebang::read(&head(own)?),
            None => self.recorded(path, |record| record.shebang(&content.digest)),
        }
    }

    fn read(&self, path: &TreePath, content: &Content) -> Option<Vec<u8>> {
        if let Some(text) = self.recorded(path, |record| record.text(&content.digest).map(<[u8]>::to_vec)) {
            return Some(text);
        }
        let mut bytes = Vec::new();
        self.contents.write(path, content, &mut bytes).ok().map(|()| bytes)
    }

    /// Own files are opened for it, so only those that look like code.
    fn is_candidate(&self, path: &TreePath, content: &Content) -> bool {
        let Some(own) = self.own(content) else { return true };
        let name = path.file_name();
        let is_library = memchr::memmem::find(name, b".so").is_some() || name.ends_with(b".node");
        let mode = self.made.rootfs.view.get(path).map_or(0, |entry| entry.metadata.mode);
        !matches!(own, OwnContent::Bytes(_)) && (is_library || mode & 0o111 != 0)
    }
}

/// Returns the first bytes of an own file.
fn head(own: &OwnContent) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    match own {
        OwnContent::Bytes(all) => bytes.extend_from_slice(&all[..all.len().min(HEAD as usize)]),
        OwnContent::File(path) => drop(File::open(path).ok()?.take(HEAD).read_to_end(&mut bytes).ok()?),
        OwnContent::Archive(data, location) => {
            let location = crate::record::Location { size: location.size.min(HEAD), ..*location };
            data.with(location, |head| bytes.extend_from_slice(head)).ok()?;
        }
    }
    Some(bytes)
}

fn whole(own: &OwnContent) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    own.write(&mut bytes).ok().map(|()| bytes)
}
