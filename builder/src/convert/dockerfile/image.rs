//! The image that the last stage describes, gathered instruction by instruction, then written down.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Conversion;
use super::super::draft::{Draft, Key};
use super::super::text::{Text, list, scalar};
use super::Surroundings;
use super::bases::Base;
use super::stage::Stages;
use super::words::Scope;
use crate::effects::accounts::Master;

/// What every container's `PATH` is unless it says otherwise.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The first number of users that have none in the file, as `useradd` gives it.
const FIRST_USER: u32 = 1000;

/// A file, folder or archive that is copied.
#[derive(Clone, Debug)]
pub(super) struct Copied {
    pub(super) line: usize,
    /// `from`, `text` or `archive`.
    pub(super) kind: &'static str,
    pub(super) source: Text,
    pub(super) to: Text,
    pub(super) owner: Option<Text>,
    pub(super) group: Option<Text>,
    pub(super) mode: Option<String>,
    pub(super) exclude: Vec<Text>,
    pub(super) sha256: Option<Text>,
    pub(super) comment: String,
}

/// A directory, link or empty file that is made.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) line: usize,
    pub(super) kind: &'static str,
    pub(super) target: Option<Text>,
    pub(super) owner: Option<Text>,
    pub(super) group: Option<Text>,
    pub(super) mode: Option<String>,
}

/// A user or group that the file makes.
#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    pub(super) line: usize,
    pub(super) number: Option<u32>,
    pub(super) group: Option<String>,
    pub(super) home: Option<Text>,
    pub(super) shell: Option<Text>,
}

/// A command of `ENTRYPOINT`, `CMD` or `HEALTHCHECK`.
#[derive(Clone, Debug)]
pub(super) struct Start {
    pub(super) line: usize,
    /// Program and arguments, or why there are none.
    pub(super) words: Result<Vec<Text>, String>,
    pub(super) comment: String,
}

/// A package that is installed, as the spec writes it.
#[derive(Clone, Debug)]
pub(super) struct Package {
    pub(super) line: usize,
    pub(super) written: String,
}

