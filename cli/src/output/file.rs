//! Files of answers.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Replaces a file at once or not at all. What is there and no regular file, such as a pipe or
/// `/dev/null`, is written to instead; a link is followed.
pub(super) fn write(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let filled = |file: &File| {
        let mut out = BufWriter::with_capacity(super::BUFFER, file);
        content(&mut out)?;
        Ok::<_, anyhow::Error>(out.flush()?)
    };
    let place = match path.canonicalize() {
        Ok(place) => place,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(error.into()),
    };
    let before = match place.metadata() {
        Ok(metadata) if !metadata.is_file() => return filled(&File::options().write(true).open(place)?),

        Ok(metadata) => Some(metadata.permissions()),
        // A link to nothing gives way to the file.
        Err(_) => None,
    };
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = tempfile::Builder::new()
        .prefix(".attar-")
        // The umask of the process takes from these, as from those of any new file.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)?;
    if let Some(permissions) = before {
        file.as_file().set_permissions(permissions)?;
    }
    filled(file.as_file())?;
    file.persist(&place).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use attar_testing::Scratch;

    #[test]
    fn files_are_replaced_and_all_else_is_written_to() {
        let scratch = Scratch::with([("old", "a longer text"), ("folder/target", "old")]);
        std::fs::set_permissions(scratch.join("old"), Permissions::from_mode(0o600)).expect("a mode");
        std::os::unix::fs::symlink("folder/target", scratch.join("link")).expect("a link");
        let text = |out: &mut dyn Write| Ok(out.write_all(b"text")?);
        for name in ["new", "old", "link"] {
            write(&scratch.join(name), text).expect("written");
            assert_eq!(std::fs::read(scratch.join(name)).expect("a file"), b"text", "{name}");
        }
        let mode = scratch.join("old").metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(scratch.join("link").is_symlink());
        write(Path::new("/dev/null"), text).expect("written");
        assert!(!Path::new("/dev/null").is_file());
        assert!(write(&scratch.join("nowhere/file"), text).is_err());
        assert!(write(&scratch.join("new"), |_| anyhow::bail!("no text")).is_err());
        assert_eq!(scratch.read("new"), "text");
        let left = std::fs::read_dir(scratch.path()).expect("a folder").count();
        assert_eq!(left, 4, "no temporary file stays");
    }
}
