//! The archives that the host's apt knows: `.sources` files and `sources.list` lines.
//!
//! Follows sources.list(5): deb822 stanzas (comments, several URIs and suites, `Enabled`) and lines
//! `deb [option=value …] URI SUITE COMPONENT…`. Source packages are left out.

use attar_packages::debian::deb822::{MalformedStanza, Scanner, Token};

/// One URI of an archive that the host's apt reads binary packages from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Base of the archive, as written.
    pub uri: String,
    /// Suites, or paths that end in `/` for flat archives.
    pub suites: Vec<String>,
    /// Components; none for a flat archive.
    pub components: Vec<String>,
    /// Architectures, where the entry limits them.
    pub architectures: Vec<String>,
    /// File or key that must have signed the archive.
    pub signed_by: Option<String>,
    /// Whether apt is told to trust the archive without a signature.
    pub trusted: Option<bool>,
    /// Whether apt is told to refuse an expired `Release` of this archive.
    pub check_valid_until: Option<bool>,
    /// Whether apt is told to look at the dates of this archive at all.
    pub check_date: Option<bool>,
}

/// A sources file that does not follow its format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedSources {
    /// A deb822 file is malformed.
    #[error("malformed stanza")]
    Stanza(#[from] MalformedStanza),
    /// A line lacks something.
    #[error("line {line}: {what}")]
    Line {
        /// The line, counted from 1.
        line: usize,
        /// What is missing.
        what: &'static str,
    },
}

/// Reads a `.sources` file.
pub fn parse_deb822(text: &str) -> Result<Vec<Source>, MalformedSources> {
    let mut sources = Vec::new();
    let mut stanza = Stanza::default();
    for token in Scanner::new(text) {
        match token? {
            Token::Field(field) => stanza.set(field.name, field.value),
            Token::End => sources.extend(std::mem::take(&mut stanza).sources()),
        }
    }
    sources.extend(stanza.sources());
    Ok(sources)
}

/// Reads a `sources.list` file.
pub fn parse_lines(text: &str) -> Result<Vec<Source>, MalformedSources> {
    let mut sources = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if !line.is_empty() {
            let source =
                parse_line(line).map_err(|what| MalformedSources::Line { line: number + 1, what })?;
            sources.extend(source);
        }
    }
    Ok(sources)
}

/// A stanza while it is collected: what all its URIs share, and the URIs.
#[derive(Default)]
struct Stanza {
    types: Vec<String>,
    uris: Vec<String>,
    disabled: bool,
    shared: Source,
}

impl Stanza {
    fn set(&mut self, name: &str, value: &str) {
        let words = || {
            let lines = value.lines().filter(|line| !line.starts_with('#'));
            lines.flat_map(str::split_whitespace).map(str::to_owned).collect::<Vec<_>>()
        };
        match name.to_ascii_lowercase().as_str() {
            "types" => self.types = words(),
            "uris" => self.uris = words(),
            "suites" => self.shared.suites = words(),
            "components" => self.shared.components = words(),
            "architectures" => self.shared.architectures = words(),
            "enabled" => self.disabled = truth(value) == Some(false),
            option => self.shared.set_option(option, value),
        }
    }

    fn sources(self) -> Vec<Source> {
        if self.disabled || !self.types.iter().any(|kind| kind == "deb") {
            return Vec::new();
        }
        let shared = self.shared;
        self.uris.into_iter().map(|uri| Source { uri, ..shared.clone() }).collect()
    }
}

impl Source {
    fn set_option(&mut self, name: &str, value: &str) {
        match name {
            "signed-by" => self.signed_by = Some(value.to_owned()),
            "trusted" => self.trusted = truth(value),
            "check-valid-until" => self.check_valid_until = truth(value),
            "check-date" => self.check_date = truth(value),
            _ => {}
        }
    }
}

