//! Whether the interface can be shown here.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::termios::isatty;

/// Why the interface cannot be shown here.
#[derive(Debug, thiserror::Error)]
pub enum Unsupported {
    /// The output goes elsewhere.
    #[error("the output is no terminal: expected one for the interface, or a format as in `-o table`")]
    Output,
    /// The terminal cannot be used.
    #[error("cannot use the terminal: expected one that keys can be read from, or a format as in `-o table`")]
    Input(#[source] io::Error),
    /// The terminal moves no cursor.
    #[error(
        "terminal of kind `{}` cannot move the cursor: expected another `TERM`, or a format as in `-o table`",
        attar_image::text::escape_line(_0)
    )]
    Dumb(String),
    /// Nothing says what the terminal can do.
    #[error("`TERM` does not say what kind of terminal this is: expected it, or a format as in `-o table`")]
    Unknown,
}

/// Checks that a kind of terminal can move the cursor.
pub(super) fn check_kind(kind: Option<&str>) -> Result<(), Unsupported> {
    match kind {
        None | Some("") => Err(Unsupported::Unknown),
        Some(kind @ ("dumb" | "unknown" | "emacs")) => Err(Unsupported::Dumb(kind.into())),
        Some(_) => Ok(()),
    }
}

/// Returns the terminal that keys come from and the one that is drawn on.
///
/// Keys come from the terminal itself where standard input is something else, such as an archive.
pub(super) fn terminals() -> Result<(OwnedFd, OwnedFd), Unsupported> {
    let (stdin, stdout) = (io::stdin(), io::stdout());
    if !isatty(&stdout) {
        return Err(Unsupported::Output);
    }
    let output = stdout.as_fd().try_clone_to_owned().map_err(Unsupported::Input)?;
    let input = if isatty(&stdin) {
        stdin.as_fd().try_clone_to_owned()
    } else {
        File::open("/dev/tty").map(OwnedFd::from)
    };
    Ok((input.map_err(Unsupported::Input)?, output))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_without_a_cursor_are_refused_with_a_way_out() {
        for (kind, accepted) in [
            (None, false),
            (Some(""), false),
            (Some("dumb"), false),
            (Some("xterm-256color"), true),
            (Some("linux"), true),
            (Some("tmux"), true),
        ] {
            let checked = check_kind(kind);
            assert_eq!(checked.is_ok(), accepted, "{kind:?}");
            assert!(checked.err().is_none_or(|it| it.to_string().contains("`-o table`")), "{kind:?}");
        }
    }
}
