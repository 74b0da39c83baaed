//! Two images side by side: how far they are compared, what of that is looked at.

mod act;

use std::sync::Arc;

use attar_image::blobs::Meter;
use attar_packages::ownership::Ownership;

use super::{App, Known, Screen, Tab, Tree, within};
use crate::browse::Query;
use crate::browse::pair::{PairId, PairSettings};
use crate::compare::{LayerChange, setting_changes, unread};
use crate::tui::comparison::{CompareEvent, CompareTask, Compared, PairShown, PairSide, Sides};
use crate::tui::layout::Areas;
use crate::tui::listing::Listing;
use crate::tui::listings;
use crate::tui::source::{Failure, Opened};
use crate::tui::start::Pane;
use crate::tui::task::{Matches, Snapshot, Subject, TabId, Task, Version};

/// What of a comparison stands in the middle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// The trees of files.
    #[default]
    Files,
    /// The packages that differ.
    Packages,
    /// The layers, those of one beside those of the other.
    Layers,
    /// The settings that differ.
    Settings,
}

impl Part {
    /// All of them, in the order of the titles.
    pub const ALL: [Self; 4] = [Self::Files, Self::Packages, Self::Layers, Self::Settings];

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Packages => "packages",
            Self::Layers => "layers",
            Self::Settings => "settings",
        }
    }
}

/// The image of a tab before another one.
#[derive(Debug)]
pub struct Comparison {
    /// The tab of the other one.
    pub other: TabId,
    /// What stands in the middle.
    pub part: Part,
    /// Both trees as one.
    pub tree: Tree<PairShown>,
    /// What is known of both, as far as they were compared.
    pub compared: Option<Arc<Compared>>,
    /// Which layers they share, by their documents or as they were read.
    pub layers: Option<LayerChange>,
    /// How many packages differ, in a few words.
    pub packages: Known<String>,
    /// Why nothing can be shown of it.
    pub failure: Option<Failure>,
    /// Which of two files the preview shows.
    pub version: Version,
    lists: [Listing; 3],
    /// How many bytes of each layer were read to compare contents.
    meters: [Vec<Arc<Meter>>; 2],
    asked: Option<[Arc<Snapshot>; 2]>,
}

impl Comparison {
    pub(super) fn new(other: TabId) -> Self {
        let mut tree = Tree::default();
        tree.hide.unchanged = true;
        Self {
            other,
            part: Part::default(),
            tree,
            compared: None,
            layers: None,
            packages: Known::default(),
            failure: None,
            version: Version::default(),
            lists: Default::default(),
            meters: Default::default(),
            asked: None,
        }
    }

    /// Returns the same comparison before anything is known of it: what is shown of it, and how, stays.
    pub(super) fn anew(&self) -> Self {
        let mut comparison = Self::new(self.other);
        (comparison.part, comparison.version) = (self.part, self.version);
        comparison.tree.hide = self.tree.hide;
        comparison.tree.filter.clone_from(&self.tree.filter);
        (comparison.tree.sort, comparison.tree.is_reversed) = (self.tree.sort, self.tree.is_reversed);
        comparison.tree.wanted = self.tree.wanted.clone().or_else(|| self.tree.selected_path());
        comparison
    }

    /// Returns the list that stands in the middle, unless the trees do.
    pub fn list(&self) -> Option<&Listing> {
        self.lists.get((self.part as usize).checked_sub(1)?)
    }

    pub(super) fn list_mut(&mut self) -> Option<&mut Listing> {
        self.lists.get_mut((self.part as usize).checked_sub(1)?)
    }

    /// Says whether contents are being compared.
    pub fn is_comparing(&self) -> bool {
        self.compared.as_ref().is_some_and(|compared| compared.unread.is_some())
    }

    /// Says whether contents are being compared and nobody ended that.
    pub(super) fn can_be_stopped(&self) -> bool {
        self.is_comparing() && !self.meters.iter().flatten().any(|meter| meter.is_cancelled())
    }

    /// Says whether something of it is under way.
    pub fn is_busy(&self) -> bool {
        (self.asked.is_some() && self.compared.is_none() && self.failure.is_none())
            || self.is_comparing()
            || self.tree.is_pending()
            || matches!(self.packages, Known::Asked)
    }

