//! Cells that changed become as few bytes as terminals understand.
//!
//! In place of ratatui's own backend, which sends sixteen colours in the longer notation for 256, ends
//! every frame with resets even if nothing changed, and trusts that terminals agree on how wide each
//! character is.

use std::io;

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};

use super::output::Output;
use super::sequence::{CURSOR, FRAME, PLAIN};

/// Draws cells on an [`Output`].
pub(super) struct AnsiBackend {
    output: Output,
    /// The size, where it does not come from the terminal.
    fixed: Option<(u16, u16)>,
    /// Where the terminal's cursor is known to be.
    place: Option<Position>,
    /// How the terminal draws letters now.
    look: Look,
    is_cursor_shown: bool,
    /// Where the cursor was shown last.
    shown: Option<Position>,
    columns: u16,
}

/// Colours and attributes of letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Look {
    letters: Color,
    behind: Color,
    modifier: Modifier,
}

/// Attributes, and the number that switches each on.
const ATTRIBUTES: [(Modifier, u8); 8] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

impl AnsiBackend {
    /// Returns a backend, of a size of its own if one is given, else of that of the terminal.
    pub(super) fn new(output: Output, fixed: Option<(u16, u16)>) -> Self {
        let (place, look, shown) = (None, Look::default(), None);
        Self { output, fixed, place, look, is_cursor_shown: false, shown, columns: 0 }
    }

    /// Forgets what the terminal shows: it was left and entered again, or others wrote to it.
    pub(super) fn forget(&mut self) {
        (self.look, self.shown, self.is_cursor_shown) = (Look::default(), None, false);
        self.output.push(format!("{PLAIN}{}", CURSOR.0).as_bytes());
    }

    /// Begins a frame. Whatever happened to the terminal since the last one, its cursor may be anywhere.
    pub(super) fn begin(&mut self) {
        self.place = None;
        self.columns = self.size().map_or(0, |size| size.width);
    }

    /// Ends a frame and sends what it changed.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        if self.look != Look::default() {
            self.output.push(PLAIN.as_bytes());
            self.look = Look::default();
        }
        self.output.send(FRAME)
    }

    /// Sends bytes as they are.
    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.output.push(bytes);
        self.output.send(("", ""))
    }

    /// Returns how many bytes were sent so far.
    pub(super) fn bytes_sent(&self) -> u64 {
        self.output.sent()
    }

    fn go_to(&mut self, wanted: Position) {
        if self.place == Some(wanted) {
            return;
        }
        let absolute = format!("\x1b[{};{}H", wanted.y + 1, wanted.x + 1);
        let relative = self.place.and_then(|place| {
            let same_line = place.y == wanted.y && wanted.x > place.x;
            let below = wanted.x == 0 && wanted.y == place.y + 1;
            match wanted.x.saturating_sub(place.x) {
                _ if below => Some("\r\n".into()),
                1 if same_line => Some("\x1b[C".into()),
                columns if same_line => Some(format!("\x1b[{columns}C")),
                _ => None,
            }
        });
        let shorter =
            relative.filter(|relative: &String| relative.len() < absolute.len()).unwrap_or(absolute);
        self.output.push(shorter.as_bytes());
        self.place = Some(wanted);
    }

    fn look_like(&mut self, wanted: Look) {
        if self.look == wanted {
            return;
        }
        let mut numbers = Vec::new();
        let mut from = self.look;
        if !wanted.modifier.contains(from.modifier) || wanted == Look::default() {
            // Switching off single attributes is understood less well than starting anew.
            numbers.push(String::new());
            from = Look::default();
        }
        let added = wanted.modifier - from.modifier;
        numbers.extend(
            ATTRIBUTES.iter().filter(|(it, _)| added.contains(*it)).map(|(_, number)| number.to_string()),
        );
        if wanted.letters != from.letters {
            numbers.push(color(wanted.letters, 30));
        }
        if wanted.behind != from.behind {
            numbers.push(color(wanted.behind, 40));
        }
        self.output.push(format!("\x1b[{}m", numbers.join(";")).as_bytes());
        self.look = wanted;
    }

    fn print(&mut self, symbol: &str, width: u16) {
        self.output.push(symbol.as_bytes());
        // Terminals do not agree on how wide other characters are: after them the cursor is set anew, so
        // that what follows stands where it belongs.
        let is_certain = symbol.chars().all(|it| matches!(it, ' '..='~' | '\u{a0}'..='\u{17f}' | '─'..='▟'));
        let columns = self.columns;
        self.place = self.place.filter(|place| is_certain && place.x + width < columns);
        if let Some(place) = &mut self.place {
            place.x += width;
        }
    }
}

/// Returns the numbers of a colour; `base` is 30 for letters and 40 for what is behind them.
fn color(color: Color, base: u8) -> String {
    let simple = |number: u8| (base + number).to_string();
    let bright = |number: u8| (base + 60 + number).to_string();
    match color {
        Color::Reset => simple(9),
        Color::Black => simple(0),
        Color::Red => simple(1),
        Color::Green => simple(2),
        Color::Yellow => simple(3),
        Color::Blue => simple(4),
        Color::Magenta => simple(5),
        Color::Cyan => simple(6),
        Color::Gray => simple(7),
        Color::DarkGray => bright(0),
        Color::LightRed => bright(1),
        Color::LightGreen => bright(2),
        Color::LightYellow => bright(3),
        Color::LightBlue => bright(4),
        Color::LightMagenta => bright(5),
        Color::LightCyan => bright(6),
        Color::White => bright(7),
        Color::Indexed(index) => format!("{};5;{index}", base + 8),
        Color::Rgb(red, green, blue) => format!("{};2;{red};{green};{blue}", base + 8),
    }
}

