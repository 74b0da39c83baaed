//! Files of other tools, with what lies around them, handed to the converter.

use std::path::Path;

use anyhow::Context as _;
use attar_builder::convert::dockerfile::{Kind, Surroundings};
use attar_builder::convert::{Conversion, apko as from_apko, dockerfile as from_dockerfile};

/// Converts a Dockerfile. Its context is its own folder, or the working directory where that has what
/// it copies and the folder has not.
pub(super) fn dockerfile(path: &Path, text: &str) -> anyhow::Result<Conversion> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let at = |context: &Path, relative: &str| {
        let stat = std::fs::metadata(context.join(relative)).ok()?;
        Some(if stat.is_dir() { Kind::Directory } else { Kind::File })
    };
    let convert = |context: &Path| {
        let ignored = std::fs::read_to_string(context.join(".dockerignore")).unwrap_or_default();
        let ignored: Vec<String> = ignored.lines().map(String::from).collect();
        let missed = std::cell::Cell::new(0_usize);
        let kind = |relative: &str| {
            let found = at(context, relative);
            missed.set(missed.get() + usize::from(found.is_none()));
            found
        };
        let file = path.strip_prefix(context).unwrap_or(path).display().to_string();
        let name = context.display().to_string();
        let around = Surroundings { file: &file, folder: &name, kind: &kind, ignored: &ignored };
        from_dockerfile::convert(text, &around).map(|made| (made, missed.get()))
    };
    let failed = || format!("cannot read the Dockerfile `{}`", path.display());
    let (beside, missed) = convert(folder).with_context(failed)?;
    if missed == 0 || folder.as_os_str().is_empty() {
        return Ok(beside);
    }
    let (here, missed_here) = convert(Path::new("")).with_context(failed)?;
    Ok(if missed_here < missed { here } else { beside })
}

/// Converts a configuration of apko; what it includes is relative to it.
pub(super) fn apko(path: &Path, text: &str) -> anyhow::Result<Conversion> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let read = |included: &Path| std::fs::read_to_string(folder.join(included));
    from_apko::convert(&path.display().to_string(), text, &read)
        .with_context(|| format!("cannot read the configuration `{}`", path.display()))
}