    /// Says whether the second image has what is under the cursor.
    pub(super) fn is_in_second(&self) -> bool {
        let pair = self.tree.shown.as_ref().map(|shown| &shown.pair);
        pair.zip(self.tree.selected()).is_some_and(|(pair, node)| pair.paths(node)[1].is_some())
    }

    /// Returns how many bytes were read to compare contents.
    pub fn done(&self) -> u64 {
        self.meters.iter().flatten().map(|meter| meter.done()).sum()
    }

    /// Ends comparing contents.
    pub(super) fn cancel(&self) {
        self.meters.iter().flatten().for_each(|meter| meter.cancel());
    }

    fn replace(&mut self, part: Part, list: Listing) {
        self.lists[part as usize - 1].replace(list);
    }

    /// Fills in what the documents of both say.
    fn outline(&mut self, images: [&Opened; 2]) {
        if self.layers.is_some() {
            return;
        }
        let [one, other] = images.map(|opened| unread(&opened.image));
        // What reading them says of documents that contradict each other is said there.
        let (Ok(one), Ok(other)) = (one, other) else { return };
        let layers = LayerChange::of(&one, &other);
        self.replace(Part::Layers, listings::layer_changes(&layers));
        self.layers = Some(layers);
        if !images.iter().any(|opened| opened.is_root) {
            let [one, other] = images.map(|opened| &opened.image);
            self.replace(Part::Settings, listings::setting_changes(&setting_changes(one, other)));
        }
    }

    pub(super) fn is_asked(&self, snapshots: &[Arc<Snapshot>; 2]) -> bool {
        let is_same = |asked: &[Arc<Snapshot>; 2]| {
            asked.iter().zip(snapshots).all(|(asked, snapshot)| Arc::ptr_eq(asked, snapshot))
        };
        self.asked.as_ref().is_some_and(is_same)
    }

    /// Returns what is looked at and not there yet.
    fn ask(&mut self, sides: Sides, owners: &[Option<Arc<Ownership>>; 2]) -> Vec<CompareTask> {
        let mut tasks = Vec::new();
        let snapshots = sides.each_ref().map(|side| side.snapshot.clone());
        if !self.is_asked(&snapshots) {
            self.cancel();
            let meters =
                |side: &PairSide| side.snapshot.stack.layers().iter().map(|_| Arc::default()).collect();
            self.meters = sides.each_ref().map(meters);
            (self.asked, self.compared, self.packages) = (Some(snapshots), None, Known::Unasked);
            self.failure = None;
            let (sides, meters) = (Box::new(sides), self.meters.clone());
            tasks.push(CompareTask::Compare { sides, meters });
        }
        let Some(compared) = self.compared.clone() else { return tasks };
        if let ([Some(one), Some(other)], Known::Unasked, None) = (owners, &self.packages, compared.unread) {
            let owners = [one.clone(), other.clone()];
            tasks.push(CompareTask::Packages { compared: compared.clone(), owners });
            self.packages = Known::Asked;
        }
        tasks.extend(self.ask_tree(compared, owners));
        if let Some((rows, what)) = self.tree.ask_unfold() {
            tasks.push(CompareTask::Unfold { rows, what });
        }
        tasks
    }

    fn ask_tree(
        &mut self,
        compared: Arc<Compared>,
        owners: &[Option<Arc<Ownership>>; 2],
    ) -> Option<CompareTask> {
        let needs_owners = self.tree.needs_owners();
        if needs_owners && owners.iter().any(Option::is_none) {
            // They are on their way.
            return None;
        }
        let settings = PairSettings {
            hide: self.tree.hide,
            filter: self.tree.filter.clone(),
            sort: self.tree.sort,
            is_reversed: self.tree.is_reversed,
            owners: if needs_owners { owners.clone() } else { [None, None] },
        };
        let settings = Box::new(self.tree.ask_for(&compared, settings)?);
        // Until all was compared the user has not seen what is worth unfolding.
        let is_kept = |shown: &Arc<PairShown>| {
            shown.compared.is_of(&compared.snapshots())
                && (shown.compared.unread.is_none() || self.tree.is_touched)
        };
        let rows = self.tree.folds().filter(|(shown, _)| is_kept(shown)).map(|(_, rows)| rows);
        Some(CompareTask::Show { compared, settings, rows })
    }
}