fn parse_line(line: &str) -> Result<Option<Source>, &'static str> {
    let Some((kind, rest)) = line.split_once(char::is_whitespace) else {
        return Err("expected `deb URI SUITE`");
    };
    if kind != "deb" && kind != "deb-src" {
        return Err("expected `deb` or `deb-src`");
    }
    let mut source = Source::default();
    let mut rest = rest.trim_start();
    if let Some(options) = rest.strip_prefix('[') {
        let (options, after) = options.split_once(']').ok_or("`[` is not closed")?;
        for option in options.split_whitespace() {
            // `+=` and `-=` change the host's own lists of architectures, which do not matter here.
            let Some((name, value)) = option.split_once('=') else { continue };
            match name {
                "arch" => source.architectures = value.split(',').map(str::to_owned).collect(),
                _ => source.set_option(name, value),
            }
        }
        rest = after;
    }
    let mut words = rest.split_whitespace().map(str::to_owned);
    source.uri = words.next().ok_or("the URI is missing")?;
    source.suites = vec![words.next().ok_or("the suite is missing")?];
    source.components = words.collect();
    Ok((kind == "deb").then_some(source))
}

fn truth(value: &str) -> Option<bool> {
    match value.trim().to_ascii_lowercase().as_str() {
        "no" | "false" | "without" | "off" | "disable" | "0" => Some(false),
        "yes" | "true" | "with" | "on" | "enable" | "1" => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn stanzas_give_one_source_for_each_uri() {
        let text = "# the mirror\nTypes: deb deb-src\n# http://old.example/debian\n\
                    URIs: http://one.example/debian\n http://two.example/debian\n\
                    Suites: bookworm bookworm-updates\nComponents: main contrib\n\
                    Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n\
                    Types: deb\nURIs: http://off.example\nSuites: bookworm\nEnabled: no\n\n\
                    Types: deb-src\nURIs: http://sources.example\nSuites: bookworm\n\n\
                    Types: deb\nURIs: file:///srv/flat\nSuites: ./\nTrusted: yes\n\
                    Architectures: amd64\nCheck-Valid-Until: no\n";
        let debian = |uri: &str| Source {
            uri: uri.to_owned(),
            suites: words("bookworm bookworm-updates"),
            components: words("main contrib"),
            signed_by: Some("/usr/share/keyrings/debian-archive-keyring.gpg".to_owned()),
            ..Source::default()
        };
        let flat = Source {
            uri: "file:///srv/flat".to_owned(),
            suites: words("./"),
            architectures: words("amd64"),
            trusted: Some(true),
            check_valid_until: Some(false),
            ..Source::default()
        };
        let expected = vec![debian("http://one.example/debian"), debian("http://two.example/debian"), flat];
        assert_eq!(parse_deb822(text), Ok(expected));
    }

    #[test]
    fn lines_are_read_with_their_options() {
        let text = "# comment\n\ndeb http://one.example/debian trixie main contrib # trailing\n\
                    deb-src http://one.example/debian trixie main\n\
                    deb [ arch=amd64,arm64 signed-by=/k.gpg trusted=no ] https://two.example ./\n\
                    deb [check-date=no] https://three.example trixie main\n";
        let expected = vec![
            Source {
                uri: "http://one.example/debian".to_owned(),
                suites: words("trixie"),
                components: words("main contrib"),
                ..Source::default()
            },
            Source {
                uri: "https://two.example".to_owned(),
                suites: words("./"),
                architectures: words("amd64 arm64"),
                signed_by: Some("/k.gpg".to_owned()),
                trusted: Some(false),
                ..Source::default()
            },
            Source {
                uri: "https://three.example".to_owned(),
                suites: words("trixie"),
                components: words("main"),
                check_date: Some(false),
                ..Source::default()
            },
        ];
        assert_eq!(parse_lines(text), Ok(expected));
    }

    #[test]
    fn a_malformed_line_is_named() {
        let cases = [
            ("deb", "line 1: expected `deb URI SUITE`"),
            ("\ndeb http://a", "line 2: the suite is missing"),
            ("deb [arch=amd64 http://a b", "line 1: `[` is not closed"),
            ("rpm http://a b", "line 1: expected `deb` or `deb-src`"),
        ];
        for (text, expected) in cases {
            let error = parse_lines(text).expect_err(text);
            assert_eq!(error.to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a-zA-Z:/#=\\[\\] \n-]{0,80}") {
            let _ = parse_lines(&text);
            let _ = parse_deb822(&text);
        }
    }
}
