//! Programs that make users and groups.

use super::super::accounts::{GroupName, GroupRequest, UserRequest};
use super::super::effect::Effect;
use super::evaluate::Run;
use super::expand::Field;

/// Options that take a value, of all these programs.
const VALUED: &[&str] = &[
    "--home",
    "--shell",
    "--uid",
    "--gid",
    "--ingroup",
    "--gecos",
    "--comment",
    "--firstuid",
    "--lastuid",
    "--conf",
    "--firstgid",
    "--lastgid",
    "--add_extra_groups",
    "--system-user",
    "--groups",
    "--home-dir",
    "--base-dir",
    "--password",
    "--key",
    "--root",
    "--expiredate",
    "--login",
    "--members",
    "-d",
    "-s",
    "-u",
    "-g",
    "-G",
    "-c",
    "-b",
    "-k",
    "-p",
    "-K",
    "-e",
    "-f",
    "-l",
    "-R",
    "-P",
];

#[derive(Default)]
struct Words {
    options: Vec<(String, String)>,
    flags: Vec<String>,
    operands: Vec<String>,
}

impl Words {
    fn split(name: &str, fields: &[Field]) -> Option<Self> {
        let mut words = Self::default();
        let mut rest = fields.iter();
        while let Some(field) = rest.next() {
            let Some(text) = field.text.as_deref() else {
                // A description that is not known does not matter.
                let option = field.shown.split_once('=').map(|(option, _)| option)?;
                matches!(option, "--gecos" | "--comment").then_some(())?;
                continue;
            };
            if text == "--" {
                continue;
            }
            if let Some((option, value)) = text.split_once('=').filter(|(option, _)| option.starts_with("--"))
            {
                words.options.push((option.to_owned(), value.to_owned()));
            } else if let Some(option) = valued_option(name, text) {
                let text = option.as_str();
                let value = rest.next()?;
                let known = value
                    .text
                    .clone()
                    .or_else(|| matches!(text, "--gecos" | "--comment" | "-c").then(String::new));
                words.options.push((option.clone(), known?));
                words.flags.push(field.shown.clone());
            } else if text.starts_with('-') && text.len() > 1 {
                words.flags.push(text.to_owned());
            } else {
                words.operands.push(text.to_owned());
            }
        }
        Some(words)
    }

    fn value(&self, names: &[&str]) -> Option<&str> {
        self.options
            .iter()
            .rev()
            .find(|(name, _)| names.contains(&name.as_str()))
            .map(|(_, value)| value.as_str())
    }

    fn has(&self, names: &[&str]) -> bool {
        self.flags.iter().any(|flag| {
            let letters = flag.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
            names.iter().any(|name| {
                flag == name || name.len() == 2 && letters.is_some_and(|letters| letters.contains(&name[1..]))
            })
        })
    }
}

/// Returns the option that takes the next word: `-aG` is `-a` and `-G`.
fn valued_option(name: &str, text: &str) -> Option<String> {
    if takes_value(name, text) {
        return Some(text.to_owned());
    }
    let letters = text.strip_prefix('-').filter(|letters| letters.len() > 1 && !letters.starts_with('-'))?;
    let last = format!("-{}", letters.chars().next_back()?);
    takes_value(name, &last).then_some(last)
}

/// `adduser --group` is a flag, `useradd -g` takes a value, `groupadd -f` is a flag.
fn takes_value(name: &str, option: &str) -> bool {
    match (name, option) {
        ("groupadd", "-f" | "-p") | ("usermod" | "useradd", "-f") => option == "-p",
        ("usermod", "-l") => true,
        ("useradd", "-l") => false,
        _ => VALUED.contains(&option),
    }
}

