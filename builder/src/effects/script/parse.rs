//! Reads a shell script into its syntax tree.
//!
//! The language is that of POSIX, with the few words of larger shells that maintainer scripts use.
//! What is not understood is an error with its line, never a guess.

use super::syntax::{Command, Kind, Part, Program, Redirect, RedirectKind, Word, bare, literal};

/// The deepest nesting that is read; real scripts have about ten levels.
const MAX_DEPTH: u32 = 60;
/// The largest script that is read, in bytes; the largest real one has 100 KiB.
pub(super) const MAX_SCRIPT: usize = 1 << 20;

/// A script that is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ParseError {
    pub(super) line: u32,
    pub(super) why: &'static str,
}

pub(super) fn parse(text: &[u8]) -> Result<Program, ParseError> {
    if text.len() > MAX_SCRIPT {
        return Err(ParseError { line: 1, why: "the script is larger than 1 MiB" });
    }
    let mut parser = Parser { text, at: 0, line: 1, depth: 0, here: Vec::new(), pending: Vec::new() };
    let body = parser.list(&[])?;
    if parser.at < parser.text.len() {
        return Err(parser.error("something is closed that was never opened"));
    }
    Ok(Program { body, here: parser.here })
}

pub(super) struct Parser<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
    pub(super) line: u32,
    pub(super) depth: u32,
    pub(super) here: Vec<Word>,
    /// Here-documents whose text begins after the next line break.
    pending: Vec<Pending>,
}

struct Pending {
    number: usize,
    delimiter: String,
    quoted: bool,
    strip_tabs: bool,
}

type Parsed<T> = Result<T, ParseError>;

