//! What the command line says of the interface, as the interface takes it.

use attar_inspector::browse::{Hide, Sort};
use attar_inspector::tui::source::Wanted;
use attar_inspector::tui::start::{Start, Theme, View};

use crate::args::{InspectArgs, ScreenArgs};
use crate::failure::Usage;
use crate::settings::{Screen, Settings};

/// Returns what the interface starts with. Images that cannot be named so are wrong usage.
pub(super) fn of(arguments: &InspectArgs, settings: &Settings) -> anyhow::Result<Start> {
    let ScreenArgs { view, layer, range, at, filter, compare, pane, theme, ascii, no_mouse, .. } =
        arguments.screen.clone();
    let ScreenArgs { changes, hide, sort, reverse, preview, .. } = arguments.screen.clone();
    check_order(sort, compare.is_some() || view == Some(View::Compare))?;
    let wanted = |word: &String| {
        super::super::image(word)?;
        Ok::<_, anyhow::Error>(Wanted { word: word.clone(), platform: arguments.platform.clone() })
    };
    Ok(Start {
        images: arguments.images.iter().map(wanted).collect::<anyhow::Result<_>>()?,
        view,
        layer: layer.map(|layer| layer.0),
        range: range.map(|range| range.0),
        is_changes: changes,
        at,
        filter,
        hide: hide.into_iter().reduce(Hide::or),
        sort: sort.unwrap_or_default(),
        is_reversed: reverse,
        preview,
        compare: compare.as_ref().map(wanted).transpose()?,
        pane,
        theme: Some(theme.unwrap_or_else(|| suitable(&settings.screen))),
        is_ascii: ascii,
        has_mouse: !no_mouse,
        threads: settings.threads,
    })
}

/// Refuses orders that one image alone does not have, and two beside each other do not.
fn check_order(sort: Option<Sort>, are_two: bool) -> Result<(), Usage> {
    match (sort, are_two) {
        (Some(Sort::Delta), false) => Err(Usage::new("`--sort growth` is for two images side by side")
            .hint("`--compare IMAGE` names the other one")),
        (Some(Sort::Waste), true) => Err(Usage::new("`--sort waste` is for one image alone")
            .hint("side by side, images have the orders name, size, change and growth")),
        _ => Ok(()),
    }
}

/// Chooses colours that can be read on this terminal.
fn suitable(screen: &Screen) -> Theme {
    match screen {
        Screen { has_color: false, .. } => Theme::None,
        Screen { is_light: true, .. } => Theme::Light,
        _ => Theme::Dark,
    }
}

#[cfg(test)]
mod tests {
    use attar_image::path::TreePath;
    use attar_inspector::preview::Mode;
    use attar_inspector::tui::start::Pane;

    use super::*;
    use crate::args::{Command, parse};

    fn start(line: &str, screen: Screen) -> Result<Start, String> {
        let words = ["attar", "inspect"].into_iter().chain(line.split_whitespace());
        let cli = parse(words.map(Into::into)).expect("a command line");
        let Command::Inspect(arguments) = cli.command else { panic!("another command") };
        let settings = Settings { screen, ..Settings::plain() };
        of(&arguments, &settings).map_err(|error| error.to_string())
    }

    #[test]
    fn options_become_what_is_shown_first() {
        let line = "a:1 b:1 --platform linux/arm64 --view waste --layer 3 --range 2..3 --at /etc \
                    --filter size:>1M --compare c:1 --pane tree --theme contrast --ascii --no-mouse \
                    --changes --hide added,removed --sort growth --reverse --preview hex";
        let wanted = |word: &str| Wanted { word: word.into(), platform: Some("linux/arm64".into()) };
        let expected = Start {
            images: vec![wanted("a:1"), wanted("b:1")],
            view: Some(View::Waste),
            layer: Some(2),
            range: Some(1..=2),
            at: Some(TreePath::parse("etc").expect("a path")),
            is_changes: true,
            filter: Some("size:>1M".into()),
            hide: Some(Hide { added: true, removed: true, ..Hide::default() }),
            sort: Sort::Delta,
            is_reversed: true,
            preview: Some(Mode::Hex),
            compare: Some(wanted("c:1")),
            pane: Some(Pane::Tree),
            theme: Some(Theme::Contrast),
            is_ascii: true,
            has_mouse: false,
            ..Start::default()
        };
        assert_eq!(start(line, Screen::default()), Ok(expected));
        let error = start("api.yaml", Screen::default()).expect_err("a spec");
        assert_eq!(error, "`api.yaml` is a spec, and has no layers yet");
        let error = start("a:1 --sort growth", Screen::default()).expect_err("one image");
        assert_eq!(error, "`--sort growth` is for two images side by side");
        let error = start("a:1 --sort waste --compare b:1", Screen::default()).expect_err("two images");
        assert_eq!(error, "`--sort waste` is for one image alone");
    }

    #[test]
    fn what_is_shown_is_asked_for_by_words_that_are_read_alike() {
        let wanted = Wanted { word: "a:1".into(), platform: None };
        let plain = || Start { images: vec![wanted.clone()], ..Start::default() };
        for (start, words) in [
            (Start::default(), ""),
            (Start { layer: Some(0), is_changes: true, ..plain() }, "a:1 --layer 1 --changes"),
            (Start { filter: Some("-x".into()), ..plain() }, "a:1 --filter=-x"),
            (
                Start { range: Some(1..=3), hide: Some(Hide::default()), sort: Sort::Waste, ..plain() },
                "a:1 --range 2..4 --hide none --sort waste",
            ),
            (
                Start { hide: Hide::find("added").map(|hide| hide.or(Hide::ALL[3].1)), ..plain() },
                "a:1 --hide added,unchanged",
            ),
            (
                Start {
                    images: vec![Wanted { platform: Some("linux/arm64".into()), ..wanted.clone() }],
                    compare: Some(Wanted { word: "b:1".into(), platform: Some("linux/arm64".into()) }),
                    view: Some(View::Packages),
                    is_reversed: true,
                    ..Start::default()
                },
                "a:1 --platform linux/arm64 --compare b:1 --view packages --reverse",
            ),
            (
                Start {
                    at: TreePath::parse("etc/passwd").ok(),
                    preview: Some(Mode::Hex),
                    pane: Some(Pane::Preview),
                    ..plain()
                },
                "a:1 --at /etc/passwd --preview hex --pane preview",
            ),
            (
                Start { at: TreePath::parse(b"evil\x1b\xff\\n").ok(), ..plain() },
                r"a:1 --at /evil\u{1b}\xff\\n",
            ),
        ] {
            assert_eq!(start.words().join(" "), words);
            let read = super::tests::start(words, Screen::default()).expect("a command line");
            assert_eq!(Start { theme: None, threads: start.threads, ..read }, start, "{words}");
        }
    }

    #[test]
    fn colours_suit_the_terminal() {
        for (has_color, is_light, expected) in
            [(true, false, Theme::Dark), (true, true, Theme::Light), (false, true, Theme::None)]
        {
            let screen = Screen { has_color, is_light, kind: None };
            assert_eq!(start("", screen).map(|start| start.theme), Ok(Some(expected)));
        }
    }
}
