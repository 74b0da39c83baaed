//! Lists of the interface: waste, packages, verdict, facts, images, keys, messages. One form for all, so
//! that moving, searching, jumping, drawing and exporting are written once.

use attar_image::path::TreePath;
use serde::Serialize;

use super::cursor::Cursor;
use super::source::Wanted;
use super::theme::Role;

/// Rows of cells with a cursor.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// What is listed.
    pub title: String,
    /// Headings and widths.
    pub columns: Vec<Column>,
    /// The rows, in the order in which they are shown.
    pub rows: Vec<Line>,
    /// Said where there are no rows, or besides them.
    pub note: Option<String>,
    /// The row that is looked at.
    pub cursor: Cursor,
    /// What rows must hold to be shown.
    pub filter: String,
    /// The column that decides about the order, and whether that is reversed; none for the usual order.
    pub order: Option<(usize, bool)>,
    /// All rows in the usual order, unless `rows` are they.
    all: Option<Vec<Line>>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its heading.
    pub title: &'static str,
    /// How wide it is.
    pub width: Width,
    /// How much it matters where there is too little room: columns with the largest number go first.
    pub rank: u8,
}

/// How wide a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// As wide as its widest cell, at most so many columns; numbers stand at the right.
    Number(u16),
    /// As wide as its widest cell, at most so many columns.
    Text(u16),
    /// What is left.
    Rest,
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// One text for each column, harmless or not: drawing escapes it.
    pub cells: Vec<String>,
    /// What it looks like.
    pub role: Option<Role>,
    /// Where it leads.
    pub jump: Option<Jump>,
    /// What the preview says about it.
    pub detail: Vec<String>,
    /// Whether it only divides others.
    pub is_heading: bool,
    /// What the cells of columns of numbers stand for, by the columns' places.
    pub numbers: Vec<(usize, u64)>,
}

/// Where a row leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Jump {
    /// A path, as a layer has it: the one that brought it, if it is not there at the end.
    Path {
        /// The path.
        path: TreePath,
        /// The layer, from 0 for the lowest.
        layer: Option<usize>,
    },
    /// A layer.
    Layer(usize),
    /// The tree, showing only what matches.
    Filter {
        /// What must match.
        filter: String,
        /// Whether what upper layers took away is shown too.
        with_dead: bool,
    },
    /// An image.
    Image(Wanted),
    /// Something that can be done.
    Action(super::action::Action),
}

/// What is exported of a listing.
#[derive(Debug, Serialize)]
pub struct Exported<'a> {
    /// What is listed.
    pub list: &'a str,
    /// One object for each row, by the headings.
    pub rows: Vec<std::collections::BTreeMap<&'static str, &'a str>>,
}

impl Listing {
    /// Returns a list with a title and columns.
    pub fn new(title: impl Into<String>, columns: Vec<Column>) -> Self {
        Self { title: title.into(), columns, ..Self::default() }
    }

    /// Returns the row under the cursor.
    pub fn selected(&self) -> Option<&Line> {
        self.rows.get(self.cursor.at)
    }

    /// Adds a row behind all others.
    pub fn push(&mut self, line: Line) {
        match &mut self.all {
            Some(all) => {
                all.push(line);
                self.arrange_around();
            }
            None => self.rows.push(line),
        }
    }

    /// Moves the cursor; headings are passed over.
    pub fn step(&mut self, by: isize) {
        self.cursor.step(by, self.rows.len());
        self.pass_headings(by > 0);
    }

    /// Moves the cursor from a heading to the nearest row behind it, or before it.
    pub(super) fn pass_headings(&mut self, forward: bool) {
        let at = self.cursor.at.min(self.rows.len());
        let is_row = |at: &usize| !self.rows[*at].is_heading;
        let (after, before) = ((at..self.rows.len()).find(is_row), (0..at).rfind(is_row));
        let nearest = match forward || after == Some(at) {
            true => after.or(before),
            false => before.or(after),
        };
        self.cursor.at = nearest.unwrap_or(self.cursor.at);
    }

    /// Returns what is exported of it.
    pub fn exported(&self) -> Exported<'_> {
        let titles = || self.columns.iter().map(|column| column.title);
        let rows = self.rows.iter().filter(|row| !row.is_heading);
        let rows = rows.map(|line| titles().zip(line.cells.iter().map(String::as_str)).collect()).collect();
        Exported { list: &self.title, rows }
    }

    /// Returns the rows that hold a text, ASCII letters in either case.
    pub fn matches(&self, text: &str) -> Vec<usize> {
        let wanted = text.to_lowercase();
        let holds = |line: &Line| line.cells.iter().any(|cell| cell.to_lowercase().contains(&wanted));
        let rows = self.rows.iter().enumerate().filter(|(_, line)| holds(line));
        rows.map(|(number, _)| number).collect()
    }

    /// Puts other rows in the place of these: filter and order stay, and so does the cursor on what it was
    /// on, if that is there.
    pub fn replace(&mut self, other: Self) {
        let before = self.selected().map(|line| (line.jump.clone(), line.cells.clone()));
        let (filter, order) = (std::mem::take(&mut self.filter), self.order);
        let cursor = self.cursor;
        *self = Self { filter, order, ..other };
        self.arrange();
        if let Some((jump, cells)) = before {
            let same = |line: &Line| (jump.is_some() && line.jump == jump) || line.cells == cells;
            self.cursor = Cursor { at: self.rows.iter().position(same).unwrap_or(cursor.at), ..cursor };
        }
        self.cursor = self.cursor.within(self.rows.len());
        self.pass_headings(true);
    }
}

