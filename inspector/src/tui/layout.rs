//! How the panes share the screen: three columns where there is room, two, or one.

use ratatui::layout::{Margin, Position, Rect};

use super::app::{App, Overlay, Part};
use super::listing::Listing;
use super::start::Pane;

/// From so many columns on the preview stands beside the tree.
const THREE_COLUMNS: u16 = 120;
/// From so many columns on the layers stand beside the tree.
const TWO_COLUMNS: u16 = 80;
/// From so many rows on the details stand below the layers.
const DETAILS: u16 = 20;
/// Rows of a list of which one must have details for these to be shown.
const DETAILED: usize = 50;
/// From so many columns on the preview of two images stands beside their trees.
const BESIDE: u16 = 150;
/// From so many rows on it stands below them, whoever has the keys.
const BELOW: u16 = 24;
/// From so many rows on there is a line that says in what two images differ.
const SUMMARY: u16 = 6;
/// The narrowest pane.
const NARROWEST: u16 = 16;

/// What the user chose of the layout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    is_zoomed: bool,
    hides_preview: bool,
    hides_attributes: bool,
    /// What the left column is wider than usual.
    left: i16,
    /// What the right column is wider than usual.
    right: i16,
}

/// Where a pane stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    /// With its border; the same as the body where there is no room for one.
    pub frame: Rect,
    /// The line of headings.
    pub heading: Option<Rect>,
    /// What is left for lines.
    pub body: Rect,
}

/// Where everything stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Areas {
    /// The images that are open.
    pub tabs: Rect,
    /// The layers.
    pub layers: Option<Spot>,
    /// The details of the layer.
    pub details: Option<Spot>,
    /// The tree or a list.
    pub main: Option<Spot>,
    /// The trees of two images, within the tree's place; none where there is only room for one.
    pub sides: Option<[Side; 2]>,
    /// What two images differ in, in one line.
    pub summary: Option<Rect>,
    /// The preview.
    pub preview: Option<Spot>,
    /// The line that is typed, or what was said.
    pub line: Rect,
    /// The keys that matter now.
    pub hints: Rect,
    /// The list on top of everything.
    pub overlay: Option<Spot>,
}

/// Where one of two trees stands, side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// The tree.
    pub spot: Spot,
    /// The line about the image.
    pub facts: Option<Rect>,
}

impl Layout {
    /// Says whether one pane has the whole screen.
    pub fn is_zoomed(&self) -> bool {
        self.is_zoomed
    }

    /// Says whether mode, owner and time are shown.
    pub fn shows_attributes(&self) -> bool {
        !self.hides_attributes
    }

    pub(super) fn toggle_zoom(&mut self) {
        self.is_zoomed = !self.is_zoomed;
    }

    pub(super) fn toggle_preview(&mut self) {
        self.hides_preview = !self.hides_preview;
    }

    pub(super) fn toggle_attributes(&mut self) {
        self.hides_attributes = !self.hides_attributes;
    }

    /// Says whether the preview is hidden until somebody goes to it.
    pub(super) fn hides_preview(&self) -> bool {
        self.hides_preview
    }

    pub(super) fn reveal(&mut self, pane: Pane) {
        if pane == Pane::Preview {
            self.hides_preview = false;
        }
    }

    /// Makes a pane so many columns wider.
    pub(super) fn widen(&mut self, pane: Pane, by: i16) {
        match pane {
            Pane::Layers | Pane::Facts => self.left = (self.left + by).clamp(-200, 200),
            Pane::Preview => self.right = (self.right + by).clamp(-200, 200),
            Pane::Tree => {
                self.left = (self.left - by).clamp(-200, 200);
            }
        }
    }

    /// Returns where everything stands.
    pub fn areas(&self, app: &App) -> Areas {
        let (width, height) = app.size;
        let mut areas = Areas::default();
        if width == 0 || height == 0 {
            return areas;
        }
        let mut top = 0;
        let mut bottom = height;
        if height >= 4 {
            areas.tabs = Rect::new(0, 0, width, 1);
            top = 1;
        }
        if height >= 3 {
            bottom -= 1;
            areas.hints = Rect::new(0, bottom, width, 1);
        }
        let has_line = app.notice.is_some()
            || app.hashing().is_some()
            || matches!(app.overlay, Some(Overlay::Prompt(_)));
        if has_line && bottom > top {
            bottom -= 1;
            areas.line = Rect::new(0, bottom, width, 1);
        }
        let body = Rect::new(0, top, width, bottom - top);
        self.divide(&mut areas, body, app);
        areas.overlay = overlay(body, app);
        areas
    }

