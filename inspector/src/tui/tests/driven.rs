//! The interface with its workers, driven by keys.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::images::Folder;
use crate::tui::app::App;
use crate::tui::keymap::Keymap;
use crate::tui::start::Start;
use crate::tui::task::Event;
use crate::tui::worker::Workers;
use crate::tui::{lines, screen};

/// The interface with its workers.
pub(super) struct Driven {
    pub(super) app: App,
    pub(super) workers: Workers,
    pub(super) events: Receiver<Event>,
}

impl Driven {
    pub(super) fn new(start: Start, folder: &Arc<Folder>, size: (u16, u16)) -> Self {
        let (sender, events) = mpsc::channel();
        let workers = Workers::new(folder.clone(), sender, NonZeroUsize::MIN, 0, || {});
        let mut driven = Self { app: App::new(start, Keymap::default(), size), workers, events };
        driven.wait();
        driven
    }

    /// Waits until all that was asked for is there.
    pub(super) fn wait(&mut self) {
        loop {
            for task in self.app.take_tasks() {
                self.workers.start(task);
            }
            if !self.app.is_busy() {
                return;
            }
            self.app.receive(self.events.recv().expect("a worker says something"));
        }
    }

    /// Presses keys: a line feed is Enter, the escape character Escape.
    pub(super) fn press(&mut self, keys: &str) -> &mut Self {
        for key in keys.chars() {
            let code = match key {
                '\n' => KeyCode::Enter,
                '\x1b' => KeyCode::Esc,
                '\t' => KeyCode::Tab,
                key => KeyCode::Char(key),
            };
            self.app.key(KeyEvent::new(code, KeyModifiers::NONE));
            self.wait();
        }
        self
    }

    pub(super) fn text(&self) -> String {
        lines(&screen(&self.app)).join("\n")
    }

    /// Returns the lines that have a text.
    pub(super) fn with(&self, text: &str) -> Vec<String> {
        self.text().lines().filter(|line| line.contains(text)).map(|line| line.trim().to_owned()).collect()
    }
}
