//! Whether a run of `attar inspect` opens the interface, draws one screen of it, or reports.

use crate::args::InspectArgs;
use crate::args::Metric;
use crate::failure::Usage;

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose<'a> {
    /// A report about one image.
    Report(&'a str),
    /// The interface.
    Interface,
    /// One screen of it, of so many columns and lines.
    Screen(u16, u16),
}

impl<'a> Purpose<'a> {
    /// Finds out what is wanted. With a terminal on both sides, people look at images; programs are told.
    pub(super) fn of(arguments: &'a InspectArgs, has_terminal: bool) -> Result<Self, Usage> {
        let (report, screen) = (of_report(arguments), arguments.screen.asked());
        if let (Some(report), Some(screen)) = (report, screen) {
            let message = format!("`{screen}` is for the interface, and `{report}` for a report");
            return Err(Usage::new(message).hint("one run does one of them"));
        }
        if let Some(size) = arguments.screen.dump {
            return Ok(Self::Screen(size.0, size.1));
        }
        if has_terminal && report.is_none() {
            return Ok(Self::Interface);
        }
        if let Some(screen) = screen {
            let message = format!("`{screen}` is for the interface, which needs a terminal");
            return Err(Usage::new(message).hint("`--dump 120x40` draws its screen as text"));
        }
        match &arguments.images[..] {
            [image] => Ok(Self::Report(image)),
            [] => Err(Usage::new("no image is named: expected one, or a terminal for the list of images")
                .hint("`attar inspect IMAGE` reports on an image; `--dump 120x40` draws the list as text")),
            several => Err(Usage::new(format!("expected one image to report on, found {}", several.len()))
                .hint("on a terminal, `attar inspect` opens several")),
        }
    }
}

/// Returns the first option that asks for a report.
fn of_report(arguments: &InspectArgs) -> Option<&'static str> {
    let asked = [
        ("-o", !arguments.outputs.is_empty()),
        ("--ci", arguments.ci),
        ("--baseline", arguments.baseline.is_some()),
        ("--metric", arguments.metric != Metric::Attar),
        ("--packages", arguments.packages),
        ("--verify", arguments.verify),
    ];
    asked.into_iter().find_map(|(name, is_asked)| is_asked.then_some(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Command, parse};

    fn purpose(line: &str, has_terminal: bool) -> Result<String, String> {
        let words = ["attar", "inspect"].into_iter().chain(line.split_whitespace());
        let cli = parse(words.map(Into::into)).expect("a command line");
        let Command::Inspect(arguments) = cli.command else { panic!("another command") };
        let purpose = Purpose::of(&arguments, has_terminal);
        purpose.map(|purpose| format!("{purpose:?}")).map_err(|error| error.to_string())
    }

    #[test]
    fn terminals_get_the_interface_and_programs_a_report() {
        let wrong = |text: &str| Err(text.to_owned());
        let interface = || Ok("Interface".to_owned());
        let report = || Ok("Report(\"app:1\")".to_owned());
        let screen = || Ok("Screen(80, 24)".to_owned());
        for (line, on_terminal, elsewhere) in [
            ("app:1", interface(), report()),
            ("app:1 --platform linux/arm64 --theme light --ascii", interface(), report()),
            ("app:1 -o table", report(), report()),
            ("app:1 --ci", report(), report()),
            ("app:1 --baseline app:0", report(), report()),
            ("app:1 --metric dive", report(), report()),
            ("app:1 --packages", report(), report()),
            ("app:1 --verify", report(), report()),
            ("app:1 --dump 80x24", screen(), screen()),
            ("--dump 80x24", screen(), screen()),
            (
                "app:1 --view waste",
                interface(),
                wrong("`--view` is for the interface, which needs a terminal"),
            ),
            ("", interface(), wrong("no image is named: expected one, or a terminal for the list of images")),
            ("a:1 b:2", interface(), wrong("expected one image to report on, found 2")),
            (
                "-o json",
                wrong("no image is named: expected one, or a terminal for the list of images"),
                wrong("no image is named: expected one, or a terminal for the list of images"),
            ),
            (
                "app:1 --dump 80x24 -o json",
                wrong("`--dump` is for the interface, and `-o` for a report"),
                wrong("`--dump` is for the interface, and `-o` for a report"),
            ),
        ] {
            assert_eq!(purpose(line, true), on_terminal, "{line} on a terminal");
            assert_eq!(purpose(line, false), elsewhere, "{line} elsewhere");
        }
    }
}
