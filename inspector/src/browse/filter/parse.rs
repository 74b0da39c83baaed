//! Reads filters.

use std::str::FromStr;

use attar_image::stack::Magic;
use regex::bytes::RegexBuilder;

use super::{Comparison, Filter, FilterError, ModeTest, Term, Test, Type, Word};
use crate::browse::marks::Mark;
use crate::rules::Glob;

/// The longest filter.
pub const MAX_BYTES: usize = 4096;

/// The most bytes that a regular expression may take.
const MAX_REGEX: usize = 1 << 20;

/// What may stand before a colon.
const KEYS: &str = "`re`, `glob`, `size`, `dead`, `layer`, `type`, `mode`, `uid`, `gid`, `change` or `owner`";

/// A term without its marks of quotation.
struct Token {
    /// As it was written.
    raw: String,
    column: usize,
    is_negated: bool,
    text: String,
    /// Where in the text the colon stands that ends a key.
    colon: Option<usize>,
}

/// Reads the terms of a filter.
pub(super) fn terms(text: &str) -> Result<Vec<Term>, FilterError> {
    if text.len() > MAX_BYTES {
        let term = text.chars().take(16).chain(['…']).collect();
        return Err(FilterError { term, column: 1, expected: format!("at most {MAX_BYTES} bytes") });
    }
    let mut terms = Vec::new();
    let mut rest = text.chars().enumerate().peekable();
    loop {
        while rest.next_if(|(_, next)| next.is_whitespace()).is_some() {}
        let Some((place, _)) = rest.peek() else { return Ok(terms) };
        terms.push(term(token(place + 1, &mut rest)?)?);
    }
}

fn token(
    column: usize,
    rest: &mut std::iter::Peekable<impl Iterator<Item = (usize, char)>>,
) -> Result<Token, FilterError> {
    let mut token = Token { raw: String::new(), column, is_negated: false, text: String::new(), colon: None };
    while rest.next_if(|(_, next)| *next == '!').is_some() {
        token.raw.push('!');
        token.is_negated = !token.is_negated;
    }
    let (mut is_quoted, mut had_quotes) = (false, false);
    while let Some((_, next)) = rest.next_if(|(_, next)| is_quoted || !next.is_whitespace()) {
        token.raw.push(next);
        match next {
            '"' => (is_quoted, had_quotes) = (!is_quoted, true),
            '\\' if is_quoted && rest.next_if(|(_, next)| *next == '"').is_some() => {
                token.raw.push('"');
                token.text.push('"');
            }
            ':' if !had_quotes && token.colon.is_none() => {
                token.colon = Some(token.text.len());
                token.text.push(next);
            }
            _ => token.text.push(next),
        }
    }
    if is_quoted {
        return Err(token.expected("a `\"` at its end"));
    }
    Ok(token)
}

impl Token {
    fn expected(&self, expected: impl Into<String>) -> FilterError {
        FilterError { term: self.raw.clone(), column: self.column, expected: expected.into() }
    }

    fn number<T: FromStr>(&self, text: &str, expected: &str) -> Result<T, FilterError> {
        // `parse` would take a sign.
        let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| self.expected(expected))
    }
}

fn term(token: Token) -> Result<Term, FilterError> {
    let is_key = |key: &&str| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphabetic());
    let key = token.colon.map(|colon| &token.text[..colon]).filter(is_key);
    let test = match key {
        None if token.text.is_empty() => return Err(token.expected("a word or a term")),
        None => Test::Word(Word::new(token.text.clone())),
        Some(key) => keyed(&token, key, &token.text[key.len() + 1..])?,
    };
    Ok(Term { is_negated: token.is_negated, test })
}

fn keyed(token: &Token, key: &str, value: &str) -> Result<Test, FilterError> {
    Ok(match key {
        "re" => Test::Regex(regex(value).map_err(|problem| token.expected(problem))?),
        "glob" => Test::Glob(glob(value).map_err(|problem| token.expected(problem))?),
        "size" => {
            let (comparison, bytes) = bytes(token, value)?;
            Test::Size(comparison, bytes)
        }
        "dead" if value.is_empty() => Test::Dead(Comparison::Greater, 0),
        "dead" => {
            let (comparison, bytes) = bytes(token, value)?;
            Test::Dead(comparison, bytes)
        }
        "layer" => layers(token, value)?,
        "type" => Test::Type(kind(token, value)?),
        "mode" => Test::Mode(mode(token, value)?),
        "uid" => Test::Uid(token.number(value, "a number after `uid:`")?),
        "gid" => Test::Gid(token.number(value, "a number after `gid:`")?),
        "change" => {
            let mark = Mark::ALL.into_iter().find(|mark| mark.name() == value);
            Test::Change(mark.ok_or_else(|| {
                token.expected("`added`, `modified`, `rewritten`, `removed` or `unchanged` after `change:`")
            })?)
        }
        "owner" if value.is_empty() => return Err(token.expected("a package or `none` after `owner:`")),
        "owner" if value == "none" => Test::Owner(None),
        "owner" => {
            let name = Glob::parse(&format!("/{value}")).map_err(|error| token.expected(error.expected()))?;
            Test::Owner(Some(name))
        }
        _ => {
            return Err(token.expected(format!("{KEYS} before the colon, or quotes around a word with one")));
        }
    })
}

