//! What one image shows: the tree or one of the lists, in panes.

use crate::tui::start;
/// What stands in the middle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    /// The tree of files.
    #[default]
    Tree,
    /// What is dead, and why.
    Waste,
    /// The largest files.
    Largest,
    /// What each package takes and wastes.
    Packages,
    /// Whether the image is distroless.
    Verdict,
    /// Configuration, history, manifest.
    Facts,
    /// What each layer did to a path.
    Blame,
    /// This image beside another one.
    Compare,
}

impl Screen {
    /// All of them, in the order of the titles.
    pub const ALL: [Self; 8] = [
        Self::Tree,
        Self::Waste,
        Self::Largest,
        Self::Packages,
        Self::Verdict,
        Self::Facts,
        Self::Blame,
        Self::Compare,
    ];

    /// Returns its name, as the command line has it.
    pub fn name(self) -> &'static str {
        start::View::from(self).name()
    }

    /// Returns its place among all.
    pub(super) fn place(self) -> usize {
        self as usize
    }
}

impl From<Screen> for start::View {
    fn from(screen: Screen) -> Self {
        match screen {
            Screen::Tree => Self::Tree,
            Screen::Waste => Self::Waste,
            Screen::Largest => Self::Largest,
            Screen::Packages => Self::Packages,
            Screen::Verdict => Self::Verdict,
            Screen::Facts => Self::Facts,
            Screen::Blame => Self::Blame,
            Screen::Compare => Self::Compare,
        }
    }
}

impl Screen {
    /// Returns what shows this; none for what is not of one image.
    pub(super) fn of(view: start::View) -> Option<Self> {
        Self::ALL.into_iter().find(|screen| start::View::from(*screen) == view)
    }
}
