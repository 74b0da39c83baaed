//! File modes as `chmod` and `install` take them: octal digits, or letters.

/// A change of mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModeChange(Vec<Step>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// All twelve bits. Up to four digits leave the set-id bits that a directory has.
    Set { bits: u32, keeps_set_id: bool },
    /// `who` are the bits a clause may touch, as `0o7777` for `a`.
    Clause { who: u32, operation: char, bits: Bits },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bits {
    /// These bits; with `conditional_execute` also `x` where it is set already, or on directories.
    Plain { bits: u32, conditional_execute: bool },
    /// The bits of another class.
    Copy(u32),
}

impl ModeChange {
    /// Returns the change to exactly these bits.
    pub fn exactly(mode: u32) -> Self {
        Self(vec![Step::Set { bits: mode & 0o7777, keeps_set_id: false }])
    }

    /// Reads `755`, `u+s`, `g=rwX,o-rwx`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.is_empty() && text.len() <= 5 && text.bytes().all(|byte| matches!(byte, b'0'..=b'7')) {
            let bits = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777)?;
            return Some(Self(vec![Step::Set { bits, keeps_set_id: text.len() < 5 }]));
        }
        let mut steps = Vec::new();
        for clause in text.split(',') {
            clause_steps(clause, &mut steps)?;
        }
        Some(Self(steps))
    }

    /// Returns the mode after the change.
    pub fn apply(&self, mode: u32, is_directory: bool) -> u32 {
        self.0.iter().fold(mode & 0o7777, |mode, step| match *step {
            Step::Set { bits, keeps_set_id } if is_directory && keeps_set_id => bits | mode & 0o6000,
            Step::Set { bits, .. } => bits,
            Step::Clause { who, operation, bits } => {
                let bits = match bits {
                    Bits::Plain { bits, conditional_execute } => {
                        let execute = conditional_execute && (is_directory || mode & 0o111 != 0);
                        (bits | if execute { 0o111 } else { 0 }) & who
                    }
                    Bits::Copy(shift) => ((mode >> shift & 7) * 0o111) & who,
                };
                match operation {
                    '+' => mode | bits,
                    '-' => mode & !bits,
                    // `=` leaves the sticky bit to others and the set-id bits of directories.
                    _ => mode & !(who & if is_directory { 0o777 } else { 0o7777 }) | bits,
                }
            }
        })
    }
}

fn clause_steps(clause: &str, steps: &mut Vec<Step>) -> Option<()> {
    let start = clause.find(['+', '-', '='])?;
    let mut who = 0;
    for letter in clause[..start].chars() {
        who |= match letter {
            'u' => 0o4700,
            'g' => 0o2070,
            'o' => 0o1007,
            'a' => 0o7777,
            _ => return None,
        };
    }
    if who == 0 {
        who = 0o7777;
    }
    let mut rest = &clause[start..];
    while let Some(operation) = rest.chars().next() {
        let end = rest[1..].find(['+', '-', '=']).map_or(rest.len(), |end| end + 1);
        steps.push(Step::Clause { who, operation, bits: bits(&rest[1..end])? });
        rest = &rest[end..];
    }
    Some(())
}

fn bits(letters: &str) -> Option<Bits> {
    match letters {
        "u" => return Some(Bits::Copy(6)),
        "g" => return Some(Bits::Copy(3)),
        "o" => return Some(Bits::Copy(0)),
        _ => {}
    }
    let (mut bits, mut conditional_execute) = (0, false);
    for letter in letters.chars() {
        match letter {
            'r' => bits |= 0o444,
            'w' => bits |= 0o222,
            'x' => bits |= 0o111,
            'X' => conditional_execute = true,
            's' => bits |= 0o6000,
            't' => bits |= 0o1000,
            _ => return None,
        }
    }
    Some(Bits::Plain { bits, conditional_execute })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_change_as_chmod_does() {
        for (text, mode, is_directory, expected) in [
            ("755", 0o600, false, 0o755),
            ("04755", 0o600, false, 0o4755),
            ("755", 0o2700, true, 0o2755),
            ("00755", 0o2700, false, 0o755),
            ("2775", 0o4700, true, 0o6775),
            ("u+s", 0o755, false, 0o4755),
            ("g+s", 0o755, true, 0o2755),
            ("+t", 0o777, true, 0o1777),
            ("go-rwx", 0o755, false, 0o700),
            ("u=rwX,g=rX,o=", 0o644, true, 0o750),
            ("u=rwX,g=rX,o=", 0o644, false, 0o640),
            ("a+X", 0o744, false, 0o755),
            ("g=u", 0o740, false, 0o770),
            ("u+w-x", 0o555, false, 0o655),
            ("ug=rw,o-r", 0o777, false, 0o663),
        ] {
            let change = ModeChange::parse(text).expect(text);
            assert_eq!(change.apply(mode, is_directory), expected, "{text} of {mode:o}");
        }
        for text in ["", "8", "77777", "u", "u+q", "$MODE", "--reference=x"] {
            assert_eq!(ModeChange::parse(text), None, "{text}");
        }
    }
}
