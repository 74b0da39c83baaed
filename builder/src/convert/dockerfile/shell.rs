//! Shell text as simple commands: enough to recognise well-known ones, and to know when not to.

/// One simple command of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// Where it begins in the text.
    pub(super) offset: usize,
    /// Its text.
    pub(super) raw: String,
    /// Its words, quotes kept, output that is thrown away left out. None where it takes a shell to
    /// know them: substitutions, groups, redirections, control flow.
    pub(super) words: Option<Vec<String>>,
}

const CONTROL: [&str; 15] = [
    "!", "[[", "case", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "then", "until",
    "while",
];

/// Splits a script.
pub(super) fn commands(text: &str) -> Vec<Command> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut quote = None;
    let mut characters = text.char_indices().peekable();
    let mut close = |start: usize, end: usize| {
        let raw = &text[start..end];
        let blank = raw.len() - raw.trim_start().len();
        let raw = raw.trim();
        if !raw.is_empty() && !raw.starts_with('#') {
            found.push(Command { offset: start + blank, raw: raw.to_owned(), words: words(raw) });
        }
    };
    while let Some((at, character)) = characters.next() {
        match (character, quote) {
            ('\\', open) if open != Some('\'') => {
                characters.next();
            }
            ('"' | '\'', None) => quote = Some(character),
            (c, Some(open)) if c == open => quote = None,
            // `2>&1` and `>&2` are no ends of a command.
            ('&', None) if text[..at].ends_with(['>', '<']) => {}
            (';' | '&' | '|' | '\n', None) => {
                close(start, at);
                start = at + character.len_utf8();
            }
            _ => {}
        }
    }
    close(start, text.len());
    found
}

fn words(raw: &str) -> Option<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    let mut skip = false;
    for (_, word) in super::words::split(raw, '\\') {
        if std::mem::take(&mut skip) {
            if word == "/dev/null" {
                continue;
            }
            return None;
        }
        let redirection = word.trim_start_matches(|c: char| c.is_ascii_digit());
        match redirection.strip_prefix(">>").or_else(|| redirection.strip_prefix('>')) {
            Some("") => skip = true,
            Some("&1" | "&2" | "/dev/null") => {}
            Some(_) => return None,
            None => words.push(word),
        }
    }
    let needs_shell = |word: &String| {
        let bare = unquoted(word);
        bare.contains(['(', ')', '`', '<', '{', '}']) && !bare.contains("${") || word.contains("$(")
    };
    let control = words.first().is_some_and(|first| CONTROL.contains(&first.as_str()) || first == ".");
    (!skip && !control && !words.iter().any(needs_shell)).then_some(words)
}

/// Returns what stands outside single quotes.
fn unquoted(word: &str) -> String {
    word.split('\'').step_by(2).collect()
}

/// Returns the words of a command that needs no shell, or says why it needs one.
pub(super) fn plain_words(text: &str) -> Result<Vec<String>, &'static str> {
    let mut commands = commands(text);
    // An exit code of 1 is what engines make of any other: `|| exit 1` says nothing.
    commands.pop_if(|last| last.raw == "exit 1" && text.contains("||"));
    let command = match commands.len() {
        0 => return Err("it says nothing"),
        1 => commands.remove(0),
        _ => return Err("it is more than one command"),
    };
    let mut words = command.words.ok_or("only a shell understands it")?;
    let outside = |word: &str| word.split('\'').step_by(2).any(|part| part.contains('$'));
    if words.iter().any(|word| outside(word)) {
        return Err("a shell would put values for its variables");
    }
    if words.iter().any(|word| !word.contains(['"', '\'', '\\']) && word.contains(['*', '?', '[', '~'])) {
        return Err("a shell would expand its patterns");
    }
    if words.first().is_some_and(|word| word == "exec") {
        words.remove(0);
    }
    match words.first() {
        None => Err("it says nothing"),
        Some(first) if first.contains('=') => Err("it sets variables for one command"),
        Some(first) if first == "cd" || first == "export" => Err("it is a command of the shell itself"),
        Some(_) => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_become_simple_commands() {
        let text = "set -eux; apt-get update >/dev/null 2>&1 && apt-get install -y 'a b' \"c;d\" || true\n# no\nx=$(y) | z > f";
        let found = commands(text);
        let raw: Vec<&str> = found.iter().map(|command| command.raw.as_str()).collect();
        assert_eq!(
            raw,
            [
                "set -eux",
                "apt-get update >/dev/null 2>&1",
                "apt-get install -y 'a b' \"c;d\"",
                "true",
                "x=$(y)",
                "z > f"
            ]
        );
        assert_eq!(found[1].words.as_deref(), Some(&["apt-get", "update"].map(String::from)[..]));
        assert_eq!((found[4].words.clone(), found[5].words.clone()), (None, None));
        assert!(found.iter().all(|command| text[command.offset..].starts_with(&command.raw)));
    }

    #[test]
    fn a_shell_is_named_where_it_is_needed() {
        for (text, expected) in [
            ("exec /app --port 80", Ok(vec!["/app", "--port", "80"])),
            ("app 'a $b'", Ok(vec!["app", "'a $b'"])),
            ("app $PORT", Err("a shell would put values for its variables")),
            ("a && b", Err("it is more than one command")),
            ("ls *.txt", Err("a shell would expand its patterns")),
            ("check --now || exit 1", Ok(vec!["check", "--now"])),
            ("A=1 app", Err("it sets variables for one command")),
            ("app > log", Err("only a shell understands it")),
        ] {
            let words = plain_words(text);
            let expected = expected.map(|words| words.into_iter().map(String::from).collect::<Vec<_>>());
            assert_eq!(words, expected, "{text}");
        }
    }
}
