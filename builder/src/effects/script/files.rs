//! Programs that change files, links, owners and modes.

use attar_image::{Kind, TreePath};

use super::super::capabilities;
use super::super::effect::{Alternative, Effect, Existing, FileContent, Ownership, Slave};
use super::super::mode::ModeChange;
use super::builtins::is_passing;
use super::evaluate::Run;
use super::expand::Field;
use super::state::{Found, Made};

/// The most files that one copy of a directory makes.
const MAX_COPIED: usize = 2000;

const NOT_KNOWN: &str = "a word of it is not known";
const NOT_UNDERSTOOD: &str = "an option of it is not understood";
const OUTSIDE: &str = "it works on files that do not last";

/// Options and operands of a command.
#[derive(Default)]
struct Words {
    /// Options with their values, `--mode=755` and `-m 755` alike, without dashes.
    options: Vec<(String, Option<String>)>,
    operands: Vec<String>,
}

impl Words {
    /// Splits words; `valued` names the options that take a value. `None` when a word is not known.
    fn split(fields: &[Field], valued: &[&str]) -> Option<Self> {
        let mut words = Self::default();
        let mut rest = fields.iter();
        while let Some(field) = rest.next() {
            let text = field.text.as_deref()?;
            if text == "--" {
                for field in rest.by_ref() {
                    words.operands.push(field.text.clone()?);
                }
            } else if let Some(long) = text.strip_prefix("--") {
                match long.split_once('=') {
                    Some((name, value)) => words.options.push((name.to_owned(), Some(value.to_owned()))),
                    None if valued.contains(&long) => {
                        words.options.push((long.to_owned(), rest.next()?.text.clone()));
                    }
                    None => words.options.push((long.to_owned(), None)),
                }
            } else if let Some(letters) = text.strip_prefix('-').filter(|letters| !letters.is_empty()) {
                for (at, letter) in letters.char_indices() {
                    let name = letter.to_string();
                    if !valued.contains(&name.as_str()) {
                        words.options.push((name, None));
                        continue;
                    }
                    let value = &letters[at + letter.len_utf8()..];
                    let value = if value.is_empty() { rest.next()?.text.clone()? } else { value.to_owned() };
                    words.options.push((name, Some(value)));
                    break;
                }
            } else {
                words.operands.push(text.to_owned());
            }
        }
        Some(words)
    }

    fn has(&self, names: &[&str]) -> bool {
        self.options.iter().any(|(name, _)| names.contains(&name.as_str()))
    }

    fn value(&self, names: &[&str]) -> Option<&str> {
        self.options
            .iter()
            .rev()
            .find(|(name, _)| names.contains(&name.as_str()))
            .and_then(|(_, value)| value.as_deref())
    }
}

