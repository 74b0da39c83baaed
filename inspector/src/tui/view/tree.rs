//! Draws the tree of files.

use attar_image::stack::{EntryId, Form, Stack};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::attributes::{MODE, attributes};
use super::{choice, highlight, pane, put, say};
use crate::browse::{Mark, Row, View};
use crate::tui::app::{App, Owners, Tab, Tree, files_of_view};
use crate::tui::format;
use crate::tui::layout::Spot;
use crate::tui::start::Pane;
use crate::tui::task::{Showing, Shown};
use crate::tui::text;
use crate::tui::theme::Role;
use attar_image::path::escape;
use attar_image::stack::PathId;

/// From so many columns on mode and owner are shown.
const ATTRIBUTES: u16 = 60;
/// From so many columns on there is room for the names of most owners.
const ROOMY: u16 = 76;
/// Columns of an owner, and those where there is room: `65532:65532`, `www-data:www-data`.
const OWNER_WIDTH: (u16, u16) = (11, 17);
/// Columns of the size.
const SIZE_WIDTH: u16 = 9;
/// The deepest indentation that is drawn: the names of what is deeper still have room.
const DEEPEST: usize = 20;

/// Which columns there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    attributes: u16,
    size: u16,
    width: u16,
}

impl Columns {
    /// Returns the columns of a tree that is so wide.
    pub(crate) fn of(app: &App, width: u16) -> Self {
        let shows = app.layout.shows_attributes() && Self::has_room(width);
        let owner = if width >= ROOMY { OWNER_WIDTH.1 } else { OWNER_WIDTH.0 };
        let attributes = if shows { MODE + owner + 1 } else { 0 };
        let size = if width >= 24 { SIZE_WIDTH + 1 } else { 0 };
        Self { attributes, size, width }
    }

    /// Says whether a tree that is so wide has room for mode and owner.
    pub(crate) fn has_room(width: u16) -> bool {
        width >= ATTRIBUTES
    }

    /// Says whether mode and owner are among them.
    pub(crate) fn has_attributes(self) -> bool {
        self.attributes > 0
    }

    /// Returns where the mark of a folded or unfolded directory stands.
    pub(crate) fn fold_mark(self, depth: usize) -> u16 {
        self.name() + 2 * self.indentation(depth)
    }

    /// Returns where names start: behind the mark of what changed.
    fn name(self) -> u16 {
        self.attributes + self.size + 2
    }

    /// Returns the columns of a tree that is so wide, with figures that take so many columns.
    pub(crate) fn with_figures(figures: u16, width: u16) -> Self {
        Self { attributes: 0, size: figures, width }
    }

    fn indentation(self, depth: usize) -> u16 {
        let room = usize::from(self.width.saturating_sub(self.name()) / 4);
        depth.min(DEEPEST).min(room) as u16
    }
}

pub(super) fn draw(app: &App, tab: &Tab, spot: Spot, buffer: &mut Buffer) {
    let has_focus = tab.focus == Pane::Tree;
    pane(app, spot, has_focus, &choice::title(app, tab, false), buffer);
    let area = spot.body;
    let (Some(shown), Some(rows)) = (&tab.tree.shown, &tab.tree.rows) else {
        let text = format!("{} reading the layers", app.spinner());
        return say(app, area, &[(text, Role::Muted)], buffer);
    };
    let columns = Columns::of(app, area.width);
    let owners = tab.accounts.owners(&shown.snapshot, files_of_view(shown));
    let drawn = Drawn { app, tab, shown, columns, owners };
    if let Some(heading) = spot.heading {
        draw_heading(app, columns, heading, buffer);
    }
    if rows.is_empty() {
        return say(app, area, &[(choice::nothing(app, tab), Role::Muted)], buffer);
    }
    for (y, row) in (area.y..area.bottom()).zip(rows.iter_from(tab.tree.cursor.top)) {
        let number = tab.tree.cursor.top + usize::from(y - area.y);
        let line = Rect { y, height: 1, ..area };
        drawn.row(&row, line, buffer);
        if number == tab.tree.cursor.at {
            highlight(app, line, has_focus, buffer);
        }
    }
    super::bars::scroll_bar(app, spot, tab.tree.cursor.top, rows.len(), buffer);
}

/// Says that what is shown is not yet what is wanted.
pub(super) fn finding<S: Showing>(app: &App, tree: &Tree<S>) -> Option<String> {
    (tree.is_pending() || !tree.is_filtered())
        .then(|| format!("{} finding what is to be shown", app.spinner()))
}

fn draw_heading(app: &App, columns: Columns, area: Rect, buffer: &mut Buffer) {
    let style = app.theme.style(Role::Muted);
    let mut x = area.x;
    if columns.attributes > 0 {
        put(buffer, x, area.y, "mode       owner", columns.attributes, style);
        x += columns.attributes;
    }
    if columns.size > 0 {
        let heading = format!("{:>width$}", "size", width = usize::from(SIZE_WIDTH));
        put(buffer, x, area.y, &heading, columns.size, style);
        x += columns.size;
    }
    put(buffer, x + 2, area.y, "name", area.right().saturating_sub(x + 2), style);
}

/// A line of any tree of files.
pub(super) struct Line {
    /// The figures in front, each with its columns; one column is left free after each.
    pub(super) figures: Vec<(String, u16, Role)>,
    /// What changed.
    pub(super) sign: &'static str,
    /// What that looks like.
    pub(super) role: Role,
    /// The name, harmless.
    pub(super) name: String,
    /// Whether it is a directory.
    pub(super) is_directory: bool,
    /// What a search found: this, or this above all.
    pub(super) found: Option<Role>,
    /// What a link leads to, harmless.
    pub(super) target: Option<String>,
}

