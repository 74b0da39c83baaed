//! Packages and where they come from.

use attar_packages::debian::relation::{Problem, Relation};
use attar_packages::debian::version::Version;

use super::Expected;

/// The name of a package, alone.
pub(super) fn package_name(text: &str) -> Result<(), Expected> {
    let name = text.strip_prefix('!').unwrap_or(text);
    if is_name(name) {
        return Ok(());
    }
    let expected = Expected::new("the name of a package");
    Err(match name.to_lowercase() {
        lower if is_name(&lower) => expected.label(format!("did you mean `{lower}`?")),
        _ if name.contains(['(', '=', '<', '>']) => expected.help("a version has no meaning here"),
        _ => expected.help("package names have lower-case letters, digits, `+`, `-`, `.`"),
    })
}

fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
    name.len() > 1 && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(allowed)
}

/// `name` or `name (>= version)`.
pub(super) fn relation(text: &str) -> Result<(), Expected> {
    let expected = Expected::new("`name` or `name (>= version)`");
    if let Some(name) = text.strip_prefix('!') {
        return package_name(name);
    }
    if let Some(problem) = foreign(text) {
        return Err(problem);
    }
    match text.parse::<Relation>() {
        Ok(relation) if relation.qualifier.is_some() => {
            Err(expected.help("every platform takes the package of its own architecture"))
        }
        Ok(relation) if !relation.architectures.is_empty() || !relation.profiles.is_empty() => {
            Err(expected.help("a package is for all platforms"))
        }
        Ok(relation) if !is_name(&relation.name) => package_name(&relation.name),
        Ok(_) => Ok(()),
        Err(_) if text.contains('|') => Err(expected.help("choose one of the alternatives")),
        Err(_) if text.contains(',') => Err(expected.help("one package for each item of the list")),
        Err(error) => Err(match error.problem {
            Problem::Name(name) if is_name(&name.to_lowercase()) => {
                expected.label(format!("did you mean `{}`?", name.to_lowercase()))
            }
            problem => expected.label(problem.to_string()),
        }),
    }
}

/// Recognises how apk and apt's command line spell a version, and says how it is spelt here.
fn foreign(text: &str) -> Option<Expected> {
    let expected = Expected::new("`name` or `name (>= version)`");
    let at = text.find(['=', '<', '>', '~', '@'])?;
    if text.contains('(') || at == 0 {
        return None;
    }
    let (name, rest) = text.split_at(at);
    let name = name.trim();
    let operator_length = rest.find(|c| !"=<>~".contains(c)).unwrap_or(rest.len());
    let (operator, version) = rest.split_at(operator_length);
    let version = version.trim();
    Some(match operator {
        "" => expected.help(format!("a repository is named by `{{name: {name}, from: SUITE}}`")),
        "~" | "~=" | "=~" => expected.help("Debian has no fuzzy versions: give a lower bound with `>=`"),
        "<" => expected.label(format!("write `{name} (<< {version})`")),
        ">" => expected.label(format!("write `{name} (>> {version})`")),
        "==" => expected.label(format!("write `{name} (= {version})`")),
        operator => expected.label(format!("write `{name} ({operator} {version})`")),
    })
}

/// An exact version.
pub(super) fn version(text: &str) -> Result<(), Expected> {
    Version::parse(text).map(drop).map_err(|error| Expected::new("a version").label(error.to_string()))
}

/// A suite, or the path of a flat archive.
pub(super) fn suite(text: &str) -> Result<(), Expected> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._/+-".contains(c);
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.' || c == '/');
    if starts_well && text.chars().all(allowed) && !text.split('/').any(|part| part == "..") {
        return Ok(());
    }
    Err(Expected::new("a suite such as `trixie`"))
}

/// A time of the snapshot archive.
pub(super) fn snapshot(text: &str) -> Result<(), Expected> {
    let shape = text.len() == 16 && text.as_bytes()[8] == b'T' && text.ends_with('Z');
    if shape && jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).is_ok() {
        return Ok(());
    }
    let expected = Expected::new("a time such as `20261101T000000Z`");
    Err(match text.parse::<jiff::civil::Date>() {
        Ok(date) => expected.label(format!("write `{}`", date.strftime("%Y%m%dT000000Z"))),
        Err(_) => expected,
    })
}

/// The address of an archive.
pub(super) fn url(text: &str) -> Result<(), Expected> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(authority) = rest.and_then(|rest| rest.split('/').next()).filter(|host| !host.is_empty()) else {
        return Err(Expected::new("a URL that starts with `https://` or `http://`"));
    };
    if authority.contains('@') {
        let help =
            "the spec is published with the image: keep credentials in apt's `auth.conf.d` or in `.netrc`";
        return Err(Expected::new("a URL without credentials").help(help));
    }
    if text.contains(char::is_whitespace) {
        return Err(Expected::new("a URL without spaces"));
    }
    Ok(())
}

/// A file of keys, or a key itself.
pub(super) fn key(text: &str) -> Result<(), Expected> {
    let expected = Expected::new("a file, or a key that starts with `-----BEGIN PGP PUBLIC KEY BLOCK-----`");
    if text.contains("PRIVATE KEY") {
        return Err(expected.help("this is a private key: it must not stand in a spec"));
    }
    if text.trim_start().starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----") {
        return match text.contains("-----END PGP PUBLIC KEY BLOCK-----") {
            true => Ok(()),
            false => Err(expected.help("the end of the key is missing")),
        };
    }
    if text.contains('\n') {
        return Err(expected);
    }
    super::path::host(text)
}

/// A checksum.
pub(super) fn sha256(text: &str) -> Result<(), Expected> {
    let text = text.strip_prefix("sha256:").unwrap_or(text);
    if text.len() == 64 && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return Ok(());
    }
    let expected = Expected::new("64 hexadecimal digits in lower case");
    let count = text.chars().count();
    Err(if count == 64 { expected } else { expected.label(format!("{count} characters")) })
}
