//! How a reading command answers: `-o FORMAT[=FILE]`.
//!
//! A command makes one report; the same report is a table for people and JSON for machines. The JSON
//! names its schema and version (`"schema": "attar.packages/1"`): keys are added under the same
//! version, and a key that changes its meaning or goes makes a new one.

use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Context as _;
use serde::Serialize;

/// One answer: its format, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    format: Format,
    /// The file; standard output if there is none.
    file: Option<PathBuf>,
}

/// Format of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Format {
    #[default]
    Table,
    Json,
}

/// What is no output.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidOutput {
    /// The format is unknown.
    #[error("expected `table` or `json`, or one of them with `=FILE`")]
    Format,
    /// No file follows `=`.
    #[error("no file follows `=`")]
    File,
}

impl FromStr for Output {
    type Err = InvalidOutput;

    fn from_str(text: &str) -> Result<Self, InvalidOutput> {
        let (format, file) = match text.split_once('=') {
            None => (text, None),
            Some((_, "")) => return Err(InvalidOutput::File),
            Some((format, file)) => (format, Some(PathBuf::from(file))),
        };
        let format = match format {
            "table" => Format::Table,
            "json" => Format::Json,
            _ => return Err(InvalidOutput::Format),
        };
        Ok(Self { format, file })
    }
}

/// What a reading command found.
pub(crate) trait Report: Serialize {
    /// Name and version of the JSON form, such as `attar.packages/1`.
    const SCHEMA: &'static str;

    /// Writes the form for people.
    fn table(&self, out: &mut dyn Write) -> io::Result<()>;
}

/// Writes the answer of a command that has no report to standard output.
pub(crate) fn print(bytes: &[u8]) -> anyhow::Result<()> {
    io::stdout().lock().write_all(bytes).context("cannot write to standard output")
}

/// Writes `report` to every output; to standard output as a table if there is none.
pub(crate) fn write(report: &impl Report, outputs: &[Output]) -> anyhow::Result<()> {
    let default = [Output { format: Format::Table, file: None }];
    for output in if outputs.is_empty() { &default } else { outputs } {
        let bytes = render(report, output.format)?;
        match &output.file {
            None => print(&bytes)?,
            Some(file) => {
                std::fs::write(file, &bytes).with_context(|| format!("cannot write `{}`", file.display()))?
            }
        }
    }
    Ok(())
}

fn render<R: Report>(report: &R, format: Format) -> anyhow::Result<Vec<u8>> {
    #[derive(Serialize)]
    struct Document<'a, R> {
        schema: &'static str,
        #[serde(flatten)]
        report: &'a R,
    }
    let mut bytes = Vec::new();
    match format {
        Format::Table => report.table(&mut bytes).context("cannot write the table")?,
        Format::Json => {
            let document = Document { schema: R::SCHEMA, report };
            serde_json::to_writer_pretty(&mut bytes, &document).context("cannot write JSON")?;
            bytes.push(b'\n');
        }
    }
    Ok(bytes)
}

/// Writes rows in columns as wide as their widest cell, with control characters escaped.
pub(crate) fn columns<const N: usize>(
    out: &mut dyn Write,
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> io::Result<()> {
    let header = header.map(String::from);
    let rows: Vec<[String; N]> =
        std::iter::once(header).chain(rows).map(|row| row.map(|cell| crate::escape::line(&cell))).collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in &rows {
        let line: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        writeln!(out, "{}", line.join("  ").trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Names {
        names: Vec<&'static str>,
    }

    impl Report for Names {
        const SCHEMA: &'static str = "attar.names/1";

        fn table(&self, out: &mut dyn Write) -> io::Result<()> {
            columns(out, ["NAME", "LENGTH"], self.names.iter().map(|n| [n.to_string(), n.len().to_string()]))
        }
    }

    #[test]
    fn parsing() {
        let output = |format, file: Option<&str>| Ok(Output { format, file: file.map(PathBuf::from) });
        for (text, expected) in [
            ("table", output(Format::Table, None)),
            ("json", output(Format::Json, None)),
            ("json=a.json", output(Format::Json, Some("a.json"))),
            ("json=a=b", output(Format::Json, Some("a=b"))),
            ("json=", Err(InvalidOutput::File)),
            ("xml", Err(InvalidOutput::Format)),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
        }
    }

    #[test]
    fn one_report_has_two_forms() {
        let report = Names { names: vec!["zlib1g", "c\u{1b}[31m"] };
        let table = String::from_utf8(render(&report, Format::Table).expect("renders")).expect("UTF-8");
        insta::assert_snapshot!(table, @r"
        NAME         LENGTH
        zlib1g       6
        c\u{1b}[31m  6
        ");
        let json = String::from_utf8(render(&report, Format::Json).expect("renders")).expect("UTF-8");
        insta::assert_snapshot!(json, @r#"
        {
          "schema": "attar.names/1",
          "names": [
            "zlib1g",
            "c\u001b[31m"
          ]
        }
        "#);
    }
}
