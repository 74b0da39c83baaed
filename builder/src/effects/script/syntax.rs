//! The syntax tree of a shell script, as far as maintainer scripts use the language.

/// A command, simple or compound, with the line it starts at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) line: u32,
    pub(super) kind: Kind,
    pub(super) redirects: Vec<Redirect>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Assignments, then a name with arguments; either may lack.
    Simple { assignments: Vec<(String, Word)>, words: Vec<Word> },
    /// `a; b`, and what stands on lines of its own.
    Sequence(Vec<Command>),
    /// `a && b`.
    And(Box<Command>, Box<Command>),
    /// `a || b`.
    Or(Box<Command>, Box<Command>),
    /// `! a`.
    Not(Box<Command>),
    /// `a | b`.
    Pipeline(Vec<Command>),
    /// `( a )`, and `a &`.
    Subshell(Box<Command>),
    /// `if a; then b; elif c; then d; else e; fi`.
    If { branches: Vec<(Command, Command)>, otherwise: Option<Box<Command>> },
    /// `case word in a|b) c;; esac`.
    Case { word: Word, arms: Vec<(Vec<Word>, Command)> },
    /// `for name in words; do a; done`; without words over the arguments.
    For { name: String, words: Option<Vec<Word>>, body: Box<Command> },
    /// `while a; do b; done`; `until` has its condition negated.
    While { condition: Box<Command>, body: Box<Command> },
    /// `name() a`.
    Function { name: String, body: Box<Command> },
}

/// A redirection of a file descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Redirect {
    pub(super) descriptor: Option<u8>,
    pub(super) kind: RedirectKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RedirectKind {
    /// `< file`.
    Read(Word),
    /// `> file`, `>| file`, `<> file`.
    Write(Word),
    /// `>> file`.
    Append(Word),
    /// `>&1`, `<&-`.
    Duplicate(Word),
    /// A here-document: its number among those of the script.
    Here(usize),
    /// `<<< word`.
    Text(Word),
}

/// A word before expansion.
pub(super) type Word = Vec<Part>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Text as it stands. Quoted text is neither split nor a pattern.
    Text { text: String, quoted: bool },
    /// `$name` or `${name…}`.
    Variable { name: String, operation: Option<Operation>, quoted: bool },
    /// `$(…)` or backquotes.
    Output { command: Box<Command>, quoted: bool },
    /// `$((…))`.
    Arithmetic,
}

/// What `${name…}` does with the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// `${#name}`.
    Length,
    /// `${name-word}`; with `:` also for an empty value.
    Default { empty_too: bool, word: Word },
    /// `${name=word}`.
    Assign { empty_too: bool, word: Word },
    /// `${name+word}`.
    Alternative { empty_too: bool, word: Word },
    /// `${name?word}`.
    Require,
    /// `${name#word}`, `${name##word}`.
    StripPrefix { longest: bool, word: Word },
    /// `${name%word}`, `${name%%word}`.
    StripSuffix { longest: bool, word: Word },
    /// An operation of a larger shell, such as `${name//a/b}`.
    Other,
}

/// A script that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) body: Command,
    pub(super) here: Vec<Word>,
}

impl Command {
    pub(super) fn new(line: u32, kind: Kind) -> Self {
        Self { line, kind, redirects: Vec::new() }
    }
}

/// Returns the text of a word that has no expansion, without its quotes.
pub(super) fn literal(word: &[Part]) -> Option<String> {
    let mut literal = String::new();
    for part in word {
        let Part::Text { text, .. } = part else { return None };
        literal.push_str(text);
    }
    Some(literal)
}

/// Returns the text of a word that is written without quotes or expansions, as a keyword is.
pub(super) fn bare(word: &[Part]) -> Option<&str> {
    match word {
        [Part::Text { text, quoted: false }] => Some(text),
        _ => None,
    }
}
