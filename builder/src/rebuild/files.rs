//! Own files of a published image, taken from its layers.
//!
//! As from a host, only names, contents, the executable bit and the targets of links are taken; owners,
//! modes and times are those that the spec gives. So whatever else a publisher did to them shows.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::sync::Arc;

use attar_image::layer::compression::decoder;
use attar_image::layer::reader::{Member, MemberKind, Reader};
use attar_image::layout::{Image, Layout};
use attar_image::{Content, Descriptor, Entry, FileTree, Metadata, TreePath};

use crate::build::{BuildError, OwnRequest};
use crate::files::{Collected, Hashes, OWN_MTIME, OwnContent, Source, collect};
use crate::record::{Location, PackageData};
use crate::rootfs::own::OwnFiles;
use crate::rootfs::{Builder, Owner};

/// A layer may unpack to this many times its size, and [`ALLOWANCE`] besides.
const RATIO: u64 = 1100;
const ALLOWANCE: u64 = 64 << 20;

/// What the history says of attar's layers.
const CREATED_BY: &str = "attar: ";

/// Name of the layer that holds what attar makes.
const SYSTEM: &str = "system";

/// The images that were published.
#[derive(Debug)]
pub struct Published {
    layout: Layout,
    images: Vec<Image>,
    taken: usize,
}

/// One of the user's layers, as published.
#[derive(Default)]
struct OwnLayer {
    tree: FileTree,
    data: Option<Arc<PackageData>>,
    places: BTreeMap<TreePath, Location>,
}

/// One `files` entry with the place of what it brings.
struct Claimant<'a> {
    request: &'a OwnRequest,
    /// Where `to` leads in the published image.
    to: TreePath,
    collected: Collected,
}

impl Published {
    pub(super) fn new(layout: Layout, images: Vec<Image>) -> Self {
        Self { layout, images, taken: 0 }
    }

    /// Returns the number of files that were taken so far.
    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    /// Returns what each entry brings, in the order of the entries.
    ///
    /// `below` is the number of package layers, `names` are the layers that the entries go into. What
    /// no entry can have brought is left out, and is then missing in what is built.
    pub(crate) fn files(
        &mut self,
        platform: &str,
        builder: &Builder,
        below: usize,
        names: &[String],
        requests: &[OwnRequest],
    ) -> Result<Vec<OwnFiles>, BuildError> {
        let wanted = platform.parse().ok();
        let image =
            wanted.and_then(|wanted| self.images.iter().find(|image| image.platform.is_same(&wanted)));
        let layers = image.map(|image| own_layers(&self.layout, image, below, names)).unwrap_or_default();
        let mut view = builder.view().clone();
        for (path, entry) in layers.iter().flat_map(|layer| layer.tree.iter()) {
            view.insert(path.clone(), entry.clone());
        }
        let mut claimants = Vec::with_capacity(requests.len());
        for request in requests {
            let collected = match &request.files.source {
                // The spec holds the content itself, which is the publisher's word all the same.
                Source::Text(_) => {
                    self.taken += 1;
                    collect(&request.files, &mut Hashes::none())?
                }
                _ => Collected::default(),
            };
            let to =
                TreePath::parse(&request.files.to).ok().and_then(|to| lead(&view, &to)).unwrap_or_default();
            claimants.push(Claimant { request, to, collected });
        }
        for (number, layer) in layers.iter().enumerate() {
            for (path, entry) in layer.tree.iter() {
                self.taken += usize::from(give(&mut claimants, number, layer, path, entry, builder));
            }
        }
        Ok(claimants.into_iter().map(|claimant| claimant.request.with(claimant.collected)).collect())
    }
}

/// Leads a path through the links above it.
fn lead(view: &FileTree, path: &TreePath) -> Option<TreePath> {
    match path.parent() {
        Some(parent) => view.resolve(&parent)?.join(path.file_name()).ok(),
        None => Some(path.clone()),
    }
}

