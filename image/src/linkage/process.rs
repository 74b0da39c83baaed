//! A process as the dynamic linker fills it: which library is taken for each name, and from where.
//!
//! See `ld.so(8)`, and the sources of the linkers where it is silent: glibc's `elf/dl-load.c`, musl's
//! `ldso/dynlink.c`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Problem;
use super::directories::{Defaults, Linker, MUSL, Variables};
use super::root::Access;
use super::versions;
use super::world::{World, shown};
use crate::elf::Facts;
use crate::path::TreePath;

/// The objects of a process in the order in which they were loaded; the program first.
pub(super) struct Process<'a> {
    world: &'a World<'a>,
    linker: Linker,
    defaults: Defaults,
    /// The program gains rights when it starts, so the environment does not count.
    secure: bool,
    pub(super) objects: Vec<Object>,
    /// Names under which objects are known.
    names: BTreeMap<String, usize>,
}

/// A program or library of a process.
pub(super) struct Object {
    /// With all links followed.
    pub(super) path: TreePath,
    /// As it was found.
    pub(super) shown: String,
    pub(super) facts: Arc<Facts>,
    /// Which object needs it.
    pub(super) loader: Option<usize>,
    origin: String,
}

impl Object {
    /// Returns the path to show: as it was found, unless that leads up and down.
    pub(super) fn label(&self) -> String {
        if self.shown.contains("..") { shown(&self.path) } else { self.shown.clone() }
    }
}

/// An object of a process that lacks something.
pub(super) struct Failure {
    pub(super) object: usize,
    pub(super) problem: Problem,
}

/// What one place gives.
enum Attempt {
    Hit(TreePath, String),
    Miss,
    /// The linker goes on, but this is why if it finds nothing.
    Closed(Problem),
    Broken(Problem),
}

impl<'a> Process<'a> {
    /// Loads a program with everything it needs.
    pub(super) fn start(
        world: &'a World<'a>,
        program: &TreePath,
        facts: Arc<Facts>,
        (name, interpreter): (&str, &TreePath),
    ) -> (Self, Vec<Failure>) {
        let metadata = world.root().entry(program).map(|entry| &entry.metadata);
        let secure = world.user.uid != 0
            && metadata.is_some_and(|it| {
                it.mode & 0o6000 != 0 || it.xattrs.contains_key(&b"security.capability"[..])
            });
        let mut process = Self::empty(world, (name, interpreter), secure);
        // The kernel tells the linker the program's own place, links followed.
        process.add(program.clone(), shown(program), facts, None);
        if let Some(facts) = world.elf(interpreter) {
            let number = process.add(interpreter.clone(), name.to_owned(), facts, Some(0));
            if process.linker == Linker::Musl {
                process.names.insert(String::from("libc.so"), number);
            }
        }
        let mut failures = process.complete(0);
        failures.extend(process.preload());
        (process, failures)
    }

    /// Returns a program without a dynamic linker: nothing is loaded, whatever it says it needs.
    pub(super) fn alone(world: &'a World<'a>, program: &TreePath, facts: Arc<Facts>) -> Self {
        let mut process = Self::empty(world, ("", &TreePath::root()), false);
        process.add(program.clone(), shown(program), facts, None);
        process
    }

    fn empty(world: &'a World<'a>, (name, path): (&str, &TreePath), secure: bool) -> Self {
        let subject = world.subject;
        Self {
            world,
            linker: Linker::of(name),
            defaults: Defaults::of(path, |path| subject.tree.below(path).next().is_some(), subject.platform),
            secure,
            objects: Vec::new(),
            names: BTreeMap::new(),
        }
    }

    /// Opens a library at run time, on behalf of an object.
    pub(super) fn open(&mut self, path: &TreePath, caller: usize) -> Vec<Failure> {
        if self.objects.iter().any(|object| object.path == *path) {
            return Vec::new();
        }
        let Some(facts) = self.world.elf(path) else { return Vec::new() };
        let number = self.add(path.clone(), shown(path), facts, Some(caller));
        self.complete(number)
    }

