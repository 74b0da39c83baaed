//! Options of the terminal interface.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use attar_image::path::{TreePath, unescape};
use attar_inspector::browse::filter::{Filter, FilterError};
use attar_inspector::browse::{Hide, Sort};
use attar_inspector::preview::Mode;
use attar_inspector::tui::start::{Pane, Theme, View};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

/// What the terminal interface shows first, and how it looks.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Interface")]
pub(crate) struct ScreenArgs {
    /// What is shown first. Default: the tree, or the images of this machine where none is named.
    #[arg(long, value_name = "VIEW", value_parser = named(View::ALL, View::name, View::find))]
    pub(crate) view: Option<View>,

    /// Layer under the cursor, from 1 for the lowest. Default: the topmost.
    #[arg(long, value_name = "N")]
    pub(crate) layer: Option<LayerNumber>,

    /// Layers that are shown together, such as `2..5`.
    #[arg(long, value_name = "A..B")]
    pub(crate) range: Option<LayerRange>,

    /// Show only what the layer changes, or the layers of the range.
    #[arg(long)]
    pub(crate) changes: bool,

    /// Path of the image under the cursor, with the escapes that it is shown with.
    #[arg(long, value_name = "PATH", value_parser = path)]
    pub(crate) at: Option<TreePath>,

    /// Show only what matches, such as `size:>1M` or `glob:*.so`; in lists, rows with this text.
    #[arg(long, value_name = "QUERY", value_parser = filter)]
    pub(crate) filter: Option<String>,

    /// Leave out of trees what is changed like this (repeatable, or with commas in between).
    #[arg(long, value_name = "CHANGE", value_delimiter = ',', value_parser = hide())]
    pub(crate) hide: Vec<Hide>,

    /// Order in the directories of trees. Default: by name.
    #[arg(long, value_name = "ORDER", value_parser = named(Sort::ALL, Sort::name, Sort::find))]
    pub(crate) sort: Option<Sort>,

    /// Reverse the order.
    #[arg(long)]
    pub(crate) reverse: bool,

    /// How files are shown first, where they can be.
    #[arg(long, value_name = "FORM", value_parser = named(Mode::ALL, Mode::name, Mode::find))]
    pub(crate) preview: Option<Mode>,

    /// Image to compare with, side by side.
    #[arg(long, value_name = "IMAGE")]
    pub(crate) compare: Option<String>,

    /// Part of the screen that the keys go to first. Default: the layers.
    #[arg(long, value_name = "PANE", value_parser = named(Pane::ALL, Pane::name, Pane::find))]
    pub(crate) pane: Option<Pane>,

    /// Draw one screen of this size when all that was asked for is there, such as `120x40`, and end. Needs
    /// no terminal.
    #[arg(long, value_name = "WIDTHxHEIGHT")]
    pub(crate) dump: Option<ScreenSize>,

    /// What `--dump` draws.
    #[arg(long, value_name = "FORMAT", default_value = "text", requires = "dump")]
    pub(crate) dump_format: DumpFormat,

    /// Colours. Default: `dark` or `light` as the terminal says it is, `none` with `NO_COLOR`.
    #[arg(long, value_name = "THEME", value_parser = named(Theme::ALL, Theme::name, Theme::find))]
    pub(crate) theme: Option<Theme>,

    /// Draw lines and signs with characters of ASCII alone.
    #[arg(long)]
    pub(crate) ascii: bool,

    /// Leave the mouse to the terminal, which can then select text.
    #[arg(long)]
    pub(crate) no_mouse: bool,

    /// File of your own keys. Default: `attar/keys.yaml` in the user's configuration folder.
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
}

impl ScreenArgs {
    /// Returns the first option that asks for a screen, besides those that only say how screens look.
    pub(crate) fn asked(&self) -> Option<&'static str> {
        let asked = [
            ("--dump", self.dump.is_some()),
            ("--view", self.view.is_some()),
            ("--layer", self.layer.is_some()),
            ("--range", self.range.is_some()),
            ("--changes", self.changes),
            ("--at", self.at.is_some()),
            ("--filter", self.filter.is_some()),
            ("--hide", !self.hide.is_empty()),
            ("--sort", self.sort.is_some()),
            ("--reverse", self.reverse),
            ("--preview", self.preview.is_some()),
            ("--compare", self.compare.is_some()),
            ("--pane", self.pane.is_some()),
        ];
        asked.into_iter().find_map(|(name, is_asked)| is_asked.then_some(name))
    }
}

