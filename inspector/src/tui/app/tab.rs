//! One image: how far it is, what is known of it, what of it is looked at.

use std::collections::BTreeSet;
use std::sync::Arc;

use attar_image::blobs::Meter;
use attar_image::digest::Digest;
use attar_image::path::TreePath;
use attar_packages::ownership::Ownership;

use super::places::Places;
use super::{
    Accounts, Comparison, Digests, Found, Hashing, Look, Place, PreviewPane, Screen, Span, Tree, within,
};
use crate::browse::filter::Filter;
use crate::tui::cursor::Cursor;
use crate::tui::layout::Areas;
use crate::tui::listing::Listing;
use crate::tui::listings;
use crate::tui::source::{Failure, Opened, Outline, Verdict, Wanted};
use crate::tui::start::Pane;
use crate::tui::task::{LayerState, Shown, Snapshot, TabEvent, TabId, Task};
use crate::tui::view::details_end;

/// Notes that are kept.
const MAX_NOTES: usize = 200;

/// How far an image is.
#[derive(Clone, Debug)]
pub enum Phase {
    /// It is being found or brought here: so many bytes of so many.
    Opening(u64, Option<u64>),
    /// It cannot be read.
    Failed(Failure),
    /// Its documents are there.
    Open(Box<Opened>),
}

/// Something that is computed when somebody looks at it.
#[derive(Clone, Debug, Default)]
pub enum Known<T> {
    /// Nobody did.
    #[default]
    Unasked,
    /// It is on its way.
    Asked,
    /// It is there.
    Known(T),
    /// It cannot be computed.
    Failed(Failure),
}

/// One image.
#[derive(Debug)]
pub struct Tab {
    /// Its number.
    pub id: TabId,
    /// What was asked for.
    pub wanted: Wanted,
    /// How far it is.
    pub phase: Phase,
    /// What was known of it before it could be read.
    pub outline: Outline,
    /// What is worth knowing about it.
    pub notes: Vec<String>,
    /// How far each layer is.
    pub layers: Vec<LayerState>,
    /// How many bytes of each layer were read.
    pub meters: Vec<Arc<Meter>>,
    /// What is known of the layers.
    pub snapshot: Option<Arc<Snapshot>>,
    /// The layer that is looked at.
    pub layer: Cursor,
    /// Which layers the tree shows.
    pub span: Span,
    /// The tree.
    pub tree: Tree,
    /// This image before another one.
    pub comparison: Option<Box<Comparison>>,
    /// What stands in the middle.
    pub screen: Screen,
    /// The lists that may stand there.
    pub lists: [Listing; Screen::ALL.len()],
    /// The file under the cursor.
    pub preview: PreviewPane,
    /// What was searched for.
    pub found: Found,
    /// Who has what.
    pub owners: Known<Arc<Ownership>>,
    /// What packages take.
    pub packages: Known<()>,
    /// Whether it is distroless.
    pub verdict: Known<Arc<Verdict>>,
    /// The path whose layers are listed, and whether they are those of what was read last.
    pub(super) blamed: Option<TreePath>,
    pub(super) is_blamed: bool,
    /// Whether the list of waste is that of what was read last.
    is_waste_listed: bool,
    /// What the list of the largest files was made of.
    listed: Option<Arc<Shown>>,
    /// Where keys go.
    pub focus: Pane,
    /// Where one was.
    pub places: Places,
    /// Where the details of the layer start.
    pub details_top: usize,
    /// What writes a file or tree to this machine.
    pub extracting: Option<Arc<Meter>>,
    /// What owners are called.
    pub accounts: Accounts,
    /// A file that is being hashed.
    pub hashing: Option<Hashing>,
    /// What was hashed.
    pub digests: Digests,
    /// Ends the reading of the image.
    pub(super) meter: Arc<Meter>,
    /// Ends all else that is under way for the image.
    pub(super) closing: Arc<Meter>,
}

impl Tab {
    pub(super) fn new(id: TabId, wanted: Wanted) -> Self {
        Self {
            id,
            wanted,
            phase: Phase::Opening(0, None),
            outline: Outline::default(),
            notes: Vec::new(),
            layers: Vec::new(),
            meters: Vec::new(),
            snapshot: None,
            layer: Cursor::default(),
            span: Span::default(),
            tree: Tree::default(),
            comparison: None,
            screen: Screen::default(),
            lists: Default::default(),
            preview: PreviewPane::default(),
            found: Found::default(),
            owners: Known::default(),
            packages: Known::default(),
            verdict: Known::default(),
            blamed: None,
            is_blamed: false,
            is_waste_listed: false,
            listed: None,
            focus: Pane::Layers,
            places: Places::default(),
            details_top: 0,
            extracting: None,
            accounts: Accounts::default(),
            hashing: None,
            digests: Digests::default(),
            meter: Arc::default(),
            closing: Arc::default(),
        }
    }