/// What the rows of a tree are drawn with.
struct Drawn<'a> {
    app: &'a App,
    tab: &'a Tab,
    shown: &'a Shown,
    columns: Columns,
    owners: Owners<'a>,
}

impl Drawn<'_> {
    fn row(&self, row: &Row<PathId>, area: Rect, buffer: &mut Buffer) {
        let Self { app, tab, columns, .. } = *self;
        let (stack, view) = (&self.shown.snapshot.stack, &self.shown.view);
        let mark = view.mark(row.node).unwrap_or(Mark::Unchanged);
        let entry = view.entry(row.node);
        let mut figures = Vec::new();
        if columns.attributes > 0 {
            let width = columns.attributes - 1;
            let attributes =
                |entry| attributes(app, stack, entry, self.owners, usize::from(width.saturating_sub(MODE)));
            figures.push((entry.map(attributes).unwrap_or_default(), width, Role::Muted));
        }
        if columns.size > 0 {
            figures.push((right(&size(view, row, stack, entry), SIZE_WIDTH), SIZE_WIDTH, role(mark)));
        }
        let is_current = tab.found.paths.get(tab.found.at) == Some(&row.node);
        let line = Line {
            figures,
            sign: sign(app, mark),
            role: role(mark),
            name: name(stack, row.node, entry),
            is_directory: row.has_children || is_directory(stack, entry),
            found: found(is_current, tab.found.has(row.node)),
            target: entry.and_then(|entry| target(app, stack, entry)),
        };
        draw_line(app, &line, row, columns, area, buffer);
    }
}

/// Returns what a name looks like that was searched for.
pub(super) fn found(is_current: bool, is_found: bool) -> Option<Role> {
    if is_current { Some(Role::CurrentMatch) } else { is_found.then_some(Role::Match) }
}

/// Draws a line of a tree.
pub(super) fn draw_line<N>(
    app: &App,
    line: &Line,
    row: &Row<N>,
    columns: Columns,
    area: Rect,
    buffer: &mut Buffer,
) {
    let style = app.theme.style(line.role);
    let muted = app.theme.style(Role::Muted);
    let mut x = area.x;
    for (text, width, role) in &line.figures {
        put(buffer, x, area.y, text, *width, app.theme.style(*role));
        x += width + 1;
    }
    put(buffer, x, area.y, line.sign, 1, style);
    x += 2 + 2 * columns.indentation(row.depth);
    let fold = match (row.has_children, row.is_unfolded) {
        (true, true) => app.glyphs.unfolded,
        (true, false) => app.glyphs.folded,
        (false, _) => " ",
    };
    put(buffer, x, area.y, fold, 1, muted);
    x += 2;
    let room = area.right().saturating_sub(x);
    let name = text::cut(&line.name, usize::from(room), app.glyphs.ellipsis);
    let mut name_style =
        if line.is_directory { style.patch(app.theme.style(Role::Directory)) } else { style };
    if let Some(found) = line.found {
        name_style = name_style.patch(app.theme.style(found));
    }
    let end = put(buffer, x, area.y, &name, room, name_style);
    if let Some(target) = &line.target {
        let left = area.right().saturating_sub(end);
        let target = text::cut(target, usize::from(left), app.glyphs.ellipsis);
        put(buffer, end, area.y, &target, left, muted);
    }
}

/// Writes a figure at the right of its columns.
pub(super) fn right(text: &str, width: u16) -> String {
    format!("{text:>width$}", width = usize::from(width))
}

/// Returns the role of a mark.
pub(super) fn role(mark: Mark) -> Role {
    match mark {
        Mark::Added => Role::Added,
        Mark::Modified => Role::Modified,
        Mark::Rewritten => Role::Rewritten,
        Mark::Removed => Role::Removed,
        Mark::Unchanged => Role::Unchanged,
    }
}

fn sign(app: &App, mark: Mark) -> &'static str {
    match mark {
        Mark::Added => app.glyphs.added,
        Mark::Modified => app.glyphs.modified,
        Mark::Rewritten => app.glyphs.rewritten,
        Mark::Removed => app.glyphs.removed,
        Mark::Unchanged => app.glyphs.unchanged,
    }
}

/// Says whether an entry is a directory; what is only implied is one.
pub(super) fn is_directory(stack: &Stack, entry: Option<EntryId>) -> bool {
    entry.is_none_or(|entry| stack.row(entry).form == Form::Directory)
}

/// Returns the last component of a path, harmless.
pub(super) fn name(stack: &Stack, path: PathId, entry: Option<EntryId>) -> String {
    let mut name = escape(stack.paths().name(path));
    if is_directory(stack, entry) {
        name.push('/');
    }
    name
}

/// Returns what a link leads to, harmless, with a sign in front.
pub(super) fn target(app: &App, stack: &Stack, entry: EntryId) -> Option<String> {
    let target = match stack.row(entry).form {
        Form::Symlink => escape(stack.symlink(entry)?),
        Form::HardLink => format!("= {}", stack.paths().path(stack.hard_link(entry)?)),
        _ => return None,
    };
    Some(format!(" {} {target}", app.glyphs.arrow))
}

fn size(view: &View, row: &Row<PathId>, stack: &Stack, entry: Option<EntryId>) -> String {
    match entry.map(|entry| stack.row(stack.linked(entry)).form) {
        _ if row.has_children => format::bytes(view.figures(row.node).bytes),
        Some(Form::File) => format::bytes(entry.map_or(0, |entry| stack.row(stack.linked(entry)).size)),
        Some(Form::Directory) | None => format::bytes(view.figures(row.node).bytes),
        _ => String::new(),
    }
}
