//! The control archive of a package.

use std::collections::BTreeMap;
use std::io::{self, Read};

use crate::compression::{Compression, Limited};
use crate::debian::deb822::{MalformedStanza, Stanza};
use crate::debian::status::{Md5Sum, parse_md5sums};

/// The most bytes that all control data may have; the longest in Debian has about twenty million.
const MAX_PLAIN: u64 = 256 << 20;

/// The most files it may have; Debian's packages have a dozen.
const MAX_FILES: usize = 1000;

/// The names of the scripts that dpkg would run.
pub const SCRIPTS: [&str; 5] = ["config", "postinst", "postrm", "preinst", "prerm"];

/// What a package says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlArchive {
    /// The file `control`, as it is but for bytes that are not UTF-8.
    pub control: String,
    /// When `control` was last changed, in seconds since 1970.
    pub control_mtime: i64,
    /// All other files by their names: scripts, `md5sums`, `conffiles`, `triggers`, `shlibs`, …
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Control data that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The archive is damaged, or longer than its limit.
    #[error("cannot unpack it")]
    Unpack(#[from] io::Error),
    /// There is no file `control`.
    #[error("it has no file `control`")]
    NoControl,
    /// A file stands in it twice.
    #[error("it has the file `{0}` twice")]
    Duplicate(String),
    /// There are more files than any package has.
    #[error("it has more than {MAX_FILES} files")]
    TooMany,
    /// The file `control` is not one stanza.
    #[error("cannot read the file `control`")]
    Malformed(#[from] MalformedStanza),
}

impl ControlArchive {
    /// Unpacks the archive and checks that its `control` is one well-formed stanza.
    pub(super) fn read(compression: Compression, packed: &[u8]) -> Result<Self, ControlError> {
        let mut archive = tar::Archive::new(Limited::new(compression.decoder(packed)?, MAX_PLAIN));
        let mut files = BTreeMap::new();
        let mut control = None;
        for entry in archive.entries()? {
            let mut entry = entry?;
            let Some(name) = file_name(&entry.path_bytes()) else { continue };
            if !entry.header().entry_type().is_file() {
                continue;
            }
            if files.len() == MAX_FILES {
                return Err(ControlError::TooMany);
            }
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            if content.len() as u64 != entry.size() {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            if name == "control" {
                let mtime = entry.header().mtime()?;
                control = Some(i64::try_from(mtime).unwrap_or(i64::MAX));
            }
            if files.insert(name.clone(), content).is_some() {
                return Err(ControlError::Duplicate(name));
            }
        }
        // What follows the end of the archive is read too: a damaged stream shows there.
        io::copy(&mut archive.into_inner(), &mut io::sink())?;
        let (Some(control_mtime), Some(control)) = (control, files.remove("control")) else {
            return Err(ControlError::NoControl);
        };
        let control = String::from_utf8_lossy(&control).into_owned();
        Stanza::parse(&control)?;
        Ok(Self { control, control_mtime, files })
    }

    /// Returns the fields of `control`.
    pub fn stanza(&self) -> Result<Stanza<'_>, MalformedStanza> {
        Stanza::parse(&self.control)
    }

    /// Iterates over the maintainer scripts, by name.
    pub fn scripts(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        SCRIPTS.into_iter().filter_map(|name| Some((name, self.files.get(name)?.as_slice())))
    }

    /// Returns the checksums that the package lists, without those of its conffiles.
    pub fn md5sums(&self) -> Vec<Md5Sum> {
        parse_md5sums(self.files.get("md5sums").map(Vec::as_slice).unwrap_or_default())
    }

    /// Returns the absolute paths of the configuration files that dpkg would not overwrite.
    pub fn conffiles(&self) -> Vec<Vec<u8>> {
        let text = self.files.get("conffiles").map(Vec::as_slice).unwrap_or_default();
        let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        // A line may start with a flag, such as `remove-on-upgrade`, for a file that is not shipped.
        lines.filter(|line| line.starts_with(b"/")).map(<[u8]>::to_vec).collect()
    }

    /// Writes the package as a stanza of a package index, for a file that stands in a directory.
    pub fn index_stanza(&self, filename: &str, size: u64, sha256: &str) -> String {
        let control = self.control.trim_ascii();
        format!("{control}\nFilename: {filename}\nSize: {size}\nSHA256: {sha256}\n\n")
    }
}

/// Returns the name of a file at the top of the archive.
fn file_name(path: &[u8]) -> Option<String> {
    let path = path.strip_prefix(b"./").unwrap_or(path);
    let name = str::from_utf8(path).ok()?;
    (!name.is_empty() && name != "." && !name.contains('/')).then(|| name.to_owned())
}
