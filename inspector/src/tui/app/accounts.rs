//! What owners of files are called: by the image's own `/etc/passwd` and `/etc/group`, as the layers that
//! are looked at have them. They are read when somebody looks at owners; until then owners are numbers.

use std::sync::{Arc, Weak};

use attar_image::accounts::{GROUPS, Names, USERS};
use attar_image::path::TreePath;
use attar_image::stack::{EntryId, Form};

use super::{App, Screen};
use crate::browse::Mark;
use crate::tui::layout::Areas;
use crate::tui::source::Opened;
use crate::tui::task::{Shown, Snapshot, Task};
use crate::tui::view::tree::Columns;

/// The files that name users and groups, where there are such.
pub(super) type AccountFiles = [Option<EntryId>; 2];

/// Names of a file's user and group.
#[derive(Clone, Copy, Debug, Default)]
pub struct Owners<'a> {
    users: Option<&'a Names>,
    groups: Option<&'a Names>,
}

impl<'a> Owners<'a> {
    /// Returns the name of a user, any characters.
    pub fn user(self, number: u32) -> Option<&'a str> {
        self.users?.name(number)
    }

    /// Returns the name of a group, any characters.
    pub fn group(self, number: u32) -> Option<&'a str> {
        self.groups?.name(number)
    }
}

/// The names of users and groups that were asked for, by the files that they are from.
#[derive(Debug, Default)]
pub struct Accounts(Vec<Known>);

/// What is known of one file.
#[derive(Debug)]
struct Known {
    snapshot: Weak<Snapshot>,
    entry: EntryId,
    state: State,
}

#[derive(Debug)]
enum State {
    /// It is being read.
    Asked,
    /// It was read, or cannot be: then it names nobody.
    Read(Names),
    /// Its layer would have to be fetched, and nothing but names asked for it so far.
    Elsewhere,
}

impl Accounts {
    /// Returns what is known of the names in two files.
    pub fn owners(&self, snapshot: &Arc<Snapshot>, files: AccountFiles) -> Owners<'_> {
        let [users, groups] = files.map(|entry| self.names(snapshot, entry?));
        Owners { users, groups }
    }

    fn names(&self, snapshot: &Arc<Snapshot>, entry: EntryId) -> Option<&Names> {
        match &self.0.iter().find(|known| known.is(snapshot, entry))?.state {
            State::Read(names) => Some(names),
            State::Asked | State::Elsewhere => None,
        }
    }

    /// Says whether some are being read.
    pub(super) fn is_asked(&self) -> bool {
        self.0.iter().any(|known| matches!(known.state, State::Asked))
    }

    /// Says whether some of these files are to be read.
    fn lacks(&self, snapshot: &Arc<Snapshot>, files: AccountFiles, fetches: bool) -> bool {
        files.into_iter().flatten().any(|entry| {
            let known = self.0.iter().find(|known| known.is(snapshot, entry));
            known.is_none_or(|known| fetches && matches!(known.state, State::Elsewhere))
        })
    }

    /// Returns which files are to be read, and notes that they are.
    fn ask(&mut self, snapshot: &Arc<Snapshot>, files: AccountFiles, fetches: bool) -> Vec<EntryId> {
        self.0.retain(|known| known.snapshot.strong_count() > 0);
        let mut asked = Vec::new();
        for entry in files.into_iter().flatten() {
            match self.0.iter_mut().find(|known| known.is(snapshot, entry)) {
                Some(Known { state: state @ State::Elsewhere, .. }) if fetches => *state = State::Asked,
                Some(_) => continue,
                None => {
                    let snapshot = Arc::downgrade(snapshot);
                    self.0.push(Known { snapshot, entry, state: State::Asked });
                }
            }
            asked.push(entry);
        }
        asked
    }

    /// Takes what was read: nothing of a file whose layer would have to be fetched.
    pub(super) fn take(&mut self, snapshot: &Arc<Snapshot>, read: &[(EntryId, Option<Names>)]) {
        for (entry, names) in read {
            if let Some(known) = self.0.iter_mut().find(|known| known.is(snapshot, *entry)) {
                known.state = names.clone().map_or(State::Elsewhere, State::Read);
            }
        }
    }
}

impl Known {
    fn is(&self, snapshot: &Arc<Snapshot>, entry: EntryId) -> bool {
        self.entry == entry && std::ptr::eq(self.snapshot.as_ptr(), Arc::as_ptr(snapshot))
    }
}

/// Returns the files that name users and groups among those that a tree of layers shows, whatever is
/// filtered out of it.
pub fn files_of_view(shown: &Shown) -> AccountFiles {
    let (stack, view) = (&shown.snapshot.stack, &shown.view);
    let entry = |path: &TreePath| {
        let path = stack.paths().find(path)?;
        view.entry(path).filter(|_| view.mark(path) != Some(Mark::Removed))
    };
    let resolve = |path: &TreePath| path.follow_links(|path| stack.symlink(entry(path)?));
    [USERS, GROUPS].map(|path| file(&shown.snapshot, entry(&resolve(&TreePath::parse(path).ok()?)?)?))
}

/// Returns the files that name users and groups of a whole image.
pub fn files_of_image(snapshot: &Snapshot) -> AccountFiles {
    let stack = &snapshot.stack;
    [USERS, GROUPS].map(|path| file(snapshot, stack.find(&stack.resolve(&TreePath::parse(path).ok()?)?)?))
}

fn file(snapshot: &Snapshot, entry: EntryId) -> Option<EntryId> {
    let entry = snapshot.stack.linked(entry);
    (snapshot.stack.row(entry).form == Form::File).then_some(entry)
}

impl App {
    /// Asks for the names of owners where owners are seen. For their sake alone no layer is fetched; beside a
    /// preview it is, as for the preview itself.
    pub(super) fn ask_names(&mut self, areas: &Areas) {
        let has_preview = areas.preview.is_some();
        let has_column =
            || areas.main.is_some_and(|spot| Columns::of(self, spot.body.width).has_attributes());
        let Some(tab) = self.tab() else { return };
        let mut wanted: Vec<(Opened, Arc<Snapshot>, AccountFiles)> = Vec::new();
        match (tab.screen, &tab.tree.shown, tab.compared()) {
            (Screen::Tree, Some(shown), _) if has_preview || has_column() => {
                let (files, snapshot) = (files_of_view(shown), &shown.snapshot);
                if let Some(opened) = tab.opened().filter(|_| snapshot.is_complete)
                    && tab.accounts.lacks(snapshot, files, has_preview)
                {
                    wanted.push((opened.clone(), snapshot.clone(), files));
                }
            }
            (_, _, Some(comparison)) if has_preview => {
                for side in comparison.tree.shown.iter().flat_map(|shown| &shown.compared.sides) {
                    let (files, snapshot) = (files_of_image(&side.snapshot), &side.snapshot);
                    if tab.accounts.lacks(snapshot, files, has_preview) {
                        wanted.push((side.opened.clone(), snapshot.clone(), files));
                    }
                }
            }
            _ => {}
        }
        let Some(tab) = self.tab_mut() else { return };
        let (id, meter) = (tab.id, tab.closing.clone());
        let mut tasks = Vec::new();
        for (opened, snapshot, files) in wanted {
            let entries = tab.accounts.ask(&snapshot, files, has_preview);
            if !entries.is_empty() {
                let (meter, fetches) = (meter.clone(), has_preview);
                tasks.push(Task::Names { tab: id, opened, snapshot, entries, fetches, meter });
            }
        }
        self.tasks.extend(tasks);
    }
}
