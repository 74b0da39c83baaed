//! The verdict about an image: its layers are gone through once for what their contents show.

use std::collections::BTreeMap;
use std::sync::Mutex;

use anyhow::Context as _;
use attar_image::blobs::Blobs;
use attar_image::digest::Digest;
use attar_image::layout::Image;
use attar_image::linkage;
use attar_image::path::TreePath;
use attar_image::stack::{EntryId, Form, Stack};
use attar_image::{Content, Entry, FileTree, Kind, Metadata};
use attar_scanner::distroless::{self, Figures, Hidden, Origins, Referrers, Subject, Wanted};

use super::contents::{Contents, Found, Needs, look, looks_like_code, looks_like_settings};
use super::cst::Runs;
use super::{Judged, Name, Terms};
use crate::workload::Overrides;

/// The longest content that is read again for the start-up proof, in bytes.
const MAX_READ: u64 = 512 << 20;

/// An image that is to be judged.
pub(crate) struct Judging<'a> {
    /// What it is called.
    pub(crate) name: Name,
    /// The image.
    pub(crate) image: &'a Image,
    /// Its layers, read with digests.
    pub(crate) stack: &'a Stack,
    /// Where they are.
    pub(crate) blobs: &'a dyn Blobs,
    /// What is attached to it, where that is known.
    pub(crate) referrers: Option<Referrers>,
    /// What holds instead of its configuration.
    pub(crate) overrides: &'a Overrides,
    /// The package that brought a path.
    pub(crate) packages: &'a dyn Fn(&TreePath) -> Option<String>,
    /// Number of layers that are read at a time.
    pub(crate) threads: usize,
}

/// Judges an image.
pub(crate) fn judge_image(judging: &Judging<'_>, terms: &Terms) -> anyhow::Result<Judged> {
    let stack = judging.stack;
    let tree = stack.tree();
    let hidden = hidden(stack);
    let contents = gather(judging, &tree, &hidden)
        .with_context(|| format!("cannot read the image for {}", judging.image.platform))?;
    let mut config = (*judging.image.config).clone();
    judging.overrides.apply(config.config.get_or_insert_default());
    let runtime = config.config.clone().unwrap_or_default();
    let platform = config.platform.clone();
    let start = linkage::prove(&linkage::Subject {
        tree: &tree,
        files: &contents,
        config: &runtime,
        platform: &platform,
    });
    let figures = figures(stack, &tree);
    let origins = LayersAndPackages { judging };
    let subject = Subject {
        tree: &tree,
        evidence: &contents,
        config: &config,
        start: &start,
        origins: &origins,
        hidden: &hidden,
        referrers: judging.referrers,
        figures: Some(figures),
    };
    let verdict = distroless::judge(&subject, &terms.rules);
    let mut judged = Judged::new(judging.name.clone(), terms, verdict);
    judged.layers = stack.layers().iter().map(|layer| layer.descriptor.digest).collect();
    judged.runs = Runs::of(&runtime, &tree);
    Ok(judged)
}

fn figures(stack: &Stack, tree: &FileTree) -> Figures {
    let sum = stack.figures();
    Figures {
        total: sum.total,
        reclaimable: sum.reclaimable,
        layers: (0..stack.layers().len()).map(|layer| stack.figures_of(layer).total).collect(),
        entries: tree.iter().count() as u64,
    }
}

/// Lists the files of lower layers that no container sees.
fn hidden(stack: &Stack) -> Vec<Hidden> {
    let mut hidden = Vec::new();
    for layer in 0..stack.layers().len() {
        for id in stack.entries(layer) {
            let Some(death) = stack.end_of_name(id) else { continue };
            if let Some(entry) = file(stack, id) {
                let path = stack.paths().path(stack.place(id));
                hidden.push(Hidden { path, entry, layer, killer: death.layer });
            }
        }
    }
    hidden
}

