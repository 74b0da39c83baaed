//! How the contents of files differ: read only when it is asked for, and only those that no package's
//! version explains.

use std::io::{self, Write};

use attar_image::stack::Stack;
use attar_inspector::compare::{Comparison, ContentChange, Group, MAX_COMPARED};

use crate::escape;
use crate::image::Opened;

/// How many bytes are read at most, of both images together.
const MOST: u64 = 256 << 20;
/// How many lines of one file are shown, unless all are wanted.
const SHOWN: usize = 40;

/// Adds how contents differ.
pub(super) fn add(
    comparison: &mut Comparison,
    (ours, stack): (&Opened, &Stack),
    (theirs, other_stack): (&Opened, &Stack),
) -> anyhow::Result<()> {
    let differing = comparison.files.iter_mut().filter(|file| {
        file.has_other_content() && matches!(file.group, Group::SameVersion { .. } | Group::Unrecorded)
    });
    let mut files = Vec::new();
    let mut left_over = MOST;
    for file in differing {
        let nodes = file.before.as_ref().zip(file.after.as_ref());
        let small = nodes.filter(|(before, after)| before.size.max(after.size) <= MAX_COMPARED);
        let Some((before, after)) = small else { continue };
        let size = before.size.saturating_add(after.size);
        if let (Some(before), Some(after)) = (before.entry, after.entry)
            && size <= left_over
        {
            left_over -= size;
            files.push((stack.linked(before), other_stack.linked(after), file));
        }
    }
    let wanted = files.iter().map(|(before, ..)| *before);
    let before = ours.bytes(stack, wanted)?;
    let after = theirs.bytes(other_stack, files.iter().map(|(_, after, _)| *after))?;
    for (left, right, file) in files {
        let [left, right] =
            [before.get(&left), after.get(&right)].map(|read| read.map_or(&[][..], Vec::as_slice));
        file.content = ContentChange::of(left, right);
    }
    Ok(())
}

/// Writes them.
pub(super) fn write(comparison: &Comparison, all: bool, out: &mut dyn Write) -> io::Result<()> {
    for file in &comparison.files {
        match &file.content {
            None => {}
            Some(ContentChange::Text { lines }) => {
                let path = escape::line(&file.path);
                writeln!(out, "\n--- {path}\n+++ {path}")?;
                let shown = if all { lines.len() } else { SHOWN };
                for line in lines.iter().take(shown) {
                    writeln!(out, "{}", escape::lines(line).replace('\n', "\\n"))?;
                }
                if lines.len() > shown {
                    writeln!(out, "… {} more lines: `--all` or `-o json`", lines.len() - shown)?;
                }
            }
            Some(ContentChange::Elf { facts }) => {
                writeln!(out, "\n{}", escape::line(&file.path))?;
                for fact in facts {
                    let before = fact.before.as_deref().unwrap_or("-");
                    let after = fact.after.as_deref().unwrap_or("-");
                    writeln!(out, "  {}", escape::line(&format!("{}: {before} -> {after}", fact.name)))?;
                }
            }
        }
    }
    Ok(())
}
