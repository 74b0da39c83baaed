//! Text in columns: cut, padded, wrapped and scrolled by what a terminal shows, not by characters.
//!
//! A column is what [`width`] counts: graphemes, wide ones as two, as ratatui draws them. All functions
//! take text that [`attar_image::text`] made harmless before.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Returns how many columns a text takes.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { graphemes(text).map(|(_, width)| width).sum() }
}

/// Cuts a text to at most `columns`, with the ellipsis at the end if something was cut.
pub fn cut<'a>(text: &'a str, columns: usize, ellipsis: &str) -> Cow<'a, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let ellipsis = beginning(ellipsis, columns);
    let kept = beginning(text, columns - width(ellipsis));
    Cow::Owned(format!("{kept}{ellipsis}"))
}

/// Cuts a text to at most `columns` at its beginning, with the ellipsis in its place.
pub fn cut_start<'a>(text: &'a str, columns: usize, ellipsis: &str) -> Cow<'a, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let ellipsis = beginning(ellipsis, columns);
    let kept = ending(text, columns - width(ellipsis));
    Cow::Owned(format!("{ellipsis}{kept}"))
}

/// Cuts a path to at most `columns` in its middle, so that its file name and its beginning stay.
///
/// The file name is kept whole if it takes no more than about two thirds of the columns.
pub fn cut_path<'a>(path: &'a str, columns: usize, ellipsis: &str) -> Cow<'a, str> {
    if width(path) <= columns {
        return Cow::Borrowed(path);
    }
    let ellipsis = beginning(ellipsis, columns);
    let left = columns - width(ellipsis);
    let name = path.rfind('/').map_or(path, |slash| &path[slash..]);
    let end = ending(path, width(name).min((left * 2).div_ceil(3)));
    let start = beginning(path, left - width(end));
    Cow::Owned(format!("{start}{ellipsis}{end}"))
}

/// Fills a text up to exactly `columns` on the right; cuts it if it is longer.
pub fn pad(text: &str, columns: usize, ellipsis: &str) -> String {
    let mut text = cut(text, columns, ellipsis).into_owned();
    text.push_str(&" ".repeat(columns - width(&text)));
    text
}

/// Fills a text up to exactly `columns` on the left, as for numbers; cuts it if it is longer.
pub fn pad_start(text: &str, columns: usize, ellipsis: &str) -> String {
    let text = cut(text, columns, ellipsis);
    format!("{}{text}", " ".repeat(columns - width(&text)))
}

/// Returns the part of a text that is seen when `skipped` columns are left out: at most `columns` wide.
///
/// A wide character that stands half outside is left out; where its half would be seen on the left, a
/// space stands, so that everything after it keeps its column.
pub fn window(text: &str, skipped: usize, columns: usize) -> Cow<'_, str> {
    if text.is_ascii() {
        let start = skipped.min(text.len());
        return Cow::Borrowed(&text[start..(start.saturating_add(columns)).min(text.len())]);
    }
    let mut passed = 0;
    for (place, grapheme) in text.grapheme_indices(true) {
        if passed >= skipped {
            let hidden_half = (passed - skipped).min(columns);
            let seen = beginning(&text[place..], columns - hidden_half);
            return match hidden_half {
                0 => Cow::Borrowed(seen),
                half => Cow::Owned(format!("{}{seen}", " ".repeat(half))),
            };
        }
        passed += grapheme.width();
    }
    Cow::Borrowed("")
}

/// Breaks a line into parts of at most `columns`, at spaces where there are some; spaces at breaks
/// are left out. Graphemes wider than `columns` are left out too.
pub fn wrap(text: &str, columns: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    if columns == 0 {
        return parts;
    }
    loop {
        let fits = beginning(rest, columns);
        if fits.len() == rest.len() {
            break;
        }
        if fits.is_empty() {
            let next = rest.graphemes(true).next().map_or(rest.len(), str::len);
            rest = &rest[next..];
            continue;
        }
        let follows = &rest[fits.len()..];
        // A break is good before a space and after one.
        let at_space =
            if follows.starts_with(' ') { Some(fits.len()) } else { fits.rfind(' ').map(|space| space + 1) };
        let end = at_space.filter(|end| !rest[..*end].trim().is_empty()).unwrap_or(fits.len());
        parts.push(rest[..end].trim_end_matches(' '));
        rest = rest[end..].trim_start_matches(' ');
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(rest);
    }
    parts
}

/// Returns the longest beginning of a text that takes at most `columns`.
pub fn beginning(text: &str, columns: usize) -> &str {
    if text.is_ascii() {
        return &text[..columns.min(text.len())];
    }
    let mut taken = 0;
    for (place, grapheme) in text.grapheme_indices(true) {
        taken += grapheme.width();
        if taken > columns {
            return &text[..place];
        }
    }
    text
}