impl Tab {
    /// Takes what a worker says of two images.
    pub(super) fn receive_compared(&mut self, event: CompareEvent) {
        let Some(comparison) = &mut self.comparison else { return };
        match event {
            CompareEvent::Compared(compared) => {
                if !comparison.asked.as_ref().is_some_and(|asked| compared.is_of(asked)) {
                    return;
                }
                comparison.replace(Part::Layers, listings::layer_changes(&compared.layers));
                comparison.replace(Part::Settings, listings::setting_changes(&compared.settings));
                comparison.layers = Some(compared.layers.clone());
                if comparison.compared.is_none() {
                    self.preview.subject = None;
                }
                comparison.compared = Some(compared);
            }
            CompareEvent::Shown(shown, rows) => {
                comparison.tree.take(shown, rows);
            }
            CompareEvent::Unfolded(before, rows) => comparison.tree.take_unfolded(&before, rows),
            CompareEvent::Found(compared, matches) => self.take_found_pairs(&compared, matches),
            CompareEvent::Packages(compared, list, summary) => {
                if comparison.compared.as_ref().is_some_and(|known| Arc::ptr_eq(known, &compared)) {
                    comparison.packages = Known::Known(summary);
                    comparison.replace(Part::Packages, list);
                }
            }
            CompareEvent::Preview(subject, preview) => self.take_preview(&subject, None, preview),
        }
    }

    /// Returns the comparison, if it stands in the middle.
    pub fn compared(&self) -> Option<&Comparison> {
        self.comparison.as_deref().filter(|_| self.screen == Screen::Compare)
    }

    pub(super) fn compared_mut(&mut self) -> Option<&mut Comparison> {
        self.comparison.as_deref_mut().filter(|_| self.screen == Screen::Compare)
    }

    fn side(&self) -> Option<PairSide> {
        let snapshot = self.snapshot.clone().filter(|snapshot| snapshot.is_complete)?;
        Some(PairSide { opened: self.opened()?.clone(), snapshot })
    }

    /// Asks for what matches among what is shown of both images, once that is there.
    pub(super) fn ask_found_pairs(&mut self, query: Query, counts: bool) -> Option<Task> {
        self.found.query = Some(query.clone());
        let tree = &self.compared()?.tree;
        let (shown, here) = (tree.shown.clone()?, tree.selected());
        let (meter, text) = (Arc::<Meter>::default(), self.found.text.clone());
        self.found.compared = Some(shown.compared.clone());
        (self.found.is_pending, self.found.meter) = (true, Some(meter.clone()));
        let (query, from) = (Box::new(query), here.map(|here| (here, counts)));
        Some(Task::Compare { tab: self.id, task: CompareTask::Search { shown, text, query, from, meter } })
    }

    /// Searches again when an image was read again: paths have other numbers then.
    fn search_pairs_again(&mut self) -> Option<Task> {
        let query = self.found.query.clone()?;
        let compared = self.compared()?.tree.shown.as_ref()?.compared.clone();
        let before = self.found.compared.take();
        if before.as_ref().is_some_and(|before| before.is_of(&compared.snapshots())) {
            self.found.compared = before;
            return None;
        }
        self.begin_again(before.is_some());
        self.ask_found_pairs(query, true)
    }

    /// Takes what was found, unless something else was searched for since, or in other images.
    fn take_found_pairs(&mut self, compared: &Compared, matches: Matches<PairId>) {
        let found = &mut self.found;
        let is_of = found.compared.as_ref().is_some_and(|asked| asked.is_of(&compared.snapshots()));
        if matches.text != found.text || !is_of {
            return;
        }
        (found.is_pending, found.at) = (false, matches.first);
        found.pairs = matches;
        self.show_found();
    }

    /// Gives up what is compared with an image, which is closed.
    pub(super) fn forget_other(&mut self, other: TabId) {
        if let Some(comparison) = self.comparison.take_if(|comparison| comparison.other == other) {
            comparison.cancel();
            if self.screen == Screen::Compare {
                self.turn_to(Screen::Tree);
            }
        }
    }

