//! Where the contents of a tree's files come from when a segment is written.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use attar_image::digest::HashingWriter;
use attar_image::{Content, Digest, TreePath};

use crate::files::OwnContent;
use crate::record::{Location, PackageArchive, PackageData, PackageRecord};
use crate::segment::Contents;

/// Packages that are open at the same time: each holds a file, or memory.
const MAX_OPENED: usize = 64;

/// The contents of one package whose data is at hand.
pub(crate) struct PackageContents<'a> {
    pub(crate) locations: BTreeMap<Digest, Location>,
    pub(crate) texts: &'a BTreeMap<Digest, Vec<u8>>,
    pub(crate) data: &'a PackageData,
}

impl Contents for PackageContents<'_> {
    fn write(&self, _: &TreePath, content: &Content, out: &mut dyn Write) -> io::Result<()> {
        match self.locations.get(&content.digest) {
            Some(location) => self.data.with(*location, |bytes| out.write_all(bytes))?,
            None => out.write_all(self.texts.get(&content.digest).ok_or_else(|| missing(content))?),
        }
    }

    fn is_at_hand(&self, _: &Content) -> bool {
        true
    }
}

/// The contents of a whole image: own and generated files, and packages that are opened on demand.
pub(crate) struct ImageContents<'a> {
    pub(crate) own: &'a BTreeMap<Digest, OwnContent>,
    pub(crate) packages: Vec<(Arc<PackageRecord>, PackageArchive)>,
    places: OnceLock<BTreeMap<Digest, (usize, Location)>>,
    opened: Mutex<BTreeMap<usize, Arc<PackageData>>>,
}

impl<'a> ImageContents<'a> {
    pub(crate) fn new(
        own: &'a BTreeMap<Digest, OwnContent>,
        packages: Vec<(Arc<PackageRecord>, PackageArchive)>,
    ) -> Self {
        Self { own, packages, places: OnceLock::new(), opened: Mutex::new(BTreeMap::new()) }
    }

    fn place(&self, digest: &Digest) -> Option<(usize, Location)> {
        let places = self.places.get_or_init(|| {
            let records = self.packages.iter().map(|(record, _)| record.locations()).enumerate();
            records
                .flat_map(|(number, locations)| {
                    locations.into_iter().map(move |(digest, location)| (digest, (number, location)))
                })
                .collect()
        });
        places.get(digest).copied()
    }

    fn open(&self, number: usize) -> io::Result<Arc<PackageData>> {
        if let Some(data) = self.opened().get(&number) {
            return Ok(Arc::clone(data));
        }
        let data = self.packages[number].1.data().map_err(io::Error::other)?;
        Ok(self.remember(number, data))
    }

    /// Opens a package if that needs no decompressing.
    fn open_kept(&self, number: usize) -> Option<Arc<PackageData>> {
        if let Some(data) = self.opened().get(&number) {
            return Some(Arc::clone(data));
        }
        let data = self.packages[number].1.kept()?;
        Some(self.remember(number, data))
    }

    fn opened(&self) -> MutexGuard<'_, BTreeMap<usize, Arc<PackageData>>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, number: usize, data: PackageData) -> Arc<PackageData> {
        let mut opened = self.opened();
        if opened.len() >= MAX_OPENED {
            opened.clear();
        }
        let data = Arc::new(data);
        opened.insert(number, Arc::clone(&data));
        data
    }
}

impl Contents for ImageContents<'_> {
    fn write(&self, path: &TreePath, content: &Content, out: &mut dyn Write) -> io::Result<()> {
        let Some(own) = self.own.get(&content.digest) else {
            let (number, location) = self.place(&content.digest).ok_or_else(|| missing(content))?;
            return self.open(number)?.with(location, |bytes| out.write_all(bytes))?;
        };
        if !matches!(own, OwnContent::File(_)) {
            return own.write(out);
        }
        // A file of the host may change between hashing and reading it.
        let mut hashing = HashingWriter::new(out);
        own.write(&mut hashing)?;
        let (_, found, _) = hashing.finish();
        if found != content.digest {
            let message = format!(
                "the source of `{path}` changed while it was read: expected {}, found {found}",
                content.digest
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(())
    }

    fn is_at_hand(&self, content: &Content) -> bool {
        self.own.contains_key(&content.digest)
            || self.place(&content.digest).is_some_and(|(number, _)| self.open_kept(number).is_some())
    }
}

fn missing(content: &Content) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("no content has the digest {}", content.digest))
}