    fn divide(&self, areas: &mut Areas, body: Rect, app: &App) {
        let Some(tab) = app.tab() else {
            areas.main = Some(Spot::of(body, true));
            return;
        };
        if let Some(comparison) = tab.compared() {
            return self.divide_comparison(areas, body, tab.focus, comparison.part);
        }
        let focus = tab.focus;
        if self.is_zoomed || body.width < TWO_COLUMNS {
            let area = Some(Spot::of(body, matches!(focus, Pane::Tree | Pane::Layers)));
            match focus {
                Pane::Layers => areas.layers = area,
                Pane::Facts => areas.details = area,
                Pane::Tree => areas.main = area,
                Pane::Preview => areas.preview = area,
            }
            return;
        }
        let has_room = body.width >= THREE_COLUMNS || focus == Pane::Preview;
        // Beside a list without details there is nothing to show.
        let has_details =
            |list: &Listing| list.rows.iter().take(DETAILED).any(|line| !line.detail.is_empty());
        // What has the keys is always seen.
        let is_of_use = focus == Pane::Preview || tab.list().is_none_or(has_details);
        let shows_preview = !self.hides_preview && has_room && is_of_use;
        let left = share(body.width, if shows_preview { 30 } else { 36 }, self.left);
        let right = match shows_preview {
            true => share(body.width, 34, self.right).min(body.width.saturating_sub(left + NARROWEST)),
            false => 0,
        };
        let column = Rect { width: left, ..body };
        if body.height >= DETAILS {
            let details = (body.height * 2 / 5).max(8);
            areas.layers = Some(Spot::of(Rect { height: body.height - details, ..column }, true));
            let below = Rect { y: body.bottom() - details, height: details, ..column };
            areas.details = Some(Spot::of(below, false));
        } else if focus == Pane::Facts {
            areas.details = Some(Spot::of(column, false));
        } else {
            areas.layers = Some(Spot::of(column, true));
        }
        let middle = Rect { x: left, width: body.width - left - right, ..body };
        areas.main = Some(Spot::of(middle, true));
        if shows_preview {
            let column = Rect { x: body.right() - right, width: right, ..body };
            areas.preview = Some(Spot::of(column, false));
        }
    }
}

impl Layout {
    /// Divides what two images have: both trees beside each other or as one, the preview below or beside.
    fn divide_comparison(&self, areas: &mut Areas, body: Rect, focus: Pane, part: Part) {
        let mut body = body;
        if body.height >= SUMMARY {
            body.height -= 1;
            areas.summary = Some(Rect { y: body.bottom(), height: 1, ..body });
        }
        let is_alone = self.is_zoomed || body.width < TWO_COLUMNS;
        let shows_preview = !self.hides_preview || focus == Pane::Preview;
        if is_alone && focus == Pane::Preview {
            areas.preview = Some(Spot::of(body, false));
            return;
        }
        let is_roomy = body.width >= BESIDE || body.height >= BELOW || focus == Pane::Preview;
        if !is_alone && shows_preview && is_roomy {
            let area = if body.width >= BESIDE {
                let width = share(body.width, 34, self.right);
                body.width -= width;
                Rect { x: body.right(), width, ..body }
            } else {
                let height = body.height * 2 / 5;
                body.height -= height;
                Rect { y: body.bottom(), height, ..body }
            };
            areas.preview = Some(Spot::of(area, false));
        }
        if part != Part::Files || body.width < TWO_COLUMNS {
            areas.main = Some(Spot::of(body, true));
            return;
        }
        let half = body.width / 2;
        let left = Side::of(Rect { width: half, ..body });
        let right = Side::of(Rect { x: body.x + half, width: body.width - half, ..body });
        let lines = Rect { width: right.spot.body.right() - left.spot.body.x, ..left.spot.body };
        areas.main = Some(Spot { frame: body, heading: None, body: lines });
        areas.sides = Some([left, right]);
    }
}

impl Side {
    fn of(frame: Rect) -> Self {
        let spot = Spot::of(frame, true);
        match spot.heading {
            Some(facts) if spot.body.height > 2 => {
                let Rect { y, height, .. } = spot.body;
                let heading = Some(Rect { y, height: 1, ..facts });
                let body = Rect { y: y + 1, height: height - 1, ..spot.body };
                Self { spot: Spot { frame, heading, body }, facts: Some(facts) }
            }
            _ => Self { spot, facts: None },
        }
    }
}

