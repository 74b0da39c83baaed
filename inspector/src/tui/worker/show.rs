//! What is computed to be looked at: views of layers, rows, matches, previews.

use std::cmp::Ordering;
use std::io;
use std::sync::Arc;

use attar_image::blobs::Meter;
use attar_image::path::TreePath;
use attar_image::stack::{EntryId, PathId, StackError};

use crate::browse::Query;
use crate::browse::{self, Forest, Rows, View, ViewSettings};
use crate::preview::{self, Content, MAX_READ, Preview, Surroundings};
use crate::tui::source::Opened;
use crate::tui::task::{Matches, Shown, Snapshot, Subject, Unfold};

/// As many matches of a filter are unfolded at once.
pub(super) const MAX_UNFOLDED: usize = 5_000;

/// Computes what a range of layers shows, and its rows. What was shown before saves work where it is of the same layers.
pub(super) fn view(
    snapshot: Arc<Snapshot>,
    settings: ViewSettings,
    before: Option<&Shown>,
    rows: Option<&Rows<View>>,
) -> (Shown, Rows<View>) {
    let (stack, index) = (&snapshot.stack, &snapshot.index);
    let same = before.filter(|before| Arc::ptr_eq(&before.snapshot, &snapshot));
    let view = match same {
        Some(before) => before.view.with(stack, index, &settings),
        None => View::of(stack, index, &settings),
    };
    let view = Arc::new(view);
    let unfolds = settings.filter.is_some() && view.matches() <= MAX_UNFOLDED;
    let rows = match (same, before, rows) {
        // Few matches are all seen at once.
        _ if unfolds => Rows::new(view.clone()).changed(Rows::expand_all),
        (Some(_), _, Some(rows)) => rows.of_other(view.clone()),
        // Numbers of paths changed; what is unfolded stays so.
        (None, Some(before), Some(rows)) => {
            let paths = before.snapshot.stack.paths();
            let unfolded = rows.unfolded_nodes();
            let unfolded = unfolded.into_iter().filter_map(|node| stack.paths().find(&paths.path(node)));
            Rows::unfolded(view.clone(), unfolded)
        }
        _ => Rows::new(view.clone()),
    };
    (Shown { snapshot, settings, view }, rows)
}

/// Unfolds any number of rows.
pub(super) fn unfold<F: Forest>(rows: &Rows<F>, what: Unfold) -> Rows<F> {
    rows.changed(|rows| match what {
        Unfold::All => rows.expand_all(),
        Unfold::Row(row) => rows.expand(row),
        Unfold::Below(row) => rows.expand_below(row),
    })
}

/// Finds what matches among what is shown, in the order of the tree, and which of it comes first from
/// where one is.
pub(super) fn search(
    shown: &Shown,
    text: String,
    query: &Query,
    from: Option<(PathId, bool)>,
    meter: &Meter,
) -> Matches {
    let paths = browse::search(&shown.view, &shown.snapshot.stack, query, &|| meter.is_cancelled());
    matches(&*shown.view, text, paths, from)
}

/// Returns what was found in the order of a tree, and which of that comes first from where one is.
pub(super) fn matches<F: Forest<Node: Ord>>(
    forest: &F,
    text: String,
    paths: Vec<F::Node>,
    from: Option<(F::Node, bool)>,
) -> Matches<F::Node> {
    let is_before = |node: &F::Node| match from {
        None => false,
        Some((here, counts)) => match forest.order(*node, here) {
            Ordering::Less => true,
            Ordering::Equal => !counts,
            Ordering::Greater => false,
        },
    };
    let first = paths.partition_point(is_before);
    // Behind the last one the first one follows.
    let first = if first < paths.len() { first } else { 0 };
    let mut numbers = paths.clone();
    numbers.sort_unstable();
    Matches { text, paths, first, numbers }
}

/// Reads the beginning of a file and hands over what is to be seen of it; then, where more would say more,
/// as much as is ever read, and hands over what is to be seen instead.
///
/// The last one that is handed over asks for no more.
pub(in crate::tui) fn preview(
    opened: &Opened,
    snapshot: &Snapshot,
    subject: &Subject,
    now: i64,
    meter: &Meter,
    show: &mut dyn FnMut(Preview),
) -> Result<(), StackError> {
    let stack = &snapshot.stack;
    let entry = match subject {
        Subject::Implied(path) => {
            show(preview::directory(stack, *path));
            return Ok(());
        }
        Subject::Entry(entry) | Subject::Difference { after: entry, .. } => *entry,
        // That is of two images.
        Subject::Pair { .. } => return Ok(()),
    };
    if let Some(preview) = preview::entry(stack, entry) {
        show(preview);
        return Ok(());
    }
    let path = stack.paths().path(stack.place(entry));
    let provider = preview::provider(stack, &opened.image.platform, &path);
    let surroundings = Surroundings { now: Some(now), provider: Some(&provider) };
    let content = |entry, limit| content(opened, snapshot, entry, limit, meter);
    in_two_steps(show, |limit| {
        let after = content(entry, limit)?;
        Ok(match subject {
            Subject::Difference { before, .. } => {
                let besides = preview::metadata(&stack.metadata(*before), &stack.metadata(entry));
                preview::difference(&content(*before, limit)?, &after, &surroundings).differing_in(besides)
            }
            _ => preview::preview(&after, &surroundings),
        })
    })
}

/// Hands over what the beginning of contents says, then what more of them says if that is worth reading.
/// `look` is given how many bytes may be read of each.
pub(super) fn in_two_steps(
    show: &mut dyn FnMut(Preview),
    mut look: impl FnMut(u64) -> Result<Preview, StackError>,
) -> Result<(), StackError> {
    let first = look(MAX_READ)?;
    let more = first.more;
    show(first);
    if let Some(more) = more {
        let mut whole = look(more)?;
        // Whatever it still lacks is not read.
        whole.more = None;
        show(whole);
    }
    Ok(())
}

/// Reads so many bytes of a file.
pub(super) fn content(
    opened: &Opened,
    snapshot: &Snapshot,
    entry: EntryId,
    limit: u64,
    meter: &Meter,
) -> Result<Content, StackError> {
    let stack = &snapshot.stack;
    let path: TreePath = stack.paths().path(stack.place(entry));
    let mut bytes = Vec::new();
    stack.visit_contents(&*opened.blobs, [entry], &mut |_, reader| {
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
    })?;
    Ok(Content::new(path.as_bytes(), bytes, stack.row(stack.linked(entry)).size))
}