    /// Returns the number of a loaded library whose name starts like this.
    pub(super) fn library(&self, name: &str) -> Option<usize> {
        let is_it = |object: &Object| {
            let soname = object.facts.soname.as_deref();
            soname.is_some_and(|soname| soname.starts_with(name))
                || object.path.file_name().starts_with(name.as_bytes())
        };
        self.objects.iter().position(is_it)
    }

    /// Returns the object that is known by a name.
    pub(super) fn named(&self, name: &str) -> Option<&Object> {
        self.number(name).map(|number| &self.objects[number])
    }

    fn number(&self, name: &str) -> Option<usize> {
        if self.linker == Linker::Musl && is_own_name_of_musl(name) {
            return self.names.get("libc.so").copied();
        }
        self.names.get(name).copied()
    }

    fn add(&mut self, path: TreePath, shown: String, facts: Arc<Facts>, loader: Option<usize>) -> usize {
        let number = self.objects.len();
        if let Some(soname) = &facts.soname {
            self.names.entry(soname.clone()).or_insert(number);
        }
        let origin = match shown.rfind('/') {
            Some(0) => String::from("/"),
            Some(slash) => shown[..slash].to_owned(),
            None => String::from("."),
        };
        self.objects.push(Object { path, shown, facts, loader, origin });
        number
    }

    /// Loads what the objects from `first` on need, breadth first.
    fn complete(&mut self, first: usize) -> Vec<Failure> {
        let mut failures = Vec::new();
        let mut number = first;
        while number < self.objects.len() {
            let facts = Arc::clone(&self.objects[number].facts);
            for name in &facts.needed {
                if self.number(name).is_some() {
                    continue;
                }
                match self.locate(name, number) {
                    Ok((path, shown)) => self.load(name, path, shown, number),
                    Err(problem) => failures.push(Failure { object: number, problem }),
                }
            }
            number += 1;
        }
        if self.linker == Linker::Gnu {
            failures.extend(versions::check(self, first));
        }
        failures
    }

    fn load(&mut self, name: &str, path: TreePath, shown: String, loader: usize) {
        let known = self.objects.iter().position(|object| object.path == path);
        let number =
            known.or_else(|| Some(self.add(path.clone(), shown, self.world.elf(&path)?, Some(loader))));
        if let Some(number) = number {
            self.names.insert(name.to_owned(), number);
        }
    }

    /// Loads what `LD_PRELOAD` names; the linker goes on without what it does not find.
    fn preload(&mut self) -> Vec<Failure> {
        let Some(list) = self.world.variable("LD_PRELOAD").filter(|_| !self.secure) else {
            return Vec::new();
        };
        let first = self.objects.len();
        for name in list.split([' ', ':']).filter(|name| !name.is_empty()) {
            if self.number(name).is_none()
                && let Ok((path, shown)) = self.locate(name, 0)
            {
                self.load(name, path, shown, 0);
            }
        }
        self.complete(first)
    }

    fn locate(&self, name: &str, loader: usize) -> Result<(TreePath, String), Problem> {
        if name.contains('/') {
            let path = self.expand(name, loader);
            return match self.attempt(&path, loader, name) {
                Attempt::Hit(path, shown) => Ok((path, shown)),
                Attempt::Broken(problem) | Attempt::Closed(problem) => Err(problem),
                Attempt::Miss => Err(self.nowhere(name)),
            };
        }
        let cached =
            || self.world.cached(self.objects[loader].facts.order).get(name).cloned().unwrap_or_default();
        let listed = self.directories(loader).into_iter().map(|directory| format!("{directory}/{name}"));
        let places: Vec<String> = match self.linker {
            Linker::Musl => listed.chain(self.system(name)).collect(),
            Linker::Gnu => listed.chain(cached()).chain(self.system(name)).collect(),
        };
        let mut closed = None;
        for place in places {
            match self.attempt(&place, loader, name) {
                Attempt::Hit(path, shown) => return Ok((path, shown)),
                Attempt::Broken(problem) => return Err(problem),
                Attempt::Closed(problem) => closed = closed.or(Some(problem)),
                Attempt::Miss => {}
            }
        }
        Err(closed.unwrap_or_else(|| self.nowhere(name)))
    }

