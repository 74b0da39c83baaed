//! What reaches the interface: one channel of keys, mouse, size, wake-ups.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use ratatui::crossterm::event::{Event, KeyEvent, KeyEventKind, MouseEvent, MouseEventKind};

/// The most inputs that are handled before the screen is drawn again.
const MAX_BATCH: usize = 512;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse was used.
    Mouse(MouseEvent),
    /// A text was pasted; it may hold anything.
    Paste(String),
    /// The terminal has so many columns and lines now.
    Resize(u16, u16),
    /// The user came back after the process was stopped.
    Resumed,
    /// The process cannot be stopped, because there is no shell that would continue it.
    NotSuspended,
    /// A [`Waker`] was used: something else waits to be received.
    Woken,
    /// Time passed while something is under way.
    Tick,
    /// The terminal is gone.
    Gone,
}

/// The receiving end of everything that happens.
pub struct Inputs {
    receiver: Receiver<Input>,
    sender: Sender<Input>,
    is_woken: Arc<AtomicBool>,
}

/// Wakes the interface from another thread.
#[derive(Clone)]
pub struct Waker {
    sender: Sender<Input>,
    is_woken: Arc<AtomicBool>,
}

impl Waker {
    /// Wakes the interface; nothing more happens if it was woken already and did not get to it yet.
    pub fn wake(&self) {
        if !self.is_woken.swap(true, Ordering::AcqRel) {
            // The interface may have ended: then nobody waits.
            let _ = self.sender.send(Input::Woken);
        }
    }
}

impl Default for Inputs {
    /// Returns inputs that only its wakers and senders fill.
    fn default() -> Self {
        let (sender, receiver) = channel();
        Self { receiver, sender, is_woken: Arc::default() }
    }
}

impl Inputs {
    /// Returns what wakes the interface.
    pub fn waker(&self) -> Waker {
        Waker { sender: self.sender.clone(), is_woken: Arc::clone(&self.is_woken) }
    }

    /// Returns what puts inputs in.
    pub(super) fn sender(&self) -> Sender<Input> {
        self.sender.clone()
    }

    /// Waits for something to happen, and returns all that did, what is superseded left out; nothing if
    /// the time is over.
    pub fn batch(&mut self, timeout: Option<Duration>) -> Vec<Input> {
        let first = match timeout {
            None => self.receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(timeout) => self.receiver.recv_timeout(timeout),
        };
        let Ok(first) = first else { return Vec::new() };
        let mut batch = vec![first];
        batch.extend(self.receiver.try_iter().take(MAX_BATCH));
        if batch.contains(&Input::Woken) {
            // Whoever wakes from here on is heard of again.
            self.is_woken.store(false, Ordering::Release);
        }
        coalesced(batch)
    }
}

/// Leaves out what a later input supersedes: sizes before the last one, places that the mouse was only
/// dragged over.
fn coalesced(inputs: Vec<Input>) -> Vec<Input> {
    let mut kept: Vec<Input> = Vec::with_capacity(inputs.len());
    for input in inputs {
        if kept.last().is_some_and(|last| supersedes(&input, last)) {
            kept.pop();
        }
        kept.push(input);
    }
    kept
}

fn supersedes(input: &Input, last: &Input) -> bool {
    match (input, last) {
        (Input::Resize(..), Input::Resize(..)) | (Input::Tick, Input::Tick) => true,
        (Input::Mouse(input), Input::Mouse(last)) => {
            let is_passing = matches!(last.kind, MouseEventKind::Drag(_) | MouseEventKind::Moved);
            is_passing && input.kind == last.kind && input.modifiers == last.modifiers
        }
        _ => false,
    }
}

/// Returns the input for what the terminal told; none for what nobody asked for.
pub(super) fn input(event: Event) -> Option<Input> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => Some(Input::Key(key)),
        Event::Mouse(mouse) => Some(Input::Mouse(mouse)),
        Event::Paste(text) => Some(Input::Paste(text)),
        Event::Resize(width, height) => Some(Input::Resize(width, height)),
        Event::Key(_) | Event::FocusGained | Event::FocusLost => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::crossterm::event::{KeyCode, KeyModifiers, MouseButton};

    fn drag(column: u16) -> Input {
        mouse(MouseEventKind::Drag(MouseButton::Left), column)
    }

    fn mouse(kind: MouseEventKind, column: u16) -> Input {
        Input::Mouse(MouseEvent { kind, column, row: 0, modifiers: KeyModifiers::NONE })
    }

    fn key(character: char) -> Input {
        Input::Key(KeyEvent::new(KeyCode::Char(character), KeyModifiers::NONE))
    }

    #[test]
    fn only_the_last_of_sizes_and_drags_is_kept() {
        let up = || mouse(MouseEventKind::Up(MouseButton::Left), 4);
        let wheel = || mouse(MouseEventKind::ScrollDown, 1);
        let inputs = vec![
            Input::Resize(80, 24),
            Input::Resize(81, 24),
            key('j'),
            key('j'),
            drag(1),
            drag(2),
            drag(3),
            up(),
            drag(7),
            wheel(),
            wheel(),
            Input::Resize(82, 24),
        ];
        let expected = vec![
            Input::Resize(81, 24),
            key('j'),
            key('j'),
            drag(3),
            up(),
            drag(7),
            wheel(),
            wheel(),
            Input::Resize(82, 24),
        ];
        assert_eq!(coalesced(inputs), expected);
    }

    #[test]
    fn wakers_are_heard_once_each_time() {
        let mut inputs = Inputs::default();
        let (waker, again) = (inputs.waker(), inputs.waker());
        waker.wake();
        again.wake();
        assert_eq!(inputs.batch(None), [Input::Woken]);
        again.wake();
        assert_eq!(inputs.batch(None), [Input::Woken]);
        assert_eq!(inputs.batch(Some(Duration::ZERO)), []);
    }
}
