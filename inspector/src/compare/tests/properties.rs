//! Any two images: what another reader of layers sees differ is what differs, either way round.

use std::collections::{BTreeMap, BTreeSet};

use attar_testing::tree::{Item, Listing};
use proptest::prelude::*;

use super::*;

/// One step of a layer.
#[derive(Clone, Debug)]
enum Step {
    File(&'static str, u32, &'static str),
    Directory(u32),
    Symlink(&'static str, &'static str),
    HardLink(&'static str, &'static str),
    Whiteout(&'static str),
}

const NAMES: [&str; 4] = ["a", "b", "d/x", "d/y"];

fn step() -> impl Strategy<Value = Step> {
    let name = || prop::sample::select(&NAMES[..]);
    let mode = || prop::sample::select(&[0o644, 0o600][..]);
    prop_oneof![
        3 => (name(), mode(), prop::sample::select(&["", "1", "2", "22"][..]))
            .prop_map(|(name, mode, text)| Step::File(name, mode, text)),
        1 => prop::sample::select(&[0o755, 0o700][..]).prop_map(Step::Directory),
        1 => (name(), prop::sample::select(&["t", "u"][..])).prop_map(|(name, target)| Step::Symlink(name, target)),
        1 => (name(), name()).prop_map(|(name, target)| Step::HardLink(name, target)),
        1 => prop::sample::select(&["a", "b", "d", "d/x"][..]).prop_map(Step::Whiteout),
    ]
}

fn codec() -> impl Strategy<Value = Codec> {
    prop::sample::select(&[Codec::Plain, Codec::Gzip, Codec::Zstd][..])
}

/// Layers in which each path stands once, and links lead to what the layer itself has.
fn layers() -> impl Strategy<Value = Vec<Vec<Step>>> {
    prop::collection::vec(prop::collection::vec(step(), 0..6), 1..4)
}

fn layer(steps: &[Step]) -> Layer {
    let mut layer = Layer::new();
    let (mut written, mut files) = (BTreeSet::new(), BTreeMap::new());
    if steps.iter().any(|step| !matches!(step, Step::Whiteout(_))) {
        let mode = steps.iter().find_map(|step| match step {
            Step::Directory(mode) => Some(*mode),
            _ => None,
        });
        layer = layer.mode(mode.unwrap_or(0o755)).directory("d/");
        written.insert("d");
    }
    for step in steps {
        match *step {
            Step::Directory(_) => {}
            Step::File(name, mode, text) if written.insert(name) => {
                files.insert(name, mode);
                layer = layer.mode(mode).file(name, text);
            }
            Step::Symlink(name, target) if written.insert(name) => layer = layer.symlink(name, target),
            Step::HardLink(name, target) if files.contains_key(target) && written.insert(name) => {
                // One file has one mode, and every header of it says so.
                layer = layer.mode(files[target]).hard_link(name, target);
            }
            // A whiteout takes away what lower layers have, and stands for itself.
            Step::Whiteout(name) if written.insert(name) => layer = layer.whiteout(name),
            _ => {}
        }
    }
    layer
}

fn fixture(layers: &[Vec<Step>], codec: Codec) -> (Fixture, Listing) {
    let tars: Vec<Vec<u8>> = layers.iter().map(|steps| layer(steps).tar()).collect();
    let listing = Listing::of_layers(tars.iter().map(Vec::as_slice)).expect("layers");
    (Fixture::with(layers.iter().map(|steps| layer(steps)).collect(), codec), listing)
}

/// What counts of each path: type, mode, owners, content or target, and all names of the file.
type Seen = BTreeMap<String, (char, u32, u64, u64, String, BTreeSet<String>)>;

fn seen(listing: &Listing) -> Seen {
    let item = |path: &str| listing.get(path).expect("a path of the listing");
    let first = |path: &str, item: &Item| {
        let first = item.same_as.as_ref().map(|first| String::from_utf8_lossy(first).into_owned());
        first.unwrap_or_else(|| path.to_owned())
    };
    let paths: Vec<String> = listing.paths().filter(|path| !path.is_empty()).collect();
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in &paths {
        names.entry(first(path, item(path))).or_default().insert(path.clone());
    }
    let of = |path: &String| {
        let item = item(path);
        let mode = if item.kind == 'l' { 0 } else { item.mode };
        let names = names[&first(path, item)].clone();
        (path.clone(), (item.kind, mode, item.uid, item.gid, item.detail.clone(), names))
    };
    paths.iter().map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_another_reader_sees_differ_differs(
        (one, other) in (layers(), layers()),
        (codec, other_codec) in (codec(), codec()),
    ) {
        let ((before, ours), (after, theirs)) = (fixture(&one, codec), fixture(&other, other_codec));
        let (ours, theirs) = (seen(&ours), seen(&theirs));
        let paths: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
        let differing = paths.into_iter().filter(|path| ours.get(*path) != theirs.get(*path));
        let expected: BTreeSet<String> = differing.map(|path| format!("/{path}")).collect();
        let comparison = compared(&before, &after, Scope::Contents);
        let found: BTreeSet<String> = comparison.files.iter().map(|file| file.path.clone()).collect();
        prop_assert_eq!(found, expected);
        let size = comparison.size.map(|size| size.delta()).unwrap_or(0);
        let sum: i64 = comparison.files.iter().map(|file| file.bytes).sum();
        prop_assert_eq!(sum, size, "the changes add up to the growth");

        let mirrored = compared(&after, &before, Scope::Contents);
        prop_assert_eq!(mirrored.verdict, comparison.verdict);
        let turned: Vec<FileChange> = mirrored.files.into_iter().map(turn).collect();
        prop_assert_eq!(turned, comparison.files);
    }

    #[test]
    fn an_image_is_the_same_as_itself_however_it_is_compressed(
        layers in layers(), codec in codec(), other_codec in codec(),
    ) {
        let ((before, _), (after, _)) = (fixture(&layers, codec), fixture(&layers, other_codec));
        let comparison = compared(&before, &after, Scope::Contents);
        let expected = if codec == other_codec { Verdict::Identical } else { Verdict::SameContents };
        prop_assert_eq!(comparison.verdict, expected, "{}", comparison.summary);
        let strict = compared(&before, &after, Scope::Strict);
        let expected = if codec == other_codec { Verdict::Identical } else { Verdict::Differs };
        prop_assert_eq!(strict.verdict, expected, "{}", strict.summary);
    }
}

fn turn(file: FileChange) -> FileChange {
    let fields = file.fields.into_iter().map(|field| FieldChange {
        field: field.field,
        before: field.after,
        after: field.before,
    });
    FileChange {
        change: match file.change {
            Change::Added => Change::Removed,
            Change::Removed => Change::Added,
            Change::Changed => Change::Changed,
        },
        before: file.after,
        after: file.before,
        fields: fields.collect(),
        bytes: -file.bytes,
        ..file
    }
}
