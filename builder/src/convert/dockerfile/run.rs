//! `RUN`: the commands of its script that a spec can say itself.

use super::super::apk_packages;
use super::super::text::Text;
use super::copy::{is_mode, mode};
use super::image::{Account, Image, Made, Package};
use super::read::Instruction;
use super::shell::{Command, commands};
use super::words::exec_form;

/// What becomes of a command.
enum Fate {
    /// The spec says it, or it leaves no trace in the image.
    Done,
    /// The spec does not say it, for this reason.
    Unmapped(&'static str),
}

use Fate::{Done, Unmapped};

const NO_MEANING: Fate = Unmapped("");

impl Image<'_> {
    /// Takes the commands of a `RUN` in.
    pub(super) fn run(&mut self, instruction: &Instruction) {
        let text = &instruction.rest.text;
        if let Some(words) = exec_form(text) {
            let words: Vec<Text> = words.iter().map(|word| Text::literal(word)).collect();
            let fate = self.command(instruction.line, &words);
            self.tell(instruction.line, text, &fate);
            return;
        }
        match &instruction.documents[..] {
            // The document is the script itself.
            [document] if text.starts_with("<<") && text.split_whitespace().count() == 1 => {
                for command in commands(&document.text) {
                    let line = document.line + document.text[..command.offset].matches('\n').count();
                    self.simple(line, &command);
                }
            }
            [] => {
                for command in commands(text) {
                    self.simple(instruction.rest.line_at(command.offset), &command);
                }
            }
            _ => self.tell(instruction.line, text, &NO_MEANING),
        }
    }

    fn simple(&mut self, line: usize, command: &Command) {
        let Some(raw) = &command.words else { return self.tell(line, &command.raw, &NO_MEANING) };
        let mut words = Vec::new();
        for word in raw {
            match self.scope.expand(word, '\\') {
                Ok(expanded) => words.push(expanded),
                Err(_) => return self.tell(line, &command.raw, &NO_MEANING),
            }
        }
        let fate = self.command(line, &words);
        self.tell(line, &command.raw, &fate);
    }

    fn tell(&mut self, line: usize, raw: &str, fate: &Fate) {
        let Unmapped(why) = fate else { return };
        let shown: String = raw.split_whitespace().collect::<Vec<_>>().join(" ");
        let cut: String = shown.chars().take(120).collect();
        let dots = if cut.len() < shown.len() { "…" } else { "" };
        let colon = if why.is_empty() { "" } else { ": " };
        self.draft.unmapped(line, format!("RUN {cut}{dots}{colon}{why}"));
    }

    fn command(&mut self, line: usize, words: &[Text]) -> Fate {
        let mut words: Vec<&str> = words.iter().map(Text::as_str).collect();
        while words.first().is_some_and(|word| is_assignment(word)) {
            words.remove(0);
        }
        let Some((program, arguments)) = words.split_first() else { return Done };
        match program.rsplit('/').next().unwrap_or(program) {
            "set" | "true" | ":" | "echo" | "ldconfig" => Done,
            "update-ca-certificates" => Done,
            "apt-get" | "apt" | "aptitude" => self.apt(line, arguments),
            "apk" => self.apk(line, arguments),
            "rm" => clean(arguments),
            "mkdir" => self.mkdir(line, arguments),
            "ln" => self.link(line, arguments),
            "touch" => self.touch(line, arguments),
            "chown" => self.change(arguments, |made, text| {
                let (owner, group) = text.split_once(':').map_or((text, None), |(a, b)| (a, Some(b)));
                if !owner.is_empty() {
                    *made.0 = Some(Text::written(owner));
                }
                if let Some(group) = group.filter(|group| !group.is_empty()) {
                    *made.1 = Some(Text::written(group));
                }
                true
            }),
            "chmod" => self.change(arguments, |made, text| {
                if is_mode(text) {
                    *made.2 = Some(mode(text));
                }
                is_mode(text)
            }),
            "useradd" | "adduser" => self.user_command(line, arguments),
            "groupadd" | "addgroup" => self.group_command(line, arguments),
            "pip" | "pip3" => Unmapped("install into a virtual environment before the build, and copy it"),
            "npm" | "yarn" | "pnpm" => Unmapped("install before the build, and copy `node_modules`"),
            _ => NO_MEANING,
        }
    }

