//! Dockerfiles: the last stage as a spec.
//!
//! ```text
//! text --read--> instructions --stage--> stages --copy, run, …--> Image --> Draft
//! ```
//!
//! Nothing of it is run. Of earlier stages only those count that the last one is built upon; what it
//! copies out of others becomes an entry of `files`, with the command that gets it out.

mod bases;
mod copy;
mod image;
mod read;
mod run;
mod shell;
mod stage;
mod words;

use super::draft::Key;
use super::text::{Text, scalar};
use super::{Conversion, ConvertError};
use image::{Image, Start};
use read::Instruction;
pub use read::looks_like_a_dockerfile;
use stage::Stages;
use words::{exec_form, split};

/// What is around a Dockerfile.
pub struct Surroundings<'a> {
    /// Its name, as `docker build -f` takes it.
    pub file: &'a str,
    /// The folder of its context as the spec names it; empty for the spec's own.
    pub folder: &'a str,
    /// Tells what a path of the context is, if it is there.
    pub kind: &'a dyn Fn(&str) -> Option<Kind>,
    /// The lines of `.dockerignore`.
    pub ignored: &'a [String],
}

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A directory.
    Directory,
}

/// The longest range of ports that is listed.
const MAX_PORTS: u16 = 100;

/// Converts a Dockerfile into a spec that stands beside its context.
pub fn convert(text: &str, around: &Surroundings<'_>) -> Result<Conversion, ConvertError> {
    let file = read::read(text)?;
    let escape = file.escape;
    let stages = Stages::of(file)?;
    let chain = stages.last();
    let lowest = &stages.all[chain[0]];
    let last = &stages.all[stages.all.len() - 1];
    let base = bases::base(&lowest.base);
    let mut image = Image::new(&stages, around, base, escape);
    image.draft.head = vec![
        format!("Made from {}, of which the last stage counts (line {}).", around.file, last.line),
        format!("Its base is {} (line {}).", lowest.base, lowest.line),
    ];
    let comments: Vec<String> = image.draft.head.iter().flat_map(|line| super::text::comment(line)).collect();
    image.draft.head = comments;
    if let Some(caution) = image.base.caution.clone() {
        image.draft.unmapped(lowest.line, format!("FROM {}: {caution}", lowest.base));
    }
    for &number in &chain {
        for instruction in &stages.all[number].instructions {
            if let Err(problem) = image.instruction(instruction) {
                let keyword = &instruction.keyword;
                image.draft.unmapped(instruction.line, format!("{keyword}: {problem}"));
            }
            for name in image.scope.take_missing() {
                let said =
                    format!("{}: `${name}` has no value here and is taken as empty", instruction.keyword);
                image.draft.unmapped(instruction.line, said);
            }
        }
    }
    let platform = last.platform.clone();
    Ok(image.finish(lowest.line, platform.as_deref()))
}

