//! Draws two images side by side, or as one tree where there is too little room for two.

use attar_image::stack::{EntryId, Form, PathId};
use attar_image::text::escape_line;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::tree::{self, Columns, Line, right};
use super::{bars, choice, highlight, listing, pane, put, say, shortened};
use crate::browse::pair::{PairId, PairMark};
use crate::browse::{Hide, Row};
use crate::tui::app::{App, Comparison, Known, Part, Phase, Tab};
use crate::tui::comparison::{PairShown, Totals};
use crate::tui::format;
use crate::tui::layout::{Areas, Spot};
use crate::tui::start::Pane;
use crate::tui::task::LayerState;
use crate::tui::text;
use crate::tui::theme::Role;

/// Columns of a size.
const SIZE: u16 = 9;
/// Columns of what one is larger than the other by.
const DELTA: u16 = 10;
/// From so many columns on one tree of both shows what it grew by, too.
const WIDE: u16 = 54;
/// From so many columns on it shows both sizes.
const MEDIUM: u16 = 34;

/// Which figures stand in front of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figures {
    /// The size in the first image.
    First,
    /// The growth, and the size in the second image.
    Second,
    /// Both sizes and the growth.
    Both,
    /// Both sizes.
    Sizes,
    /// The growth.
    Growth,
}

impl Figures {
    /// Returns those of one tree of both that is so wide.
    fn of(width: u16) -> Self {
        match width {
            WIDE.. => Self::Both,
            MEDIUM.. => Self::Sizes,
            _ => Self::Growth,
        }
    }

    /// Returns the headings and how many columns each has.
    fn columns(self) -> &'static [(&'static str, u16)] {
        match self {
            Self::First => &[("size", SIZE)],
            Self::Second => &[("grew by", DELTA), ("size", SIZE)],
            Self::Both => &[("before", SIZE), ("after", SIZE), ("grew by", DELTA)],
            Self::Sizes => &[("before", SIZE), ("after", SIZE)],
            Self::Growth => &[("grew by", DELTA)],
        }
    }

    fn tree_columns(self, width: u16) -> Columns {
        Columns::with_figures(self.columns().iter().map(|(_, width)| width + 1).sum(), width)
    }

    fn cells(self, shown: &PairShown, node: PairId) -> Vec<String> {
        let (bytes, paths, entries) =
            (shown.pair.bytes(node), shown.pair.paths(node), shown.pair.entries(node));
        let size = |side: usize| {
            let stack = shown.compared.stacks()[side];
            let form = entries[side].map(|entry| stack.row(stack.linked(entry)).form);
            // Links and devices have no bytes of their own; what is only implied is a directory.
            let is_sized = matches!(form, None | Some(Form::File | Form::Directory));
            if paths[side].is_some() && is_sized { format::bytes(bytes[side]) } else { String::new() }
        };
        let (before, after) = (size(0), size(1));
        let growth = match shown.pair.delta(node) {
            0 => String::new(),
            delta => format::delta(delta),
        };
        match self {
            Self::First => vec![before],
            Self::Second => vec![growth, after],
            Self::Both => vec![before, after, growth],
            Self::Sizes => vec![before, after],
            Self::Growth => vec![growth],
        }
    }
}

/// Returns the columns of the screen where the marks of folded directories stand.
pub(crate) fn fold_marks(areas: &Areas, depth: usize) -> impl Iterator<Item = u16> {
    let places: Vec<(Rect, Figures)> = match (areas.sides, areas.main) {
        (Some([left, right]), _) => {
            vec![(left.spot.body, Figures::First), (right.spot.body, Figures::Second)]
        }
        (None, Some(main)) => vec![(main.body, Figures::of(main.body.width))],
        (None, None) => Vec::new(),
    };
    places.into_iter().map(move |(area, figures)| area.x + figures.tree_columns(area.width).fold_mark(depth))
}

