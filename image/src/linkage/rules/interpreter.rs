//! Interpreters: the script that they are told to run must be there.

use super::super::Problem;
use super::super::proof::{Proof, Running, Weight};
use super::super::root::Access;

/// An interpreter, and how its command line reads.
struct Interpreter {
    /// How its name starts; digits and dots may follow.
    name: &'static str,
    /// Options that take the next word; letters among others (`-euo`) do, too.
    valued: &'static [&'static str],
    /// Options after which no script follows.
    no_script: &'static [&'static str],
    /// Letters that say the same, alone or among others: `-ec`.
    inline: &'static [char],
    /// Letters whose value follows in the same word: `-Mstrict`.
    joined: &'static [char],
}

const fn shell(name: &'static str) -> Interpreter {
    Interpreter {
        name,
        valued: &["-o", "+o", "-O", "--rcfile", "--init-file"],
        no_script: &["--version", "--help"],
        inline: &['c', 's'],
        joined: &[],
    }
}

const INTERPRETERS: [Interpreter; 8] = [
    shell("sh"),
    shell("dash"),
    shell("bash"),
    Interpreter {
        name: "perl",
        valued: &["-I"],
        no_script: &[],
        inline: &['e', 'E', 'v', 'V', 'h'],
        joined: &['I', 'M', 'm', 'D', 'F', 'i', 'C', 'x', 'd'],
    },
    Interpreter {
        name: "ruby",
        valued: &["-I", "-r", "-C", "-E"],
        no_script: &["--version", "--help"],
        inline: &['e', 'v', 'h'],
        joined: &['I', 'r', 'C', 'E', 'F', 'K', 'x', 'W', 'T'],
    },
    Interpreter { name: "lua", valued: &["-l"], no_script: &[], inline: &['e', 'v', 'i'], joined: &['l'] },
    Interpreter {
        name: "php",
        valued: &["-c", "-d", "-z"],
        no_script: &["--version", "--ini", "--rf", "--rc", "--re", "--run"],
        inline: &['r', 'R', 'S', 'f', 'F', 'B', 'E', 'v', 'i', 'm', 'a', 'h'],
        joined: &['d', 'c', 'z'],
    },
    Interpreter { name: "tclsh", valued: &["-encoding"], no_script: &[], inline: &[], joined: &[] },
];

impl Interpreter {
    /// Returns the script of a command line.
    fn script<'a>(&self, arguments: &'a [String]) -> Option<&'a str> {
        let mut words = arguments.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let letters = word.strip_prefix(['-', '+']).filter(|letters| !letters.is_empty());
            let Some(letters) = letters else { return Some(word) };
            if word == "--" {
                return words.next();
            }
            if self.no_script.contains(&word) {
                return None;
            }
            if letters.starts_with('-') || self.valued.contains(&word) {
                if self.valued.contains(&word) {
                    words.next();
                }
                continue;
            }
            let end = letters.find(self.joined).unwrap_or(letters.len());
            if word.starts_with('-') && letters[..end].contains(self.inline) {
                return None;
            }
            // `-euo pipefail`
            let last = letters.chars().last().map(|letter| format!("-{letter}"));
            if end == letters.len() && last.is_some_and(|option| self.valued.contains(&option.as_str())) {
                words.next();
            }
        }
        None
    }
}

pub(super) fn apply<'a>(proof: &mut Proof<'a>, running: &Running<'a>, weight: Weight) {
    let names = running.names();
    let is = |interpreter: &&Interpreter| names.iter().any(|name| is_version_of(name, interpreter.name));
    let Some(interpreter) = INTERPRETERS.iter().find(is) else { return };
    if let Some(script) = interpreter.script(&running.arguments) {
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

#[cfg(test)]
mod tests {
    use super::INTERPRETERS;

    #[test]
    fn scripts_are_told_from_texts_on_the_command_line() {
        for (line, expected) in [
            ("sh /x.sh -c", Some("/x.sh")),
            ("sh -c true", None),
            ("sh -ec true", None),
            ("bash -euo pipefail /x.sh", Some("/x.sh")),
            ("bash -o errexit -lc true", None),
            ("bash +x --norc x", Some("x")),
            ("perl -w -Mstrict -I lib /x.pl", Some("/x.pl")),
            ("perl -MDBD::Pg -e 1", None),
            ("perl -lane print", None),
            ("ruby -rjson -I lib x.rb", Some("x.rb")),
            ("ruby -ne puts", None),
            ("lua -lsocket x.lua", Some("x.lua")),
            ("php -d memory_limit=1 artisan serve", Some("artisan")),
            ("php -dmemory_limit=1 -r 1", None),
            ("php -S 0.0.0.0:80 -t public", None),
            ("tclsh -- -odd", Some("-odd")),
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let interpreter = INTERPRETERS.iter().find(|it| it.name == words[0]).expect("an interpreter");
            assert_eq!(interpreter.script(&words[1..]), expected, "{line}");
        }
    }
}
