//! Where one is in a list that is longer than the screen.

/// A place in a list, and what part of the list is seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The line that is looked at, from 0.
    pub at: usize,
    /// The first line that is seen.
    pub top: usize,
}

/// Lines that stay visible above and below the cursor.
const MARGIN: usize = 2;

impl Cursor {
    /// Moves by lines; stays within a list of `length`.
    pub fn step(&mut self, by: isize, length: usize) {
        self.at = self.at.saturating_add_signed(by).min(length.saturating_sub(1));
    }

    /// Returns the same place in a list of another length.
    #[must_use]
    pub fn within(self, length: usize) -> Self {
        let last = length.saturating_sub(1);
        Self { at: self.at.min(last), top: self.top.min(last) }
    }

    /// Scrolls so that the line is seen among `height` lines.
    pub fn follow(&mut self, length: usize, height: usize) {
        if height == 0 {
            return;
        }
        let margin = MARGIN.min((height - 1) / 2);
        let lowest = self.at.saturating_sub(margin);
        let highest = (self.at + margin + 1).saturating_sub(height);
        self.top = self.top.min(lowest).max(highest).min(length.saturating_sub(height));
    }

    /// Scrolls without moving the line more than it must to stay seen, with some around it.
    pub fn scroll(&mut self, by: isize, length: usize, height: usize) {
        let height = height.max(1);
        self.top = self.top.saturating_add_signed(by).min(length.saturating_sub(height));
        let margin = MARGIN.min((height - 1) / 2);
        let lowest = if self.top == 0 { 0 } else { self.top + margin };
        let end = length.min(self.top + height);
        let highest = if end == length { end } else { end - margin }.saturating_sub(1);
        self.at = self.at.clamp(lowest.min(highest), highest);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_line_is_seen_with_some_around_it() {
        let mut cursor = Cursor::default();
        cursor.step(7, 20);
        cursor.follow(20, 5);
        assert_eq!(cursor, Cursor { at: 7, top: 5 });
        cursor.step(-3, 20);
        cursor.follow(20, 5);
        assert_eq!(cursor, Cursor { at: 4, top: 2 });
        cursor.step(100, 20);
        cursor.follow(20, 5);
        assert_eq!(cursor, Cursor { at: 19, top: 15 });
    }

    #[test]
    fn the_wheel_scrolls_as_far_as_it_is_turned() {
        let mut cursor = Cursor::default();
        for (by, at, top) in [(3, 5, 3), (3, 8, 6), (-3, 8, 3), (-9, 7, 0), (200, 92, 90), (-3, 92, 87)] {
            cursor.scroll(by, 100, 10);
            cursor.follow(100, 10);
            assert_eq!(cursor, Cursor { at, top }, "{by}");
        }
    }

    proptest! {
        #[test]
        fn it_never_leaves_the_list(
            moves in proptest::collection::vec((-40isize..40, any::<bool>()), 0..30),
            length in 0usize..50,
            height in 0usize..12,
        ) {
            let mut cursor = Cursor::default();
            for (by, scrolls) in moves {
                if scrolls { cursor.scroll(by, length, height) } else { cursor.step(by, length) }
                cursor.follow(length, height);
                prop_assert!(cursor.at < length.max(1));
                if height > 0 {
                    prop_assert!(cursor.top <= cursor.at && cursor.at < cursor.top + height);
                }
            }
        }
    }
}
