//! The page of verdicts in `docs/`, made by the tests that check them.
//!
//! Each test compares its own section; with `ATTAR_TESTS_WRITE=1` it writes the section instead.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::Said;

/// One image with its verdict.
#[derive(Clone, Debug)]
pub(super) struct Row {
    cells: Vec<String>,
}

impl Row {
    /// Returns the row of a variant of an example.
    pub(super) fn of(example: &str, variant: &str, said: &Said) -> Self {
        let name = if variant.is_empty() { "plain" } else { variant };
        let first = if said.allowed.is_empty() { said.first.clone() } else { said.allowed.join("; ") };
        Self::new(&format!("{example}, {name}"), "", &Said { first, ..said.clone() })
    }

    /// Returns the row of an image that is made to fail, or not to.
    pub(super) fn new(name: &str, what: &str, said: &Said) -> Self {
        let mut cells = vec![name.to_owned()];
        if !what.is_empty() {
            cells.push(what.to_owned());
        }
        let failed = if said.failed.is_empty() { "none".to_owned() } else { said.failed.join(" ") };
        cells.extend([said.profile.clone(), said.answer.clone(), said.grade.clone(), failed]);
        let first = said.first.chars().take(110).collect::<String>();
        cells.push(if first.len() < said.first.len() { format!("{first}…") } else { first });
        Self { cells }
    }
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/check-verdicts.md")
}

/// Compares the rows of a section with those of the page, or writes them.
#[track_caller]
pub(super) fn keep(section: &str, rows: &[Row]) {
    static PAGE: Mutex<()> = Mutex::new(());
    let _one_at_a_time = PAGE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut text = String::new();
    for Row { cells } in rows {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        writeln!(text, "| {} |", cells.join(" | ")).expect("writing to a string cannot fail");
    }
    let (start, end) = (format!("<!-- {section} -->\n"), format!("<!-- end of {section} -->\n"));
    let page = std::fs::read_to_string(file()).expect("the page of verdicts");
    let (before, rest) = page.split_once(&start).expect("the section begins");
    let (table, after) = rest.split_once(&end).expect("the section ends");
    // The head of the table is written by hand: two lines.
    let head: String = table.split_inclusive('\n').take(2).collect();
    if std::env::var_os("ATTAR_TESTS_WRITE").is_some() {
        std::fs::write(file(), format!("{before}{start}{head}{text}{end}{after}")).expect("the page");
    } else {
        let kept = table.strip_prefix(&head).unwrap_or_default();
        assert!(kept == text, "run the test with ATTAR_TESTS_WRITE=1 and commit the page:\n{text}");
    }
}
