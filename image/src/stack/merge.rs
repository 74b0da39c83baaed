//! Puts layers on top of each other, as container engines do, and notes what becomes of each entry.
//!
//! Links that lower layers put in the way of an entry are followed, but not one at the entry's own
//! path, which is replaced. Whiteouts act on lower layers alone, wherever they stand in the archive.
//! Within a layer, a later entry acts on earlier ones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::paths::{PathId, Paths};
use super::table::{Form, Row, Rows};
use super::{Death, EntryId, Reason};

/// Most symbolic links that are followed in one path.
const MAX_LINKS: usize = 40;

/// The number that stands for nothing.
const NONE: u32 = u32::MAX;
/// Stands where a path is in no list of its directory.
const UNLINKED: u32 = u32::MAX - 1;

/// What the merged view knows of one path.
#[derive(Clone, Copy, Debug)]
struct State {
    /// The last entry that stood here, dead or alive.
    entry: u32,
    /// The first path below this one, of which some may have nothing alive any more.
    first: u32,
    /// The next path of the same directory.
    next: u32,
}

impl State {
    const NEW: Self = Self { entry: NONE, first: NONE, next: UNLINKED };
}

// With its row and its name's place an entry costs 72 bytes, and a file that was hashed 28 more.
const _: () = assert!(size_of::<State>() + size_of::<Fate>() == 16);

/// Dead or alive, in 32 bits: the killing layer, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fate(u32);

impl Fate {
    const ALIVE: Self = Self(NONE);

    fn of(death: Death) -> Self {
        Self((death.layer as u32) << 8 | death.reason as u32)
    }

    fn death(self) -> Option<Death> {
        (self != Self::ALIVE).then(|| Death {
            layer: (self.0 >> 8) as usize,
            // Only reasons are ever put in.
            reason: Reason::ALL[(self.0 & 0xff) as usize],
        })
    }
}

/// The rows of a layer.
#[derive(Clone, Debug, Default)]
pub(super) struct PlacedRows {
    pub(super) rows: Arc<Rows>,
    /// What the paths of the layer are in the stack, by their numbers in the layer.
    pub(super) paths: Arc<[PathId]>,
}

/// Layers on top of each other.
#[derive(Clone, Debug, Default)]
pub(super) struct Merged {
    /// Shared with stacks of some of the same layers, until one of them has other paths.
    pub(super) paths: Arc<Paths>,
    layers: Vec<PlacedRows>,
    /// The number of each layer's first entry.
    starts: Vec<u32>,
    fates: Vec<Fate>,
    states: Vec<State>,
    /// Where an entry landed, if links led it elsewhere than its own path.
    placed: BTreeMap<EntryId, PathId>,
    /// The entries that were put in the place of others of lower layers.
    pub(super) replaced: BTreeMap<EntryId, EntryId>,
    /// What each hard link is a name of.
    linked: BTreeMap<EntryId, EntryId>,
    /// How many names in the view each file with hard links has.
    names: BTreeMap<EntryId, u32>,
    /// How the own names of files ended that other names outlived.
    outlived: BTreeMap<EntryId, Death>,
    /// Whiteouts that took nothing away, and links to nothing.
    idle: BTreeSet<EntryId>,
}

/// More layers or entries than fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more entries than an image can have")]
pub struct TooManyEntries;

impl Merged {
    /// Puts a layer on top.
    pub(super) fn push(&mut self, rows: PlacedRows) -> Result<(), TooManyEntries> {
        let layer = self.layers.len();
        let start = u32::try_from(self.fates.len()).map_err(|_| TooManyEntries)?;
        let end = self.fates.len() + rows.rows.len();
        if end >= UNLINKED as usize || layer >= 1 << 23 {
            return Err(TooManyEntries);
        }
        self.fates.resize(end, Fate::ALIVE);
        self.states.resize(self.paths.count().max(1), State::NEW);
        self.states[0].next = NONE;
        self.starts.push(start);
        self.layers.push(rows);
        for number in self.layers[layer].rows.numbers() {
            self.take_away(layer, EntryId::of(start + number));
        }
        for number in self.layers[layer].rows.numbers() {
            self.put(layer, EntryId::of(start + number));
        }
        Ok(())
    }

