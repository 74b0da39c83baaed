//! Paths in the image, paths on the host, globs.

use attar_image::path::{InvalidPath, TreePath};

use super::Expected;
use crate::spec::filter;

/// A path in the image.
pub(super) fn image(text: &str) -> Result<(), Expected> {
    if !text.starts_with('/') {
        let right = format!("/{}", text.trim_start_matches("./"));
        return Err(Expected::new("a path that starts with `/`").label(format!("write `{right}`")));
    }
    match TreePath::parse(text) {
        Ok(_) => Ok(()),
        Err(InvalidPath::Parent(_)) => Err(Expected::new("a path without `..`")),
        Err(InvalidPath::Nul(_)) => Err(Expected::new("a path without NUL bytes")),
        Err(InvalidPath::TooLong(_)) => Err(Expected::new("a shorter path")),
    }
}

/// A path on the host, relative to the file that says it.
pub(super) fn host(text: &str) -> Result<(), Expected> {
    if text.is_empty() || text.contains('\0') {
        return Err(Expected::new("a path"));
    }
    if text.contains("://") {
        return Err(Expected::new("a path").help("nothing is downloaded but packages: fetch it beforehand"));
    }
    Ok(())
}

/// A spec to build upon.
pub(super) fn include(text: &str) -> Result<(), Expected> {
    if text.contains("://") {
        let why = "a remote include would change what is built without a change here: keep a copy";
        return Err(Expected::new("the path of a file").help(why));
    }
    if text.contains("${") {
        return Err(
            Expected::new("a path without parameters").help("files are read before parameters are known")
        );
    }
    host(text)
}

/// A glob below the root of the image, or the name of a set.
pub(super) fn pattern(text: &str) -> Result<(), Expected> {
    match filter::Pattern::parse(text) {
        Ok(_) => Ok(()),
        Err(filter::InvalidPattern::Set { nearest, .. }) => {
            let expected = Expected::new("a glob that starts with `/`, or the name of a set");
            let expected = match nearest {
                Some(name) => expected.label(format!("did you mean `{name}`?")),
                None => expected,
            };
            let names: Vec<_> = filter::sets().iter().map(|set| format!("`{}`", set.name)).collect();
            Err(expected.help(format!("the sets are {}", names.join(", "))))
        }
        Err(filter::InvalidPattern::Glob { problem, .. }) => Err(Expected::new("a glob").label(problem)),
    }
}

/// A glob below a source on the host.
pub(super) fn source_glob(text: &str) -> Result<(), Expected> {
    if text.starts_with('/') {
        let help = "globs of `exclude` are relative to the source: `**/__pycache__`, `*.orig`";
        return Err(Expected::new("a glob that does not start with `/`").help(help));
    }
    match filter::check_glob(text) {
        Ok(()) => Ok(()),
        Err(problem) => Err(Expected::new("a glob").label(problem)),
    }
}
