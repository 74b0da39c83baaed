//! What is shown of the file under the cursor.

use std::sync::Arc;

use attar_image::blobs::Meter;

use super::{Known, Screen, Tab};
use crate::preview::{Mode, Preview};
use crate::tui::source::{Failure, Opened};
use crate::tui::task::{Snapshot, Subject, Task};

/// What is shown of the file under the cursor.
#[derive(Debug, Default)]
pub struct PreviewPane {
    /// What it is about.
    pub subject: Option<Subject>,
    /// What is shown.
    pub shown: Known<Arc<Preview>>,
    /// The first line that is seen.
    pub top: usize,
    /// Whether long lines are wrapped.
    pub is_wrapped: bool,
    /// Whether the difference to the layer before is wanted.
    pub is_difference: bool,
    /// How files are shown first, where they can be.
    first: Option<Mode>,
    /// How often another way to show it was asked for.
    turns: usize,
    meter: Option<Arc<Meter>>,
    /// The layers' entries that the subject is one of.
    snapshot: Option<Arc<Snapshot>>,
}

/// Columns that lines are counted for: only the bytes of a line of hexadecimal digits depend on it.
const COLUMNS: usize = 80;

impl PreviewPane {
    /// Returns what is shown, once it is there.
    pub fn known(&self) -> Option<&Arc<Preview>> {
        match &self.shown {
            Known::Known(preview) => Some(preview),
            _ => None,
        }
    }

    /// Returns how it is shown.
    pub fn mode(&self) -> Option<Mode> {
        let modes = &self.known()?.modes;
        let first = modes.iter().position(|mode| Some(*mode) == self.first).unwrap_or(0);
        modes.get((first + self.turns) % modes.len().max(1)).copied()
    }

    /// Takes how files are shown first.
    pub(super) fn begin(&mut self, first: Option<Mode>) {
        (self.first, self.is_difference) = (first, first == Some(Mode::Difference));
    }

    /// Returns how it is shown, where that is not as it is without being asked for.
    pub(super) fn turned(&self) -> Option<Mode> {
        if self.is_difference {
            return Some(Mode::Difference);
        }
        let usual = self.known().and_then(|preview| preview.modes.first().copied());
        self.mode().filter(|mode| Some(*mode) != usual)
    }

    /// Says whether it, or more of it, is still to come.
    pub fn is_under_way(&self) -> bool {
        let is_awaited = match &self.shown {
            Known::Asked => true,
            Known::Known(preview) => preview.more.is_some(),
            Known::Unasked | Known::Failed(_) => false,
        };
        is_awaited && self.meter.as_ref().is_some_and(|meter| !meter.is_cancelled())
    }

    pub(super) fn meter(&self) -> Option<&Arc<Meter>> {
        self.meter.as_ref()
    }

    fn is_of(&self, snapshot: Option<&Arc<Snapshot>>) -> bool {
        self.snapshot.as_ref().map(Arc::as_ptr) == snapshot.map(Arc::as_ptr)
    }

    pub(super) fn turn_mode(&mut self) {
        (self.turns, self.top) = (self.turns + 1, 0);
    }

    pub(super) fn scroll(&mut self, by: isize) {
        self.top = self.top.saturating_add_signed(by).min(self.length().saturating_sub(1));
    }

    /// Scrolls to a part of the whole: so many of so many.
    pub(super) fn scroll_to(&mut self, part: usize, whole: usize) {
        self.top = self.length().saturating_sub(1) * part / whole.max(1);
    }

    fn length(&self) -> usize {
        let lines = |preview: &Arc<Preview>| Some(preview.line_count(self.mode()?, COLUMNS));
        self.known().and_then(lines).unwrap_or(0)
    }
}

impl Tab {
    /// Takes what a worker read, unless something else is looked at by now: entries of other layers have
    /// the same numbers.
    pub(super) fn take_preview(
        &mut self,
        subject: &Subject,
        snapshot: Option<&Arc<Snapshot>>,
        preview: Result<Arc<Preview>, Failure>,
    ) {
        if self.preview.subject.as_ref() == Some(subject) && self.preview.is_of(snapshot) {
            self.preview.shown = Known::of(preview);
        }
    }

    /// Asks for what is under the cursor.
    pub(super) fn ask_preview(&mut self, opened: &Opened) -> Option<Task> {
        let snapshot = self.tree.shown.as_ref().map(|shown| shown.snapshot.clone());
        let (subject, meter) = self.turn_preview(self.subject(), snapshot.clone())?;
        Some(Task::Preview { tab: self.id, opened: opened.clone(), snapshot: snapshot?, subject, meter })
    }

    /// Turns to something else of an image, or of two, unless it is looked at already.
    pub(super) fn turn_preview(
        &mut self,
        subject: Option<Subject>,
        snapshot: Option<Arc<Snapshot>>,
    ) -> Option<(Subject, Arc<Meter>)> {
        if subject == self.preview.subject && (subject.is_none() || self.preview.is_of(snapshot.as_ref())) {
            return None;
        }
        if let Some(meter) = self.preview.meter.take() {
            meter.cancel();
        }
        let preview = &mut self.preview;
        (preview.top, preview.turns, preview.shown) = (0, 0, Known::Unasked);
        (preview.subject, preview.snapshot) = (subject, snapshot);
        let subject = preview.subject.clone()?;
        let meter = Arc::<Meter>::default();
        preview.meter = Some(meter.clone());
        preview.shown = Known::Asked;
        Some((subject, meter))
    }

    /// Returns what the preview is to be about.
    fn subject(&self) -> Option<Subject> {
        let shown = self.tree.shown.as_ref()?;
        if self.screen != Screen::Tree {
            return None;
        }
        let path = self.tree.selected()?;
        let Some(after) = shown.view.entry(path) else { return Some(Subject::Implied(path)) };
        let before = || shown.snapshot.stack.replaced(after);
        match self.preview.is_difference.then(before).flatten() {
            Some(before) => Some(Subject::Difference { before, after }),
            None => Some(Subject::Entry(after)),
        }
    }
}