    /// Puts the lowest layers on top of each other, up to one.
    pub(super) fn up_to(&self, layer: usize) -> Result<Self, TooManyEntries> {
        let mut merged = Self { paths: Arc::clone(&self.paths), ..Self::default() };
        for rows in self.layers.iter().take(layer.saturating_add(1)) {
            merged.push(rows.clone())?;
        }
        Ok(merged)
    }

    pub(super) fn shrink(&mut self) {
        self.fates.shrink_to_fit();
        self.states.shrink_to_fit();
    }

    /// Returns the rows of a layer.
    pub(super) fn rows(&self, layer: usize) -> &Rows {
        &self.layers[layer].rows
    }

    /// Returns the numbers of a layer's entries.
    pub(super) fn entries(&self, layer: usize) -> impl ExactSizeIterator<Item = EntryId> + use<> {
        let start = self.starts[layer];
        self.layers[layer].rows.numbers().map(move |number| EntryId::of(start + number))
    }

    /// Returns the layer of an entry, and its number there.
    pub(super) fn locate(&self, entry: EntryId) -> (usize, u32) {
        let layer = self.starts.partition_point(|start| *start <= entry.number()) - 1;
        // Layers without entries share their start with the next one.
        (layer, entry.number() - self.starts[layer])
    }

    pub(super) fn row(&self, entry: EntryId) -> &Row {
        let (layer, number) = self.locate(entry);
        self.layers[layer].rows.get(number)
    }

    /// Returns the path that an entry's archive gives it.
    pub(super) fn own_path(&self, entry: EntryId) -> PathId {
        let (layer, number) = self.locate(entry);
        let PlacedRows { rows, paths } = &self.layers[layer];
        paths[rows.get(number).path.index()]
    }

    /// Returns where a hard link says that it leads.
    pub(super) fn hard_link(&self, entry: EntryId) -> Option<PathId> {
        let (layer, number) = self.locate(entry);
        let PlacedRows { rows, paths } = &self.layers[layer];
        Some(paths[rows.hard_link(rows.get(number))?.index()])
    }

    /// Returns what stands at a path in the merged view.
    pub(super) fn visible(&self, path: PathId) -> Option<EntryId> {
        let state = self.states.get(path.index())?;
        (state.entry != NONE && self.fates[state.entry as usize] == Fate::ALIVE)
            .then_some(EntryId::of(state.entry))
    }

    /// Returns what an entry died of: a file with several names of the end of the last one, if that has
    /// come, else of the end of its own.
    pub(super) fn death(&self, entry: EntryId) -> Option<Death> {
        self.fates[entry.number() as usize].death()
    }

    /// Returns what the name of an entry died of.
    pub(super) fn end_of_name(&self, entry: EntryId) -> Option<Death> {
        let death = self.death(entry)?;
        Some(self.outlived.get(&entry).copied().unwrap_or(death))
    }

    pub(super) fn set_reason(&mut self, entry: EntryId, reason: Reason) {
        if let Some(death) = self.death(entry) {
            self.fates[entry.number() as usize] = Fate::of(Death { reason, ..death });
        }
    }

    /// Says whether a name in the merged view still leads to the content of a file.
    pub(super) fn has_names(&self, entry: EntryId) -> bool {
        self.names.get(&entry).is_some_and(|names| *names > 0)
    }

    /// Returns what an entry is a name of: itself, unless it is a hard link.
    pub(super) fn content(&self, entry: EntryId) -> EntryId {
        self.linked.get(&entry).copied().unwrap_or(entry)
    }

    /// Says whether other names lead to the same file.
    pub(super) fn is_linked(&self, entry: EntryId) -> bool {
        self.names.contains_key(&self.content(entry))
    }

    /// Says whether a whiteout took nothing away, or a hard link leads to nothing.
    pub(super) fn is_idle(&self, entry: EntryId) -> bool {
        self.idle.contains(&entry)
    }

    /// Returns where an entry landed.
    pub(super) fn place_of(&self, entry: EntryId) -> PathId {
        self.placed.get(&entry).copied().unwrap_or_else(|| self.own_path(entry))
    }

