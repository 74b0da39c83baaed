//! Findings as Markdown, for a comment on a pull request.
//!
//! The first line is a comment that stays the same for the command and the image from one build to
//! the next (`<!-- attar inspect reg.example/app -->`): what posts it finds its earlier comment by it.

use std::fmt::Write as _;

use super::findings::{Figure, Finding, Findings, Table};

/// The most findings and rows that are shown; a comment has a limit of 65,536 characters.
const SHOWN: usize = 50;

/// Returns the document.
pub(super) fn of(subjects: &[Findings]) -> String {
    let texts: Vec<String> = subjects.iter().map(subject).collect();
    texts.join("\n")
}

fn subject(findings: &Findings) -> String {
    let verb = findings.verb;
    // Two hyphens would end the comment.
    let name = crate::escape::line(&findings.stable_subject()).replace("--", "- -").replace('>', "");
    let mut text = format!("<!-- attar {verb} {name} -->\n");
    let verdict = if findings.rules.is_empty() {
        String::new()
    } else {
        let failed = findings.results.iter().filter(|finding| finding.fails()).count();
        if findings.passed() { ": **passed**".to_owned() } else { format!(": **failed ({failed})**") }
    };
    line(&mut text, format_args!("### attar {verb} {}{verdict}\n", code(&findings.subject)));
    if !findings.figures.is_empty() {
        figures(&mut text, &findings.figures);
    }
    if !findings.results.is_empty() {
        results(&mut text, &findings.results);
    }
    for table in findings.tables.iter().filter(|table| !table.rows.is_empty()) {
        details(&mut text, table);
    }
    let not_judged = findings.rules.iter().filter_map(|rule| Some((rule, rule.not_judged.as_ref()?)));
    for (rule, reason) in not_judged {
        line(
            &mut text,
            format_args!("Not judged: {} {}: {}\n", plain(&rule.id), plain(&rule.title), plain(reason)),
        );
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// Writes only those columns that something stands in.
fn figures(text: &mut String, figures: &[Figure]) {
    type Column = (&'static str, fn(&Figure) -> Option<&String>);
    let columns: [Column; 3] = [
        ("baseline", |figure| figure.before.as_ref()),
        ("change", |figure| figure.change.as_ref()),
        ("budget", |figure| figure.limit.as_ref()),
    ];
    let columns: Vec<&Column> =
        columns.iter().filter(|(_, of)| figures.iter().any(|figure| of(figure).is_some())).collect();
    let mut header = vec!["", "now"];
    header.extend(columns.iter().map(|(name, _)| *name));
    let rows = figures.iter().map(|figure| {
        let value = plain(&figure.value);
        let mut row = vec![plain(&figure.name)];
        row.push(if figure.failed { format!("**{value}** over") } else { value });
        row.extend(columns.iter().map(|(_, of)| of(figure).map_or_else(String::new, |cell| plain(cell))));
        row
    });
    table(text, &header, rows);
}

fn results(text: &mut String, results: &[Finding]) {
    let rows = results.iter().take(SHOWN).map(|finding| {
        let level = match finding.allowed {
            Some(_) => "allowed",
            None => finding.level.name(),
        };
        let mut message = plain(&finding.message);
        for (name, line) in [("Fix", &finding.fix), ("Reason", &finding.allowed)] {
            if let Some(line) = line {
                let _ = write!(message, "<br>{name}: {}", plain(line));
            }
        }
        let mut places: Vec<String> =
            finding.locations.iter().take(3).map(|place| code(&place.to_string())).collect();
        if finding.locations.len() > 3 {
            places.push(format!("and {} more", finding.locations.len() - 3));
        }
        vec![level.to_owned(), plain(&finding.rule), message, places.join("<br>")]
    });
    table(text, &["", "rule", "what", "where"], rows);
    more(text, results.len());
}

fn details(text: &mut String, shown: &Table) {
    line(text, format_args!("<details><summary>{}</summary>\n", plain(&shown.title)));
    let header: Vec<&str> = shown.header.iter().map(String::as_str).collect();
    let rows = shown.rows.iter().take(SHOWN).map(|row| row.iter().map(|cell| plain(cell)).collect());
    table(text, &header, rows);
    more(text, shown.rows.len());
    line(text, format_args!("</details>\n"));
}

fn more(text: &mut String, rows: usize) {
    if rows > SHOWN {
        line(text, format_args!("… and {} more\n", rows - SHOWN));
    }
}

fn table(text: &mut String, header: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    line(text, format_args!("| {} |", header.join(" | ")));
    line(text, format_args!("|{}", "---|".repeat(header.len())));
    for row in rows {
        line(text, format_args!("| {} |", row.join(" | ")));
    }
    text.push('\n');
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // A string takes everything.
    let _ = writeln!(text, "{line}");
}

/// Writes text in which nothing is markup, mentions nobody and refers to no issue. Text between
/// backticks stays code.
fn plain(text: &str) -> String {
    let mut parts = text.split('`');
    let mut plain = escaped(parts.next().unwrap_or_default());
    let mut rest: Vec<&str> = parts.collect();
    // A backtick without its other half is text.
    let alone = (rest.len() % 2 == 1).then(|| rest.pop()).flatten();
    for (number, part) in rest.into_iter().enumerate() {
        plain.push_str(&if number % 2 == 0 { code(part) } else { escaped(part) });
    }
    if let Some(alone) = alone {
        plain.push_str("\\`");
        plain.push_str(&escaped(alone));
    }
    plain
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in crate::escape::line(text).chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            // An empty comment keeps a mention or a reference from being one.
            '@' | '#' => {
                safe.push(character);
                safe.push_str("<!-- -->");
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => {
                safe.push('\\');
                safe.push(character);
            }
            _ => safe.push(character),
        }
    }
    safe
}

/// Writes text as code, in a table or out of it.
fn code(text: &str) -> String {
    let text = crate::escape::line(text).replace('|', "\\|");
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    if text.starts_with('`') || text.ends_with('`') {
        format!("{fence} {text} {fence}")
    } else {
        format!("{fence}{text}{fence}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::findings::example;

    #[test]
    fn a_comment_shows_figures_findings_and_tables() {
        insta::assert_snapshot!(of(&[example()]), @r"
        <!-- attar check reg.example:5000/acme/app -->
        ### attar check `reg.example:5000/acme/app:1.4`: **failed (1)**

        |  | now | baseline | change | budget |
        |---|---|---|---|---|
        | total size | **20 MB** over | 19 MB | +1 MB | 18 MB |
        | layers | 4 |  |  |  |

        |  | rule | what | where |
        |---|---|---|---|
        | error | D01 | `a b%\|<x>\n\u{1b}[1m` is a shell &amp; @<!-- -->someone<br>Fix: leave it out: `without: {packages: [dash]}` | ``/usr/bin/a b%\|`<x>\n\u{1b}[1m (layer 2)`` |
        | allowed | D10 | the user is root<br>Reason: runs `chown` first | `attar.yaml:3:5` |
        | warning | D17 | 20 MB, more than most |  |

        <details><summary>Layers</summary>

        | layer | command |
        |---|---|
        | 1 | COPY \| &lt;b&gt; |

        </details>

        Not judged: D16 evidence: no registry was asked
        ");
    }

    #[test]
    fn nothing_in_a_text_is_markup() {
        for (text, expected) in [
            ("plain", "plain"),
            ("`a|b` and `c", "`a\\|b` and \\`c"),
            ("a `b` c", "a `b` c"),
            ("<img src=x> @all #1 a_b*", "&lt;img src=x&gt; @<!-- -->all #<!-- -->1 a\\_b\\*"),
            ("one\ntwo", "one\\\\ntwo"),
            ("", ""),
        ] {
            assert_eq!(plain(text), expected);
        }
        for (text, expected) in [("a", "`a`"), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("x|y", "`x\\|y`")] {
            assert_eq!(code(text), expected);
        }
    }
}