impl Image<'_> {
    /// Takes an instruction in; what it cannot say is an error in words.
    fn instruction(&mut self, instruction: &Instruction) -> Result<(), String> {
        let line = instruction.line;
        match instruction.keyword.as_str() {
            "ARG" => self.arg(instruction),
            "ENV" => {
                for (name, value) in self.pairs(instruction)? {
                    self.scope.set(name.as_str(), value.clone());
                    self.environment.push((line, name.as_str().replace("$$", "$"), value));
                }
                Ok(())
            }
            "LABEL" => {
                for (name, value) in self.pairs(instruction)? {
                    self.labels.push((line, name, value));
                }
                Ok(())
            }
            "COPY" | "ADD" => self.copy(instruction),
            "RUN" => {
                self.run(instruction);
                Ok(())
            }
            "WORKDIR" => {
                let path = self.scope.expand(&instruction.rest.text, self.escape)?;
                self.work_dir = self.path(path.as_str());
                self.work_dir_line = Some(line);
                Ok(())
            }
            "USER" => {
                let user = self.scope.expand(&instruction.rest.text, self.escape)?;
                self.user = Some((line, user.as_str().to_owned()));
                Ok(())
            }
            "ENTRYPOINT" => {
                self.entrypoint = Some(command(line, &instruction.rest.text));
                Ok(())
            }
            "CMD" => {
                self.cmd = Some(command(line, &instruction.rest.text));
                Ok(())
            }
            "HEALTHCHECK" => self.healthcheck(instruction),
            "EXPOSE" => self.expose(instruction),
            "VOLUME" => self.volumes(instruction),
            "STOPSIGNAL" => {
                let signal = self.scope.expand(&instruction.rest.text, self.escape)?;
                self.draft.add(Key::StopSignal, line, scalar(&signal), "");
                Ok(())
            }
            "MAINTAINER" => {
                let name = Text::literal("org.opencontainers.image.authors");
                self.labels.push((line, name, Text::literal(&instruction.rest.text)));
                Ok(())
            }
            "SHELL" => Err(String::from("the image has no shell: nothing is run in it")),
            "ONBUILD" => Err(String::from("an image carries no instructions for others: use `include`")),
            _ => Err(String::from("it has no meaning here")),
        }
    }

    fn arg(&mut self, instruction: &Instruction) -> Result<(), String> {
        let global = self.stages.global.clone();
        stage::arguments(instruction, &mut self.scope, Some(&global), self.escape)
            .map_err(|error| error.to_string())?;
        // A variable of the environment wins over a parameter of the build.
        for (_, name, value) in &self.environment {
            self.scope.set(name, value.clone());
        }
        Ok(())
    }

    /// Reads `NAME=VALUE …`, or the old form `NAME VALUE`.
    fn pairs(&mut self, instruction: &Instruction) -> Result<Vec<(Text, Text)>, String> {
        let text = &instruction.rest.text;
        let words = split(text, self.escape);
        if words.first().is_some_and(|(_, word)| !word.contains('=')) {
            let (name, value) = text.split_once(char::is_whitespace).ok_or("it has no value")?;
            let value = self.scope.expand(value.trim_start(), self.escape)?;
            return Ok(vec![(Text::literal(name), value)]);
        }
        let mut pairs = Vec::new();
        for (_, word) in words {
            let (name, value) = word.split_once('=').ok_or_else(|| format!("`{word}` has no `=`"))?;
            let name = self.scope.expand(name, self.escape)?;
            pairs.push((name, self.scope.expand(value, self.escape)?));
        }
        Ok(pairs)
    }

    fn healthcheck(&mut self, instruction: &Instruction) -> Result<(), String> {
        let text = instruction.rest.text.trim();
        if text.eq_ignore_ascii_case("NONE") {
            self.health = None;
            return Ok(());
        }
        let (word, rest) = text.split_once(char::is_whitespace).ok_or("it names no command")?;
        if !word.eq_ignore_ascii_case("CMD") {
            return Err(format!("expected `CMD` or `NONE`, found `{word}`"));
        }
        let mut options = Vec::new();
        for (name, value) in &instruction.flags {
            let value = Text::literal(value.as_deref().unwrap_or_default());
            match name.as_str() {
                "interval" => options.push(("interval", value)),
                "timeout" => options.push(("timeout", value)),
                "start-period" => options.push(("start-period", value)),
                "retries" => options.push(("retries", value)),
                other => self.draft.unmapped(instruction.line, format!("HEALTHCHECK: --{other} has no key")),
            }
        }
        self.health = Some((command(instruction.line, rest), options));
        Ok(())
    }

    fn expose(&mut self, instruction: &Instruction) -> Result<(), String> {
        for (_, word) in split(&instruction.rest.text, self.escape) {
            let port = self.scope.expand(&word, self.escape)?;
            let (numbers, protocol) =
                port.as_str().split_once('/').map_or((port.as_str(), None), |(a, b)| (a, Some(b)));
            let range =
                numbers.split_once('-').and_then(|(a, b)| Some((a.parse::<u16>().ok()?, b.parse().ok()?)));
            let listed: Vec<String> = match range {
                Some((first, last)) if first <= last && last - first < MAX_PORTS => {
                    (first..=last).map(|port| port.to_string()).collect()
                }
                Some(_) => return Err(format!("`{numbers}` is too long a range: list the ports")),
                None => vec![numbers.to_owned()],
            };
            for number in listed {
                let written = match protocol {
                    None | Some("tcp") => number,
                    Some(other) => format!("{number}/{other}"),
                };
                let plain = written.bytes().all(|digit| digit.is_ascii_digit());
                let body = if plain { written } else { scalar(&Text::written(written)) };
                self.draft.add(Key::Ports, instruction.line, body, "");
            }
        }
        Ok(())
    }

    fn volumes(&mut self, instruction: &Instruction) -> Result<(), String> {
        let words = match exec_form(&instruction.rest.text) {
            Some(words) => words,
            None => split(&instruction.rest.text, self.escape).into_iter().map(|(_, word)| word).collect(),
        };
        for word in words {
            let path = self.scope.expand(&word, self.escape)?;
            let path = image::join(&Text::literal("/"), path.as_str());
            self.draft.add(Key::Volumes, instruction.line, scalar(&path), "");
        }
        Ok(())
    }
}

/// Reads a command in exec form, or in shell form where it needs no shell.
fn command(line: usize, text: &str) -> Start {
    if let Some(words) = exec_form(text) {
        let words = words.iter().map(|word| Text::literal(word)).collect();
        return Start { line, words: Ok(words), comment: String::new() };
    }
    let mut none = words::Scope::default();
    let words = shell::plain_words(text)
        .map_err(String::from)
        .and_then(|words| words.iter().map(|word| none.expand(word, '\\')).collect::<Result<Vec<_>, _>>());
    let comment = match words {
        Ok(_) => format!("Line {line} left this to a shell; here the program is started itself."),
        Err(_) => format!("Line {line} leaves this to a shell, which is not here:\n{text}"),
    };
    Start { line, words, comment }
}
