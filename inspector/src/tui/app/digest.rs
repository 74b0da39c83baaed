//! Digests of what is under the cursor: those that documents and layers say, and those of files, which are
//! hashed when somebody asks for one.

use std::fmt::Display;
use std::sync::{Arc, Weak};

use attar_image::blobs::Meter;
use attar_image::digest::Digest;
use attar_image::path::TreePath;
use attar_image::stack::{EntryId, Form, PathId};

use super::{App, Comparison, Part, Screen, Tab};
use crate::browse::Mark;
use crate::tui::action::Action;
use crate::tui::comparison::PairSide;
use crate::tui::listing::{Jump, Listing};
use crate::tui::source::{Failure, Opened};
use crate::tui::start::Pane;
use crate::tui::task::{Shown, Snapshot, Task, Version};

/// Digests of files that are kept.
const MAX_DIGESTS: usize = 1000;
/// Has a digest wherever one is.
const OTHERS: &str = "files, layers and the image facts have digests";

/// What `y d` finds under the cursor.
enum Found {
    /// A digest, and what it is of.
    Digest(String, Digest),
    /// A file that nobody hashed yet.
    File(Box<File>),
    /// None, and where there are some.
    Nothing(String),
}

/// A regular file of an image.
struct File {
    opened: Opened,
    snapshot: Arc<Snapshot>,
    entry: EntryId,
    /// What messages call it.
    name: String,
}

/// A file that is being hashed, to be copied then.
#[derive(Debug)]
pub struct Hashing {
    /// What messages call it.
    pub name: String,
    /// The number of its layer, from 0 for the lowest.
    pub layer: usize,
    /// Bytes of the layer's blob.
    pub blob: u64,
    /// Bytes of the file.
    pub size: u64,
    /// How many of these are hashed.
    pub hashed: Arc<Meter>,
    /// How many bytes of the blob are read; ends it, too.
    meter: Arc<Meter>,
    /// How many bytes of the blob are here.
    fetched: Option<Arc<Meter>>,
    entry: EntryId,
    snapshot: Arc<Snapshot>,
}

impl Hashing {
    /// Returns how many bytes of the blob are read, or brought here to be read.
    pub fn read(&self) -> u64 {
        match self.meter.done() {
            0 => self.fetched.as_ref().map_or(0, |meter| meter.done()),
            read => read,
        }
    }

    pub(super) fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }
}

/// The digests of files that were asked for.
#[derive(Debug, Default)]
pub struct Digests(Vec<(Weak<Snapshot>, EntryId, Digest)>);

impl Digests {
    /// Returns the digest of a file among these layers' entries, if it is known.
    pub fn get(&self, snapshot: &Arc<Snapshot>, entry: EntryId) -> Option<Digest> {
        let entry = snapshot.stack.linked(entry);
        if snapshot.stack.row(entry).form != Form::File {
            return None;
        }
        let is_it = |known: &&(Weak<Snapshot>, EntryId, Digest)| {
            known.1 == entry && std::ptr::eq(known.0.as_ptr(), Arc::as_ptr(snapshot))
        };
        snapshot.stack.digest(entry).or_else(|| Some(self.0.iter().find(is_it)?.2))
    }

    fn add(&mut self, snapshot: &Arc<Snapshot>, entry: EntryId, digest: Digest) {
        self.0.retain(|(snapshot, ..)| snapshot.strong_count() > 0);
        if self.0.len() == MAX_DIGESTS {
            self.0.remove(0);
        }
        self.0.push((Arc::downgrade(snapshot), entry, digest));
    }
}

impl App {
    /// Hands the digest of what is under the cursor to the clipboard, as soon as it is known.
    pub(super) fn copy_digest(&mut self) {
        match self.digest_under_cursor() {
            Found::Digest(what, digest) => self.hand_over(what, digest),
            Found::File(file) => self.hash(*file),
            Found::Nothing(why) => self.say(why),
        }
    }

    /// Returns the file that is being hashed, of whichever image.
    pub fn hashing(&self) -> Option<&Hashing> {
        self.tabs.iter().find_map(|tab| tab.hashing.as_ref())
    }

