//! An error with its causes, in one line.

use std::error::Error;

/// Joins an error and its causes: `cannot read layer sha256:…: the archive is truncated`.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outside")]
    struct Outside(#[source] std::io::Error);

    #[test]
    fn causes_follow_the_error() {
        let error = Outside(std::io::Error::other("inside"));
        assert_eq!(chain(&error), "outside: inside");
        assert_eq!(chain(&error.0), "inside");
    }
}