    /// Lists the paths of a directory that have something in the merged view, at or below them, in no
    /// order.
    pub(super) fn children(&self, directory: PathId) -> impl Iterator<Item = PathId> {
        let number = |number: u32| (number < UNLINKED).then_some(PathId(number));
        let first = self.states.get(directory.index()).and_then(|state| number(state.first));
        std::iter::successors(first, move |path| number(self.states[path.index()].next))
            .filter(|path| self.is_occupied(*path))
    }

    /// Says whether something stands at a path or below it.
    fn is_occupied(&self, path: PathId) -> bool {
        let mut pending = vec![path];
        while let Some(path) = pending.pop() {
            if self.visible(path).is_some() {
                return true;
            }
            let mut next = self.states[path.index()].first;
            while next < UNLINKED {
                pending.push(PathId(next));
                next = self.states[next as usize].next;
            }
        }
        false
    }

    /// Follows links in every component of a path but the last.
    pub(super) fn place(&mut self, path: PathId) -> PathId {
        let is_link = |path: PathId| {
            self.visible(path).is_some_and(|entry| self.row(self.content(entry)).form == Form::Symlink)
        };
        if !self.paths.ancestors(path).any(is_link) {
            return path;
        }
        let directory = self.paths.parent(path);
        let Some(directory) = self.resolve(directory) else { return path };
        let name = self.paths.name(path).to_vec();
        self.intern(directory, &name).unwrap_or(path)
    }

    fn intern(&mut self, directory: PathId, name: &[u8]) -> Option<PathId> {
        if let Some(known) = self.paths.find_child(directory, name) {
            return Some(known);
        }
        let path = Arc::make_mut(&mut self.paths).intern_child(directory, name).ok()?;
        if path.index() == self.states.len() {
            self.states.push(State::NEW);
        }
        Some(path)
    }

