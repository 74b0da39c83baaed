//! What `env` makes of its arguments: `#!/usr/bin/env -S python3 -u`.

/// A command line that ends up at a program: assignments and options of `env` taken off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Command {
    /// The program and its arguments; none when there is no program.
    pub(super) words: Vec<String>,
    /// A `PATH` that is set on the way; `Some(None)` when it is taken away.
    pub(super) path: Option<Option<String>>,
}

/// Reads the arguments of `env`.
pub(super) fn env(arguments: &[String]) -> Command {
    let mut command = Command::default();
    let mut pending: Vec<String> = arguments.iter().rev().cloned().collect();
    let mut options = true;
    while let Some(word) = pending.pop() {
        if options && word == "--" {
            options = false;
        } else if options && word.starts_with('-') {
            option(&word, &mut pending, &mut command);
        } else if let Some((name, value)) = word.split_once('=') {
            options = false;
            if name == "PATH" {
                command.path = Some(Some(value.to_owned()));
            }
        } else {
            command.words.push(word);
            command.words.extend(pending.into_iter().rev());
            break;
        }
    }
    command
}

fn option(word: &str, pending: &mut Vec<String>, command: &mut Command) {
    let split = |text: &str, pending: &mut Vec<String>| pending.extend(split_string(text).into_iter().rev());
    if let Some(text) = word.strip_prefix("--split-string") {
        match text.strip_prefix('=') {
            Some(text) => split(text, pending),
            None => {
                let text = pending.pop().unwrap_or_default();
                split(&text, pending);
            }
        }
        return;
    }
    match word {
        "-" | "-i" | "--ignore-environment" => command.path = Some(None),
        "-u" | "--unset" => {
            if pending.pop().as_deref() == Some("PATH") {
                command.path = Some(None);
            }
        }
        "-uPATH" | "--unset=PATH" => command.path = Some(None),
        "-C" | "--chdir" | "-a" | "--argv0" => drop(pending.pop()),
        long if long.starts_with("--") => {}
        // Short options may stand together: `-vS`.
        short => {
            let Some(at) = short.find('S') else { return };
            if short[..at].contains('i') {
                command.path = Some(None);
            }
            match &short[at + 1..] {
                "" => {
                    let text = pending.pop().unwrap_or_default();
                    split(&text, pending);
                }
                text => split(text, pending),
            }
        }
    }
}

/// Splits a text into words as `env -S` does: blanks, quotes, a backslash before any character.
fn split_string(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, quote) {
            ('\\', None | Some('"')) => match characters.next() {
                // Outside quotes it ends a word, as a blank does.
                Some('_') if quote.is_none() => words.extend(word.take()),
                Some('c') | None => break,
                Some(next) => word.get_or_insert_default().push(next),
            },
            (quoted, Some(open)) if quoted == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            ('#', None) if word.is_none() => break,
            (blank, None) if blank.is_ascii_whitespace() => words.extend(word.take()),
            (other, _) => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_behind_env() {
        let words = |text: &str| text.split('|').map(String::from).collect::<Vec<_>>();
        for (arguments, expected) in [
            ("python3", "python3"),
            ("python3 -u", "python3 -u"),
            ("-S|python3 -u|/x.py", "python3|-u|/x.py"),
            ("-Spython3 -u|/x.py", "python3|-u|/x.py"),
            ("-S python3 -u|/x.py", "python3|-u|/x.py"),
            ("-vS|'a b' \"c\\\"\" d\\_e", "a b|c\"|d|e"),
            ("--split-string=node --flag|x", "node|--flag|x"),
            ("-S|A=1 -|x", "-|x"),
            ("-u|HOME|A=1|B=2|node|x", "node|x"),
            ("-C|/tmp|--|node", "node"),
        ] {
            assert_eq!(env(&words(arguments)).words, words(expected), "{arguments}");
        }
    }

    #[test]
    fn the_search_path_may_change_on_the_way() {
        let path = |arguments: &[&str]| {
            env(&arguments.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).path
        };
        assert_eq!(path(&["x"]), None);
        assert_eq!(path(&["PATH=/opt", "x"]), Some(Some("/opt".into())));
        assert_eq!(path(&["-i", "x"]), Some(None));
        assert_eq!(path(&["-iS", "x y"]), Some(None));
    }
}
