//! Reads the words of a script: quotes, variables and outputs of commands.

use super::parse::{ParseError, Parser};
use super::syntax::{Command, Operation, Part, Word};

type Parsed<T> = Result<T, ParseError>;

/// Where a piece of a word ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// At a blank or an operator.
    Blank,
    /// At the quote that closes.
    Quote,
    /// At the brace that closes `${`.
    Brace { quoted: bool },
    /// At the end of a here-document.
    End,
}

impl Parser<'_> {
    /// Parses one word; `None` at an operator, a line break or the end.
    pub(super) fn word(&mut self) -> Parsed<Option<Word>> {
        let start = self.at;
        let parts = self.parts(Until::Blank)?;
        Ok((self.at > start).then_some(parts))
    }

    /// Parses the text of a here-document in which variables are expanded.
    pub(super) fn here_text(&mut self) -> Parsed<Word> {
        self.parts(Until::End)
    }

    fn parts(&mut self, until: Until) -> Parsed<Word> {
        let mut parts: Word = Vec::new();
        let quoted = matches!(until, Until::Quote | Until::End | Until::Brace { quoted: true });
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')'
                    if until == Until::Blank =>
                {
                    break;
                }
                b'"' if until == Until::Quote => break,
                b'}' if matches!(until, Until::Brace { .. }) => break,
                b'\\' => self.escape(&mut parts, quoted)?,
                b'\'' if !quoted => {
                    self.at += 1;
                    let text = self.up_to_quote()?;
                    parts.push(Part::Text { text, quoted: true });
                }
                b'"' if until != Until::End => {
                    self.at += 1;
                    let inner = self.parts(Until::Quote)?;
                    if !self.accept("\"") {
                        return Err(self.error("a quote is never closed"));
                    }
                    // An empty pair of quotes is still a word.
                    parts.push(Part::Text { text: String::new(), quoted: true });
                    parts.extend(inner);
                }
                b'$' => self.dollar(&mut parts, quoted)?,
                b'`' => {
                    let command = self.backquotes()?;
                    parts.push(Part::Output { command: Box::new(command), quoted });
                }
                _ => {
                    self.at += 1;
                    self.line += u32::from(byte == b'\n');
                    self.push(&mut parts, self.at - 1, quoted);
                }
            }
        }
        Ok(parts)
    }

    /// Appends the character that starts at `start` to the text at the end of `parts`.
    fn push(&mut self, parts: &mut Word, start: usize, quoted: bool) {
        while self.peek().is_some_and(|byte| byte & 0xc0 == 0x80) {
            self.at += 1;
        }
        let character = String::from_utf8_lossy(&self.text[start..self.at]);
        match parts.last_mut() {
            Some(Part::Text { text, quoted: before }) if *before == quoted => text.push_str(&character),
            _ => parts.push(Part::Text { text: character.into_owned(), quoted }),
        }
    }

    fn escape(&mut self, parts: &mut Word, quoted: bool) -> Parsed<()> {
        let next = self.text.get(self.at + 1).copied();
        match next {
            Some(b'\n') => {
                self.at += 2;
                self.line += 1;
            }
            Some(byte) if !quoted || matches!(byte, b'$' | b'`' | b'"' | b'\\') => {
                self.at += 2;
                self.push(parts, self.at - 1, true);
            }
            _ => {
                self.at += 1;
                self.push(parts, self.at - 1, true);
            }
        }
        Ok(())
    }

    fn up_to_quote(&mut self) -> Parsed<String> {
        let start = self.at;
        while let Some(byte) = self.peek() {
            self.at += 1;
            self.line += u32::from(byte == b'\n');
            if byte == b'\'' {
                return Ok(String::from_utf8_lossy(&self.text[start..self.at - 1]).into_owned());
            }
        }
        Err(self.error("a quote is never closed"))
    }

    fn dollar(&mut self, parts: &mut Word, quoted: bool) -> Parsed<()> {
        self.at += 1;
        if self.accept("((") {
            return self.arithmetic(parts);
        }
        if self.accept("(") {
            let command = self.list(&[])?;
            if !self.accept(")") {
                return Err(self.error("`$(` is never closed"));
            }
            parts.push(Part::Output { command: Box::new(command), quoted });
            return Ok(());
        }
        if self.accept("{") {
            return self.braces(parts, quoted);
        }
        if !quoted && self.accept("'") {
            let text = self.up_to_quote()?;
            parts.push(Part::Text { text: text.replace("\\n", "\n").replace("\\t", "\t"), quoted: true });
            return Ok(());
        }
        match self.name() {
            Some(name) => parts.push(Part::Variable { name, operation: None, quoted }),
            None => {
                let before = self.at - 1;
                let text = String::from_utf8_lossy(&self.text[before..self.at]).into_owned();
                parts.push(Part::Text { text, quoted: true });
            }
        }
        Ok(())
    }

    fn arithmetic(&mut self, parts: &mut Word) -> Parsed<()> {
        let mut open = 2;
        while open > 0 {
            match self.peek() {
                Some(b'(') => open += 1,
                Some(b')') => open -= 1,
                Some(b'\n') => self.line += 1,
                Some(_) => {}
                None => return Err(self.error("`$((` is never closed")),
            }
            self.at += 1;
        }
        parts.push(Part::Arithmetic);
        Ok(())
    }

    /// Reads the name of a variable, or one of the special parameters.
    fn name(&mut self) -> Option<String> {
        let first = self.peek()?;
        let start = self.at;
        self.at += 1;
        if first.is_ascii_alphabetic() || first == b'_' {
            while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                self.at += 1;
            }
        } else if !first.is_ascii_digit() && !b"@*#?-$!".contains(&first) {
            self.at = start;
            return None;
        }
        Some(String::from_utf8_lossy(&self.text[start..self.at]).into_owned())
    }

    fn braces(&mut self, parts: &mut Word, quoted: bool) -> Parsed<()> {
        let unclosed = "`${` is never closed";
        if self.looking_at("#") && !self.looking_at("#}") {
            self.at += 1;
            let name = self.name().ok_or_else(|| self.error("`${` has no name"))?;
            if !self.accept("}") {
                return Err(self.error(unclosed));
            }
            parts.push(Part::Variable { name, operation: Some(Operation::Length), quoted });
            return Ok(());
        }
        self.accept("!");
        let name = self.name().ok_or_else(|| self.error("`${` has no name"))?;
        if self.accept("}") {
            parts.push(Part::Variable { name, operation: None, quoted });
            return Ok(());
        }
        let tokens = [":-", "-", ":=", "=", ":+", "+", ":?", "?", "##", "#", "%%", "%"];
        let token = tokens.into_iter().find(|token| self.accept(token)).unwrap_or_default();
        // Patterns are unquoted even between double quotes.
        let pattern = token.starts_with(['#', '%']);
        let word = self.parts(Until::Brace { quoted: quoted && !pattern })?;
        if !self.accept("}") {
            return Err(self.error(unclosed));
        }
        let empty_too = token.starts_with(':');
        let operation = match token {
            ":-" | "-" => Operation::Default { empty_too, word },
            ":=" | "=" => Operation::Assign { empty_too, word },
            ":+" | "+" => Operation::Alternative { empty_too, word },
            ":?" | "?" => Operation::Require,
            "#" | "##" => Operation::StripPrefix { longest: token == "##", word },
            "%" | "%%" => Operation::StripSuffix { longest: token == "%%", word },
            _ => Operation::Other,
        };
        parts.push(Part::Variable { name, operation: Some(operation), quoted });
        Ok(())
    }

    fn backquotes(&mut self) -> Parsed<Command> {
        self.at += 1;
        let line = self.line;
        let mut inner = Vec::new();
        loop {
            match self.peek() {
                None => return Err(self.error("a backquote is never closed")),
                Some(b'`') => break,
                Some(b'\\') if self.text.get(self.at + 1).is_some_and(|byte| b"`\\$".contains(byte)) => {
                    self.at += 1;
                    inner.push(self.text[self.at]);
                }
                Some(byte) => {
                    self.line += u32::from(byte == b'\n');
                    inner.push(byte);
                }
            }
            self.at += 1;
        }
        self.at += 1;
        self.nested(&inner, line, |parser| {
            let command = parser.list(&[])?;
            match parser.at < parser.text.len() {
                true => Err(parser.error("something is closed that was never opened")),
                false => Ok(command),
            }
        })
    }
}