/// The image of the last stage.
pub(super) struct Image<'a> {
    pub(super) draft: Draft,
    pub(super) scope: Scope,
    pub(super) escape: char,
    pub(super) stages: &'a Stages,
    pub(super) around: &'a Surroundings<'a>,
    pub(super) base: Base,
    /// By name.
    pub(super) packages: BTreeMap<String, Package>,
    pub(super) files: Vec<Copied>,
    pub(super) made: BTreeMap<Text, Made>,
    pub(super) users: BTreeMap<String, Account>,
    pub(super) groups: BTreeMap<String, Account>,
    pub(super) certificates: Vec<(usize, Text)>,
    /// Stages and images that files come out of, with what to do for that.
    pub(super) taken: BTreeMap<String, String>,
    pub(super) user: Option<(usize, String)>,
    pub(super) work_dir: Text,
    pub(super) work_dir_line: Option<usize>,
    pub(super) entrypoint: Option<Start>,
    pub(super) cmd: Option<Start>,
    pub(super) health: Option<(Start, Vec<(&'static str, Text)>)>,
    pub(super) environment: Vec<(usize, String, Text)>,
    pub(super) labels: Vec<(usize, Text, Text)>,
}

impl<'a> Image<'a> {
    pub(super) fn new(stages: &'a Stages, around: &'a Surroundings<'a>, base: Base, escape: char) -> Self {
        let mut scope = Scope::default();
        scope.set("PATH", Text::literal(PATH));
        Self {
            draft: Draft::default(),
            scope,
            escape,
            stages,
            around,
            base,
            packages: BTreeMap::new(),
            files: Vec::new(),
            made: BTreeMap::new(),
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            certificates: Vec::new(),
            taken: BTreeMap::new(),
            user: None,
            work_dir: Text::literal("/"),
            work_dir_line: None,
            entrypoint: None,
            cmd: None,
            health: None,
            environment: Vec::new(),
            labels: Vec::new(),
        }
    }

    /// Returns a path of the image, seen from the working directory.
    pub(super) fn path(&self, raw: &str) -> Text {
        join(&self.work_dir, raw)
    }

    /// Writes everything down.
    pub(super) fn finish(mut self, line: usize, platform: Option<&str>) -> Conversion {
        self.accounts();
        self.paths();
        self.contents(line);
        self.configuration();
        let platforms = match platform {
            Some(platform) => vec![platform],
            None => vec!["linux/amd64", "linux/arm64"],
        };
        for platform in platforms {
            self.draft.add(Key::Platforms, line, scalar(&Text::literal(platform)), "");
        }
        self.draft.finish()
    }

    fn contents(&mut self, line: usize) {
        self.draft.add(Key::Repositories, line, format!("debian: {}", self.base.suite), "");
        self.draft.remark(Key::Packages, &self.base.why.clone());
        for name in self.base.packages.clone() {
            if !self.packages.contains_key(&name) {
                self.draft.add(Key::Packages, line, scalar(&Text::literal(&name)), "");
            }
        }
        let mut last = line;
        let mut packages: Vec<Package> = std::mem::take(&mut self.packages).into_values().collect();
        packages.sort_by_key(|package| package.line);
        for package in packages {
            let why = if last == package.line { String::new() } else { format!("Line {}.", package.line) };
            last = package.line;
            self.draft.add(Key::Packages, package.line, scalar(&Text::literal(&package.written)), &why);
        }
        for text in std::mem::take(&mut self.taken).into_values() {
            self.draft.remark(Key::Files, &text);
        }
        for file in deduplicated(std::mem::take(&mut self.files)) {
            self.draft.add(Key::Files, file.line, file.written(), &file.comment);
        }
        for (line, path) in std::mem::take(&mut self.certificates) {
            self.draft.add(Key::AdditionalCertificates, line, scalar(&path), "");
        }
    }

    /// Writes users and groups, those included that are referred to and made nowhere.
    fn accounts(&mut self) {
        let mut referred: Vec<(usize, String)> = Vec::new();
        let mut referred_groups: Vec<(usize, String)> = Vec::new();
        let owners = self.files.iter().map(|it| (it.line, &it.owner, &it.group));
        let made = self.made.values().map(|it| (it.line, &it.owner, &it.group));
        for (line, owner, group) in owners.chain(made) {
            referred.extend(owner.iter().map(|name| (line, name.as_str().to_owned())));
            referred_groups.extend(group.iter().map(|name| (line, name.as_str().to_owned())));
        }
        let run_as = self.user.clone().map(|(line, text)| {
            let (user, group) = text.split_once(':').map_or((text.as_str(), None), |(u, g)| (u, Some(g)));
            (line, user.to_owned(), group.map(str::to_owned))
        });
        if let Some((line, user, group)) = &run_as {
            referred.push((*line, user.clone()));
            if let Some(number) = user.parse::<u32>().ok().filter(|number| !is_known_number(*number)) {
                let known = self.users.values().any(|account| account.number == Some(number));
                if !known {
                    let name =
                        ["app", "user", "service"].into_iter().find(|name| !self.users.contains_key(*name));
                    let account = Account {
                        line: *line,
                        number: Some(number),
                        group: group.clone(),
                        ..Account::default()
                    };
                    self.users.insert(String::from(name.unwrap_or("app-user")), account);
                }
            } else if let Some(group) = group {
                match self.users.get_mut(user) {
                    Some(account) => account.group = Some(group.clone()),
                    None if group != user && group != "0" && group != "root" => {
                        self.draft.unmapped(
                            *line,
                            format!("USER: the group `{group}`: say it as `gid` of the user"),
                        );
                    }
                    None => {}
                }
            }
        }
        let master = Master::debian();
        for (line, name) in referred {
            let given = name.parse::<u32>().is_ok() || name.contains('$');
            if given || name == "nonroot" || master.uid(&name).is_some() || self.users.contains_key(&name) {
                continue;
            }
            let number = self.base.users.iter().find(|(known, _)| *known == name).map(|(_, number)| *number);
            self.users.insert(name, Account { line, number, ..Account::default() });
        }
        for (line, name) in referred_groups {
            let given = name.parse::<u32>().is_ok() || name.contains('$');
            let known = self.users.contains_key(&name) || self.groups.contains_key(&name);
            if !given && !known && name != "nonroot" && master.gid(&name).is_none() {
                self.groups.insert(name, Account { line, ..Account::default() });
            }
        }
        self.write_accounts(&master);
        match run_as {
            Some((line, user, _)) => self.draft.add(Key::RunAs, line, scalar_of_number(&user), ""),
            None => {
                let why = "No USER line: it ran as root. Here it runs as 65532, unless this says otherwise:\nrun-as: root";
                self.draft.remark(Key::RunAs, why);
            }
        }
    }

    fn write_accounts(&mut self, master: &Master) {
        let mut taken: BTreeSet<u32> = self.users.values().filter_map(|account| account.number).collect();
        taken.extend(self.groups.values().filter_map(|account| account.number));
        let mut free = (FIRST_USER..).filter(move |number| !taken.contains(number));
        let mut groups: BTreeMap<String, u32> = BTreeMap::new();
        for (name, account) in std::mem::take(&mut self.groups) {
            let user = self.users.get(&name).and_then(|user| user.number);
            let number = account.number.or(user).or_else(|| free.next()).unwrap_or(FIRST_USER);
            if account.number.is_none() && user.is_none() {
                self.draft.unmapped(
                    account.line,
                    format!("the number of the group `{name}` is not said: {number} is taken"),
                );
            }
            groups.insert(name.clone(), number);
            let body = format!("{{groupname: {}, gid: {number}}}", scalar(&Text::literal(&name)));
            self.draft.add(Key::Groups, account.line, body, "");
        }
        for (name, account) in std::mem::take(&mut self.users) {
            let number = account.number.or_else(|| groups.get(&name).copied()).or_else(|| free.next());
            let number = number.unwrap_or(FIRST_USER);
            if account.number.is_none() {
                self.draft.unmapped(
                    account.line,
                    format!("the number of the user `{name}` is not said: {number} is taken"),
                );
            }
            let mut body = format!("{{username: {}, uid: {number}", scalar(&Text::literal(&name)));
            let own = groups.get(&name).copied();
            let gid = match account.group.as_deref() {
                Some(group) => {
                    group.parse().ok().or_else(|| groups.get(group).copied()).or_else(|| master.gid(group))
                }
                None => own,
            };
            if let Some(gid) = gid.filter(|gid| *gid != number) {
                body.push_str(&format!(", gid: {gid}"));
            }
            if let Some(home) = &account.home {
                body.push_str(&format!(", homedir: {}", scalar(home)));
            }
            if let Some(shell) = &account.shell {
                body.push_str(&format!(", shell: {}", scalar(shell)));
            }
            self.draft.add(Key::Users, account.line, body + "}", "");
        }
    }

    fn paths(&mut self) {
        for (path, target) in std::mem::take(&mut self.base.links) {
            let link = Made { kind: "symlink", target: Some(Text::literal(&target)), ..Made::at(0) };
            self.made.entry(Text::literal(path)).or_insert(link);
        }
        if let Some(line) = self.work_dir_line {
            let prefix = format!("{}/", self.work_dir.as_str().trim_end_matches('/'));
            let inside =
                |path: &Text| path.as_str() == self.work_dir.as_str() || path.as_str().starts_with(&prefix);
            let exists = self.files.iter().map(|file| &file.to).chain(self.made.keys()).any(inside);
            if prefix != "/" && !exists {
                self.made.insert(self.work_dir.clone(), Made::at(line));
            }
        }
        for (path, made) in std::mem::take(&mut self.made) {
            self.draft.add(Key::Paths, made.line, made.written(&path), "");
        }
    }

    fn configuration(&mut self) {
        let inherited = |words: &[String]| {
            let literal = words.iter().map(|word| Text::literal(word)).collect();
            let comment = String::from("As the base has it.");
            (!words.is_empty()).then_some(Start { line: 0, words: Ok(literal), comment })
        };
        // A program of one's own takes the place of the base's, and of its arguments.
        if self.entrypoint.is_none() {
            self.entrypoint = inherited(&self.base.entrypoint);
            if self.cmd.is_none() {
                self.cmd = inherited(&self.base.cmd);
            }
        }
        if self.entrypoint.is_none() && self.cmd.is_none() {
            let text = "The last stage names no program:\nentrypoint: {command: [/usr/bin/app]}";
            self.draft.remark(Key::Entrypoint, text);
        }
        if let Some(start) = self.entrypoint.take() {
            self.start(Key::Entrypoint, "ENTRYPOINT", start);
        }
        if let Some(start) = self.cmd.take() {
            self.start(Key::Cmd, "CMD", start);
        }
        if let Some(line) = self.work_dir_line {
            self.draft.add(Key::WorkDir, line, scalar(&self.work_dir.clone()), "");
        }
        if let Some((start, options)) = self.health.take() {
            match start.words {
                Ok(words) => {
                    let mut body = format!("{{command: {}", list(&self.program(words)));
                    for (name, value) in options {
                        body.push_str(&format!(", {name}: {}", scalar_of_number(value.as_str())));
                    }
                    self.draft.add(Key::Healthcheck, start.line, body + "}", &start.comment);
                }
                Err(why) => {
                    let said = format!("HEALTHCHECK in shell form: {why}, and the image has no shell");
                    self.draft.unmapped(start.line, said);
                    self.draft.remark(Key::Healthcheck, &start.comment);
                }
            }
        }
        let mut last = BTreeMap::new();
        for (line, name, value) in std::mem::take(&mut self.environment) {
            last.insert(name, (line, value));
        }
        for (name, (line, value)) in last {
            let body = format!("{}: {}", scalar(&Text::literal(&name)), scalar(&value));
            self.draft.add(Key::Environment, line, body, "");
        }
        let mut last = BTreeMap::new();
        for (line, name, value) in std::mem::take(&mut self.labels) {
            last.insert(name, (line, value));
        }
        for (name, (line, value)) in last {
            self.draft.add(Key::Labels, line, format!("{}: {}", scalar(&name), scalar(&value)), "");
        }
    }

    fn start(&mut self, key: Key, keyword: &str, start: Start) {
        match start.words {
            Ok(words) => {
                // The words of a CMD follow the entrypoint's where there is one.
                let first = key == Key::Entrypoint || !self.draft.has(Key::Entrypoint);
                let words = if first { self.program(words) } else { words };
                let body = list(&words);
                let body = if key == Key::Entrypoint { format!("{{command: {body}}}") } else { body };
                self.draft.add(key, start.line, body, &start.comment);
            }
            Err(why) => {
                self.draft
                    .remark(key, &format!("{}\n{why}: name the program and its arguments", start.comment));
                let said = format!("{keyword} in shell form: {why}, and the image has no shell");
                self.draft.unmapped(start.line, said);
            }
        }
    }

    /// Puts the path for a program that the base is called by name for.
    fn program(&self, mut words: Vec<Text>) -> Vec<Text> {
        if let Some(first) = words.first_mut() {
            let known = self.base.programs.iter().find(|(name, _)| *name == first.as_str());
            if let Some((_, path)) = known {
                *first = Text::literal(path);
            }
        }
        words
    }
}

impl Made {
    /// Returns a directory.
    pub(super) fn at(line: usize) -> Self {
        Self { line, kind: "directory", target: None, owner: None, group: None, mode: None }
    }

    fn written(&self, path: &Text) -> String {
        let mut body = format!("{{path: {}, type: {}", scalar(path), self.kind);
        if let Some(target) = &self.target {
            body.push_str(&format!(", source: {}", scalar(target)));
        }
        body + &attributes(self.owner.as_ref(), self.group.as_ref(), self.mode.as_deref()) + "}"
    }
}

impl Copied {
    fn written(&self) -> String {
        let mut body = format!("{{{}: {}, to: {}", self.kind, scalar(&self.source), scalar(&self.to));
        if let Some(sha256) = &self.sha256 {
            body.push_str(&format!(", sha256: {}", scalar(sha256)));
        }
        if !self.exclude.is_empty() {
            body.push_str(&format!(", exclude: {}", list(&self.exclude)));
        }
        body + &attributes(self.owner.as_ref(), self.group.as_ref(), self.mode.as_deref()) + "}"
    }
}

fn attributes(owner: Option<&Text>, group: Option<&Text>, mode: Option<&str>) -> String {
    let mut body = String::new();
    if let Some(owner) = owner {
        body.push_str(&format!(", owner: {}", scalar_of_number(owner.as_str())));
    }
    if let Some(group) = group {
        body.push_str(&format!(", group: {}", scalar_of_number(group.as_str())));
    }
    if let Some(mode) = mode {
        body.push_str(&format!(", permissions: {mode}"));
    }
    body
}

/// Returns a number without quotes, anything else as a scalar.
fn scalar_of_number(text: &str) -> String {
    let digits = text.len() < 10 && !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    if digits { text.to_owned() } else { scalar(&Text::written(text)) }
}

/// Users that every image has by number: root, `nonroot`, `nobody`.
fn is_known_number(number: u32) -> bool {
    matches!(number, 0 | 65532 | 65534)
}

/// Keeps one entry for each place: a later file replaces an earlier one, a later folder is added to it.
fn deduplicated(files: Vec<Copied>) -> impl Iterator<Item = Copied> {
    let place = |file: &Copied| {
        let source = file.to.as_str().ends_with('/').then(|| file.source.clone());
        (file.to.clone(), source)
    };
    let mut places: BTreeMap<(Text, Option<Text>), usize> = BTreeMap::new();
    let mut kept: Vec<Option<Copied>> = Vec::new();
    for mut file in files {
        let earlier = places.get(&place(&file)).and_then(|&at| kept[at].take_if(|it| added(it, &file)));
        match earlier {
            // What is left out is left out below a folder, not among the matches of a glob.
            Some(mut earlier) if !file.exclude.is_empty() && earlier.exclude.is_empty() => {
                places.remove(&place(&file));
                spread(&mut earlier);
                places.insert(place(&earlier), kept.len());
                kept.push(Some(earlier));
            }
            Some(earlier) => {
                places.insert(place(&earlier), kept.len());
                kept.push(Some(earlier));
                spread(&mut file);
            }
            None => {}
        }
        if let Some(earlier) = places.insert(place(&file), kept.len()) {
            kept[earlier] = None;
        }
        kept.push(Some(file));
    }
    kept.into_iter().flatten()
}

/// Says whether a later entry is added to an earlier one of the same place.
fn added(earlier: &Copied, later: &Copied) -> bool {
    earlier.kind == "from" && later.kind == "from" && earlier.source != later.source
}

/// Names what is in a folder instead of the folder, so that another entry can have its place.
fn spread(file: &mut Copied) {
    let cut = |text: &Text, end: &str| Text::written(format!("{}{end}", text.as_str().trim_end_matches('/')));
    file.source = cut(&file.source, "/*");
    file.to = cut(&file.to, "/");
    file.comment.clear();
}

/// Joins a path with what it is relative to, and takes `.` and `..` out.
pub(super) fn join(folder: &Text, path: &str) -> Text {
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", folder.as_str()) };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Text::written(format!("/{}", parts.join("/")))
}
