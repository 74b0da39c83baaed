//! Threads that do what the state asks for, and tell it what came of it.

mod accounts;
mod compare;
mod export;
mod extract;
mod hash;
mod read;
pub(super) mod show;

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;

use attar_image::blobs::{Meter, Metered};
use attar_packages::ownership::Ownership;

use super::source::{Failure, Found, Opened, Outline, Source, Told, Wanted};
use super::task::{Event, Snapshot, TabEvent, TabId, Task};
use super::undone::undone;

#[cfg(test)]
pub(super) use read::snapshot;

/// Starts threads, one for each task, and gives them what they need.
#[derive(Clone)]
pub(super) struct Workers {
    source: Arc<dyn Source>,
    events: Sender<Event>,
    wake: Arc<dyn Fn() + Send + Sync>,
    threads: NonZeroUsize,
    now: i64,
    spawn: Spawn,
}

/// Does something on a thread of its own.
type Spawn = fn(Box<dyn FnOnce() + Send>) -> io::Result<()>;

fn spawn(work: Box<dyn FnOnce() + Send>) -> io::Result<()> {
    thread::Builder::new().name("worker".into()).spawn(work).map(drop)
}

/// Tells the state what is known of an image that is being opened.
struct Teller<'a> {
    tab: TabId,
    meter: &'a Meter,
    workers: &'a Workers,
}

impl Workers {
    /// Returns what does tasks. So many threads read layers at a time; `wake` is called after every event.
    pub(super) fn new(
        source: Arc<dyn Source>,
        events: Sender<Event>,
        threads: NonZeroUsize,
        now: i64,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self { source, events, wake: Arc::new(wake), threads, now, spawn }
    }

    /// Starts threads in another way.
    #[cfg(test)]
    pub(super) fn spawning(self, spawn: Spawn) -> Self {
        Self { spawn, ..self }
    }

    /// Does a task on a thread of its own. What the terminal has to do itself is handed back.
    pub(super) fn start(&self, task: Task) -> Option<Task> {
        if let Task::Copy { .. } | Task::Redraw | Task::Suspend | Task::Quit = task {
            return Some(task);
        }
        let worker = self.clone();
        let (sender, receiver) = mpsc::channel();
        // What could not be started hands nothing back, so the task comes when somebody waits for it.
        let work = move || {
            if let Ok(task) = receiver.recv() {
                worker.work(task);
            }
        };
        let failed = match (self.spawn)(Box::new(work)) {
            Ok(()) => sender.send(task).err().map(|unsent| (unsent.0, "it ended at once".to_owned())),
            Err(error) => Some((task, error.to_string())),
        };
        if let Some((task, why)) = failed {
            let hint = Some("other programs have too many, or the limit is low: `ulimit -u`".to_owned());
            let failure = Failure { message: format!("cannot start a thread: {why}"), hint };
            undone(task, failure).into_iter().for_each(|event| self.tell(event));
        }
        None
    }

    fn tell(&self, event: Event) {
        // Nobody listens any more when the interface ends.
        let _ = self.events.send(event);
        (self.wake)();
    }

    fn tell_tab(&self, tab: TabId, event: TabEvent) {
        self.tell(Event::Tab(tab, event));
    }

