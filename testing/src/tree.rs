//! Trees as lines of text, read by other means than attar's own code, for comparing.
//!
//! One line an entry: type and mode, owner, path, content or link target, extended attributes, and of
//! hard links the first name. Times are left out of what is compared by default: see
//! [`Listing::with_times`].

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use sha2::{Digest as _, Sha256};

/// What stands at the paths of a tree; the root itself has the empty path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing(BTreeMap<Vec<u8>, Item>);

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Letter as in `ls -l`.
    pub kind: char,
    /// Permission bits.
    pub mode: u32,
    /// Owner's number.
    pub uid: u64,
    /// Group's number.
    pub gid: u64,
    /// Modification time in seconds.
    pub mtime: i64,
    /// SHA-256 of a file's content, target of a link, numbers of a device.
    pub detail: String,
    /// Extended attributes by name.
    pub xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The first name of the same file, where it has several.
    pub same_as: Option<Vec<u8>>,
}

impl FromIterator<(Vec<u8>, Item)> for Listing {
    fn from_iter<I: IntoIterator<Item = (Vec<u8>, Item)>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl Listing {
    /// Reads a folder of the file system without following links.
    pub fn of_folder(root: &Path) -> anyhow::Result<Self> {
        let mut listing = Self::default();
        let mut pending = vec![root.to_path_buf()];
        while let Some(path) = pending.pop() {
            let metadata = path.symlink_metadata().with_context(|| path.display().to_string())?;
            if metadata.is_dir() {
                let entries: Result<Vec<_>, _> = std::fs::read_dir(&path)?.collect();
                pending.extend(entries?.into_iter().map(|entry| entry.path()));
            }
            let name = path.strip_prefix(root)?.as_os_str().as_bytes().to_vec();
            listing.0.insert(name, of_metadata(&path, &metadata)?);
        }
        listing.join_links_by_inode(root)?;
        Ok(listing)
    }

    /// Reads layers from the lowest to the uppermost, and applies their whiteouts.
    pub fn of_layers(layers: impl IntoIterator<Item = impl Read>) -> anyhow::Result<Self> {
        let mut listing = Self::default();
        for layer in layers {
            listing.apply(layer)?;
        }
        Ok(listing)
    }

    /// Returns what stands at a path written without a leading slash.
    pub fn get(&self, path: &str) -> Option<&Item> {
        self.0.get(path.as_bytes())
    }

    /// Iterates over all paths in byte order.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        self.0.keys().map(|path| String::from_utf8_lossy(path).into_owned())
    }

