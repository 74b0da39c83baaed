//! Writes what is shown as JSON to a file that is not there yet.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use attar_image::stack::PathId;
use serde::Serialize;

use crate::tui::source::Failure;
use crate::tui::task::{Event, Exported, Shown};

/// Writes a list, or everything that is shown of a tree, unfolded or not.
pub(super) fn export(what: &Exported, file: &Path) -> Event {
    let shown = file.display();
    let write = || {
        let mut out = BufWriter::new(File::create_new(file)?);
        match what {
            Exported::List(list) => serde_json::to_writer_pretty(&mut out, &list.exported())?,
            Exported::Tree(shown) => serde_json::to_writer_pretty(&mut out, &tree(shown))?,
            Exported::Pair(shown, names) => serde_json::to_writer_pretty(&mut out, &shown.exported(names))?,
        }
        out.write_all(b"\n")?;
        out.flush()?;
        out.get_ref().metadata().map(|metadata| metadata.len())
    };
    match write() {
        Ok(bytes) => Event::Done(format!("written to {shown}: {bytes} bytes")),
        Err(error) => {
            let is_there = error.kind() == io::ErrorKind::AlreadyExists;
            let hint = is_there.then(|| "nothing is overwritten: name another file".to_owned());
            Event::Failed(Failure { message: format!("cannot write `{shown}`: {error}"), hint })
        }
    }
}

/// What is exported of a tree.
#[derive(Serialize)]
struct ExportedTree {
    /// The first of its layers, from 1 for the lowest.
    from: usize,
    /// The last.
    to: usize,
    files: Vec<ExportedFile>,
}

#[derive(Serialize)]
struct ExportedFile {
    path: String,
    change: Option<&'static str>,
    layer: Option<usize>,
    bytes: u64,
    dead: u64,
}

/// Returns everything that is shown of a tree, unfolded or not.
fn tree(shown: &Shown) -> ExportedTree {
    let (stack, view) = (&shown.snapshot.stack, &shown.view);
    let mut files = Vec::new();
    let mut pending: Vec<PathId> = view.children(PathId::ROOT).iter().rev().copied().collect();
    while let Some(path) = pending.pop() {
        pending.extend(view.children(path).iter().rev());
        let figures = view.figures(path);
        files.push(ExportedFile {
            path: stack.paths().path(path).to_string(),
            change: view.mark(path).map(|mark| mark.name()),
            layer: view.entry(path).map(|entry| stack.layer_of(entry) + 1),
            bytes: figures.bytes,
            dead: figures.dead,
        });
    }
    ExportedTree { from: view.range().from + 1, to: view.range().to + 1, files }
}
