//! The entries of every layer as lines of text, in the notation of
//! [`FileTree`](attar_image::FileTree)'s listing, each with a mark for what it does:
//!
//! ```text
//! layer 2 sha256:… RUN rm -r /a
//! + -0644 0:0 12 1700000000 /b
//! - /a
//! ```
//!
//! `+` added, `~` modified, `=` unchanged, `-` takes away, `.` does nothing. What is dead says so at the
//! end of its line: `# deleted by layer 3`. Lines are in the order of the paths, and escaped.

use std::io::{self, Write};

use attar_image::path::escape;
use attar_image::stack::{Absence, Change, EntryId, Form, Stack, State};

/// Writes the entries of every layer.
pub fn write(stack: &Stack, out: &mut dyn Write) -> io::Result<()> {
    for (number, layer) in stack.layers().iter().enumerate() {
        let command = layer.created_by.as_deref().unwrap_or_default();
        let line = format!("layer {} {} {}", number + 1, layer.descriptor.digest, escape(command.as_bytes()));
        writeln!(out, "{}", line.trim_end())?;
        if let State::Absent(absence) = &layer.state {
            writeln!(out, "# not read: {}", absent(absence))?;
        }
        let mut entries: Vec<_> =
            stack.entries(number).map(|entry| (stack.paths().path(stack.own_path(entry)), entry)).collect();
        entries.sort();
        for (path, entry) in entries {
            write_entry(stack, &path.to_string(), entry, out)?;
        }
    }
    Ok(())
}

/// Says why the entries of a layer are not known.
pub fn absent(absence: &Absence) -> String {
    format!("the layer {absence}")
}

/// Returns the mark of a change.
pub fn mark(change: Change) -> char {
    match change {
        Change::Added => '+',
        Change::Modified => '~',
        Change::Unchanged => '=',
        Change::Removed => '-',
        Change::Nothing => '.',
    }
}

fn write_entry(stack: &Stack, path: &str, entry: EntryId, out: &mut dyn Write) -> io::Result<()> {
    let row = stack.row(entry);
    write!(out, "{} ", mark(stack.change(entry)))?;
    let letter = match row.form {
        Form::Whiteout => return writeln!(out, "{path}"),
        Form::Opaque => return writeln!(out, "{}/*", path.trim_end_matches('/')),
        Form::Reserved => return writeln!(out, "{path} # control file"),
        Form::Directory => 'd',
        Form::File => '-',
        Form::HardLink => 'h',
        Form::Symlink => 'l',
        Form::CharacterDevice => 'c',
        Form::BlockDevice => 'b',
        Form::Fifo => 'p',
    };
    let detail = match row.form {
        Form::File => row.size.to_string(),
        _ => "-".to_owned(),
    };
    write!(out, "{letter}{:04o} {}:{} {detail} {} {path}", row.mode, row.uid, row.gid, row.mtime)?;
    match row.form {
        Form::Symlink => write!(out, " -> {}", escape(stack.symlink(entry).unwrap_or_default()))?,
        Form::HardLink => {
            if let Some(target) = stack.hard_link(entry) {
                write!(out, " = {}", stack.paths().path(target))?;
            }
        }
        _ => {}
    }
    for name in stack.metadata(entry).xattrs.keys() {
        write!(out, " [{}]", escape(name))?;
    }
    if let Some(death) = stack.death(entry) {
        write!(out, " # {} by layer {}", death.reason.name(), death.layer + 1)?;
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::stack;
    use attar_testing::layers::Layer;

    #[test]
    fn every_entry_is_a_line() {
        let stack = stack([
            Layer::new().directory("d").file("d/a\n\x1b[1m", "1").file("d/b", "22").symlink("l", "d\tb"),
            Layer::new()
                .file("d/b", "23")
                .hard_link("h", "d/b")
                .whiteout("l")
                .whiteout("nothing")
                .directory("d")
                .record("SCHILY.xattr.user.note", "x")
                .file("x", "")
                .fifo("p")
                .device("c", 1, 3),
            Layer::new().opaque("d").file(".wh..wh.plnk", ""),
        ]);
        let mut text = Vec::new();
        write(&stack, &mut text).expect("memory takes all");
        let text = String::from_utf8(text).expect("text");
        let text: Vec<String> = text
            .lines()
            .map(|line| match line.split_once("sha256:") {
                Some((before, after)) => format!("{before}DIGEST{}", &after[64..]),
                None => line.to_owned(),
            })
            .collect();
        insta::assert_snapshot!(text.join("\n"), @r"
        layer 1 DIGEST step 1
        + d0755 0:0 - 1700000000 /d # rewritten-identical by layer 2
        + -0644 0:0 1 1700000000 /d/a\n\u{1b}[1m # opaque by layer 3
        + -0644 0:0 2 1700000000 /d/b # replaced by layer 2
        + l0777 0:0 - 1700000000 /l -> d\tb # deleted by layer 2
        layer 2 DIGEST step 2
        + c0755 0:0 - 1700000000 /c
        = d0755 0:0 - 1700000000 /d
        ~ -0644 0:0 2 1700000000 /d/b
        + h0644 0:0 - 1700000000 /h = /d/b
        - /l
        . /nothing
        + p0755 0:0 - 1700000000 /p
        + -0644 0:0 0 1700000000 /x [user.note]
        layer 3 DIGEST step 3
        . /.wh..wh.plnk # control file
        - /d/*
        ");
    }
}
