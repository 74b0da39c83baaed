//! Reads the text of relations.

use super::{Clause, Constraint, InvalidRelation, Operator, Problem, Qualifier, Relation, Term};
use crate::debian::version::Version;

/// The longest field that is read, in bytes. The longest of Debian 13 has some twenty thousand.
pub const MAX_FIELD: usize = 1 << 20;

/// Reads a field such as Depends, Conflicts or Provides.
///
/// White space and line breaks may stand between all parts; empty clauses, which a trailing comma
/// leaves, are dropped.
pub fn parse_relations(field: &str) -> Result<Vec<Clause>, InvalidRelation> {
    if field.len() > MAX_FIELD {
        return Err(invalid(field, Problem::TooLong));
    }
    let clauses = field.split(',').filter(|clause| !clause.trim_ascii().is_empty());
    clauses
        .map(|clause| {
            let alternatives = clause.split('|').map(relation).collect::<Result<_, _>>()?;
            Ok(Clause { alternatives })
        })
        .collect()
}

/// Reads one alternative.
pub(super) fn relation(text: &str) -> Result<Relation, InvalidRelation> {
    read(text.trim_ascii()).map_err(|problem| invalid(text.trim_ascii(), problem))
}

fn invalid(text: &str, problem: Problem) -> InvalidRelation {
    InvalidRelation { relation: shown(text), problem }
}

fn shown(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_default).collect()
}

fn read(text: &str) -> Result<Relation, Problem> {
    let (name, mut rest) = word(text);
    if name.is_empty() {
        return Err(if text.is_empty() { Problem::NoName } else { Problem::Name(shown(text)) });
    }
    if !is_name(name) {
        return Err(Problem::Name(shown(name)));
    }
    let mut relation = Relation::to(name);
    if let Some(after) = rest.strip_prefix(':') {
        let (name, after) = word(after);
        relation.qualifier = Some(match name {
            "any" => Qualifier::Any,
            "native" => Qualifier::Native,
            name if is_name(name) => Qualifier::Architecture(name.into()),
            _ => return Err(Problem::Qualifier),
        });
        rest = after;
    }
    if let Some((inner, after)) = enclosed(rest, '(', ')')? {
        relation.constraint = Some(constraint(inner)?);
        rest = after;
    }
    if let Some((inner, after)) = enclosed(rest, '[', ']')? {
        relation.architectures = terms(inner)?;
        rest = after;
    }
    while let Some((inner, after)) = enclosed(rest, '<', '>')? {
        relation.profiles.push(terms(inner)?);
        rest = after;
    }
    match rest.trim_ascii_start() {
        "" => Ok(relation),
        rest => Err(Problem::Trailing(shown(rest))),
    }
}

/// Splits off what stands before white space or a sign that starts another part.
fn word(text: &str) -> (&str, &str) {
    let is_end = |character: char| character.is_ascii_whitespace() || ":()[]<>".contains(character);
    text.split_at(text.find(is_end).unwrap_or(text.len()))
}

/// Says whether the text may name a package or an architecture; as lenient as dpkg, which takes
/// upper case and underscores.
fn is_name(name: &str) -> bool {
    name.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric)
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte))
}

/// Splits a part in brackets off the front: what is in it, and what follows.
fn enclosed(text: &str, open: char, close: char) -> Result<Option<(&str, &str)>, Problem> {
    match text.trim_ascii_start().strip_prefix(open) {
        None => Ok(None),
        Some(inner) => inner.split_once(close).map(Some).ok_or(Problem::Unclosed(open, close)),
    }
}

fn constraint(text: &str) -> Result<Constraint, Problem> {
    let text = text.trim_ascii();
    let version = text.trim_start_matches(['<', '=', '>']);
    let operator = match &text[..text.len() - version.len()] {
        "<<" => Operator::StrictlyEarlier,
        "<=" | "<" => Operator::EarlierOrEqual,
        "=" => Operator::Equal,
        ">=" | ">" => Operator::LaterOrEqual,
        ">>" => Operator::StrictlyLater,
        _ => return Err(Problem::Operator),
    };
    Ok(Constraint { operator, version: Version::parse(version)? })
}

fn terms(text: &str) -> Result<Vec<Term>, Problem> {
    text.split_ascii_whitespace()
        .map(|term| {
            let (negated, name) = match term.strip_prefix('!') {
                Some(name) => (true, name),
                None => (false, term),
            };
            if is_name(name) {
                Ok(Term { negated, name: name.into() })
            } else {
                Err(Problem::Trailing(shown(term)))
            }
        })
        .collect()
}
