//! What the image's configuration and the command line speak of.

use std::str::FromStr;

use attar_image::platform::Platform;

use super::Expected;
use crate::spec::diagnostic::nearest;
use crate::spec::parameters;
use crate::spec::schema::{Compression, Interval, Mode, Time, Words};

/// A value that a type of the schema reads.
pub(super) fn value(format: &str, text: &str) -> Result<(), Expected> {
    fn read<T: FromStr<Err: ToString>>(text: &str) -> Result<(), Expected> {
        let said = |error: T::Err| {
            let message = error.to_string();
            let (expected, _) = message.split_once(", found ").unwrap_or((&message, ""));
            Expected::new(expected.strip_prefix("expected ").unwrap_or(expected))
        };
        text.parse::<T>().map(drop).map_err(said)
    }
    match format {
        "mode" => read::<Mode>(text),
        "compression" => read::<Compression>(text),
        "time" => read::<Time>(text),
        "interval" => read::<Interval>(text),
        _ => text
            .parse::<Words>()
            .map(drop)
            .map_err(|error| Expected::new("words, quoted as in a shell").label(error.to_string())),
    }
}

/// A platform that packages exist for, in the words of apk or of OCI.
pub(crate) fn platform(text: &str) -> Result<Platform, Expected> {
    let expected = Expected::new("a platform such as `linux/arm64`");
    match text {
        "all" => {
            return Err(expected.help("`all` would grow with each release: list the platforms you publish"));
        }
        "host" => return Err(expected.help("`host` would make the image depend on who builds it")),
        "armhf" => {
            let help = "`armhf` is `linux/arm/v6` for apk and `linux/arm/v7` for Debian, which has no other: \
                        write `linux/arm/v7`";
            return Err(expected.help(help));
        }
        _ => {}
    }
    let known: Vec<String> = Platform::all_of_debian().map(|platform| platform.to_string()).collect();
    let list = || format!("platforms with packages are {}", known.join(", "));
    match text.parse::<Platform>() {
        Ok(platform) if known.contains(&platform.to_string()) => Ok(platform),
        Ok(platform) if platform.debian_architecture().is_some() => {
            Err(expected.help(format!("packages have no variant `{platform}`")))
        }
        Ok(_) => Err(expected.help(list())),
        Err(_) => Err(match nearest(text, known.iter().map(String::as_str)) {
            Some(near) => expected.label(format!("did you mean `{near}`?")),
            None => expected.help(list()),
        }),
    }
}

/// The repository part of a reference.
pub(super) fn repository(text: &str) -> Result<(), Expected> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    let component = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.ends_with(|c: char| c.is_ascii_alphanumeric())
            && part.chars().all(allowed)
    };
    if text.len() <= 255 && text.split('/').all(component) {
        return Ok(());
    }
    let expected = Expected::new("a repository such as `acme/report`");
    Err(match text {
        _ if text.contains(':') => expected.help("the tag is given on the command line: `-t`"),
        _ if text.chars().any(char::is_uppercase) => expected.help("repositories are lower case"),
        _ => expected,
    })
}

const SIGNALS: &[&str] = &[
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGILL",
    "SIGTRAP",
    "SIGABRT",
    "SIGBUS",
    "SIGFPE",
    "SIGKILL",
    "SIGUSR1",
    "SIGSEGV",
    "SIGUSR2",
    "SIGPIPE",
    "SIGALRM",
    "SIGTERM",
    "SIGSTKFLT",
    "SIGCHLD",
    "SIGCONT",
    "SIGSTOP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGXCPU",
    "SIGXFSZ",
    "SIGVTALRM",
    "SIGPROF",
    "SIGWINCH",
    "SIGIO",
    "SIGPWR",
    "SIGSYS",
];

/// A signal by name or number.
pub(super) fn signal(text: &str) -> Result<(), Expected> {
    let real_time = |rest: &str, sign: &str| {
        rest.is_empty()
            || rest.strip_prefix(sign).is_some_and(|number| number.parse::<u8>().is_ok_and(|n| n < 31))
    };
    let named = SIGNALS.contains(&text)
        || text.strip_prefix("SIGRTMIN").is_some_and(|rest| real_time(rest, "+"))
        || text.strip_prefix("SIGRTMAX").is_some_and(|rest| real_time(rest, "-"));
    if named || text.parse::<u8>().is_ok_and(|number| (1..=64).contains(&number)) {
        return Ok(());
    }
    let expected = Expected::new("a signal such as `SIGTERM`");
    let upper = text.to_uppercase();
    let upper = if upper.starts_with("SIG") { upper } else { format!("SIG{upper}") };
    Err(match nearest(&upper, SIGNALS.iter().copied()) {
        Some(near) => expected.label(format!("did you mean `{near}`?")),
        None => expected,
    })
}

/// A port with an optional protocol.
pub(super) fn port(text: &str) -> Result<(), Expected> {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let plain = number.bytes().all(|digit| digit.is_ascii_digit()) && !number.starts_with('0');
    if plain && number.parse::<u16>().is_ok() && matches!(protocol, "tcp" | "udp" | "sctp") {
        return Ok(());
    }
    let expected = Expected::new("a port such as `8080` or `53/udp`");
    Err(if text.contains(':') {
        expected.help("where a port is published is said when the container is started")
    } else {
        expected
    })
}

/// A name that can stand in a tag.
pub(super) fn word(text: &str, expected: &str) -> Result<(), Expected> {
    let starts_well = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    if starts_well && text.len() <= 64 && text.chars().all(allowed) {
        return Ok(());
    }
    Err(Expected::new(expected))
}

/// The name of a variant, which becomes part of a tag.
pub(super) fn variant(text: &str) -> Result<(), Expected> {
    word(text, "a name of lower-case letters, digits, `.`, `_`, `-`, as it becomes part of a tag")
}

/// The name of a parameter.
pub(super) fn parameter(text: &str) -> Result<(), Expected> {
    if !parameters::is_name(text) {
        return Err(Expected::new("a name of letters, digits, `_`, `-`"));
    }
    if parameters::BUILT_IN.contains(&text) {
        return Err(Expected::new("another name").help(format!("`${{{text}}}` is the platform's own")));
    }
    Ok(())
}

/// The name of an environment variable.
pub(super) fn variable(text: &str) -> Result<(), Expected> {
    if !text.is_empty() && !text.contains(['=', '\0', '\n']) {
        return Ok(());
    }
    Err(Expected::new("the name of a variable, without `=`"))
}
