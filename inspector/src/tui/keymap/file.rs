//! The file that a user keeps keys in: contexts, and below each what keys ask for.
//!
//! ```text
//! # comments, and quotes where a key is one of `:`, `#`, `'`, `"`
//! everywhere:
//!   ctrl+n: down
//! tree:
//!   "#": show-largest
//!   x: none
//! ```
//!
//! It is YAML, of which nothing more is understood than this.

use super::settings::{Mistake, MistakeKind, Quoted, Setting};

/// Reads the lines of a file.
///
/// # Errors
///
/// Returns every line that is neither a context nor keys of one. Names are checked by
/// [`Keymap::configured`](super::Keymap::configured).
pub fn settings(text: &str) -> Result<Vec<Setting>, Vec<Mistake>> {
    let mut context: Option<&str> = None;
    let (mut settings, mut mistakes) = (Vec::new(), Vec::new());
    for (place, line) in text.lines().enumerate() {
        let words = line.trim();
        if words.is_empty() || words.starts_with('#') || words == "---" {
            continue;
        }
        let is_below = line.starts_with(' ');
        match (pair(words), context) {
            (Some((name, "")), _) if !is_below => context = Some(name),
            (Some((keys, action)), Some(context)) if is_below && !action.is_empty() => {
                settings.push(Setting {
                    line: place + 1,
                    context: context.into(),
                    keys: keys.into(),
                    action: action.into(),
                });
            }
            _ => mistakes.push(Mistake { line: place + 1, kind: MistakeKind::Line(Quoted::new(words)) }),
        }
    }
    if mistakes.is_empty() { Ok(settings) } else { Err(mistakes) }
}

/// Splits a line into what stands before its colon and behind it.
fn pair(line: &str) -> Option<(&str, &str)> {
    let quote = line.chars().next().filter(|first| ['"', '\''].contains(first));
    let (name, value) = match quote {
        Some(quote) => {
            line[1..].split_once(quote).and_then(|(name, rest)| Some((name, rest.strip_prefix(':')?)))?
        }
        // A key may be a colon itself: the one before a space or the end counts.
        None => line.rsplit_once(": ").or_else(|| Some((line.strip_suffix(':')?, "")))?,
    };
    let value = if value.starts_with('#') { "" } else { value };
    let value = value.split_once(" #").map_or(value, |(value, _)| value).trim();
    let bare = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    Some((name.trim(), bare.unwrap_or(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_and_keys_are_read() {
        let text = "# mine\n---\neverywhere:\n  ctrl+n: down # as elsewhere\n\n  \"g g\": 'last'\ntree: # too\n    '#': search\n  :: help\n";
        let expected = [
            (4, "everywhere", "ctrl+n", "down"),
            (6, "everywhere", "g g", "last"),
            (8, "tree", "#", "search"),
            (9, "tree", ":", "help"),
        ]
        .map(|(line, context, keys, action)| Setting {
            line,
            context: context.into(),
            keys: keys.into(),
            action: action.into(),
        });
        assert_eq!(settings(text), Ok(expected.into()));
    }

    #[test]
    fn other_lines_are_mistakes() {
        for text in [
            "x: help",
            "tree",
            "tree:\n  x",
            "tree:\n  x:",
            "  tree:",
            "tree: x",
            "tree:\n  'x: help",
            "tree:\n\tx: help",
        ] {
            let mistakes = settings(text).expect_err(text);
            let last = text.lines().count();
            assert!(mistakes.iter().any(|mistake| mistake.line == last), "{text}: {mistakes:?}");
            assert!(mistakes[0].to_string().contains("expected a context as in `tree:`"), "{text}");
        }
    }
}
