//! Finds the spec when none is named: `attar.yaml` here or in a folder above.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::failure::Usage;

/// File name of a spec.
pub(crate) const SPEC: &str = "attar.yaml";

/// Returns the nearest spec, seen from the working directory.
pub(crate) fn nearest_spec() -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir().context("cannot find the working directory")?;
    let found = nearest(&here).ok_or_else(|| {
        Usage::new(format!("no `{SPEC}` in `{}` or a folder above", here.display()))
            .hint("`attar init` writes one; or name a spec: `attar build path/to/attar.yaml`")
    })?;
    // A path relative to the working directory is shorter to read in messages.
    Ok(found.strip_prefix(&here).map(Path::to_path_buf).unwrap_or(found))
}

/// Returns the path of a spec's lock: `attar.lock` beside it, or named like a spec of another name.
pub(crate) fn lock_of(spec: &Path) -> PathBuf {
    spec.with_extension("lock")
}

fn nearest(start: &Path) -> Option<PathBuf> {
    start.ancestors().map(|folder| folder.join(SPEC)).find(|path| path.is_file())
}

/// Returns the specs that are meant: those named, with folders standing for the spec in them,
/// `DIR/...` for every spec below, and the nearest spec when none is named.
pub(crate) fn specs(named: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    if named.is_empty() {
        return Ok(vec![nearest_spec()?]);
    }
    let mut found = Vec::new();
    for path in named {
        if path.ends_with("...") {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            let before = found.len();
            below(folder, &mut found)?;
            if found.len() == before {
                return Err(Usage::new(format!("no `{SPEC}` below `{}`", folder.display())).into());
            }
        } else if path.is_dir() {
            found.push(path.join(SPEC));
        } else {
            found.push(path.clone());
        }
    }
    Ok(found)
}

/// Folders that tools fill with what belongs to others.
const FOREIGN: [&str; 2] = ["node_modules", "target"];

/// Adds every spec below `folder`, in order of the paths. Links to folders are not followed; hidden
/// folders and those of [`FOREIGN`] are not looked into.
fn below(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let context = || format!("cannot read the folder `{}`", folder.display());
    let mut entries =
        std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).with_context(context)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        if entry.file_type().with_context(context)?.is_dir() {
            let name = entry.file_name();
            let hidden = name.as_encoded_bytes().starts_with(b".");
            if !hidden && !FOREIGN.iter().any(|foreign| name == *foreign) {
                below(&entry.path(), found)?;
            }
        } else if entry.file_name() == SPEC {
            found.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upward_and_downward() {
        let root = tempfile::tempdir().expect("a folder");
        for folder in ["a/b", "a/c/d", "e"] {
            std::fs::create_dir_all(root.path().join(folder)).expect("a folder");
        }
        for folder in ["a/.git", "a/target/x", "node_modules/y"] {
            std::fs::create_dir_all(root.path().join(folder)).expect("a folder");
            std::fs::write(root.path().join(folder).join(SPEC), "").expect("a file");
        }
        for spec in ["a/attar.yaml", "a/c/d/attar.yaml"] {
            std::fs::write(root.path().join(spec), "").expect("a file");
        }
        let at = |path: &str| root.path().join(path);
        assert_eq!(nearest(&at("a/b")), Some(at("a/attar.yaml")));
        assert_eq!(nearest(&at("a/c/d")), Some(at("a/c/d/attar.yaml")));
        assert_eq!(nearest(&at("e")), None);
        let all = specs(&[at("...")]).expect("two specs");
        assert_eq!(all, [at("a/attar.yaml"), at("a/c/d/attar.yaml")]);
        assert_eq!(specs(&[at("a")]).expect("one spec"), [at("a/attar.yaml")]);
        let error = specs(&[at("e/...")]).expect_err("there is none");
        assert_eq!(error.to_string(), format!("no `attar.yaml` below `{}`", at("e").display()));
    }
}