impl Run<'_> {
    /// Handles a command on files; says whether it was one.
    pub(super) fn file_command(&mut self, name: &str, arguments: &[Field], text: &str) -> bool {
        let done = match name {
            "mkdir" => self.mkdir(arguments, text),
            "install" => self.install(arguments, text),
            "chown" | "chgrp" | "chmod" => self.change(name, arguments, text),
            "ln" => self.link(arguments, text),
            "cp" => self.copy(arguments, text),
            "mv" => self.rename(arguments, text),
            "rm" | "rmdir" | "unlink" => self.remove(name, arguments, text),
            "touch" => self.touch(arguments, text),
            "ucf" => self.ucf(arguments, text),
            "setcap" => self.setcap(arguments, text),
            "dpkg-statoverride" => self.statoverride(arguments, text),
            "update-alternatives" => self.alternatives(arguments, text),
            "dpkg-divert" => self.divert(arguments, text),
            "systemd-tmpfiles" | "systemd-sysusers" => {
                self.status = Some(true);
                self.nothing(text, "the image's sysusers.d and tmpfiles.d are read themselves");
                Some(())
            }
            _ => return false,
        };
        if done.is_none() && name == "mv" && self.moves_nothing(arguments) {
            self.status = Some(false);
            self.nothing(text, "nothing stands there");
        } else if done.is_none() {
            let all_known = arguments.iter().all(|field| field.text.is_some());
            self.unknown(text, if all_known { NOT_UNDERSTOOD } else { NOT_KNOWN });
        }
        true
    }

    /// Says whether nothing stands at any of the paths that a command is to move, wherever to.
    fn moves_nothing(&self, arguments: &[Field]) -> bool {
        let mut paths = arguments.iter().filter(|field| field.shown.starts_with('/')).collect::<Vec<_>>();
        paths.pop();
        let is_absent = |field: &&Field| {
            let path = field.text.as_deref().and_then(|word| self.path(word));
            path.and_then(|path| self.stands(&path)) == Some(false)
        };
        !paths.is_empty() && paths.iter().all(is_absent)
    }

    /// Returns the path that a word means.
    fn path(&self, word: &str) -> Option<TreePath> {
        let directory = if word.starts_with('/') { String::new() } else { self.state.directory.clone()? };
        TreePath::root().resolve_link(format!("{directory}/{word}").as_bytes()).ok()
    }

    /// Returns the path that a word means, or `None` with a note when what is there does not last.
    fn lasting(&mut self, word: &str, text: &str) -> Option<Option<TreePath>> {
        if is_passing(word) {
            self.status = Some(true);
            self.nothing(text, OUTSIDE);
            return Some(None);
        }
        self.path(word).map(Some)
    }

    fn look(&self, path: &TreePath, follow: bool) -> Option<Found> {
        self.state.look(
            self.surroundings.tree,
            &format!("/{}", String::from_utf8_lossy(path.as_bytes())),
            follow,
        )
    }

    fn stands(&self, path: &TreePath) -> Option<bool> {
        match self.look(path, false)?.made {
            Made::Unknown => None,
            made => Some(made != Made::Nothing),
        }
    }

    fn mkdir(&mut self, arguments: &[Field], text: &str) -> Option<()> {
        let words = Words::split(arguments, &["m", "mode"])?;
        if words.operands.is_empty()
            || words
                .options
                .iter()
                .any(|(name, _)| !["m", "mode", "p", "parents", "v", "verbose", "Z"].contains(&name.as_str()))
        {
            return None;
        }
        let mode = match words.value(&["m", "mode"]) {
            Some(mode) => Some(ModeChange::parse(mode)?),
            None => None,
        };
        for word in &words.operands {
            let Some(path) = self.lasting(word, text)? else { continue };
            if self.stands(&path) == Some(true) {
                self.status = Some(words.has(&["p", "parents"]));
                self.nothing(text, "it stands there already");
                continue;
            }
            self.effect(text, Effect::Directory { path, mode: mode.clone(), owner: Ownership::default() });
        }
        Some(())
    }

    fn install(&mut self, arguments: &[Field], text: &str) -> Option<()> {
        let words = Words::split(
            arguments,
            &["m", "mode", "o", "owner", "g", "group", "t", "target-directory", "S"],
        )?;
        let mode = ModeChange::parse(words.value(&["m", "mode"]).unwrap_or("755"))?;
        let own = |names: &[&str]| words.value(names).map(str::to_owned);
        let owner = Ownership { user: own(&["o", "owner"]), group: own(&["g", "group"]) };
        if words.has(&["d", "directory"]) {
            for word in &words.operands {
                let Some(path) = self.lasting(word, text)? else { continue };
                self.effect(text, Effect::Directory { path, mode: Some(mode.clone()), owner: owner.clone() });
            }
            return Some(());
        }
        let (to, sources) = words.operands.split_last()?;
        if words.has(&["t", "target-directory"]) || sources.is_empty() {
            return None;
        }
        if let [from] = sources
            && from == "/dev/null"
        {
            let path = self.lasting(to, text)??;
            let content = FileContent::Bytes(Vec::new());
            let existing = Existing::Replace;
            self.effect(text, Effect::File { path, content, mode: Some(mode), owner, existing });
            return Some(());
        }
        for from in sources {
            self.copy_one(from, to, (Some(mode.clone()), owner.clone(), Existing::Replace), text)?;
        }
        Some(())
    }

    fn copy(&mut self, arguments: &[Field], text: &str) -> Option<()> {
        let words = Words::split(arguments, &["t", "target-directory", "S", "suffix"])?;
        let (to, sources) = words.operands.split_last()?;
        if words.has(&["t", "target-directory"]) || sources.is_empty() {
            return None;
        }
        let existing = if words.has(&["n", "no-clobber"]) { Existing::Keep } else { Existing::Replace };
        for from in sources {
            let is_directory = self
                .path(from)
                .and_then(|path| self.look(&path, true))
                .is_some_and(|f| f.made == Made::Directory);
            if is_directory && words.has(&["r", "R", "recursive", "a", "archive"]) {
                self.copy_tree(from, to, text)?;
            } else {
                self.copy_one(from, to, (None, Ownership::default(), existing), text)?;
            }
        }
        Some(())
    }

    fn copy_tree(&mut self, from: &str, to: &str, text: &str) -> Option<()> {
        let (source, mut target) = (self.path(from)?, self.lasting(to, text)??);
        if self.look(&target, true).is_some_and(|found| found.made == Made::Directory) {
            target = target.join(source.file_name()).ok()?;
        }
        let tree = self.surroundings.tree;
        let source = tree.resolve(&source)?;
        if tree.below(&source).nth(MAX_COPIED).is_some() {
            return None;
        }
        let (mode, owner, existing) = (None, Ownership::default(), Existing::Replace);
        self.effect(
            text,
            Effect::Directory { path: target.clone(), mode: mode.clone(), owner: owner.clone() },
        );
        for (path, entry) in tree.below(&source) {
            let to = target.join(path.strip_prefix(&source)?).ok()?;
            let effect = match &entry.kind {
                Kind::Directory => Effect::Directory { path: to, mode: mode.clone(), owner: owner.clone() },
                Kind::Symlink { target } => {
                    let target = String::from_utf8(target.to_vec()).ok()?;
                    Effect::Symlink { path: to, target, existing }
                }
                _ => {
                    let content = FileContent::CopyOf(path.clone());
                    Effect::File { path: to, content, mode: mode.clone(), owner: owner.clone(), existing }
                }
            };
            self.effect(text, effect);
        }
        Some(())
    }

    fn copy_one(
        &mut self,
        from: &str,
        to: &str,
        (mode, owner, existing): (Option<ModeChange>, Ownership, Existing),
        text: &str,
    ) -> Option<()> {
        let Some(mut path) = self.lasting(to, text)? else { return Some(()) };
        let source = self.path(from)?;
        if self.look(&path, true).is_some_and(|found| found.made == Made::Directory) {
            path = path.join(source.file_name()).ok()?;
        }
        let content = if is_passing(from) {
            FileContent::Bytes(self.content(from)?.into_bytes())
        } else {
            if !self.stands(&source)? {
                self.status = Some(false);
                self.nothing(text, "nothing stands there");
                return Some(());
            }
            if self.look(&source, true)?.made != Made::File || self.state.made.contains_key(&source) {
                return None;
            }
            FileContent::CopyOf(source)
        };
        self.effect(text, Effect::File { path, content, mode, owner, existing });
        Some(())
    }

    /// `ucf new conf`: a configuration file that is put in place when none is there.
    fn ucf(&mut self, arguments: &[Field], text: &str) -> Option<()> {
        let words = Words::split(
            arguments,
            &["src-dir", "state-dir", "debconf-template", "sum-file", "s", "S", "D"],
        )?;
        if words.has(&["p", "purge"]) {
            self.status = Some(true);
            self.nothing(text, "it belongs to the package manager");
            return Some(());
        }
        let [from, to] = &words.operands[..] else { return None };
        self.copy_one(
            from,
            to,
            (Some(ModeChange::exactly(0o644)), Ownership::default(), Existing::Keep),
            text,
        )
    }

    fn rename(&mut self, arguments: &[Field], text: &str) -> Option<()> {
        let words = Words::split(arguments, &["t", "S"])?;
        let [from, to] = &words.operands[..] else { return None };
        if is_passing(from) {
            return None;
        }
        let from = self.path(from)?;
        if !self.stands(&from)? {
            self.status = Some(words.has(&["f", "n"]));
            self.nothing(text, "nothing stands there");
            return Some(());
        }
        // What packages brought is not moved: a diversion is told by rule, not by guess.
        if !self.state.made.contains_key(&from) {
            return None;
        }
        let to = self.lasting(to, text)??;
        self.effect(text, Effect::Move { from, to });
        Some(())
    }

    fn remove(&mut self, name: &str, arguments: &[Field], text: &str) -> Option<()> {
        let known: Vec<&str> = arguments
            .iter()
            .filter_map(|field| field.text.as_deref())
            .filter(|word| !word.starts_with('-'))
            .collect();
        if known.len() < arguments.iter().filter(|field| !field.shown.starts_with('-')).count() {
            return None;
        }
        for word in known {
            let Some(path) = self.lasting(word, text)? else { continue };
            let found = self.look(&path, false)?;
            let ours = self.state.made.contains_key(&path);
            match found.made {
                Made::Nothing => {
                    self.status = Some(name == "rm");
                    self.nothing(text, "nothing stands there");
                }
                Made::Directory if name == "rmdir" && !found.is_empty => {
                    self.status = Some(false);
                    self.nothing(text, "the directory is not empty");
                }
                Made::File | Made::Symlink if ours => self.effect(text, Effect::Remove { path }),
                Made::Directory if name == "rmdir" => self.effect(text, Effect::Remove { path }),
                Made::Unknown if ours => {
                    self.status = Some(true);
                    self.nothing(text, "it is undone again");
                }
                _ => self.unknown(text, "it removes what a package brought"),
            }
        }
        Some(())
    }

    fn touch(&mut self, arguments: &[Field], text: &str) -> Option<()> {
        let words = Words::split(arguments, &["d", "date", "r", "reference", "t"])?;
        for word in &words.operands {
            let Some(path) = self.lasting(word, text)? else { continue };
            if words.has(&["c", "no-create", "h", "no-dereference", "r", "reference"])
                || self.stands(&path) == Some(true)
            {
                self.status = Some(true);
                self.nothing(text, "times are those of the packages");
                continue;
            }
            let (content, owner) = (FileContent::Touched, Ownership::default());
            self.effect(text, Effect::File { path, content, mode: None, owner, existing: Existing::Keep });
        }
        Some(())
    }

    fn change(&mut self, name: &str, arguments: &[Field], text: &str) -> Option<()> {
        // `chmod -x` and `chmod o-rwx` look like options and operands alike.
        let (mut recursive, mut value, mut paths) = (false, None, Vec::new());
        for field in arguments {
            let word = field.text.as_deref()?;
            match word {
                "-R" | "--recursive" => recursive = true,
                "-f" | "-v" | "-c" | "-h" | "--quiet" | "--silent" | "--verbose" | "--changes"
                | "--no-dereference" | "--" | "-L" | "-H" | "-P" | "--preserve-root" => {}
                "-Rf" | "-fR" | "-Rv" | "-vR" | "-Rh" | "-hR" | "-RL" | "-RP" => recursive = true,
                _ if word.starts_with("--") => return None,
                _ if value.is_none() => value = Some(word),
                _ => paths.push(word),
            }
        }
        let (value, mut owner, mut mode) = (value?, Ownership::default(), None);
        match name {
            "chmod" => mode = Some(ModeChange::parse(value)?),
            "chgrp" => owner.group = Some(value.to_owned()),
            _ => owner = ownership(value)?,
        }
        if paths.is_empty() {
            return None;
        }
        for word in paths {
            let Some(path) = self.lasting(word, text)? else { continue };
            if self.stands(&path) == Some(false) {
                self.status = Some(false);
                self.nothing(text, "nothing stands there");
                continue;
            }
            self.effect(
                text,
                Effect::Attributes { path, owner: owner.clone(), mode: mode.clone(), recursive },
            );
        }
        Some(())
    }

    fn link(&mut self, arguments: &[Field], text: &str) -> Option<()> {
        let words = Words::split(arguments, &["t", "target-directory", "S"])?;
        let is_symbolic = words.has(&["s", "symbolic"]);
        if !is_symbolic || words.has(&["r", "relative", "t", "target-directory"]) {
            return None;
        }
        let (target, link) = match &words.operands[..] {
            [target, link] => (target, link.clone()),
            [target] => (target, target.rsplit('/').next()?.to_owned()),
            _ => return None,
        };
        let Some(mut path) = self.lasting(&link, text)? else { return Some(()) };
        let follows = !words.has(&["n", "no-dereference", "T", "no-target-directory"]);
        if self.look(&path, follows).is_some_and(|found| found.made == Made::Directory) {
            path = path.join(target.rsplit('/').next()?).ok()?;
        }
        let forced = words.has(&["f", "force"]);
        if !forced && self.stands(&path) == Some(true) {
            self.status = Some(false);
            self.nothing(text, "it stands there already");
            return Some(());
        }
        let existing = if forced { Existing::Replace } else { Existing::Keep };
        self.effect(text, Effect::Symlink { path, target: target.clone(), existing });
        Some(())
    }

    fn setcap(&mut self, arguments: &[Field], text: &str) -> Option<()> {
        let words: Vec<&str> = arguments.iter().map(|field| field.text.as_deref()).collect::<Option<_>>()?;
        let words: Vec<&str> = words.into_iter().filter(|word| *word != "-q").collect();
        let is_pairs = !words.is_empty()
            && words.len().is_multiple_of(2)
            && words.iter().step_by(2).all(|word| !word.starts_with('-'));
        if !is_pairs {
            let removes = words.first() == Some(&"-r");
            self.status = Some(true);
            return removes.then(|| self.nothing(text, "no file has capabilities before"));
        }
        for pair in words.chunks(2) {
            let value = capabilities::encode(pair[0]).ok()?;
            let path = self.path(pair[1])?;
            if self.stands(&path) == Some(false) {
                self.status = Some(false);
                self.nothing(text, "nothing stands there");
                continue;
            }
            self.effect(text, Effect::Capabilities { path, value });
        }
        Some(())
    }

    fn statoverride(&mut self, arguments: &[Field], text: &str) -> Option<()> {
        let words: Vec<&str> = arguments.iter().map(|field| field.text.as_deref()).collect::<Option<_>>()?;
        let is = |option: &str| words.contains(&option);
        if !is("--add") {
            // Nothing is overridden on a first installation.
            self.status = Some(!is("--list"));
            self.print(Some(String::new()));
            self.nothing(text, "nothing is overridden before");
            return Some(());
        }
        let operands: Vec<&str> = words.iter().copied().filter(|word| !word.starts_with("--")).collect();
        let [user, group, mode, path] = operands[..] else { return None };
        if !is("--update") {
            self.status = Some(true);
            self.nothing(text, "it belongs to the package manager");
            return Some(());
        }
        let plain = |name: &str| name.trim_start_matches('#').to_owned();
        let owner = Ownership { user: Some(plain(user)), group: Some(plain(group)) };
        let mode = Some(ModeChange::parse(mode)?);
        let path = self.path(path)?;
        if self.stands(&path) == Some(false) {
            self.status = Some(true);
            self.nothing(text, "nothing stands there");
            return Some(());
        }
        self.effect(text, Effect::Attributes { path, owner, mode, recursive: false });
        Some(())
    }

    fn alternatives(&mut self, arguments: &[Field], text: &str) -> Option<()> {
        let words: Vec<&str> = arguments.iter().map(|field| field.text.as_deref()).collect::<Option<_>>()?;
        let mut rest = words.iter().copied();
        let mut alternative = None;
        let mut slaves = Vec::new();
        while let Some(word) = rest.next() {
            match word {
                "--install" => {
                    let (link, name) = (rest.next()?.to_owned(), rest.next()?.to_owned());
                    let (path, priority) = (rest.next()?.to_owned(), rest.next()?.parse().ok()?);
                    alternative = Some(Alternative { name, link, path, priority, slaves: Vec::new() });
                }
                "--slave" | "--follower" => {
                    let (link, name, path) =
                        (rest.next()?.to_owned(), rest.next()?.to_owned(), rest.next()?.to_owned());
                    slaves.push(Slave { name, link, path });
                }
                "--set" => {
                    let (name, path) = (rest.next()?.to_owned(), rest.next()?.to_owned());
                    self.effect(text, Effect::AlternativeChoice { name, path });
                    return Some(());
                }
                "--remove" | "--remove-all" | "--auto" | "--config" | "--all" => {
                    self.status = Some(true);
                    self.nothing(text, "nothing is offered before");
                    return Some(());
                }
                "--list" | "--display" | "--query" | "--get-selections" => {
                    self.status = Some(false);
                    self.print(Some(String::new()));
                    self.nothing(text, "it only reads");
                    return Some(());
                }
                "--log" | "--altdir" | "--admindir" | "--instdir" | "--root" => drop(rest.next()?),
                _ if word.starts_with("--") => {}
                _ => return None,
            }
        }
        let mut alternative = alternative?;
        alternative.slaves = slaves;
        self.effect(text, Effect::Alternative(alternative));
        Some(())
    }

    /// Diversions: queries find none; those that are made are judged by rule.
    fn divert(&mut self, arguments: &[Field], text: &str) -> Option<()> {
        let words: Vec<&str> = arguments.iter().map(|field| field.text.as_deref()).collect::<Option<_>>()?;
        let is = |option: &str| words.contains(&option);
        let last = words.last().copied().unwrap_or_default();
        self.status = Some(true);
        if is("--truename") {
            self.print(Some(format!("{last}\n")));
            self.nothing(text, "nothing is diverted before");
        } else if is("--list") || is("--listpackage") || is("--remove") {
            self.print(Some(String::new()));
            self.nothing(text, "nothing is diverted before");
        } else if words.iter().any(|word| word.ends_with(".usr-is-merged")) {
            self.nothing(text, "it guards an upgrade to merged /usr");
        } else if let Some(why) = super::super::diversion::reviewed(&self.package.package, last) {
            self.nothing(text, why);
        } else {
            self.unknown(text, "it diverts a file, and no rule says what that means");
        }
        Some(())
    }
}

/// Reads `user`, `user:group`, `user.group`, `:group`.
fn ownership(text: &str) -> Option<Ownership> {
    let (user, group) = match text.split_once([':', '.']) {
        Some((user, "")) => (user, Some(user)),
        Some((user, group)) => (user, Some(group)),
        None => (text, None),
    };
    let plain = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    let owner = Ownership { user: plain(user), group: group.and_then(plain) };
    (!owner.is_empty()).then_some(owner)
}
