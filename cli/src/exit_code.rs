//! Exit codes: the whole table.

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ExitCode {
    /// It worked, or the answer is yes.
    Yes,
    /// It worked, and the answer is no: an update is there, nothing was found, two things differ.
    No,
    /// What was asked cannot be judged from what is there.
    CannotJudge,
    /// The command line is wrong.
    Usage,
    /// It did not work.
    Error,
}

impl ExitCode {
    /// Every code with its meaning, by number.
    pub(crate) const TABLE: [(Self, &str); 5] = [
        (Self::Yes, "it worked, or the answer is yes"),
        (Self::Error, "it did not work; standard error says why"),
        (Self::No, "the answer is no: not found, not the same, not current, cannot start"),
        (Self::CannotJudge, "the question cannot be answered from what is there"),
        (Self::Usage, "the command line is wrong"),
    ];

    /// Returns the number the process ends with.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::Error => 1,
            Self::No => 2,
            Self::CannotJudge => 3,
            // As in sysexits.h; 2, which argument parsers use, is taken by `No`.
            Self::Usage => 64,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_what_scripts_rely_on() {
        let numbers: Vec<u8> = ExitCode::TABLE.iter().map(|(code, _)| code.number()).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 64]);
    }

    #[test]
    fn the_worst_code_of_several_is_the_greatest() {
        assert_eq!(ExitCode::Yes.max(ExitCode::No), ExitCode::No);
        assert_eq!(ExitCode::Error.max(ExitCode::No), ExitCode::Error);
    }
}
