//! Two stacks side by side.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::paths::PathId;
use super::read::Settings;
use super::{EntryId, Input, Stack, StackError, read_all};
use crate::blobs::Blobs;
use crate::digest::Digest;
use crate::layout::Image;

/// Reads the layers of two images, each blob that both have only once, and hashes the contents that
/// comparing the two needs: of files of one size at one path, unless both came with one blob.
///
/// That two layers have the same diff ID is only what their configurations say; unless their blobs are
/// the same, too, what they hold is compared. That costs less than computing diff IDs.
pub fn read_pair(
    one: (&dyn Blobs, &Image),
    other: (&dyn Blobs, &Image),
    settings: &Settings<'_>,
) -> Result<(Stack, Stack), StackError> {
    let (mut ours, mut theirs) = (Input::of_image(one.1)?, Input::of_image(other.1)?);
    let shared: BTreeSet<Digest> = ours.iter().map(|input| input.descriptor.digest).collect();
    let is_shared = |input: &Input| shared.contains(&input.descriptor.digest);
    let own = theirs.iter_mut().filter(|input| !is_shared(input));
    let layers = ours.iter_mut().map(|input| (input, one.0)).chain(own.map(|input| (input, other.0)));
    read_all(layers.collect(), settings)?;
    let tables: BTreeMap<Digest, _> =
        ours.iter().filter_map(|input| Some((input.descriptor.digest, input.table.as_ref().ok()?))).collect();
    for input in theirs.iter_mut().filter(|input| is_shared(input)) {
        match tables.get(&input.descriptor.digest) {
            Some(table) => input.table = Ok((*table).clone()),
            // The other image may have what is missing here.
            None => input.read(other.0, settings)?,
        }
    }
    let (mut ours, mut theirs) = (Stack::of(ours)?, Stack::of(theirs)?);
    hash_alike((&mut ours, one.0), (&mut theirs, other.0), settings)?;
    Ok((ours, theirs))
}

/// Hashes the files whose contents decide whether two stacks hold the same: those of one size at one path
/// that nothing else tells apart. [`read_pair`] does that for the stacks that it reads.
pub fn hash_alike(
    (one, our_blobs): (&mut Stack, &dyn Blobs),
    (other, their_blobs): (&mut Stack, &dyn Blobs),
    settings: &Settings<'_>,
) -> Result<(), StackError> {
    let (mut ours, mut theirs) = (BTreeSet::new(), BTreeSet::new());
    side_by_side(one, other, &mut |place| {
        if let Place { one: Some(left), other: Some(right), .. } = place
            && one.holds_the_same(left, other, right).is_none()
        {
            ours.insert(one.linked(left));
            theirs.insert(other.linked(right));
        }
    });
    let (one, other) = rayon::join(
        || one.add_fingerprints(our_blobs, ours, settings),
        || other.add_fingerprints(their_blobs, theirs, settings),
    );
    one.and(other)
}

/// A path of two merged views, and what stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The path in both stacks; `None` where the merged view has nothing at it or below it.
    pub paths: (Option<PathId>, Option<PathId>),
    /// The first stack's entry; a directory that is only implied has none.
    pub one: Option<EntryId>,
    /// The other stack's.
    pub other: Option<EntryId>,
}

/// Goes through two merged views side by side, the root left out: a directory before what is in it,
/// siblings by name.
pub fn side_by_side(one: &Stack, other: &Stack, visit: &mut dyn FnMut(Place)) {
    let mut pending = vec![(Some(PathId::ROOT), Some(PathId::ROOT))];
    while let Some(paths) = pending.pop() {
        let (left, right) = paths;
        if paths != (Some(PathId::ROOT), Some(PathId::ROOT)) {
            let entry = |stack: &Stack, path: Option<PathId>| path.and_then(|path| stack.visible(path));
            visit(Place { paths, one: entry(one, left), other: entry(other, right) });
        }
        let children = |stack: &Stack, path: Option<PathId>| path.map(|path| stack.children(path));
        let (ours, theirs) = (children(one, left), children(other, right));
        let start = pending.len();
        zip(one, other, &ours.unwrap_or_default(), &theirs.unwrap_or_default(), &mut pending);
        pending[start..].reverse();
    }
}