    fn nowhere(&self, name: &str) -> Problem {
        let soname = name.to_owned();
        let elsewhere = self.world.anywhere(name).map(shown);
        Problem::Library { soname, elsewhere }
    }

    /// Lists the directories that the environment and the objects name, in the linker's order.
    fn directories(&self, loader: usize) -> Vec<String> {
        let mut found = Vec::new();
        let environment = self.world.variable("LD_LIBRARY_PATH").filter(|_| !self.secure);
        let object = &self.objects[loader];
        match self.linker {
            Linker::Gnu => {
                if object.facts.runpath.is_none() {
                    for number in self.loaders(loader) {
                        let facts = &self.objects[number].facts;
                        if let (Some(rpath), None) = (&facts.rpath, &facts.runpath) {
                            found.extend(self.split(rpath, &[':'], number));
                        }
                    }
                }
                found.extend(environment.into_iter().flat_map(|list| self.split(list, &[':', ';'], 0)));
                if let Some(runpath) = &object.facts.runpath {
                    found.extend(self.split(runpath, &[':'], loader));
                }
            }
            Linker::Musl => {
                found.extend(environment.into_iter().flat_map(|list| self.split(list, &[':', '\n'], 0)));
                for number in self.loaders(loader) {
                    let facts = &self.objects[number].facts;
                    if let Some(path) = facts.runpath.as_ref().or(facts.rpath.as_ref()) {
                        found.extend(self.split(path, &[':'], number));
                    }
                }
            }
        }
        found
    }

    /// Lists an object, what loaded it, what loaded that, and in the end the program.
    fn loaders(&self, from: usize) -> Vec<usize> {
        let mut chain: Vec<usize> =
            std::iter::successors(Some(from), |number| self.objects[*number].loader).collect();
        if chain.last() != Some(&0) {
            chain.push(0);
        }
        chain
    }

    fn system(&self, name: &str) -> Vec<String> {
        let directories = match self.linker {
            Linker::Gnu => self.defaults.directories.clone(),
            Linker::Musl => {
                let machine = self.world.subject.platform.machine().unwrap_or_default();
                let configured = self.world.read_text(&format!("/etc/ld-musl-{machine}.path"));
                let text = configured.unwrap_or_else(|| String::from(MUSL));
                text.split([':', '\n']).filter(|part| !part.is_empty()).map(str::to_owned).collect()
            }
        };
        directories.into_iter().map(|directory| format!("{directory}/{name}")).collect()
    }

    fn split(&self, list: &str, separators: &[char], object: usize) -> Vec<String> {
        let directory = |part: &str| match self.expand(part, object) {
            // An empty part is the working directory.
            part if part.is_empty() => String::from("."),
            part => part,
        };
        list.split(separators).map(directory).collect()
    }

    fn expand(&self, text: &str, object: usize) -> String {
        let platform = self.world.subject.platform.machine().unwrap_or_default();
        Variables { origin: &self.objects[object].origin, lib: &self.defaults.lib, platform }.expand(text)
    }

    fn attempt(&self, place: &str, loader: usize, soname: &str) -> Attempt {
        let path = match self.world.file(place, Access::Read) {
            Ok(path) => path,
            Err(Problem::NotReadable { uid, .. }) => {
                let (soname, path) = (soname.to_owned(), place.to_owned());
                return Attempt::Closed(Problem::Closed { soname, path, uid });
            }
            Err(_) => return Attempt::Miss,
        };
        let Some(facts) = self.world.elf(&path) else {
            let path = place.to_owned();
            return Attempt::Broken(Problem::NotElf { soname: soname.to_owned(), path });
        };
        let wanted = &self.objects[loader].facts;
        let fits = (facts.class, facts.order, facts.machine) == (wanted.class, wanted.order, wanted.machine);
        if fits { Attempt::Hit(path, place.to_owned()) } else { Attempt::Miss }
    }
}

/// Says whether musl takes a library's name for its own, which is all of the C library.
fn is_own_name_of_musl(name: &str) -> bool {
    let rest = name.strip_prefix("lib").unwrap_or_default();
    ["c.", "pthread.", "rt.", "m.", "dl.", "util.", "xnet."].iter().any(|own| rest.starts_with(own))
}