    fn apt(&mut self, line: usize, arguments: &[&str]) -> Fate {
        const WITH_VALUE: [&str; 5] = ["-o", "--option", "-t", "--target-release", "-c"];
        let plain = without_options(arguments, &WITH_VALUE);
        let Some((verb, names)) = plain.split_first() else { return NO_MEANING };
        match *verb {
            "install" => {
                for name in names {
                    self.package(line, name);
                }
                Done
            }
            "remove" | "purge" | "autopurge" => {
                for name in names {
                    self.packages.remove(*name);
                }
                Done
            }
            "update" | "clean" | "autoclean" | "autoremove" => Done,
            "upgrade" | "dist-upgrade" | "full-upgrade" => Done,
            _ => NO_MEANING,
        }
    }

    /// Takes a package in as apt writes it: `NAME`, `NAME=VERSION`, `NAME:ARCHITECTURE`, `NAME/SUITE`.
    fn package(&mut self, line: usize, word: &str) {
        let (name, version) =
            word.split_once('=').map_or((word, None), |(name, version)| (name, Some(version)));
        let is_name = |name: &str| {
            name.len() > 1
                && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
                && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c))
        };
        if !is_name(name) || name.ends_with(".deb") {
            self.draft.unmapped(line, format!("the package `{word}`: its name is no plain name"));
            return;
        }
        let written = match version {
            Some(version) if version.contains('*') => {
                self.draft
                    .unmapped(line, format!("`{word}`: taken without its version, which has a wildcard"));
                name.to_owned()
            }
            Some(version) => format!("{name} (= {version})"),
            None => name.to_owned(),
        };
        self.packages.insert(name.to_owned(), Package { line, written });
    }

    fn apk(&mut self, line: usize, arguments: &[&str]) -> Fate {
        const WITH_VALUE: [&str; 6] = ["-t", "--virtual", "-X", "--repository", "-p", "--root"];
        let plain = without_options(arguments, &WITH_VALUE);
        let Some((verb, names)) = plain.split_first() else { return NO_MEANING };
        match *verb {
            "add" => {
                for word in names {
                    let end = word.find(['=', '~', '<', '>', '@']).unwrap_or(word.len());
                    match apk_packages(&word[..end]) {
                        Some(debian) => {
                            for name in debian {
                                self.package(line, name);
                            }
                        }
                        None => self.draft.unmapped(
                            line,
                            format!("the apk package `{word}`: its name in Debian is not known here"),
                        ),
                    }
                }
                Done
            }
            "del" | "update" | "upgrade" => Done,
            _ => NO_MEANING,
        }
    }

    fn mkdir(&mut self, line: usize, arguments: &[&str]) -> Fate {
        let mut permissions = None;
        let mut rest = arguments.iter();
        while let Some(word) = rest.next() {
            if matches!(*word, "-m" | "--mode") {
                permissions = rest.next().filter(|text| is_mode(text)).map(|text| mode(text));
            } else if !word.starts_with('-') {
                let path = self.path(word);
                let directory = Made { mode: permissions.clone(), ..Made::at(line) };
                self.made.entry(path).or_insert(directory);
            }
        }
        Done
    }

    fn link(&mut self, line: usize, arguments: &[&str]) -> Fate {
        let soft = arguments.iter().any(|word| word.starts_with('-') && word.contains('s'));
        let plain: Vec<&&str> = arguments.iter().filter(|word| !word.starts_with('-')).collect();
        match plain[..] {
            [target, path] if soft && !path.ends_with('/') => {
                let link = Made { kind: "symlink", target: Some(Text::written(*target)), ..Made::at(line) };
                let path = self.path(path);
                self.made.insert(path, link);
                Done
            }
            _ => NO_MEANING,
        }
    }

    fn touch(&mut self, line: usize, arguments: &[&str]) -> Fate {
        for word in arguments.iter().filter(|word| !word.starts_with('-')) {
            let path = self.path(word);
            self.made.entry(path).or_insert(Made { kind: "empty-file", ..Made::at(line) });
        }
        Done
    }

    /// Changes owner or mode of what the file made or copied; anything else belongs to a package.
    fn change(
        &mut self,
        arguments: &[&str],
        apply: impl Fn((&mut Option<Text>, &mut Option<Text>, &mut Option<String>), &str) -> bool,
    ) -> Fate {
        let mut plain = arguments.iter().filter(|word| !word.starts_with('-'));
        let Some(value) = plain.next() else { return NO_MEANING };
        for word in plain {
            let path = self.path(word);
            let mut known = false;
            if let Some(made) = self.made.get_mut(&path) {
                known = apply((&mut made.owner, &mut made.group, &mut made.mode), value);
            }
            for file in self.files.iter_mut().filter(|file| file.to == path) {
                known = apply((&mut file.owner, &mut file.group, &mut file.mode), value);
            }
            if !known && path == self.work_dir && self.work_dir_line.is_some() {
                let mut made = Made::at(self.work_dir_line.unwrap_or_default());
                known = apply((&mut made.owner, &mut made.group, &mut made.mode), value);
                self.made.insert(path, made);
            }
            if !known {
                return Unmapped("say `owner` or `permissions` where `files` or `paths` name it");
            }
        }
        Done
    }

    fn user_command(&mut self, line: usize, arguments: &[&str]) -> Fate {
        let mut account = Account { line, ..Account::default() };
        let mut names = Vec::new();
        let mut rest = arguments.iter();
        while let Some(word) = rest.next() {
            let (option, inline) = word.split_once('=').map_or((*word, None), |(a, b)| (a, Some(b)));
            let takes = matches!(
                option,
                "-u" | "--uid"
                    | "-g"
                    | "--gid"
                    | "-G"
                    | "--groups"
                    | "--ingroup"
                    | "-d"
                    | "--home"
                    | "--home-dir"
                    | "-h"
                    | "-s"
                    | "--shell"
                    | "-c"
                    | "--comment"
                    | "--gecos"
                    | "-k"
                    | "-K"
                    | "-p"
                    | "--password"
            );
            if !takes {
                if !word.starts_with('-') {
                    names.push(*word);
                }
                continue;
            }
            let Some(value) = inline.or_else(|| rest.next().copied()) else { return NO_MEANING };
            match option {
                "-u" | "--uid" => account.number = value.parse().ok(),
                "-g" | "--gid" | "-G" | "--ingroup" => account.group = Some(value.to_owned()),
                "-d" | "--home" | "--home-dir" | "-h" => account.home = Some(Text::written(value)),
                "-s" | "--shell" if !value.ends_with("nologin") && !value.ends_with("false") => {
                    account.shell = Some(Text::written(value));
                }
                _ => {}
            }
        }
        match names[..] {
            [name] => {
                self.users.insert(name.to_owned(), account);
                Done
            }
            // Debian's `adduser USER GROUP`.
            _ => NO_MEANING,
        }
    }

    fn group_command(&mut self, line: usize, arguments: &[&str]) -> Fate {
        let mut account = Account { line, ..Account::default() };
        let mut names = Vec::new();
        let mut rest = arguments.iter();
        while let Some(word) = rest.next() {
            let (option, inline) = word.split_once('=').map_or((*word, None), |(a, b)| (a, Some(b)));
            match option {
                "-g" | "--gid" => {
                    account.number = inline.or_else(|| rest.next().copied()).and_then(|it| it.parse().ok());
                }
                _ if !word.starts_with('-') => names.push(*word),
                _ => {}
            }
        }
        match names[..] {
            [name] => {
                self.groups.insert(name.to_owned(), account);
                Done
            }
            _ => NO_MEANING,
        }
    }
}

/// Returns the words that are no options, nor the values of those that take the next word.
fn without_options<'a>(arguments: &[&'a str], with_value: &[&str]) -> Vec<&'a str> {
    let mut plain = Vec::new();
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        if with_value.contains(word) {
            rest.next();
        } else if !word.starts_with('-') {
            plain.push(*word);
        }
    }
    plain
}

/// Says whether a removal only takes away what an installation left behind.
fn clean(arguments: &[&str]) -> Fate {
    const LEFT: [&str; 7] =
        ["/var/lib/apt", "/var/cache", "/tmp", "/var/tmp", "/root/.cache", "/var/log", "/etc/apt"];
    let mut paths = arguments.iter().filter(|word| !word.starts_with('-'));
    if paths.all(|path| LEFT.iter().any(|left| path.starts_with(left))) { Done } else { NO_MEANING }
}

/// Says whether a word gives a variable its value for one command.
fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}