pub(super) fn draw(app: &App, tab: &Tab, comparison: &Comparison, areas: &Areas, buffer: &mut Buffer) {
    let Some(other) = app.other(comparison) else { return };
    let has_focus = tab.focus == Pane::Tree;
    if let Some(area) = areas.summary {
        summary(app, comparison, area, buffer);
    }
    let Some(main) = areas.main else { return };
    if let Some(list) = comparison.list() {
        pane(app, main, has_focus, &list.title, buffer);
        return match waiting(app, [tab, other], comparison) {
            Some(lines) if list.rows.is_empty() => say(app, main.body, &lines, buffer),
            _ => listing::draw(app, list, main, has_focus, buffer),
        };
    }
    let names = [tab, other].map(|tab| escape_line(&name(tab)));
    match areas.sides {
        None => {
            let title = format!("{} {} {}", names[0], app.glyphs.arrow, names[1]);
            pane(app, main, has_focus, &title, buffer);
            match waiting(app, [tab, other], comparison) {
                Some(lines) => say(app, main.body, &lines, buffer),
                None => rows(app, tab, comparison, main, Figures::of(main.body.width), None, buffer),
            }
        }
        Some(sides) => {
            for (number, side) in sides.iter().enumerate() {
                let image = [tab, other][number];
                let room = usize::from(side.spot.frame.width.saturating_sub(4));
                let title = text::cut_path(&names[number], room, app.glyphs.ellipsis);
                pane(app, side.spot, has_focus, &title, buffer);
                if let Some(area) = side.facts {
                    let facts = shortened(app, &facts(image, comparison, number), area.width.into());
                    put(buffer, area.x, area.y, &facts, area.width, app.theme.style(Role::Muted));
                }
                let figures = if number == 0 { Figures::First } else { Figures::Second };
                match waiting_for(app, image).or_else(|| comparing(app, [tab, other], comparison)) {
                    Some(line) => say(app, side.spot.body, &[line], buffer),
                    None => rows(app, tab, comparison, side.spot, figures, Some(number), buffer),
                }
            }
        }
    }
}

fn name(tab: &Tab) -> String {
    match &tab.wanted.platform {
        Some(platform) => format!("{} {platform}", tab.wanted.word),
        None => tab.wanted.word.clone(),
    }
}

/// Says what is known of one image: files, layers and how many of these the other has, too, the platform.
fn facts(tab: &Tab, comparison: &Comparison, number: usize) -> String {
    let mut facts = Vec::new();
    if let Some(compared) = &comparison.compared {
        let Totals { files, bytes, .. } = compared.totals;
        let (files, bytes) =
            if number == 0 { (files.before, bytes.before) } else { (files.after, bytes.after) };
        facts.push(format!("{}  {files} files", format::bytes(bytes)));
    }
    let layers = comparison.layers.as_ref();
    if let Some(layers) = layers.map(|layers| if number == 0 { &layers.before } else { &layers.after }) {
        let shared = layers.iter().filter(|layer| layer.same_as.is_some()).count();
        facts.push(format!("{} layers, {shared} shared", layers.len()));
    }
    if let Some(opened) = tab.opened() {
        facts.push(opened.image.platform.to_string());
    }
    facts.join("  ")
}

/// Says what one image waits for, or why it cannot be compared.
fn waiting_for(app: &App, tab: &Tab) -> Option<(String, Role)> {
    match &tab.phase {
        Phase::Opening(done, total) if *done > 0 => {
            let total = total.map(|total| format!(" of {}", format::bytes(total))).unwrap_or_default();
            Some((format!("{} opening: {}{total}", app.spinner(), format::bytes(*done)), Role::Muted))
        }
        Phase::Opening(..) => Some((format!("{} opening", app.spinner()), Role::Muted)),
        Phase::Failed(failure) => Some((failure.message.clone(), Role::Bad)),
        Phase::Open(_) if tab.snapshot.as_ref().is_none_or(|snapshot| !snapshot.is_complete) => {
            let read = tab.layers.iter().filter(|state| matches!(state, LayerState::Read)).count();
            let count = tab.layer_count();
            Some((format!("{} {read} of {count} layers read", app.spinner()), Role::Muted))
        }
        Phase::Open(_) => None,
    }
}