    /// Gives up what is being hashed; says whether there was anything.
    pub(super) fn stop_hashing(&mut self) -> bool {
        let stopped = self.tabs.iter_mut().find_map(|tab| tab.hashing.take());
        stopped.inspect(|hashing| hashing.meter.cancel()).is_some()
    }

    /// Takes the digest of a file, unless nobody waits for it any more.
    pub(super) fn take_digest(&mut self, place: usize, meter: &Arc<Meter>, digest: Result<Digest, Failure>) {
        let tab = &mut self.tabs[place];
        let Some(hashing) = tab.hashing.take_if(|hashing| Arc::ptr_eq(&hashing.meter, meter)) else { return };
        match digest {
            Ok(digest) => {
                tab.digests.add(&hashing.snapshot, hashing.entry, digest);
                self.hand_over(of_file(&hashing.name), digest);
            }
            Err(Failure { message, hint }) => {
                self.fail(Failure { message: format!("cannot hash {}: {message}", hashing.name), hint });
            }
        }
    }

    fn hand_over(&mut self, what: String, digest: Digest) {
        self.task(Task::Copy { what, text: digest.to_string() });
    }

    fn hash(&mut self, file: File) {
        let File { opened, snapshot, entry, name } = file;
        let is_it = |hashing: &Hashing| {
            hashing.entry == entry && Arc::ptr_eq(&hashing.snapshot, &snapshot) && hashing.name == name
        };
        if self.hashing().is_some_and(is_it) {
            return;
        }
        self.stop_hashing();
        let Some(tab) = self.tab_mut() else { return };
        let layer = snapshot.stack.layer_of(entry);
        let descriptor = &snapshot.stack.layers()[layer].descriptor;
        let (meter, hashed) = (Arc::<Meter>::default(), Arc::<Meter>::default());
        tab.hashing = Some(Hashing {
            name,
            layer,
            blob: descriptor.size,
            size: snapshot.stack.row(entry).size,
            hashed: hashed.clone(),
            meter: meter.clone(),
            fetched: opened.fetching.as_ref().map(|fetching| fetching.meter(&descriptor.digest)),
            entry,
            snapshot: snapshot.clone(),
        });
        let tab = tab.id;
        self.task(Task::Hash { tab, opened, snapshot, entry, meter, hashed });
    }

    fn digest_under_cursor(&self) -> Found {
        let nothing = |why: &str| Found::Nothing(why.to_owned());
        let Some(tab) = self.tab() else { return nothing("open an image: it has digests to copy") };
        let Some(opened) = tab.opened() else { return nothing("the image is not open yet") };
        if let Some(comparison) = tab.compared() {
            return self.digest_of_both(tab, comparison);
        }
        match (tab.focus, tab.list()) {
            (Pane::Layers | Pane::Facts, _) => of_layer(opened, tab.layer.at),
            (_, Some(list)) => tab.digest_of_line(opened, list),
            (_, None) => tab.digest_in_tree(opened).unwrap_or_else(|| nothing(OTHERS)),
        }
    }

    /// Finds the digest of what two images have under the cursor: that of the second, where it has a file
    /// there and the first is not the one that is looked at.
    fn digest_of_both(&self, tab: &Tab, comparison: &Comparison) -> Found {
        if comparison.part != Part::Files {
            return Found::Nothing(format!(
                "`{}` and `{}` go to one image: its layers and image facts have digests",
                Action::ShowInFirst.name(),
                Action::ShowInSecond.name(),
            ));
        }
        let found = || {
            let shown = comparison.tree.shown.as_ref()?;
            let node = comparison.tree.selected()?;
            let name = shown.compared.path(node);
            let [first, second] = shown.pair.entries(node);
            let number = match (first, second) {
                (Some(_), Some(_)) => usize::from(comparison.version != Version::First),
                (first, _) => usize::from(first.is_none()),
            };
            let Some(entry) = [first, second][number] else { return Some(is_directory(&name)) };
            let PairSide { opened, snapshot } = &shown.compared.sides[number];
            let images = [tab, self.other(comparison)?];
            let image = &images[number].wanted.word;
            Some(tab.digest_of(opened, snapshot, entry, &name, format!("{name} of {image}")))
        };
        found().unwrap_or_else(|| Found::Nothing(OTHERS.to_owned()))
    }
}