    /// Returns the image, once its documents are there.
    pub fn opened(&self) -> Option<&Opened> {
        match &self.phase {
            Phase::Open(opened) => Some(opened),
            _ => None,
        }
    }

    /// Returns the number of layers, as far as that is known.
    pub fn layer_count(&self) -> usize {
        self.layers.len().max(self.outline.layers.len())
    }

    /// Returns the list that stands in the middle, unless it is the tree.
    pub fn list(&self) -> Option<&Listing> {
        match self.screen {
            Screen::Tree => None,
            Screen::Compare => self.comparison.as_ref()?.list(),
            screen => Some(&self.lists[screen.place()]),
        }
    }

    pub(super) fn list_mut(&mut self) -> Option<&mut Listing> {
        match self.screen {
            Screen::Tree => None,
            Screen::Compare => self.comparison.as_mut()?.list_mut(),
            screen => Some(&mut self.lists[screen.place()]),
        }
    }

    /// Returns the path under the cursor of the tree, of one image or of two.
    pub fn selected_path(&self) -> Option<TreePath> {
        match self.compared() {
            Some(comparison) => comparison.tree.selected_path(),
            None => self.tree.selected_path(),
        }
    }

    /// Returns where one is in the tree that stands in the middle, and how many rows it has.
    pub(super) fn tree_cursor(&mut self) -> (&mut Cursor, usize) {
        if self.screen == Screen::Compare
            && let Some(comparison) = &mut self.comparison
        {
            let length = comparison.tree.length();
            return (&mut comparison.tree.cursor, length);
        }
        let length = self.tree.length();
        (&mut self.tree.cursor, length)
    }

    /// Returns what must match in the tree that stands in the middle.
    pub fn filter(&self) -> Option<&Arc<Filter>> {
        match self.compared() {
            Some(comparison) => comparison.tree.filter.as_ref(),
            None => self.tree.filter.as_ref(),
        }
    }

    pub(super) fn filter_mut(&mut self) -> &mut Option<Arc<Filter>> {
        match &mut self.comparison {
            Some(comparison) if self.screen == Screen::Compare => &mut comparison.tree.filter,
            _ => &mut self.tree.filter,
        }
    }

    /// Returns where one is.
    pub fn place(&self) -> Place {
        let (row, list) = match self.list() {
            Some(list) => (list.cursor.at, (list.filter.clone(), list.order)),
            None => (0, Default::default()),
        };
        let (sort, part) = match self.compared() {
            Some(comparison) => ((comparison.tree.sort, comparison.tree.is_reversed), Some(comparison.part)),
            None => ((self.tree.sort, self.tree.is_reversed), None),
        };
        let look = Look { span: self.span, filter: self.filter().cloned(), sort, list, part };
        Place { screen: self.screen, layer: self.layer.at, path: self.selected_path(), row, look }
    }

    /// Says whether something of it is under way.
    pub fn is_busy(&self) -> bool {
        matches!(self.phase, Phase::Opening(..))
            || self.is_reading()
            || self.tree.is_pending()
            || self.compared().is_some_and(Comparison::is_busy)
            || self.found.is_pending
            || self.preview.is_under_way()
            || self.extracting.is_some()
            || self.hashing.is_some()
            || self.accounts.is_asked()
            || matches!(self.owners, Known::Asked)
            || matches!(self.packages, Known::Asked)
            || matches!(self.verdict, Known::Asked)
    }

    /// Says whether layers are being read, or put on top of each other.
    pub fn is_reading(&self) -> bool {
        self.opened().is_some()
            && !self.meter.is_cancelled()
            && self.snapshot.as_ref().is_none_or(|snapshot| !snapshot.is_complete)
            && !matches!(self.phase, Phase::Failed(_))
    }

    /// Returns how many bytes of a layer's blob were brought here, or read.
    pub fn done(&self, layer: usize) -> u64 {
        let read = self.meters.get(layer).map_or(0, |meter| meter.done());
        let fetched = || {
            let opened = self.opened()?;
            let digest = opened.image.manifest.layers.get(layer)?.digest;
            Some(opened.fetching.as_ref()?.meter(&digest).done())
        };
        if read > 0 { read } else { fetched().unwrap_or(0) }
    }

    /// Returns the blobs of its layers.
    pub fn blobs(&self) -> BTreeSet<Digest> {
        let layers = self.opened().into_iter().flat_map(|opened| opened.image.manifest.layers.iter());
        layers.map(|layer| layer.digest).collect()
    }

