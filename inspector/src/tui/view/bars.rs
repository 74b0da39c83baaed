//! Draws the lines at the top and at the bottom, scroll bars and progress.

use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Position, Rect};

use super::{failed, put, shortened};
use crate::tui::action::Context;
use crate::tui::app::{App, Hashing, Known, Overlay, Part, Phase, Prompt, Screen, Tab};
use crate::tui::format;
use crate::tui::layout::Spot;
use crate::tui::text;
use crate::tui::theme::Role;
use attar_image::text::escape_line;

/// What the hint says that leads to all keys.
const HELP: &str = "help";
/// The widest title of an image.
const TITLE: usize = 32;
/// The narrowest, if it is not shorter: where there is no room for so many all of them are not seen.
const LEAST: usize = 8;
/// Columns of a mark that there are more, and of the blank beside it.
const MARK: u16 = 2;

impl App {
    /// Returns a sign that moves while something is under way.
    pub(super) fn spinner(&self) -> &'static str {
        let signs = self.glyphs.spinner;
        signs[self.tick as usize % signs.len()]
    }
}

/// The titles of the open images, as many as there is room for.
#[derive(Debug, Default)]
pub(crate) struct Titles {
    /// The number of each image whose title is seen, where that stands, and what it says.
    pub(crate) seen: Vec<(usize, Rect, String)>,
    /// Where it says that there are more before them.
    pub(crate) before: Option<Rect>,
    /// Where it says that there are more behind them.
    pub(crate) after: Option<Rect>,
}

impl Titles {
    /// Returns the titles in their line; that of the image that is looked at is always among them.
    pub(crate) fn of(app: &App, area: Rect) -> Self {
        let Some(last) = app.tabs.len().checked_sub(1) else { return Self::default() };
        let room = (usize::from(area.width) / app.tabs.len()).saturating_sub(3).clamp(LEAST, TITLE);
        let texts: Vec<String> = app.tabs.iter().map(|tab| title(app, tab, room)).collect();
        let widths: Vec<usize> = texts.iter().map(|text| text::width(text)).collect();
        // One column stands between two of them.
        let all = widths.iter().sum::<usize>() + last;
        let is_whole = all <= usize::from(area.width);
        let margin = if is_whole || area.width <= LEAST as u16 { 0 } else { MARK };
        let inner = area.inner(Margin::new(margin, 0));
        let (first, end) = match is_whole {
            true => (0, last),
            false => window(&widths, app.current.unwrap_or(0).min(last), usize::from(inner.width)),
        };
        let mut titles = Self::default();
        let mut x = inner.x;
        for (number, text) in texts.into_iter().enumerate().take(end + 1).skip(first) {
            let width = (widths[number] as u16).min(inner.right().saturating_sub(x));
            titles.seen.push((number, Rect { x, width, ..area }, text));
            x = (x + width + 1).min(inner.right());
        }
        let mark = |x: u16| (margin > 0).then_some(Rect { x, width: 1, ..area });
        titles.before = mark(area.x).filter(|_| first > 0);
        titles.after = mark(area.right().saturating_sub(1)).filter(|_| end < last);
        titles
    }

    /// Returns the number of the image whose title stands at a place, or of the next one that has no room
    /// there.
    pub(crate) fn at(&self, at: Position) -> Option<usize> {
        let is_hit = |mark: Option<Rect>| mark.is_some_and(|area| area.contains(at));
        let (first, last) = (self.seen.first()?.0, self.seen.last()?.0);
        match (is_hit(self.before), is_hit(self.after)) {
            (true, _) => first.checked_sub(1),
            (_, true) => Some(last + 1),
            _ => self.seen.iter().find(|(_, area, _)| area.contains(at)).map(|(number, ..)| *number),
        }
    }
}

/// Returns the first and the last title that are seen together with one of them: the next one, then as many
/// before it as fit, then as many behind it.
fn window(widths: &[usize], current: usize, room: usize) -> (usize, usize) {
    let (mut first, mut end) = (current, current);
    let mut used = widths[current];
    let mut fits = |number: usize| {
        let is_fitting = used + widths[number] < room;
        used += if is_fitting { widths[number] + 1 } else { 0 };
        is_fitting
    };
    if end + 1 < widths.len() && fits(end + 1) {
        end += 1;
    }
    while first > 0 && fits(first - 1) {
        first -= 1;
    }
    while end > current && end + 1 < widths.len() && fits(end + 1) {
        end += 1;
    }
    (first, end)
}

fn title(app: &App, tab: &Tab, room: usize) -> String {
    let mut name = tab.wanted.word.clone();
    if let Some(platform) = &tab.wanted.platform {
        name += &format!(" {platform}");
    }
    let name = escape_line(&name);
    let name = text::cut_path(&name, room, app.glyphs.ellipsis);
    let sign = match &tab.phase {
        Phase::Opening(..) => app.spinner(),
        Phase::Failed(_) => "!",
        Phase::Open(_) if tab.is_reading() => app.spinner(),
        Phase::Open(_) => " ",
    };
    format!("{sign}{name} ")
}

