//! Shell patterns: `*`, `?`, `[…]`, with a backslash before what is meant as it stands.

/// The most steps one match takes; patterns of real scripts need a handful.
const MAX_STEPS: u32 = 200_000;

/// Says whether `text` matches the whole pattern. A `*` matches slashes, as in `case`.
pub(in crate::effects) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    for _ in 0..MAX_STEPS {
        if p < pattern.len() && pattern[p] == '*' {
            back = Some((p, t));
            p += 1;
            continue;
        }
        if p >= pattern.len() && t >= text.len() {
            return true;
        }
        let stepped = match text.get(t) {
            Some(character) => one(&pattern, p, *character),
            None => None,
        };
        match (stepped, &mut back) {
            (Some(next), _) => (p, t) = (next, t + 1),
            (None, Some((star, from))) if *from < text.len() => {
                *from += 1;
                (p, t) = (*star + 1, *from);
            }
            _ => return false,
        }
    }
    false
}

/// Matches one character and returns where the pattern goes on.
fn one(pattern: &[char], at: usize, character: char) -> Option<usize> {
    match *pattern.get(at)? {
        '?' => Some(at + 1),
        '\\' => (*pattern.get(at + 1)? == character).then_some(at + 2),
        '[' => match set(pattern, at + 1, character) {
            Some((found, next)) => found.then_some(next),
            None => (character == '[').then_some(at + 1),
        },
        plain => (plain == character).then_some(at + 1),
    }
}

/// Reads a set of characters; `None` when it is never closed.
fn set(pattern: &[char], mut at: usize, character: char) -> Option<(bool, usize)> {
    let negated = matches!(pattern.get(at), Some('!' | '^'));
    at += usize::from(negated);
    let start = at;
    let mut found = false;
    loop {
        let mut low = *pattern.get(at)?;
        if low == ']' && at > start {
            return Some((found != negated, at + 1));
        }
        if low == '[' && pattern.get(at + 1) == Some(&':') {
            let length = pattern[at + 2..].iter().position(|c| *c == ':')?;
            let class: String = pattern[at + 2..at + 2 + length].iter().collect();
            found |= in_class(&class, character);
            at += length + 4;
            continue;
        }
        if low == '\\' {
            at += 1;
            low = *pattern.get(at)?;
        }
        let mut high = low;
        if pattern.get(at + 1) == Some(&'-') && pattern.get(at + 2).is_some_and(|c| *c != ']') {
            high = pattern[at + 2];
            at += 2;
        }
        found |= (low..=high).contains(&character);
        at += 1;
    }
}

fn in_class(class: &str, c: char) -> bool {
    match class {
        "alpha" => c.is_ascii_alphabetic(),
        "digit" => c.is_ascii_digit(),
        "alnum" => c.is_ascii_alphanumeric(),
        "space" => c.is_ascii_whitespace(),
        "upper" => c.is_ascii_uppercase(),
        "lower" => c.is_ascii_lowercase(),
        "punct" => c.is_ascii_punctuation(),
        _ => false,
    }
}

/// Removes the shortest or longest beginning that matches; the whole text when none does.
pub(super) fn strip_prefix<'t>(text: &'t str, pattern: &str, longest: bool) -> &'t str {
    let mut ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    if longest {
        ends.reverse();
    }
    ends.into_iter().find(|end| matches(pattern, &text[..*end])).map_or(text, |end| &text[end..])
}

/// Removes the shortest or longest end that matches; the whole text when none does.
pub(super) fn strip_suffix<'t>(text: &'t str, pattern: &str, longest: bool) -> &'t str {
    let mut starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    if !longest {
        starts.reverse();
    }
    starts.into_iter().find(|start| matches(pattern, &text[*start..])).map_or(text, |start| &text[..start])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("*", "", true),
            ("a*b*c", "axxbxbxc", true),
            ("a*b*c", "axxbxbx", false),
            ("?", "", false),
            ("[0-9]*", "12a", true),
            ("[!0-9]*", "12a", false),
            ("[[:digit:]x]y", "xy", true),
            ("[]a]", "]", true),
            ("[a", "[a", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("configure|x", "configure", false),
            ("/etc/*", "/etc/a/b", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn ends_are_stripped() {
        assert_eq!(strip_prefix("/usr/share/x", "*/", false), "usr/share/x");
        assert_eq!(strip_prefix("/usr/share/x", "*/", true), "x");
        assert_eq!(strip_suffix("a.tar.gz", ".*", false), "a.tar");
        assert_eq!(strip_suffix("a.tar.gz", ".*", true), "a");
        assert_eq!(strip_suffix("a", "b", true), "a");
    }

    proptest! {
        #[test]
        fn no_pattern_panics(pattern in "[a\\[\\]!*?\\\\:-]{0,12}", text in "[a-c\\[\\]]{0,12}") {
            matches(&pattern, &text);
            strip_prefix(&text, &pattern, true);
        }
    }
}