    /// Gives up a filter that asks who owns what when that cannot be known of both images, and says why.
    fn refuse_pair_filter(&mut self, why: Option<Failure>) -> Option<Failure> {
        let comparison = self.compared_mut().filter(|comparison| comparison.tree.needs_owners())?;
        why.inspect(|_| comparison.tree.filter = None)
    }

    /// Asks for what stands under the cursor in both images.
    fn ask_pair_preview(&mut self) -> Option<Task> {
        let comparison = self.comparison.as_ref()?;
        let version = comparison.version;
        let subject = match comparison.part {
            Part::Files => comparison.tree.selected().map(|node| Subject::Pair { node, version }),
            _ => None,
        };
        // What is shown may be of images that were read again since.
        let compared = comparison.tree.shown.as_ref().map(|shown| shown.compared.clone());
        let (subject, meter) = self.turn_preview(subject, None)?;
        let Subject::Pair { node, version } = subject else { return None };
        let task = CompareTask::Preview { compared: compared?, node, version, meter };
        Some(Task::Compare { tab: self.id, task })
    }
}

impl App {
    /// Returns the tab that another one is compared with.
    pub fn other(&self, comparison: &Comparison) -> Option<&Tab> {
        self.tabs.iter().find(|tab| tab.id == comparison.other)
    }

    /// Brings cursors of a comparison onto the screen, and asks for what is looked at and not there yet.
    pub(super) fn settle_comparison(&mut self, areas: &Areas) {
        let Some(current) = self.current.filter(|at| self.tabs[*at].screen == Screen::Compare) else {
            return;
        };
        let wanted = self.tabs[current].comparison.as_ref().map(|comparison| comparison.other);
        let Some(other) = self.tabs.iter().position(|tab| Some(tab.id) == wanted) else { return };
        let places = [current, other];
        for place in places {
            let asked = self.tabs[place].ask_owners();
            self.tasks.extend(asked);
        }
        let tabs = places.map(|place| &self.tabs[place]);
        let owners = tabs.map(|tab| match &tab.owners {
            Known::Known(owners) => Some(owners.clone()),
            _ => None,
        });
        let failed = tabs.iter().find_map(|tab| match &tab.owners {
            Known::Failed(failure) => Some(failure.clone()),
            _ => None,
        });
        let opened = tabs.map(|tab| tab.opened().cloned());
        let sides = tabs.map(Tab::side);
        let named = |tab: &&Tab| match &tab.owners {
            Known::Failed(failure) => {
                let message = format!("{}: {}", tab.wanted.word, failure.message);
                Some(Failure { message, hint: failure.hint.clone() })
            }
            _ => None,
        };
        let why = tabs.iter().find_map(named);
        if let Some(refused) = self.tabs[current].refuse_pair_filter(why) {
            self.refuse(refused);
        }
        let tab = &mut self.tabs[current];
        if let Pane::Layers | Pane::Facts = tab.focus {
            tab.focus = Pane::Tree;
        }
        let id = tab.id;
        let Some(comparison) = &mut tab.comparison else { return };
        if let [Some(one), Some(other)] = &opened {
            comparison.outline([one, other]);
        }
        if let (Some(failure), Known::Unasked) = (failed, &comparison.packages) {
            comparison.packages = Known::Failed(failure);
        }
        let height = usize::from(areas.main_rows());
        let length = comparison.tree.length();
        within(&mut comparison.tree.cursor, length, height);
        if let Some(list) = comparison.list_mut() {
            let length = list.rows.len();
            within(&mut list.cursor, length, height);
        }
        if let [Some(one), Some(other)] = sides {
            let asked = comparison.ask([one, other], &owners);
            self.tasks.extend(asked.into_iter().map(|task| Task::Compare { tab: id, task }));
        }
        let asked = self.tabs[current].search_pairs_again();
        self.tasks.extend(asked);
        if areas.preview.is_some() {
            let asked = self.tabs[current].ask_pair_preview();
            self.tasks.extend(asked);
        }
    }
}
