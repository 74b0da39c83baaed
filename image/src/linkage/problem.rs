//! What can be wrong with something that shall start.

use crate::platform::Platform;

/// What is wrong with something that shall start or be loaded.
///
/// The text reads after the object: `/usr/bin/api` *needs `libpq.so.5`, which is not in the image*.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Problem {
    /// The user is a name that nothing defines.
    #[error("the user `{0}` is not in /etc/passwd")]
    UnknownUser(String),
    /// The group is a name that nothing defines.
    #[error("the group `{0}` is not in /etc/group")]
    UnknownGroup(String),
    /// The working directory is something else.
    #[error("the working directory `{0}` is no directory")]
    WorkDirectory(String),
    /// A program that is looked for along `PATH` stands nowhere.
    #[error("needs the program `{name}`, which is in no directory of PATH ({path})")]
    NotInPath {
        /// The program.
        name: String,
        /// The search path.
        path: String,
    },
    /// A file stands nowhere, itself or at the end of its links.
    #[error("{}", match leads_to {
        Some(target) => format!("leads to `{target}`, which is not in the image"),
        None => String::from("is not in the image"),
    })]
    Absent {
        /// Where its links lead.
        leads_to: Option<String>,
    },
    /// Links lead in a circle, or a file stands where a directory should.
    #[error("cannot be reached: `{0}` is no directory, or its links lead in a circle")]
    Impassable(String),
    /// A directory on the way is closed to the user.
    #[error("cannot be reached by user {uid}: it may not pass through `{directory}`")]
    Denied {
        /// The directory.
        directory: String,
        /// The user.
        uid: u32,
    },
    /// It is no regular file.
    #[error("is no regular file")]
    NotRegular,
    /// The user may not execute it.
    #[error("may not be executed by user {uid}: its mode is {mode:04o}, its owner {owner}")]
    NotExecutable {
        /// The user.
        uid: u32,
        /// The file's mode.
        mode: u32,
        /// User and group that own it.
        owner: String,
    },
    /// The user may not read it.
    #[error("may not be read by user {uid}: its mode is {mode:04o}, its owner {owner}")]
    NotReadable {
        /// The user.
        uid: u32,
        /// The file's mode.
        mode: u32,
        /// User and group that own it.
        owner: String,
    },
    /// It is neither a program nor a script.
    #[error("is neither an ELF program nor a script that starts with `#!`")]
    NoProgram,
    /// It is for another machine.
    #[error("is for {found}, not for {expected}")]
    Foreign {
        /// What it is for.
        found: String,
        /// The image's platform.
        expected: String,
    },
    /// Its dynamic linker is not in the image.
    #[error("needs the dynamic linker `{0}`, which is not in the image")]
    Interpreter(String),
    /// The program that its `#!` line names is not in the image.
    #[error("is a script for `{0}`, which is not in the image")]
    ScriptInterpreter(String),
    /// Scripts whose interpreters are scripts, too deep.
    #[error("is a script whose interpreter is a script, and so on: the kernel gives up")]
    TooDeep,
    /// A library that is nowhere where the dynamic linker looks.
    #[error("needs `{soname}`, {}", match elsewhere {
        Some(path) => format!("which is at `{path}`, where the dynamic linker does not look for it"),
        None => String::from("which is not in the image"),
    })]
    Library {
        /// The library's name.
        soname: String,
        /// Where a library of this name stands all the same.
        elsewhere: Option<String>,
    },
    /// The user may not read a library that stands where the linker looks.
    #[error("needs `{soname}`, but user {uid} may not read `{path}`")]
    Closed {
        /// The library's name.
        soname: String,
        /// What may not be read.
        path: String,
        /// The user.
        uid: u32,
    },
    /// A library stands first where the linker looks, and is no library.
    #[error("needs `{soname}`, but `{path}` is no ELF file")]
    NotElf {
        /// The library's name.
        soname: String,
        /// What stands there.
        path: String,
    },
    /// A library is too old, or of another make.
    #[error("needs `{version}` of `{soname}`, which `{path}` does not define")]
    Version {
        /// The library's name.
        soname: String,
        /// The version.
        version: String,
        /// The library that was found.
        path: String,
    },
    /// Something that a program reads when it starts is not there.
    #[error("needs {what} (`{path}`), which is not in the image")]
    Part {
        /// What it is, such as `the standard library of Python 3.13`.
        what: String,
        /// Where it is looked for.
        path: String,
    },
    /// Something is made for another version or machine than the one that the image has.
    #[error("{reason}")]
    Mismatch {
        /// What does not fit, and what the image has.
        reason: String,
        /// The name under which it may be accepted.
        key: String,
    },
}

impl Problem {
    /// Returns the name of what is missing, by which a spec accepts a finding.
    pub fn missing(&self) -> &str {
        match self {
            Self::UnknownUser(name) | Self::UnknownGroup(name) | Self::WorkDirectory(name) => name,
            Self::NotInPath { name, .. } => name,
            Self::Absent { leads_to } => leads_to.as_deref().unwrap_or("file"),
            Self::Impassable(path) | Self::Denied { directory: path, .. } => path,
            Self::NotRegular | Self::NoProgram | Self::TooDeep => "program",
            Self::NotExecutable { .. } => "execute",
            Self::NotReadable { .. } => "read",
            Self::Foreign { found, .. } => found,
            Self::Interpreter(path) | Self::ScriptInterpreter(path) => path,
            Self::Library { soname, .. } | Self::NotElf { soname, .. } | Self::Closed { soname, .. } => {
                soname
            }
            Self::Version { version, .. } => version,
            Self::Part { path, .. } => path,
            Self::Mismatch { key, .. } => key,
        }
    }
}

/// Names the machine of an ELF file, in OCI's words where they have one.
pub fn machine(facts: &crate::elf::Facts) -> String {
    let is_64 = facts.class == crate::elf::Class::Bits64;
    let known = Platform::all_of_debian().find(|platform| {
        let wide = !matches!(platform.architecture.as_str(), "386" | "arm" | "mipsle");
        platform.elf_machine() == Some(facts.machine) && wide == is_64
    });
    match known {
        Some(platform) if platform.architecture == "arm" => String::from("linux/arm"),
        Some(platform) => platform.to_string(),
        None => format!("ELF machine {}", facts.machine),
    }
}
