//! Reads the layers of an image, several at a time, and puts together what is there already.

use std::collections::VecDeque;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use attar_image::blobs::{Meter, Metered};
use attar_image::stack::{Input, Settings, Stack, StackError, Table};

use super::Workers;
use crate::advice::advice;
use crate::analysis::Analysis;
use crate::browse::Index;
use crate::listing::absent;
use crate::tui::listings::MAX_LISTED;
use crate::tui::source::{Failure, Opened};
use crate::tui::task::{LayerState, Snapshot, TabEvent, TabId};

/// What is there so far is shown after this time, unless everything is.
const PATIENCE: Duration = Duration::from_millis(150);
/// As many layers are fetched at a time, at least.
const FETCHES: usize = 4;
/// What is there so far is put together again after so many times the time that it took last.
const RESTS: u32 = 3;

/// How long it takes to put so many entries together, until that is known.
const GUESS: (Duration, usize) = (Duration::from_millis(1), 1000);

/// A layer that was read, or not.
type Done = (usize, Result<Input, Failure>);

impl Workers {
    /// Reads the layers of an image and tells how far each is.
    pub(super) fn read(&self, tab: TabId, opened: &Opened, meters: &[Arc<Meter>]) {
        let inputs = match Input::of_image(&opened.image) {
            Ok(inputs) => inputs,
            Err(error) => return self.tell_tab(tab, TabEvent::Snapshot(Err(self.source.failure(&error)))),
        };
        let mut order: Vec<usize> = (0..inputs.len()).collect();
        // The largest first, so that none is left for the end.
        order.sort_by_key(|layer| std::cmp::Reverse(inputs[*layer].descriptor.size));
        let queue = Mutex::new(VecDeque::from(order));
        let (sender, receiver) = mpsc::channel::<Done>();
        let work = |sender: Sender<Done>| {
            let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            while let Some(layer) = next() {
                let done = self.read_layer(tab, opened, layer, inputs[layer].clone(), &meters[layer]);
                if sender.send((layer, done)).is_err() {
                    break;
                }
            }
        };
        thread::scope(|scope| {
            let threads = match opened.fetching {
                // Whoever waits for a network computes nothing meanwhile.
                Some(_) => self.threads.get().max(FETCHES),
                None => self.threads.get(),
            };
            let start = |_: &usize| {
                let (work, sender) = (&work, sender.clone());
                let reader = thread::Builder::new().name("reader".into());
                reader.spawn_scoped(scope, move || work(sender)).is_ok()
            };
            if (0..threads.min(inputs.len())).take_while(start).count() == 0 {
                // Where no other thread can be started this one reads.
                work(sender.clone());
            }
            drop(sender);
            self.collect(tab, opened, inputs.clone(), meters, &receiver);
        });
    }

    fn read_layer(
        &self,
        tab: TabId,
        opened: &Opened,
        layer: usize,
        mut input: Input,
        meter: &Arc<Meter>,
    ) -> Result<Input, Failure> {
        let state = |state| self.tell_tab(tab, TabEvent::Layer(layer, state));
        if meter.is_cancelled() {
            state(LayerState::Cancelled);
            return Ok(input);
        }
        state(LayerState::Reading);
        let blobs = Metered::each(opened.blobs.clone(), [(input.descriptor.digest, meter.clone())]);
        let settings = Settings { cache: opened.analyses.as_deref(), ..Settings::default() };
        match input.read(&blobs, &settings) {
            Ok(()) => {
                state(match &input.table {
                    Ok(_) => LayerState::Read,
                    Err(absence) => LayerState::Absent(absent(absence)),
                });
                Ok(input)
            }
            Err(_) if meter.is_cancelled() => {
                state(LayerState::Cancelled);
                Ok(input)
            }
            Err(error) => {
                let failure = self.source.failure(&error);
                state(LayerState::Failed(failure.clone()));
                Err(failure)
            }
        }
    }