impl Run<'_> {
    /// Handles a command on accounts; says whether it was one.
    pub(super) fn account_command(&mut self, name: &str, arguments: &[Field], text: &str) -> bool {
        if !matches!(
            name,
            "adduser"
                | "addgroup"
                | "useradd"
                | "groupadd"
                | "usermod"
                | "gpasswd"
                | "groupmod"
                | "deluser"
                | "delgroup"
                | "userdel"
                | "groupdel"
                | "passwd"
                | "chage"
                | "chfn"
                | "chsh"
                | "pwck"
                | "grpck"
        ) {
            return false;
        }
        let done = match (name, Words::split(name, arguments)) {
            (_, None) => None,
            ("adduser", Some(words)) if words.has(&["--group"]) && !words.has(&["--system"]) => {
                self.addgroup(&words, text)
            }
            ("adduser", Some(words)) => self.adduser(&words, text),
            ("addgroup" | "groupadd", Some(words)) => self.addgroup(&words, text),
            ("useradd", Some(words)) => self.useradd(&words, text),
            ("usermod", Some(words)) => self.usermod(&words, text),
            ("gpasswd", Some(words)) => match (&words.operands[..], words.has(&["-a"])) {
                ([user, group], true) => {
                    self.effect(text, Effect::Member { group: group.clone(), user: user.clone() });
                    Some(())
                }
                _ => None,
            },
            ("deluser" | "delgroup" | "userdel" | "groupdel", Some(words)) => {
                let known = words.operands.first().is_some_and(|name| {
                    self.names.contains(name) || self.names.contains(&format!("@{name}"))
                });
                (!known).then(|| {
                    self.status = Some(true);
                    self.nothing(text, "there is no such account before");
                })
            }
            ("passwd" | "chage" | "chfn" | "pwck" | "grpck", Some(_)) => {
                self.status = Some(true);
                self.nothing(text, "no account has a password");
                Some(())
            }
            _ => None,
        };
        if done.is_none() {
            self.unknown(text, "the account it makes or changes is not understood");
        }
        true
    }

    fn adduser(&mut self, words: &Words, text: &str) -> Option<()> {
        let (user, group) = match &words.operands[..] {
            [user] => (user.clone(), None),
            [user, group] => (user.clone(), Some(group.clone())),
            _ => return None,
        };
        if let Some(group) = group {
            self.effect(text, Effect::Member { group, user });
            return Some(());
        }
        // A user who is no system user is a person: nothing that a package should make.
        if !words.has(&["--system"]) {
            return None;
        }
        let group = match (words.value(&["--ingroup"]), words.value(&["--gid"])) {
            (Some(group), _) => Some(GroupName::Name(group.to_owned())),
            (None, Some(gid)) => Some(group_name(gid)),
            (None, None) if words.has(&["--group"]) => None,
            (None, None) => Some(GroupName::Name("nogroup".to_owned())),
        };
        let home = words.value(&["--home"]);
        let makes_home = home.is_some() && !words.has(&["--no-create-home"]);
        self.user(user, group, words, (home.unwrap_or("/nonexistent"), "/usr/sbin/nologin", makes_home), text)
    }

    fn useradd(&mut self, words: &Words, text: &str) -> Option<()> {
        let [user] = &words.operands[..] else { return None };
        if !words.has(&["-r", "--system"]) {
            return None;
        }
        for group in
            words.value(&["-G", "--groups"]).unwrap_or_default().split(',').filter(|group| !group.is_empty())
        {
            self.effect(text, Effect::Member { group: group.to_owned(), user: user.clone() });
        }
        let group = match words.value(&["-g", "--gid"]) {
            Some(group) => Some(group_name(group)),
            None if words.has(&["-N", "--no-user-group"]) => Some(GroupName::Number(100)),
            None => None,
        };
        let default_home = format!("/home/{user}");
        let home = words.value(&["-d", "--home", "--home-dir"]).unwrap_or(&default_home);
        let makes_home = words.has(&["-m", "--create-home"]);
        self.user(user.clone(), group, words, (home, "/bin/sh", makes_home), text)
    }

    fn user(
        &mut self,
        name: String,
        group: Option<GroupName>,
        words: &Words,
        (home, shell, makes_home): (&str, &str, bool),
        text: &str,
    ) -> Option<()> {
        let uid = match words.value(&["--uid", "-u"]) {
            Some(uid) => Some(uid.parse().ok()?),
            None => None,
        };
        let request = UserRequest {
            uid,
            group,
            gecos: words
                .value(&["--gecos", "--comment", "-c"])
                .unwrap_or_default()
                .trim_end_matches(',')
                .to_owned(),
            home: home.to_owned(),
            shell: words.value(&["--shell", "-s"]).unwrap_or(shell).to_owned(),
            because: self.package.package.clone(),
        };
        self.effect(text, Effect::User { name, request, makes_home });
        Some(())
    }

    fn addgroup(&mut self, words: &Words, text: &str) -> Option<()> {
        match &words.operands[..] {
            [name] => {
                let gid = match words.value(&["--gid", "-g"]) {
                    Some(gid) => Some(gid.parse().ok()?),
                    None => None,
                };
                let request = GroupRequest { gid, because: self.package.package.clone() };
                self.effect(text, Effect::Group { name: name.clone(), request });
                Some(())
            }
            [user, group] => {
                self.effect(text, Effect::Member { group: group.clone(), user: user.clone() });
                Some(())
            }
            _ => None,
        }
    }

    fn usermod(&mut self, words: &Words, text: &str) -> Option<()> {
        let [user] = &words.operands[..] else { return None };
        for group in
            words.value(&["-G", "--groups"]).unwrap_or_default().split(',').filter(|group| !group.is_empty())
        {
            self.effect(text, Effect::Member { group: group.to_owned(), user: user.clone() });
        }
        let value = |names: &[&str]| words.value(names).map(str::to_owned);
        let (home, shell) = (value(&["-d", "--home"]), value(&["-s", "--shell"]));
        let (gecos, group) = (value(&["-c", "--comment"]), words.value(&["-g", "--gid"]).map(group_name));
        if home.is_some() || shell.is_some() || gecos.is_some() || group.is_some() {
            self.effect(text, Effect::Account { name: user.clone(), home, shell, gecos, group });
        } else if words.value(&["-G", "--groups"]).is_none() {
            let harmless = words.has(&["-U", "-L", "--lock", "--unlock"]) && words.options.is_empty();
            harmless.then_some(())?;
            self.status = Some(true);
            self.nothing(text, "no account has a password");
        }
        Some(())
    }
}

fn group_name(text: &str) -> GroupName {
    text.parse().map_or_else(|_| GroupName::Name(text.to_owned()), GroupName::Number)
}
