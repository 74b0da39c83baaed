//! The inspection of an image for people, on 80 columns. Widths do not depend on the terminal: the same
//! image is the same text everywhere.

use std::io::{self, Write};

use attar_image::stack::{Layer, State};
use attar_inspector::advice::Advice;
use attar_inspector::analysis;
use attar_inspector::listing::absent;
use attar_inspector::rules::Verdict;

use super::gather::Inspected;
use super::rules::Rules;
use crate::escape;
use crate::size::Size;

/// Width of a line.
const WIDTH: usize = 80;
/// The most rows of each list that JSON has in full.
const SHOWN: usize = 10;

/// Writes all that is told of one image.
pub(super) fn write(image: &Inspected, rules: &Rules, out: &mut dyn Write) -> io::Result<()> {
    facts(image, out)?;
    layers(image, out)?;
    if let Some(figures) = &image.dive {
        dive(figures, out)?;
    }
    waste(&image.advice, out)?;
    packages(image, out)?;
    duplicates(image, out)?;
    outcomes(image, rules, out)
}

fn facts(image: &Inspected, out: &mut dyn Write) -> io::Result<()> {
    let analysis = &image.analysis;
    let mut fact = |name: &str, value: String| writeln!(out, "{name:<8} {}", escape::line(&value));
    fact("image", image.name.clone())?;
    fact("platform", image.image.platform.to_string())?;
    fact("digest", image.image.descriptor.digest.to_string())?;
    let layers = analysis.layers.len();
    let plural = if layers == 1 { "" } else { "s" };
    fact(
        "size",
        format!(
            "{} in {layers} layer{plural}, {} to pull, {} entries",
            Size(analysis.total),
            Size(analysis.compressed),
            analysis.files
        ),
    )?;
    fact("dead", format!("{}, efficiency {}", Size(analysis.waste), percent(100.0 * analysis.efficiency())))?;
    if let Some(before) = &image.baseline {
        fact("baseline", before.name.clone())?;
        let then = &before.analysis;
        let change = |now: u64, then: u64| match now.checked_sub(then) {
            Some(more) => format!("+{}", Size(more)),
            None => format!("-{}", Size(then - now)),
        };
        fact(
            "change",
            format!(
                "{}, {} to pull, {} dead, {} new entries",
                change(analysis.total, then.total),
                change(analysis.compressed, then.compressed),
                change(analysis.waste, then.waste),
                before.growth.files.len()
            ),
        )?;
    }
    let unverified = image.stack.layers().iter().filter(|layer| is_unverified(layer)).count();
    if unverified > 0 {
        fact("verified", format!("no, {unverified} of {layers} layers: `--verify` compares their digests"))?;
    }
    Ok(())
}

fn is_unverified(layer: &Layer) -> bool {
    matches!(layer.state, State::Read { is_verified: false, .. })
}

fn layers(image: &Inspected, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nLAYER     SIZE   PULLED     DEAD   ADDED CHANGED REMOVED  COMMAND")?;
    for (number, (layer, figures)) in image.stack.layers().iter().zip(&image.analysis.layers).enumerate() {
        let analysis::Layer { bytes, compressed, waste, added, modified, removed, .. } = figures;
        let start = format!(
            "{:>5} {:>8} {:>8} {:>8} {added:>7} {modified:>7} {removed:>7}  ",
            number + 1,
            Size(*bytes).to_string(),
            Size(*compressed).to_string(),
            Size(*waste).to_string(),
        );
        let command = layer.created_by.clone().unwrap_or_default();
        let command = shortened(&escape::line(&command), WIDTH - start.len());
        writeln!(out, "{}", format!("{start}{command}").trim_end())?;
        if let State::Absent(absence) = &layer.state {
            writeln!(out, "      not read: {}", shortened(&absent(absence), WIDTH - 16))?;
        }
    }
    Ok(())
}

fn dive(figures: &attar_inspector::dive::Figures, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nBy dive's formula")?;
    writeln!(out, "  efficiency {}", figures.efficiency)?;
    writeln!(out, "  wasted {} bytes", figures.wasted)?;
    writeln!(out, "  wasted by the size of the upper layers {}", figures.user_wasted)?;
    // Rows of nothing only hide the others.
    let rows = figures.inefficient.iter().filter(|path| path.bytes > 0);
    for path in rows.take(SHOWN) {
        writeln!(out, "  {:>8}  {} times  {}", Size(path.bytes).to_string(), path.count, path.path)?;
    }
    Ok(())
}

/// Says how files died, and in which layers: "in 3 files of layer 1, deleted by layer 2".
pub(super) fn cause(advice: &Advice) -> String {
    let files = if advice.files == 1 { "1 file".to_owned() } else { format!("{} files", advice.files) };
    let (introduced, killed) = (advice.introduced + 1, advice.killed + 1);
    match introduced == killed {
        true => format!("in {files} of layer {introduced}, {}", advice.cause.name()),
        false => format!("in {files} of layer {introduced}, {} by layer {killed}", advice.cause.name()),
    }
}