/// Pairs the paths of one directory by their names; both lists are in order.
fn zip(
    one: &Stack,
    other: &Stack,
    mut ours: &[PathId],
    mut theirs: &[PathId],
    pairs: &mut Vec<(Option<PathId>, Option<PathId>)>,
) {
    loop {
        let order = match (ours.first(), theirs.first()) {
            (Some(left), Some(right)) => one.paths().name(*left).cmp(other.paths().name(*right)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return,
        };
        let left = if order.is_le() { ours.split_off_first() } else { None };
        let right = if order.is_ge() { theirs.split_off_first() } else { None };
        pairs.push((left.copied(), right.copied()));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::blobs::Blob;
    use crate::layer::compression::Codec;
    use crate::layout::{Layout, LayoutError};
    use crate::manifest::Descriptor;
    use crate::testing::{Files, Scratch, image};

    /// Notes which blobs are opened.
    struct Watched<'a>(&'a Layout, Mutex<Vec<Digest>>);

    impl Blobs for Watched<'_> {
        fn open(&self, descriptor: &Descriptor) -> Result<Blob, LayoutError> {
            self.1.lock().expect("nobody panics").push(descriptor.digest);
            Blobs::open(self.0, descriptor)
        }
    }

    const BASE: Files<'_> = &[("d/", ""), ("d/same", "1"), ("d/other", "2"), ("gone", "")];

    #[test]
    fn a_blob_of_both_is_read_once() {
        let scratch = Scratch::new();
        let read = |upper: Files<'_>| {
            let entry = image(&scratch.writer(), "amd64", Codec::GZIP, &[BASE, upper]);
            scratch.layout.image(&entry, None).expect("the image")
        };
        let (one, other) =
            (read(&[("d/other", "3")]), read(&[("d/other", "4"), (".wh.gone", ""), ("new", "5")]));
        let blobs = Watched(&scratch.layout, Mutex::default());
        let (ours, theirs) =
            read_pair((&blobs, &one), (&blobs, &other), &Settings::default()).expect("two stacks");
        let base = one.manifest.layers[0].digest;
        let opened = blobs.1.lock().expect("nobody panics").iter().filter(|digest| **digest == base).count();
        assert_eq!(opened, 1);
        let mut seen = Vec::new();
        side_by_side(&ours, &theirs, &mut |place| {
            let path = match place.paths {
                (Some(path), _) => ours.paths().path(path),
                (None, path) => theirs.paths().path(path.expect("one of both has it")),
            };
            let same =
                place.one.zip(place.other).map(|(one, other)| ours.holds_the_same(one, &theirs, other));
            seen.push(format!("{path} {same:?}"));
        });
        let expected = [
            "/d Some(Some(true))",
            "/d/other Some(Some(false))",
            "/d/same Some(Some(true))",
            "/gone None",
            "/new None",
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn contents_are_hashed_where_nothing_else_decides() {
        for (codec, other_codec) in [(Codec::None, Codec::GZIP), (Codec::ZSTD, Codec::None)] {
            let scratch = Scratch::new();
            let read = |codec, files: Files<'_>| {
                let entry = image(&scratch.writer(), "amd64", codec, &[files]);
                scratch.layout.image(&entry, None).expect("the image")
            };
            let one = read(codec, &[("a", "1"), ("b", "1"), ("c", "longer")]);
            let other = read(other_codec, &[("a", "1"), ("b", "2"), ("c", "short")]);
            let (ours, theirs) =
                read_pair((&scratch.layout, &one), (&scratch.layout, &other), &Settings::default())
                    .expect("two stacks");
            let mut same = Vec::new();
            side_by_side(&ours, &theirs, &mut |place| {
                let (left, right) = place.one.zip(place.other).expect("both have all");
                same.push(ours.holds_the_same(left, &theirs, right));
            });
            assert_eq!(same, [Some(true), Some(false), Some(false)]);
        }
    }
}
