//! What the terminal says of itself.

use crate::args::ColorWhen;
use crate::environment::Variable;

/// What the interface must know of the terminal before it draws.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Screen {
    /// What kind of terminal it is: `TERM`.
    pub(crate) kind: Option<String>,
    /// Whether its background is light, as far as it says so: `COLORFGBG`.
    pub(crate) is_light: bool,
    /// Whether colours are wanted.
    pub(crate) has_color: bool,
}

impl Screen {
    pub(super) fn resolve(when: ColorWhen) -> Self {
        let text = |variable: Variable| variable.value().and_then(|value| value.into_string().ok());
        Self {
            kind: text(Variable::Term),
            is_light: text(Variable::ColorFgBg).is_some_and(|colors| is_light(&colors)),
            has_color: match when {
                ColorWhen::Always => true,
                ColorWhen::Never => false,
                ColorWhen::Auto => !Variable::NoColor.is_set(),
            },
        }
    }
}

/// Says whether the last number, that of the background, is a light colour of the sixteen: `0;15`.
fn is_light(colors: &str) -> bool {
    matches!(colors.rsplit(';').next(), Some("7" | "9" | "10" | "11" | "12" | "13" | "14" | "15"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_background_is_the_last_number() {
        for (colors, expected) in [
            ("0;15", true),
            ("0;default;15", true),
            ("15;0", false),
            ("7;8", false),
            ("15;default", false),
            ("", false),
        ] {
            assert_eq!(is_light(colors), expected, "{colors}");
        }
    }
}
