//! Interpreters: the script that they are told to run must be there.

use super::super::Problem;
use super::super::proof::{Proof, Running, Weight};
use super::super::root::Access;

/// An interpreter, and how its command line reads.
struct Interpreter {
    /// How its name starts; digits and dots may follow.
    name: &'static str,
    /// Options that take the next word.
    valued: &'static [&'static str],
    /// Options after which no script follows.
    no_script: &'static [&'static str],
}

const INTERPRETERS: [Interpreter; 8] = [
    Interpreter { name: "sh", valued: &["-o", "+o"], no_script: &["-c", "-s"] },
    Interpreter { name: "dash", valued: &["-o", "+o"], no_script: &["-c", "-s"] },
    Interpreter {
        name: "bash",
        valued: &["-o", "+o", "-O", "--rcfile", "--init-file"],
        no_script: &["-c", "-s", "--version", "--help"],
    },
    Interpreter { name: "perl", valued: &["-I"], no_script: &["-e", "-E", "-v", "-V", "-h"] },
    Interpreter {
        name: "ruby",
        valued: &["-I", "-r", "-C", "-E"],
        no_script: &["-e", "-v", "--version", "-h", "--help"],
    },
    Interpreter { name: "lua", valued: &["-l"], no_script: &["-e", "-v", "-i"] },
    Interpreter {
        name: "php",
        valued: &["-c", "-d", "-z"],
        no_script: &[
            "-r",
            "-R",
            "-S",
            "-f",
            "-F",
            "-B",
            "-E",
            "-v",
            "-i",
            "-m",
            "-a",
            "-h",
            "--version",
            "--ini",
            "--rf",
            "--rc",
            "--re",
        ],
    },
    Interpreter { name: "tclsh", valued: &["-encoding"], no_script: &[] },
];

pub(super) fn apply<'a>(proof: &mut Proof<'a>, running: &Running<'a>, weight: Weight) {
    let names = running.names();
    let is = |interpreter: &&Interpreter| names.iter().any(|name| is_version_of(name, interpreter.name));
    let Some(interpreter) = INTERPRETERS.iter().find(is) else { return };
    if let Some(script) = running.operands(interpreter.valued, interpreter.no_script).first() {
        must_read(proof, running, script, weight);
    }
}

/// Says whether a name is that of a program, with or without a version: `lua5.4`.
pub(super) fn is_version_of(name: &str, program: &str) -> bool {
    name.strip_prefix(program).is_some_and(|rest| {
        rest.is_empty()
            || rest.starts_with(|first: char| first.is_ascii_digit())
                && rest.chars().all(|c| c.is_ascii_digit() || c == '.')
    })
}

/// Notes a file that a program is told to read and cannot.
pub(super) fn must_read<'a>(proof: &mut Proof<'a>, running: &Running<'a>, path: &str, weight: Weight) {
    match proof.world.file(path, Access::Read) {
        Ok(found) => drop(proof.report.reached.insert(found)),
        // Some interpreters take directories, or standard input.
        Err(Problem::NotRegular) => {}
        Err(_) if path == "-" => {}
        Err(problem) => proof.fail(&proof.world.absolute(path), None, problem, running.step(), weight),
    }
}