/// Filter and order.
impl Listing {
    /// Shows only rows that hold a text, ASCII letters in either case; all for an empty one.
    pub fn set_filter(&mut self, text: &str) {
        text.clone_into(&mut self.filter);
        self.arrange_around();
    }

    /// Shows only rows that hold a text, in an order, unless they are shown like that already.
    pub fn sift(&mut self, text: &str, order: Option<(usize, bool)>) {
        if self.filter != text || self.order != order {
            self.order = order;
            self.set_filter(text);
        }
    }

    /// Sorts by the next column, and after the last one as usual again.
    pub fn cycle_order(&mut self) {
        let next = self.order.map_or(0, |(column, _)| column + 1);
        self.order = (next < self.columns.len()).then_some((next, false));
        self.arrange_around();
    }

    /// Reverses the order.
    pub fn reverse(&mut self) {
        let (column, is_reversed) = self.order.unwrap_or((0, true));
        self.order = Some((column, !is_reversed));
        self.arrange_around();
    }

    /// Arranges the rows; the cursor stays on what it is on.
    fn arrange_around(&mut self) {
        let before = self.selected().cloned();
        self.arrange();
        let place = before.and_then(|before| self.rows.iter().position(|line| *line == before));
        self.cursor.at = place.unwrap_or(0);
        self.step(0);
    }

    fn arrange(&mut self) {
        let all = self.all.take().unwrap_or_else(|| std::mem::take(&mut self.rows));
        if self.filter.is_empty() && self.order.is_none() {
            self.rows = all;
            return;
        }
        let wanted = self.filter.to_lowercase();
        let holds = |line: &Line| {
            line.is_heading || line.cells.iter().any(|cell| cell.to_lowercase().contains(&wanted))
        };
        let mut rows: Vec<Line> = all.iter().filter(|line| holds(line)).cloned().collect();
        if let Some((column, is_reversed)) = self.order {
            // What stands below a heading stays there.
            for group in rows.chunk_by_mut(|_, next| !next.is_heading) {
                let start = usize::from(group.first().is_some_and(|line| line.is_heading));
                group[start..].sort_by(|one, other| {
                    let order = one.compare(other, column);
                    if is_reversed { order.reverse() } else { order }
                });
            }
        }
        (self.rows, self.all) = (rows, Some(all));
    }
}

impl Column {
    /// Returns a column.
    pub fn new(title: &'static str, width: Width, rank: u8) -> Self {
        Self { title, width, rank }
    }
}

impl Line {
    /// Returns a row of cells.
    pub fn of<const N: usize>(cells: [String; N]) -> Self {
        Self { cells: cells.into(), ..Self::default() }
    }

    /// Returns a row that divides others.
    pub fn heading(text: impl Into<String>) -> Self {
        Self { cells: vec![text.into()], is_heading: true, role: Some(Role::Title), ..Self::default() }
    }

    /// Says where it leads.
    #[must_use]
    pub fn to(self, jump: Jump) -> Self {
        Self { jump: Some(jump), ..self }
    }

    /// Says what the cell of a column stands for.
    #[must_use]
    pub fn number(mut self, column: usize, value: u64) -> Self {
        self.numbers.push((column, value));
        self
    }

    /// Says which of two rows comes first by a column: the larger number, or the smaller text.
    fn compare(&self, other: &Self, column: usize) -> std::cmp::Ordering {
        let number =
            |line: &Self| line.numbers.iter().find(|(place, _)| *place == column).map(|(_, value)| *value);
        match (number(self), number(other)) {
            (Some(one), Some(two)) => two.cmp(&one),
            (one, two) => two
                .is_some()
                .cmp(&one.is_some())
                .then_with(|| self.cells.get(column).cmp(&other.cells.get(column))),
        }
    }

    /// Says what it looks like.
    #[must_use]
    pub fn like(self, role: Role) -> Self {
        Self { role: Some(role), ..self }
    }

    /// Says more about it.
    #[must_use]
    pub fn with(self, detail: Vec<String>) -> Self {
        Self { detail, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(rows: &[&str]) -> Listing {
        let mut list = Listing::new("", vec![Column::new("", Width::Rest, 0)]);
        list.rows = rows
            .iter()
            .map(|row| match row.strip_prefix('#') {
                Some(heading) => Line::heading(heading),
                None => Line::of([(*row).to_owned()]),
            })
            .collect();
        list
    }

    #[test]
    fn headings_are_passed_over_in_either_direction() {
        let mut list = list(&["#one", "a", "b", "#two", "c", "#three"]);
        for (by, expected) in
            [(1, 1), (1, 2), (1, 4), (1, 4), (-1, 2), (isize::MIN / 2, 1), (isize::MAX / 2, 4)]
        {
            list.step(by);
            assert_eq!(list.cursor.at, expected, "{by}");
        }
    }

    #[test]
    fn a_list_of_nothing_but_headings_stays_where_it_is() {
        for rows in [&["#one", "#two"][..], &[]] {
            let mut list = list(rows);
            list.step(1);
            assert!(list.cursor.at <= 1);
        }
    }

    #[test]
    fn other_rows_keep_the_cursor_on_what_it_was_on() {
        let mut shown = list(&[]);
        shown.replace(list(&["#one", "a", "b"]));
        assert_eq!(shown.cursor.at, 1, "not on a heading");
        shown.step(1);
        shown.replace(list(&["#one", "x", "a", "#two", "b"]));
        assert_eq!(shown.cursor.at, 4);
        shown.replace(list(&["#one", "x"]));
        assert_eq!(shown.cursor.at, 1);
    }
}