/// Returns the longest end of a text that takes at most `columns`.
pub fn ending(text: &str, columns: usize) -> &str {
    if text.is_ascii() {
        return &text[text.len().saturating_sub(columns)..];
    }
    let mut taken = 0;
    for (place, grapheme) in text.grapheme_indices(true).rev() {
        taken += grapheme.width();
        if taken > columns {
            return &text[place + grapheme.len()..];
        }
    }
    text
}

fn graphemes(text: &str) -> impl Iterator<Item = (&str, usize)> {
    text.graphemes(true).map(|grapheme| (grapheme, grapheme.width()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_are_those_of_the_terminal() {
        for (text, columns) in [
            ("", 0),
            ("plain", 5),
            ("grün", 4),
            ("gru\u{308}n", 4),
            ("日本", 4),
            ("👩‍👩‍👧", 2),
            ("🇩🇪", 2),
            ("שלום", 4),
            ("├─ ", 3),
            ("ﾊﾞﾋﾟ", 4),
        ] {
            assert_eq!(width(text), columns, "{text}");
        }
    }

    #[test]
    fn what_is_too_long_is_cut_where_asked() {
        for (columns, end, start, path) in [
            (21, "/usr/lib/python/os.py", "/usr/lib/python/os.py", "/usr/lib/python/os.py"),
            (14, "/usr/lib/pyth…", "…/python/os.py", "/usr/li…/os.py"),
            (8, "/usr/li…", "…n/os.py", "/u…os.py"),
            (2, "/…", "…y", "…y"),
            (1, "…", "…", "…"),
            (0, "", "", ""),
        ] {
            let text = "/usr/lib/python/os.py";
            assert_eq!(cut(text, columns, "…"), end);
            assert_eq!(cut_path(text, columns, "…"), path, "{columns}");
            assert_eq!(cut_start(text, columns, "…"), start);
        }
        assert_eq!(cut("日本語", 4, "…"), "日…", "no half of a wide character");
        assert_eq!(cut_path("/a/very/long/way/to/name.txt", 16, ".."), "/a/ve../name.txt");
    }

    #[test]
    fn scrolling_sideways_keeps_columns() {
        for (skipped, expected) in [(0, "日本a"), (1, " 本ab"), (2, "本abc"), (3, " abc"), (5, "bc"), (9, "")]
        {
            assert_eq!(window("日本abc", skipped, 5), expected, "{skipped}");
        }
        assert_eq!(window("plain text", 6, 3), "tex");
        assert_eq!(window("日本", 1, 0), "");
    }

    #[test]
    fn lines_break_at_spaces() {
        for (text, columns, expected) in [
            ("one two three", 7, &["one two", "three"][..]),
            ("one two three", 5, &["one", "two", "three"]),
            ("abcdefgh", 3, &["abc", "def", "gh"]),
            ("   abcdefgh", 4, &["   a", "bcde", "fgh"]),
            ("日本語", 3, &["日", "本", "語"]),
            ("日a", 1, &["a"]),
            ("", 4, &[""]),
            ("abc", 0, &[]),
        ] {
            assert_eq!(wrap(text, columns), expected, "{text} in {columns}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_asked(text in "\\PC{0,24}", columns in 0_usize..20, skipped in 0_usize..20) {
            for ellipsis in ["…", ".."] {
                prop_assert!(width(&cut(&text, columns, ellipsis)) <= columns);
                prop_assert!(width(&cut_start(&text, columns, ellipsis)) <= columns);
                prop_assert!(width(&cut_path(&text, columns, ellipsis)) <= columns);
                prop_assert_eq!(width(&pad(&text, columns, ellipsis)), columns);
                prop_assert_eq!(width(&pad_start(&text, columns, ellipsis)), columns);
            }
            prop_assert!(width(&window(&text, skipped, columns)) <= columns);
            prop_assert!(wrap(&text, columns).iter().all(|part| width(part) <= columns));
        }

        #[test]
        fn what_fits_stays_as_it_is(text in "\\PC{0,24}", more in 0_usize..4) {
            let columns = width(&text) + more;
            prop_assert_eq!(cut(&text, columns, "…"), text.as_str());
            prop_assert_eq!(cut_path(&text, columns, "…"), text.as_str());
            prop_assert_eq!(window(&text, 0, columns), text.as_str());
        }

        #[test]
        fn wrapping_loses_nothing_but_spaces(text in "[a-z日 ]{0,40}", columns in 2_usize..12) {
            let without = |text: &str| text.replace(' ', "");
            prop_assert_eq!(without(&wrap(&text, columns).concat()), without(&text));
        }
    }
}
