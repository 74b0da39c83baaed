//! The file of the user's own keys, which stands beside the configuration.

use std::io;
use std::path::Path;

use anyhow::Context as _;
use attar_inspector::tui::keymap::{self, Keymap, Mistake};

/// A file of keys that cannot be obeyed.
#[derive(Debug, thiserror::Error)]
#[error("{}", lines(.0))]
pub(crate) struct InvalidKeys(Vec<Mistake>);

/// Reads the keys of the file that is named, else of the user's if there is one.
pub(crate) fn read(named: Option<&Path>, own: &Path) -> anyhow::Result<Keymap> {
    let path = named.unwrap_or(own);
    let text = match std::fs::read_to_string(path) {
        Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => {
            return Ok(Keymap::default());
        }
        other => other.with_context(|| format!("cannot read `{}`", path.display()))?,
    };
    keymap(&text).with_context(|| format!("cannot use `{}`", path.display()))
}

fn keymap(text: &str) -> Result<Keymap, InvalidKeys> {
    keymap::settings(text).and_then(|settings| Keymap::configured(&settings)).map_err(InvalidKeys)
}

fn lines(mistakes: &[Mistake]) -> String {
    let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_named_with_its_line() {
        let error = keymap("everywhere:\n  x: extrac\ntrees:\n  y: quit\n").expect_err("two mistakes");
        insta::assert_snapshot!(error, @r"
        line 2: unknown action `extrac`: expected the name of an action or `none`; did you mean `extract`?
        line 4: unknown context `trees`: expected `everywhere`, `layers`, `tree`, `preview`, `list`; did you mean `tree`?
        ");
        assert!(keymap("everywhere:\n  ctrl+n: next-match\n").is_ok());
    }

    #[test]
    fn only_the_users_own_file_may_be_missing() {
        let none = Path::new("/nonexistent/keys.yaml");
        assert!(read(None, none).is_ok());
        let error = read(Some(none), none).expect_err("no file");
        assert_eq!(error.to_string(), "cannot read `/nonexistent/keys.yaml`");
    }
}
