//! What the interface shows first, and how: what the command line said, as plain values.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;

use attar_image::path::TreePath;

use super::source::Wanted;
use crate::browse::{Hide, Sort};
use crate::preview::Mode;

/// What the interface starts with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The images, one a tab. None: the list of this machine's images comes first.
    pub images: Vec<Wanted>,
    /// What is shown first; none for the tree, or for the list where no image is named.
    pub view: Option<View>,
    /// The layer under the cursor, from 0 for the lowest; none for the topmost.
    pub layer: Option<usize>,
    /// The layers that are shown together, from 0 for the lowest.
    pub range: Option<RangeInclusive<usize>>,
    /// Whether only what the layers change is shown.
    pub is_changes: bool,
    /// The path under the cursor.
    pub at: Option<TreePath>,
    /// What of the tree is shown, in the language of filters, or a text that rows of a list have.
    pub filter: Option<String>,
    /// What is left out of trees; none for what is usual there.
    pub hide: Option<Hide>,
    /// The order of what is in one directory.
    pub sort: Sort,
    /// Whether the order is reversed.
    pub is_reversed: bool,
    /// How files are shown first, where they can be.
    pub preview: Option<Mode>,
    /// The image beside the first one.
    pub compare: Option<Wanted>,
    /// The pane that has the keys; none for the layers.
    pub pane: Option<Pane>,
    /// The colours; none for those that suit the terminal.
    pub theme: Option<Theme>,
    /// Whether only characters of ASCII are drawn.
    pub is_ascii: bool,
    /// Whether the mouse is listened to.
    pub has_mouse: bool,
    /// How many threads read at a time.
    pub threads: NonZeroUsize,
}

impl Default for Start {
    /// The list of images, as a terminal without any wishes gets it.
    fn default() -> Self {
        Self {
            images: Vec::new(),
            view: None,
            layer: None,
            range: None,
            is_changes: false,
            at: None,
            filter: None,
            hide: None,
            sort: Sort::default(),
            is_reversed: false,
            preview: None,
            compare: None,
            pane: None,
            theme: None,
            is_ascii: false,
            has_mouse: true,
            threads: NonZeroUsize::MIN,
        }
    }
}

impl Start {
    /// Returns the words of a command line that asks for this, behind those of the program; how screens
    /// look is everybody's own.
    pub fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = self.images.iter().map(|image| image.word.clone()).collect();
        let mut add = |name: &str, value: String| {
            // What begins with a hyphen would be taken for an option.
            match value.starts_with('-') {
                true => words.push(format!("{name}={value}")),
                false => words.extend([name.to_owned(), value]),
            }
        };
        let platform = self.images.iter().find_map(|image| image.platform.clone());
        let values = [
            ("--platform", platform),
            ("--compare", self.compare.as_ref().map(|image| image.word.clone())),
            ("--view", self.view.map(|view| view.name().to_owned())),
            ("--layer", self.layer.map(|layer| (layer + 1).to_string())),
            (
                "--range",
                self.range.as_ref().map(|range| format!("{}..{}", range.start() + 1, range.end() + 1)),
            ),
            ("--at", self.at.as_ref().map(ToString::to_string)),
            ("--filter", self.filter.clone()),
            ("--hide", self.hide.map(|hide| hide.names().join(","))),
            (
                "--sort",
                Some(self.sort).filter(|sort| *sort != Sort::default()).map(|sort| sort.name().to_owned()),
            ),
            ("--preview", self.preview.map(|mode| mode.name().to_owned())),
            ("--pane", self.pane.map(|pane| pane.name().to_owned())),
        ];
        for (name, value) in values {
            if let Some(value) = value {
                add(name, value);
            }
        }
        let switches = [("--changes", self.is_changes), ("--reverse", self.is_reversed)];
        words.extend(switches.into_iter().filter(|(_, is_on)| *is_on).map(|(name, _)| name.to_owned()));
        words
    }
}

/// Makes an enum whose values have names, and the list of them, of one table.
macro_rules! named {
    ($(#[$of_type:meta])* $type:ident { $($(#[$of_value:meta])* $value:ident $name:literal,)* }) => {
        $(#[$of_type])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type {
            $($(#[$of_value])* $value,)*
        }

        impl $type {
            /// All values, in the order of the command line's help.
            pub const ALL: &[Self] = &[$(Self::$value,)*];

            /// Returns the word that the command line has for it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$value => $name,)*
                }
            }

            /// Finds a value by its word.
            pub fn find(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.name() == name)
            }
        }
    };
}

named! {
    /// What can be shown.
    View {
        /// The tree of files.
        Tree "tree",
        /// What is dead, and why.
        Waste "waste",
        /// The largest files, without directories.
        Largest "largest",
        /// What each package takes and wastes.
        Packages "packages",
        /// Whether the image is distroless.
        Verdict "verdict",
        /// Configuration, history, manifest.
        Facts "facts",
        /// Which layers touched a path.
        Blame "blame",
        /// Two images side by side.
        Compare "compare",
        /// The images of this machine.
        Images "images",
        /// All keys.
        Help "help",
    }
}

named! {
    /// A part of the screen that takes keys.
    Pane {
        /// The layers.
        Layers "layers",
        /// The tree, or the list in its place.
        Tree "tree",
        /// The preview of a file.
        Preview "preview",
        /// The details of the layer or the image.
        Facts "facts",
    }
}

named! {
    /// Colours.
    Theme {
        /// For a dark terminal.
        Dark "dark",
        /// For a light terminal.
        Light "light",
        /// As far apart as they can be.
        Contrast "contrast",
        /// No colour at all.
        None "none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_find_their_values() {
        for view in View::ALL {
            assert_eq!(View::find(view.name()), Some(*view));
        }
        for pane in Pane::ALL {
            assert_eq!(Pane::find(pane.name()), Some(*pane));
        }
        for theme in Theme::ALL {
            assert_eq!(Theme::find(theme.name()), Some(*theme));
        }
        assert_eq!(View::find("trees"), None);
    }
}
