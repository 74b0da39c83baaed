//! Follows a script along the way it takes on a first installation.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::expand::Field;
use super::find::FoundPaths;
use super::parse;
use super::pattern;
use super::state::{Function, State, Value};
use super::syntax::{Command, Kind, Redirect, RedirectKind, Word};
use super::{Meaning, PackageScripts, Script, Surroundings};

/// The most commands that are followed in one script. Real ones take a few hundred.
const MAX_STEPS: u32 = 20_000;
/// The deepest nesting of commands, functions and read files.
const MAX_DEPTH: u32 = 120;
/// The most turns of one loop.
const MAX_TURNS: u32 = 500;

/// Where the script goes after a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
    Return,
    /// Ends well or badly. A way that ends badly is not taken: the package would not be installed.
    Exit {
        well: bool,
    },
}

pub(super) struct Run<'a> {
    pub(super) surroundings: &'a Surroundings<'a>,
    pub(super) package: &'a PackageScripts,
    pub(super) state: State,
    /// Whether the last command succeeded, if that is known.
    pub(super) status: Option<bool>,
    /// What the command reads, if that is known.
    pub(super) stdin: Value,
    /// What a `find` that starts the pipeline found, for an `xargs` behind it.
    pub(super) found: Option<FoundPaths>,
    /// Users and groups that exist by now.
    pub(super) names: BTreeSet<String>,
    /// Default answers of the package's questions.
    pub(super) answers: BTreeMap<String, String>,
    /// Contents of temporary files, as far as they are known.
    pub(super) temporary: BTreeMap<String, Value>,
    pub(super) line: u32,
    /// Values that `local` hides, for each running function.
    pub(super) hidden: Vec<Vec<(String, Option<Value>)>>,
    pub(super) here: Rc<Vec<Word>>,
    /// What was printed, for each output that is caught.
    pub(super) printed: Vec<Value>,
    pub(super) result: Script,
    pub(super) steps: u32,
    pub(super) depth: u32,
}

impl<'a> Run<'a> {
    /// Follows one command and returns where the script goes.
    pub(super) fn evaluate(&mut self, command: &Command) -> Flow {
        self.steps += 1;
        if self.steps > MAX_STEPS || self.depth >= MAX_DEPTH {
            self.line = command.line;
            self.unknown("the rest of the script", "it takes too many steps");
            self.steps = MAX_STEPS;
            return Flow::Exit { well: true };
        }
        self.depth += 1;
        let flow = match command.redirects.is_empty() {
            true => self.evaluate_kind(command),
            false => self.redirected(command),
        };
        self.depth -= 1;
        flow
    }

    fn evaluate_kind(&mut self, command: &Command) -> Flow {
        match &command.kind {
            Kind::Simple { assignments, words } => {
                self.line = command.line;
                self.simple(assignments, words)
            }
            Kind::Sequence(commands) => {
                self.status = Some(true);
                for command in commands {
                    let flow = self.evaluate(command);
                    if flow != Flow::Next {
                        return flow;
                    }
                }
                Flow::Next
            }
            Kind::And(first, second) => self.then(first, true, second),
            Kind::Or(first, second) => self.then(first, false, second),
            Kind::Not(inner) => {
                let flow = self.evaluate(inner);
                self.status = self.status.map(|status| !status);
                flow
            }
            Kind::Pipeline(commands) => {
                self.pipeline(commands);
                Flow::Next
            }
            Kind::Subshell(inner) => {
                self.subshell(inner);
                Flow::Next
            }
            Kind::If { branches, otherwise } => self.branches(branches, otherwise.as_deref()),
            Kind::Case { word, arms } => {
                let word = self.text(word).text;
                self.arms(word.as_deref(), arms)
            }
            Kind::For { name, words, body } => {
                let fields = match words {
                    Some(words) => self.fields(words),
                    None => self
                        .state
                        .arguments
                        .iter()
                        .map(|value| Field { text: value.clone(), shown: String::new() })
                        .collect(),
                };
                self.for_each(name, fields, body)
            }
            Kind::While { condition, body } => self.repeat(condition, body),
            Kind::Function { name, body } => {
                let function = Function { body: (**body).clone(), here: Rc::clone(&self.here) };
                self.state.functions.insert(name.clone(), Rc::new(function));
                self.status = Some(true);
                Flow::Next
            }
        }
    }

    /// Follows `first && second` and `first || second`: the second when the first ends as `wanted`.
    fn then(&mut self, first: &Command, wanted: bool, second: &Command) -> Flow {
        let flow = self.evaluate(first);
        if flow != Flow::Next {
            return flow;
        }
        match self.status {
            Some(status) if status == wanted => self.evaluate(second),
            Some(_) => Flow::Next,
            None => {
                let flow = self.either(|run| run.evaluate(second), |_| Flow::Next);
                self.status = None;
                flow
            }
        }
    }