/// Gives an entry of a layer to the `files` entry that brought it. Says whether a file found its entry.
fn give(
    claimants: &mut [Claimant<'_>],
    number: usize,
    layer: &OwnLayer,
    path: &TreePath,
    entry: &Entry,
    builder: &Builder,
) -> bool {
    let is_known =
        claimants.iter().any(|it| it.collected.tree.get(path).map(Entry::content) == Some(entry.content()));
    if is_known && entry.content().is_some() {
        return false;
    }
    let is_packaged = matches!(builder.owner(path), Some(Owner::Package(_)));
    let may = |claimant: &Claimant<'_>| {
        let request = claimant.request;
        request.layer == number
            && !matches!(request.files.source, Source::Text(_))
            && path.starts_with(&claimant.to)
            && (request.replace || !is_packaged)
    };
    let mut candidates: Vec<usize> = (0..claimants.len()).filter(|place| may(&claimants[*place])).collect();
    // The entry whose place is the nearest; of several the one that would give it these metadata.
    candidates.sort_by_key(|place| {
        let Claimant { request, to, .. } = &claimants[*place];
        let fits = became(request, entry).is_some_and(|became| became.metadata == entry.metadata);
        (std::cmp::Reverse(to.components().count()), !fits)
    });
    let Some(claimant) = candidates.first().map(|place| &mut claimants[*place]) else { return false };
    let Some(became) = became(claimant.request, entry) else { return false };
    if entry.is_directory() {
        if !is_above(layer, path, entry, builder) || became.metadata == entry.metadata {
            claimant.collected.tree.insert(path.clone(), became);
        }
        return false;
    }
    if let Some(content) = entry.content() {
        let (Some(data), Some(place)) = (&layer.data, layer.places.get(path)) else { return false };
        let own = OwnContent::Archive(Arc::clone(data), *place);
        claimant.collected.contents.insert(content.digest, own);
    }
    claimant.collected.tree.insert(path.clone(), became);
    true
}

/// Returns what a host's file, folder or link would become in the image.
fn became(request: &OwnRequest, entry: &Entry) -> Option<Entry> {
    use attar_image::Kind;
    match &entry.kind {
        Kind::Directory => Some(request.files.directory()),
        Kind::File { content, .. } => Some(request.files.file(*content, entry.metadata.mode & 0o100 != 0)),
        Kind::Symlink { target } => Some(request.files.symlink(target.clone())),
        Kind::CharacterDevice { .. } | Kind::BlockDevice { .. } | Kind::Fifo => None,
    }
}

/// Says whether a directory may be there only for what stands below it.
fn is_above(layer: &OwnLayer, path: &TreePath, entry: &Entry, builder: &Builder) -> bool {
    let metadata = &entry.metadata;
    let known = builder.view().get(path).filter(|known| known.is_directory());
    let expected = known.map_or(Metadata::root(0o755, OWN_MTIME), |known| known.metadata.clone());
    let is_default = Metadata { mtime: OWN_MTIME, ..expected } == *metadata;
    is_default && layer.tree.below(path).next().is_some()
}

/// Reads the layers of own files, by their names; one that is not there or cannot be read is empty.
fn own_layers(layout: &Layout, image: &Image, below: usize, names: &[String]) -> Vec<OwnLayer> {
    let mut steps = image.config.history.iter().filter(|step| !step.empty_layer);
    let created = image.manifest.layers.iter().map(|descriptor| {
        let step = steps.next().and_then(|step| step.created_by.as_deref());
        (descriptor, step.and_then(|step| step.strip_prefix(CREATED_BY)).unwrap_or_default())
    });
    let mut above: Vec<(&Descriptor, &str)> = created.skip(below).collect();
    let names_its_own = names.first().is_some_and(|name| name == SYSTEM);
    if above.first().is_some_and(|(_, name)| *name == SYSTEM) && (!names_its_own || above.len() > names.len())
    {
        above.remove(0);
    }
    let mut rest = above.into_iter().peekable();
    let next = |name: &String| {
        let (descriptor, _) = rest.next_if(|(_, found)| found == name)?;
        read(layout, descriptor)
    };
    names.iter().map(next).map(Option::unwrap_or_default).collect()
}

/// Reads a layer; `None` when it is none, which the comparison of the layers says better.
fn read(layout: &Layout, descriptor: &Descriptor) -> Option<OwnLayer> {
    let blob = layout.open_unverified(descriptor).ok()?;
    let limit = descriptor.size.saturating_mul(RATIO).saturating_add(ALLOWANCE);
    let plain = decoder(BufReader::new(blob)).ok()?;
    let data = Arc::new(PackageData::read(plain, limit, tempfile::tempfile).ok()??);
    let mut layer = OwnLayer { data: Some(Arc::clone(&data)), ..OwnLayer::default() };
    let mut reader = Reader::new(data.reader().ok()?);
    while let Some(Member { path, kind, metadata, offset, .. }) = reader.next_in_place().ok()? {
        let entry = match kind {
            MemberKind::Directory => Entry::directory(metadata),
            MemberKind::Symlink { target } => Entry { metadata, ..Entry::symlink(target, 0) },
            MemberKind::File { size } => {
                let location = Location { offset, size };
                layer.places.insert(path.clone(), location);
                Entry::file(data.with(location, Content::of).ok()?, metadata)
            }
            // Own files never have second names, devices or pipes.
            _ => continue,
        };
        layer.tree.insert(path, entry);
    }
    Some(layer)
}
