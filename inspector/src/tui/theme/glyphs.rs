//! The characters that trees, frames, bars and marks are made of.

use ratatui::symbols::border;

/// Characters of the interface; each text has the width that its description says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// Before an entry that others follow; 3 columns, as all tree lines.
    pub branch: &'static str,
    /// Before the last entry of a directory.
    pub last: &'static str,
    /// Below a directory that others follow.
    pub line: &'static str,
    /// Below the last directory.
    pub blank: &'static str,
    /// A directory that is folded; 1 column, as all single marks.
    pub folded: &'static str,
    /// A directory that is unfolded.
    pub unfolded: &'static str,
    /// Frames around panes.
    pub border: border::Set<'static>,
    /// Between parts of a line.
    pub separator: &'static str,
    /// Where text was cut; 1 column, or 2 without Unicode.
    pub ellipsis: &'static str,
    /// Added by the layer.
    pub added: &'static str,
    /// Removed by the layer.
    pub removed: &'static str,
    /// Changed by the layer.
    pub modified: &'static str,
    /// Written again as it was.
    pub rewritten: &'static str,
    /// As it was.
    pub unchanged: &'static str,
    /// As in another image.
    pub same: &'static str,
    /// The line under the cursor, where a theme without colours needs it.
    pub cursor: &'static str,
    /// A chosen layer, an active tab.
    pub selected: &'static str,
    /// A bookmark.
    pub bookmark: &'static str,
    /// Shared with another open image.
    pub shared: &'static str,
    /// What a link leads to, what follows what; 1 column, or 2 without Unicode.
    pub arrow: &'static str,
    /// A point of a list.
    pub bullet: &'static str,
    /// A good answer.
    pub good: &'static str,
    /// Something to look at.
    pub warning: &'static str,
    /// A bad answer.
    pub bad: &'static str,
    /// No answer.
    pub unknown: &'static str,
    /// A full column of a bar.
    pub bar_full: &'static str,
    /// An empty column of a bar.
    pub bar_empty: &'static str,
    /// Parts of a column of a bar, the smallest first; may be none.
    pub bar_parts: &'static [&'static str],
    /// Steps of the sign that something is under way.
    pub spinner: &'static [&'static str],
    /// The part of a scroll bar that is seen.
    pub scroll_thumb: &'static str,
    /// The rest of a scroll bar.
    pub scroll_track: &'static str,
    /// More text to the left.
    pub more_left: &'static str,
    /// More text to the right.
    pub more_right: &'static str,
}

const ASCII_BORDER: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

impl Glyphs {
    /// Returns lines, blocks and arrows that every font for terminals has, each in one column.
    pub fn unicode() -> Self {
        Self {
            branch: "├─ ",
            last: "└─ ",
            line: "│  ",
            blank: "   ",
            folded: "▸",
            unfolded: "▾",
            border: border::PLAIN,
            separator: "│",
            ellipsis: "…",
            cursor: "▌",
            selected: "●",
            bookmark: "◆",
            shared: "∞",
            arrow: "→",
            bullet: "•",
            good: "✓",
            bad: "✗",
            bar_full: "█",
            bar_empty: "░",
            bar_parts: &["▏", "▎", "▍", "▌", "▋", "▊", "▉"],
            spinner: &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
            scroll_thumb: "█",
            scroll_track: "│",
            more_left: "‹",
            more_right: "›",
            ..Self::ascii()
        }
    }

    /// Returns characters that need neither Unicode nor a particular font.
    pub fn ascii() -> Self {
        Self {
            branch: "|- ",
            last: "`- ",
            line: "|  ",
            blank: "   ",
            folded: ">",
            unfolded: "v",
            border: ASCII_BORDER,
            separator: "|",
            ellipsis: "..",
            added: "+",
            removed: "-",
            modified: "~",
            rewritten: "=",
            unchanged: ".",
            same: "=",
            cursor: ">",
            selected: "*",
            bookmark: "#",
            shared: "&",
            arrow: "->",
            bullet: "*",
            good: "y",
            warning: "!",
            bad: "x",
            unknown: "?",
            bar_full: "#",
            bar_empty: ".",
            bar_parts: &[],
            spinner: &["|", "/", "-", "\\"],
            scroll_thumb: "#",
            scroll_track: "|",
            more_left: "<",
            more_right: ">",
        }
    }

