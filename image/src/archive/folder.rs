//! A root file system in a folder, packed so that it can be read like an archive.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::ArchiveError;
use super::open::{Archive, Attend, CHUNK};
use crate::digest::Digest;
use crate::filesystem::{Attributes, Content, Entry, Kind, Metadata};
use crate::layer::END_OF_ARCHIVE;
use crate::layer::writer::{append_header, append_padding};
use crate::path::TreePath;

/// Whoever waits is told again after so many entries, unless so many bytes come first.
const ENTRIES: usize = 64;

/// The longest list of names of extended attributes, and the longest value, that Linux has.
const MAX_ATTRIBUTE: usize = 64 << 10;

impl Archive {
    /// Packs a folder into a temporary file and opens it as a root file system.
    ///
    /// Owners, modes, times, hard links, devices and extended attributes are those of the folder. It
    /// stays on one file system, as whatever is mounted below is not part of it; sockets are left out.
    ///
    /// `attend` hears now and then how many bytes were read, and ends it with [`ArchiveError::Cancelled`].
    pub fn of_folder(folder: &Path, attend: Attend<'_>) -> Result<Self, ArchiveError> {
        let mut packer = Packer::new(folder, &mut *attend)?;
        packer.add(folder, TreePath::root())?;
        let (file, written) = packer.finish()?;
        // All of it is here; that is hashed now.
        Self::of_root(file, &mut |_| attend(written))
    }
}

struct Packer<'a> {
    out: io::BufWriter<File>,
    attend: Attend<'a>,
    /// Bytes that were written, and how many of them were told.
    written: u64,
    told: u64,
    /// Entries since that.
    entries: usize,
    /// The file system that the folder is on.
    device: u64,
    /// The first name of every file that has several.
    names: BTreeMap<u64, TreePath>,
}

impl<'a> Packer<'a> {
    fn new(folder: &Path, attend: Attend<'a>) -> Result<Self, ArchiveError> {
        let device = fs::metadata(folder).map_err(failed(folder))?.dev();
        let file = tempfile::tempfile().map_err(ArchiveError::Spool)?;
        let out = io::BufWriter::with_capacity(256 << 10, file);
        Ok(Self { out, attend, written: 0, told: 0, entries: 0, device, names: BTreeMap::new() })
    }

    /// Tells how far it is, now and then.
    fn attend(&mut self) -> Result<(), ArchiveError> {
        if self.written - self.told >= CHUNK || self.entries >= ENTRIES {
            (self.told, self.entries) = (self.written, 0);
            (self.attend)(self.written)?;
        }
        Ok(())
    }

    fn add(&mut self, path: &Path, name: TreePath) -> Result<(), ArchiveError> {
        self.entries += 1;
        self.attend()?;
        let is_top = name.is_root();
        let found = if is_top { fs::metadata(path) } else { fs::symlink_metadata(path) };
        let found = found.map_err(failed(path))?;
        let Some(kind) = kind_of(path, &found).map_err(failed(path))? else { return Ok(()) };
        let metadata = Metadata {
            mode: found.mode() & 0o7777,
            uid: found.uid(),
            gid: found.gid(),
            mtime: found.mtime(),
            xattrs: attributes(path).map_err(failed(path))?,
        };
        let is_directory = kind == Kind::Directory;
        let entry = Entry { kind, metadata };
        if is_directory {
            if !is_top {
                self.header(&name, &entry, None)?;
            }
            // A mount point is a directory, and what is mounted there is none of its contents.
            return if found.dev() == self.device { self.add_below(path, &name) } else { Ok(()) };
        }
        if found.nlink() > 1
            && let Some(first) = self.names.get(&found.ino()).cloned()
        {
            return self.header(&name, &entry, Some(&first));
        }
        self.header(&name, &entry, None)?;
        if let Kind::File { content, .. } = entry.kind {
            self.content(path, content.size)?;
        }
        if found.nlink() > 1 {
            self.names.insert(found.ino(), name);
        }
        Ok(())
    }