    /// Puts layers on top of each other: all at the end, and now and then those that are there.
    fn collect(
        &self,
        tab: TabId,
        opened: &Opened,
        mut inputs: Vec<Input>,
        meters: &[Arc<Meter>],
        done: &Receiver<Done>,
    ) {
        let mut is_new = false;
        let mut due = Instant::now() + PATIENCE;
        let mut pace = Pace::new(&inputs);
        loop {
            let wait = due.saturating_duration_since(Instant::now());
            let received = match is_new {
                true => done.recv_timeout(wait),
                false => done.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
            };
            match received {
                Ok((layer, result)) => {
                    pace.receive(layer);
                    // A layer that cannot be read counts as missing, and says why.
                    if let Ok(input) = result {
                        inputs[layer] = input;
                    }
                    is_new = true;
                }
                Err(mpsc::RecvTimeoutError::Timeout) if pace.is_nearly_done(&inputs, meters) => {
                    due = Instant::now() + PATIENCE;
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    let start = Instant::now();
                    let snapshot = Stack::of(inputs.clone()).map(|stack| Arc::new(snapshot(stack, false)));
                    self.tell_snapshot(tab, snapshot);
                    pace.took = (start.elapsed(), entries(&inputs));
                    due = Instant::now() + (start.elapsed() * RESTS).max(PATIENCE);
                    is_new = false;
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
        let settings = Settings { cache: opened.analyses.as_deref(), ..Settings::default() };
        let stack = Stack::of(inputs).map(|mut stack| {
            // What it cannot read to compare counts as different.
            let _ = stack.tell_rewritten(&*opened.blobs, &settings);
            stack
        });
        self.tell_snapshot(tab, stack.map(|stack| Arc::new(snapshot(stack, true))));
    }

    fn tell_snapshot(&self, tab: TabId, snapshot: Result<Arc<Snapshot>, StackError>) {
        self.tell_tab(tab, TabEvent::Snapshot(snapshot.map_err(|error| self.source.failure(&error))));
    }
}

/// How fast layers come.
struct Pace {
    begun: Instant,
    /// When a layer came last.
    last: Instant,
    /// Bytes of the layers' blobs, and whether they are here.
    layers: Vec<(u64, bool)>,
    /// How long it took to put layers together, and how many entries they had.
    took: (Duration, usize),
}

impl Pace {
    fn new(inputs: &[Input]) -> Self {
        let layers = inputs.iter().map(|input| (input.descriptor.size, false)).collect();
        Self { begun: Instant::now(), last: Instant::now(), layers, took: GUESS }
    }

    fn receive(&mut self, layer: usize) {
        self.last = Instant::now();
        self.layers[layer].1 = true;
    }

    /// Says whether everything will be here sooner than what is here can be put together: nobody would see
    /// that for long, and it takes as much memory as everything.
    fn is_nearly_done(&self, inputs: &[Input], meters: &[Arc<Meter>]) -> bool {
        let (took, then) = self.took;
        let (mut done, mut total) = (0.0, 0.0);
        for ((size, is_here), meter) in self.layers.iter().zip(meters) {
            // Far below 2^53, and an estimate.
            total += *size as f64;
            done += if *is_here { *size as f64 } else { meter.done().min(*size) as f64 };
        }
        if done <= 0.0 {
            return false;
        }
        // In seconds.
        let rest = self.begun.elapsed().as_secs_f64() * (total - done) / done;
        let takes = took.as_secs_f64() * entries(inputs) as f64 / then.max(1) as f64;
        // Where nothing has come for a while, nothing may come for a while.
        rest.max(self.last.elapsed().as_secs_f64()) < takes
    }
}

/// Returns the number of entries that are known.
fn entries(inputs: &[Input]) -> usize {
    inputs.iter().filter_map(|input| input.table.as_ref().ok()).map(Table::len).sum()
}

pub(in crate::tui) fn snapshot(stack: Stack, is_complete: bool) -> Snapshot {
    let index = Index::of(&stack);
    let mut analysis = Analysis::of(&stack);
    let advice = advice(&analysis);
    let more_dead = analysis.dead.len().saturating_sub(MAX_LISTED);
    analysis.dead.truncate(MAX_LISTED);
    analysis.dead.shrink_to_fit();
    Snapshot { stack, index, analysis, more_dead, advice, is_complete }
}
