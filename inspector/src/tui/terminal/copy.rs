//! Text for the clipboard of the terminal, by OSC 52, which works through ssh.
//!
//! tmux passes it on to its own terminal and keeps it as a buffer where `set-clipboard` is `on`; nothing
//! has to be wrapped for it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The most bytes that can be copied: terminals take sequences of at most 100,000 bytes, of which base64
/// leaves three quarters.
pub const MAX_COPIED: usize = 74_994;

/// A text on its way to the clipboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clipboard(String);

/// A text has more bytes than a terminal takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} bytes are too many for the clipboard: expected at most {MAX_COPIED}")]
pub struct TooLong(usize);

impl Clipboard {
    /// Wraps bytes for the clipboard.
    ///
    /// # Errors
    ///
    /// Fails for more than [`MAX_COPIED`] bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, TooLong> {
        if bytes.len() > MAX_COPIED {
            return Err(TooLong(bytes.len()));
        }
        Ok(Self(format!("\x1b]52;c;{}\x07", STANDARD.encode(bytes))))
    }

    /// Returns what is sent to the terminal.
    pub fn sequence(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_so_that_nothing_of_it_is_obeyed() {
        let clipboard = Clipboard::new(b"a\x1b[31m\x07").expect("short");
        assert_eq!(clipboard.sequence(), b"\x1b]52;c;YRtbMzFtBw==\x07");
    }

    #[test]
    fn what_terminals_would_cut_is_refused() {
        let longest = Clipboard::new(&vec![b'a'; MAX_COPIED]).expect("just short enough");
        assert!(longest.sequence().len() <= 100_000);
        let refused = Clipboard::new(&vec![b'a'; MAX_COPIED + 1]).expect_err("too long");
        assert_eq!(refused.to_string(), "74995 bytes are too many for the clipboard: expected at most 74994");
    }
}
