//! The text form of a lock: JSON with one package, archive, account and layer a line.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::Error as _;

use super::{FORMAT, Lock};

/// A lock that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The file cannot be read.
    #[error("cannot read the lock `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write the lock `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is no lock.
    #[error("`{}` is no lock", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        #[source]
        source: serde_json::Error,
    },
    /// A newer attar wrote the lock.
    #[error("the lock `{}` has format {found}, which a newer attar wrote; this one reads format {FORMAT}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
}

impl Lock {
    /// Returns the text form, which ends in a newline.
    pub fn to_text(&self) -> String {
        let mut text = String::from("{\n");
        let _ = writeln!(text, "  \"format\": {},", self.format);
        let _ = writeln!(text, "  \"epoch\": {},", self.epoch);
        if let Some(vendor) = &self.vendor {
            let _ = writeln!(text, "  \"vendor\": {},", json(vendor));
        }
        object(&mut text, "inputs", self.inputs.iter(), ",");
        list(&mut text, "  ", "\"archives\": ", &self.archives, ",");
        text.push_str("  \"packages\": {");
        for (number, (platform, packages)) in self.packages.iter().enumerate() {
            text.push_str(if number == 0 { "\n" } else { ",\n" });
            list(&mut text, "    ", &format!("{}: ", json(platform)), packages, "");
            text.truncate(text.trim_end_matches('\n').len());
        }
        text.push_str(if self.packages.is_empty() { "},\n" } else { "\n  },\n" });
        object(&mut text, "accounts", self.accounts.iter(), ",");
        object(&mut text, "layers", self.layers.iter(), "");
        text.push_str("}\n");
        text
    }

    /// Reads the text form.
    pub fn parse(text: &str, path: &Path) -> Result<Self, LockError> {
        #[derive(serde::Deserialize)]
        struct Format {
            format: u32,
        }
        let invalid = |source| LockError::Invalid { path: path.to_owned(), source };
        let found = serde_json::from_str::<Format>(text).map_err(invalid)?.format;
        if found > FORMAT {
            return Err(LockError::Newer { path: path.to_owned(), found });
        }
        let lock: Self = serde_json::from_str(text).map_err(invalid)?;
        for package in lock.packages.values().flatten() {
            if package.archive >= lock.archives.len() {
                let message = format!(
                    "package `{}` names archive {}, which is not listed",
                    package.name, package.archive
                );
                return Err(invalid(serde_json::Error::custom(message)));
            }
        }
        Ok(lock)
    }

    /// Reads the lock at `path`; `None` when there is none.
    pub fn read(path: &Path) -> Result<Option<Self>, LockError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, path).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(LockError::Read { path: path.to_owned(), source }),
        }
    }

    /// Writes the lock to `path`, which is replaced at once or not at all.
    pub fn write(&self, path: &Path) -> Result<(), LockError> {
        let write = || -> io::Result<()> {
            let folder =
                path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let mut file = tempfile::Builder::new().prefix(".attar-lock-").tempfile_in(folder)?;
            io::Write::write_all(&mut file, self.to_text().as_bytes())?;
            crate::files::readable_by_all(file.as_file())?;
            file.persist(path).map_err(|error| error.error)?;
            Ok(())
        };
        write().map_err(|source| LockError::Write { path: path.to_owned(), source })
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("a lock has text keys and finite numbers only")
}

fn object<'a, K: Serialize + 'a, V: Serialize + 'a>(
    text: &mut String,
    name: &str,
    entries: impl ExactSizeIterator<Item = (&'a K, &'a V)>,
    end: &str,
) {
    let _ = write!(text, "  \"{name}\": {{");
    let empty = entries.len() == 0;
    for (number, (key, value)) in entries.enumerate() {
        let _ = write!(text, "{}    {}: {}", if number == 0 { "\n" } else { ",\n" }, json(key), json(value));
    }
    let _ = writeln!(text, "{}}}{end}", if empty { "" } else { "\n  " });
}

fn list(text: &mut String, indent: &str, name: &str, items: &[impl Serialize], end: &str) {
    let _ = write!(text, "{indent}{name}[");
    for (number, item) in items.iter().enumerate() {
        let _ = write!(text, "{}{indent}  {}", if number == 0 { "\n" } else { ",\n" }, json(item));
    }
    if !items.is_empty() {
        let _ = write!(text, "\n{indent}");
    }
    let _ = writeln!(text, "]{end}");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use attar_image::Digest;
    use serde_json::json;

    use super::super::{LockedArchive, LockedPackage};
    use super::*;

    fn package(name: &str) -> LockedPackage {
        LockedPackage {
            name: name.into(),
            version: "1".into(),
            architecture: "all".into(),
            source: name.into(),
            archive: 0,
            path: format!("pool/{name}.deb"),
            size: 3,
            digest: Digest::of(name),
            foundation: false,
            variants: (name == "b").then(|| vec![String::from("debug")]),
        }
    }

    fn lock() -> Lock {
        Lock {
            format: FORMAT,
            epoch: 7,
            vendor: None,
            inputs: BTreeMap::from([(String::new(), json!({"packages": ["a"]}))]),
            archives: vec![LockedArchive {
                origin: "Debian".into(),
                date: Some(1),
                ..LockedArchive::default()
            }],
            packages: BTreeMap::from([
                (String::from("linux/amd64"), vec![package("a"), package("b")]),
                (String::from("linux/arm64"), vec![]),
            ]),
            accounts: BTreeMap::from([(String::from("redis"), 999)]),
            layers: BTreeMap::new(),
        }
    }

    #[test]
    fn one_package_a_line() {
        let text = lock().to_text();
        let short = text.replace(&Digest::of("a").hex(), "AA").replace(&Digest::of("b").hex(), "BB");
        insta::assert_snapshot!(short, @r#"
        {
          "format": 1,
          "epoch": 7,
          "inputs": {
            "": {"packages":["a"]}
          },
          "archives": [
            {"repository":0,"origin":"Debian","date":1}
          ],
          "packages": {
            "linux/amd64": [
              {"name":"a","version":"1","architecture":"all","source":"a","archive":0,"path":"pool/a.deb","size":3,"digest":"sha256:AA"},
              {"name":"b","version":"1","architecture":"all","source":"b","archive":0,"path":"pool/b.deb","size":3,"digest":"sha256:BB","variants":["debug"]}
            ],
            "linux/arm64": []
          },
          "accounts": {
            "redis": 999
          },
          "layers": {}
        }
        "#);
        assert_eq!(Lock::parse(&text, Path::new("attar.lock")).expect("own text"), lock());
    }

    #[test]
    fn what_is_no_lock_is_refused() {
        let parse = |text: &str| Lock::parse(text, Path::new("attar.lock")).expect_err("no lock");
        assert!(matches!(parse("{"), LockError::Invalid { .. }));
        assert!(matches!(
            parse(&lock().to_text().replace("\"format\": 1", "\"format\": 2")),
            LockError::Newer { found: 2, .. }
        ));
        assert!(matches!(
            parse(&lock().to_text().replace("\"archive\":0", "\"archive\":1")),
            LockError::Invalid { .. }
        ));
        assert!(matches!(
            parse(&lock().to_text().replace("\"epoch\"", "\"epcoh\"")),
            LockError::Invalid { .. }
        ));
    }

    #[test]
    fn variants_narrow_a_package() {
        let lock = lock();
        let names =
            |variant| lock.image("linux/amd64", variant).map(|package| &package.name[..]).collect::<Vec<_>>();
        assert_eq!((names(""), names("debug")), (vec!["a"], vec!["a", "b"]));
    }
}