pub(super) fn tabs(app: &App, area: Rect, buffer: &mut Buffer) {
    let muted = app.theme.style(Role::Muted);
    if app.tabs.is_empty() {
        put(buffer, area.x, area.y, " attar inspect", area.width, muted);
        return;
    }
    let mut end = area.x;
    let beside = app.tab().and_then(Tab::compared).map(|comparison| comparison.other);
    let other = app.tabs.iter().position(|tab| Some(tab.id) == beside);
    let titles = Titles::of(app, area);
    let marks = [(titles.before, app.glyphs.more_left), (titles.after, app.glyphs.more_right)];
    for (number, area, title) in titles.seen {
        let is_current = app.current == Some(number);
        let is_beside = other == Some(number);
        let role = match (is_current, is_beside) {
            (true, _) => Role::Cursor,
            (false, true) => Role::Focus,
            (false, false) => Role::Muted,
        };
        let style = app.theme.style(role);
        put(buffer, area.x, area.y, &title, area.width, style);
        end = area.right();
    }
    for (place, sign) in marks {
        if let Some(place) = place {
            put(buffer, place.x, place.y, sign, place.width, app.theme.style(Role::Key));
            end = end.max(place.right());
        }
    }
    let Some(tab) = app.tab() else { return };
    // The views that there are, as far as there is room.
    let views: Vec<(&str, bool)> = match tab.compared() {
        Some(comparison) => Part::ALL.map(|part| (part.name(), part == comparison.part)).into(),
        None => {
            let is_there = |screen: &Screen| *screen != Screen::Compare || tab.comparison.is_some();
            let screens = Screen::ALL.into_iter().filter(is_there);
            screens.map(|screen| (screen.name(), screen == tab.screen)).collect()
        }
    };
    let mut x = end + 2;
    for (name, is_shown) in views {
        let width = name.len() as u16;
        if x + width + 1 > area.right() {
            break;
        }
        let style = if is_shown { app.theme.style(Role::Focus) } else { muted };
        put(buffer, x, area.y, name, width, style);
        x += width + 2;
    }
}

/// Draws the line that is typed, or what was said; returns where the cursor of the terminal stands.
pub(super) fn line(app: &App, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    if let Some(Overlay::Prompt(prompt)) = &app.overlay {
        return typed(app, prompt, area, buffer);
    }
    let Some(notice) = &app.notice else {
        if let Some(hashing) = app.hashing() {
            under_way(app, hashing, area, buffer);
        }
        return None;
    };
    let role = if notice.is_failure { Role::Bad } else { Role::Good };
    let hint = notice.hint.as_ref().map(|hint| format!(" (hint: {hint})")).unwrap_or_default();
    let width = usize::from(area.width);
    // What helps is not cut off for the sake of what failed, down to half of the line.
    let room = width.saturating_sub(text::width(&escape_line(&hint))).max(width / 2);
    let text = shortened(app, &notice.text, room).to_string() + &hint;
    let text = shortened(app, &text, width);
    put(buffer, area.x, area.y, &text, area.width, app.theme.style(role));
    None
}

/// Says which file is being hashed, and how far that is.
fn under_way(app: &App, hashing: &Hashing, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width);
    let (what, done, total) = match hashing.hashed.done() {
        0 => (format!("reading layer {} for", hashing.layer + 1), hashing.read(), hashing.blob),
        done => ("hashing".to_owned(), done, hashing.size),
    };
    let end = format!(": {}, esc stops it", progress(app, done, Some(total), area.width / 4));
    let start = format!("{} {what} ", app.spinner());
    let room = width.saturating_sub(text::width(&start) + text::width(&end));
    let name = escape_line(&hashing.name);
    let line = start + &text::cut_path(&name, room, app.glyphs.ellipsis) + &end;
    let line = text::cut(&line, width, app.glyphs.ellipsis);
    put(buffer, area.x, area.y, &line, area.width, app.theme.style(Role::Muted));
}

fn typed(app: &App, prompt: &Prompt, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let title = format!("{}: ", prompt.kind.title());
    let x = put(buffer, area.x, area.y, &title, area.width, app.theme.style(Role::Focus));
    let room = usize::from(area.right().saturating_sub(x));
    let before: String = prompt.input.value().chars().take(prompt.input.cursor()).collect();
    // Columns of what is drawn: what is harmful is longer than what was typed.
    let column = text::width(&escape_line(&before));
    let scroll = (column + 1).saturating_sub(room.max(1));
    let value = escape_line(prompt.input.value());
    let visible = text::window(&value, scroll, room);
    let end = put(buffer, x, area.y, &visible, room as u16, app.theme.style(Role::Text));
    let left = area.right().saturating_sub(end + 2);
    let (said, role) = match &prompt.error {
        Some(error) => (error.clone(), Role::Bad),
        None => (count(app).unwrap_or_else(|| prompt.kind.help().to_owned()), Role::Muted),
    };
    let said = shortened(app, &said, usize::from(left));
    put(buffer, end + 2, area.y, &said, left, app.theme.style(role));
    let cursor = column.saturating_sub(scroll) as u16;
    Some(Position::new((x + cursor).min(area.right().saturating_sub(1)), area.y))
}