impl Tab {
    fn digest_in_tree(&self, opened: &Opened) -> Option<Found> {
        let shown = self.tree.shown.as_ref()?;
        Some(self.digest_of_shown(opened, shown, self.tree.selected()?))
    }

    fn digest_of_shown(&self, opened: &Opened, shown: &Shown, node: PathId) -> Found {
        let path = shown.snapshot.stack.paths().path(node);
        if shown.view.mark(node) == Some(Mark::Removed) {
            return Found::Nothing(format!(
                "{path} is removed here: a layer that still has it can copy its digest, `{}` copies its path",
                Action::CopyPath.name(),
            ));
        }
        match shown.view.entry(node) {
            Some(entry) => self.digest_of(opened, &shown.snapshot, entry, &path, path.to_string()),
            None => is_directory(&path),
        }
    }

    fn digest_of_line(&self, opened: &Opened, list: &Listing) -> Found {
        match list.selected().and_then(|line| line.jump.as_ref()) {
            Some(Jump::Layer(layer)) => of_layer(opened, *layer),
            Some(Jump::Path { path, layer }) => self.digest_in_layer(opened, path, *layer),
            _ if self.screen == Screen::Facts => of_image(opened),
            _ => Found::Nothing(OTHERS.to_owned()),
        }
    }

    /// Finds what a layer has at a path, or without one what is seen there.
    fn digest_in_layer(&self, opened: &Opened, path: &TreePath, layer: Option<usize>) -> Found {
        let found = || {
            let Some(layer) = layer else {
                let shown = self.tree.shown.as_ref()?;
                let node = shown.snapshot.stack.paths().find(path)?;
                return Some(self.digest_of_shown(opened, shown, node));
            };
            let snapshot = self.snapshot.as_ref()?;
            let stack = &snapshot.stack;
            // The last of an archive counts.
            let mut entries = snapshot.index.entries(stack.paths().find(path)?).iter().rev();
            let entry = entries.find(|entry| stack.layer_of(**entry) == layer)?;
            Some(self.digest_of(opened, snapshot, *entry, path, path.to_string()))
        };
        let layer = layer.map(|layer| format!(" in layer {}", layer + 1)).unwrap_or_default();
        found().unwrap_or_else(|| Found::Nothing(format!("no file stands at {path}{layer}: {OTHERS}")))
    }

    /// Returns the digest of an entry's content if it is known, or asks for it.
    fn digest_of(
        &self,
        opened: &Opened,
        snapshot: &Arc<Snapshot>,
        entry: EntryId,
        path: &TreePath,
        name: String,
    ) -> Found {
        let entry = snapshot.stack.linked(entry);
        let what = match snapshot.stack.row(entry).form {
            Form::File => match self.digests.get(snapshot, entry) {
                Some(digest) => return Found::Digest(of_file(&name), digest),
                None => {
                    let (opened, snapshot) = (opened.clone(), snapshot.clone());
                    return Found::File(Box::new(File { opened, snapshot, entry, name }));
                }
            },
            Form::Directory => return is_directory(path),
            Form::Symlink => "a symbolic link",
            Form::HardLink => "a hard link to nothing",
            Form::CharacterDevice | Form::BlockDevice => "a device",
            Form::Fifo => "a named pipe",
            Form::Whiteout | Form::Opaque | Form::Reserved => "a whiteout",
        };
        is_no_file(path, what)
    }
}

fn of_file(name: &str) -> String {
    format!("the sha256 of {name}")
}

fn of_layer(opened: &Opened, number: usize) -> Found {
    match opened.image.manifest.layers.get(number) {
        Some(layer) => Found::Digest(format!("the blob digest of layer {}", number + 1), layer.digest),
        None => Found::Nothing("the image has no layers".to_owned()),
    }
}

fn of_image(opened: &Opened) -> Found {
    match opened.is_root {
        true => Found::Nothing("a root file system has no manifest: its files have digests".to_owned()),
        false => Found::Digest("the digest of the manifest".to_owned(), opened.image.descriptor.digest),
    }
}

fn is_directory(path: &TreePath) -> Found {
    is_no_file(path, "a directory")
}

fn is_no_file(path: &TreePath, what: impl Display) -> Found {
    Found::Nothing(format!("{path} is {what}: {OTHERS}, `{}` copies its path", Action::CopyPath.name()))
}