/// Says why the trees are not there yet.
fn comparing(app: &App, tabs: [&Tab; 2], comparison: &Comparison) -> Option<(String, Role)> {
    if comparison.tree.shown.is_some() && comparison.compared.is_some() {
        return None;
    }
    if let Some(failure) = &comparison.failure {
        return Some((failure.message.clone(), Role::Bad));
    }
    Some(match tabs.iter().find(|tab| waiting_for(app, tab).is_some()) {
        Some(tab) if matches!(tab.phase, Phase::Failed(_)) => {
            (format!("there is nothing to compare it with: {} cannot be read", name(tab)), Role::Muted)
        }
        Some(tab) => (format!("{} waiting for {}", app.spinner(), name(tab)), Role::Muted),
        None => (format!("{} comparing", app.spinner()), Role::Muted),
    })
}

/// Says what the comparison waits for, image by image.
fn waiting(app: &App, tabs: [&Tab; 2], comparison: &Comparison) -> Option<Vec<(String, Role)>> {
    let of = |tab: &Tab| {
        let (line, role) = waiting_for(app, tab)?;
        Some((format!("{}: {line}", name(tab)), role))
    };
    let mut lines: Vec<(String, Role)> = tabs.into_iter().filter_map(of).collect();
    match comparison.part {
        // Documents say it all.
        Part::Layers | Part::Settings if comparison.layers.is_some() => return None,
        Part::Packages => match &comparison.packages {
            Known::Known(_) => return None,
            Known::Failed(failure) => lines.push((failure.message.clone(), Role::Bad)),
            Known::Unasked | Known::Asked if lines.is_empty() => {
                lines.push((format!("{} comparing the packages", app.spinner()), Role::Muted));
            }
            Known::Unasked | Known::Asked => {}
        },
        _ if lines.is_empty() => lines.extend(comparing(app, tabs, comparison)),
        _ => {}
    }
    (!lines.is_empty()).then_some(lines)
}

/// Draws the rows of one of both trees, or of both as one.
fn rows(
    app: &App,
    tab: &Tab,
    comparison: &Comparison,
    spot: Spot,
    figures: Figures,
    side: Option<usize>,
    buffer: &mut Buffer,
) {
    let (tree, area) = (&comparison.tree, spot.body);
    let (Some(shown), Some(rows)) = (&tree.shown, &tree.rows) else { return };
    let columns = figures.tree_columns(area.width);
    if let Some(heading) = spot.heading {
        let style = app.theme.style(Role::Muted);
        let mut x = heading.x;
        for (title, width) in figures.columns() {
            put(buffer, x, heading.y, &right(title, *width), *width, style);
            x += width + 1;
        }
        put(buffer, x + 2, heading.y, "name", heading.right().saturating_sub(x + 2), style);
    }
    if rows.is_empty() {
        return say(app, area, &[nothing(app, comparison)], buffer);
    }
    for (y, row) in (area.y..area.bottom()).zip(rows.iter_from(tree.cursor.top)) {
        let line = Rect { y, height: 1, ..area };
        if let Some(drawn) = row_of(app, tab, shown, &row, figures, side) {
            tree::draw_line(app, &drawn, &row, columns, line, buffer);
        }
        if tree.cursor.top + usize::from(y - area.y) == tree.cursor.at {
            highlight(app, line, tab.focus == Pane::Tree, buffer);
        }
    }
    if side != Some(0) {
        bars::scroll_bar(app, spot, tree.cursor.top, rows.len(), buffer);
    }
}

