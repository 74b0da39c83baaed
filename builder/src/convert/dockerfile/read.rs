//! A Dockerfile as instructions: directives, comments, continued lines and here-documents resolved.

use super::super::ConvertError;

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Instruction {
    /// The line it begins on, from 1.
    pub(super) line: usize,
    /// Its name in capitals.
    pub(super) keyword: String,
    /// Its options, without dashes.
    pub(super) flags: Vec<(String, Option<String>)>,
    /// What follows.
    pub(super) rest: Logical,
    /// The documents that are written below it.
    pub(super) documents: Vec<HereDocument>,
}

/// Text out of several lines, which knows the line of each of its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Logical {
    pub(super) text: String,
    /// Where each line's part begins, and its number.
    starts: Vec<(usize, usize)>,
}

/// A here-document: `<<EOF` and what follows up to a line `EOF`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HereDocument {
    pub(super) name: String,
    /// Whether variables are expanded in it.
    pub(super) expands: bool,
    /// The line its text begins on.
    pub(super) line: usize,
    pub(super) text: String,
}

/// A Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    /// The character that escapes, a backslash unless a directive says otherwise.
    pub(super) escape: char,
    pub(super) instructions: Vec<Instruction>,
}

const KEYWORDS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

impl Logical {
    fn push(&mut self, line: usize, text: &str) {
        self.starts.push((self.text.len(), line));
        self.text.push_str(text);
    }

    /// Returns the line that a byte stands on.
    pub(super) fn line_at(&self, offset: usize) -> usize {
        let after = self.starts.partition_point(|(start, _)| *start <= offset);
        self.starts[..after].last().or(self.starts.first()).map_or(0, |(_, line)| *line)
    }

    /// Takes `count` bytes away at the beginning.
    fn advance(&mut self, count: usize) {
        let line = self.line_at(count);
        self.text.drain(..count);
        self.starts.retain_mut(|(start, _)| {
            let kept = *start >= count;
            *start = start.saturating_sub(count);
            kept
        });
        if self.starts.first().is_none_or(|(start, _)| *start > 0) {
            self.starts.insert(0, (0, line));
        }
    }

    fn trim_start(&mut self) {
        let blank = self.text.len() - self.text.trim_start().len();
        self.advance(blank);
    }

    /// Takes the first word away and returns it.
    fn word(&mut self) -> String {
        let end = self.text.find(char::is_whitespace).unwrap_or(self.text.len());
        let word = self.text[..end].to_owned();
        self.advance(end);
        self.trim_start();
        word
    }
}

/// Says whether a text begins like a Dockerfile: with `FROM`, or with `ARG` before it.
pub fn looks_like_a_dockerfile(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    let keyword = first.and_then(|line| line.split_once(char::is_whitespace)).map(|(word, _)| word);
    keyword.is_some_and(|word| word.eq_ignore_ascii_case("FROM") || word.eq_ignore_ascii_case("ARG"))
}