    /// Follows links in every component of a path; `None` for a loop.
    fn resolve(&mut self, path: PathId) -> Option<PathId> {
        let mut pending: Vec<Vec<u8>> = Vec::new();
        let mut at = path;
        while at != PathId::ROOT {
            pending.push(self.paths.name(at).to_vec());
            at = self.paths.parent(at);
        }
        let mut current = PathId::ROOT;
        let mut followed = 0;
        while let Some(component) = pending.pop() {
            if component == b".." {
                current = self.paths.parent(current);
                continue;
            }
            let next = self.intern(current, &component)?;
            let link = self.visible(next).map(|entry| self.content(entry));
            let (layer, number) = match link {
                Some(entry) if self.row(entry).form == Form::Symlink => self.locate(entry),
                _ => {
                    current = next;
                    continue;
                }
            };
            followed += 1;
            if followed > MAX_LINKS {
                return None;
            }
            let rows = &self.layers[layer].rows;
            let target = rows.symlink(rows.get(number)).unwrap_or_default();
            if target.starts_with(b"/") {
                current = PathId::ROOT;
            }
            let parts = target.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".");
            pending.extend(parts.rev().map(<[u8]>::to_vec));
        }
        Some(current)
    }

    /// Lets a whiteout act.
    fn take_away(&mut self, layer: usize, entry: EntryId) {
        let form = self.row(entry).form;
        let killed = match form {
            Form::Whiteout => {
                let path = self.own_path(entry);
                let place = self.place(path);
                self.note_place(entry, path, place);
                let below = self.kill_below(place, Death { layer, reason: Reason::DirectoryDeleted });
                let itself = self.kill(place, Death { layer, reason: Reason::Deleted });
                below || itself
            }
            Form::Opaque => {
                let path = self.own_path(entry);
                let place = self.resolve(path).unwrap_or(path);
                self.note_place(entry, path, place);
                self.kill_below(place, Death { layer, reason: Reason::Opaque })
            }
            _ => return,
        };
        if !killed {
            self.idle.insert(entry);
        }
    }

    fn note_place(&mut self, entry: EntryId, path: PathId, place: PathId) {
        if place != path {
            self.placed.insert(entry, place);
        }
    }

    /// Puts an entry where it belongs.
    fn put(&mut self, layer: usize, entry: EntryId) {
        let form = self.row(entry).form;
        if !form.is_entry() {
            return;
        }
        let path = self.own_path(entry);
        let place = self.place(path);
        self.note_place(entry, path, place);
        if place == PathId::ROOT && form != Form::Directory {
            self.idle.insert(entry);
            return;
        }
        let content = match form {
            Form::HardLink => match self.target(entry) {
                // A link to itself changes nothing.
                Some(content) if self.visible(place).map(|there| self.content(there)) != Some(content) => {
                    content
                }
                _ => {
                    self.idle.insert(entry);
                    return;
                }
            },
            _ => entry,
        };
        // Something that is no directory gives way to what is put below it.
        let in_the_way: Vec<PathId> = self
            .paths
            .ancestors(place)
            .filter(|path| self.visible(*path).is_some_and(|entry| !self.is_directory(entry)))
            .collect();
        for path in in_the_way {
            self.kill(path, Death { layer, reason: Reason::TypeChange });
        }
        let is_directory = form == Form::Directory;
        if !is_directory {
            self.kill_below(place, Death { layer, reason: Reason::TypeChange });
        }
        self.replace(layer, entry, content, place);
        self.states[place.index()].entry = entry.number();
        if content != entry {
            self.linked.insert(entry, content);
            let own_name = u32::from(self.death(content).is_none());
            *self.names.entry(content).or_insert(own_name) += 1;
        }
        self.link_up(place);
    }

    /// Lets what stands where an entry is put, or was taken away from there by the same layer, be
    /// replaced by it.
    fn replace(&mut self, layer: usize, entry: EntryId, content: EntryId, place: PathId) {
        let state = self.states[place.index()];
        if state.entry == NONE {
            return;
        }
        let old = EntryId::of(state.entry);
        let (old_layer, _) = self.locate(old);
        let is_alive = self.fates[old.number() as usize] == Fate::ALIVE;
        if !is_alive && self.end_of_name(old).map(|death| death.layer) != Some(layer) {
            return;
        }
        let (old_form, form) = (self.row(self.content(old)).form, self.row(content).form);
        let reason = match () {
            () if old_layer == layer => Reason::SameLayer,
            () if old_form != form => Reason::TypeChange,
            () => Reason::Replaced,
        };
        if is_alive {
            self.kill(place, Death { layer, reason });
        } else if reason == Reason::Replaced {
            // Taken away and brought again in one layer: it was rewritten.
            self.set_reason(old, reason);
        }
        if old_layer != layer {
            self.replaced.insert(entry, old);
        } else if let Some(older) = self.replaced.remove(&old) {
            self.replaced.insert(entry, older);
        }
    }

    fn is_directory(&self, entry: EntryId) -> bool {
        self.row(entry).form == Form::Directory
    }

    /// Returns what a hard link is a name of; `None` if there is nothing, or a directory.
    fn target(&mut self, entry: EntryId) -> Option<EntryId> {
        let place = self.place(self.hard_link(entry)?);
        let content = self.content(self.visible(place)?);
        (!self.is_directory(content)).then_some(content)
    }

    /// Adds a path, and those above it, to the lists of their directories.
    fn link_up(&mut self, path: PathId) {
        let mut path = path;
        while self.states[path.index()].next == UNLINKED {
            let directory = self.paths.parent(path).index();
            self.states[path.index()].next = self.states[directory].first;
            self.states[directory].first = path.0;
            path = PathId(directory as u32);
        }
    }

    /// Lets what stands at a path die.
    fn kill(&mut self, path: PathId, death: Death) -> bool {
        let Some(entry) = self.visible(path) else { return false };
        self.fates[entry.number() as usize] = Fate::of(death);
        let content = self.content(entry);
        if let Some(names) = self.names.get_mut(&content) {
            *names -= 1;
            if *names == 0 {
                // Its last name is gone, and the content with it.
                if content != entry
                    && let Some(end) = self.death(content)
                {
                    self.outlived.insert(content, end);
                }
                self.fates[content.number() as usize] = Fate::of(death);
            }
        }
        true
    }

    /// Lets all die that stands below a path.
    fn kill_below(&mut self, path: PathId, death: Death) -> bool {
        let mut killed = false;
        let mut pending = vec![path];
        while let Some(directory) = pending.pop() {
            // Emptied on the way, so that what is dead is not gone through again and again.
            let mut next = std::mem::replace(&mut self.states[directory.index()].first, NONE);
            while next < UNLINKED {
                let child = PathId(next);
                next = std::mem::replace(&mut self.states[child.index()].next, UNLINKED);
                killed |= self.kill(child, death);
                pending.push(child);
            }
        }
        killed
    }
}
