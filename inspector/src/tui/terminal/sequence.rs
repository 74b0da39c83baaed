//! Control sequences that are sent to the terminal.

/// The other screen, without wrapping: a line that turns out wider than it was thought to be is cut by
/// the terminal and moves nothing.
const SCREEN: (&str, &str) = ("\x1b[?1049h\x1b[?7l\x1b[2J", "\x1b[?7h\x1b[?1049l");
/// The cursor, which is hidden at first.
pub(super) const CURSOR: (&str, &str) = ("\x1b[?25l", "\x1b[?25h");
/// Pasted text comes marked as such.
const PASTE: (&str, &str) = ("\x1b[?2004h", "\x1b[?2004l");
/// Terminals that can show right-to-left text leave every cell where it is drawn.
const DIRECTION: (&str, &str) = ("\x1b[8l", "\x1b[8h");
/// Clicks, wheel and dragging, in the one notation that knows more than 223 columns; moves alone would
/// only cost bytes.
const MOUSE: (&str, &str) = ("\x1b[?1000h\x1b[?1002h\x1b[?1006h", "\x1b[?1006l\x1b[?1002l\x1b[?1000l");
/// A frame, which terminals that know this show all at once.
pub(super) const FRAME: (&str, &str) = ("\x1b[?2026h", "\x1b[?2026l");
/// Letters without colours and attributes.
pub(super) const PLAIN: &str = "\x1b[0m";

/// Returns what is sent on the way in.
pub(super) fn entering(has_mouse: bool) -> String {
    let mouse = if has_mouse { MOUSE.0 } else { "" };
    [SCREEN.0, CURSOR.0, DIRECTION.0, PASTE.0, mouse].concat()
}

/// Returns what is sent on the way out, whatever was being drawn.
pub(super) fn leaving(has_mouse: bool) -> String {
    let mouse = if has_mouse { MOUSE.1 } else { "" };
    [FRAME.1, PLAIN, mouse, PASTE.1, DIRECTION.1, SCREEN.1, CURSOR.1].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every mode of a text with what it is set to.
    fn modes(text: &str) -> Vec<(&str, bool)> {
        let all = text.split('\x1b').filter_map(|sequence| sequence.strip_prefix('['));
        all.filter_map(|it| {
            it.strip_suffix('h').map(|mode| (mode, true)).or(it.strip_suffix('l').map(|mode| (mode, false)))
        })
        .collect()
    }

    #[test]
    fn every_mode_is_undone() {
        for has_mouse in [false, true] {
            let (entering, leaving) = (entering(has_mouse), leaving(has_mouse));
            for (mode, is_set) in modes(&entering) {
                assert!(modes(&leaving).contains(&(mode, !is_set)), "{mode}");
            }
            assert_eq!(entering.contains("?1000"), has_mouse);
        }
    }
}
