//! How the kernel starts a program: scripts by their first line, ELF files by their interpreter.

use super::process::Process;
use super::proof::{Proof, Running, Step, Weight};
use super::root::Access;
use super::rules;
use super::{Problem, script};
use crate::path::TreePath;

/// Scripts that the kernel follows from interpreter to interpreter; attar bounds all other ways a
/// program starts the next one alike.
const MAX_DEPTH: usize = 5;

/// What is started.
#[derive(Clone, Debug)]
pub(super) struct Start {
    /// Path or name of the program.
    pub(super) program: String,
    /// What follows it.
    pub(super) arguments: Vec<String>,
    /// Where a name without a slash is looked for.
    pub(super) search: String,
    /// Who starts it.
    pub(super) from: Step,
    pub(super) depth: usize,
    pub(super) weight: Weight,
}

impl<'a> Proof<'a> {
    /// Follows the start of a program that is looked up along the search path.
    pub(super) fn start(&mut self, start: Start) {
        match self.world.in_path(&start.program, &start.search) {
            Ok(shown) => self.execute(Start { program: self.world.absolute(&shown), ..start }),
            Err(problem) => self.fail_at(start.from, problem, start.weight),
        }
    }

    /// Follows the start of a program at a path.
    fn execute(&mut self, start: Start) {
        let path = match self.world.file(&start.program, Access::Execute) {
            Ok(path) => path,
            Err(problem) => return self.fail(&start.program, None, problem, start.from, start.weight),
        };
        if start.depth > MAX_DEPTH {
            return self.fail(&start.program, Some(path), Problem::TooDeep, start.from, start.weight);
        }
        let step = self.step(start.program.clone(), Some(start.from));
        self.report.reached.insert(path.clone());
        if self.world.elf(&path).is_some() {
            self.binary(start, path, step);
        } else if self.world.script(&path).is_some() {
            self.script(&start, path, step);
        } else {
            self.fail(&start.program, Some(path), Problem::NoProgram, start.from, start.weight);
        }
    }

    fn script(&mut self, start: &Start, path: TreePath, step: Step) {
        let Some(line) = self.world.script(&path) else { return };
        // The interpreter opens the script again.
        if let Err(problem) = self.world.file(&start.program, Access::Read) {
            return self.fail(&start.program, Some(path), problem, start.from, start.weight);
        }
        if matches!(self.world.file(&line.interpreter, Access::Execute), Err(Problem::Absent { .. })) {
            let problem = Problem::ScriptInterpreter(line.interpreter);
            return self.fail(&start.program, Some(path), problem, start.from, start.weight);
        }
        let mut arguments: Vec<String> = line.argument.into_iter().collect();
        arguments.push(start.program.clone());
        arguments.extend(start.arguments.iter().cloned());
        let depth = start.depth + 1;
        self.execute(Start { program: line.interpreter, arguments, from: step, depth, ..start.clone() });
    }

    fn binary(&mut self, start: Start, path: TreePath, step: Step) {
        let Some(facts) = self.world.elf(&path) else { return };
        if let Err(problem) = self.world.runs(&facts) {
            return self.fail(&start.program, Some(path), problem, start.from, start.weight);
        }
        let interpreter = match facts.interpreter.clone() {
            None => None,
            Some(name) => match self.world.file(&name, Access::Execute) {
                Ok(path) => Some((name, path)),
                Err(_) => {
                    let problem = Problem::Interpreter(name);
                    return self.fail(&start.program, Some(path), problem, start.from, start.weight);
                }
            },
        };
        let (process, failures) = match &interpreter {
            None => (Process::alone(self.world, &path, facts), Vec::new()),
            Some((name, linker)) => Process::start(self.world, &path, facts, (name, linker)),
        };
        let Start { program, arguments, search, depth, weight, .. } = start;
        let mut running = Running::new(process, path, program, arguments, search, step);
        running.note(self, failures, weight);
        self.passes_on(&running, depth, weight);
        rules::apply(self, &mut running, depth, weight);
    }

    /// Follows programs whose arguments are the next program.
    fn passes_on(&mut self, running: &Running<'a>, depth: usize, weight: Weight) {
        let names = running.names();
        let is = |known: &[&str]| names.iter().any(|name| known.contains(&name.as_str()));
        let mut search = running.search.clone();
        let words = if is(&["env"]) {
            let command = script::env(&running.arguments);
            if let Some(path) = command.path {
                search = path.unwrap_or_else(|| String::from("/bin:/usr/bin"));
            }
            command.words
        } else if is(&["tini", "tini-static", "docker-init"]) {
            running.operands(&["-p", "-e"], &["-h", "--version"]).to_vec()
        } else if is(&["dumb-init", "catatonit"]) {
            running.operands(&["-r", "--rewrite"], &["-h", "--help", "-V", "--version"]).to_vec()
        } else if is(&["gosu", "su-exec"]) {
            running.operands(&[], &["--help", "--version"]).get(1..).unwrap_or_default().to_vec()
        } else {
            return;
        };
        if let Some((program, arguments)) = words.split_first() {
            self.start(Start {
                program: program.clone(),
                arguments: arguments.to_vec(),
                search,
                from: running.step(),
                depth: depth + 1,
                weight,
            });
        }
    }
}