/// Returns a regular file as a tree has it.
fn file(stack: &Stack, id: EntryId) -> Option<Entry> {
    let content = content(stack, id)?;
    let metadata: Metadata = stack.metadata(id);
    Some(Entry { kind: Kind::File { content, links: None }, metadata })
}

fn content(stack: &Stack, id: EntryId) -> Option<Content> {
    let linked = stack.linked(id);
    let row = stack.row(linked);
    if row.form != Form::File {
        return None;
    }
    Some(Content { digest: stack.digest(linked)?, size: row.size })
}

/// Goes through the layers once.
fn gather<'a>(judging: &'a Judging<'a>, tree: &FileTree, hidden: &[Hidden]) -> anyhow::Result<Contents<'a>> {
    let stack = judging.stack;
    let mut wanted: BTreeMap<Digest, Needs> = BTreeMap::new();
    for (path, entry) in tree.iter() {
        note(&mut wanted, path, entry, true);
    }
    for Hidden { path, entry, .. } in hidden {
        note(&mut wanted, path, entry, false);
    }
    let mut by_layer: BTreeMap<usize, Vec<EntryId>> = BTreeMap::new();
    let mut left = wanted.clone();
    for layer in 0..stack.layers().len() {
        for id in stack.entries(layer).filter(|id| stack.row(*id).form == Form::File) {
            if stack.digest(id).is_some_and(|digest| left.remove(&digest).is_some()) {
                by_layer.entry(layer).or_default().push(id);
            }
        }
    }
    let mut contents = Contents::new(move |digest: &Digest| {
        let read = stack.contents(judging.blobs, &[*digest].into(), MAX_READ);
        read.ok()?.remove(digest)
    });
    for (digest, found) in read_layers(judging, by_layer, &wanted)? {
        contents.insert(digest, found);
    }
    Ok(contents)
}

fn note(wanted: &mut BTreeMap<Digest, Needs>, path: &TreePath, entry: &Entry, is_seen: bool) {
    let Some(content) = entry.content() else { return };
    let how = distroless::wanted(path, entry);
    let mode = entry.metadata.mode;
    let needs = Needs {
        marks: how >= Wanted::Marks,
        code: is_seen && looks_like_code(path, mode),
        text: how == Wanted::Whole || is_seen && looks_like_settings(path, mode),
    };
    if content.size > 0 && !needs.is_nothing() {
        let known = wanted.entry(content.digest).or_default();
        *known = known.and(needs);
    }
}

/// Reads layers in parallel, the largest amount first.
fn read_layers(
    judging: &Judging<'_>,
    by_layer: BTreeMap<usize, Vec<EntryId>>,
    wanted: &BTreeMap<Digest, Needs>,
) -> anyhow::Result<Vec<(Digest, Found)>> {
    let mut work: Vec<Vec<EntryId>> = by_layer.into_values().collect();
    work.sort_by_key(|entries| entries.len());
    let queue = Mutex::new(work);
    let next = || queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
    let read = || -> anyhow::Result<Vec<(Digest, Found)>> {
        let mut found = Vec::new();
        while let Some(entries) = next() {
            judging.stack.visit_contents(judging.blobs, entries, &mut |id, reader| {
                if let Some(content) = content(judging.stack, id) {
                    let needs = wanted.get(&content.digest).copied().unwrap_or_default();
                    found.push((content.digest, look(reader, content.size, needs)?));
                }
                Ok(())
            })?;
        }
        Ok(found)
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..judging.threads.max(1)).map(|_| scope.spawn(read)).collect();
        let mut all = Vec::new();
        for thread in threads {
            all.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(all)
    })
}

struct LayersAndPackages<'a> {
    judging: &'a Judging<'a>,
}

impl Origins for LayersAndPackages<'_> {
    fn layer(&self, path: &TreePath) -> Option<usize> {
        self.judging.stack.origin(path)
    }

    fn created_by(&self, layer: usize) -> Option<&str> {
        self.judging.stack.layers().get(layer)?.created_by.as_deref()
    }

    fn package(&self, path: &TreePath) -> Option<String> {
        (self.judging.packages)(path)
    }
}
