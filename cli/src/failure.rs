//! Failures as the user reads them: the chain of causes once, then what to do about it.
//!
//! The crates below state facts; advice is given here, by the kind of the error.

use std::error::Error;
use std::fmt::Write as _;

use attar_builder::build::{BuildError, CannotStart};
use attar_builder::cache::CacheError;
use attar_builder::locking::LockingError;
use attar_builder::repository::{RepositoryError, Stale};
use attar_builder::spec::Diagnostics;
use attar_image::layout::LayoutError;

mod registry;
mod sources;

use crate::escape;
use crate::exit_code::ExitCode;

/// A command line that parses and yet makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Usage {
    message: String,
    hint: Option<String>,
}

impl Usage {
    /// Returns an error that ends with the code of wrong usage.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// Adds advice.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// Returns the exit code an error stands for.
pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    let cannot_start =
        |cause: &(dyn Error + 'static)| matches!(cause.downcast_ref(), Some(BuildError::CannotStart(_)));
    if error.is::<Usage>() {
        ExitCode::Usage
    } else if error.chain().any(cannot_start) {
        ExitCode::No
    } else {
        ExitCode::Error
    }
}

/// Says whether an error means that nobody reads our output any more, as in `attar show | head`.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Returns the chain of causes in one line, and advice if there is some; both are harmless text.
pub(crate) fn in_one_line(error: &(dyn Error + 'static)) -> (String, Option<String>) {
    let hints = hints(error).join("; ");
    let hint = Some(escape::line(&hints)).filter(|hint| !hint.is_empty());
    (escape::line(&messages(error).join(": ")), hint)
}

/// Returns the chain of causes and the hints, one a line; what is wrong with a spec is shown in the spec.
pub(crate) fn render(error: &anyhow::Error, color: bool) -> String {
    if let Some(diagnostics) = error.chain().find_map(|cause| cause.downcast_ref::<Diagnostics>()) {
        let shown = diagnostics.render(color);
        // The colours are escape sequences themselves; the renderer shows control characters by name.
        return format!("{}\n", if color { shown } else { escape::lines(&shown) });
    }
    let mut text = String::new();
    for (depth, message) in messages(error.as_ref()).iter().enumerate() {
        let label = if depth == 0 { "error" } else { "  cause" };
        writeln!(text, "{label}: {}", escape::lines(message)).expect("writing to a string cannot fail");
    }
    for hint in hints(error.as_ref()) {
        writeln!(text, "hint: {}", escape::lines(&hint)).expect("writing to a string cannot fail");
    }
    text
}

/// Returns what each cause says.
fn messages(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut messages: Vec<String> = anyhow::Chain::new(error).map(ToString::to_string).collect();
    // Wrappers that print what they wrap would say everything twice.
    messages.dedup();
    messages
}

/// Returns advice for the causes that have some.
fn hints(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut hints: Vec<String> = anyhow::Chain::new(error).filter_map(hint).collect();
    // An error that wraps another transparently stands in the chain twice.
    hints.dedup();
    hints
}

fn hint(cause: &(dyn Error + 'static)) -> Option<String> {
    // The source of an error may be the box that it is in.
    if let Some(boxed) = cause.downcast_ref::<Box<LayoutError>>() {
        return hint(&**boxed);
    }
    if let Some(LayoutError::Elsewhere(cause)) = cause.downcast_ref() {
        return hint(&**cause);
    }
    if let Some(usage) = cause.downcast_ref::<Usage>() {
        return usage.hint.clone();
    }
    let text = match cause.downcast_ref() {
        Some(BuildError::NoLock(_)) => Some("`attar lock` makes one"),
        Some(BuildError::Outdated { .. } | BuildError::OldFormat { .. }) => {
            Some("`attar lock` renews it, keeping every version that still fits")
        }
        Some(BuildError::Locking(cause)) => of_locking(cause),
        Some(BuildError::Fetch(cause)) => of_repository(cause),
        Some(BuildError::CannotStart(cause)) => return accepting(cause),
        _ => None,
    };
    let text = text.or_else(|| cause.downcast_ref().and_then(of_locking));
    let text = text.or_else(|| cause.downcast_ref().and_then(of_repository));
    let text = text.or_else(|| match cause.downcast_ref() {
        Some(CacheError::Newer { .. }) => Some("`--cache-dir DIR` uses another cache"),
        _ => None,
    });
    let text = text.map(String::from);
    text.or_else(|| cause.downcast_ref().and_then(registry::failed))
        .or_else(|| cause.downcast_ref().and_then(registry::engine))
        .or_else(|| cause.downcast_ref().and_then(registry::no_engine))
        .or_else(|| cause.downcast_ref().and_then(sources::archive))
        .or_else(|| cause.downcast_ref().and_then(sources::layout))
}

/// Says how a spec accepts the first thing that is missing.
fn accepting(cause: &CannotStart) -> Option<String> {
    let shortage = cause.shortages.first()?;
    let missing = shortage.problem.missing();
    shortage.object.starts_with('/').then(|| {
        format!(
            "`start: {{allow: [{{path: {}, missing: {missing}, reason: \"…\"}}]}}` in the spec accepts the first one",
            shortage.object
        )
    })
}

fn of_locking(cause: &LockingError) -> Option<&'static str> {
    match cause {
        LockingError::Repository(cause) => of_repository(cause),
        LockingError::Rollback { .. } => {
            Some("`--allow-rollback` accepts it, if you know why the archive went back")
        }
        _ => None,
    }
}

fn of_repository(cause: &RepositoryError) -> Option<&'static str> {
    match cause {
        RepositoryError::Offline { .. } => Some("run the same command once without `--offline`"),
        RepositoryError::Unavailable { attempts, .. } if attempts.any_untrusted() => {
            Some("`SSL_CERT_FILE=FILE` names the certificate authorities to trust, instead of the system's")
        }
        RepositoryError::Unavailable { .. } => Some("`--mirror URL` asks another mirror first"),
        RepositoryError::Stale { source: Stale::Expired { .. }, .. } => {
            Some("`check-valid-until: false` in the spec accepts a release past its date")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_is_printed_once_with_its_hints() {
        let error =
            anyhow::Error::new(Usage::new("`-t` needs a destination").hint("add `-o docker-archive:FILE`"));
        assert_eq!(exit_code(&error), ExitCode::Usage);
        insta::assert_snapshot!(render(&error, false), @r"
        error: `-t` needs a destination
        hint: add `-o docker-archive:FILE`
        ");

        let error = anyhow::anyhow!("no such\u{1b}[1m file").context("cannot read `attar.yaml`");
        assert_eq!(exit_code(&error), ExitCode::Error);
        insta::assert_snapshot!(render(&error, false), @r"
        error: cannot read `attar.yaml`
          cause: no such\u{1b}[1m file
        ");
    }

    #[test]
    fn a_chain_fits_into_one_line() {
        let usage = Usage::new("no\nimage").hint("name\u{1b} one");
        let error = anyhow::Error::new(usage).context("cannot read `x`").context("cannot read `x`");
        let expected = ("cannot read `x`: no\\nimage".to_owned(), Some("name\\u{1b} one".to_owned()));
        assert_eq!(in_one_line(error.as_ref()), expected);
    }

    #[test]
    fn an_error_of_a_layer_has_the_advice_of_what_caused_it() {
        let usage = Usage::new("nobody has it").hint("ask somebody");
        let source = Box::new(LayoutError::Elsewhere(usage.into()));
        let digest = attar_image::digest::Digest::of("");
        let error = attar_image::stack::StackError::Layout { digest, source };
        let (message, hint) = in_one_line(&error);
        assert_eq!(message, format!("cannot read layer {digest}: nobody has it"));
        assert_eq!(hint.as_deref(), Some("ask somebody"));
    }

    #[test]
    fn a_closed_pipe_is_recognised_anywhere_in_the_chain() {
        let pipe = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert!(is_broken_pipe(&anyhow::Error::new(pipe).context("cannot write")));
        assert!(!is_broken_pipe(&anyhow::anyhow!("cannot write")));
    }
}