    pub(super) fn work(&self, task: Task) {
        match task {
            Task::List => {
                self.source.list(&mut |found| match found {
                    Found::Image(listed) => self.tell(Event::Listed(listed)),
                    Found::Note(note) => self.tell(Event::Done(note)),
                });
                self.tell(Event::ListEnded);
            }
            Task::Open { tab, wanted, meter } => self.open(tab, &wanted, &meter),
            Task::Read { tab, opened, meters } => self.read(tab, &opened, &meters),
            Task::View { tab, snapshot, settings, before, rows } => {
                let (shown, rows) = show::view(snapshot, *settings, before.as_deref(), rows.as_deref());
                self.tell_tab(tab, TabEvent::View(Arc::new(shown), Arc::new(rows)));
            }
            Task::Unfold { tab, rows, what } => {
                let unfolded = Arc::new(show::unfold(&rows, what));
                self.tell_tab(tab, TabEvent::Unfolded(rows, unfolded));
            }
            Task::Search { tab, shown, text, query, from, meter } => {
                let found = show::search(&shown, text, &query, from, &meter);
                if !meter.is_cancelled() {
                    self.tell_tab(tab, TabEvent::Found(shown.snapshot.clone(), found));
                }
            }
            Task::Preview { tab, opened, snapshot, subject, meter } => {
                let tell = |preview| {
                    if !meter.is_cancelled() {
                        self.tell_tab(tab, TabEvent::Preview(subject.clone(), snapshot.clone(), preview));
                    }
                };
                let show = &mut |preview| tell(Ok(Arc::new(preview)));
                if let Err(error) = show::preview(&opened, &snapshot, &subject, self.now, &meter, show) {
                    tell(Err(self.source.failure(&error)));
                }
            }
            Task::Owners { tab, opened, snapshot, meter } => {
                let opened = metered(&opened, &meter);
                let owners = self.source.owners(&opened, &snapshot.stack);
                self.tell_tab(tab, TabEvent::Owners(owners.map(Arc::new)));
            }
            Task::Packages { tab, opened, snapshot, owners } => {
                let list = super::listings::packages(&snapshot, &owners, &|layer| {
                    self.owners_at(&opened, &snapshot, layer)
                });
                self.tell_tab(tab, TabEvent::Packages(list));
            }
            Task::Verdict { tab, opened, meter } => {
                let verdict = self.source.verdict(&opened, &meter);
                self.tell_tab(tab, TabEvent::Verdict(verdict.map(Arc::new)));
            }
            Task::Extract { tab, opened, shown, path, folder, meter } => {
                let name = shown.snapshot.stack.paths().path(path);
                let extracted = extract::extract(&*self.source, &opened, &shown, path, &folder, &meter);
                self.tell_tab(tab, TabEvent::Extracted(name, extracted));
            }
            Task::Names { tab, opened, snapshot, entries, fetches, meter } => {
                let opened = metered(&opened, &meter);
                let names = accounts::names(&opened, &snapshot.stack, entries, fetches);
                self.tell_tab(tab, TabEvent::Names(snapshot, names.into()));
            }
            Task::Hash { tab, opened, snapshot, entry, meter, hashed } => {
                let digest = hash::digest(&opened, &snapshot.stack, entry, &meter, &hashed);
                let digest = digest.map_err(|error| self.source.failure(&error));
                self.tell_tab(tab, TabEvent::Hashed(meter, digest));
            }
            Task::Compare { tab, task } => self.compare(tab, task),
            Task::Export { what, file } => self.tell(export::export(&what, &file)),
            Task::Copy { .. } | Task::Redraw | Task::Suspend | Task::Quit => {}
        }
    }

    /// Reads which package had which path after a layer, before upper ones changed that.
    fn owners_at(&self, opened: &Opened, snapshot: &Snapshot, layer: usize) -> Option<Ownership> {
        let stack = snapshot.stack.up_to(layer).ok()?;
        self.source.owners(opened, &stack).ok()
    }

    fn open(&self, tab: TabId, wanted: &Wanted, meter: &Meter) {
        let teller = Teller { tab, meter, workers: self };
        let opened = self.source.open(wanted, &teller);
        self.tell_tab(tab, TabEvent::Opened(opened.map(Box::new)));
    }
}

impl Told for Teller<'_> {
    fn outline(&self, outline: Outline) {
        self.workers.tell_tab(self.tab, TabEvent::Outline(outline));
    }

    fn progress(&self, done: u64, total: Option<u64>) {
        self.workers.tell_tab(self.tab, TabEvent::Progress(done, total));
    }

    fn note(&self, note: String) {
        self.workers.tell_tab(self.tab, TabEvent::Note(note));
    }

    fn is_cancelled(&self) -> bool {
        self.meter.is_cancelled()
    }
}

/// Returns an image of which no blob is read any more once a meter is cancelled.
fn metered(opened: &Opened, meter: &Arc<Meter>) -> Opened {
    let blobs = Arc::new(Metered::all(opened.blobs.clone(), meter.clone()));
    Opened { blobs, ..opened.clone() }
}
