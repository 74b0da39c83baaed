//! Screens as pictures: SVG, in the colours of a usual terminal, with any font of even width.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::text;

/// Width and height of a cell in pixels.
const CELL: (u32, u32) = (9, 19);
/// Pixels around the screen.
const MARGIN: u32 = 12;

/// The sixteen colours of terminals, as many show them.
const ANSI: [&str; 16] = [
    "#1c1c22", "#d7525f", "#6fb36f", "#d9a53f", "#5f93d8", "#b47fd0", "#4fb0b5", "#c8c8cc", "#74747e",
    "#f0707c", "#8fd48f", "#f2c866", "#84b4f4", "#d0a0ec", "#78d2d6", "#f4f4f6",
];

/// Colours of what has none of its own.
#[derive(Clone, Copy, Debug)]
struct Paper {
    ink: &'static str,
    paper: &'static str,
}

const DARK: Paper = Paper { ink: "#d4d4d8", paper: "#16161a" };
const LIGHT: Paper = Paper { ink: "#24242a", paper: "#fbfbfc" };

/// Returns the screen as an SVG document; `is_light` says that the terminal's paper is white.
///
/// The text of the screen is text in the picture: it can be searched and copied.
pub fn svg(buffer: &Buffer, is_light: bool) -> String {
    let paper = if is_light { LIGHT } else { DARK };
    let area = buffer.area;
    let width = u32::from(area.width) * CELL.0 + 2 * MARGIN;
    let height = u32::from(area.height) * CELL.1 + 2 * MARGIN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{}\"/>\n\
         <g font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"15\" \
         xml:space=\"preserve\">\n",
        paper.paper
    );
    for y in area.top()..area.bottom() {
        line(buffer, y, paper, &mut out);
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// Cells beside each other that look alike.
struct Run {
    x: u32,
    columns: u32,
    text: String,
    look: Look,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Look {
    ink: Color,
    paper: Color,
    modifier: Modifier,
}

fn line(buffer: &Buffer, y: u16, paper: Paper, out: &mut String) {
    let top = u32::from(y - buffer.area.y) * CELL.1 + MARGIN;
    for run in runs(buffer, y) {
        let Look { ink, paper: ground, modifier } = run.look;
        let (mut ink, mut ground) = (colour(ink, paper.ink), colour(ground, paper.paper));
        if modifier.contains(Modifier::REVERSED) {
            (ink, ground) = (ground, ink);
        }
        let (x, width) = (run.x * CELL.0 + MARGIN, run.columns * CELL.0);
        // Writing to a text cannot fail.
        if ground != paper.paper {
            let height = CELL.1;
            let _ = writeln!(
                out,
                "<rect x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"{ground}\"/>"
            );
        }
        if run.text.trim().is_empty() {
            continue;
        }
        let mut style = String::new();
        for (wanted, attribute) in [
            (Modifier::BOLD, " font-weight=\"bold\""),
            (Modifier::ITALIC, " font-style=\"italic\""),
            (Modifier::UNDERLINED, " text-decoration=\"underline\""),
            (Modifier::DIM, " opacity=\"0.7\""),
        ] {
            if modifier.contains(wanted) {
                style.push_str(attribute);
            }
        }
        let base = top + CELL.1 - 5;
        let text = escaped(&run.text);
        // The length keeps columns where they are whatever the font.
        let _ = writeln!(
            out,
            "<text x=\"{x}\" y=\"{base}\" fill=\"{ink}\" textLength=\"{width}\" \
             lengthAdjust=\"spacingAndGlyphs\"{style}>{text}</text>"
        );
    }
}

fn runs(buffer: &Buffer, y: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut x = buffer.area.left();
    while x < buffer.area.right() {
        let cell: &Cell = &buffer[(x, y)];
        let columns = text::width(cell.symbol()).max(1) as u32;
        let look = Look { ink: cell.fg, paper: cell.bg, modifier: cell.modifier };
        match runs.last_mut() {
            // Wide characters stand alone, so that fonts that draw them narrower shift nothing.
            Some(run)
                if run.look == look && columns == 1 && run.columns as usize == run.text.chars().count() =>
            {
                run.text.push_str(cell.symbol());
                run.columns += columns;
            }
            _ => {
                let text = cell.symbol().to_owned();
                runs.push(Run { x: u32::from(x - buffer.area.left()), columns, text, look });
            }
        }
        x += columns as u16;
    }
    runs
}

fn colour(colour: Color, usual: &str) -> String {
    let ansi = |number: usize| ANSI[number].to_owned();
    match colour {
        Color::Reset => usual.to_owned(),
        Color::Black => ansi(0),
        Color::Red => ansi(1),
        Color::Green => ansi(2),
        Color::Yellow => ansi(3),
        Color::Blue => ansi(4),
        Color::Magenta => ansi(5),
        Color::Cyan => ansi(6),
        Color::Gray => ansi(7),
        Color::DarkGray => ansi(8),
        Color::LightRed => ansi(9),
        Color::LightGreen => ansi(10),
        Color::LightYellow => ansi(11),
        Color::LightBlue => ansi(12),
        Color::LightMagenta => ansi(13),
        Color::LightCyan => ansi(14),
        Color::White => ansi(15),
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        Color::Indexed(number @ 0..=15) => ansi(usize::from(number)),
        Color::Indexed(number @ 16..=231) => {
            let number = number - 16;
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let (red, green, blue) = (level(number / 36), level(number / 6 % 6), level(number % 6));
            format!("#{red:02x}{green:02x}{blue:02x}")
        }
        Color::Indexed(number) => {
            let grey = 8 + 10 * (number - 232);
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn cells_become_text_where_they_stand() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(0, 0, "a<b", Style::new());
        buffer.set_string(3, 0, "日x", Style::new().fg(Color::Red));
        buffer.set_string(6, 0, "cur", Style::new().add_modifier(Modifier::REVERSED));
        insta::assert_snapshot!(svg(&buffer, false), @r##"
        <svg xmlns="http://www.w3.org/2000/svg" width="132" height="43" viewBox="0 0 132 43">
        <rect width="132" height="43" rx="8" fill="#16161a"/>
        <g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="15" xml:space="preserve">
        <text x="12" y="26" fill="#d4d4d8" textLength="27" lengthAdjust="spacingAndGlyphs">a&lt;b</text>
        <text x="39" y="26" fill="#d7525f" textLength="18" lengthAdjust="spacingAndGlyphs">日</text>
        <text x="57" y="26" fill="#d7525f" textLength="9" lengthAdjust="spacingAndGlyphs">x</text>
        <rect x="66" y="12" width="27" height="19" fill="#d4d4d8"/>
        <text x="66" y="26" fill="#16161a" textLength="27" lengthAdjust="spacingAndGlyphs">cur</text>
        </g>
        </svg>
        "##);
    }
}
