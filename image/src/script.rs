//! Scripts: the interpreter that the first line of a file names.

use serde::{Deserialize, Serialize};

/// The longest first line the kernel reads, in bytes.
const MAX_LINE: usize = 256;

/// What the `#!` line of a script says, read as the kernel reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Shebang {
    /// The program that runs the script, as written.
    pub interpreter: String,
    /// Everything after the interpreter, as the one argument it becomes.
    pub argument: Option<String>,
}

impl Shebang {
    /// Reads the first line of a file; `None` when it does not start with `#!` and a name.
    ///
    /// Only the first 256 bytes are looked at, as the kernel does; a name that does not end within
    /// them could not be run and gives `None`.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let line = bytes.strip_prefix(b"#!")?;
        let line = &line[..line.len().min(MAX_LINE - 2)];
        let end = line.iter().position(|byte| matches!(byte, b'\n' | 0));
        let cut = end.is_none() && bytes.len() > MAX_LINE;
        let line = trim(&line[..end.unwrap_or(line.len())]);
        let split = line.iter().position(|byte| is_blank(*byte));
        if line.is_empty() || cut && split.is_none() {
            return None;
        }
        let (interpreter, rest) = line.split_at(split.unwrap_or(line.len()));
        let rest = trim(rest);
        Some(Self {
            interpreter: String::from_utf8_lossy(interpreter).into_owned(),
            argument: (!rest.is_empty()).then(|| String::from_utf8_lossy(rest).into_owned()),
        })
    }

    /// Returns the program that is meant in the end: that of `/usr/bin/env NAME` is `NAME`, which is
    /// then looked for along `PATH`.
    pub fn program(&self) -> &str {
        let is_env = self.interpreter.rsplit('/').next() == Some("env");
        match &self.argument {
            Some(argument) if is_env => {
                let words = argument.strip_prefix("-S").unwrap_or(argument).split_ascii_whitespace();
                words
                    .clone()
                    .find(|word| !word.contains('=') && !word.starts_with('-'))
                    .unwrap_or(&self.interpreter)
            }
            _ => &self.interpreter,
        }
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn trim(mut line: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = line
        && is_blank(*first)
    {
        line = rest;
    }
    while let [rest @ .., last] = line
        && is_blank(*last)
    {
        line = rest;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines_are_read_as_the_kernel_does() {
        let long = format!("#!/{}\n", "x".repeat(300));
        let long_argument = format!("#!/bin/sh {}\n", "x".repeat(300));
        for (name, bytes, expected) in [
            ("plain", "#!/bin/sh\nexit\n", Some(("/bin/sh", None, "/bin/sh"))),
            ("no newline", "#!/bin/sh", Some(("/bin/sh", None, "/bin/sh"))),
            ("blanks", "#! \t/bin/sh -e \nx", Some(("/bin/sh", Some("-e"), "/bin/sh"))),
            ("one argument", "#!/bin/a b  c\n", Some(("/bin/a", Some("b  c"), "/bin/a"))),
            ("env", "#!/usr/bin/env python3\n", Some(("/usr/bin/env", Some("python3"), "python3"))),
            (
                "env -S",
                "#!/usr/bin/env -S A=1 node -x\n",
                Some(("/usr/bin/env", Some("-S A=1 node -x"), "node")),
            ),
            ("no script", "/bin/sh\n", None),
            ("nothing named", "#!  \n/bin/sh", None),
            ("name too long", &long, None),
            ("argument cut", &long_argument, Some(("/bin/sh", Some(&long_argument[10..256]), "/bin/sh"))),
        ] {
            let found = Shebang::read(bytes.as_bytes());
            let found = found.as_ref().map(|s| (s.interpreter.as_str(), s.argument.as_deref(), s.program()));
            assert_eq!(found, expected, "{name}");
        }
    }
}
