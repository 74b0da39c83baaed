//! Variables in a compose file: `$NAME`, `${NAME}`, `${NAME:-default}` and their kin; `$$` is a dollar.

use serde_json::Value;

/// Gives the value of a variable.
pub(crate) type Variables<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// The deepest nesting of defaults in defaults.
const MAX_DEPTH: usize = 16;

/// Expands every text of a document; keys stay. The error says what is wrong.
pub(super) fn document(value: &mut Value, variables: &Variables<'_>) -> Result<(), String> {
    match value {
        Value::String(text) => *text = expand(text, variables, 0)?,
        Value::Array(items) => items.iter_mut().try_for_each(|item| document(item, variables))?,
        Value::Object(map) => map.values_mut().try_for_each(|value| document(value, variables))?,
        _ => {}
    }
    Ok(())
}

fn expand(text: &str, variables: &Variables<'_>, depth: usize) -> Result<String, String> {
    if depth > MAX_DEPTH {
        return Err(format!("`{text}`: defaults are nested too deeply"));
    }
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        rest = after;
        if let Some(after) = rest.strip_prefix('$') {
            expanded.push('$');
            rest = after;
        } else if let Some(inner) = rest.strip_prefix('{') {
            let end = closing(inner).ok_or_else(|| format!("`{text}`: `${{` is not closed"))?;
            expanded.push_str(&braced(&inner[..end], variables, depth)?);
            rest = &inner[end + 1..];
        } else {
            let end = name_end(rest);
            if end == 0 {
                return Err(format!("`{text}`: a name follows `$`, and `$$` is a dollar"));
            }
            expanded.push_str(&variables(&rest[..end]).unwrap_or_default());
            rest = &rest[end..];
        }
    }
    Ok(expanded + rest)
}

/// Expands what stands in braces.
fn braced(inner: &str, variables: &Variables<'_>, depth: usize) -> Result<String, String> {
    let (name, rest) = inner.split_at(name_end(inner));
    if name.is_empty() {
        return Err(format!("`${{{inner}}}`: expected the name of a variable"));
    }
    let value = variables(name);
    let (colon, operator) = match rest.strip_prefix(':') {
        Some(operator) => (true, operator),
        None => (false, rest),
    };
    // With a colon an empty value counts as none.
    let value = value.filter(|value| !colon || !value.is_empty());
    let mut characters = operator.chars();
    match (characters.next(), characters.as_str()) {
        (None, _) if !colon => Ok(value.unwrap_or_default()),
        (Some('-'), default) => value.map_or_else(|| expand(default, variables, depth + 1), Ok),
        (Some('+'), other) => {
            value.map_or_else(|| Ok(String::new()), |_| expand(other, variables, depth + 1))
        }
        (Some('?'), message) => value.ok_or_else(|| format!("the variable `{name}` is not set: {message}")),
        _ => Err(format!("`${{{inner}}}`: expected a variable with `:-`, `-`, `:+`, `+`, `:?` or `?`")),
    }
}

fn name_end(text: &str) -> usize {
    let is_name = |(at, byte): (usize, u8)| {
        byte == b'_' || byte.is_ascii_alphabetic() || at > 0 && byte.is_ascii_digit()
    };
    text.bytes().enumerate().position(|it| !is_name(it)).unwrap_or(text.len())
}

/// Returns where the brace closes that is open at the start.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'}' if open == 1 => return Some(at),
            b'}' => open -= 1,
            b'{' => open += 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_expanded_as_compose_does() {
        let variables = |name: &str| match name {
            "A" => Some("a".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        for (text, expected) in [
            ("plain", Ok("plain")),
            ("$A-$$A-${A}", Ok("a-$A-a")),
            ("${NO}|${EMPTY}|$NO", Ok("||")),
            ("${NO:-x}${EMPTY:-y}${EMPTY-z}${A-b}", Ok("xya")),
            ("${NO:-${A:-b}c}-init", Ok("ac-init")),
            ("${A:+set}${NO:+set}", Ok("set")),
            ("${A?unused}", Ok("a")),
            ("${NO:?say it}", Err("the variable `NO` is not set: say it")),
            ("${A", Err("`${A`: `${` is not closed")),
            ("a $ b", Err("`a $ b`: a name follows `$`, and `$$` is a dollar")),
            ("${}", Err("`${}`: expected the name of a variable")),
            ("${A/b/c}", Err("`${A/b/c}`: expected a variable with `:-`, `-`, `:+`, `+`, `:?` or `?`")),
        ] {
            assert_eq!(expand(text, &variables, 0), expected.map(str::to_owned).map_err(str::to_owned));
        }
    }
}
