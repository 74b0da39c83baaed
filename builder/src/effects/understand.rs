//! Reads all that packages say about effects: scripts, sysusers.d and tmpfiles.d.

use std::collections::{BTreeMap, BTreeSet};

use attar_image::{Entry, FileTree, Kind, Metadata, TreePath};

use super::accounts::{GroupName, Master, Requests, Table};
use super::apply::{Planned, apply};
use super::effect::{Effect, Ownership};
use super::script::{Meaning, PackageScripts, Surroundings, Unknown, recognise};
use super::{GENERATED, Outcome, known, sysusers, tmpfiles};

/// The effects of all packages of one image, before names have numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Understood {
    /// What is done, in order.
    pub planned: Vec<Planned>,
    /// Commands that are not understood, and things that are not made but may be needed.
    pub warnings: Vec<String>,
    /// Things that are not made and rarely needed.
    pub notes: Vec<String>,
    /// The users and groups of `base-passwd`, when the image holds it.
    pub master: Option<Master>,
}

/// Reads the scripts of all packages, in order of name, and what is declared in the tree.
pub fn understand(packages: &[PackageScripts], surroundings: &Surroundings<'_>) -> Understood {
    let mut understood = Understood::default();
    understood.read_declared(surroundings);
    let tree = with_declared(surroundings.tree, &understood.planned);
    let surroundings = &Surroundings { tree: &tree, ..*surroundings };
    let mut packages: Vec<&PackageScripts> = packages.iter().collect();
    packages.sort_by(|a, b| a.package.cmp(&b.package));
    for script in ["preinst", "postinst"] {
        for package in &packages {
            understood.read_script(package, script, surroundings);
        }
    }
    let text = |path| read_text(surroundings, &known(path));
    understood.master = text("usr/share/base-passwd/passwd.master")
        .zip(text("usr/share/base-passwd/group.master"))
        .map(|(passwd, groups)| Master::parse(&passwd, &groups));
    understood
}

impl Understood {
    fn read_declared(&mut self, surroundings: &Surroundings<'_>) {
        for path in declared(surroundings.tree, "sysusers.d") {
            let Some(text) = read_text(surroundings, &path) else { continue };
            let (effects, unknown) = sysusers::read(&text, &path.to_string());
            self.add(effects, &unknown, &path);
        }
        for path in declared(surroundings.tree, "tmpfiles.d") {
            let Some(text) = read_text(surroundings, &path) else { continue };
            let (effects, unknown) = tmpfiles::read(&text, surroundings.tree);
            self.add(effects, &unknown, &path);
        }
    }

    fn add(&mut self, effects: Vec<Effect>, unknown: &[Unknown], path: &TreePath) {
        let because = path.to_string();
        self.planned.extend(effects.into_iter().map(|effect| Planned { effect, because: because.clone() }));
        for Unknown { line, text, why } in unknown {
            self.warnings.push(format!("{path}: line {line}: `{text}` is left out: {why}"));
        }
    }

    fn read_script(&mut self, package: &PackageScripts, name: &str, surroundings: &Surroundings<'_>) {
        let script = recognise(package, name, surroundings);
        let package = &package.package;
        let mut told = BTreeSet::new();
        for command in script.commands {
            match command.meaning {
                Meaning::Effect(effect) => {
                    let because = format!("{package}: {name} line {}", command.line);
                    self.planned.push(Planned { effect: *effect, because });
                }
                Meaning::Missing { what, matters } if told.insert(what) => {
                    let text = format!(
                        "{package}: {name} line {}: `{}` would make {what}",
                        command.line, command.text
                    );
                    if matters { self.warnings.push(text) } else { self.notes.push(text) }
                }
                _ => {}
            }
        }
        for Unknown { line, text, why } in script.unknown {
            self.warnings.push(format!("{package}: {name} line {line}: `{text}` is left out: {why}"));
        }
    }