fn waste(advice: &[Advice], out: &mut dyn Write) -> io::Result<()> {
    if advice.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nDead bytes, and the edit that saves them")?;
    for one in advice.iter().take(SHOWN) {
        let story = format!("{} (about {} to pull)", cause(one), Size(one.compressed));
        for (number, line) in wrapped(&story, WIDTH - 10).into_iter().enumerate() {
            let size = if number == 0 { Size(one.bytes).to_string() } else { String::new() };
            writeln!(out, "{size:>8}  {line}")?;
        }
        for path in one.paths.iter().take(3) {
            writeln!(out, "          {}", shortened(&path.to_string(), WIDTH - 10))?;
        }
        if one.files > 3 {
            writeln!(out, "          and {} more", one.files - 3)?;
        }
        for line in wrapped(&format!("fix: {}", one.fix), WIDTH - 10) {
            writeln!(out, "          {line}")?;
        }
    }
    more(advice.len(), out)
}

fn packages(image: &Inspected, out: &mut dyn Write) -> io::Result<()> {
    if image.packages.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n    SIZE   FILES  PACKAGE")?;
    for share in image.packages.iter().take(SHOWN) {
        let package = match &share.package {
            Some((name, version)) => format!("{name} {version}"),
            None => "unrecorded: no package database names them".to_owned(),
        };
        let size = Size(share.bytes).to_string();
        writeln!(out, "{size:>8} {:>7}  {}", share.files, shortened(&escape::line(&package), WIDTH - 18))?;
    }
    more(image.packages.len(), out)
}

fn duplicates(image: &Inspected, out: &mut dyn Write) -> io::Result<()> {
    let Some(duplicates) = image.duplicates.as_deref().filter(|found| !found.is_empty()) else {
        return Ok(());
    };
    writeln!(out, "\nContents at several paths")?;
    for duplicate in duplicates.iter().take(SHOWN) {
        let (size, copies) = (Size(duplicate.bytes()).to_string(), duplicate.paths.len());
        let path = duplicate.paths.first().map(ToString::to_string).unwrap_or_default();
        writeln!(out, "{size:>8}  {}", shortened(&format!("{copies} times: {path}"), WIDTH - 10))?;
    }
    more(duplicates.len(), out)
}

fn outcomes(image: &Inspected, rules: &Rules, out: &mut dyn Write) -> io::Result<()> {
    let Some(outcomes) = &image.outcomes else { return Ok(()) };
    writeln!(out, "\nRules")?;
    for outcome in outcomes {
        let (word, text) = match &outcome.verdict {
            Verdict::Kept => ("kept", outcome.title.clone()),
            Verdict::NotJudged(reason) => ("open", format!("{}: not judged, {reason}", outcome.title)),
            Verdict::Broken(breach) => ("BROKEN", breach.message.clone()),
        };
        let place = rules.place(outcome).map_or_else(String::new, |place| format!(" ({place})"));
        let text = escape::line(&format!("{text}{place}"));
        for (number, line) in wrapped(&text, WIDTH - 10).into_iter().enumerate() {
            writeln!(out, "  {:<6}  {line}", if number == 0 { word } else { "" })?;
        }
        if let Verdict::Broken(breach) = &outcome.verdict {
            for (path, layer) in breach.places.iter().take(SHOWN) {
                let layer = layer.map_or_else(String::new, |layer| format!(" (layer {})", layer + 1));
                writeln!(out, "          {path}{layer}")?;
            }
            more(breach.count, out)?;
        }
    }
    Ok(())
}

fn more(count: usize, out: &mut dyn Write) -> io::Result<()> {
    if count > SHOWN { writeln!(out, "          … and {} more", count - SHOWN) } else { Ok(()) }
}

/// Writes a share in per cent with two digits, and never as all or nothing unless it is.
pub(super) fn percent(share: f64) -> String {
    let rounded = (share * 100.0).round() / 100.0;
    match rounded {
        _ if share < 100.0 && rounded >= 100.0 => "99.99 %".to_owned(),
        _ if share > 0.0 && rounded <= 0.0 => "0.01 %".to_owned(),
        _ => format!("{rounded} %"),
    }
}

/// Cuts a line at its end.
fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// Breaks a text between words; a word that is longer than a line stands alone.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_never_rounded_to_all_or_nothing() {
        for (share, expected) in [
            (100.0, "100 %"),
            (99.9999, "99.99 %"),
            (0.0, "0 %"),
            (0.0001, "0.01 %"),
            (12.345, "12.35 %"),
            (50.0, "50 %"),
        ] {
            assert_eq!(percent(share), expected, "{share}");
        }
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("a-very-long-word b", 8), ["a-very-long-word", "b"]);
        assert_eq!(shortened("grün ist", 5), "grün…");
        assert_eq!(shortened("grün", 4), "grün");
    }
}
