//! The stages of a Dockerfile, and the instructions that make its last one.

use super::super::ConvertError;
use super::super::text::Text;
use super::read::{File, Instruction};
use super::words::Scope;

/// One stage.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    /// The line of its `FROM`.
    pub(super) line: usize,
    /// What it is built upon: an image or another stage.
    pub(super) base: String,
    pub(super) name: Option<String>,
    /// The platform it asks for, unless that is a variable of the build.
    pub(super) platform: Option<String>,
    pub(super) instructions: Vec<Instruction>,
}

/// All stages, with the values of the `ARG`s before them.
#[derive(Debug)]
pub(super) struct Stages {
    pub(super) all: Vec<Stage>,
    pub(super) global: Scope,
}

/// The most stages one may be built upon, one upon the other.
const MAX_CHAIN: usize = 64;

impl Stages {
    /// Splits a file into its stages.
    pub(super) fn of(file: File) -> Result<Self, ConvertError> {
        let mut global = Scope::default();
        let mut all: Vec<Stage> = Vec::new();
        for instruction in file.instructions {
            match (instruction.keyword.as_str(), all.last_mut()) {
                ("FROM", _) => all.push(begin(&instruction, &mut global, file.escape)?),
                ("ARG", None) => arguments(&instruction, &mut global, None, file.escape)?,
                (keyword, None) => {
                    return Err(ConvertError::at(instruction.line, format!("`{keyword}` before `FROM`")));
                }
                (_, Some(stage)) => stage.instructions.push(instruction),
            }
        }
        if all.is_empty() {
            return Err(ConvertError::at(1, "there is no `FROM`"));
        }
        Ok(Self { all, global })
    }

    /// Returns the number of a stage before `limit` by its name or number.
    pub(super) fn find(&self, name: &str, limit: usize) -> Option<usize> {
        let by_name = |stage: &Stage| stage.name.as_deref().is_some_and(|it| it.eq_ignore_ascii_case(name));
        let named = self.all[..limit].iter().rposition(by_name);
        named.or_else(|| name.parse().ok().filter(|number| *number < limit))
    }

    /// Returns the stages that the last one is made of, the lowest first: one built upon another has
    /// that one's instructions as well.
    pub(super) fn last(&self) -> Vec<usize> {
        let mut chain = vec![self.all.len() - 1];
        while let Some(below) = chain.last().and_then(|&top| self.below(top)) {
            if chain.len() >= MAX_CHAIN {
                break;
            }
            chain.push(below);
        }
        chain.reverse();
        chain
    }

    /// Returns the stage that another is built upon. A number means an image here, not a stage.
    fn below(&self, stage: usize) -> Option<usize> {
        let base = &self.all[stage].base;
        let by_name = |it: &Stage| it.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(base));
        self.all[..stage].iter().rposition(by_name)
    }
}

fn begin(instruction: &Instruction, scope: &mut Scope, escape: char) -> Result<Stage, ConvertError> {
    let line = instruction.line;
    let words: Vec<&str> = instruction.rest.text.split_whitespace().collect();
    let (base, name) = match words[..] {
        [base] => (base, None),
        [base, word, name] if word.eq_ignore_ascii_case("AS") => (base, Some(name.to_owned())),
        _ => return Err(ConvertError::at(line, "expected `FROM IMAGE` or `FROM IMAGE AS NAME`")),
    };
    let base = scope.expand(base, escape).map_err(|problem| ConvertError::at(line, problem))?;
    scope.take_missing();
    let platform = instruction.flags.iter().find(|(name, _)| name == "platform");
    let platform = platform.and_then(|(_, value)| value.clone()).filter(|value| !value.contains('$'));
    Ok(Stage { line, base: base.as_str().replace("$$", "$"), name, platform, instructions: Vec::new() })
}

/// Declares the variables of an `ARG`: with the value given before the first stage, else its default.
pub(super) fn arguments(
    instruction: &Instruction,
    scope: &mut Scope,
    global: Option<&Scope>,
    escape: char,
) -> Result<(), ConvertError> {
    for (_, word) in super::words::split(&instruction.rest.text, escape) {
        let (name, default) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word.as_str(), None),
        };
        if scope.set_from_platform(name) {
            continue;
        }
        let value = match default {
            Some(raw) => {
                let expanded = scope.expand(raw, escape);
                Some(expanded.map_err(|problem| ConvertError::at(instruction.line, problem))?)
            }
            None => global.and_then(|global| global.get(name)).cloned(),
        };
        // One that has no value is empty in the build as well, unless the command line gives it one.
        if let Some(value) = value.or_else(|| scope.get(name).is_none().then(Text::default)) {
            scope.set(name, value);
        }
    }
    Ok(())
}