/// Compiles a regular expression over the bytes of a path; or says what was expected.
pub(in crate::browse) fn regex(pattern: &str) -> Result<regex::bytes::Regex, String> {
    let built =
        RegexBuilder::new(pattern).size_limit(MAX_REGEX).dfa_size_limit(MAX_REGEX).nest_limit(64).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "a regular expression that takes less memory".to_owned(),
        // The last line says what is wrong, those before it show where.
        error => {
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default().trim().trim_start_matches("error: ");
            format!("a regular expression ({reason})")
        }
    })
}

/// Compiles a glob; or says what was expected.
pub(in crate::browse) fn glob(pattern: &str) -> Result<Glob, String> {
    if pattern.is_empty() {
        return Err("a glob after `glob:`".to_owned());
    }
    let absolute = if pattern.starts_with('/') { pattern.to_owned() } else { format!("/**/{pattern}") };
    Glob::parse(&absolute).map_err(|error| error.expected())
}

const BYTES: &str = "`>`, `<`, `>=`, `<=` or `=` and a size such as `10M`, `1.5G` or `512Ki`";

fn bytes(token: &Token, value: &str) -> Result<(Comparison, u64), FilterError> {
    let signs = [
        (">=", Comparison::AtLeast),
        ("<=", Comparison::AtMost),
        (">", Comparison::Greater),
        ("<", Comparison::Less),
        ("=", Comparison::Equal),
        ("", Comparison::Equal),
    ];
    let stripped = signs.iter().find_map(|(sign, meaning)| Some((*meaning, value.strip_prefix(sign)?)));
    let parsed = stripped.and_then(|(comparison, size)| Some((comparison, size_in_bytes(size)?)));
    parsed.ok_or_else(|| token.expected(BYTES))
}

/// Reads a size: digits, perhaps a fraction, perhaps a unit.
fn size_in_bytes(text: &str) -> Option<u64> {
    let end = text.find(|next: char| !next.is_ascii_digit() && next != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit: u128 = match unit {
        "" | "B" => 1,
        "k" | "K" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.len() > 18 || fraction.len() > 9 || fraction.is_empty() {
        return None;
    }
    let (whole, parts): (u128, u128) = (whole.parse().ok()?, fraction.parse().ok()?);
    let scale = 10_u128.pow(fraction.len() as u32);
    u64::try_from(whole * unit + parts * unit / scale).ok()
}

fn layers(token: &Token, value: &str) -> Result<Test, FilterError> {
    const EXPECTED: &str = "layers such as `3`, `3..5`, `3..` or `..5`, numbered from 1";
    let number = |text: &str, other: usize| match text {
        "" => Ok(other),
        text => token.number(text, EXPECTED),
    };
    let (from, to) = match value.split_once("..") {
        Some(("", "")) => return Err(token.expected(EXPECTED)),
        Some((from, to)) => (number(from, 1)?, number(to, usize::MAX)?),
        None => {
            let only = token.number(value, EXPECTED)?;
            (only, only)
        }
    };
    if from == 0 || from > to {
        return Err(token.expected(EXPECTED));
    }
    Ok(Test::Layer { from, to })
}

fn kind(token: &Token, value: &str) -> Result<Type, FilterError> {
    Ok(match value {
        "file" => Type::File,
        "dir" | "directory" => Type::Directory,
        "link" | "symlink" => Type::Link,
        "hardlink" => Type::HardLink,
        "device" => Type::Device,
        "fifo" => Type::Fifo,
        "exec" => Type::Executable,
        "elf" => Type::Magic(Magic::Elf),
        "script" => Type::Magic(Magic::Script),
        _ => {
            let expected = "`file`, `dir`, `link`, `hardlink`, `device`, `fifo`, `exec`, `elf` or `script` after `type:`";
            return Err(token.expected(expected));
        }
    })
}

fn mode(token: &Token, value: &str) -> Result<ModeTest, FilterError> {
    Ok(match value {
        "suid" => ModeTest::Any(0o4000),
        "sgid" => ModeTest::Any(0o2000),
        "sticky" => ModeTest::Any(0o1000),
        "exec" => ModeTest::Executable,
        "world-writable" => ModeTest::WorldWritable,
        octal => {
            let is_octal = (3..=5).contains(&octal.len()) && octal.bytes().all(|byte| byte.is_ascii_digit());
            let bits = Some(octal).filter(|_| is_octal).and_then(|octal| u16::from_str_radix(octal, 8).ok());
            let bits = bits.filter(|bits| *bits <= 0o7777);
            let expected =
                "`suid`, `sgid`, `sticky`, `exec`, `world-writable` or bits such as `0644` after `mode:`";
            ModeTest::Exact(bits.ok_or_else(|| token.expected(expected))?)
        }
    })
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}
