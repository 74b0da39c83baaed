//! What the verdict about an image speaks of.

use jiff::civil::Date;

use super::Expected;
use crate::spec::diagnostic::nearest;
use crate::spec::filter;

/// The checks of the verdict, by identifier, each with a word for it.
pub const CHECKS: [(&str, &str); 17] = [
    ("D01", "shell"),
    ("D02", "multicall"),
    ("D03", "package-manager"),
    ("D04", "fetchers"),
    ("D05", "interpreters"),
    ("D06", "build-debug"),
    ("D07", "init-only"),
    ("D08", "privilege"),
    ("D09", "writable"),
    ("D10", "user"),
    ("D11", "start"),
    ("D12", "unreachable"),
    ("D13", "secrets"),
    ("D14", "leftovers"),
    ("D15", "needed-files"),
    ("D16", "supply-chain"),
    ("D17", "size"),
];

/// A check by its identifier.
pub(super) fn check(text: &str) -> Result<(), Expected> {
    if CHECKS.iter().any(|(id, _)| *id == text) {
        return Ok(());
    }
    let expected = Expected::new("a check from `D01` to `D17`");
    let number = text.trim_start_matches(['D', 'd']).parse::<u8>();
    let meant = number.map(|number| format!("D{number:02}")).unwrap_or_default();
    let by_word = || {
        let word = nearest(text, CHECKS.iter().map(|(_, word)| *word))?;
        CHECKS.iter().find(|(_, known)| *known == word).map(|(id, _)| *id)
    };
    let by_id = CHECKS.iter().map(|(id, _)| *id).find(|id| *id == meant);
    Err(match by_id.or_else(by_word) {
        Some(id) => expected.label(format!("did you mean `{id}`?")),
        None => expected.help("`attar check` names the check in front of each finding"),
    })
}

/// A day.
pub(super) fn date(text: &str) -> Result<(), Expected> {
    match text.parse::<Date>() {
        Ok(date) if date.to_string() == text => Ok(()),
        _ => Err(Expected::new("a day such as `2027-06-30`")),
    }
}

/// A number of bytes.
pub(super) fn size(text: &str) -> Result<(), Expected> {
    match super::size::bytes(text) {
        Some(_) => Ok(()),
        None => Err(Expected::new("a size such as `20 MB` or `512 KiB`")),
    }
}

/// Words that say why.
pub(super) fn reason(text: &str) -> Result<(), Expected> {
    match text.trim() {
        "" => Err(Expected::new("words that say why")),
        _ => Ok(()),
    }
}

/// What a finding is about: a glob of paths in the image, or a setting of it.
pub(super) fn subject(text: &str) -> Result<(), Expected> {
    let is_setting = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.split(':').next().is_some_and(|word| !word.contains(['/', '.', '*']));
    if !text.starts_with('/') && !is_setting {
        let expected = Expected::new("a glob that starts with `/`, or a setting such as `env:NAME`");
        return Err(expected.label(format!("write `/{}`", text.trim_start_matches("./"))));
    }
    match filter::check_glob(text) {
        Ok(()) => Ok(()),
        Err(problem) => Err(Expected::new("a glob").label(problem)),
    }
}
