//! Differences for people: the verdict first, then what differs, the first lines of each.

use std::io::{self, Write};

use attar_inspector::compare::{
    Change, Comparison, FileChange, Group, PackageVersion, Rolled, Setting, Verdict, count, roll_up,
};

use super::content;
use super::report::{Compared, Difference, signed};
use crate::escape;
use crate::output;
use crate::size::Size;

/// How many lines of each kind are shown, unless all are wanted.
const SHOWN: usize = 20;
/// How many characters of a setting are shown, unless all are wanted.
const WIDEST: usize = 60;

/// Columns of [`packages`].
pub(super) const PACKAGES: [&str; 6] = ["PACKAGE", "BEFORE", "AFTER", "CHANGE", "FILES", "SIZE"];
/// Columns of [`settings`].
pub(super) const SETTINGS: [&str; 3] = ["SETTING", "BEFORE", "AFTER"];
/// Columns of [`files`].
pub(super) const FILES: [&str; 5] = ["", "FILE", "SIZE", "PACKAGE", "WHAT"];

/// Writes the whole answer.
pub(super) fn write(difference: &Difference, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", escape::line(&difference.summary))?;
    if let ([only], true) = (&difference.comparisons[..], difference.is_complete()) {
        return out.write_all(&details(only, difference.all)?);
    }
    if difference.verdict == Verdict::Identical {
        return Ok(());
    }
    // Platforms that differ alike are shown once.
    let mut shown: Vec<(Vec<u8>, Vec<String>)> = Vec::new();
    for compared in &difference.comparisons {
        let mut text = format!("{}\n", escape::line(&compared.summary())).into_bytes();
        text.extend(details(compared, difference.all)?);
        match shown.iter_mut().find(|(other, _)| *other == text) {
            Some((_, platforms)) => platforms.push(compared.platform()),
            None => shown.push((text, vec![compared.platform()])),
        }
    }
    for (text, platforms) in shown {
        write!(out, "\n{}: ", escape::line(&platforms.join(", ")))?;
        out.write_all(&text)?;
    }
    Ok(())
}

fn details(compared: &Compared, all: bool) -> io::Result<Vec<u8>> {
    let comparison = &compared.comparison;
    let mut out = Vec::new();
    if comparison.verdict == Verdict::Identical {
        return Ok(out);
    }
    section(&mut out, PACKAGES, packages(comparison), all)?;
    let mut shown = comparison.configuration.clone();
    if comparison.verdict == Verdict::Differs && comparison.not_counted.is_empty() {
        shown.extend(comparison.annotations.clone());
    }
    let settings = settings(&shown).into_iter().map(|row| row.map(|cell| shortened(cell, all))).collect();
    section(&mut out, SETTINGS, settings, all)?;
    section(&mut out, FILES, files(comparison), all)?;
    content::write(comparison, all, &mut out)?;
    if comparison.verdict == Verdict::Differs {
        writeln!(out)?;
        let made = comparison.made_for_each_architecture();
        if !made.is_empty() {
            let files = count(made.values().sum(), "file");
            let packages = count(made.len(), "package");
            writeln!(
                out,
                "not listed: {files} of {packages} made for another architecture (`-o json` has them)"
            )?;
        }
        writeln!(out, "{}", layers(comparison))?;
        if !comparison.not_counted.is_empty() {
            let ignored = escape::line(&comparison.not_counted.join(", "));
            writeln!(out, "not counted: {ignored} (`--strict` counts them)")?;
        }
        for reason in &comparison.not_compared {
            writeln!(out, "not compared: packages and files: {}", escape::line(reason))?;
        }
    }
    Ok(out)
}

fn section<const N: usize>(
    out: &mut Vec<u8>,
    header: [&str; N],
    rows: Vec<[String; N]>,
    all: bool,
) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    let shown = if all { rows.len() } else { SHOWN };
    let more = rows.len().saturating_sub(shown);
    output::columns(out, header, rows.into_iter().take(shown))?;
    if more > 0 {
        writeln!(out, "… {more} more: `--all` or `-o json`")?;
    }
    Ok(())
}

