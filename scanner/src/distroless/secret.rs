//! Secrets by their shapes: private keys, tokens whose form tells what they open, and logins.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// How many secrets of one text are noted.
const MAX_SECRETS: usize = 16;
/// How many of them may be logins, which many texts seem to hold.
const MAX_LOGINS: usize = 4;
/// How far a text is searched for logins, in bytes: files for credentials are small.
const MAX_CREDENTIALS: usize = 64 << 10;

/// Where a text holds a secret. What it is stays where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Secret {
    /// What kind.
    pub kind: SecretKind,
    /// The line it starts in, the first being 1.
    pub line: u32,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident, $text:literal, $pattern:literal;)+) => {
        /// What kind of secret it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum SecretKind {
            $($(#[$doc])* $name,)+
            /// A password or token as files for credentials hold them. Counts in such files alone.
            Login,
        }

        /// Every kind with its pattern, in the order of the groups of [`SHAPES`].
        const KINDS: &[(SecretKind, &str)] = &[$((SecretKind::$name, $pattern)),+];

        impl SecretKind {
            /// Says what it is, with its article.
            pub fn describe(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                    Self::Login => "a login",
                }
            }
        }
    };
}

kinds! {
    /// A private key in PEM, with some of its content.
    PrivateKey, "a private key",
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\\[nr]|\s|[A-Za-z][A-Za-z-]+: [^\n]*\n){1,8}[A-Za-z0-9+/=]{40}";
    /// A key of age.
    AgeKey, "a private key of age", r"AGE-SECRET-KEY-1[0-9A-Z]{58}";
    /// An access key of AWS.
    AwsKey, "an access key of AWS", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b";
    /// A token of GitHub.
    GithubToken, "a token of GitHub", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{60,255})\b";
    /// A token of GitLab.
    GitlabToken, "a token of GitLab", r"\bgl(?:pat|dt|rt|cbt)-[A-Za-z0-9_-]{20,64}";
    /// A token of Slack.
    SlackToken, "a token of Slack", r"\bxox[abeprs]-[0-9]{8,16}-[0-9A-Za-z-]{16,}";
    /// A live key of Stripe.
    StripeKey, "a live key of Stripe", r"\b[rs]k_live_[0-9a-zA-Z]{24,128}";
    /// An API key of Google.
    GoogleKey, "an API key of Google", r"\bAIza[0-9A-Za-z_-]{35}\b";
    /// A token of npm.
    NpmToken, "a token of npm", r"\bnpm_[A-Za-z0-9]{36}\b";
    /// A token of PyPI.
    PypiToken, "a token of PyPI", r"\bpypi-AgE[A-Za-z0-9_-]{50,}";
    /// A token of Docker Hub.
    DockerToken, "a token of Docker Hub", r"\bdckr_[po]at_[A-Za-z0-9_-]{27,}";
    /// A token of HashiCorp Vault.
    VaultToken, "a token of Vault", r"\bhv[sb]\.[A-Za-z0-9_-]{24,}";
    /// A token of Hugging Face.
    HuggingFaceToken, "a token of Hugging Face", r"\bhf_[A-Za-z]{34}\b";
    /// A key of a service for language models.
    ModelKey, "a key of a service for language models", r"\bsk-(?:ant-[a-z]+[0-9]+-|proj-)[A-Za-z0-9_-]{40,}";
    /// A key of SendGrid.
    SendgridKey, "a key of SendGrid", r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b";
    /// A key of an Azure storage account.
    AzureKey, "a key of Azure storage", r"AccountKey=[A-Za-z0-9+/]{86}==";
}

/// What files for credentials hold, in the form of each.
const LOGIN: &str = r#"_authToken\s*=\s*[^\s$]|\b_(?:auth|password)\s*=\s*[^\s$]|\bpassword\s+[^\s$]+\s*$|\bpassword\s*[=:]\s*[^\s$]|aws_secret_access_key\s*=\s*\S|"(?:auth|identitytoken)"\s*:\s*"[^"]{4,}"|https?://[^/\s:@]+:[^@\s/]+@|\b(?:client-key-data|token):\s*\S{20,}|(?:SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY)[A-Z0-9_]*=['"]?[^\s'"$]{6,}"#;

/// All patterns as one, a group each. They start with texts of their own, so that little is looked at.
static SHAPES: LazyLock<Regex> = LazyLock::new(|| {
    let groups: Vec<String> = KINDS.iter().map(|(_, pattern)| format!("({pattern})")).collect();
    expression(&groups.join("|"))
});

static LOGINS: LazyLock<Regex> = LazyLock::new(|| expression(LOGIN));

fn expression(pattern: &str) -> Regex {
    let mut builder = RegexBuilder::new(pattern);
    let builder = builder.multi_line(true).unicode(false).size_limit(32 << 20);
    builder.build().expect("the patterns are constants")
}

/// Returns where a text holds secrets, at most one of a kind in a line.
pub(super) fn in_text(text: &[u8]) -> Vec<Secret> {
    let shapes = SHAPES.captures_iter(text).filter_map(|captures| {
        let whole = captures.get(0)?;
        let group = (1..captures.len()).find(|group| captures.get(*group).is_some())?;
        // Manuals have keys that say that they are none.
        (!whole.as_bytes().ends_with(b"EXAMPLE")).then(|| (whole.start(), KINDS[group - 1].0))
    });
    let start = &text[..text.len().min(MAX_CREDENTIALS)];
    let logins = LOGINS.find_iter(start).map(|hit| (hit.start(), SecretKind::Login));
    let mut found: BTreeSet<Secret> = lines(text, shapes).take(MAX_SECRETS).collect();
    found.extend(lines(text, logins).take(MAX_LOGINS));
    let mut found: Vec<Secret> = found.into_iter().collect();
    found.sort_by_key(|secret| (secret.line, secret.kind));
    found
}