    fn branches(&mut self, branches: &[(Command, Command)], otherwise: Option<&Command>) -> Flow {
        let Some(((condition, body), rest)) = branches.split_first() else {
            self.status = Some(true);
            return otherwise.map_or(Flow::Next, |otherwise| self.evaluate(otherwise));
        };
        let flow = self.evaluate(condition);
        if flow != Flow::Next {
            return flow;
        }
        match self.status {
            Some(true) => self.evaluate(body),
            Some(false) => self.branches(rest, otherwise),
            None => self.either(|run| run.evaluate(body), |run| run.branches(rest, otherwise)),
        }
    }

    fn arms(&mut self, word: Option<&str>, arms: &[(Vec<Word>, Command)]) -> Flow {
        let Some(((patterns, body), rest)) = arms.split_first() else {
            self.status = Some(true);
            return Flow::Next;
        };
        let mut matched = Some(false);
        for pattern in patterns {
            match (self.pattern(pattern).as_deref(), word) {
                (Some("*"), _) => matched = Some(true),
                (Some(pattern), Some(word)) if pattern::matches(pattern, word) => matched = Some(true),
                (Some(_), Some(_)) => {}
                _ if matched != Some(true) => matched = None,
                _ => {}
            }
        }
        match matched {
            Some(true) => self.evaluate(body),
            Some(false) => self.arms(word, rest),
            None => self.either(|run| run.evaluate(body), |run| run.arms(word, rest)),
        }
    }

    /// Follows two ways of which one is taken, nobody knows which. A way that ends badly is not taken.
    fn either(&mut self, first: impl Fn(&mut Self) -> Flow, second: impl Fn(&mut Self) -> Flow) -> Flow {
        let before = self.state.clone();
        let names = self.names.clone();
        let mark = (self.result.commands.len(), self.result.unknown.len());
        self.state.certain = false;
        let first_flow = first(self);
        let bad = Flow::Exit { well: false };
        if first_flow == bad {
            self.reset(mark, &before, &names);
            return second(self);
        }
        let after_first = std::mem::replace(&mut self.state, before.clone());
        self.state.certain = false;
        let second_flow = second(self);
        if second_flow == bad {
            self.reset(mark, &before, &names);
            return first(self);
        }
        self.status = None;
        let flow = match (first_flow, second_flow) {
            (a, b) if a == b => {
                self.state.merge(after_first);
                a
            }
            // What follows is run only if the way was taken that goes on.
            (Flow::Next, ending) => {
                self.state = after_first;
                self.cut_short(ending);
                Flow::Next
            }
            (ending, flow) => {
                self.cut_short(ending);
                flow
            }
        };
        let cut = first_flow != second_flow;
        self.state.certain = before.certain && !cut;
        flow
    }

    fn reset(&mut self, mark: (usize, usize), state: &State, names: &BTreeSet<String>) {
        self.result.commands.truncate(mark.0);
        self.result.unknown.truncate(mark.1);
        self.state = state.clone();
        self.names = names.clone();
    }

    fn cut_short(&mut self, ending: Flow) {
        if matches!(ending, Flow::Exit { .. }) {
            self.state.maybe_over = true;
        }
    }

    fn for_each(&mut self, name: &str, fields: Vec<Field>, body: &Command) -> Flow {
        let certain = self.state.certain;
        self.status = Some(true);
        for field in fields.into_iter().take(MAX_TURNS as usize) {
            let is_known = field.text.is_some();
            self.state.set(name, field.text);
            let flow = if is_known {
                self.evaluate(body)
            } else {
                self.either(|run| run.evaluate(body), |_| Flow::Next)
            };
            match flow {
                Flow::Next | Flow::Continue => {}
                Flow::Break => break,
                flow => return flow,
            }
        }
        self.state.certain = certain;
        Flow::Next
    }

    fn repeat(&mut self, condition: &Command, body: &Command) -> Flow {
        let certain = self.state.certain;
        for _ in 0..MAX_TURNS {
            let flow = self.evaluate(condition);
            if flow != Flow::Next {
                return flow;
            }
            let flow = match self.status {
                Some(false) => break,
                Some(true) => self.evaluate(body),
                None => {
                    let flow = self.either(|run| run.evaluate(body), |_| Flow::Next);
                    match flow {
                        Flow::Next | Flow::Continue => Flow::Break,
                        flow => flow,
                    }
                }
            };
            match flow {
                Flow::Next | Flow::Continue => {}
                Flow::Break => break,
                flow => return flow,
            }
        }
        self.state.certain = certain;
        self.status = Some(true);
        Flow::Next
    }

    fn pipeline(&mut self, commands: &[Command]) {
        let before = self.stdin.take();
        self.stdin = before.clone();
        for (index, command) in commands.iter().enumerate() {
            if index + 1 < commands.len() {
                // Only what the command right before found is known to arrive whole.
                self.found = None;
                self.printed.push(Some(String::new()));
                self.subshell(command);
                self.stdin = self.printed.pop().flatten();
            } else {
                self.subshell(command);
            }
        }
        self.stdin = before;
    }

    fn subshell(&mut self, command: &Command) {
        let before = self.state.clone();
        self.evaluate(command);
        let after = std::mem::replace(&mut self.state, before);
        self.state.made = after.made;
    }

