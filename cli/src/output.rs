//! How a reading command answers: `-o FORMAT[=FILE]`, as often as wanted in one run.
//!
//! A command makes one report; the same report is a table for people, JSON for machines, and, where
//! it judges something, what other tools read of findings: Markdown, SARIF and JUnit (see
//! [`findings`] for the one type that all three are written from). Each command says which formats it
//! has. The JSON names its schema and version (`"schema": "attar.packages/1"`): keys are added under
//! the same version, and a key that changes its meaning or goes makes a new one.

mod file;
pub(crate) mod findings;
mod junit;
mod markdown;
mod sarif;

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use crate::escape;
use crate::failure::Usage;
use findings::Findings;

/// One answer: its format, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    format: Format,
    /// The file; standard output if there is none.
    file: Option<PathBuf>,
}

/// Format of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people; `text` is another word for it.
    #[default]
    Table,
    /// For machines, with a versioned schema.
    Json,
    /// Every layer's entries, one a line.
    Listing,
    /// For a comment on a pull request.
    Markdown,
    /// Static analysis results, version 2.1.0.
    Sarif,
    /// Test results.
    Junit,
    /// Tests that container-structure-test runs.
    Cst,
}

impl Format {
    /// What every reading command has.
    pub(crate) const PLAIN: &'static [Self] = &[Self::Table, Self::Json];
    /// What a command has that compares.
    pub(crate) const OF_DIFFERENCES: &'static [Self] = &[Self::Table, Self::Json, Self::Markdown];
    /// What a command has that judges whole images.
    pub(crate) const OF_VERDICTS: &'static [Self] =
        &[Self::Table, Self::Json, Self::Markdown, Self::Sarif, Self::Junit, Self::Cst];
    /// What a command has that judges layers.
    pub(crate) const OF_LAYERS: &'static [Self] =
        &[Self::Table, Self::Listing, Self::Json, Self::Markdown, Self::Sarif, Self::Junit];

    fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Listing => "listing",
            Self::Markdown => "markdown",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Cst => "cst",
        }
    }
}

/// What is no output.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidOutput {
    /// The command has no such format.
    #[error("expected {}, or one of them with `=FILE`", Listed(.0))]
    Format(&'static [Format]),
    /// No file follows `=`.
    #[error("no file follows `=`")]
    File,
}

/// Names of formats: `a`, `b` or `c`.
struct Listed(&'static [Format]);

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, format) in self.0.iter().enumerate() {
            let before = match number {
                0 => "",
                _ if number + 1 == self.0.len() => " or ",
                _ => ", ",
            };
            write!(f, "{before}`{}`", format.name())?;
        }
        Ok(())
    }
}

impl Output {
    /// Returns what reads `FORMAT[=FILE]` for a command with these formats.
    pub(crate) fn parser(
        formats: &'static [Format],
    ) -> impl Fn(&str) -> Result<Self, InvalidOutput> + Clone + Send + Sync + 'static {
        move |text| Self::parse(text, formats)
    }

    fn parse(text: &str, formats: &'static [Format]) -> Result<Self, InvalidOutput> {
        let (format, file) = match text.split_once('=') {
            None => (text, None),
            Some((_, "")) => return Err(InvalidOutput::File),
            Some((format, file)) => (format, Some(PathBuf::from(file))),
        };
        let word = if format == "text" { Format::Table.name() } else { format };
        let format = formats.iter().copied().find(|format| format.name() == word);
        Ok(Self { format: format.ok_or(InvalidOutput::Format(formats))?, file })
    }
}

/// What a reading command found.
pub(crate) trait Report: Serialize {
    /// Name and version of the JSON form, such as `attar.packages/1`.
    const SCHEMA: &'static str;

    /// Writes the form for people.
    fn table(&self, out: &mut dyn Write) -> io::Result<()>;

    /// Writes every layer's entries. Only of commands with [`Format::Listing`].
    fn listing(&self, _: &mut dyn Write) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Returns what was judged of each subject. Only of commands that judge something.
    fn findings(&self) -> Vec<Findings> {
        Vec::new()
    }

    /// Returns tests for container-structure-test. Only of commands with [`Format::Cst`].
    fn structure_tests(&self) -> String {
        String::new()
    }
}

/// Writes the answer of a command that has no report to standard output.
pub(crate) fn print(bytes: &[u8]) -> anyhow::Result<()> {
    io::stdout().lock().write_all(bytes).context("cannot write to standard output")
}