/// Returns what one of both images has in a row; nothing where it does not have the path.
fn row_of(
    app: &App,
    tab: &Tab,
    shown: &PairShown,
    row: &Row<PairId>,
    figures: Figures,
    side: Option<usize>,
) -> Option<Line> {
    let (pair, node) = (&shown.pair, row.node);
    let (paths, entries) = (pair.paths(node), pair.entries(node));
    // One tree of both shows the second image's names where it has them.
    let side = side.unwrap_or(usize::from(paths[1].is_some()));
    let path: PathId = paths[side]?;
    let entry: Option<EntryId> = entries[side];
    let stack = shown.compared.stacks()[side];
    let (sign, role) = sign(app, pair.mark(node));
    let cells = figures.cells(shown, node).into_iter().zip(figures.columns());
    let is_current = tab.found.pairs.paths.get(tab.found.at) == Some(&node);
    let is_found = tab.found.pairs.numbers.binary_search(&node).is_ok();
    Some(Line {
        figures: cells.map(|(text, (_, width))| (right(&text, *width), *width, role)).collect(),
        sign,
        role,
        name: tree::name(stack, path, entry),
        is_directory: tree::is_directory(stack, entry),
        found: tree::found(is_current, is_found),
        target: entry.and_then(|entry| tree::target(app, stack, entry)),
    })
}

fn sign(app: &App, mark: PairMark) -> (&'static str, Role) {
    match mark {
        PairMark::Added => (app.glyphs.added, Role::Added),
        PairMark::Removed => (app.glyphs.removed, Role::Removed),
        PairMark::Modified => (app.glyphs.modified, Role::Modified),
        PairMark::Unknown => (app.glyphs.unknown, Role::Warning),
        PairMark::Same => (app.glyphs.same, Role::Unchanged),
    }
}

/// Says why no row is there.
fn nothing(app: &App, comparison: &Comparison) -> (String, Role) {
    if let Some(line) = tree::finding(app, &comparison.tree) {
        return (line, Role::Muted);
    }
    let left_out = comparison.tree.hide.without(Hide::UNCHANGED);
    if let Some(filter) = &comparison.tree.filter {
        let text = match left_out.is_none() {
            true => format!("nothing that differs matches {}: `esc` shows all again", filter.as_str()),
            false => choice::nothing_matches(app, filter, left_out),
        };
        return (text, Role::Muted);
    }
    let Some(compared) = &comparison.compared else { return (String::new(), Role::Muted) };
    if !compared.totals.are_same() {
        return (choice::nothing_left(app, left_out), Role::Muted);
    }
    let settings = if compared.settings.is_empty() { "" } else { "; settings do" };
    (format!("no file differs: {} are the same{settings}", compared.totals.same), Role::Good)
}

/// Says in one line in what the images differ, and what is still compared.
fn summary(app: &App, comparison: &Comparison, area: Rect, buffer: &mut Buffer) {
    let Some(compared) = &comparison.compared else { return };
    let totals = &compared.totals;
    let mut pieces = vec![
        (format!("+{}", totals.added), Role::Added),
        (format!("-{}", totals.removed), Role::Removed),
        (format!("~{}", totals.changed), Role::Modified),
        (format!("files, {}", format::delta(totals.bytes.delta())), Role::Text),
    ];
    if totals.unknown > 0 {
        pieces.insert(3, (format!("?{}", totals.unknown), Role::Warning));
    }
    if let Known::Known(packages) = &comparison.packages {
        pieces.push((format!(" packages {packages}"), Role::Text));
    }
    pieces.push((format!(" settings {}", compared.settings.len()), Role::Text));
    if comparison.list().is_none() {
        pieces.extend(choice::of_two(&comparison.tree).map(|words| (format!(" {words}"), Role::Title)));
    }
    if let Some(unread) = compared.unread {
        let done = format::bytes(comparison.done().min(unread));
        let text = format!(" {} comparing contents: {done} of {}", app.spinner(), format::bytes(unread));
        pieces.push((text, Role::Progress));
    }
    if let Some(doubt) = compared.doubts.first() {
        let more = match compared.doubts.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        pieces.insert(0, (format!("{} {doubt}{more} ", app.glyphs.warning), Role::Warning));
    }
    let mut x = area.x;
    for (text, role) in pieces {
        let room = area.right().saturating_sub(x);
        let text = shortened(app, &text, usize::from(room));
        x = put(buffer, x, area.y, &text, room, app.theme.style(role)) + 1;
    }
}