    /// Draws a share from 0 to 1 as a bar of exactly `columns` columns.
    ///
    /// What is more than nothing is seen, and what is less than everything leaves something empty, as
    /// far as there is a column for each.
    pub fn bar(&self, share: f64, columns: usize) -> String {
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        let parts = self.bar_parts.len() + 1;
        let all = columns * parts;
        let filled = (share * all as f64).round() as usize;
        let least = usize::from(share > 0.0).min(all);
        let most = all - usize::from(share < 1.0).min(all);
        let filled = if least <= most { filled.clamp(least, most) } else { filled };
        let mut bar = self.bar_full.repeat(filled / parts);
        let rest = filled % parts;
        if rest > 0 {
            bar.push_str(self.bar_parts[rest - 1]);
        }
        bar.push_str(&self.bar_empty.repeat(columns - filled.div_ceil(parts)));
        bar
    }

    /// Returns a step of the sign that something is under way.
    pub fn spin(&self, step: usize) -> &'static str {
        self.spinner[step % self.spinner.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::text;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_mark_has_its_width() {
        for glyphs in [Glyphs::unicode(), Glyphs::ascii()] {
            for line in [glyphs.branch, glyphs.last, glyphs.line, glyphs.blank] {
                assert_eq!(text::width(line), 3, "{line}");
            }
            let marks = [
                glyphs.folded,
                glyphs.unfolded,
                glyphs.separator,
                glyphs.added,
                glyphs.removed,
                glyphs.modified,
                glyphs.rewritten,
                glyphs.unchanged,
                glyphs.same,
                glyphs.cursor,
                glyphs.selected,
                glyphs.bookmark,
                glyphs.shared,
                glyphs.bullet,
                glyphs.good,
                glyphs.warning,
                glyphs.bad,
                glyphs.unknown,
                glyphs.bar_full,
                glyphs.bar_empty,
                glyphs.scroll_thumb,
                glyphs.scroll_track,
                glyphs.more_left,
                glyphs.more_right,
                glyphs.border.top_left,
                glyphs.border.top_right,
                glyphs.border.bottom_left,
                glyphs.border.bottom_right,
                glyphs.border.vertical_left,
                glyphs.border.vertical_right,
                glyphs.border.horizontal_top,
                glyphs.border.horizontal_bottom,
            ];
            for mark in marks.iter().chain(glyphs.spinner).chain(glyphs.bar_parts) {
                assert_eq!(text::width(mark), 1, "{mark}");
            }
            assert!(text::width(glyphs.ellipsis) <= 2 && text::width(glyphs.arrow) <= 2);
        }
    }

    #[test]
    fn ascii_is_ascii() {
        assert!(format!("{:?}", Glyphs::ascii()).is_ascii());
    }

    #[test]
    fn bars_show_shares() {
        for (share, unicode, ascii) in [
            (0.0, "░░░░", "...."),
            (0.000_001, "▏░░░", "#..."),
            (0.5, "██░░", "##.."),
            (0.53, "██▏░", "##.."),
            (0.999_999, "███▉", "###."),
            (1.0, "████", "####"),
            (f64::NAN, "░░░░", "...."),
            (7.0, "████", "####"),
        ] {
            assert_eq!(Glyphs::unicode().bar(share, 4), unicode, "{share}");
            assert_eq!(Glyphs::ascii().bar(share, 4), ascii, "{share}");
        }
    }

    proptest! {
        #[test]
        fn bars_are_as_wide_as_asked(share in proptest::num::f64::ANY, columns in 0_usize..60) {
            for glyphs in [Glyphs::unicode(), Glyphs::ascii()] {
                prop_assert_eq!(text::width(&glyphs.bar(share, columns)), columns);
            }
        }
    }
}