/// Writes `report` to every output; to standard output as a table if there is none.
///
/// Files come first, each replaced at once or not at all: a reader of standard output that goes away
/// early takes nothing from them.
pub(crate) fn write(report: &impl Report, outputs: &[Output]) -> anyhow::Result<()> {
    let default = [Output { format: Format::Table, file: None }];
    let outputs = if outputs.is_empty() { &default } else { outputs };
    let files: Vec<&Path> = outputs.iter().filter_map(|output| output.file.as_deref()).collect();
    if let Some(twice) = (1..files.len()).find(|number| files[..*number].contains(&files[*number])) {
        return Err(Usage::new(format!("`{}` is named for two outputs", files[twice].display())).into());
    }
    for output in outputs {
        if let Some(path) = &output.file {
            file::write(path, |out| render(report, output.format, out))
                .with_context(|| format!("cannot write `{}`", path.display()))?;
        }
    }
    for output in outputs.iter().filter(|output| output.file.is_none()) {
        let mut out = BufWriter::with_capacity(BUFFER, io::stdout().lock());
        render(report, output.format, &mut out)
            .and_then(|()| Ok(out.flush()?))
            .context("cannot write to standard output")?;
    }
    Ok(())
}

/// Bytes of an answer that are held before they are written.
const BUFFER: usize = 64 << 10;

/// Writes the report as it is made: the changes of many layers are never held as text.
fn render<R: Report>(report: &R, format: Format, out: &mut dyn Write) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Document<'a, R> {
        schema: &'static str,
        #[serde(flatten)]
        report: &'a R,
    }
    match format {
        Format::Table => report.table(out)?,
        Format::Listing => report.listing(out)?,
        Format::Json => json(&Document { schema: R::SCHEMA, report }, out)?,
        Format::Markdown => out.write_all(markdown::of(&report.findings()).as_bytes())?,
        Format::Sarif => json(&sarif::of(&report.findings()), out)?,
        Format::Junit => out.write_all(junit::of(&report.findings())?.as_bytes())?,
        Format::Cst => out.write_all(report.structure_tests().as_bytes())?,
    }
    Ok(())
}

fn json(document: &impl Serialize, out: &mut dyn Write) -> anyhow::Result<()> {
    // What could not be written is an error of the writer, which a closed pipe is recognised by.
    serde_json::to_writer_pretty(Harmless(&mut *out), document).map_err(io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}

/// Escapes what serializers of JSON leave as it is and a terminal may obey.
struct Harmless<'a>(&'a mut dyn Write);

impl Write for Harmless<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The serializer writes whole pieces of strings, nearly all of them of plain letters.
        let is_plain = bytes.iter().all(|byte| *byte < 0x7f);
        match std::str::from_utf8(bytes) {
            Ok(text) if !is_plain => self.0.write_all(escape::json(text).as_bytes())?,
            _ => self.0.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
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
            ("text", output(Format::Table, None)),
            ("json", output(Format::Json, None)),
            ("json=a.json", output(Format::Json, Some("a.json"))),
            ("json=a=b", output(Format::Json, Some("a=b"))),
            ("json=", Err(InvalidOutput::File)),
            ("sarif", Err(InvalidOutput::Format(Format::PLAIN))),
            ("xml", Err(InvalidOutput::Format(Format::PLAIN))),
        ] {
            assert_eq!(Output::parse(text, Format::PLAIN), expected, "{text}");
        }
        assert_eq!(Output::parse("sarif=a", Format::OF_VERDICTS), output(Format::Sarif, Some("a")));
    }

    #[test]
    fn an_unknown_format_is_told_which_there_are() {
        for (formats, expected) in [
            (Format::PLAIN, "expected `table` or `json`, or one of them with `=FILE`"),
            (Format::OF_DIFFERENCES, "expected `table`, `json` or `markdown`, or one of them with `=FILE`"),
        ] {
            let error = Output::parse("xml", formats).expect_err("no format");
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn several_outputs_go_to_several_files() {
        let scratch = attar_testing::Scratch::new();
        let names = Names { names: vec!["zlib1g"] };
        let to = |format, name: &str| Output { format, file: Some(scratch.join(name)) };
        write(&names, &[to(Format::Table, "a"), to(Format::Json, "b")]).expect("written");
        let read = |name: &str| std::fs::read_to_string(scratch.join(name)).expect("a file");
        assert_eq!(read("a"), "NAME    LENGTH\nzlib1g  6\n");
        assert!(read("b").contains("attar.names/1"), "{}", read("b"));
        let error = write(&names, &[to(Format::Table, "a"), to(Format::Json, "a")]).expect_err("one file");
        let expected = format!("`{}` is named for two outputs", scratch.join("a").display());
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn one_report_has_two_forms() {
        let report = Names { names: vec!["zlib1g", "c\u{1b}[31m"] };
        let rendered = |format| {
            let mut bytes = Vec::new();
            render(&report, format, &mut bytes).expect("memory takes all");
            String::from_utf8(bytes).expect("UTF-8")
        };
        let table = rendered(Format::Table);
        insta::assert_snapshot!(table, @r"
        NAME         LENGTH
        zlib1g       6
        c\u{1b}[31m  6
        ");
        let json = rendered(Format::Json);
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