impl Backend for AnsiBackend {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        for (x, y, cell) in content {
            self.go_to(Position { x, y });
            self.look_like(Look { letters: cell.fg, behind: cell.bg, modifier: cell.modifier });
            let symbol = cell.symbol();
            self.print(symbol, u16::try_from(super::super::text::width(symbol)).unwrap_or(1));
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.is_cursor_shown, false) {
            self.output.push(CURSOR.0.as_bytes());
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.is_cursor_shown, true) {
            self.output.push(CURSOR.1.as_bytes());
        }
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.place.unwrap_or_default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        // The cursor is still where the frame before put it, if nothing else was drawn.
        let position = position.into();
        if self.output.waiting() > 0 || self.shown != Some(position) {
            self.go_to(position);
        }
        self.shown = Some(position);
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.look_like(Look::default());
        let sequence: &[u8] = match region {
            ClearType::All => b"\x1b[2J",
            ClearType::AfterCursor => b"\x1b[J",
            ClearType::BeforeCursor => b"\x1b[1J",
            ClearType::CurrentLine => b"\x1b[2K",
            ClearType::UntilNewLine => b"\x1b[K",
        };
        self.output.push(sequence);
        Ok(())
    }

    fn size(&self) -> io::Result<Size> {
        let (width, height) = self.fixed.map_or_else(|| self.output.size(), Ok)?;
        Ok(Size { width, height })
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size()?, pixels: Size::default() })
    }

    fn flush(&mut self) -> io::Result<()> {
        // A frame is sent whole by `finish`.
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ratatui::Frame;
    use ratatui::layout::Rect;
    use ratatui::style::{Color, Style};
    use ratatui::text::{Line, Span};

    use super::super::output::Output;
    use super::*;

    /// Draws frames of 12x3 one after the other and returns what each of them sent.
    fn sent(frames: &[&dyn Fn(&mut Frame)]) -> Vec<String> {
        let backend = AnsiBackend::new(Output::nowhere(), Some((12, 3)));
        let mut terminal = ratatui::Terminal::new(backend).expect("a terminal");
        let mut draw = |draw: &dyn Fn(&mut Frame)| {
            terminal.backend_mut().begin();
            terminal.draw(draw).expect("nothing is written");
            let backend = terminal.backend_mut();
            backend.finish().expect("nothing is written");
            String::from_utf8(backend.output.taken()).expect("UTF-8").replace('\x1b', "^")
        };
        frames.iter().map(|frame| draw(*frame)).collect()
    }

    fn line(y: u16, text: &'static str, style: Style) -> impl Fn(&mut Frame) {
        move |frame| frame.render_widget(Line::styled(text, style), Rect::new(0, y, 12, 1))
    }

    /// Wraps what a frame sends as it is sent.
    fn frame(text: &str) -> String {
        format!("^[?2026h{text}^[?2026l")
    }

    #[test]
    fn only_what_changes_is_sent_and_nothing_for_nothing() {
        let (one, other) = (line(0, "abc def", Style::new()), line(0, "abX deY", Style::new()));
        assert_eq!(
            sent(&[&one, &one, &other]),
            [frame("^[1;1Habc^[Cdef"), String::new(), frame("^[1;3HX^[3CY")]
        );
    }

    #[test]
    fn colours_are_sent_in_the_shortest_way_and_ended() {
        let green = Style::new().fg(Color::Green).add_modifier(Modifier::BOLD);
        let (letters, indexed) = (line(0, "ab", green), line(0, "ab", Style::new().bg(Color::Indexed(24))));
        assert_eq!(
            sent(&[&letters, &indexed]),
            [frame("^[1;1H^[1;32mab          ^[0m"), frame("^[1;1H^[48;5;24mab          ^[0m")]
        );
        let mixed = |frame: &mut Frame| {
            let spans = [Span::styled("a", green), Span::raw("b"), Span::styled("c", Color::LightRed)];
            frame.render_widget(Line::from_iter(spans), frame.area());
        };
        assert_eq!(sent(&[&mixed]), [frame("^[1;1H^[1;32ma^[mb^[91mc^[0m")]);
    }

    #[test]
    fn after_characters_of_uncertain_width_the_cursor_is_set_anew() {
        let lines = line(0, "├é日x👍y", Style::new());
        assert_eq!(sent(&[&lines]), [frame("^[1;1H├é日^[1;5Hx👍^[1;8Hy")]);
    }

    #[test]
    fn lines_follow_each_other_with_few_bytes() {
        let both = |frame: &mut Frame| {
            line(0, "ab", Style::new())(frame);
            line(1, "cd", Style::new())(frame);
        };
        assert_eq!(sent(&[&both]), [frame("^[1;1Hab\r\ncd")]);
    }

    #[test]
    fn a_cursor_that_stays_costs_nothing() {
        let prompt = |frame: &mut Frame| frame.set_cursor_position((3, 1));
        let moved = |frame: &mut Frame| frame.set_cursor_position((4, 1));
        let hidden = |_: &mut Frame| {};
        assert_eq!(
            sent(&[&hidden, &prompt, &prompt, &moved, &hidden]),
            [String::new(), frame("^[?25h^[2;4H"), String::new(), frame("^[2;5H"), frame("^[?25l")]
        );
    }
}
