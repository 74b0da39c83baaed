//! Bytes and files of paths, in little room: most paths are one file of which nothing is dead.

/// Figures of a path with all below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Bytes of the regular files that stand there after the range; of what is removed, the bytes that
    /// went. Each file counts with its own entry, hard links count nothing.
    pub bytes: u64,
    /// What stands there besides directories, or, of what is removed, stood there.
    pub files: u32,
    /// Bytes of files that the range's layers, or lower ones, brought and that are dead in the end, removed
    /// by whichever layer: whoever pulls the image pulls them for nothing.
    pub dead: u64,
}

/// Figures by number of the path: 4 bytes each, and 24 more for those that are not of one small file.
#[derive(Debug)]
pub(super) struct Sums {
    /// 0 for no figures; up to [`MOST`], one more than the bytes of one file; above, a place among the
    /// others.
    places: Vec<u32>,
    others: Vec<Figures>,
}

/// The largest number that stands for a file, of one byte less.
const MOST: u32 = u32::MAX / 2;

impl Sums {
    /// Returns no figures for so many paths.
    pub(super) fn new(count: usize) -> Self {
        Self { places: vec![0; count], others: Vec::new() }
    }

    pub(super) fn get(&self, number: usize) -> Figures {
        match self.places[number] {
            0 => Figures::default(),
            place @ 1..=MOST => Figures { bytes: u64::from(place - 1), files: 1, dead: 0 },
            place => self.others[(place - MOST - 1) as usize],
        }
    }

    pub(super) fn change(&mut self, number: usize, change: impl FnOnce(&mut Figures)) {
        let mut figures = self.get(number);
        change(&mut figures);
        let place = &mut self.places[number];
        if *place > MOST {
            self.others[(*place - MOST - 1) as usize] = figures;
            return;
        }
        *place = match figures {
            Figures { bytes: 0, files: 0, dead: 0 } => 0,
            Figures { bytes, files: 1, dead: 0 } if bytes < u64::from(MOST) => bytes as u32 + 1,
            _ => {
                self.others.push(figures);
                // What else is known of 2^31 paths that are no small files takes a hundred times as much.
                MOST + self.others.len() as u32
            }
        };
    }

    pub(super) fn shrink(&mut self) {
        self.others.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_come_back_as_they_were_left() {
        let most = u64::from(MOST);
        let files = |bytes, files, dead| Figures { bytes, files, dead };
        let steps = [
            files(0, 0, 0),
            files(0, 1, 0),
            files(7, 1, 0),
            files(most - 1, 1, 0),
            files(most, 1, 0),
            files(u64::MAX, 1, u64::MAX),
            files(9, 1, 1),
            files(9, 2, 0),
            files(3, 1, 0),
        ];
        let mut sums = Sums::new(steps.len() + 1);
        // Whatever stood there before.
        for first in 0..steps.len() {
            for (number, figures) in steps.iter().cycle().skip(first).take(steps.len()).enumerate() {
                sums.change(number, |own| *own = *figures);
                assert_eq!(sums.get(number), *figures);
            }
        }
        let last: Vec<Figures> = (0..steps.len()).map(|number| sums.get(number)).collect();
        assert_eq!((last[0], last[1]), (steps[steps.len() - 1], steps[0]));
        assert_eq!(sums.get(steps.len()), Figures::default());
        sums.shrink();
        assert_eq!((0..steps.len()).map(|number| sums.get(number)).collect::<Vec<_>>(), last);
    }
}