impl Areas {
    /// Returns where the lines of a pane stand.
    pub fn of(&self, pane: Pane) -> Option<Rect> {
        Some(self.spot(pane)?.body)
    }

    fn spot(&self, pane: Pane) -> Option<Spot> {
        match pane {
            Pane::Layers => self.layers,
            Pane::Facts => self.details,
            Pane::Tree => self.main,
            Pane::Preview => self.preview,
        }
    }

    /// Returns the pane at a place.
    pub fn pane_at(&self, at: Position) -> Option<(Pane, Rect)> {
        let all = [Pane::Layers, Pane::Facts, Pane::Tree, Pane::Preview];
        all.into_iter().find_map(|pane| Some((pane, self.of(pane).filter(|area| area.contains(at))?)))
    }

    /// Returns the pane whose right border is at a place.
    pub fn border_at(&self, at: Position) -> Option<Pane> {
        let is_there =
            |spot: Spot| spot.frame != spot.body && at.x + 1 == spot.frame.right() && spot.frame.contains(at);
        [Pane::Layers, Pane::Facts, Pane::Tree]
            .into_iter()
            .find(|pane| self.spot(*pane).is_some_and(is_there))
    }

    /// Returns the image whose title stands at a place, or that a mark there leads to.
    pub fn tab_at(&self, at: Position, app: &App) -> Option<usize> {
        super::view::Titles::of(app, self.tabs).at(at)
    }

    /// Says whether the mark of a folded or unfolded directory stands at a place.
    pub fn is_fold_mark(&self, at: Position, app: &App) -> bool {
        let Some((spot, tab)) = self.main.zip(app.tab()) else { return false };
        if let Some(comparison) = tab.compared() {
            let depth = comparison.tree.row().map_or(0, |row| row.depth);
            return super::view::compare::fold_marks(self, depth).any(|column| column == at.x);
        }
        let columns = super::view::tree::Columns::of(app, spot.body.width);
        let depth = tab.tree.row().map_or(0, |row| row.depth);
        at.x.saturating_sub(spot.body.x) == columns.fold_mark(depth)
    }

    /// Returns the number of lines of the tree or list.
    pub fn main_rows(&self) -> u16 {
        self.main.map_or(0, |spot| spot.body.height)
    }

    /// Returns the number of lines of the layers.
    pub fn layer_rows(&self) -> u16 {
        self.layers.map_or(0, |spot| spot.body.height)
    }

    /// Returns the number of lines of what is on top.
    pub fn overlay_rows(&self) -> u16 {
        self.overlay.map_or(0, |spot| spot.body.height)
    }
}

/// Returns the part of a width in per cent, a bit wider or narrower.
fn share(width: u16, percent: u32, wider: i16) -> u16 {
    let usual = (u32::from(width) * percent / 100) as u16;
    usual.saturating_add_signed(wider).clamp(NARROWEST, width - 2 * NARROWEST)
}

impl Spot {
    /// Divides an area into border, heading and lines, as far as there is room.
    fn of(frame: Rect, has_heading: bool) -> Self {
        if frame.width < 3 || frame.height < 3 {
            return Self { frame, heading: None, body: frame };
        }
        let inner = frame.inner(Margin::new(1, 1));
        if !has_heading || inner.height < 4 {
            return Self { frame, heading: None, body: inner };
        }
        let heading = Rect { height: 1, ..inner };
        Self {
            frame,
            heading: Some(heading),
            body: Rect { y: inner.y + 1, height: inner.height - 1, ..inner },
        }
    }
}

/// Returns where the list on top stands.
fn overlay(body: Rect, app: &App) -> Option<Spot> {
    let overlay = app.overlay.as_ref()?;
    let rows = overlay.list().rows.len();
    if matches!(overlay, Overlay::Prompt(_)) {
        // Choices stand above the line that is typed.
        let height = u16::try_from(rows).unwrap_or(u16::MAX).min(body.height / 2);
        let area = Rect { y: body.bottom() - height.min(body.height), height, ..body };
        return (rows > 0).then_some(Spot { frame: area, heading: None, body: area });
    }
    let margin = if body.width > 60 { 4 } else { 0 };
    let width = body.width - 2 * margin;
    let height = body.height - if body.height > 16 { 2 } else { 0 };
    let y = body.y + (body.height - height) / 2;
    Some(Spot::of(Rect { x: body.x + margin, y, width, height }, true))
}