    /// Returns the users and groups that are asked for.
    pub fn requests(&self) -> Requests {
        let mut requests = Requests { master: self.master.clone(), ..Requests::default() };
        let mut changes = BTreeMap::new();
        for Planned { effect, .. } in &self.planned {
            match effect {
                Effect::User { name, request, .. } => {
                    requests.users.entry(name.clone()).or_insert_with(|| request.clone());
                }
                Effect::Group { name, request } => {
                    requests.groups.entry(name.clone()).or_insert_with(|| request.clone());
                }
                Effect::Member { group, user } => {
                    requests.members.insert((group.clone(), user.clone()));
                }
                Effect::Account { name, home, shell, gecos, group } => {
                    let change: &mut (Option<&String>, Option<&String>, Option<&String>, Option<&GroupName>) =
                        changes.entry(name).or_default();
                    *change = (
                        home.as_ref().or(change.0),
                        shell.as_ref().or(change.1),
                        gecos.as_ref().or(change.2),
                        group.as_ref().or(change.3),
                    );
                }
                Effect::Directory { owner, .. }
                | Effect::File { owner, .. }
                | Effect::Attributes { owner, .. } => {
                    mention(owner, &mut requests.mentioned);
                }
                _ => {}
            }
        }
        for (name, (home, shell, gecos, group)) in changes {
            if let Some(user) = requests.users.get_mut(name) {
                for (field, value) in
                    [(&mut user.home, home), (&mut user.shell, shell), (&mut user.gecos, gecos)]
                {
                    if let Some(value) = value {
                        field.clone_from(value);
                    }
                }
                user.group = group.cloned().or_else(|| user.group.take());
            }
        }
        requests
    }

    /// Returns what the effects do to the tree, with the numbers of the table.
    pub fn outcome(
        &self,
        tree: &FileTree,
        read: &dyn Fn(&TreePath) -> Option<Vec<u8>>,
        table: &Table,
    ) -> Outcome {
        let mut outcome = apply(&self.planned, tree, read, table);
        outcome.warnings.splice(0..0, self.warnings.iter().cloned());
        outcome.notes.splice(0..0, self.notes.iter().cloned());
        outcome
    }
}

fn mention(owner: &Ownership, mentioned: &mut BTreeSet<String>) {
    for name in [&owner.user, &owner.group].into_iter().flatten() {
        if name.parse::<u32>().is_err() && name != "root" {
            mentioned.insert(name.clone());
        }
    }
}

/// Returns the files of a declaration directory, in order of name; those in `/etc` take the place of
/// packaged ones of the same name.
fn declared(tree: &FileTree, directory: &str) -> Vec<TreePath> {
    let mut files: BTreeMap<Vec<u8>, TreePath> = BTreeMap::new();
    for root in ["usr/lib", "etc"] {
        let directory = known(&format!("{root}/{directory}"));
        for (path, entry) in tree.below(&directory) {
            let is_direct = path.parent().as_ref() == Some(&directory);
            if is_direct && path.file_name().ends_with(b".conf") && !entry.is_directory() {
                files.insert(path.file_name().to_vec(), path.clone());
            }
        }
    }
    files.into_values().collect()
}

fn read_text(surroundings: &Surroundings<'_>, path: &TreePath) -> Option<String> {
    let path = surroundings.tree.resolve(path)?;
    surroundings.tree.get(&path)?.content()?;
    (surroundings.read)(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Returns the tree as scripts find it: with the directories and files that tmpfiles.d makes.
fn with_declared(tree: &FileTree, planned: &[Planned]) -> FileTree {
    let mut tree = tree.clone();
    for Planned { effect, .. } in planned {
        let (path, entry) = match effect {
            Effect::Directory { path, .. } => (path, Entry::directory(Metadata::root(0o755, GENERATED))),
            Effect::Symlink { path, target, .. } => (path, Entry::symlink(target.as_bytes(), GENERATED)),
            _ => continue,
        };
        if let Some(path) = tree.resolve(path).filter(|path| !tree.contains(path)) {
            let is_link = matches!(entry.kind, Kind::Symlink { .. });
            if !is_link || tree.below(&path).next().is_none() {
                tree.insert(path, entry);
            }
        }
    }
    tree
}
