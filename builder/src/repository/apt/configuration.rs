//! `apt.conf`: the settings of the host's apt, as far as fetching needs them.
//!
//! The syntax is that of apt.conf(5): `A::B "value";` and `A { B "value"; };`, lists as `A { "x"; };`,
//! comments as `//`, `/* */` and `#`. A later setting wins over an earlier one. Names have no case.

use std::collections::BTreeMap;

use reqwest::Url;

/// Scopes deeper than this are refused, so that hostile input cannot grow names without bound.
const DEPTH: usize = 32;

/// The settings of `apt.conf` and `apt.conf.d`, by lower-case name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    values: BTreeMap<String, String>,
}

/// A text that does not follow the syntax of `apt.conf`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct MalformedConfiguration {
    /// The line, counted from 1.
    pub line: u32,
    /// What is wrong there.
    pub what: &'static str,
}

/// How a URL is to be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// The configuration says nothing.
    Unspecified,
    /// Without a proxy.
    Direct,
    /// Through this proxy.
    Proxy(Url),
}

impl Configuration {
    /// Adds the settings of one file, which win over those already there.
    pub fn add(&mut self, text: &str) -> Result<(), MalformedConfiguration> {
        let mut words = Words { rest: text, line: 1 };
        let mut scopes: Vec<String> = Vec::new();
        let mut statement: Vec<String> = Vec::new();
        while let Some(word) = words.next()? {
            match word {
                Word::Text(text) => statement.push(text),
                Word::Open => {
                    let name = statement.first().cloned().unwrap_or_default();
                    scopes.push(join(scopes.last(), &name));
                    statement.clear();
                    if scopes.len() > DEPTH {
                        return Err(words.fail("scopes are nested too deeply"));
                    }
                }
                Word::End => self.set(scopes.last(), &mut statement),
                Word::Close => {
                    self.set(scopes.last(), &mut statement);
                    scopes.pop().ok_or_else(|| words.fail("`}` without `{`"))?;
                }
            }
        }
        if scopes.is_empty() && statement.is_empty() {
            Ok(())
        } else {
            Err(words.fail("the file ends inside a statement"))
        }
    }

    /// Returns a setting's text, such as that of `Acquire::Check-Date`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(&name.to_ascii_lowercase()).map(String::as_str)
    }

    /// Returns a truth value as apt reads it; what apt does not understand counts as not said.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name)?.to_ascii_lowercase().as_str() {
            "no" | "false" | "without" | "off" | "disable" | "0" => Some(false),
            "yes" | "true" | "with" | "on" | "enable" | "1" => Some(true),
            _ => None,
        }
    }

    /// Says how apt would reach `url`.
    pub fn route(&self, url: &Url) -> Route {
        let scheme = url.scheme();
        let host = url.host_str().unwrap_or_default();
        // apt's https method reads http's settings where https has none of its own.
        let schemes: &[&str] = if scheme == "https" { &["https", "http"] } else { &[scheme] };
        let value = schemes.iter().find_map(|scheme| {
            self.get(&format!("Acquire::{scheme}::Proxy::{host}"))
                .or_else(|| self.get(&format!("Acquire::{scheme}::Proxy")))
        });
        match value {
            None | Some("") => Route::Unspecified,
            Some(value) if value.eq_ignore_ascii_case("DIRECT") => Route::Direct,
            Some(value) => Url::parse(value).map_or(Route::Unspecified, Route::Proxy),
        }
    }

    fn set(&mut self, scope: Option<&String>, statement: &mut Vec<String>) {
        let words = std::mem::take(statement);
        // A lone word is an item of a list, or `#clear`-like noise: no setting attar reads is a list.
        if let [name, value] = &words[..]
            && !name.starts_with('#')
        {
            self.values.insert(join(scope, name), value.clone());
        }
    }
}

fn join(scope: Option<&String>, name: &str) -> String {
    let name = name.to_ascii_lowercase();
    match scope {
        Some(scope) if !scope.is_empty() => format!("{scope}::{name}"),
        _ => name,
    }
}

enum Word {
    Text(String),
    Open,
    Close,
    End,
}

struct Words<'a> {
    rest: &'a str,
    line: u32,
}