/// Reads a Dockerfile.
pub(super) fn read(text: &str) -> Result<File, ConvertError> {
    if text.len() > super::super::MAX_SIZE {
        return Err(ConvertError::TooLarge);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines: Vec<&str> = text.lines().collect();
    let escape = escape(&lines)?;
    let mut instructions = Vec::new();
    let mut next = 0;
    while next < lines.len() {
        if is_blank_or_comment(lines[next]) {
            next += 1;
            continue;
        }
        let begin = next;
        let mut logical = joined(&lines, &mut next, escape);
        logical.trim_start();
        let end = logical.text.trim_end().len();
        logical.text.truncate(end);
        let line = begin + 1;
        let keyword = logical.word().to_ascii_uppercase();
        if !KEYWORDS.contains(&keyword.as_str()) {
            return Err(ConvertError::at(line, format!("there is no instruction `{keyword}`")));
        }
        let flags = flags(&mut logical);
        if logical.text.is_empty() {
            return Err(ConvertError::at(line, format!("`{keyword}` says nothing")));
        }
        let mut documents = Vec::new();
        if matches!(keyword.as_str(), "RUN" | "COPY" | "ADD") {
            for (name, expands, tabs) in announced(&logical.text, escape) {
                documents.push(document(&lines, &mut next, name, expands, tabs)?);
            }
        }
        instructions.push(Instruction { line, keyword, flags, rest: logical, documents });
    }
    Ok(File { escape, instructions })
}

/// Returns the escape character: directives stand before all else.
fn escape(lines: &[&str]) -> Result<char, ConvertError> {
    for (number, line) in lines.iter().enumerate() {
        let directive = line.trim().strip_prefix('#').and_then(|line| line.split_once('='));
        let Some((name, value)) = directive else { break };
        if name.trim().eq_ignore_ascii_case("escape") {
            return match value.trim() {
                "\\" => Ok('\\'),
                "`" => Ok('`'),
                other => Err(ConvertError::at(
                    number + 1,
                    format!("`escape` is a backslash or `` ` ``, not {other:?}"),
                )),
            };
        }
    }
    Ok('\\')
}

fn is_blank_or_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

/// Joins a line with those that continue it; comments and empty lines among them are left out.
fn joined(lines: &[&str], next: &mut usize, escape: char) -> Logical {
    let mut logical = Logical::default();
    while let Some(line) = lines.get(*next) {
        *next += 1;
        if !logical.starts.is_empty() && is_blank_or_comment(line) {
            continue;
        }
        match line.trim_end().strip_suffix(escape) {
            Some(continued) => logical.push(*next, continued),
            None => {
                logical.push(*next, line);
                break;
            }
        }
    }
    logical
}

/// Takes options such as `--from=build` away.
fn flags(logical: &mut Logical) -> Vec<(String, Option<String>)> {
    let mut flags = Vec::new();
    while logical.text.starts_with("--") {
        let word = logical.word();
        let flag = &word[2..];
        if flag.is_empty() {
            break;
        }
        flags.push(match flag.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (flag.to_owned(), None),
        });
    }
    flags
}

/// Lists the here-documents that a line announces: name, whether it expands, whether tabs are taken off.
fn announced(text: &str, escape: char) -> Vec<(String, bool, bool)> {
    let mut found = Vec::new();
    let mut quote = None;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match (character, quote) {
            (c, None) if c == escape => {
                characters.next();
            }
            ('"' | '\'', None) => quote = Some(character),
            (c, Some(open)) if c == open => quote = None,
            ('<', None) if text[at..].starts_with("<<<") => {
                characters.nth(1);
            }
            ('<', None) if text[at..].starts_with("<<") => {
                characters.next();
                if let Some(name) = name(&text[at + 2..]) {
                    found.push(name);
                }
            }
            _ => {}
        }
    }
    found
}

fn name(text: &str) -> Option<(String, bool, bool)> {
    let (text, tabs) = text.strip_prefix('-').map_or((text, false), |rest| (rest, true));
    let quoted = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let (name, expands) = match quoted {
        Some(quote) => (text[1..].split(quote).next()?, false),
        None => {
            let end = text.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.' | '-'));
            (&text[..end.unwrap_or(text.len())], true)
        }
    };
    (!name.is_empty()).then(|| (name.to_owned(), expands, tabs))
}

fn document(
    lines: &[&str],
    next: &mut usize,
    name: String,
    expands: bool,
    tabs: bool,
) -> Result<HereDocument, ConvertError> {
    let line = *next + 1;
    let mut text = String::new();
    for raw in &lines[*next..] {
        *next += 1;
        let kept = if tabs { raw.trim_start_matches('\t') } else { raw };
        if kept == name {
            return Ok(HereDocument { name, expands, line, text });
        }
        text.push_str(kept);
        text.push('\n');
    }
    Err(ConvertError::at(line - 1, format!("the here-document `{name}` has no end")))
}
