//! Where the contents of a tree's files come from when a segment is written.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use attar_image::digest::HashingWriter;
use attar_image::{Content, Digest, TreePath};

use crate::files::OwnContent;
use crate::record::{Location, PackageData, PackageRecord, read_data};
use crate::segment::Contents;

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
}

/// The contents of a whole image: own and generated files, and packages that are opened on demand.
pub(crate) struct ImageContents<'a> {
    pub(crate) own: &'a BTreeMap<Digest, OwnContent>,
    pub(crate) packages: Vec<(Arc<PackageRecord>, PathBuf)>,
    places: OnceLock<BTreeMap<Digest, (usize, Location)>>,
    opened: Mutex<BTreeMap<usize, Arc<PackageData>>>,
}

impl<'a> ImageContents<'a> {
    pub(crate) fn new(
        own: &'a BTreeMap<Digest, OwnContent>,
        packages: Vec<(Arc<PackageRecord>, PathBuf)>,
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
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(data) = opened.get(&number) {
            return Ok(Arc::clone(data));
        }
        let data = Arc::new(read_data(&self.packages[number].1).map_err(io::Error::other)?);
        opened.insert(number, Arc::clone(&data));
        Ok(data)
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
}

fn missing(content: &Content) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("no content has the digest {}", content.digest))
}
