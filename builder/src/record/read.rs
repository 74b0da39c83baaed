//! Makes the record of a package in one pass over its bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use attar_image::elf::Facts;
use attar_image::layer::reader::{Member, MemberKind, Reader, TarError};
use attar_image::script::Shebang;
use attar_image::{Digest, TreePath};
use attar_packages::debian::deb::{Data, DebError, DebReader};
use md5::{Digest as _, Md5};

use super::applets;
use super::{Location, PackageData, PackageRecord, RecordEntry, RecordKind};

/// A data archive may unpack to this many times its size, and [`ALLOWANCE`] besides.
const RATIO: u64 = 200;
const ALLOWANCE: u64 = 64 << 20;

/// The largest content that is kept as a text.
const MAX_TEXT: u64 = 1 << 20;

/// A package that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be opened.
    #[error("cannot open it")]
    Open(#[source] io::Error),
    /// It is no package, or a damaged one.
    #[error(transparent)]
    Deb(#[from] DebError),
    /// Its files cannot be decompressed.
    #[error("cannot decompress its files")]
    Decompress(#[source] io::Error),
    /// It grows beyond all measure.
    #[error(
        "its files unpack to more than {limit} bytes, {RATIO} times their size: this is a decompression bomb"
    )]
    Bomb {
        /// How much they may unpack to.
        limit: u64,
    },
    /// Its files are no tar archive, or one that cannot be unpacked safely.
    #[error("cannot unpack its files")]
    Tar(#[from] TarError),
    /// A hard link without a file.
    #[error("hard link `{path}` points to `{target}`, which is no earlier file of the package")]
    HardLink {
        /// The link.
        path: TreePath,
        /// Where it points to.
        target: TreePath,
    },
}

/// Reads a package: its record, and its files for whoever needs their contents now.
pub fn read(path: &Path) -> Result<(PackageRecord, PackageData), ReadError> {
    let (deb, control) = open(path)?;
    let data = decompress(deb)?;
    let mut record = PackageRecord {
        control: control.control.clone(),
        control_mtime: control.control_mtime,
        members: BTreeMap::new(),
        entries: Vec::new(),
        facts: BTreeMap::new(),
        shebangs: BTreeMap::new(),
        texts: BTreeMap::new(),
        applets: Vec::new(),
    };
    let listed: BTreeMap<Vec<u8>, [u8; 16]> =
        control.md5sums().into_iter().map(|sum| (sum.path, sum.digest)).collect();
    for (name, bytes) in control.files {
        if name != "md5sums" {
            record.members.insert(name, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    record.entries = entries(&data, &listed, &mut record)?;
    Ok((record, data))
}

/// Reads the files of a package whose record is known.
pub fn read_data(path: &Path) -> Result<PackageData, ReadError> {
    decompress(open(path)?.0)
}

type Control = attar_packages::debian::deb::ControlArchive;

fn open(path: &Path) -> Result<(DebReader<BufReader<File>>, Control), ReadError> {
    let file = File::open(path).map_err(ReadError::Open)?;
    let deb = DebReader::open(BufReader::with_capacity(128 << 10, file))?;
    let control = deb.control().clone();
    Ok((deb, control))
}

fn decompress(deb: DebReader<BufReader<File>>) -> Result<PackageData, ReadError> {
    let data: Data<_> = deb.data()?;
    let limit = data.size.saturating_mul(RATIO).saturating_add(ALLOWANCE);
    let decoder = data.compression.decoder(data).map_err(ReadError::Decompress)?;
    let data = PackageData::read(decoder, limit, tempfile::tempfile).map_err(ReadError::Decompress)?;
    data.ok_or(ReadError::Bomb { limit })
}

fn entries(
    data: &PackageData,
    listed: &BTreeMap<Vec<u8>, [u8; 16]>,
    record: &mut PackageRecord,
) -> Result<Vec<RecordEntry>, ReadError> {
    let mut entries: BTreeMap<TreePath, RecordEntry> = BTreeMap::new();
    let mut groups = 0;
    let mut reader = Reader::new(data.reader().map_err(ReadError::Decompress)?);
    while let Some(member) = reader.next_in_place()? {
        let Member { path, kind, metadata, offset, .. } = member;
        let kind = match kind {
            MemberKind::Directory => RecordKind::Directory,
            MemberKind::File { size } => {
                let location = Location { offset, size };
                let look = |bytes: &[u8]| look(&path, bytes, listed, record, offset);
                data.with(location, look).map_err(ReadError::Decompress)?
            }
            MemberKind::HardLink { target } => link(&mut entries, &path, &target, &mut groups)?,
            MemberKind::Symlink { target } => RecordKind::Symlink { target: target.into_vec() },
            MemberKind::CharacterDevice { major, minor } => RecordKind::CharacterDevice { major, minor },
            MemberKind::BlockDevice { major, minor } => RecordKind::BlockDevice { major, minor },
            MemberKind::Fifo => RecordKind::Fifo,
        };
        let entry = RecordEntry {
            path: path.as_bytes().to_vec(),
            kind,
            mode: metadata.mode,
            uid: metadata.uid,
            gid: metadata.gid,
            mtime: metadata.mtime,
            xattrs: metadata
                .xattrs
                .into_iter()
                .map(|(key, value)| (key.into_vec(), value.into_vec()))
                .collect(),
        };
        entries.insert(path, entry);
    }
    Ok(entries.into_values().collect())
}

/// Looks at a file's content: its digests, what it says about itself, and whether it is a text that
/// effects read.
fn look(
    path: &TreePath,
    bytes: &[u8],
    listed: &BTreeMap<Vec<u8>, [u8; 16]>,
    record: &mut PackageRecord,
    offset: u64,
) -> RecordKind {
    let digest = *Digest::of(bytes).as_bytes();
    // The package's own list is taken at its word: it is as signed as the file itself.
    let md5 = listed.get(path.as_bytes()).copied().unwrap_or_else(|| Md5::digest(bytes).into());
    if let Some(facts) = Facts::read(bytes) {
        let facts = serde_json::to_vec(&facts).expect("facts have a JSON form");
        record.facts.insert(digest, facts);
        if path.file_name() == b"busybox" {
            record.applets = applets::names(bytes);
        }
    } else if let Some(shebang) = Shebang::read(bytes) {
        record.shebangs.insert(digest, (shebang.interpreter, shebang.argument));
    }
    let size = bytes.len() as u64;
    if size <= MAX_TEXT && effects_read(path) {
        record.texts.insert(digest, bytes.to_vec());
    }
    RecordKind::File { digest, size, offset, md5, links: None }
}

/// Says whether effects read the content of a path, so that the record keeps it.
fn effects_read(path: &TreePath) -> bool {
    const FOLDERS: [&[u8]; 7] = [
        b"usr/lib/sysusers.d/",
        b"usr/lib/tmpfiles.d/",
        b"etc/ld.so.conf",
        b"usr/share/ca-certificates/",
        b"usr/local/share/ca-certificates/",
        b"usr/share/base-passwd/",
        b"etc/os-release",
    ];
    FOLDERS.iter().any(|folder| path.as_bytes().starts_with(folder))
}

/// Makes `target` and the new name hard links of each other.
fn link(
    entries: &mut BTreeMap<TreePath, RecordEntry>,
    path: &TreePath,
    target: &TreePath,
    groups: &mut u32,
) -> Result<RecordKind, ReadError> {
    let dangling = || ReadError::HardLink { path: path.clone(), target: target.clone() };
    let entry = entries.get_mut(target).ok_or_else(dangling)?;
    let RecordKind::File { links, .. } = &mut entry.kind else { return Err(dangling()) };
    links.get_or_insert_with(|| {
        *groups += 1;
        *groups
    });
    Ok(entry.kind.clone())
}
