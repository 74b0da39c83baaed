//! Filters of text whose input is known, in the few forms that decide what a script does.

use attar_image::{Kind, TreePath};

use super::evaluate::Run;
use super::expand::Field;

impl Run<'_> {
    /// Runs a filter on known input; says whether its output is known.
    pub(super) fn filtered(&mut self, name: &str, arguments: &[Field], text: &str) -> bool {
        if !matches!(
            name,
            "cut"
                | "tr"
                | "sed"
                | "head"
                | "tail"
                | "sort"
                | "uniq"
                | "grep"
                | "egrep"
                | "fgrep"
                | "wc"
                | "awk"
        ) {
            return false;
        }
        let Some(words) = arguments.iter().map(|field| field.text.as_deref()).collect::<Option<Vec<&str>>>()
        else {
            return false;
        };
        // A file that is named is read instead of the input.
        if words.iter().any(|word| word.starts_with('/') && word.len() > 1 && !word.ends_with('/')) {
            return false;
        }
        let Some(input) = self.stdin.clone() else { return false };
        let output = match (name, &words[..]) {
            ("wc", ["-l"]) => Some(format!("{}\n", input.matches('\n').count())),
            ("wc" | "awk", _) => None,
            // Nothing comes of nothing.
            _ if input.is_empty() => Some(String::new()),
            ("cut", words) => each_line(&input, |line| cut(words, line)),
            ("tr", words) => tr(words, &input),
            ("sed", [expression] | ["-e", expression]) => {
                let (from, to, all) = substitution(expression).unwrap_or_default();
                (!from.is_empty())
                    .then(|| {
                        each_line(&input, |line| {
                            Some(if all { line.replace(&from, &to) } else { line.replacen(&from, &to, 1) })
                        })
                    })
                    .flatten()
            }
            _ => None,
        };
        let Some(output) = output else { return false };
        self.status = Some(!(name.ends_with("grep") && output.is_empty()));
        self.print(Some(output));
        self.nothing(text, "it only reads");
        true
    }

    /// Answers `stat -c`, for owner and mode.
    pub(super) fn stat(&self, arguments: &[Field]) -> Option<String> {
        let words: Vec<&str> = arguments.iter().map(|field| field.text.as_deref()).collect::<Option<_>>()?;
        let (format, path) = match &words[..] {
            ["-c" | "--format", format, path] | ["-L", "-c", format, path] => (*format, *path),
            [joined, path] => {
                (joined.strip_prefix("-c").or_else(|| joined.strip_prefix("--format="))?, *path)
            }
            _ => return None,
        };
        let path = TreePath::parse(path).ok()?;
        if self.state.made.contains_key(&path) {
            return None;
        }
        let entry = self.surroundings.tree.get(&self.surroundings.tree.resolve(&path)?)?;
        let (metadata, is_root) = (&entry.metadata, entry.metadata.uid == 0 && entry.metadata.gid == 0);
        let mut output = String::new();
        let mut letters = format.chars();
        while let Some(letter) = letters.next() {
            if letter != '%' {
                output.push(letter);
                continue;
            }
            match letters.next()? {
                'a' => output.push_str(&format!("{:o}", metadata.mode)),
                'u' => output.push_str(&metadata.uid.to_string()),
                'g' => output.push_str(&metadata.gid.to_string()),
                'U' | 'G' if is_root => output.push_str("root"),
                'F' if entry.kind == Kind::Directory => output.push_str("directory"),
                _ => return None,
            }
        }
        Some(output + "\n")
    }
}

fn each_line(text: &str, change: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut output = String::new();
    for line in text.lines() {
        output.push_str(&change(line)?);
        output.push('\n');
    }
    Some(output)
}

/// `cut -d: -f1`, `cut -b -7`.
fn cut(words: &[&str], line: &str) -> Option<String> {
    let (mut delimiter, mut field, mut bytes) = ('\t', None, None);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let (option, value) = word.split_at_checked(2)?;
        let value = if value.is_empty() { rest.next()? } else { value };
        match option {
            "-d" => delimiter = value.chars().next()?,
            "-f" => field = Some(value.parse::<usize>().ok()?),
            "-b" | "-c" => {
                bytes = Some(
                    value.strip_prefix('-').or_else(|| value.strip_prefix("1-"))?.parse::<usize>().ok()?,
                )
            }
            _ => return None,
        }
    }
    match (field, bytes) {
        (Some(number), None) if line.contains(delimiter) => {
            Some(line.split(delimiter).nth(number.checked_sub(1)?).unwrap_or_default().to_owned())
        }
        (Some(_), None) => Some(line.to_owned()),
        (None, Some(count)) => Some(line.chars().take(count).collect()),
        _ => None,
    }
}

/// `tr a b`, `tr -d a`, and upper to lower case.
fn tr(words: &[&str], text: &str) -> Option<String> {
    let one = |word: &str| match word {
        "\\n" => Some('\n'),
        "\\t" => Some('\t'),
        _ => Some(word.chars().next()?).filter(|_| word.chars().count() == 1),
    };
    match words {
        ["[:upper:]" | "A-Z", "[:lower:]" | "a-z"] => Some(text.to_ascii_lowercase()),
        ["[:lower:]" | "a-z", "[:upper:]" | "A-Z"] => Some(text.to_ascii_uppercase()),
        ["-d", from] => Some(text.replace(one(from)?, "")),
        [from, to] => Some(text.replace(one(from)?, &one(to)?.to_string())),
        _ => None,
    }
}

/// Reads `s/a/b/` and `s/a/b/g` whose `a` is no pattern.
fn substitution(expression: &str) -> Option<(String, String, bool)> {
    let rest = expression.strip_prefix('s')?;
    let delimiter = rest.chars().next()?;
    let mut parts = rest[delimiter.len_utf8()..].split(delimiter);
    let (from, to, flags) = (parts.next()?, parts.next()?, parts.next()?);
    let plain = |text: &str| !text.contains(['\\', '[', ']', '*', '.', '^', '$', '&']);
    let known = parts.next().is_none() && plain(from) && plain(to) && matches!(flags, "" | "g");
    known.then(|| (from.to_owned(), to.to_owned(), flags == "g"))
}
