//! What the checks share: the programs of an image with all their names, and who runs in it.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use attar_image::digest::Digest;
use attar_image::elf;
use attar_image::linkage::{self, Credentials};
use attar_image::manifest::Config;
use attar_image::script::Shebang;
use attar_image::{Content, Entry, Kind, TreePath};

use super::checks::CheckId;
use super::identity::Identity;
use super::{Format, Marks, Rules, Subject};

/// Where programs are looked for when no variable says it.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// An image, and what more than one check wants to know of it.
pub(super) struct View<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) rules: &'a Rules,
    programs: OnceCell<Programs>,
}

/// The programs of an image.
#[derive(Debug, Default)]
pub(super) struct Programs {
    /// In order of their first paths.
    pub(super) list: Vec<Program>,
    /// Executable files whose content could not be looked at.
    pub(super) unknown: Vec<TreePath>,
}

/// A program: one content that can be executed, under all its names.
#[derive(Debug)]
pub(super) struct Program {
    /// Where it stands: more than once if it is copied or hard-linked.
    pub(super) files: Vec<TreePath>,
    /// Symbolic links that lead to it.
    pub(super) links: Vec<TreePath>,
    /// A script, not machine code.
    pub(super) is_script: bool,
    /// What it is by its content.
    pub(super) identities: Vec<&'static Identity>,
    /// The entrypoint needs it.
    pub(super) is_reached: bool,
}

impl<'a> View<'a> {
    pub(super) fn new(subject: &'a Subject<'a>, rules: &'a Rules) -> Self {
        Self { subject, rules, programs: OnceCell::new() }
    }

    /// Returns the programs of the image: files with an execute bit that the kernel can start.
    pub(super) fn programs(&self) -> &Programs {
        self.programs.get_or_init(|| self.find_programs())
    }

    /// Returns how a container runs; all empty when the configuration says nothing.
    pub(super) fn config(&self) -> Config {
        self.subject.config.config.clone().unwrap_or_default()
    }

    /// Returns who the program runs as; `None` when the image does not have the user it names.
    pub(super) fn user(&self) -> Option<Credentials> {
        let config = self.config();
        let subject = linkage::Subject {
            tree: self.subject.tree,
            files: self.subject.evidence,
            config: &config,
            platform: &self.subject.config.platform,
        };
        linkage::credentials(&subject).ok()
    }

    /// Returns the value of a variable of the image's environment.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        let env = self.subject.config.config.as_ref()?.env.iter();
        let value = env.rev().filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name)?.1;
        Some(value.to_owned()).filter(|value| !value.is_empty())
    }

    /// Returns the directories of `PATH`, links followed.
    pub(super) fn search_path(&self) -> BTreeSet<TreePath> {
        let list = self.variable("PATH").unwrap_or_else(|| DEFAULT_PATH.to_owned());
        list.split(':').filter(|part| part.starts_with('/')).filter_map(|part| self.resolve(part)).collect()
    }

    /// Follows a path to what is there.
    pub(super) fn resolve(&self, path: &str) -> Option<TreePath> {
        self.subject.tree.resolve(&TreePath::parse(path).ok()?)
    }

    /// Returns the executable file that a path leads to.
    pub(super) fn executable(&self, path: &str) -> Option<TreePath> {
        let path = self.resolve(path)?;
        let entry = self.subject.tree.get(&path)?;
        (entry.content().is_some() && is_executable(entry)).then_some(path)
    }

    /// Reads a small text file, links followed. What is no UTF-8 is replaced.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        let path = self.resolve(path)?;
        let content = self.subject.tree.get(&path)?.content()?;
        if content.size == 0 {
            return Some(String::new());
        }
        let bytes = self.subject.evidence.read(&path, &content)?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    pub(super) fn marks(&self, content: &Content) -> Option<Arc<Marks>> {
        self.subject.evidence.marks(content)
    }

    fn find_programs(&self) -> Programs {
        let tree = self.subject.tree;
        let mut found: BTreeMap<Digest, Program> = BTreeMap::new();
        let mut where_is: BTreeMap<TreePath, Digest> = BTreeMap::new();
        let mut unknown = Vec::new();
        for (path, entry) in tree.iter() {
            let Some(content) = entry.content().filter(|content| content.size > 0) else { continue };
            if !is_executable(entry) {
                continue;
            }
            let Some((is_script, identities)) = self.look(path, &content) else {
                unknown.push(path.clone());
                continue;
            };
            let Some(is_script) = is_script else { continue };
            let program = found.entry(content.digest).or_insert_with(|| Program {
                files: Vec::new(),
                links: Vec::new(),
                is_script,
                identities,
                is_reached: false,
            });
            program.is_reached |= self.subject.start.reached.contains(path);
            program.files.push(path.clone());
            where_is.insert(path.clone(), content.digest);
        }
        for (path, entry) in tree.iter() {
            if !matches!(entry.kind, Kind::Symlink { .. }) {
                continue;
            }
            let target = tree.resolve(path).and_then(|target| where_is.get(&target));
            if let Some(program) = target.and_then(|digest| found.get_mut(digest)) {
                program.links.push(path.clone());
            }
        }
        let mut list: Vec<Program> = found.into_values().collect();
        list.sort_by(|left, right| left.files.cmp(&right.files));
        Programs { list, unknown }
    }

    /// Says whether a content is a script (`Some(true)`), machine code (`Some(false)`) or nothing that
    /// can be started, and what it is known to be. `None` when it could not be looked at.
    fn look(&self, path: &TreePath, content: &Content) -> Option<(Option<bool>, Vec<&'static Identity>)> {
        let evidence = self.subject.evidence;
        let script = || evidence.script(path, content).filter(|line| self.runs(line)).map(|_| true);
        let marks = self.marks(content)?;
        let identities: Vec<_> = marks.programs.iter().filter_map(|name| Identity::named(name)).collect();
        match marks.format {
            // A library that most of a program is in carries its texts, and is none.
            Format::Elf if !identities.is_empty() && self.is_library(path, content) => {
                Some((None, Vec::new()))
            }
            Format::Elf => Some((Some(false), identities)),
            Format::Script => Some((script(), identities)),
            _ => Some((None, identities)),
        }
    }

    fn is_library(&self, path: &TreePath, content: &Content) -> bool {
        let facts = self.subject.evidence.elf(path, content);
        facts.is_some_and(|facts| facts.kind == elf::Kind::SharedObject && facts.soname.is_some())
    }

    /// Says whether the interpreter of a script is in the image.
    fn runs(&self, line: &Shebang) -> bool {
        if line.interpreter.starts_with('/') && self.executable(&line.interpreter).is_none() {
            return false;
        }
        let program = line.program();
        program.contains('/')
            || self.search_path().iter().any(|directory| {
                let path = directory.join(program).ok();
                path.is_some_and(|path| self.executable(&path.to_string()).is_some())
            })
    }
}

impl Program {
    /// Returns every path that starts it.
    pub(super) fn paths(&self) -> impl Iterator<Item = &TreePath> {
        self.files.iter().chain(&self.links)
    }

    /// Says whether it is a multi-call program such as busybox, by content.
    pub(super) fn multicall(&self) -> Option<&'static Identity> {
        self.identities.iter().copied().find(|identity| identity.check == CheckId::D02)
    }

    /// Returns what it is by its content, for one check.
    pub(super) fn identity(&self, check: CheckId) -> Option<&'static Identity> {
        self.identities.iter().copied().find(|identity| identity.check == check)
    }
}

/// Says whether somebody may execute it.
pub(super) fn is_executable(entry: &Entry) -> bool {
    entry.metadata.mode & 0o111 != 0
}