    /// Keeps the paths for which `keep` says yes.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &Item) -> bool) {
        self.0.retain(|path, item| keep(&String::from_utf8_lossy(path), item));
    }

    /// Adds the directories of `other` that are only known from what is in them: archives need not hold
    /// them.
    pub fn add_implied(&mut self, other: &Self) {
        let mut implied = Vec::new();
        for path in self.0.keys() {
            let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| end);
            implied.extend(ends.map(|end| path[..end].to_vec()));
        }
        implied.push(Vec::new());
        for path in implied {
            if let Some(item) = other.0.get(&path).filter(|item| item.kind == 'd') {
                self.0.entry(path).or_insert_with(|| item.clone());
            }
        }
    }

    /// Returns one line an entry, times left out.
    pub fn without_times(&self) -> String {
        self.lines(|_| String::new())
    }

    /// Returns one line an entry, with times.
    pub fn with_times(&self) -> String {
        self.lines(|item| format!(" {}", item.mtime))
    }

    /// Returns one line an entry, with the times of all that are no directories: what is in a directory
    /// changes its time.
    pub fn with_times_of_files(&self) -> String {
        self.lines(|item| if item.kind == 'd' { String::new() } else { format!(" {}", item.mtime) })
    }

    fn lines(&self, time: impl Fn(&Item) -> String) -> String {
        let mut text = String::new();
        for (path, item) in &self.0 {
            let Item { kind, mode, uid, gid, detail, xattrs, same_as, .. } = item;
            let path = String::from_utf8_lossy(path);
            write!(text, "{kind}{mode:04o} {uid}:{gid}{} /{path} {detail}", time(item))
                .expect("writing to a string cannot fail");
            for (name, value) in xattrs {
                let (name, value) = (String::from_utf8_lossy(name), String::from_utf8_lossy(value));
                write!(text, " {name}={value:?}").expect("writing to a string cannot fail");
            }
            if let Some(first) = same_as {
                write!(text, " = /{}", String::from_utf8_lossy(first))
                    .expect("writing to a string cannot fail");
            }
            text.push('\n');
        }
        text
    }

    /// Reads one uncompressed layer on top of what is there.
    fn apply(&mut self, layer: impl Read) -> anyhow::Result<()> {
        let mut archive = tar::Archive::new(layer);
        for entry in archive.entries()? {
            let mut entry = entry?;
            let path = canonical(&entry.path_bytes());
            let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            if let Some(hidden) = name.strip_prefix(b".wh.") {
                let parent = &path[..path.len() - name.len()];
                self.hide(parent, hidden);
                continue;
            }
            if entry.header().entry_type() != tar::EntryType::Link
                || canonical(&entry.link_name_bytes().unwrap_or_default()) != path
            {
                self.part_from(&path);
            }
            let item = self.of_entry(&mut entry, &path)?;
            self.0.insert(path, item);
        }
        Ok(())
    }

    /// Applies the whiteout of `name` in the folder `parent`, which ends with a slash or is empty.
    fn hide(&mut self, parent: &[u8], name: &[u8]) {
        let target = [parent, name].concat();
        let below = [&target[..], b"/"].concat();
        let opaque = name == b".wh..opq";
        let stays = |path: &Vec<u8>| match opaque {
            true => !(path.starts_with(parent) && path.len() > parent.len()),
            false => *path != target && !path.starts_with(&below),
        };
        let gone: Vec<Vec<u8>> = self.0.keys().filter(|path| !stays(path)).cloned().collect();
        self.0.retain(|path, _| stays(path));
        for path in gone {
            self.part_from(&path);
        }
    }

    /// Lets the other names of a file be names of each other, when its first name goes.
    fn part_from(&mut self, first: &[u8]) {
        let mut others = self.0.iter_mut().filter(|(_, item)| item.same_as.as_deref() == Some(first));
        let Some((next, item)) = others.next() else { return };
        item.same_as = None;
        for (_, item) in others {
            item.same_as = Some(next.clone());
        }
    }

    fn of_entry(&self, entry: &mut tar::Entry<'_, impl Read>, path: &[u8]) -> anyhow::Result<Item> {
        use tar::EntryType;
        let header = entry.header().clone();
        let xattrs = xattrs_of_records(entry)?;
        let target = entry.link_name_bytes().map(|name| name.to_vec()).unwrap_or_default();
        let (kind, detail) = match header.entry_type() {
            EntryType::Regular => ('-', sha256(&mut *entry)?),
            EntryType::Directory => ('d', String::new()),
            EntryType::Symlink => ('l', format!("-> {}", String::from_utf8_lossy(&target))),
            EntryType::Fifo => ('p', String::new()),
            EntryType::Char => ('c', device(&header)?),
            EntryType::Block => ('b', device(&header)?),
            EntryType::Link => {
                let first = canonical(&target);
                let item = self.0.get(&first).cloned();
                let item = item.with_context(|| format!("link to `{}`", String::from_utf8_lossy(&first)))?;
                return Ok(Item { same_as: Some(item.same_as.clone().unwrap_or(first)), ..item });
            }
            other => bail!("entry of type {other:?} at `{}`", String::from_utf8_lossy(path)),
        };
        Ok(Item {
            kind,
            mode: header.mode()? & 0o7777,
            uid: header.uid()?,
            gid: header.gid()?,
            mtime: header.mtime()?.cast_signed(),
            detail,
            xattrs,
            same_as: None,
        })
    }

    /// Says of each file with several names which name comes first.
    fn join_links_by_inode(&mut self, root: &Path) -> anyhow::Result<()> {
        let mut first_names: BTreeMap<(u64, u64), Vec<u8>> = BTreeMap::new();
        for (path, item) in &mut self.0 {
            let metadata = root.join(std::ffi::OsStr::from_bytes(path)).symlink_metadata()?;
            if item.kind != '-' || metadata.nlink() < 2 {
                continue;
            }
            let first = first_names.entry((metadata.dev(), metadata.ino())).or_insert_with(|| path.clone());
            item.same_as = (first != path).then(|| first.clone());
        }
        Ok(())
    }
}

fn of_metadata(path: &Path, metadata: &std::fs::Metadata) -> anyhow::Result<Item> {
    let kind = metadata.file_type();
    let (kind, detail) = if kind.is_dir() {
        ('d', String::new())
    } else if kind.is_symlink() {
        ('l', format!("-> {}", std::fs::read_link(path)?.to_string_lossy()))
    } else if kind.is_file() {
        ('-', sha256(std::fs::File::open(path)?)?)
    } else if kind.is_fifo() {
        ('p', String::new())
    } else {
        let letter = if kind.is_char_device() { 'c' } else { 'b' };
        let number = metadata.rdev();
        (letter, format!("{},{}", (number >> 8) & 0xfff, number & 0xff))
    };
    Ok(Item {
        kind,
        mode: metadata.mode() & 0o7777,
        uid: metadata.uid().into(),
        gid: metadata.gid().into(),
        mtime: metadata.mtime(),
        detail,
        xattrs: xattrs_of_file(path).with_context(|| path.display().to_string())?,
        same_as: None,
    })
}