    /// Says whether the image is being opened and somebody waits for it.
    pub(super) fn is_opening(&self) -> bool {
        matches!(self.phase, Phase::Opening(..)) && !self.meter.is_cancelled()
    }

    /// Ends the opening or reading of the image; what was read stays.
    pub(super) fn cancel(&mut self) {
        self.meter.cancel();
        self.meters.iter().for_each(|meter| meter.cancel());
        let Some(opened) = self.opened() else { return };
        let Some(fetching) = &opened.fetching else { return };
        for (layer, state) in opened.image.manifest.layers.iter().zip(&self.layers) {
            // Whoever waits for its bytes gets an error.
            if matches!(state, LayerState::Waiting | LayerState::Reading) {
                fetching.meter(&layer.digest).cancel();
            }
        }
    }

    /// Ends all that is under way for it.
    pub(super) fn close(&mut self) {
        self.cancel();
        self.closing.cancel();
        let meters = self.preview.meter().into_iter().chain(&self.found.meter).chain(&self.extracting);
        let meters = meters.chain(self.hashing.as_ref().map(Hashing::meter));
        meters.for_each(|meter| meter.cancel());
        if let Some(comparison) = &self.comparison {
            comparison.cancel();
        }
    }

    /// Takes what a worker says; returns what follows from it.
    pub(super) fn receive(&mut self, event: TabEvent) -> Vec<Task> {
        match event {
            TabEvent::Outline(outline) => self.outline = outline,
            TabEvent::Progress(done, total) => {
                if let Phase::Opening(..) = self.phase {
                    self.phase = Phase::Opening(done, total);
                }
            }
            TabEvent::Note(note) if self.notes.len() < MAX_NOTES => self.notes.push(note),
            TabEvent::Note(_) => {}
            TabEvent::Opened(Err(failure)) => self.phase = Phase::Failed(failure),
            TabEvent::Opened(Ok(opened)) => return self.read(opened),
            TabEvent::Layer(layer, state) => {
                if let Some(known) = self.layers.get_mut(layer) {
                    *known = state;
                }
            }
            TabEvent::Snapshot(Ok(snapshot)) => self.take_snapshot(snapshot),
            TabEvent::Snapshot(Err(failure)) => self.phase = Phase::Failed(failure),
            TabEvent::View(shown, rows) => {
                self.tree.take(shown, rows);
            }
            TabEvent::Unfolded(before, rows) => self.tree.take_unfolded(&before, rows),
            TabEvent::Found(snapshot, matches) => self.take_found(&snapshot, matches),
            TabEvent::Preview(subject, snapshot, preview) => {
                self.take_preview(&subject, Some(&snapshot), preview);
            }
            TabEvent::Owners(owners) => self.owners = Known::of(owners),
            TabEvent::Packages(Ok(list)) => {
                self.packages = Known::Known(());
                self.lists[Screen::Packages.place()].replace(list);
            }
            TabEvent::Packages(Err(failure)) => self.packages = Known::Failed(failure),
            TabEvent::Verdict(verdict) => {
                self.verdict = Known::of(verdict);
                if let Known::Known(verdict) = &self.verdict {
                    self.lists[Screen::Verdict.place()].replace(listings::verdict(verdict));
                }
            }
            TabEvent::Compare(event) => self.receive_compared(event),
            TabEvent::Extracted(..) => self.extracting = None,
            TabEvent::Undone(what, failure) => {
                self.give_up(&what, &failure);
            }
            TabEvent::Names(snapshot, read) => self.accounts.take(&snapshot, &read),
            TabEvent::Hashed(..) => self.hashing = None,
        }
        self.find_rows();
        Vec::new()
    }

    fn read(&mut self, opened: Box<Opened>) -> Vec<Task> {
        if self.meter.is_cancelled() {
            let hint = Some("`reload` opens it again".to_owned());
            self.phase = Phase::Failed(Failure { message: "stopped".to_owned(), hint });
            return Vec::new();
        }
        let count = opened.image.manifest.layers.len();
        self.layers = vec![LayerState::Waiting; count];
        self.meters = (0..count).map(|_| Arc::default()).collect();
        self.lists[Screen::Facts.place()].replace(listings::facts(&opened));
        self.layer.at = count.saturating_sub(1);
        let meters = self.meters.clone();
        self.phase = Phase::Open(opened.clone());
        vec![Task::Read { tab: self.id, opened: *opened, meters }]
    }

    fn take_snapshot(&mut self, snapshot: Arc<Snapshot>) {
        // What was computed of fewer layers is computed again.
        self.packages = Known::Unasked;
        self.owners = Known::Unasked;
        self.snapshot = Some(snapshot);
        self.is_blamed = false;
        self.is_waste_listed = false;
    }