/// Counts the lines up to each place; the places are in order.
fn lines(text: &[u8], places: impl Iterator<Item = (usize, SecretKind)>) -> impl Iterator<Item = Secret> {
    let (mut line, mut counted) = (1, 0);
    places.map(move |(start, kind)| {
        line += memchr::memchr_iter(b'\n', &text[counted..start]).count() as u32;
        counted = start;
        Secret { kind, line }
    })
}

/// Returns the kind of secret that a short text holds, such as the value of a variable.
pub(super) fn in_value(value: &str) -> Option<SecretKind> {
    let found = in_text(value.as_bytes());
    found.iter().map(|secret| secret.kind).find(|kind| *kind != SecretKind::Login)
}

/// Says whether a variable of this name and value is likely a secret.
pub(super) fn is_secret_variable(name: &str, value: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let says_so = [
        "SECRET",
        "TOKEN",
        "PASSWORD",
        "PASSWD",
        "APIKEY",
        "API_KEY",
        "ACCESS_KEY",
        "PRIVATE_KEY",
        "CREDENTIAL",
    ];
    // What a secret is called, where it stands, how long it lasts.
    let says_not = [
        "_FILE",
        "_PATH",
        "_DIR",
        "_URL",
        "_URI",
        "_NAME",
        "_ID",
        "_TTL",
        "_TYPE",
        "_HEADER",
        "_LENGTH",
        "_TIMEOUT",
        "_EXPIRY",
        "_ENABLED",
        "_REQUIRED",
    ];
    let is_plain = value.len() < 4
        || value.starts_with(['/', '$', '<'])
        || value.chars().all(|letter| letter == '*' || letter == 'x')
        || value.parse::<i64>().is_ok_and(|number| number.abs() < 100_000)
        || ["true", "false", "none", "null", "changeme"].contains(&value.to_ascii_lowercase().as_str());
    says_so.iter().any(|part| name.contains(part))
        && !says_not.iter().any(|end| name.ends_with(end))
        && !is_plain
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Puts a token together, so that this file holds none.
    fn token(start: &str, length: usize) -> String {
        start.chars().chain("0aB1cD2eF3gH4iJ5kL6m".chars().cycle().take(length)).collect()
    }

    fn kinds(text: &str) -> Vec<(u32, SecretKind)> {
        in_text(text.as_bytes()).into_iter().map(|secret| (secret.line, secret.kind)).collect()
    }

    #[test]
    fn keys_and_tokens_are_known_by_their_shapes() {
        let body = token("MII", 120);
        let dashes = "-----";
        for (text, expected) in [
            (format!("a\n{dashes}BEGIN PRIVATE KEY{dashes}\n{body}\n"), SecretKind::PrivateKey),
            (format!("\n{dashes}BEGIN OPENSSH PRIVATE KEY{dashes}\r\n{body}\n"), SecretKind::PrivateKey),
            (
                format!("\n{dashes}BEGIN RSA PRIVATE KEY{dashes}\nProc-Type: 4,ENCRYPTED\n\n{body}"),
                SecretKind::PrivateKey,
            ),
            (format!("\n\"{dashes}BEGIN PRIVATE KEY{dashes}\\n{body}\""), SecretKind::PrivateKey),
            (format!("\nkey = {}", token("ghp_", 36)), SecretKind::GithubToken),
            (format!("\n{}", token("glpat-", 20)), SecretKind::GitlabToken),
            (format!("\n{}", token("npm_", 36)), SecretKind::NpmToken),
            (format!("\n{}", token("sk_live_", 24)), SecretKind::StripeKey),
            (format!("\n{}", token("AIza", 35)), SecretKind::GoogleKey),
            (format!("\n{}QWERTYUIOP123456", "AKIA"), SecretKind::AwsKey),
            (format!("\n//registry.npmjs.org/:_authToken={}", token("", 30)), SecretKind::Login),
            (String::from("\nmachine host login me password hunter2\n"), SecretKind::Login),
        ] {
            assert_eq!(kinds(&text), [(2, expected)], "{text}");
        }
    }

    #[test]
    fn what_only_speaks_of_secrets_is_none() {
        let dashes = "-----";
        for text in [
            format!("PREFIX = \"{dashes}BEGIN PRIVATE KEY{dashes}\"\n"),
            format!("{dashes}BEGIN PUBLIC KEY{dashes}\n{}\n", token("MII", 120)),
            format!("{dashes}BEGIN CERTIFICATE{dashes}\n{}\n", token("MII", 120)),
            String::from("AKIAIOSFODNN7EXAMPLE"),
            String::from("_authToken=${NPM_TOKEN}\n"),
            String::from("ghp_short and npm_config_cache\n"),
        ] {
            assert_eq!(kinds(&text), [], "{text}");
        }
    }

    #[test]
    fn variables_are_told_by_name_and_value() {
        for (name, value, expected) in [
            ("API_KEY", "a8f5f167f44f4964", true),
            ("db_password", "hunter22", true),
            ("PASSWORD_FILE", "/run/secrets/password", false),
            ("TOKEN_TTL", "3600", false),
            ("SECRET_KEY", "/run/secrets/key", false),
            ("API_KEY", "", false),
            ("GPG_KEY", "E3FF2839C048B25C084DEBE9B26995E310250568", false),
            ("PATH", "/usr/bin:/bin", false),
        ] {
            assert_eq!(is_secret_variable(name, value), expected, "{name}={value}");
        }
    }
}
