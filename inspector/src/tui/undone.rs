//! Tasks that nobody does, as where no thread can be started: each has an answer, so that nothing waits for
//! it.

use std::sync::Arc;

use attar_image::accounts::Names;

use super::comparison::{CompareEvent, CompareTask, Compared};
use super::source::Failure;
use super::task::{Event, Snapshot, Subject, TabEvent, Task};
use crate::browse::pair::{Pair, PairSettings};
use crate::browse::{Rows, View, ViewSettings};

/// Something that was asked for and does not come, where nothing else says so.
#[derive(Clone, Debug)]
pub enum Undone {
    /// What these layers show.
    View(Arc<Snapshot>, Box<ViewSettings>),
    /// Rows with more of them unfolded.
    Unfold(Arc<Rows<View>>),
    /// Paths of these layers that match what was typed.
    Search(Arc<Snapshot>, String),
    /// How two images differ.
    Compare([Arc<Snapshot>; 2]),
    /// Some of how they differ.
    Show(Arc<Compared>, Box<PairSettings>),
    /// Rows of two images with more of them unfolded.
    UnfoldPair(Arc<Rows<Pair>>),
    /// Paths of two images that match what was typed.
    SearchPair(Arc<Compared>, String),
    /// The packages that differ.
    Packages(Arc<Compared>),
}

/// Returns what tells the state that a task is not done. What only the terminal does has no answer.
pub(super) fn undone(task: Task, failure: Failure) -> Vec<Event> {
    let (tab, event) = match task {
        Task::List => return vec![Event::Failed(failure), Event::ListEnded],
        Task::Export { .. } => return vec![Event::Failed(failure)],
        Task::Copy { .. } | Task::Redraw | Task::Suspend | Task::Quit => return Vec::new(),
        Task::Open { tab, .. } => (tab, TabEvent::Opened(Err(failure))),
        Task::Read { tab, .. } => (tab, TabEvent::Snapshot(Err(failure))),
        Task::View { tab, snapshot, settings, .. } => {
            (tab, TabEvent::Undone(Undone::View(snapshot, settings), failure))
        }
        Task::Unfold { tab, rows, .. } => (tab, TabEvent::Undone(Undone::Unfold(rows), failure)),
        Task::Search { tab, shown, text, .. } => {
            (tab, TabEvent::Undone(Undone::Search(shown.snapshot.clone(), text), failure))
        }
        Task::Preview { tab, snapshot, subject, .. } => {
            (tab, TabEvent::Preview(subject, snapshot, Err(failure)))
        }
        Task::Owners { tab, .. } => (tab, TabEvent::Owners(Err(failure))),
        Task::Packages { tab, .. } => (tab, TabEvent::Packages(Err(failure))),
        Task::Verdict { tab, .. } => (tab, TabEvent::Verdict(Err(failure))),
        Task::Extract { tab, shown, path, .. } => {
            let path = shown.snapshot.stack.paths().path(path);
            (tab, TabEvent::Extracted(path, Err(failure)))
        }
        Task::Hash { tab, meter, .. } => (tab, TabEvent::Hashed(meter, Err(failure))),
        // Owners stay numbers.
        Task::Names { tab, snapshot, entries, .. } => {
            let nobody = entries.into_iter().map(|entry| (entry, Some(Names::default()))).collect();
            (tab, TabEvent::Names(snapshot, nobody))
        }
        Task::Compare { tab, task } => (tab, uncompared(task, failure)),
    };
    vec![Event::Tab(tab, event)]
}

fn uncompared(task: CompareTask, failure: Failure) -> TabEvent {
    let what = match task {
        CompareTask::Compare { sides, .. } => Undone::Compare(sides.map(|side| side.snapshot)),
        CompareTask::Show { compared, settings, .. } => Undone::Show(compared, settings),
        CompareTask::Unfold { rows, .. } => Undone::UnfoldPair(rows),
        CompareTask::Search { shown, text, .. } => Undone::SearchPair(shown.compared.clone(), text),
        CompareTask::Packages { compared, .. } => Undone::Packages(compared),
        CompareTask::Preview { node, version, .. } => {
            let subject = Subject::Pair { node, version };
            return TabEvent::Compare(CompareEvent::Preview(subject, Err(failure)));
        }
    };
    TabEvent::Undone(what, failure)
}
