//! Collects files, folders and globs of the host.

use std::fs::{self, Metadata};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use attar_image::TreePath;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::{Collected, FileRequest, FilesError, Hashes, OwnContent};

pub(super) fn collect(
    request: &FileRequest,
    to: &TreePath,
    folder: &Path,
    pattern: &str,
    hashes: &mut Hashes,
) -> Result<Collected, FilesError> {
    let mut walk = Walk {
        request,
        excluded: globs(request, &request.exclude)?,
        hashes,
        collected: Collected::default(),
    };
    let into_folder = request.to.ends_with('/');
    let literal = folder.join(pattern);
    // A file whose name holds `*` or `[` is meant when it is there.
    let sources = if is_glob(pattern) && fs::symlink_metadata(&literal).is_err() {
        matches(request, folder, pattern)?
    } else {
        vec![literal]
    };
    if sources.len() > 1 && !into_folder {
        return Err(FilesError::Several {
            label: request.label.clone(),
            pattern: pattern.to_owned(),
            count: sources.len(),
            to: request.to.clone(),
        });
    }
    if let Some(expected) = request.sha256 {
        walk.check(&sources, pattern, expected)?;
    }
    for source in &sources {
        let place = if into_folder { walk.inside(to, source)? } else { to.clone() };
        walk.top(source, &place)?;
    }
    Ok(walk.collected)
}

struct Walk<'a> {
    request: &'a FileRequest,
    excluded: GlobSet,
    hashes: &'a mut Hashes,
    collected: Collected,
}

impl Walk<'_> {
    /// Returns where a source goes that is put into a directory.
    fn inside(&self, to: &TreePath, source: &Path) -> Result<TreePath, FilesError> {
        match source.file_name() {
            Some(name) => self.request.path(to, name.as_bytes()),
            // `.` and `..` have no name: their contents go into the directory.
            None => Ok(to.clone()),
        }
    }

    /// A source that is a link itself is followed; links inside a folder are kept.
    fn top(&mut self, source: &Path, place: &TreePath) -> Result<(), FilesError> {
        let stat = fs::metadata(source).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                FilesError::Missing { label: self.request.label.clone(), path: source.to_owned() }
            }
            _ => self.read_error(source)(error),
        })?;
        if stat.is_dir() {
            self.folder(source, Path::new(""), place)
        } else {
            self.file(source, place, &stat)
        }
    }

    fn folder(&mut self, source: &Path, below: &Path, place: &TreePath) -> Result<(), FilesError> {
        self.collected.tree.insert(place.clone(), self.request.directory());
        let mut names = Vec::new();
        for entry in fs::read_dir(source).map_err(self.read_error(source))? {
            names.push(entry.map_err(self.read_error(source))?.file_name());
        }
        names.sort();
        for name in names {
            let below = below.join(&name);
            if self.excluded.is_match(&below) {
                continue;
            }
            let path = source.join(&name);
            let place = self.request.path(place, name.as_bytes())?;
            let stat = fs::symlink_metadata(&path).map_err(self.read_error(&path))?;
            if stat.is_dir() {
                self.folder(&path, &below, &place)?;
            } else if stat.is_symlink() {
                let target = fs::read_link(&path).map_err(self.read_error(&path))?;
                let entry = self.request.symlink(target.into_os_string().into_vec());
                self.collected.tree.insert(place, entry);
            } else {
                self.file(&path, &place, &stat)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, place: &TreePath, stat: &Metadata) -> Result<(), FilesError> {
        let kind = stat.file_type();
        let special = [
            (kind.is_socket(), "socket"),
            (kind.is_fifo(), "named pipe"),
            (kind.is_char_device(), "character device"),
            (kind.is_block_device(), "block device"),
        ];
        if let Some((_, kind)) = special.into_iter().find(|(is, _)| *is) {
            return Err(FilesError::Special {
                label: self.request.label.clone(),
                path: path.to_owned(),
                kind,
            });
        }
        let content = self.hashes.content(path, stat).map_err(self.read_error(path))?;
        self.collected.contents.insert(content.digest, OwnContent::File(path.to_owned()));
        let entry = self.request.file(content, stat.mode() & 0o100 != 0);
        self.collected.tree.insert(place.clone(), entry);
        Ok(())
    }

    fn check(
        &mut self,
        sources: &[PathBuf],
        pattern: &str,
        expected: attar_image::Digest,
    ) -> Result<(), FilesError> {
        let label = self.request.label.clone();
        let [path] = sources else {
            return Err(FilesError::ChecksumOfMany { label, pattern: pattern.to_owned() });
        };
        let Ok(stat) = fs::metadata(path) else {
            return Err(FilesError::Missing { label, path: path.clone() });
        };
        if !stat.is_file() {
            return Err(FilesError::ChecksumOfMany { label, pattern: pattern.to_owned() });
        }
        let found = self.hashes.content(path, &stat).map_err(self.read_error(path))?.digest;
        if found != expected {
            return Err(FilesError::Checksum { label, path: path.clone(), expected, found });
        }
        Ok(())
    }

    fn read_error(&self, path: &Path) -> impl FnOnce(std::io::Error) -> FilesError + use<> {
        let (label, path) = (self.request.label.clone(), path.to_owned());
        move |source| FilesError::Read { label, path, source }
    }
}

fn is_glob(pattern: &str) -> bool {
    pattern.contains(['*', '?', '[', '{'])
}

fn globs(request: &FileRequest, patterns: &[String]) -> Result<GlobSet, FilesError> {
    let mut set = GlobSetBuilder::new();
    let mut last = "";
    let mut add = |pattern| -> Result<(), globset::Error> {
        last = pattern;
        // A leading slash anchors nothing more: patterns are relative to the source.
        let relative = pattern.trim_start_matches('/').trim_end_matches('/');
        set.add(GlobBuilder::new(relative).literal_separator(true).build()?);
        Ok(())
    };
    for pattern in patterns {
        add(pattern).map_err(|source| FilesError::Glob {
            label: request.label.clone(),
            pattern: pattern.clone(),
            source,
        })?;
    }
    set.build().map_err(|source| FilesError::Glob {
        label: request.label.clone(),
        pattern: last.to_owned(),
        source,
    })
}

/// Returns what matches a glob, in byte order: what a matching folder holds is not listed again.
fn matches(request: &FileRequest, folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, FilesError> {
    let components: Vec<&str> = pattern.split('/').collect();
    let literal = components.iter().take_while(|component| !is_glob(component)).count();
    let base = folder.join(components[..literal].join("/"));
    let base = if pattern.starts_with('/') {
        PathBuf::from("/").join(components[..literal].join("/"))
    } else {
        base
    };
    let rest = [components[literal..].join("/")];
    let set = globs(request, &rest)?;
    let mut found = Vec::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(below) = pending.pop() {
        let path = base.join(&below);
        let Ok(entries) = fs::read_dir(&path) else { continue };
        for entry in entries.flatten() {
            let below = below.join(entry.file_name());
            if set.is_match(&below) {
                found.push(base.join(below));
            } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                pending.push(below);
            }
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(FilesError::NoMatch {
            label: request.label.clone(),
            pattern: pattern.to_owned(),
            folder: folder.to_owned(),
        });
    }
    Ok(found)
}