/// Reads the extended attributes of a file; links have none of interest.
fn xattrs_of_file(path: &Path) -> anyhow::Result<BTreeMap<Vec<u8>, Vec<u8>>> {
    let mut names = vec![0; 64 << 10];
    let length = match rustix::fs::llistxattr(path, &mut names[..]) {
        Err(rustix::io::Errno::OPNOTSUPP) => 0,
        length => length?,
    };
    let names = names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let read = |name: &[u8]| {
        let mut value = vec![0; 64 << 10];
        let length = rustix::fs::lgetxattr(path, name, &mut value[..])?;
        value.truncate(length);
        Ok((name.to_vec(), value))
    };
    names.map(read).collect()
}

/// Reads the extended attributes of an archive's entry.
fn xattrs_of_records(entry: &mut tar::Entry<'_, impl Read>) -> anyhow::Result<BTreeMap<Vec<u8>, Vec<u8>>> {
    let Some(records) = entry.pax_extensions()? else { return Ok(BTreeMap::new()) };
    let mut xattrs = BTreeMap::new();
    for record in records {
        let record = record?;
        if let Some(name) = record.key_bytes().strip_prefix(b"SCHILY.xattr.") {
            xattrs.insert(name.to_vec(), record.value_bytes().to_vec());
        }
    }
    Ok(xattrs)
}

fn device(header: &tar::Header) -> anyhow::Result<String> {
    let major = header.device_major()?.context("a device without a major number")?;
    let minor = header.device_minor()?.context("a device without a minor number")?;
    Ok(format!("{major},{minor}"))
}

/// Returns a path without leading `./` and `/`, and without a final slash.
fn canonical(path: &[u8]) -> Vec<u8> {
    let components = path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".");
    components.collect::<Vec<_>>().join(&b'/')
}

fn sha256(mut content: impl Read) -> anyhow::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match content.read(&mut buffer)? {
            0 => break,
            count => hasher.update(&buffer[..count]),
        }
    }
    let digest = hasher.finalize();
    Ok(digest.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(entries: &[(&str, tar::EntryType, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, kind, text) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_mode(0o644);
            header.set_mtime(7);
            header.set_uid(0);
            header.set_gid(0);
            match kind {
                tar::EntryType::Regular => {
                    header.set_size(text.len() as u64);
                    builder.append_data(&mut header, path, text.as_bytes()).expect("a file");
                }
                _ => {
                    header.set_size(0);
                    builder.append_link(&mut header, path, text).expect("a link");
                }
            }
        }
        builder.into_inner().expect("an archive")
    }

    #[test]
    fn whiteouts_hide_what_lower_layers_hold() {
        use tar::EntryType::{Link, Regular, Symlink};
        let lower = layer(&[("./a/x", Regular, "1"), ("a/y", Regular, "2"), ("b", Symlink, "a/x")]);
        let upper = layer(&[("a/.wh.y", Regular, ""), ("c", Regular, "3"), ("d", Link, "c")]);
        let listing = Listing::of_layers([&lower[..], &upper[..]]).expect("two layers");
        let paths: Vec<String> = listing.paths().collect();
        assert_eq!(paths, ["a/x", "b", "c", "d"]);
        assert_eq!(listing.get("d").and_then(|item| item.same_as.clone()), Some(b"c".to_vec()));
    }

    #[test]
    fn a_folder_and_an_archive_of_it_list_the_same() {
        let scratch = crate::Scratch::with([("root/etc/motd", "hello\n"), ("root/usr/bin/true", "")]);
        std::os::unix::fs::symlink("usr/bin", scratch.join("root/bin")).expect("a link");
        std::fs::hard_link(scratch.join("root/etc/motd"), scratch.join("root/etc/other")).expect("a link");
        let archive = scratch.join("root.tar");
        let mut command = crate::command::words(&["tar", "--numeric-owner", "--sort=name", "-C"]);
        crate::run(command.arg(scratch.join("root")).arg("-cf").arg(&archive).arg(".")).success();
        let folder = Listing::of_folder(&scratch.join("root")).expect("a folder");
        let file = std::fs::File::open(&archive).expect("the archive");
        let tar = Listing::of_layers([file]).expect("an archive");
        assert_eq!(folder.with_times(), tar.with_times());
    }
}
