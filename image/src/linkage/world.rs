//! What does not change while a proof is made: the image, the user, the environment.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::cache::{self, Cache};
use super::problem::machine;
use super::root::{Access, Lookup, Root};
use super::{Credentials, Problem, Subject};
use crate::elf::{ByteOrder, Class, Facts};
use crate::filesystem::Kind;
use crate::path::{TreePath, escape};
use crate::script::Shebang;

/// The search path of programs where no variable says one.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The image as its first process finds it.
pub(super) struct World<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) user: Credentials,
    /// The working directory.
    pub(super) directory: TreePath,
    pub(super) environment: BTreeMap<String, String>,
    facts: RefCell<BTreeMap<TreePath, Option<Arc<Facts>>>>,
    names: OnceCell<BTreeMap<Vec<u8>, TreePath>>,
    cache: OnceCell<Cache>,
}

impl<'a> World<'a> {
    pub(super) fn new(subject: &'a Subject<'a>, user: Credentials) -> Self {
        let pairs = subject.config.env.iter().filter_map(|pair| pair.split_once('='));
        let environment = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let mut world = Self {
            subject,
            user,
            directory: TreePath::root(),
            environment,
            facts: RefCell::default(),
            names: OnceCell::new(),
            cache: OnceCell::new(),
        };
        // A directory that is not there is made when the container starts.
        if let Some(directory) = world.root().find(subject.config.working_dir.as_bytes()) {
            world.directory = directory;
        }
        world
    }

    pub(super) fn root(&self) -> Root<'_> {
        Root { tree: self.subject.tree, user: &self.user }
    }

    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Returns the directories that programs are looked for in.
    pub(super) fn search_path(&self) -> &str {
        self.environment.get("PATH").map_or(DEFAULT_PATH, String::as_str)
    }

    /// Returns what the ELF file at a path, all links followed, says about itself.
    pub(super) fn elf(&self, path: &TreePath) -> Option<Arc<Facts>> {
        if let Some(known) = self.facts.borrow().get(path) {
            return known.clone();
        }
        let content = self.subject.tree.get(path)?.content()?;
        let facts = self.subject.files.elf(path, &content);
        self.facts.borrow_mut().insert(path.clone(), facts.clone());
        facts
    }

    pub(super) fn script(&self, path: &TreePath) -> Option<Shebang> {
        let content = self.subject.tree.get(path)?.content()?;
        self.subject.files.script(path, &content)
    }

    pub(super) fn read(&self, path: &TreePath) -> Option<Vec<u8>> {
        let content = self.subject.tree.get(path)?.content()?;
        self.subject.files.read(path, &content)
    }

    /// Reads a text by a path whose links are followed.
    pub(super) fn read_text(&self, path: &str) -> Option<String> {
        let bytes = self.read(&self.root().find(path.as_bytes())?)?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Follows a path from the working directory to a regular file that the user may use.
    pub(super) fn file(&self, shown: &str, access: Access) -> Result<TreePath, Problem> {
        let root = self.root();
        let uid = self.user.uid;
        let path = match root.lookup(&self.directory, shown.as_bytes()) {
            Lookup::Found(path) => path,
            Lookup::Absent(at) => {
                let is_itself = self.directory.join(shown).is_ok_and(|path| path == at)
                    || TreePath::parse(shown).is_ok_and(|path| path == at);
                return Err(Problem::Absent { leads_to: (!is_itself).then(|| at.to_string()) });
            }
            Lookup::Denied(directory) => {
                return Err(Problem::Denied { directory: directory.to_string(), uid });
            }
            Lookup::Impassable(path) => return Err(Problem::Impassable(path.to_string())),
        };
        let Some(entry) = root.entry(&path).filter(|entry| matches!(entry.kind, Kind::File { .. })) else {
            return Err(Problem::NotRegular);
        };
        if !root.allows(&path, access) {
            let (mode, owner) =
                (entry.metadata.mode, format!("{}:{}", entry.metadata.uid, entry.metadata.gid));
            return Err(match access {
                Access::Read => Problem::NotReadable { uid, mode, owner },
                Access::Execute => Problem::NotExecutable { uid, mode, owner },
            });
        }
        Ok(path)
    }

    /// Puts the working directory before a relative path.
    pub(super) fn absolute(&self, path: &str) -> String {
        if path.starts_with('/') {
            return path.to_owned();
        }
        let directory = shown(&self.directory);
        format!("{}/{}", directory.trim_end_matches('/'), path.strip_prefix("./").unwrap_or(path))
    }

    /// Says whether a path leads to something.
    pub(super) fn exists(&self, path: &str) -> bool {
        self.root().find(path.as_bytes()).is_some()
    }

    /// Looks a program up along a search path; gives it as the process will know it.
    pub(super) fn in_path(&self, name: &str, search: &str) -> Result<String, Problem> {
        if name.contains('/') {
            return Ok(name.to_owned());
        }
        let candidates = search.split(':').filter(|directory| directory.starts_with('/'));
        candidates
            .map(|directory| format!("{}/{name}", directory.trim_end_matches('/')))
            .find(|path| self.file(path, Access::Execute).is_ok())
            .ok_or_else(|| Problem::NotInPath { name: name.to_owned(), path: search.to_owned() })
    }

    /// Returns the libraries that the cache of the dynamic linker names.
    pub(super) fn cached(&self, order: ByteOrder) -> &Cache {
        self.cache.get_or_init(|| {
            let path = self.root().find(b"/etc/ld.so.cache");
            path.and_then(|path| self.read(&path)).map(|bytes| cache::read(&bytes, order)).unwrap_or_default()
        })
    }

    /// Returns a file of this name, wherever it stands.
    pub(super) fn anywhere(&self, name: &str) -> Option<&TreePath> {
        let names = self.names.get_or_init(|| {
            let mut names = BTreeMap::new();
            for (path, _) in self.subject.tree.iter().filter(|(_, entry)| !entry.is_directory()) {
                names.entry(path.file_name().to_vec()).or_insert_with(|| path.clone());
            }
            names
        });
        names.get(name.as_bytes())
    }

    /// Says whether the kernel of the image's platform runs this program.
    pub(super) fn runs(&self, facts: &Facts) -> Result<(), Problem> {
        let platform = self.subject.platform;
        let Some(expected) = platform.elf_machine() else { return Ok(()) };
        let narrow = matches!(platform.architecture.as_str(), "386" | "arm" | "mipsle");
        let fits = facts.machine == expected && (facts.class == Class::Bits32) == narrow;
        // Kernels for amd64 run programs for i386, too.
        let compatible = platform.architecture == "amd64" && facts.machine == 3;
        if fits || compatible {
            return Ok(());
        }
        Err(Problem::Foreign { found: machine(facts), expected: platform.to_string() })
    }
}

/// Shows a path as it was reached.
pub(super) fn shown(path: &TreePath) -> String {
    format!("/{}", escape(path.as_bytes()))
}
