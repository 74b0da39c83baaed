//! `COPY` and `ADD`: what is copied, where it comes from, and where it comes to lie.

use super::super::text::Text;
use super::image::{Copied, Image, join};
use super::read::Instruction;
use super::words::{exec_form, split};
use super::{Kind, stage};

/// Paths that the foundation has, which a file of one's own would contradict.
const FOUNDATION: [&str; 8] = [
    "/etc/group",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/ssl/certs",
    "/etc/ssl/certs/ca-certificates.crt",
    "/tmp",
    "/usr/share/ca-certificates",
    "/usr/share/zoneinfo",
];

/// Names that folders usually have, for sources that cannot be looked at.
const FOLDERS: [&str; 16] = [
    "app",
    "assets",
    "bin",
    "build",
    "config",
    "dist",
    "html",
    "lib",
    "node_modules",
    "out",
    "public",
    "publish",
    "site-packages",
    "src",
    "static",
    "templates",
];

/// What the options of a `COPY` say.
#[derive(Default)]
struct Options {
    from: Option<String>,
    owner: Option<Text>,
    group: Option<Text>,
    mode: Option<String>,
    exclude: Vec<Text>,
    sha256: Option<Text>,
}

impl Image<'_> {
    /// Takes a `COPY` or an `ADD` in.
    pub(super) fn copy(&mut self, instruction: &Instruction) -> Result<(), String> {
        let options = self.options(instruction)?;
        let words = match exec_form(&instruction.rest.text) {
            Some(words) => words,
            None => split(&instruction.rest.text, self.escape).into_iter().map(|(_, word)| word).collect(),
        };
        let mut expanded = Vec::new();
        for word in &words {
            expanded.push(self.scope.expand(word, self.escape)?);
        }
        let Some((target, sources)) = expanded.split_last().filter(|(_, sources)| !sources.is_empty()) else {
            return Err(String::from("it needs a source and a destination"));
        };
        let raw = target.as_str();
        let to = self.path(raw);
        let folder = raw.ends_with('/')
            || raw == "."
            || raw.ends_with("/.")
            || sources.len() > 1
            || to == self.work_dir
            || self.made.contains_key(&to);
        let mut documents = instruction.documents.iter();
        for source in sources {
            if source.as_str().starts_with("<<") {
                let Some(document) = documents.next() else { continue };
                let text = match document.expands {
                    true => self.scope.expand_document(&document.text, self.escape)?,
                    false => Text::literal(&document.text),
                };
                let to = if folder { join(&to, &document.name) } else { to.clone() };
                self.file(&options, instruction.line, ("text", text), to, String::new());
                continue;
            }
            self.source(instruction, &options, source, &to, folder)?;
        }
        Ok(())
    }

    fn options(&mut self, instruction: &Instruction) -> Result<Options, String> {
        let mut options = Options::default();
        for (name, value) in &instruction.flags {
            let value = self.scope.expand(value.as_deref().unwrap_or_default(), self.escape)?;
            let text = value.as_str();
            match name.as_str() {
                "from" => options.from = Some(text.replace("$$", "$")),
                "chown" => {
                    let (owner, group) = text.split_once(':').map_or((text, None), |(a, b)| (a, Some(b)));
                    options.owner = (!owner.is_empty()).then(|| Text::written(owner));
                    options.group = group.filter(|group| !group.is_empty()).map(Text::written);
                }
                "chmod" if is_mode(text) => options.mode = Some(mode(text)),
                "chmod" => {
                    let said = format!("--chmod={text}: say `permissions` as octal digits");
                    self.draft.unmapped(instruction.line, said);
                }
                "exclude" => options.exclude.push(value),
                "checksum" => options.sha256 = text.strip_prefix("sha256:").map(Text::written),
                "link" | "keep-git-dir" => {}
                _ => self.draft.unmapped(instruction.line, format!("--{name} has no meaning here")),
            }
        }
        Ok(options)
    }

    fn source(
        &mut self,
        instruction: &Instruction,
        options: &Options,
        source: &Text,
        to: &Text,
        folder: bool,
    ) -> Result<(), String> {
        let line = instruction.line;
        let shown = source.as_str();
        let is_url = shown.starts_with("https://") || shown.starts_with("http://");
        if instruction.keyword == "ADD" && (is_url || shown.starts_with("git@") || shown.ends_with(".git")) {
            let advice = "fetch it before the build, and copy it with its `sha256` in `files`";
            return Err(format!("`{shown}` is fetched from elsewhere: {advice}"));
        }
        let name = shown.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
        let is_glob = shown.contains(['*', '?', '[']);
        let (path, kind, comment) = match &options.from {
            Some(from) => self.of_stage(line, from, source),
            None => self.of_context(source),
        };
        if instruction.keyword == "ADD" && options.from.is_none() && is_archive(&name) {
            self.file(options, line, ("archive", path), to.clone(), comment);
            return Ok(());
        }
        let certificates = "/usr/local/share/ca-certificates";
        let is_local_file = options.from.is_none() && !is_glob && kind != Some(Kind::Directory);
        if is_local_file && to.as_str().starts_with(certificates) {
            self.certificates.push((line, path));
            return Ok(());
        }
        let guess = kind.unwrap_or_else(|| self.guess(options.from.as_deref(), source, &name));
        let (path, to, mut comment) = match (is_glob, guess) {
            (true, _) => (path, slash(to), comment),
            (false, Kind::Directory) if to.as_str() == "/" => {
                (Text::written(format!("{}/*", path.as_str().trim_end_matches('/'))), to.clone(), comment)
            }
            (false, Kind::File) if folder => (path, join(to, &name), comment),
            (false, _) => (path, to.clone(), comment),
        };
        if kind.is_none() && folder && !is_glob {
            let other = match guess {
                Kind::Directory => {
                    format!("Taken for a folder; for a file, write `to: {}`.", slash(&to).as_str())
                }
                Kind::File => format!("Taken for a file; for a folder, write `to: {}`.", parent(&to)),
            };
            comment = if comment.is_empty() { other } else { format!("{comment}\n{other}") };
        }
        if FOUNDATION.contains(&to.as_str().trim_end_matches('/')) {
            let what = format!("{} to {}", shown, to.as_str());
            self.draft.unmapped(line, format!("{what}: left out, the foundation has it"));
            return Ok(());
        }
        let mut entry = self.entry(options, line, ("from", path), to, comment);
        if guess == Kind::Directory && options.from.is_none() {
            entry.exclude.extend(self.ignored(shown));
        }
        self.files.push(entry);
        Ok(())
    }

    fn file(
        &mut self,
        options: &Options,
        line: usize,
        content: (&'static str, Text),
        to: Text,
        comment: String,
    ) {
        let entry = self.entry(options, line, content, to, comment);
        self.files.push(entry);
    }

    fn entry(
        &self,
        options: &Options,
        line: usize,
        (kind, source): (&'static str, Text),
        to: Text,
        comment: String,
    ) -> Copied {
        let exclude = if kind == "text" { Vec::new() } else { options.exclude.clone() };
        let Options { owner, group, mode, sha256, .. } = options;
        let (owner, group, mode) = (owner.clone(), group.clone(), mode.clone());
        Copied { line, kind, source, to, owner, group, mode, exclude, sha256: sha256.clone(), comment }
    }

    /// Returns where a file of the build's context is, seen from the spec, and what it is.
    fn of_context(&self, source: &Text) -> (Text, Option<Kind>, String) {
        let relative = join(&Text::default(), source.as_str());
        let relative = relative.as_str().trim_start_matches('/');
        let relative = if relative.is_empty() { "." } else { relative };
        let kind = (self.around.kind)(relative);
        let folder = Text::literal(self.around.folder);
        let path = match (folder.as_str(), relative) {
            ("" | ".", path) => path.to_owned(),
            (folder, ".") => folder.to_owned(),
            (folder, path) => format!("{folder}/{path}"),
        };
        let kind =
            kind.or_else(|| (relative == "." || source.as_str().ends_with('/')).then_some(Kind::Directory));
        (Text::written(path), kind, String::new())
    }

    /// Returns where a file of another stage or image comes to lie when that is taken out.
    fn of_stage(&mut self, line: usize, from: &str, source: &Text) -> (Text, Option<Kind>, String) {
        let inner = join(&Text::default(), source.as_str());
        let inner = inner.as_str();
        let last = self.stages.all.len() - 1;
        let number = self.stages.find(from, last);
        let folder: String = from
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' })
            .collect();
        let folder = folder.trim_matches('.');
        let file = match (self.around.file, self.around.folder) {
            ("Dockerfile", _) => String::new(),
            (file, "") => format!(" -f {file}"),
            (file, folder) => format!(" -f {folder}/{file}"),
        };
        let context = if self.around.folder.is_empty() { "." } else { self.around.folder };
        let (text, path) = match number {
            Some(_) => (
                format!(
                    "Out of the stage `{from}` (line {line}), which is built as before:\n  docker buildx build{file} \
                     --platform linux/amd64,linux/arm64 --target {from} -o out/{folder} {context}"
                ),
                format!("out/{folder}/linux_${{arch}}{inner}"),
            ),
            None => (
                format!(
                    "Out of the image `{from}` (line {line}):\n  docker create --name {folder} {from} && docker \
                     export {folder} | tar -x -C out/{folder}"
                ),
                format!("out/{folder}{inner}"),
            ),
        };
        self.taken.entry(from.to_owned()).or_insert(text);
        let kind = (source.as_str().ends_with('/') && source.as_str().len() > 1).then_some(Kind::Directory);
        (Text::written(path), kind, String::new())
    }

    /// Says what a source probably is that cannot be looked at.
    fn guess(&self, from: Option<&str>, source: &Text, name: &str) -> Kind {
        let last = self.stages.all.len() - 1;
        let of_stage =
            from.and_then(|from| self.stages.find(from, last)).map(|number| &self.stages.all[number]);
        let works_there = of_stage.is_some_and(|stage: &stage::Stage| {
            let said = stage.instructions.iter().filter(|it| it.keyword == "WORKDIR");
            said.map(|it| it.rest.text.trim_end_matches('/')).any(|path| path == source.as_str())
        });
        if works_there || FOLDERS.contains(&name) || name.is_empty() { Kind::Directory } else { Kind::File }
    }

    /// Returns what `.dockerignore` leaves out below a folder, and what never belongs into an image.
    fn ignored(&self, folder: &str) -> Vec<Text> {
        let folder = folder.trim_start_matches("./").trim_matches('/');
        let everything = folder.is_empty() || folder == ".";
        let mut globs = Vec::new();
        if everything {
            globs.extend([".git", "attar.yaml", "attar.lock", self.around.file].map(String::from));
        }
        for pattern in self.around.ignored {
            let pattern = pattern.trim().trim_start_matches("./").trim_matches('/');
            if pattern.is_empty() || pattern.starts_with(['#', '!']) {
                continue;
            }
            let below = match pattern.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')) {
                _ if everything || pattern.starts_with("**/") => Some(pattern),
                below => below,
            };
            globs.extend(below.map(str::to_owned));
        }
        globs.dedup();
        globs.iter().map(|glob| Text::literal(glob)).collect()
    }
}

/// Says whether a mode is written in octal digits.
pub(super) fn is_mode(text: &str) -> bool {
    (3..=4).contains(&text.len()) && text.bytes().all(|digit| matches!(digit, b'0'..=b'7'))
}

/// Returns a mode with four digits.
pub(super) fn mode(text: &str) -> String {
    format!("{text:0>4}")
}

fn is_archive(name: &str) -> bool {
    [".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst"].iter().any(|end| name.ends_with(end))
}

fn slash(path: &Text) -> Text {
    Text::written(format!("{}/", path.as_str().trim_end_matches('/')))
}

fn parent(path: &Text) -> &str {
    let cut = path.as_str().rfind('/').unwrap_or(0);
    if cut == 0 { "/" } else { &path.as_str()[..cut] }
}
