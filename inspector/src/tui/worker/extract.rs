//! Writes a file or a tree of an image to a folder of this machine.
//!
//! Everything is put below a name that was not there before, and links are made last: nothing is ever
//! written through a link, over a file, or outside the folder. Owners, setuid bits and devices stay in the
//! image.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use attar_image::blobs::{Meter, Metered};
use attar_image::stack::{EntryId, Form, PathId};

use crate::browse::Mark;
use crate::tui::source::{Extracted, Failure, Opened, Source};
use crate::tui::task::Shown;

/// What is written where.
#[derive(Debug, Default)]
struct Plan {
    directories: Vec<(PathBuf, u16)>,
    files: BTreeMap<EntryId, Vec<(PathBuf, u16)>>,
    links: Vec<(PathBuf, Vec<u8>)>,
    left_out: u64,
}

/// Writes what stands at a path, and all that is shown below it, into a folder, which is made if it is not
/// there. What was written before something failed stays.
pub(super) fn extract(
    source: &dyn Source,
    opened: &Opened,
    shown: &Shown,
    path: PathId,
    folder: &Path,
    meter: &Arc<Meter>,
) -> Result<Extracted, Failure> {
    let name = match shown.snapshot.stack.paths().name(path) {
        b"" => b"root".as_slice(),
        name => name,
    };
    let target = folder.join(OsStr::from_bytes(name));
    let plan = Plan::of(shown, path, &target);
    fs::create_dir_all(folder).map_err(|error| cannot(folder, &error))?;
    let mut extracted = Extracted { path: target, entries: 0, bytes: 0, left_out: plan.left_out };
    plan.write(source, opened, shown, meter, &mut extracted).map_err(|failure| {
        let so_far = (extracted.entries > 0).then(|| {
            let Extracted { path, entries, .. } = &extracted;
            format!("{entries} entries were written before, below `{}`", path.display())
        });
        let hints: Vec<String> = failure.hint.into_iter().chain(so_far).collect();
        Failure { message: failure.message, hint: (!hints.is_empty()).then(|| hints.join("; ")) }
    })?;
    Ok(extracted)
}

fn cannot(what: &Path, error: &io::Error) -> Failure {
    Failure {
        message: format!("cannot write `{}`: {error}", what.display()),
        hint: (error.kind() == io::ErrorKind::AlreadyExists)
            .then(|| "nothing is overwritten: name another folder".to_owned()),
    }
}

impl Plan {
    fn of(shown: &Shown, path: PathId, target: &Path) -> Self {
        let mut plan = Self::default();
        let stack = &shown.snapshot.stack;
        let mut pending = vec![(path, target.to_owned())];
        while let Some((path, target)) = pending.pop() {
            let children = shown.view.children(path);
            if plan.add(shown, path, target.clone()) {
                pending.extend(
                    children
                        .iter()
                        .map(|child| (*child, target.join(OsStr::from_bytes(stack.paths().name(*child))))),
                );
            } else {
                plan.left_out += children.len() as u64;
            }
        }
        plan.directories.sort();
        plan
    }

    /// Adds what stands at a path; says whether it is a directory.
    fn add(&mut self, shown: &Shown, path: PathId, target: PathBuf) -> bool {
        let stack = &shown.snapshot.stack;
        let Some(entry) = shown.view.entry(path) else {
            self.directories.push((target, 0o755));
            return true;
        };
        let is_removed = shown.view.mark(path) == Some(Mark::Removed);
        let file = stack.linked(entry);
        // All names of a file have its mode.
        let mode = stack.row(file).mode;
        match stack.row(file).form {
            Form::Directory => self.directories.push((target, mode)),
            // What is below something else than a directory is removed, with the directory that it was in:
            // both of them cannot stand there.
            _ if is_removed && !shown.view.children(path).is_empty() => {
                self.directories.push((target, 0o755));
                return true;
            }
            Form::File => self.files.entry(file).or_default().push((target, mode)),
            Form::Symlink => {
                self.links.push((target, stack.symlink(entry).unwrap_or_default().to_vec()));
            }
            _ => self.left_out += 1,
        }
        stack.row(file).form == Form::Directory
    }

    fn write(
        &self,
        source: &dyn Source,
        opened: &Opened,
        shown: &Shown,
        meter: &Arc<Meter>,
        extracted: &mut Extracted,
    ) -> Result<(), Failure> {
        for (directory, _) in &self.directories {
            let made = fs::DirBuilder::new().mode(0o700).create(directory);
            made.map_err(|error| cannot(directory, &error))?;
            extracted.entries += 1;
        }
        self.write_files(source, opened, shown, meter, extracted)?;
        for (link, target) in &self.links {
            symlink(OsStr::from_bytes(target), link).map_err(|error| cannot(link, &error))?;
            extracted.entries += 1;
        }
        // Last, and from the innermost: a directory may forbid writing into it.
        for (directory, mode) in self.directories.iter().rev() {
            let permissions = Permissions::from_mode(u32::from(mode & 0o777) | 0o700);
            fs::set_permissions(directory, permissions).map_err(|error| cannot(directory, &error))?;
        }
        Ok(())
    }

    fn write_files(
        &self,
        source: &dyn Source,
        opened: &Opened,
        shown: &Shown,
        meter: &Arc<Meter>,
        extracted: &mut Extracted,
    ) -> Result<(), Failure> {
        // What lies before a file in its layer takes time too.
        let blobs = Metered::all(opened.blobs.clone(), meter.clone());
        let wanted = self.files.keys().copied();
        let mut failed = None;
        let visited = shown.snapshot.stack.visit_contents(&blobs, wanted, &mut |entry, reader| {
            let places = &self.files[&entry];
            let (first, others) = places.split_first().expect("every file has a place");
            let mut write = |place: &(PathBuf, u16), reader: &mut dyn Read| {
                let written = write_file(&place.0, place.1, reader, meter);
                let bytes = written.inspect_err(|error| failed = Some(cannot(&place.0, error)))?;
                extracted.bytes += bytes;
                extracted.entries += 1;
                Ok::<(), io::Error>(())
            };
            write(first, reader)?;
            for place in others {
                write(place, &mut File::open(&first.0)?)?;
            }
            Ok(())
        });
        visited.map_err(|error| match meter.is_cancelled() {
            true => Failure { message: "stopped writing".to_owned(), hint: None },
            false => failed.take().unwrap_or_else(|| source.failure(&error)),
        })
    }
}

fn write_file(path: &Path, mode: u16, reader: &mut dyn Read, meter: &Meter) -> io::Result<u64> {
    let mode = u32::from(mode & 0o777) | 0o600;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    let mut written = 0;
    loop {
        meter.check()?;
        match io::copy(&mut reader.take(1 << 20), &mut file)? {
            0 => return Ok(written),
            some => written += some,
        }
    }
}

#[cfg(test)]
mod tests;