    fn add_below(&mut self, folder: &Path, name: &TreePath) -> Result<(), ArchiveError> {
        let mut entries = fs::read_dir(folder)
            .and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>())
            .map_err(failed(folder))?;
        entries.sort();
        for entry in entries {
            let invalid =
                |error| failed(&folder.join(&entry))(io::Error::new(io::ErrorKind::InvalidData, error));
            let below = name.join(entry.as_bytes()).map_err(invalid)?;
            self.add(&folder.join(&entry), below)?;
        }
        Ok(())
    }

    fn header(
        &mut self,
        name: &TreePath,
        entry: &Entry,
        linked_to: Option<&TreePath>,
    ) -> Result<(), ArchiveError> {
        let mut header = Vec::new();
        append_header(&mut header, name, entry, linked_to);
        self.written += header.len() as u64;
        self.out.write_all(&header).map_err(ArchiveError::Spool)
    }

    fn content(&mut self, path: &Path, size: u64) -> Result<(), ArchiveError> {
        let file = File::open(path).map_err(failed(path))?;
        let mut left = size;
        while left > 0 {
            let chunk = left.min(CHUNK);
            let copied = io::copy(&mut (&file).take(chunk), &mut self.out).map_err(failed(path))?;
            if copied != chunk {
                let shrunk =
                    io::Error::new(io::ErrorKind::UnexpectedEof, "the file shrinks while it is read");
                return Err(failed(path)(shrunk));
            }
            left -= copied;
            self.written += copied;
            self.attend()?;
        }
        let mut padding = Vec::new();
        append_padding(&mut padding, size);
        self.out.write_all(&padding).map_err(ArchiveError::Spool)
    }

    /// Returns the file, and how many bytes of it were counted.
    fn finish(mut self) -> Result<(File, u64), ArchiveError> {
        self.out.write_all(&END_OF_ARCHIVE).map_err(ArchiveError::Spool)?;
        let file = self.out.into_inner().map_err(|error| ArchiveError::Spool(error.into_error()))?;
        Ok((file, self.written))
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> ArchiveError {
    let path: PathBuf = path.to_owned();
    move |source| ArchiveError::Folder { path, source }
}

/// Says what stands at a path; `None` for a socket, which no archive can hold.
fn kind_of(path: &Path, found: &fs::Metadata) -> io::Result<Option<Kind>> {
    let kind = found.file_type();
    let device = found.rdev();
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    Ok(Some(if kind.is_dir() {
        Kind::Directory
    } else if kind.is_symlink() {
        Kind::Symlink { target: fs::read_link(path)?.as_os_str().as_bytes().into() }
    } else if kind.is_char_device() {
        Kind::CharacterDevice { major, minor }
    } else if kind.is_block_device() {
        Kind::BlockDevice { major, minor }
    } else if kind.is_fifo() {
        Kind::Fifo
    } else if kind.is_socket() {
        return Ok(None);
    } else {
        // The header says the size alone.
        let content = Content { digest: Digest::from_bytes([0; 32]), size: found.len() };
        Kind::File { content, links: None }
    }))
}

/// Reads extended attributes, those that belong to files and not to this machine's security module.
fn attributes(path: &Path) -> io::Result<Attributes> {
    let mut names = vec![0; MAX_ATTRIBUTE];
    let length = match rustix::fs::llistxattr(path, &mut names[..]) {
        Ok(length) => length,
        Err(rustix::io::Errno::NOTSUP) => return Ok(Attributes::new()),
        Err(error) => return Err(error.into()),
    };
    let mut found = Attributes::new();
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        if name == b"security.selinux" {
            continue;
        }
        let mut value = vec![0; MAX_ATTRIBUTE];
        let read = rustix::fs::lgetxattr(path, OsStr::from_bytes(name), &mut value[..])?;
        value.truncate(read);
        found.insert(name.into(), value.into());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::blobs::{Blobs as _, Cancelled};
    use crate::layer::reader::{Reader, hash_content, read_tree};
    use crate::layout::survey;

    #[test]
    fn folders_are_packed_as_they_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("etc")).expect("a folder");
        fs::write(at("etc/motd"), "welcome").expect("a file");
        fs::write(at("app"), "").expect("a file");
        fs::set_permissions(at("app"), fs::Permissions::from_mode(0o4755)).expect("ours");
        fs::hard_link(at("etc/motd"), at("etc/other")).expect("the file system has hard links");
        symlink("etc/motd", at("motd")).expect("the file system has symbolic links");
        std::os::unix::net::UnixListener::bind(at("socket")).expect("a socket");
        let archive = Archive::of_folder(folder.path(), &mut |_| Ok(())).expect("a root file system");
        let image = &survey(&archive, &archive.images()[0].entry).expect("an image").images[0];
        let blob = archive.open(&image.manifest.layers[0]).expect("the layer");
        let tree = read_tree(Reader::new(blob), |_, reader| hash_content(reader)).expect("a tree");
        let owner = fs::metadata(at("app")).expect("there");
        let mode =
            |name: &str| tree.get(&TreePath::parse(name).expect("a path")).map(|entry| entry.metadata.mode);
        let names: Vec<String> = tree.iter().map(|(path, _)| path.to_string()).collect();
        assert_eq!(names, ["/app", "/etc", "/etc/motd", "/etc/other", "/motd"]);
        assert_eq!(mode("app"), Some(0o4755));
        let app = tree.get(&TreePath::parse("app").expect("a path")).expect("there");
        assert_eq!((app.metadata.uid, app.metadata.gid), (owner.uid(), owner.gid()));
        let of = |name: &str| tree.get(&TreePath::parse(name).expect("a path")).expect("there").kind.clone();
        assert_eq!(of("etc/motd"), of("etc/other"), "hard links of each other");
        assert_eq!(of("motd"), Kind::Symlink { target: b"etc/motd"[..].into() });
    }

    #[test]
    fn packing_ends_when_nobody_waits() {
        let folder = tempfile::tempdir().expect("a folder");
        let large = File::create(folder.path().join("large")).expect("a file");
        large.set_len(12 * CHUNK).expect("a sparse file");
        for number in 0..3 * ENTRIES {
            fs::create_dir(folder.path().join(format!("before-{number}"))).expect("a folder");
        }
        let mut heard = Vec::new();
        Archive::of_folder(folder.path(), &mut |done| {
            heard.push(done);
            Ok(())
        })
        .expect("a root file system");
        assert!(heard[0] < CHUNK, "among the folders: {}", heard[0]);
        assert!(heard.is_sorted() && heard.len() > 24, "while packing and while hashing: {heard:?}");
        // Among the folders, in the midst of the file, and when all is packed.
        for last in [1, 10, heard.len() - 2] {
            let mut told = 0;
            let ended = Archive::of_folder(folder.path(), &mut |_| {
                told += 1;
                if told == last { Err(Cancelled) } else { Ok(()) }
            });
            assert!(matches!(ended, Err(ArchiveError::Cancelled(_))), "{ended:?}");
            assert_eq!(told, last, "nothing is read after that");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let absent = folder.path().join("absent");
        let error = Archive::of_folder(&absent, &mut |_| Ok(())).expect_err("nothing is there");
        assert_eq!(error.to_string(), format!("cannot read `{}`", absent.display()));
    }
}
