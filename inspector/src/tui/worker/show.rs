//! What is computed to be looked at: views of layers, rows, matches, previews.

use std::io;
use std::sync::Arc;

use attar_image::blobs::Meter;
use attar_image::path::TreePath;
use attar_image::stack::{EntryId, Form, PathId};

use super::failure;
use crate::browse::filter::Filter;
use crate::browse::{Rows, View, ViewSettings};
use crate::preview::{self, Content, MAX_READ, Preview, Surroundings};
use crate::tui::source::{Failure, Opened};
use crate::tui::task::{Shown, Snapshot, Subject, Unfold};

/// Computes what a range of layers shows. What was shown before saves work where it is of the same layers.
pub(super) fn view(
    snapshot: Arc<Snapshot>,
    settings: ViewSettings,
    before: Option<&Shown>,
    rows: Option<&Rows<View>>,
) -> Shown {
    let (stack, index) = (&snapshot.stack, &snapshot.index);
    let before = before.filter(|before| Arc::ptr_eq(&before.snapshot, &snapshot));
    let view = match before {
        Some(before) => before.view.with(stack, index, &settings),
        None => View::of(stack, index, &settings),
    };
    let view = Arc::new(view);
    let rows = match (before.is_some(), rows) {
        (true, Some(rows)) => rows.changed(|rows| rows.replace(view.clone())),
        // Numbers of paths changed: nothing is unfolded at first.
        _ => Rows::new(view.clone()),
    };
    Shown { snapshot, settings, view, rows: Arc::new(rows) }
}

/// Unfolds any number of rows.
pub(super) fn unfold(rows: &Rows<View>, what: Unfold) -> Rows<View> {
    rows.changed(|rows| match what {
        Unfold::All => rows.expand_all(),
        Unfold::Row(row) => rows.expand(row),
        Unfold::Below(row) => rows.expand_below(row),
    })
}

/// Finds what matches among what is shown.
pub(super) fn search(
    shown: &Shown,
    query: &Arc<Filter>,
    from: Option<(PathId, bool)>,
    meter: &Meter,
) -> (Vec<PathId>, usize) {
    let (stack, index) = (&shown.snapshot.stack, &shown.snapshot.index);
    let settings = ViewSettings { filter: Some(query.clone()), ..shown.settings.clone() };
    let view = shown.view.with(stack, index, &settings);
    let (mut found, mut first) = (Vec::new(), None);
    let mut pending = vec![PathId::ROOT];
    while let Some(path) = pending.pop().filter(|_| !meter.is_cancelled()) {
        let here = from.filter(|(from, _)| *from == path);
        if here.is_some_and(|(_, counts)| counts) {
            first = Some(found.len());
        }
        if view.is_match(path) {
            found.push(path);
        }
        if here.is_some_and(|(_, counts)| !counts) {
            first = Some(found.len());
        }
        pending.extend(view.children(path).iter().rev());
    }
    // Behind the last one the first one follows.
    let first = first.filter(|first| *first < found.len()).unwrap_or(0);
    (found, first)
}

/// Reads the beginning of a file and makes something to look at of it.
pub(super) fn preview(
    opened: &Opened,
    snapshot: &Snapshot,
    subject: &Subject,
    now: Option<i64>,
    meter: &Meter,
) -> Result<Preview, Failure> {
    let stack = &snapshot.stack;
    let content = |entry| content(opened, snapshot, entry, MAX_READ, meter);
    match subject {
        Subject::Implied(path) => Err(without(&stack.paths().path(*path).to_string())),
        Subject::Difference { before, after } => {
            let _ = before;
            Ok(preview::preview(&content(*after)?, &Surroundings { now, ..Surroundings::unknown() }))
        }
        Subject::Entry(entry) if stack.row(stack.linked(*entry)).form == Form::File => {
            let surroundings = Surroundings { now, ..Surroundings::unknown() };
            let shown = preview::preview(&content(*entry)?, &surroundings);
            match shown.more {
                Some(more) if !meter.is_cancelled() => {
                    let content = self::content(opened, snapshot, *entry, more, meter)?;
                    Ok(preview::preview(&content, &surroundings))
                }
                _ => Ok(shown),
            }
        }
        Subject::Entry(entry) => Err(without(&stack.paths().path(stack.place(*entry)).to_string())),
    }
}

fn without(path: &str) -> Failure {
    Failure { message: format!("{path} is no regular file"), hint: None }
}

/// Reads so many bytes of a file.
fn content(
    opened: &Opened,
    snapshot: &Snapshot,
    entry: EntryId,
    limit: u64,
    meter: &Meter,
) -> Result<Content, Failure> {
    let stack = &snapshot.stack;
    let path: TreePath = stack.paths().path(stack.place(entry));
    let mut bytes = Vec::new();
    let read = stack.visit_contents(&*opened.blobs, [entry], &mut |_, reader| {
        let mut buffer = [0; 64 << 10];
        while (bytes.len() as u64) < limit {
            meter.check()?;
            let wanted = usize::try_from(limit - bytes.len() as u64).unwrap_or(usize::MAX).min(buffer.len());
            match reader.read(&mut buffer[..wanted]) {
                Ok(0) => break,
                Ok(read) => bytes.extend_from_slice(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    });
    read.map_err(|error| failure(&error))?;
    Ok(Content::new(path.as_bytes(), bytes, stack.row(stack.linked(entry)).size))
}