/// Says how many matches there are.
fn count(app: &App) -> Option<String> {
    let Some(Overlay::Prompt(prompt)) = &app.overlay else { return None };
    let tab = app.tab()?;
    if prompt.input.value().is_empty() {
        return None;
    }
    match prompt.kind {
        crate::tui::app::PromptKind::Search if tab.found.is_pending => Some(app.spinner().to_owned()),
        crate::tui::app::PromptKind::Search => Some(format!("{} found", tab.found.count())),
        _ => None,
    }
}

pub(super) fn hints(app: &App, area: Rect, buffer: &mut Buffer) {
    let mut x = area.x;
    let pending = app.pending.shown();
    let keys = match app.tab().and_then(Tab::compared) {
        Some(_) if app.overlay.is_none() => app.keymap.comparison_hints(app.context()),
        _ => app.keymap.hints(app.context()),
    };
    let pieces: Vec<(String, String)> = match (pending.is_empty(), &app.overlay) {
        (false, _) => vec![(pending, "…".to_owned())],
        (true, Some(Overlay::Prompt(_))) => {
            vec![
                ("enter".into(), "do it".into()),
                ("esc".into(), "leave it".into()),
                ("up".into(), "earlier".into()),
            ]
        }
        (true, Some(overlay)) => {
            let works = |what: &str| match what {
                "go there" | "close" => true,
                "search" => matches!(overlay, Overlay::Help(_)),
                _ => false,
            };
            let keys = keys.into_iter().filter(|(_, what)| works(what));
            keys.map(|(keys, text)| (keys, text.to_owned())).collect()
        }
        (true, None) => keys.into_iter().map(|(keys, text)| (keys, text.to_owned())).collect(),
    };
    let help = app.keymap.hints(Context::Everywhere).into_iter().find(|(_, what)| *what == HELP);
    let width = |(keys, what): &(String, String)| (text::width(keys) + text::width(what) + 1) as u16;
    let mut reserved = help.map_or(0, |(keys, what)| width(&(keys, what.to_owned())) + 2);
    for piece in pieces {
        let width = width(&piece);
        let (keys, what) = piece;
        if what == HELP {
            reserved = 0;
        }
        if x + width + reserved > area.right() {
            // Whoever sees no more of the keys must see where they all are.
            continue;
        }
        x = put(buffer, x, area.y, &keys, width, app.theme.style(Role::Key));
        x = put(buffer, x, area.y, &format!(" {what}"), width, app.theme.style(Role::Muted)) + 2;
    }
}

/// Draws where the lines that are seen stand among all, into the right border.
pub(super) fn scroll_bar(app: &App, spot: Spot, top: usize, length: usize, buffer: &mut Buffer) {
    let area = spot.body;
    let height = usize::from(area.height);
    if spot.frame == area || length <= height || height == 0 {
        return;
    }
    let x = spot.frame.right() - 1;
    let size = (height * height / length).max(1);
    let start = (top * (height - size)).checked_div(length - height).unwrap_or(0).min(height - size);
    for line in start..start + size {
        put(buffer, x, area.y + line as u16, app.glyphs.scroll_thumb, 1, app.theme.style(Role::Focus));
    }
}

/// Returns a bar of how much is done.
pub(super) fn progress(app: &App, done: u64, total: Option<u64>, width: u16) -> String {
    let Some(total) = total.filter(|total| *total > 0) else { return format::bytes(done) };
    let figures = format!(" {} of {}", format::bytes(done), format::bytes(total));
    let room = usize::from(width).saturating_sub(figures.len()).min(30);
    let full = (done.min(total) as f64 / total as f64 * room as f64) as usize;
    app.glyphs.bar_full.repeat(full) + &app.glyphs.bar_empty.repeat(room - full) + &figures
}

/// Says what a list waits for, or why it cannot be shown.
pub(super) fn waiting(app: &App, tab: &Tab) -> Option<Vec<(String, Role)>> {
    let (what, failure) = match tab.screen {
        Screen::Packages => match (&tab.owners, &tab.packages) {
            (Known::Failed(failure), _) | (_, Known::Failed(failure)) => ("", Some(failure)),
            (_, Known::Known(())) => return None,
            _ => ("reading the package databases", None),
        },
        Screen::Verdict => match &tab.verdict {
            Known::Failed(failure) => ("", Some(failure)),
            Known::Known(_) => return None,
            _ if tab.is_reading() => ("waiting for the layers", None),
            _ => ("judging the image", None),
        },
        _ if tab.snapshot.is_none() => ("reading the layers", None),
        _ => return None,
    };
    Some(match failure {
        Some(failure) => failed(failure),
        None => vec![(format!("{} {what}", app.spinner()), Role::Muted)],
    })
}
