//! What distinguishes two versions of a file.

use super::content::Content;
use super::display::{plain, show};
use super::line::{Line, Style};
use super::mask::mask;
use super::size;
use super::text::is_text;
use super::{Fact, Mode, Preview, Surroundings, preview};
use crate::compare::ContentChange;
use attar_image::filesystem::Metadata;

/// The most lines of listings that are compared.
const MAX_LISTED: usize = 10_000;
/// Lines that are kept around what differs.
const CONTEXT: usize = 3;

/// Compares two versions of a file: the lines of texts with their numbers, else what is known of both, and
/// what both hold.
///
/// What is masked does not show; that it differs does.
pub fn difference(before: &Content, after: &Content, surroundings: &Surroundings<'_>) -> Preview {
    let (old, new) = (preview(before, surroundings), preview(after, surroundings));
    let mut found = Preview::new(new.kind, &[Mode::Difference, Mode::Facts]);
    found.facts.clone_from(&new.facts);
    found.more = old.more.max(new.more);
    found.difference = lines(before, after, &old, &new);
    found
}

/// Says what distinguishes two versions of a file besides their contents.
pub fn metadata(before: &Metadata, after: &Metadata) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut compare = |what: &str, before: String, after: String| {
        if before != after {
            lines.push(Line::of(Style::Removed, format!("- {what} {before}")));
            lines.push(Line::of(Style::Added, format!("+ {what} {after}")));
        }
    };
    let mode = |of: &Metadata| format!("{:04o}", of.mode);
    let owner = |of: &Metadata| format!("{}:{}", of.uid, of.gid);
    compare("mode", mode(before), mode(after));
    compare("owner", owner(before), owner(after));
    if before.xattrs != after.xattrs {
        lines.push(Line::of(Style::Warning, "extended attributes differ"));
    }
    if before.mtime != after.mtime {
        lines.push(Line::of(Style::Muted, "the time of the last change differs"));
    }
    lines
}

fn lines(before: &Content, after: &Content, old: &Preview, new: &Preview) -> Vec<Line> {
    let are_complete = before.is_complete() && after.is_complete();
    if are_complete && before.bytes == after.bytes {
        return vec![Line::of(Style::Muted, "the contents are the same")];
    }
    let mut lines = Vec::new();
    let both = |it: fn(&Content) -> bool| it(before) && it(after);
    if both(|content| is_text(&content.bytes) || content.size == 0) {
        let (one, other) = (mask(before).bytes, mask(after).bytes);
        if one == other && are_complete {
            return vec![Line::of(Style::Warning, "only what is masked differs")];
        }
        if !are_complete {
            lines.push(Line::of(Style::Warning, "only the first bytes of both were compared"));
        }
        match text(&one, &other) {
            Some(mut found) => {
                if found.is_empty() {
                    found.push(first_difference(before, after));
                }
                lines.append(&mut found);
                return lines;
            }
            None => lines.push(Line::of(Style::Warning, "too much differs to be compared line by line")),
        }
    }
    compare_facts(&old.facts, &new.facts, &mut lines);
    compare_listings(&old.listing, &new.listing, &mut lines);
    lines.push(first_difference(before, after));
    lines
}

/// Compares texts line by line; `None` when what is between their common beginning and end is too long.
fn text(before: &[u8], after: &[u8]) -> Option<Vec<Line>> {
    let (start, skipped) = common_start(before, after);
    let (before, after) = (&before[start..], &after[start..]);
    let end = common_end(before, after);
    let (before, after) = (&before[..before.len() - end], &after[..after.len() - end]);
    let (before, after) = (printable(before), printable(after));
    match ContentChange::of(before.as_bytes(), after.as_bytes())? {
        ContentChange::Text { lines } => Some(numbered(&lines, skipped)),
        ContentChange::Elf { .. } => None,
    }
}

/// Writes what is no UTF-8 as it is shown: lines are compared as text.
fn printable(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => {
            let lines =
                bytes.split_inclusive(|byte| *byte == b'\n').map(|line| match line.strip_suffix(b"\n") {
                    Some(line) => show(line).text + "\n",
                    None => show(line).text,
                });
            lines.collect::<String>().into()
        }
    }
}

/// Returns the number of bytes, and of lines, that both begin with, some lines before the first
/// difference.
fn common_start(before: &[u8], after: &[u8]) -> (usize, usize) {
    let same = before.iter().zip(after).take_while(|(one, other)| one == other).count();
    let ends: Vec<usize> =
        before[..same].iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    match ends.len().checked_sub(CONTEXT + 1) {
        Some(last) => (ends[last], last + 1),
        None => (0, 0),
    }
}

