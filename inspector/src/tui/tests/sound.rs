//! What holds of every state and every screen, whatever was done before.

use attar_image::text::is_harmful;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, CellWidth as _};
use ratatui::layout::{Position, Rect};

use crate::tui::Cursor;
use crate::tui::app::{App, Comparison, Screen, Tab};
use crate::tui::layout::{Areas, Side, Spot};
use crate::tui::start::Pane;
use crate::tui::view::{self, Titles};

/// Asserts what holds of a state and of its screen, and returns the screen.
#[track_caller]
pub(super) fn check(app: &App) -> Buffer {
    let areas = app.layout.areas(app);
    state(app, &areas);
    places(app, &areas);
    let (width, height) = app.size;
    let Ok(mut terminal) = Terminal::new(TestBackend::new(width, height));
    let Ok(_) = terminal.draw(|frame| view::draw(app, frame));
    let Ok(cursor) = terminal.get_cursor_position();
    let screen = terminal.backend().buffer().clone();
    assert_eq!(screen.area, Rect::new(0, 0, width, height));
    assert!(width == 0 || height == 0 || screen.area.contains(cursor), "the cursor is at {cursor}");
    cells(&screen);
    frames(app, &areas, &screen);
    screen
}

/// Asserts that every cell of a screen holds what a terminal draws into it, and nothing else.
#[track_caller]
pub(super) fn cells(screen: &Buffer) {
    let area = screen.area;
    for at in area.positions() {
        let symbol = screen[at].symbol();
        let harmful = symbol.chars().find(|character| is_harmful(*character));
        assert_eq!(harmful, None, "in the cell at {at}");
        assert!(symbol.len() <= 64, "{} bytes in the cell at {at}", symbol.len());
        let width = screen[at].cell_width();
        assert_eq!(usize::from(width), crate::tui::text::width(symbol), "{symbol:?} at {at}");
        assert!((1..=8).contains(&width), "{symbol:?} at {at} has {width} columns");
        for x in at.x + 1..at.x + width {
            let next = Position::new(x, at.y);
            assert!(area.contains(next), "{symbol} stands half outside the screen");
            assert_eq!(screen[next].symbol(), " ", "behind {symbol} at {at}");
        }
    }
}

#[track_caller]
fn state(app: &App, areas: &Areas) {
    assert!(app.current.is_none_or(|current| current < app.tabs.len()), "no tab {:?}", app.current);
    cursor("images", app.images.cursor, app.images.rows.len(), areas.main_rows(), app.tab().is_none());
    if let Some(overlay) = &app.overlay {
        let list = overlay.list();
        cursor("overlay", list.cursor, list.rows.len(), areas.overlay_rows(), true);
    }
    titles(app, areas);
    let Some(tab) = app.tab() else { return };
    cursor("layers", tab.layer, tab.layer_count(), areas.layer_rows(), true);
    cursor("tree", tab.tree.cursor, tab.tree.length(), areas.main_rows(), tab.list().is_none());
    if let Some(list) = tab.list() {
        cursor(&list.title, list.cursor, list.rows.len(), areas.main_rows(), true);
    }
    if app.size.0 > 0 && app.size.1 > 0 {
        assert!(areas.of(tab.focus).is_some(), "{:?} has the keys and is not seen", tab.focus);
    }
    tree(app, tab);
    if let Some(area) = areas.of(Pane::Facts) {
        assert!(tab.details_top <= view::details_end(tab, area), "nothing is seen of the details");
    }
    if let Some(compared) = tab.compared() {
        comparison(app, tab, compared, areas);
    }
}

/// Asserts that the title of the image that is looked at is seen, and that a click on a title goes there.
#[track_caller]
fn titles(app: &App, areas: &Areas) {
    let (line, titles) = (areas.tabs, Titles::of(app, areas.tabs));
    let mut end = line.x;
    for mark in [titles.before, titles.after].into_iter().flatten() {
        assert!(line.intersection(mark) == mark, "{mark} is not in {line}");
    }
    for (number, area, _) in &titles.seen {
        assert!(area.x >= end && area.right() <= line.right(), "title {number} at {area} in {line}");
        end = area.right();
        let is_marked =
            [titles.before, titles.after].into_iter().flatten().any(|mark| mark.intersects(*area));
        assert!(!is_marked, "a mark is upon title {number}");
        if !area.is_empty() {
            assert_eq!(areas.tab_at(Position::new(area.x, area.y), app), Some(*number));
        }
    }
    if let Some(current) = app.current.filter(|_| !line.is_empty()) {
        let seen = titles.seen.iter().find(|(number, ..)| *number == current);
        assert!(seen.is_some_and(|(_, area, _)| !area.is_empty()), "{titles:?} without {current}");
    }
    let hidden = titles.seen.first().is_some_and(|(first, ..)| *first > 0);
    assert!(hidden == titles.before.is_some() || line.width <= 8, "{titles:?}");
}