impl Parser<'_> {
    pub(super) fn error(&self, why: &'static str) -> ParseError {
        ParseError { line: self.line, why }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    pub(super) fn looking_at(&self, token: &str) -> bool {
        self.text[self.at..].starts_with(token.as_bytes())
    }

    pub(super) fn accept(&mut self, token: &str) -> bool {
        let found = self.looking_at(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Steps over blanks, continued lines and comments, up to the next token or line break.
    fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\\') if self.looking_at("\\\n") => {
                    self.at += 2;
                    self.line += 1;
                }
                Some(b'#') => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn line_break(&mut self) -> Parsed<()> {
        self.at += 1;
        self.line += 1;
        for pending in std::mem::take(&mut self.pending) {
            self.read_here(pending)?;
        }
        Ok(())
    }

    fn skip_lines(&mut self) -> Parsed<()> {
        self.skip_blanks();
        while self.peek() == Some(b'\n') {
            self.line_break()?;
            self.skip_blanks();
        }
        Ok(())
    }

    fn read_here(&mut self, pending: Pending) -> Parsed<()> {
        let start_line = self.line;
        let mut body = Vec::new();
        loop {
            if self.at >= self.text.len() {
                return Err(ParseError { line: start_line, why: "a here-document has no end" });
            }
            let rest = &self.text[self.at..];
            let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            let mut line = &rest[..end];
            self.at += (end + 1).min(rest.len());
            self.line += 1;
            while pending.strip_tabs && line.first() == Some(&b'\t') {
                line = &line[1..];
            }
            if line == pending.delimiter.as_bytes() {
                break;
            }
            body.extend_from_slice(line);
            body.push(b'\n');
        }
        self.here[pending.number] = if pending.quoted {
            vec![Part::Text { text: String::from_utf8_lossy(&body).into_owned(), quoted: true }]
        } else {
            self.nested(&body, start_line, |parser| parser.here_text())?
        };
        Ok(())
    }

    /// Parses another text, with what it holds of here-documents in its own numbering.
    pub(super) fn nested<T>(
        &self,
        text: &[u8],
        line: u32,
        parse: impl FnOnce(&mut Parser<'_>) -> Parsed<T>,
    ) -> Parsed<T> {
        let depth = self.depth + 1;
        if depth > MAX_DEPTH {
            return Err(self.error("the script is nested too deeply"));
        }
        let mut inner = Parser { text, at: 0, line, depth, here: Vec::new(), pending: Vec::new() };
        let parsed = parse(&mut inner)?;
        match inner.here.is_empty() {
            true => Ok(parsed),
            false => Err(self.error("a here-document stands inside backquotes")),
        }
    }

    /// Parses commands up to one of the keywords, a closing bracket, `;;`, or the end.
    pub(super) fn list(&mut self, until: &[&str]) -> Parsed<Command> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("the script is nested too deeply"));
        }
        let line = self.line;
        let mut commands = Vec::new();
        loop {
            self.skip_lines()?;
            if self.peek().is_none()
                || self.looking_at(")")
                || self.looking_at(";;")
                || self.at_keyword(until)
            {
                break;
            }
            let command = self.and_or()?;
            self.skip_blanks();
            if self.peek() == Some(b'&') && !self.looking_at("&&") {
                self.at += 1;
                commands.push(Command::new(command.line, Kind::Subshell(Box::new(command))));
                continue;
            }
            commands.push(command);
            match self.peek() {
                Some(b';') if !self.looking_at(";;") => self.at += 1,
                Some(b'\n') => self.line_break()?,
                _ => {}
            }
        }
        self.depth -= 1;
        Ok(match commands.len() {
            1 => commands.remove(0),
            _ => Command::new(line, Kind::Sequence(commands)),
        })
    }

    fn at_keyword(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| {
            self.looking_at(keyword)
                && self.text.get(self.at + keyword.len()).is_none_or(|byte| b" \t\r\n;&|()<>".contains(byte))
        })
    }

    fn expect(&mut self, keyword: &'static str, why: &'static str) -> Parsed<()> {
        self.skip_lines()?;
        match self.at_keyword(&[keyword]) {
            true => {
                self.at += keyword.len();
                Ok(())
            }
            false => Err(self.error(why)),
        }
    }

    fn and_or(&mut self) -> Parsed<Command> {
        let mut left = self.pipeline()?;
        loop {
            self.skip_blanks();
            let line = left.line;
            let and = self.accept("&&");
            if !and && !self.accept("||") {
                return Ok(left);
            }
            self.skip_lines()?;
            let (first, second) = (Box::new(left), Box::new(self.pipeline()?));
            left = Command::new(line, if and { Kind::And(first, second) } else { Kind::Or(first, second) });
        }
    }

    fn pipeline(&mut self) -> Parsed<Command> {
        self.skip_blanks();
        let line = self.line;
        if self.at_keyword(&["!"]) {
            self.at += 1;
            let inner = self.pipeline()?;
            return Ok(Command::new(line, Kind::Not(Box::new(inner))));
        }
        let mut commands = vec![self.command()?];
        loop {
            self.skip_blanks();
            if self.looking_at("||") || !self.accept("|") {
                break;
            }
            self.accept("&");
            self.skip_lines()?;
            commands.push(self.command()?);
        }
        Ok(match commands.len() {
            1 => commands.remove(0),
            _ => Command::new(line, Kind::Pipeline(commands)),
        })
    }

    fn command(&mut self) -> Parsed<Command> {
        self.skip_blanks();
        let line = self.line;
        let kind = if self.accept("(") {
            let body = self.list(&[])?;
            if !self.accept(")") {
                return Err(self.error("`(` is never closed"));
            }
            Some(Kind::Subshell(Box::new(body)))
        } else {
            self.keyword_command()?
        };
        let Some(kind) = kind else { return self.simple() };
        let mut command = Command::new(line, kind);
        loop {
            self.skip_blanks();
            match self.redirect()? {
                Some(redirect) => command.redirects.push(redirect),
                None => return Ok(command),
            }
        }
    }

    fn keyword_command(&mut self) -> Parsed<Option<Kind>> {
        let keywords = ["{", "if", "case", "for", "while", "until", "function"];
        let Some(keyword) = keywords.into_iter().find(|keyword| self.at_keyword(&[keyword])) else {
            return Ok(None);
        };
        self.at += keyword.len();
        let kind = match keyword {
            "{" => {
                let body = self.list(&["}"])?;
                self.expect("}", "`{` is never closed")?;
                Kind::Sequence(vec![body])
            }
            "if" => self.if_command()?,
            "case" => self.case_command()?,
            "for" => self.for_command()?,
            "function" => {
                self.skip_blanks();
                let name = self.word()?.and_then(|word| literal(&word));
                self.skip_blanks();
                let name = name.ok_or_else(|| self.error("a function has no name"))?;
                if self.accept("(") && !self.accept(")") {
                    return Err(self.error("a function has no `()`"));
                }
                self.function(name)?
            }
            _ => {
                let condition = self.list(&["do"])?;
                let line = condition.line;
                let condition = match keyword {
                    "until" => Command::new(line, Kind::Not(Box::new(condition))),
                    _ => condition,
                };
                let body = self.do_body()?;
                Kind::While { condition: Box::new(condition), body: Box::new(body) }
            }
        };
        Ok(Some(kind))
    }

    fn do_body(&mut self) -> Parsed<Command> {
        self.expect("do", "a loop has no `do`")?;
        let body = self.list(&["done"])?;
        self.expect("done", "a loop has no `done`")?;
        Ok(body)
    }

    fn if_command(&mut self) -> Parsed<Kind> {
        let mut branches = Vec::new();
        loop {
            let condition = self.list(&["then"])?;
            self.expect("then", "`if` has no `then`")?;
            branches.push((condition, self.list(&["elif", "else", "fi"])?));
            if self.at_keyword(&["elif"]) {
                self.at += 4;
                continue;
            }
            let otherwise = if self.at_keyword(&["else"]) {
                self.at += 4;
                Some(Box::new(self.list(&["fi"])?))
            } else {
                None
            };
            self.expect("fi", "`if` has no `fi`")?;
            return Ok(Kind::If { branches, otherwise });
        }
    }

    fn case_command(&mut self) -> Parsed<Kind> {
        self.skip_blanks();
        let word = self.word()?.ok_or_else(|| self.error("`case` has no word"))?;
        self.expect("in", "`case` has no `in`")?;
        let mut arms = Vec::new();
        loop {
            self.skip_lines()?;
            if self.at_keyword(&["esac"]) {
                self.at += 4;
                return Ok(Kind::Case { word, arms });
            }
            self.accept("(");
            let mut patterns = Vec::new();
            loop {
                self.skip_blanks();
                patterns.push(self.word()?.ok_or_else(|| self.error("`case` has an arm without a pattern"))?);
                self.skip_blanks();
                if self.accept(")") {
                    break;
                }
                if !self.accept("|") {
                    return Err(self.error("a pattern of `case` is not closed"));
                }
            }
            let body = self.list(&["esac"])?;
            self.skip_lines()?;
            if !self.accept(";;") && !self.at_keyword(&["esac"]) {
                return Err(self.error("an arm of `case` has no end"));
            }
            arms.push((patterns, body));
        }
    }

    fn for_command(&mut self) -> Parsed<Kind> {
        self.skip_blanks();
        let name = self.word()?.and_then(|word| bare(&word).map(str::to_owned));
        let name = name.ok_or_else(|| self.error("`for` has no name"))?;
        self.skip_lines()?;
        let words = if self.at_keyword(&["in"]) {
            self.at += 2;
            let mut words = Vec::new();
            loop {
                self.skip_blanks();
                match self.word()? {
                    Some(word) => words.push(word),
                    None => break,
                }
            }
            Some(words)
        } else {
            None
        };
        self.skip_blanks();
        self.accept(";");
        Ok(Kind::For { name, words, body: Box::new(self.do_body()?) })
    }

    fn function(&mut self, name: String) -> Parsed<Kind> {
        self.skip_lines()?;
        Ok(Kind::Function { name, body: Box::new(self.command()?) })
    }

    fn simple(&mut self) -> Parsed<Command> {
        let line = self.line;
        let (mut assignments, mut words, mut redirects) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            self.skip_blanks();
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
                continue;
            }
            // Inside `[[ ]]` the operators of the list are words.
            if words.first().is_some_and(|word: &Word| bare(word) == Some("[[")) {
                match self.bracket_word()? {
                    Some(word) => words.push(word),
                    None => break,
                }
                continue;
            }
            let Some(word) = self.word()? else { break };
            match split_assignment(&word) {
                Some(assignment) if words.is_empty() => assignments.push(assignment),
                _ => words.push(word),
            }
            if words.len() == 1 && assignments.is_empty() {
                self.skip_blanks();
                if !self.accept("(") {
                    continue;
                }
                let name = bare(&words[0]).map(str::to_owned);
                self.skip_blanks();
                return match name {
                    Some(name) if self.accept(")") => Ok(Command::new(line, self.function(name)?)),
                    _ => Err(self.error("`(` stands where none is understood")),
                };
            }
        }
        if words.is_empty() && assignments.is_empty() && redirects.is_empty() {
            return Err(self.error("a command is missing"));
        }
        Ok(Command { line, kind: Kind::Simple { assignments, words }, redirects })
    }

    fn bracket_word(&mut self) -> Parsed<Option<Word>> {
        while self.peek() == Some(b'\n') {
            self.line_break()?;
            self.skip_blanks();
        }
        for operator in ["&&", "||", "(", ")", "<", ">"] {
            if self.accept(operator) {
                return Ok(Some(vec![Part::Text { text: operator.to_owned(), quoted: false }]));
            }
        }
        self.word()
    }

    fn redirect(&mut self) -> Parsed<Option<Redirect>> {
        let digit = self.peek().filter(u8::is_ascii_digit);
        let next = self.text.get(self.at + 1).copied();
        let descriptor = match digit {
            Some(digit) if matches!(next, Some(b'<' | b'>')) => {
                self.at += 1;
                Some(digit - b'0')
            }
            _ => None,
        };
        let tokens = ["<<<", "<<-", "<<", "<&", "<>", "<", "&>>", "&>", ">>", ">&", ">|", ">"];
        let Some(token) = tokens.into_iter().find(|token| self.accept(token)) else { return Ok(None) };
        if matches!(token, "<" | ">") && self.peek() == Some(b'(') {
            return Err(self.error("a process is substituted"));
        }
        self.skip_blanks();
        let word = self.word()?.ok_or_else(|| self.error("a redirection has no file"))?;
        let kind = match token {
            "<<<" => RedirectKind::Text(word),
            "<<" | "<<-" => {
                let quoted = word.iter().any(|part| matches!(part, Part::Text { quoted: true, .. }));
                let delimiter =
                    literal(&word).ok_or_else(|| self.error("a here-document has no plain end"))?;
                let number = self.here.len();
                self.here.push(Vec::new());
                self.pending.push(Pending { number, delimiter, quoted, strip_tabs: token == "<<-" });
                RedirectKind::Here(number)
            }
            "<&" | ">&" => RedirectKind::Duplicate(word),
            "<" => RedirectKind::Read(word),
            ">>" | "&>>" => RedirectKind::Append(word),
            _ => RedirectKind::Write(word),
        };
        Ok(Some(Redirect { descriptor, kind }))
    }
}

/// Splits `NAME=word`; the name must be written plainly.
fn split_assignment(word: &[Part]) -> Option<(String, Word)> {
    let [Part::Text { text, quoted: false }, rest @ ..] = word else { return None };
    let (name, value) = text.split_once('=')?;
    let plain = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if !plain(name) {
        return None;
    }
    let mut parts = Vec::new();
    if !value.is_empty() {
        parts.push(Part::Text { text: value.to_owned(), quoted: false });
    }
    parts.extend_from_slice(rest);
    Some((name.to_owned(), parts))
}