/// Returns the number of bytes that both end with, some lines after the last difference.
fn common_end(before: &[u8], after: &[u8]) -> usize {
    let same = before.iter().rev().zip(after.iter().rev()).take_while(|(one, other)| one == other).count();
    let tail = &before[before.len() - same..];
    // The first of these lines may have begun before the common end.
    let ends = tail.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    ends.skip(CONTEXT).map(|at| tail.len() - at).next().unwrap_or(0)
}

/// Puts numbers before the lines of a unified difference whose first line is number `skipped` plus one.
fn numbered(lines: &[String], skipped: usize) -> Vec<Line> {
    let mut found = Vec::new();
    let (mut before, mut after) = (0, 0);
    for line in lines {
        let (first, rest) = line.split_at_checked(1).unwrap_or(("", line));
        let mut shown = Line::default();
        let style = match first {
            "@" => {
                (before, after) = starts(line).unwrap_or_default();
                (before, after) = (before + skipped, after + skipped);
                let place = format!("line {before} before, line {after} now");
                found.push(Line::of(Style::Heading, place));
                continue;
            }
            "-" => {
                shown.push(Style::Muted, format!("{before:>6} {:6} ", ""));
                before += 1;
                Style::Removed
            }
            "+" => {
                shown.push(Style::Muted, format!("{:6} {after:>6} ", ""));
                after += 1;
                Style::Added
            }
            "\\" => {
                shown.push(Style::Muted, format!("{:13} without line end", ""));
                found.push(shown);
                continue;
            }
            _ => {
                shown.push(Style::Muted, format!("{before:>6} {after:>6} "));
                (before, after) = (before + 1, after + 1);
                Style::Plain
            }
        };
        shown.push(style, format!("{first} "));
        for span in plain(rest.as_bytes(), style).spans {
            shown.push(span.style, span.text);
        }
        found.push(shown);
    }
    found
}

/// Reads the numbers of the first lines of a part: `@@ -1,2 +3,4 @@`. Those of no lines are one less.
fn starts(line: &str) -> Option<(usize, usize)> {
    let mut words = line.split(' ').skip(1);
    let mut next = |sign: char| {
        let word = words.next()?.strip_prefix(sign)?;
        let (start, count) = word.split_once(',').unwrap_or((word, "1"));
        let start: usize = start.parse().ok()?;
        Some(if count == "0" { start + 1 } else { start })
    };
    Some((next('-')?, next('+')?))
}

fn compare_facts(old: &[Fact], new: &[Fact], lines: &mut Vec<Line>) {
    let is_in = |fact: &Fact, facts: &[Fact]| {
        facts.iter().any(|other| (&other.label, &other.value) == (&fact.label, &fact.value))
    };
    let line = |style, sign: &str, fact: &Fact| {
        let mut line = Line::of(style, format!("{sign} "));
        line.push(Style::Label, format!("{}: ", fact.label));
        line.push(style, fact.value.as_str());
        line
    };
    let mut labels: Vec<&str> = Vec::new();
    for fact in old.iter().chain(new) {
        if !labels.contains(&fact.label.as_str()) {
            labels.push(&fact.label);
        }
    }
    for label in labels {
        for (facts, others, style, sign) in [(old, new, Style::Removed, "-"), (new, old, Style::Added, "+")] {
            let differ = facts.iter().filter(|fact| fact.label == label && !is_in(fact, others));
            lines.extend(differ.map(|fact| line(style, sign, fact)));
        }
    }
}

/// Compares what both hold, line by line, whatever the order.
fn compare_listings(old: &[Line], new: &[Line], lines: &mut Vec<Line>) {
    let texts = |lines: &[Line]| {
        let texts = lines.iter().take(MAX_LISTED).map(Line::text);
        texts.collect::<std::collections::BTreeSet<String>>()
    };
    let (old, new) = (texts(old), texts(new));
    let removed = old.difference(&new).map(|text| Line::of(Style::Removed, format!("- {text}")));
    lines.extend(removed);
    lines.extend(new.difference(&old).map(|text| Line::of(Style::Added, format!("+ {text}"))));
}

fn first_difference(before: &Content, after: &Content) -> Line {
    let same = before.bytes.iter().zip(after.bytes.iter()).take_while(|(one, other)| one == other).count();
    let is_end = same == before.bytes.len().min(after.bytes.len());
    let text = match is_end && !(before.is_complete() && after.is_complete()) {
        true => format!("the first {} are the same; no more was compared", size(same as u64)),
        false => format!("the bytes differ from offset {same} ({same:#x}) on"),
    };
    Line::of(Style::Muted, text)
}
