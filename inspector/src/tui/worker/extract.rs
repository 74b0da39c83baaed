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

use attar_image::blobs::Meter;
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
}

/// Writes what stands at a path, and all that is shown below it, into a folder, which is made if it is not
/// there.
pub(super) fn extract(
    source: &dyn Source,
    opened: &Opened,
    shown: &Shown,
    path: PathId,
    folder: &Path,
    meter: &Meter,
) -> Result<Extracted, Failure> {
    let stack = &shown.snapshot.stack;
    let name = match stack.paths().name(path) {
        b"" => b"root".as_slice(),
        name => name,
    };
    let target = folder.join(OsStr::from_bytes(name));
    let plan = Plan::of(shown, path, &target);
    let cannot = |what: &Path, error: &io::Error| Failure {
        message: format!("cannot write `{}`: {error}", what.display()),
        hint: (error.kind() == io::ErrorKind::AlreadyExists)
            .then(|| "nothing is overwritten: name another folder".to_owned()),
    };
    fs::create_dir_all(folder).map_err(|error| cannot(folder, &error))?;
    let mut extracted = Extracted { path: target, entries: 0, bytes: 0 };
    for (directory, _) in &plan.directories {
        let made = fs::DirBuilder::new().mode(0o700).create(directory);
        made.map_err(|error| cannot(directory, &error))?;
        extracted.entries += 1;
    }
    let mut failed = None;
    let visited = stack.visit_contents(&*opened.blobs, plan.files.keys().copied(), &mut |entry, reader| {
        let places = &plan.files[&entry];
        let (first, others) = places.split_first().expect("every file has a place");
        let mut write = || -> io::Result<()> {
            extracted.bytes += write_file(&first.0, first.1, reader, meter)?;
            for (place, mode) in others {
                extracted.bytes += write_file(place, *mode, &mut File::open(&first.0)?, meter)?;
            }
            Ok(())
        };
        extracted.entries += places.len() as u64;
        write().inspect_err(|error| failed = Some(cannot(&first.0, error)))
    });
    visited.map_err(|error| failed.take().unwrap_or_else(|| source.failure(&error)))?;
    for (link, target) in &plan.links {
        symlink(OsStr::from_bytes(target), link).map_err(|error| cannot(link, &error))?;
        extracted.entries += 1;
    }
    // Last, and from the innermost: a directory may forbid writing into it.
    for (directory, mode) in plan.directories.iter().rev() {
        let permissions = Permissions::from_mode(u32::from(mode & 0o777) | 0o700);
        fs::set_permissions(directory, permissions).map_err(|error| cannot(directory, &error))?;
    }
    Ok(extracted)
}

impl Plan {
    fn of(shown: &Shown, path: PathId, target: &Path) -> Self {
        let mut plan = Self::default();
        let stack = &shown.snapshot.stack;
        let mut pending = vec![(path, target.to_owned())];
        while let Some((path, target)) = pending.pop() {
            let children = shown.view.children(path);
            for child in children {
                pending.push((*child, target.join(OsStr::from_bytes(stack.paths().name(*child)))));
            }
            let is_gone = shown.view.mark(path) == Some(Mark::Removed);
            let entry = shown.view.entry(path).map(|entry| (entry, stack.linked(entry)));
            match entry.map(|(entry, file)| (entry, file, stack.row(file).form)) {
                None => plan.directories.push((target, 0o755)),
                Some((entry, _, Form::Directory)) => plan.directories.push((target, stack.row(entry).mode)),
                // What is only below something else than a directory is removed: it has none any more.
                Some(_) if !children.is_empty() && is_gone => plan.directories.push((target, 0o755)),
                Some((entry, file, Form::File)) => {
                    plan.files.entry(file).or_default().push((target, stack.row(entry).mode));
                }
                Some((entry, _, Form::Symlink)) => {
                    plan.links.push((target, stack.symlink(entry).unwrap_or_default().to_vec()));
                }
                Some(_) => {}
            }
        }
        plan.directories.sort();
        plan
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