/// Returns what reads one of several words, and lists all of them in the help of wrong usage.
fn named<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    name: fn(T) -> &'static str,
    find: fn(&str) -> Option<T>,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(move |value| name(*value)))
        .map(move |word| find(&word).expect("the word is one of those that are known"))
}

/// Returns what reads what trees leave out.
fn hide() -> impl TypedValueParser<Value = Hide> {
    PossibleValuesParser::new(Hide::ALL.iter().map(|(name, _)| *name))
        .map(|word| Hide::find(&word).expect("the word is one of those that are known"))
}

/// Reads a path as the interface shows it and hands it to the clipboard.
fn path(text: &str) -> Result<TreePath, String> {
    let bytes = unescape(text).map_err(|error| error.to_string())?;
    TreePath::parse(bytes).map_err(|error| error.to_string())
}

fn filter(text: &str) -> Result<String, FilterError> {
    Filter::parse(text).map(|_| text.to_owned())
}

/// What one screen is drawn as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DumpFormat {
    /// Lines of text, without colours.
    #[default]
    Text,
    /// A picture with the colours of the theme, for documents: SVG.
    Svg,
}

/// A layer, from 0 for the lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LayerNumber(pub(crate) usize);

/// Layers, from 0 for the lowest, of which the first is not above the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LayerRange(pub(crate) RangeInclusive<usize>);

/// Columns and lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScreenSize(pub(crate) u16, pub(crate) u16);

/// The most columns and lines that are drawn.
const MAX_SIDE: u16 = 1_000;

/// What is no value of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidScreen {
    /// No number of a layer.
    Layer,
    /// No two of them.
    Range,
    /// They stand the wrong way round.
    Reversed,
    /// No size of a screen.
    Size,
}

impl fmt::Display for InvalidScreen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layer => f.write_str("expected the number of a layer, from 1 for the lowest"),
            Self::Range => f.write_str("expected two numbers of layers, such as `2..5`"),
            Self::Reversed => f.write_str("expected the lower layer first"),
            Self::Size => write!(f, "expected columns and lines from 1 to {MAX_SIDE}, such as `120x40`"),
        }
    }
}

impl std::error::Error for InvalidScreen {}

impl FromStr for LayerNumber {
    type Err = InvalidScreen;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number: usize = text.parse().map_err(|_| InvalidScreen::Layer)?;
        number.checked_sub(1).map(Self).ok_or(InvalidScreen::Layer)
    }
}

impl FromStr for LayerRange {
    type Err = InvalidScreen;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (first, last) = text.split_once("..").ok_or(InvalidScreen::Range)?;
        let number = |text: &str| text.parse::<LayerNumber>().map_err(|_| InvalidScreen::Range);
        let (LayerNumber(first), LayerNumber(last)) = (number(first)?, number(last)?);
        if first > last {
            return Err(InvalidScreen::Reversed);
        }
        Ok(Self(first..=last))
    }
}

impl FromStr for ScreenSize {
    type Err = InvalidScreen;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (width, height) = text.split_once('x').ok_or(InvalidScreen::Size)?;
        let side = |text: &str| text.parse().ok().filter(|side| (1..=MAX_SIDE).contains(side));
        match (side(width), side(height)) {
            (Some(width), Some(height)) => Ok(Self(width, height)),
            _ => Err(InvalidScreen::Size),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_counted_from_one() {
        for (text, expected) in [
            ("1", Ok(LayerNumber(0))),
            ("12", Ok(LayerNumber(11))),
            ("0", Err(InvalidScreen::Layer)),
            ("-1", Err(InvalidScreen::Layer)),
            ("top", Err(InvalidScreen::Layer)),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
        }
        for (text, expected) in [
            ("2..5", Ok(LayerRange(1..=4))),
            ("3..3", Ok(LayerRange(2..=2))),
            ("5..2", Err(InvalidScreen::Reversed)),
            ("0..2", Err(InvalidScreen::Range)),
            ("2..", Err(InvalidScreen::Range)),
            ("2-5", Err(InvalidScreen::Range)),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
        }
    }

    #[test]
    fn sizes_of_screens_have_bounds() {
        for (text, expected) in [
            ("120x40", Ok(ScreenSize(120, 40))),
            ("1x1", Ok(ScreenSize(1, 1))),
            ("1000x1000", Ok(ScreenSize(1_000, 1_000))),
            ("1001x40", Err(InvalidScreen::Size)),
            ("0x40", Err(InvalidScreen::Size)),
            ("120", Err(InvalidScreen::Size)),
            ("120x40x2", Err(InvalidScreen::Size)),
            ("wide", Err(InvalidScreen::Size)),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
        }
    }
}