/// Asserts that a cursor is in its list, and seen where the list is.
#[track_caller]
fn cursor(what: &str, cursor: Cursor, length: usize, height: u16, is_seen: bool) {
    assert!(cursor.at < length.max(1), "{what}: row {} of {length}", cursor.at);
    let height = usize::from(height);
    if is_seen && height > 0 {
        let seen = cursor.top..cursor.top + height;
        assert!(seen.contains(&cursor.at), "{what}: row {} is not among {seen:?}", cursor.at);
    }
}

#[track_caller]
fn tree(app: &App, tab: &Tab) {
    let tree = &tab.tree;
    let (Some(shown), Some(rows)) = (&tree.shown, &tree.rows) else {
        assert!(tree.shown.is_none() && tree.rows.is_none(), "rows of nothing");
        return;
    };
    assert!(std::ptr::eq(rows.forest().as_ref(), shown.view.as_ref()), "rows of another view");
    if let Some(selected) = tree.selected() {
        assert!(shown.view.is_shown(selected), "the cursor is on what is not shown");
    }
    let paths = shown.snapshot.stack.paths().count();
    // Until what was searched for is searched for again.
    if !tab.found.is_pending {
        assert!(tab.found.paths.iter().all(|path| path.index() < paths), "paths of other layers were found");
    }
    let is_asked = !app.is_busy() && tab.screen == Screen::Tree;
    assert!(!is_asked || tree.is_filtered(), "nobody is asked for what the filter leaves");
    assert!(tab.span.mark < tab.layer_count().max(1), "a range from layer {}", tab.span.mark);
}

#[track_caller]
fn comparison(app: &App, tab: &Tab, comparison: &Comparison, areas: &Areas) {
    assert!(app.other(comparison).is_some(), "compared with what is closed");
    assert!(matches!(tab.focus, Pane::Tree | Pane::Preview), "{:?} has the keys", tab.focus);
    let tree = &comparison.tree;
    cursor("pairs", tree.cursor, tree.length(), areas.main_rows(), comparison.list().is_none());
    if let Some([one, other]) = areas.sides {
        let lines = |side: Side| (side.spot.body.y, side.spot.body.height);
        assert_eq!(lines(one), lines(other), "rows that belong together do not stand in one line");
        assert_eq!(usize::from(one.spot.body.height), usize::from(areas.main_rows()));
    }
    let (Some(shown), Some(rows)) = (&tree.shown, &tree.rows) else {
        assert!(tree.shown.is_none() && tree.rows.is_none(), "rows of nothing");
        assert!(tab.found.pairs.paths.is_empty(), "found among nothing");
        return;
    };
    assert!(std::ptr::eq(rows.forest().as_ref(), shown.pair.as_ref()), "rows of other images");
    if let Some(selected) = tree.selected() {
        assert!(shown.pair.is_shown(selected), "the cursor is on what is not shown");
    }
    let last = shown.pair.all().last();
    assert!(tab.found.pairs.numbers.iter().all(|node| Some(*node) <= last), "found in other images");
    assert!(tab.found.at < tab.found.count().max(1), "match {} of {}", tab.found.at, tab.found.count());
}

