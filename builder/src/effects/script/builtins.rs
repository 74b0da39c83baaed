//! Runs a command of known words: what the shell does itself, functions, then programs.

use attar_image::TreePath;

use super::super::effect::{Effect, Existing, FileContent, Ownership};
use super::evaluate::{Flow, Run};
use super::expand::Field;
use super::state::{Made, Value};

/// The largest file that is read to be followed or copied into a value.
const MAX_FILE: usize = 64 * 1024;

impl Run<'_> {
    /// Runs a command whose first field names it.
    pub(super) fn run(&mut self, fields: &[Field]) -> Flow {
        let Some((name, arguments)) = fields.split_first() else { return Flow::Next };
        if let Some(flow) = self.call(fields) {
            return flow;
        }
        let Some(name) = name.text.as_deref() else {
            self.print(None);
            self.unknown(&shown(fields), "the name of the command is not known");
            return Flow::Next;
        };
        if let Some(flow) = self.control(name, arguments) {
            return flow;
        }
        if self.set_variables(name, arguments) || self.ask_debconf(name, arguments) {
            return Flow::Next;
        }
        if let Some(flow) = self.wrapped(name, fields) {
            return flow;
        }
        let name = name.to_owned();
        self.program(&name, arguments, &shown(fields));
        Flow::Next
    }

    fn control(&mut self, name: &str, arguments: &[Field]) -> Option<Flow> {
        let number =
            arguments.first().map(|field| field.text.as_deref().and_then(|text| text.parse::<i32>().ok()));
        Some(match name {
            "exit" => match number {
                None => Flow::Exit { well: self.status != Some(false) },
                Some(code) => Flow::Exit { well: code.is_none_or(|code| code == 0) },
            },
            "return" => {
                self.status = match number {
                    None => self.status,
                    Some(code) => code.map(|code| code == 0),
                };
                Flow::Return
            }
            "break" => Flow::Break,
            "continue" => Flow::Continue,
            ":" | "true" => {
                self.status = Some(true);
                Flow::Next
            }
            "false" => {
                self.status = Some(false);
                Flow::Next
            }
            "[" | "test" | "[[" => {
                let fields = match (name, arguments.split_last()) {
                    ("test", _) => arguments,
                    (_, Some((_, rest))) => rest,
                    _ => arguments,
                };
                self.status = self.condition(fields, name == "[[");
                Flow::Next
            }
            "eval" => {
                let text: Value = arguments
                    .iter()
                    .map(|field| field.text.as_deref())
                    .collect::<Option<Vec<_>>>()
                    .map(|words| words.join(" "));
                let flow = text.and_then(|text| self.follow_text(&text));
                flow.unwrap_or_else(|| {
                    self.state.any_variable = true;
                    self.unknown(&format!("eval {}", shown(arguments)), "what is evaluated is not known");
                    Flow::Next
                })
            }
            "." | "source" => self.include(arguments),
            "exec" if arguments.is_empty() => Flow::Next,
            "exec" => match self.run(arguments) {
                Flow::Next => Flow::Exit { well: self.status != Some(false) },
                flow => flow,
            },
            _ => return None,
        })
    }

    /// Follows a file that a script reads in. Files that are not in the image set nothing.
    fn include(&mut self, arguments: &[Field]) -> Flow {
        let text = format!(". {}", shown(arguments));
        let Some(path) = arguments.first().and_then(|field| field.text.clone()) else {
            self.state.any_variable = true;
            self.unknown(&text, "the name of the file is not known");
            return Flow::Next;
        };
        if path.starts_with("/usr/share/debconf/confmodule") {
            self.status = Some(true);
            return Flow::Next;
        }
        let found = self.state.look(self.surroundings.tree, &path, true);
        if found.is_some_and(|found| found.made == Made::Nothing) {
            self.nothing(&text, "the file is not in the image");
            self.status = Some(false);
            return Flow::Next;
        }
        match self.content(&path).and_then(|content| self.follow_text(&content)) {
            Some(Flow::Return) => Flow::Next,
            Some(flow) => flow,
            None => {
                self.state.any_variable = true;
                self.unknown(&text, "the file is not understood");
                Flow::Next
            }
        }
    }

    fn set_variables(&mut self, name: &str, arguments: &[Field]) -> bool {
        match name {
            "set" => {
                let words = arguments.iter().position(|field| field.text.as_deref() == Some("--"));
                let plain = arguments.first().is_some_and(|field| {
                    field.text.as_deref().is_none_or(|text| !text.starts_with(['-', '+']))
                });
                if let Some(start) = words.map(|at| at + 1).or(plain.then_some(0)) {
                    self.state.arguments =
                        arguments[start..].iter().map(|field| field.text.clone()).collect();
                }
            }
            "shift" => {
                let count =
                    arguments.first().and_then(|field| field.text.as_deref()?.parse().ok()).unwrap_or(1);
                let count = self.state.arguments.len().min(count);
                self.state.arguments.drain(..count);
            }
            "export" | "readonly" | "local" | "declare" | "typeset" => {
                let is_local = !matches!(name, "export" | "readonly");
                for field in arguments {
                    let (name, value) = match (&field.text, field.shown.split_once('=')) {
                        (Some(text), _) => match text.split_once('=') {
                            Some((name, value)) => (name.to_owned(), Some(Some(value.to_owned()))),
                            None => (text.clone(), None),
                        },
                        (None, Some((name, _))) => (name.to_owned(), Some(None)),
                        _ => continue,
                    };
                    if name.starts_with('-') {
                        continue;
                    }
                    let before = self.state.variables.get(&name).cloned();
                    if is_local && let Some(hidden) = self.hidden.last_mut() {
                        hidden.push((name.clone(), before));
                    }
                    if let Some(value) = value {
                        self.state.set(&name, value);
                    }
                }
            }
            "unset" => {
                for field in arguments {
                    if let Some(name) = &field.text {
                        self.state.variables.remove(name);
                    }
                }
            }
            "read" => {
                self.read(arguments);
                return true;
            }
            "getopts" => {
                self.status = None;
                return true;
            }
            "cd" => {
                let path = arguments
                    .first()
                    .and_then(|field| field.text.clone())
                    .filter(|path| path.starts_with('/'));
                self.state.directory = path.map(|path| path.trim_end_matches('/').to_owned());
            }
            "trap" | "umask" | "ulimit" | "alias" | "unalias" | "wait" | "shopt" | "hash" | "jobs" => {}
            _ => return false,
        }
        self.status = Some(true);
        true
    }

    /// Reads a line of the input, if that is known.
    fn read(&mut self, arguments: &[Field]) {
        let names: Vec<&str> = arguments
            .iter()
            .filter_map(|field| field.text.as_deref())
            .filter(|name| !name.starts_with('-'))
            .collect();
        let Some(input) = self.stdin.take() else {
            for name in names {
                self.state.set(name, None);
            }
            self.status = None;
            return;
        };
        self.status = Some(!input.is_empty());
        let (line, rest) = input.split_once('\n').unwrap_or((&input, ""));
        let mut words = line.trim();
        for (index, name) in names.iter().enumerate() {
            let end = match index + 1 == names.len() {
                true => words.len(),
                false => words.find(|c: char| c.is_ascii_whitespace()).unwrap_or(words.len()),
            };
            self.state.set(name, Some(words[..end].to_owned()));
            words = words[end..].trim_start();
        }
        self.stdin = Some(rest.to_owned());
    }

    /// Follows a shell script of the image that a maintainer script runs; says whether it is one.
    pub(super) fn follow_program(&mut self, name: &str, path: &str, arguments: &[Field]) -> bool {
        let path = if path.starts_with('/') { Some(path.to_owned()) } else { self.program_path(name) };
        let Some(text) = path.and_then(|path| self.content(&path)) else { return false };
        let is_shell = attar_image::script::Shebang::read(text.as_bytes()).is_some_and(|shebang| {
            matches!(shebang.program().rsplit('/').next(), Some("sh" | "dash" | "bash"))
        });
        if !is_shell {
            return false;
        }
        let arguments = arguments.iter().map(|field| field.text.clone()).collect();
        let before = self.state.clone();
        self.state.arguments = arguments;
        self.state.functions.clear();
        let flow = self.follow_text(&text);
        let after = std::mem::replace(&mut self.state, before);
        self.state.made = after.made;
        if let Some(Flow::Exit { well }) = flow {
            self.status = Some(well);
        }
        flow.is_some()
    }

    /// Debconf: questions have their default answers, and are asked of nobody.
    fn ask_debconf(&mut self, name: &str, arguments: &[Field]) -> bool {
        match name {
            "db_get" => {
                let question = arguments.first().and_then(|field| field.text.clone());
                let answer = question.and_then(|question| self.answers.get(&question).cloned());
                self.state.set("RET", answer);
                self.status = Some(true);
            }
            "db_set" => {
                if let [Some(question), Some(value)] =
                    &arguments.iter().map(|field| field.text.clone()).collect::<Vec<_>>()[..]
                {
                    self.answers.insert(question.clone(), value.clone());
                }
                self.status = Some(true);
            }
            "db_fget" => {
                let value = (arguments.get(1).and_then(|field| field.text.as_deref()) == Some("seen"))
                    .then(|| "false".to_owned());
                self.state.set("RET", value);
                self.status = Some(true);
            }
            "db_metaget" | "db_capb" | "db_version" | "db_progress" => {
                self.state.set("RET", None);
                self.status = Some(true);
            }
            "db_go"
            | "db_stop"
            | "db_title"
            | "db_settitle"
            | "db_fset"
            | "db_subst"
            | "db_reset"
            | "db_unregister"
            | "db_register"
            | "db_purge"
            | "db_beginblock"
            | "db_endblock"
            | "db_info"
            | "db_previous_module"
            | "db_x_loadtemplatefile"
            | "db_x_load"
            | "db_data"
            | "db_clear" => self.status = Some(true),
            // 30 says that the question is not asked.
            "db_input" | "db_text" => self.status = None,
            _ => return false,
        }
        let text = format!("{name} {}", shown(arguments));
        self.nothing(text.trim_end(), "questions have their default answers");
        true
    }

    /// Commands that run another command.
    fn wrapped(&mut self, name: &str, fields: &[Field]) -> Option<Flow> {
        let arguments = &fields[1..];
        let text = |index: usize| arguments.get(index).and_then(|field| field.text.as_deref());
        let rest = match name.rsplit('/').next()? {
            "command" | "type" | "which" | "whence"
                if matches!(text(0), Some("-v" | "-V" | "-a" | "-s")) || name != "command" =>
            {
                let start = usize::from(matches!(text(0), Some("-v" | "-V" | "-a" | "-s")));
                self.look_up(&arguments[start.min(arguments.len())..]);
                return Some(Flow::Next);
            }
            "command" | "nohup" | "exec" | "builtin" | "eatmydata" => arguments,
            "env" | "nice" | "ionice" | "timeout" | "time" => {
                let takes_number = name == "timeout";
                let mut skip = 0;
                while text(skip).is_some_and(|word| word.starts_with('-') || word.contains('=')) {
                    skip += 1 + usize::from(matches!(text(skip), Some("-n" | "-c" | "-u" | "-k" | "-s")));
                }
                arguments.get(skip + usize::from(takes_number)..)?
            }
            "sh" | "bash" | "dash"
                if text(0).is_some_and(|option| option.starts_with('-') && option.ends_with('c')) =>
            {
                let flow = text(1).map(str::to_owned).and_then(|script| self.follow_text(&script));
                return match flow {
                    Some(Flow::Exit { well }) => {
                        self.status = Some(well);
                        Some(Flow::Next)
                    }
                    Some(_) => Some(Flow::Next),
                    None => None,
                };
            }
            _ => return None,
        };
        if rest.is_empty() { None } else { Some(self.run(rest)) }
    }

    fn look_up(&mut self, arguments: &[Field]) {
        let Some(name) = arguments.first().and_then(|field| field.text.clone()) else {
            self.status = None;
            self.print(None);
            return;
        };
        let is_shell = self.state.functions.contains_key(&name);
        let found = if name.starts_with('/') {
            let path = self.state.look(self.surroundings.tree, &name, true);
            let found = path.is_some_and(|found| found.made == Made::File && found.executable);
            (found || self.is_provided_path(&name)).then(|| name.clone())
        } else {
            self.program_path(&name)
        };
        self.status = Some(is_shell || found.is_some());
        self.print(Some(found.map(|path| path + "\n").unwrap_or_default()));
    }

    /// Returns where a program is: in the image, or among the tools attar stands in for.
    fn program_path(&self, name: &str) -> Option<String> {
        let directories = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"];
        let in_image = directories.iter().map(|directory| format!("{directory}/{name}")).find(|path| {
            self.state
                .look(self.surroundings.tree, path, true)
                .is_some_and(|found| found.made == Made::File && found.executable)
        });
        in_image.or_else(|| super::commands::is_provided(name).then(|| format!("/usr/bin/{name}")))
    }

    pub(super) fn is_provided_path(&self, path: &str) -> bool {
        path.rsplit_once('/').is_some_and(|(directory, name)| {
            (directory.ends_with("/bin") || directory.ends_with("/sbin"))
                && super::commands::is_provided(name)
        })
    }

    /// Returns the text of a file in the image, if it is small and at hand.
    pub(super) fn content(&self, path: &str) -> Value {
        if path == "/dev/null" {
            return Some(String::new());
        }
        if let Some(text) = self.temporary.get(path) {
            return text.clone();
        }
        let path = TreePath::parse(path).ok()?;
        if self.state.made.contains_key(&path) {
            return None;
        }
        let path = self.surroundings.tree.resolve(&path)?;
        let content = self.surroundings.tree.get(&path)?.content()?;
        if content.size > MAX_FILE as u64 {
            return None;
        }
        String::from_utf8((self.surroundings.read)(&path)?).ok()
    }

    /// Writes what a command printed to a file. When that is not known and the command `is_told` of
    /// already, its output is part of that.
    pub(super) fn write(&mut self, file: &Field, printed: Value, append: bool, is_told: bool) {
        let text = format!("{} {}", if append { ">>" } else { ">" }, file.shown);
        let Some(path) = file.text.as_deref() else {
            self.unknown(&text, "the name of the file is not known");
            return;
        };
        if is_passing(path) {
            let before = if append {
                self.temporary.remove(path).unwrap_or(Some(String::new()))
            } else {
                Some(String::new())
            };
            let text = before.zip(printed).map(|(before, printed)| before + &printed);
            self.temporary.insert(path.to_owned(), text.filter(|text| text.len() <= MAX_FILE));
            return;
        }
        let Ok(path) = TreePath::parse(path) else {
            self.unknown(&text, "the path leaves the tree");
            return;
        };
        let Some(printed) = printed else {
            self.state.made.insert(path, Made::File);
            if is_told {
                return;
            }
            self.unknown(&text, "it writes a file whose content is not known");
            return;
        };
        let content = match (append, printed.is_empty()) {
            (true, true) => FileContent::Touched,
            (true, false) => FileContent::Appended(printed.into_bytes()),
            (false, _) => FileContent::Bytes(printed.into_bytes()),
        };
        let (mode, owner, existing) = (None, Ownership::default(), Existing::Replace);
        self.effect(&text, Effect::File { path, content, mode, owner, existing });
    }
}

/// Says whether what is written there does not last: devices, the kernel's, and temporary files.
pub(super) fn is_passing(path: &str) -> bool {
    ["/dev/", "/proc/", "/sys/", "/tmp/"].iter().any(|start| path.starts_with(start))
}

/// Renders a command for a person.
pub(super) fn shown(fields: &[Field]) -> String {
    let words: Vec<&str> = fields.iter().map(|field| field.shown.as_str()).collect();
    words.join(" ")
}