    /// Returns what a command prints, if that is known.
    pub(super) fn output_of(&mut self, command: &Command) -> Value {
        self.printed.push(Some(String::new()));
        self.subshell(command);
        self.printed.pop().flatten()
    }

    /// Notes that a command prints something, known or not.
    pub(super) fn print(&mut self, text: Value) {
        if let Some(printed) = self.printed.last_mut() {
            *printed = match (printed.take(), text) {
                (Some(before), Some(text)) if before.len() + text.len() <= parse::MAX_SCRIPT => {
                    Some(before + &text)
                }
                _ => None,
            };
        }
    }

    fn redirected(&mut self, command: &Command) -> Flow {
        let mut target = None;
        let stdin = self.stdin.clone();
        for Redirect { descriptor, kind } in &command.redirects {
            match kind {
                RedirectKind::Write(word) if descriptor.unwrap_or(1) == 1 => {
                    target = Some((Some(self.text(word)), false))
                }
                RedirectKind::Append(word) if descriptor.unwrap_or(1) == 1 => {
                    target = Some((Some(self.text(word)), true))
                }
                RedirectKind::Duplicate(_) if *descriptor == Some(1) || descriptor.is_none() => {
                    target = Some((None, false))
                }
                RedirectKind::Here(number) => {
                    let word = self.here.get(*number).cloned().unwrap_or_default();
                    self.stdin = self.text(&word).text;
                }
                RedirectKind::Text(word) => self.stdin = self.text(word).text.map(|text| text + "\n"),
                RedirectKind::Read(word) => {
                    let path = self.text(word).text;
                    self.stdin = path.and_then(|path| self.content(&path));
                }
                _ => {}
            }
        }
        let flow = match target {
            None => self.evaluate_kind(command),
            Some((file, append)) => {
                self.printed.push(Some(String::new()));
                let told = self.told();
                let flow = self.evaluate_kind(command);
                let printed = self.printed.pop().flatten();
                let is_told = self.told() > told;
                if let Some(file) = file {
                    self.line = command.line;
                    let status = self.status;
                    self.write(&file, printed, append, is_told);
                    self.status = status;
                }
                flow
            }
        };
        self.stdin = stdin;
        flow
    }

    /// Counts what the user is told of so far.
    fn told(&self) -> usize {
        let missing =
            self.result.commands.iter().filter(|command| matches!(command.meaning, Meaning::Missing { .. }));
        self.result.unknown.len() + missing.count()
    }

    fn simple(&mut self, assignments: &[(String, Word)], words: &[Word]) -> Flow {
        let fields = self.fields(words);
        if fields.is_empty() {
            self.status = Some(true);
            for (name, word) in assignments {
                let value = self.text(word).text;
                self.state.set(name, value);
            }
            return Flow::Next;
        }
        let mut before = Vec::new();
        for (name, word) in assignments {
            let value = self.text(word).text;
            before.push((name.clone(), self.state.variables.get(name).cloned()));
            self.state.set(name, value);
        }
        let flow = self.run(&fields);
        for (name, value) in before {
            self.restore(&name, value);
        }
        flow
    }

    fn restore(&mut self, name: &str, value: Option<Value>) {
        match value {
            Some(value) => drop(self.state.variables.insert(name.to_owned(), value)),
            None => drop(self.state.variables.remove(name)),
        }
    }

    /// Calls a function of the script; `None` when there is none of that name.
    pub(super) fn call(&mut self, fields: &[Field]) -> Option<Flow> {
        let function = Rc::clone(self.state.functions.get(fields.first()?.text.as_deref()?)?);
        let arguments = fields[1..].iter().map(|field| field.text.clone()).collect();
        let before = std::mem::replace(&mut self.state.arguments, arguments);
        let here = std::mem::replace(&mut self.here, Rc::clone(&function.here));
        let certain = self.state.certain;
        self.hidden.push(Vec::new());
        let line = self.line;
        let flow = self.evaluate(&function.body);
        self.line = line;
        for (name, value) in self.hidden.pop().unwrap_or_default().into_iter().rev() {
            self.restore(&name, value);
        }
        self.here = here;
        self.state.arguments = before;
        self.state.certain = certain;
        Some(if matches!(flow, Flow::Exit { .. }) { flow } else { Flow::Next })
    }

    /// Follows another text as part of this script: what `eval`, `.` and `sh -c` are given.
    pub(super) fn follow_text(&mut self, text: &str) -> Option<Flow> {
        let program = parse::parse(text.as_bytes()).ok()?;
        let here = std::mem::replace(&mut self.here, Rc::new(program.here));
        let line = self.line;
        let flow = self.evaluate_at(&program.body, line);
        self.here = here;
        Some(flow)
    }

    /// Follows a command whose lines are those of another text: what it does is told with `line`.
    fn evaluate_at(&mut self, command: &Command, line: u32) -> Flow {
        let mark = (self.result.commands.len(), self.result.unknown.len());
        let flow = self.evaluate(command);
        for recognised in self.result.commands.iter_mut().skip(mark.0) {
            recognised.line = line;
        }
        for unknown in self.result.unknown.iter_mut().skip(mark.1) {
            unknown.line = line;
        }
        self.line = line;
        flow
    }
}