    /// Makes the list that is looked at, unless it is there: it may be long.
    fn fill_lists(&mut self) {
        self.fill_largest();
        let (Phase::Open(_), Some(snapshot)) = (&self.phase, &self.snapshot) else { return };
        if self.screen == Screen::Waste && !self.is_waste_listed {
            self.lists[Screen::Waste.place()].replace(listings::waste(snapshot));
            self.is_waste_listed = true;
        }
        if self.screen == Screen::Blame && !self.is_blamed {
            let path = self.blamed.clone().unwrap_or_default();
            self.lists[Screen::Blame.place()].replace(listings::blame(snapshot, &path));
            self.is_blamed = true;
        }
    }

    fn fill_largest(&mut self) {
        let is_listed = |shown: &Arc<Shown>| self.listed.as_ref().is_some_and(|of| Arc::ptr_eq(of, shown));
        let shown = self.tree.shown.as_ref().filter(|_| self.screen == Screen::Largest);
        if let Some(shown) = shown.filter(|shown| !is_listed(shown)) {
            self.lists[Screen::Largest.place()].replace(listings::largest(shown));
            self.listed = Some(shown.clone());
        }
    }

    /// Brings cursors onto the screen, and returns what is looked at and not there yet.
    pub(super) fn settle(&mut self, areas: &Areas) -> Vec<Task> {
        let mut tasks = Vec::new();
        self.fill_lists();
        let (layers, rows) = (self.layer_count(), self.tree.length());
        if self.opened().is_some() {
            self.span.mark = self.span.mark.min(layers.saturating_sub(1));
        }
        within(&mut self.layer, layers, usize::from(areas.layer_rows()));
        if let Some(spot) = areas.details.filter(|_| self.details_top > 0) {
            self.details_top = self.details_top.min(details_end(self, spot.body));
        }
        let height = usize::from(areas.main_rows());
        within(&mut self.tree.cursor, rows, height);
        if let Some(list) = self.list_mut() {
            let length = list.rows.len();
            within(&mut list.cursor, length, height);
        }
        let (Phase::Open(opened), Some(snapshot)) = (&self.phase, &self.snapshot) else { return tasks };
        let (tab, opened, snapshot) = (self.id, Opened::clone(opened), snapshot.clone());
        if self.screen == Screen::Verdict
            && snapshot.is_complete
            && let Known::Unasked = self.verdict
        {
            self.verdict = Known::Asked;
            tasks.push(Task::Verdict { tab, opened: opened.clone(), meter: self.closing.clone() });
        }
        if self.screen == Screen::Packages || self.tree.needs_owners() || areas.preview.is_some() {
            tasks.extend(self.ask_owners());
        }
        let owners = match &self.owners {
            Known::Known(owners) => Some(owners.clone()),
            _ => None,
        };
        if self.screen == Screen::Packages
            && let (Known::Unasked, Some(owners)) = (&self.packages, &owners)
        {
            let (opened, snapshot, owners) = (opened.clone(), snapshot.clone(), owners.clone());
            tasks.push(Task::Packages { tab, opened, snapshot, owners });
            self.packages = Known::Asked;
        }
        if let Some(settings) = self.tree.ask(&snapshot, self.span, self.layer.at, owners.as_ref()) {
            let settings = Box::new(settings);
            let (before, rows) = self.tree.folds().unzip();
            tasks.push(Task::View { tab, snapshot: snapshot.clone(), settings, before, rows });
        }
        if let Some((rows, what)) = self.tree.ask_unfold() {
            tasks.push(Task::Unfold { tab, rows, what });
        }
        tasks.extend(self.search_again());
        if areas.preview.is_some() && self.screen != Screen::Compare {
            tasks.extend(self.ask_preview(&opened));
        }
        tasks
    }

    /// Asks who has what, unless that is known or was asked for.
    pub(super) fn ask_owners(&mut self) -> Option<Task> {
        let Known::Unasked = self.owners else { return None };
        let opened = self.opened()?.clone();
        let snapshot = self.snapshot.clone().filter(|snapshot| snapshot.is_complete)?;
        self.owners = Known::Asked;
        Some(Task::Owners { tab: self.id, opened, snapshot, meter: self.closing.clone() })
    }
}

impl Tab {
    /// Gives up a filter that asks who owns what when that cannot be known, and says why.
    pub(super) fn refuse_filter(&mut self) -> Option<Failure> {
        match &self.owners {
            Known::Failed(failure) if self.tree.needs_owners() => {
                self.tree.filter = None;
                Some(failure.clone())
            }
            _ => None,
        }
    }
}

impl<T> Known<T> {
    pub(super) fn of(result: Result<T, Failure>) -> Self {
        match result {
            Ok(value) => Self::Known(value),
            Err(failure) => Self::Failed(failure),
        }
    }
}