/// Returns a row for each package that differs.
pub(super) fn packages(comparison: &Comparison) -> Vec<[String; 6]> {
    let differing_architectures = |before: &Option<PackageVersion>, after: &Option<PackageVersion>| {
        matches!((before, after), (Some(before), Some(after))
            if before.version == after.version && before.architecture != after.architecture)
    };
    let row = |package: &attar_inspector::compare::PackageChange| {
        let with_architecture = differing_architectures(&package.before, &package.after);
        let version = |version: &Option<PackageVersion>| match version {
            Some(version) if with_architecture => format!("{} ({})", version.version, version.architecture),
            Some(version) => version.version.clone(),
            None => String::new(),
        };
        [
            package.name.clone(),
            version(&package.before),
            version(&package.after),
            package.change.name().to_owned(),
            package.files.to_string(),
            bytes(package.bytes),
        ]
    };
    comparison.packages.iter().map(row).collect()
}

/// Returns a row for each setting.
pub(super) fn settings(settings: &[Setting]) -> Vec<[String; 3]> {
    let row = |setting: &Setting| {
        let name = setting.name.iter().fold(setting.field.clone(), |field, name| format!("{field} {name}"));
        // A port or a volume is there or not; it has no value.
        let value = |value: &Option<String>| match value.as_deref() {
            None => "-".to_owned(),
            Some("") if matches!(setting.field.as_str(), "port" | "volume") => "yes".to_owned(),
            Some("") => "\"\"".to_owned(),
            Some(value) => value.to_owned(),
        };
        [name, value(&setting.before), value(&setting.after)]
    };
    settings.iter().map(row).collect()
}

/// Returns a row for each file that differs although no package's version says so; directories that came or
/// went are one row.
pub(super) fn files(comparison: &Comparison) -> Vec<[String; 5]> {
    let is_apart = |file: &&FileChange| match &file.group {
        Group::Package { .. } | Group::OtherArchitecture { .. } => false,
        Group::PackageData => comparison.packages.is_empty(),
        Group::SameVersion { .. } | Group::Unrecorded => true,
    };
    roll_up(comparison.files.iter().filter(is_apart)).iter().map(file).collect()
}

fn file(rolled: &Rolled<'_>) -> [String; 5] {
    let FileChange { change, path, fields, group, .. } = rolled.change;
    let mark = match change {
        Change::Added => "+",
        Change::Removed => "-",
        Change::Changed => "~",
    };
    let package = match group {
        _ if !rolled.is_one_group => String::new(),
        Group::Package { package }
        | Group::SameVersion { package }
        | Group::OtherArchitecture { package } => package.clone(),
        Group::PackageData | Group::Unrecorded => String::new(),
    };
    let mut what: Vec<String> = fields
        .iter()
        .map(|field| match field.field.as_str() {
            "content" => "content".to_owned(),
            name => format!("{name} {} -> {}", field.before, field.after),
        })
        .collect();
    if let (Change::Added | Change::Removed, Some(node)) =
        (change, rolled.change.after.as_ref().or(rolled.change.before.as_ref()))
    {
        what.push(match rolled.files {
            Some(0) => "directory".to_owned(),
            Some(files) => count(files, "file"),
            None => node.target.as_ref().map_or(node.kind.to_owned(), |target| format!("-> {target}")),
        });
    }
    let slash = if rolled.files.is_some() { "/" } else { "" };
    [mark.to_owned(), format!("{path}{slash}"), bytes(rolled.bytes), package, what.join(", ")]
}

fn bytes(bytes: i64) -> String {
    if bytes == 0 { String::new() } else { signed(bytes) }
}

fn layers(comparison: &Comparison) -> String {
    let layers = &comparison.layers;
    let mut parts = vec![format!("layers: {} of {} shared", layers.shared, layers.after.len())];
    let of = |figure: attar_inspector::compare::Figure| {
        format!("{} -> {}", Size(figure.before), Size(figure.after))
    };
    parts.extend(comparison.size.map(|size| format!("files {}", of(size))));
    parts.push(format!("to fetch {}", of(comparison.compressed)));
    parts.join("; ")
}

fn shortened(text: String, all: bool) -> String {
    match text.char_indices().nth(WIDEST) {
        Some((end, _)) if !all => format!("{}…", &text[..end]),
        _ => text,
    }
}
