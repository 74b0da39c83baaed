//! Where one was: back and forward, bookmarks.

use attar_image::path::TreePath;

use super::Screen;

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
        match self.bookmarks.iter().position(|known| *known == place) {
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
        Place { screen: Screen::Tree, layer, path: None, row: 0 }
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
