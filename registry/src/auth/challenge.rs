//! Reads `WWW-Authenticate`. Pure.

use reqwest::header::{self, HeaderMap};

/// What a registry wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// The login itself.
    Basic,
    /// A token.
    Bearer {
        /// URL of the token server.
        realm: String,
        /// The name by which the token server knows the registry.
        service: Option<String>,
    },
    /// Something else.
    Unknown(String),
}

impl Challenge {
    /// Returns the challenge of an answer; of several the one that gives most away last.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(header::WWW_AUTHENTICATE);
        let all: Vec<Self> = values.iter().filter_map(|value| value.to_str().ok()).flat_map(parse).collect();
        let bearer = all.iter().find(|challenge| matches!(challenge, Self::Bearer { .. }));
        let basic = || all.iter().find(|challenge| **challenge == Self::Basic);
        bearer.or_else(basic).or(all.first()).cloned()
    }
}

/// Splits a header into challenges: `Bearer realm="…",service="…", Basic realm="…"`.
fn parse(value: &str) -> Vec<Challenge> {
    let mut challenges = Vec::new();
    let mut rest = value.trim();
    while !rest.is_empty() {
        let end = rest.find([' ', ',']).unwrap_or(rest.len());
        let scheme = &rest[..end];
        rest = rest[end..].trim_start();
        let (parameters, left) = parameters(rest);
        rest = left;
        if !scheme.is_empty() {
            challenges.push(challenge(scheme, &parameters));
        }
    }
    challenges
}

fn challenge(scheme: &str, parameters: &[(String, String)]) -> Challenge {
    let get = |wanted: &str| {
        let found = parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.clone())
    };
    match (scheme.to_ascii_lowercase().as_str(), get("realm")) {
        ("basic", _) => Challenge::Basic,
        ("bearer", Some(realm)) => Challenge::Bearer { realm, service: get("service") },
        _ => Challenge::Unknown(scheme.chars().take(80).collect()),
    }
}

/// Reads `name=value` pairs up to the next scheme; returns what is left.
fn parameters(text: &str) -> (Vec<(String, String)>, &str) {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', ',']);
        let end = rest.find(|byte: char| !(byte.is_ascii_alphanumeric() || "-_.~+".contains(byte)));
        let Some((name, after)) = end.map(|end| rest.split_at(end)) else { break };
        let Some(after) = after.trim_start().strip_prefix('=') else { break };
        let (value, left) = value(after.trim_start());
        found.push((name.to_owned(), value));
        rest = left;
    }
    (found, rest)
}

/// Reads a word, or a text in quotes in which a backslash takes the next character as it is.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((place, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[place + 1..]),
            '\\' => value.extend(characters.next().map(|(_, next)| next)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: Option<&str>) -> Challenge {
        Challenge::Bearer { realm: realm.into(), service: service.map(String::from) }
    }

    #[test]
    fn challenges_as_registries_write_them() {
        for (text, expected) in [
            (r#"Basic realm="Registry""#, vec![Challenge::Basic]),
            ("basic", vec![Challenge::Basic]),
            (
                r#"Bearer realm="https://auth.example/token",service="registry.example",scope="a:b:pull,push""#,
                vec![bearer("https://auth.example/token", Some("registry.example"))],
            ),
            (r#"BEARER realm=https://a.example/t"#, vec![bearer("https://a.example/t", None)]),
            (
                r#"Bearer realm="https://a.example/\"t", service="x, y", Basic realm="z""#,
                vec![bearer("https://a.example/\"t", Some("x, y")), Challenge::Basic],
            ),
            (
                "Negotiate, NTLM",
                vec![Challenge::Unknown("Negotiate".into()), Challenge::Unknown("NTLM".into())],
            ),
            ("Bearer service=x", vec![Challenge::Unknown("Bearer".into())]),
            ("", vec![]),
            (r#"Bearer realm="open"#, vec![bearer("open", None)]),
            ("\"", vec![Challenge::Unknown("\"".into())]),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn a_token_is_preferred_to_the_password_itself() {
        let mut headers = HeaderMap::new();
        for value in ["Basic realm=\"x\"", "Bearer realm=\"https://a.example\""] {
            headers.append(header::WWW_AUTHENTICATE, value.parse().expect("a header"));
        }
        assert_eq!(Challenge::of(&headers), Some(bearer("https://a.example", None)));
        assert_eq!(Challenge::of(&HeaderMap::new()), None);
    }
}
