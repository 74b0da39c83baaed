//! Runs the interface: on a terminal, or once, for a text of its screen.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use ratatui::Frame;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::app::App;
use super::keymap::Keymap;
use super::source::{Failure, Source};
use super::start::Start;
use super::task::{Event, Task};
use super::terminal::{self, Clipboard, Flow, Input, Screen, Settings, Unsupported};
use super::view;
use super::worker::Workers;

/// Two clicks at one place within this time are one double click.
const DOUBLE: Duration = Duration::from_millis(400);

/// Why the interface did not run, or ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It cannot be shown here.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// The terminal cannot be written to.
    #[error("cannot draw on the terminal")]
    Draw(#[source] io::Error),
}

/// Shows the interface until the user leaves it.
///
/// `kind` is the value of `TERM`; `now` the time in seconds since 1970, for certificates that expire;
/// `ending` is called before the process dies of a signal.
pub fn run(
    start: Start,
    keymap: Keymap,
    source: Arc<dyn Source>,
    kind: Option<String>,
    now: i64,
    ending: fn(),
) -> Result<(), RunError> {
    let settings = Settings { kind, has_mouse: start.has_mouse };
    terminal::before_dying(ending);
    let (mut terminal, mut inputs) = terminal::open(&settings)?;
    let waker = inputs.waker();
    let (sender, events) = mpsc::channel();
    let workers = Workers::new(source, sender, start.threads, now, move || waker.wake());
    let size = terminal.size().map_err(RunError::Draw)?;
    let mut interface = Interface::new(App::new(start, keymap, size), workers, events);
    interface.work();
    terminal::run_loop(&mut terminal, &mut inputs, &mut interface).map_err(RunError::Draw)
}

/// Waits until everything that is asked for is there, and draws it once.
pub fn dump(start: Start, keymap: Keymap, source: Arc<dyn Source>, size: (u16, u16), now: i64) -> Buffer {
    screen(&settled(start, keymap, source, size, now))
}

/// Returns the state once everything that is asked for is there.
pub(super) fn settled(
    start: Start,
    keymap: Keymap,
    source: Arc<dyn Source>,
    size: (u16, u16),
    now: i64,
) -> App {
    let threads = start.threads;
    let mut app = App::new(start, keymap, size);
    settle(&mut app, source, threads, now);
    app
}

/// Goes on until everything that is asked for is there.
pub(super) fn settle(app: &mut App, source: Arc<dyn Source>, threads: NonZeroUsize, now: i64) {
    let (sender, events) = mpsc::channel::<Event>();
    let workers = Workers::new(source, sender, threads, now, || {});
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
}

/// The state on a terminal, with the workers behind it.
struct Interface {
    app: App,
    workers: Workers,
    events: Receiver<Event>,
    /// Where and when the mouse was clicked last.
    clicked: Option<(u16, u16, Instant)>,
}

impl Interface {
    fn new(app: App, workers: Workers, events: Receiver<Event>) -> Self {
        Self { app, workers, events, clicked: None }
    }

    /// Starts what the state asks for; what the terminal has to do is returned.
    fn work(&mut self) -> Flow {
        let mut flow = Flow::Continue;
        for task in self.app.take_tasks() {
            match self.workers.start(task) {
                None => {}
                Some(Task::Quit) => return Flow::Quit,
                Some(Task::Suspend) => flow = Flow::Suspend,
                Some(Task::Copy { what, text }) => match Clipboard::new(text.as_bytes()) {
                    Ok(clipboard) => {
                        self.app.say(format!("copied {what}: {} bytes", text.len()));
                        flow = Flow::Copy(clipboard);
                    }
                    Err(error) => {
                        let hint = Some("`extract` writes files of any size".to_owned());
                        self.app.fail(Failure { message: error.to_string(), hint });
                    }
                },
                Some(_) => flow = Flow::Redraw,
            }
        }
        flow
    }

    fn is_double(&mut self, event: &MouseEvent) -> bool {
        if event.kind != MouseEventKind::Down(MouseButton::Left) {
            return false;
        }
        let (x, y, now) = (event.column, event.row, Instant::now());
        let before = self.clicked.take();
        let is_double = before.is_some_and(|(column, row, at)| (column, row) == (x, y) && now - at < DOUBLE);
        // The third click is a first one again.
        self.clicked = (!is_double).then_some((x, y, now));
        is_double
    }
}

impl Screen for Interface {
    fn draw(&self, frame: &mut Frame<'_>) {
        view::draw(&self.app, frame);
    }

    fn handle(&mut self, input: Input) -> Flow {
        match input {
            Input::Key(key) => self.app.key(key),
            Input::Mouse(event) => {
                let is_double = self.is_double(&event);
                self.app.mouse(event, is_double);
            }
            Input::Paste(text) => self.app.paste(&text),
            Input::Resize(width, height) => self.app.resize((width, height)),
            Input::Resumed => return Flow::Redraw,
            Input::NotSuspended => self.app.say("no shell would bring it back: not suspended"),
            Input::Woken => {}
            Input::Tick => self.app.tick(),
            Input::Gone => return Flow::Quit,
        }
        // What a key asks of the terminal comes before what workers ask of it: whoever has news wakes the
        // interface once more.
        match self.work() {
            Flow::Continue => {}
            flow => return flow,
        }
        while let Ok(event) = self.events.try_recv() {
            self.app.receive(event);
        }
        self.work()
    }

    fn is_busy(&self) -> bool {
        self.app.is_busy()
    }
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
