//! Maintainer scripts, read and never run.
//!
//! A script is read as the shell reads it and followed along the path it takes when a package is
//! installed for the first time: `preinst install`, `postinst configure`. Conditions on arguments, on
//! versions and on files are decided against the image's tree; where one cannot be decided both ways
//! are followed, and nothing on them counts as certain. Each command that would be run is an
//! [effect](Effect), or known to do nothing to an image, or known to make something that attar does
//! not make, or unknown: named with its line.

mod accounts;
mod builtins;
mod commands;
mod condition;
mod evaluate;
mod expand;
mod files;
mod find;
mod parse;
pub(super) mod pattern;
mod php;
mod report;
mod start;
mod state;
mod syntax;
mod text;
mod word;

use std::collections::{BTreeMap, BTreeSet};

use attar_image::{FileTree, TreePath};

use super::effect::Effect;

/// What a script is judged against.
pub struct Surroundings<'a> {
    /// The image's tree, without effects.
    pub tree: &'a FileTree,
    /// Returns the content of a file in it; `None` for what is too large or not at hand.
    pub read: &'a dyn Fn(&TreePath) -> Option<Vec<u8>>,
    /// Names of all packages in the image.
    pub packages: &'a BTreeSet<String>,
    /// Debian's name of the architecture.
    pub architecture: &'a str,
}

/// The scripts of one package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageScripts {
    /// Name of the package.
    pub package: String,
    /// Scripts by name (`preinst`, `postinst`), as they are.
    pub scripts: BTreeMap<String, Vec<u8>>,
    /// The control file `templates`: questions with their default answers.
    pub templates: Option<String>,
    /// Files and links of the package itself, which its `preinst` does not find yet.
    pub paths: BTreeSet<TreePath>,
}

/// What a script would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// Commands that are understood, in order.
    pub commands: Vec<Recognised>,
    /// Commands that are not.
    pub unknown: Vec<Unknown>,
}

/// A command that is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// Line in the script.
    pub line: u32,
    /// The command after expansion.
    pub text: String,
    /// What it means for an image.
    pub meaning: Meaning,
}

/// What a command means for an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It changes the image.
    Effect(Box<Effect>),
    /// It does nothing to an image, for this reason.
    Nothing(&'static str),
    /// It makes something that attar does not make.
    Missing {
        /// What it makes.
        what: &'static str,
        /// Whether programs commonly fail without it.
        matters: bool,
    },
}

/// A command that is not understood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unknown {
    /// Line in the script.
    pub line: u32,
    /// The command, as far as its words are known.
    pub text: String,
    /// Why it is not.
    pub why: &'static str,
}

/// Follows one script of a package: `name` is `preinst` or `postinst`.
///
/// Scripts in another language than the shell's are one unknown command.
pub fn recognise(package: &PackageScripts, name: &str, surroundings: &Surroundings<'_>) -> Script {
    let Some(text) = package.scripts.get(name) else { return Script::default() };
    if let Some(why) = super::reviewed::instead_of(&package.package, name) {
        let meaning = Meaning::Nothing(why);
        let whole = Recognised { line: 1, text: "the whole script".to_owned(), meaning };
        return Script { commands: vec![whole], unknown: Vec::new() };
    }
    match interpreter(text) {
        Ok(()) => start::follow(package, name, text, surroundings),
        Err(text) => {
            let unknown = Unknown { line: 1, text, why: "it is not written for a shell" };
            Script { commands: Vec::new(), unknown: vec![unknown] }
        }
    }
}

/// Says whether a shell runs the script, else names what does.
fn interpreter(text: &[u8]) -> Result<(), String> {
    match attar_image::script::Shebang::read(text) {
        Some(shebang) => {
            let program = shebang.program();
            let name = program.rsplit('/').next().unwrap_or_default();
            let is_shell = matches!(name, "sh" | "dash" | "bash" | "ash" | "ksh");
            if is_shell { Ok(()) } else { Err(format!("a script for {program}")) }
        }
        None if text.starts_with(b"\x7fELF") => Err("a program".to_owned()),
        // The kernel refuses a script without its first line, and a shell then runs it.
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
