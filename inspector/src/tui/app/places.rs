//! Where one was: back and forward, bookmarks.

use std::sync::Arc;

use attar_image::path::TreePath;

use super::{Part, Screen, Span};
use crate::browse::Sort;
use crate::browse::filter::Filter;

/// Places that are kept.
const MAX_PLACES: usize = 200;

/// Somewhere in an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What stood in the middle.
    pub screen: Screen,
    /// The layer, from 0 for the lowest.
    pub layer: usize,
    /// What was under the cursor of the tree.
    pub path: Option<TreePath>,
    /// The row of a list.
    pub row: usize,
    /// How what stood there was shown.
    pub look: Look,
}

/// What was shown of an image, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The layers that the tree showed.
    pub span: Span,
    /// What had to match in the tree.
    pub filter: Option<Arc<Filter>>,
    /// The order of what is in one directory, and whether it was reversed.
    pub sort: (Sort, bool),
    /// What had to match in the list, and the column that decided about its order.
    pub list: (String, Option<(usize, bool)>),
    /// The part of a comparison.
    pub part: Option<Part>,
}

impl Place {
    /// Says whether another one is the same place, however that is shown.
    fn is_at(&self, other: &Self) -> bool {
        let at = |place: &Self| (place.screen, place.layer, place.row, place.look.part);
        at(self) == at(other) && self.path == other.path
    }
}

/// Where one was and where one may go again.
#[derive(Clone, Debug, Default)]
pub struct Places {
    behind: Vec<Place>,
    ahead: Vec<Place>,
    /// Bookmarks, in the order in which they were set.
    pub bookmarks: Vec<Place>,
}

impl Places {
    /// Notes a place that is left by a jump.
    pub fn leave(&mut self, place: Place) {
        self.ahead.clear();
        if self.behind.last() == Some(&place) {
            return;
        }
        if self.behind.len() == MAX_PLACES {
            self.behind.remove(0);
        }
        self.behind.push(place);
    }

    /// Returns the place before this one.
    pub fn back(&mut self, from: Place) -> Option<Place> {
        let place = self.behind.pop()?;
        self.ahead.push(from);
        Some(place)
    }

    /// Returns the place that was left by going back.
    pub fn forward(&mut self, from: Place) -> Option<Place> {
        let place = self.ahead.pop()?;
        self.behind.push(from);
        Some(place)
    }

    /// Sets a bookmark, or removes it; says whether it is set now.
    pub fn toggle(&mut self, place: Place) -> bool {
        match self.bookmarks.iter().position(|known| known.is_at(&place)) {
            Some(known) => {
                self.bookmarks.remove(known);
                false
            }
            None => {
                self.bookmarks.push(place);
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(layer: usize) -> Place {
        Place { screen: Screen::Tree, layer, path: None, row: 0, look: Look::default() }
    }

    #[test]
    fn a_bookmark_is_removed_however_it_is_shown() {
        let mut places = Places::default();
        let look = Look { sort: (Sort::Size, true), ..Look::default() };
        assert!(places.toggle(place(1)));
        assert!(!places.toggle(Place { look, ..place(1) }));
    }

    #[test]
    fn back_and_forward_meet() {
        let mut places = Places::default();
        places.leave(place(1));
        places.leave(place(2));
        places.leave(place(2));
        assert_eq!(places.back(place(3)), Some(place(2)));
        assert_eq!(places.back(place(2)), Some(place(1)));
        assert_eq!(places.back(place(1)), None);
        assert_eq!(places.forward(place(1)), Some(place(2)));
        places.leave(place(2));
        assert_eq!(places.forward(place(9)), None, "a jump forgets what was ahead");
    }
}
