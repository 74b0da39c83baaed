//! Runs the interface: on a terminal, or once, for a text of its screen.

use std::sync::Arc;
use std::sync::mpsc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::app::App;
use super::keymap::Keymap;
use super::source::Source;
use super::start::Start;
use super::task::Event;
use super::view;
use super::worker::Workers;

/// Waits until everything that is asked for is there, and draws it once.
///
/// `now` is the time in seconds since 1970, for certificates that expire.
pub fn dump(start: Start, source: Arc<dyn Source>, size: (u16, u16), now: Option<i64>) -> Buffer {
    let (sender, events) = mpsc::channel::<Event>();
    let workers = Workers::new(source, sender, start.threads, now);
    let mut app = App::new(start, Keymap::default(), size);
    loop {
        for task in app.take_tasks() {
            // What only a terminal can do is not done here.
            workers.start(task);
        }
        if !app.is_busy() {
            break;
        }
        match events.recv() {
            Ok(event) => app.receive(event),
            Err(_) => break,
        }
    }
    screen(&app)
}

/// Draws the state once.
pub fn screen(app: &App) -> Buffer {
    let (width, height) = app.size;
    let backend = TestBackend::new(width, height);
    let Ok(mut terminal) = Terminal::new(backend);
    let Ok(_) = terminal.draw(|frame| view::draw(app, frame));
    terminal.backend().buffer().clone()
}

/// Returns the lines of a screen, without spaces at their ends.
pub fn lines(buffer: &Buffer) -> Vec<String> {
    let area = buffer.area;
    let line = |y: u16| {
        let mut line = String::new();
        let mut skipped = 0;
        for x in area.left()..area.right() {
            if skipped > 0 {
                skipped -= 1;
                continue;
            }
            let symbol = buffer[(x, y)].symbol();
            skipped = super::text::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        line.trim_end().to_owned()
    };
    (area.top()..area.bottom()).map(line).collect()
}