impl Words<'_> {
    fn next(&mut self) -> Result<Option<Word>, MalformedConfiguration> {
        self.skip_blanks()?;
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        let word = match first {
            '{' => Word::Open,
            '}' => Word::Close,
            ';' => Word::End,
            '"' => return self.quoted().map(Some),
            _ => {
                let end = self
                    .rest
                    .find(|c: char| c.is_whitespace() || matches!(c, '{' | '}' | ';' | '"'))
                    .unwrap_or(self.rest.len());
                let text = self.rest[..end].to_owned();
                self.advance(end);
                return Ok(Some(Word::Text(text)));
            }
        };
        self.advance(1);
        Ok(Some(word))
    }

    fn quoted(&mut self) -> Result<Word, MalformedConfiguration> {
        let length = self.rest[1..].find('"').ok_or_else(|| self.fail("a quote is not closed"))?;
        let text = self.rest[1..=length].to_owned();
        self.advance(length + 2);
        Ok(Word::Text(text))
    }

    fn skip_blanks(&mut self) -> Result<(), MalformedConfiguration> {
        loop {
            let blanks = self.rest.len() - self.rest.trim_start().len();
            self.advance(blanks);
            // `#clear` and `#include` are directives; attar needs neither, so they are comments too.
            if self.rest.starts_with("//") || self.rest.starts_with('#') {
                self.advance(self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("/*") {
                let end = self.rest.find("*/").ok_or_else(|| self.fail("a comment is not closed"))?;
                self.advance(end + 2);
            } else {
                return Ok(());
            }
        }
    }

    fn advance(&mut self, bytes: usize) {
        let newlines = self.rest[..bytes].bytes().filter(|&byte| byte == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(newlines).unwrap_or(u32::MAX));
        self.rest = &self.rest[bytes..];
    }

    fn fail(&self, what: &'static str) -> MalformedConfiguration {
        MalformedConfiguration { line: self.line, what }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Configuration {
        let mut configuration = Configuration::default();
        configuration.add(text).expect("the text is well-formed");
        configuration
    }

    #[test]
    fn both_spellings_mean_the_same() {
        let cases = [
            ("a path", "Acquire::Check-Date \"false\";"),
            ("nested scopes", "Acquire { Check-Date \"false\"; };"),
            ("another case", "acquire { CHECK-DATE \"false\" }"),
            ("no quotes", "Acquire::Check-Date false;"),
            ("a comment before", "// off\n# off\n/* off\n */ Acquire::Check-Date \"false\";"),
            ("a later one wins", "Acquire::Check-Date \"true\"; Acquire { Check-Date \"0\"; };"),
            ("lists beside it", "APT { NeverAutoRemove { \"^linux.*\"; }; };\nAcquire::Check-Date \"no\";"),
        ];
        for (name, text) in cases {
            assert_eq!(read(text).flag("Acquire::Check-Date"), Some(false), "{name}");
        }
        assert_eq!(read("Acquire::Check-Date \"perhaps\";").flag("Acquire::Check-Date"), None);
    }

    #[test]
    fn a_host_may_have_a_proxy_of_its_own() {
        let configuration = read(
            "Acquire::http { Proxy \"http://proxy.example:3128\"; Proxy { direct.example \"DIRECT\"; }; };\n\
             Acquire::https::Proxy::secure.example \"http://other.example:1\";",
        );
        let proxy = |text| Route::Proxy(Url::parse(text).expect("a URL"));
        let cases = [
            ("http://mirror.example/debian", proxy("http://proxy.example:3128")),
            ("http://direct.example/debian", Route::Direct),
            ("https://mirror.example/debian", proxy("http://proxy.example:3128")),
            ("https://secure.example/debian", proxy("http://other.example:1")),
            ("file:///srv/debian", Route::Unspecified),
        ];
        for (url, expected) in cases {
            assert_eq!(configuration.route(&Url::parse(url).expect("a URL")), expected, "{url}");
        }
    }

    #[test]
    fn a_malformed_file_names_the_line() {
        let cases = [
            ("\nA \"b", "line 2: a quote is not closed"),
            ("}", "line 1: `}` without `{`"),
            ("A {\n B \"c\";\n", "line 3: the file ends inside a statement"),
            ("/* open", "line 1: a comment is not closed"),
        ];
        for (text, expected) in cases {
            let error = Configuration::default().add(text).expect_err(text);
            assert_eq!(error.to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[A-z:{}\";/*# \n]{0,80}") {
            let _ = Configuration::default().add(&text);
        }
    }
}