/// Asserts that everything stands on the screen and nothing upon anything else.
#[track_caller]
fn places(app: &App, areas: &Areas) {
    let screen = Rect::new(0, 0, app.size.0, app.size.1);
    let is_inside = |inner: Rect, outer: Rect| inner.is_empty() || outer.intersection(inner) == inner;
    let spots = [areas.layers, areas.details, areas.main, areas.preview];
    for spot in spots.into_iter().chain([areas.overlay]).flatten() {
        assert!(is_inside(spot.frame, screen), "{spot:?} is not on the screen");
        assert!(is_inside(spot.body, spot.frame), "{spot:?}");
        if let Some(heading) = spot.heading {
            assert!(is_inside(heading, spot.frame) && !heading.intersects(spot.body), "{spot:?}");
        }
    }
    let sides = areas.sides.map(|sides| sides.map(|side| side.spot.frame)).unwrap_or_default();
    let main = areas.main.map(|spot| spot.frame).unwrap_or_default();
    assert!(sides.into_iter().all(|side| is_inside(side, main)), "{sides:?} are not in {main}");
    assert!(!sides[0].intersects(sides[1]), "{sides:?}");
    let lines = [areas.tabs, areas.summary.unwrap_or_default()];
    assert!(lines.into_iter().all(|line| is_inside(line, screen)), "{lines:?}");
    let lines = [areas.tabs, areas.line, areas.hints];
    assert!(lines.into_iter().all(|line| is_inside(line, screen)), "{lines:?}");
    let panes: Vec<Rect> =
        lines.into_iter().chain(spots.into_iter().flatten().map(|spot| spot.frame)).collect();
    for (number, one) in panes.iter().enumerate() {
        for other in &panes[number + 1..] {
            assert!(!one.intersects(*other), "{one} is upon {other}");
        }
    }
    if let Some(overlay) = areas.overlay {
        assert!(lines.into_iter().all(|line| !overlay.frame.intersects(line)), "{overlay:?}");
    }
}

/// Asserts that the frames are whole and nothing is drawn outside of them.
#[track_caller]
fn frames(app: &App, areas: &Areas, screen: &Buffer) {
    let middle = match areas.sides {
        // Each of two trees has a frame of its own.
        Some(sides) => sides.map(|side| Some(side.spot)),
        None => [areas.main, None],
    };
    let panes = middle.into_iter().chain([areas.layers, areas.details, areas.preview]).flatten();
    let panes: Vec<Spot> = panes.collect();
    let cover = areas.overlay.map(|spot| spot.frame).unwrap_or_default();
    for spot in &panes {
        frame(app, *spot, screen, cover);
    }
    if let Some(spot) = areas.overlay {
        frame(app, spot, screen, Rect::ZERO);
    }
    let drawn: Vec<Rect> = panes.into_iter().map(|spot| spot.frame).collect();
    let lines = [areas.tabs, areas.line, areas.hints, cover, areas.summary.unwrap_or_default()];
    for at in screen.area.positions() {
        if !drawn.iter().chain(&lines).any(|area| area.contains(at)) {
            assert_eq!(screen[at].symbol(), " ", "at {at}, outside of all panes");
        }
    }
}

#[track_caller]
fn frame(app: &App, spot: Spot, screen: &Buffer, cover: Rect) {
    let (area, set) = (spot.frame, app.glyphs.border);
    if area == spot.body || area.is_empty() {
        return;
    }
    let (left, right, top, bottom) = (area.left(), area.right() - 1, area.top(), area.bottom() - 1);
    let mut expected = vec![
        ((left, top), [set.top_left, ""]),
        ((right, top), [set.top_right, ""]),
        ((left, bottom), [set.bottom_left, ""]),
        ((right, bottom), [set.bottom_right, ""]),
    ];
    expected.extend((left + 1..right).map(|x| ((x, bottom), [set.horizontal_bottom, ""])));
    for y in top + 1..bottom {
        expected.push(((left, y), [set.vertical_left, ""]));
        expected.push(((right, y), [set.vertical_right, app.glyphs.scroll_thumb]));
    }
    for (at, symbols) in expected {
        let at = Position::from(at);
        let symbol = screen[at].symbol();
        assert!(cover.contains(at) || symbols.contains(&symbol), "{symbol:?} at {at} in the frame {area}");
    }
}

/// Returns the part of a screen where a pane has its lines, as text.
pub(super) fn pane(app: &App, pane: Pane) -> String {
    let Some(area) = app.layout.areas(app).of(pane) else { return String::new() };
    let screen = crate::tui::screen(app);
    let line = |y: u16| (area.left()..area.right()).map(|x| screen[(x, y)].symbol()).collect::<String>();
    (area.top()..area.bottom()).map(|y| line(y).trim_end().to_owned() + "\n").collect()
}
