//! Splits lines of sysusers.d and tmpfiles.d into fields: quotes, backslashes, specifiers.

/// Splits a line at blanks outside quotes; at most `most` fields, of which the last is the rest of
/// the line. `None` for a quote that is never closed.
pub(super) fn split(line: &str, most: usize) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        if fields.len() + 1 == most {
            fields.push(unquote(rest)?);
            break;
        }
        let mut field = String::new();
        let mut characters = rest.char_indices();
        let mut quote = None;
        let mut end = rest.len();
        while let Some((at, character)) = characters.next() {
            match (quote, character) {
                (None, ' ' | '\t') => {
                    end = at;
                    break;
                }
                (None, '"' | '\'') => quote = Some(character),
                (Some(open), _) if open == character => quote = None,
                (_, '\\') => field.push(characters.next()?.1),
                _ => field.push(character),
            }
        }
        if quote.is_some() {
            return None;
        }
        fields.push(field);
        rest = rest[end..].trim_start();
    }
    Some(fields)
}

fn unquote(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''));
    match quote {
        Some(quote) if text.len() > 1 => text[1..].strip_suffix(quote).map(str::to_owned),
        Some(_) => None,
        None => Some(text.to_owned()),
    }
}

/// Expands `%t` and its like to what they mean in an image; `None` for one that only a running
/// system knows.
pub(super) fn expand(text: &str) -> Option<String> {
    let mut expanded = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            expanded.push(character);
            continue;
        }
        expanded.push_str(match characters.next()? {
            '%' => "%",
            't' => "/run",
            'S' => "/var/lib",
            'C' => "/var/cache",
            'L' => "/var/log",
            'T' => "/tmp",
            'V' => "/var/tmp",
            'h' => "/root",
            'u' | 'g' => "root",
            'U' | 'G' => "0",
            _ => return None,
        });
    }
    Some(expanded)
}

/// Returns the lines that say something, with their numbers.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (u32, &str)> {
    let numbered = (1..).zip(text.lines().map(str::trim));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with(['#', ';']))
}
