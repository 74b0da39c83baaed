//! Images come to the interface as they should, and honestly fail when they cannot.

mod engines;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use attar_image::digest::Digest;
use attar_image::manifest::Descriptor;
use attar_inspector::tui::source::{CheckState, Outline};
use attar_testing::layers::{Codec, Layer, write_docker_archive, write_layout};
use attar_testing::registry::{Fault, Options, Registry};
use attar_testing::{Scratch, wait};

use super::*;

/// How long something may take that ends soon after it is asked to.
const SOON: Duration = Duration::from_secs(20);

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn images(scratch: &Scratch) -> Images {
    let settings =
        Settings { cache: scratch.join("cache"), config_folder: scratch.join("config"), ..Settings::plain() };
    Images::new(&settings, &RegistryArgs::default())
}

/// Notes what it is told.
#[derive(Default)]
struct Heard {
    notes: Mutex<Vec<String>>,
    outlines: Mutex<Vec<Outline>>,
    progress: Mutex<Vec<(u64, Option<u64>)>>,
    /// Whether it loses interest as soon as something comes.
    stops_at_progress: bool,
    is_cancelled: AtomicBool,
}

impl Heard {
    fn notes(&self) -> Vec<String> {
        self.notes.lock().expect("no panic").clone()
    }
}

impl Told for Heard {
    fn outline(&self, outline: Outline) {
        self.outlines.lock().expect("no panic").push(outline);
    }

    fn progress(&self, done: u64, total: Option<u64>) {
        self.progress.lock().expect("no panic").push((done, total));
        self.is_cancelled.fetch_or(self.stops_at_progress, Ordering::Relaxed);
    }

    fn note(&self, note: String) {
        self.notes.lock().expect("no panic").push(note);
    }

    fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }
}

fn wanted(word: impl Into<String>) -> Wanted {
    Wanted { word: word.into(), platform: None }
}

/// Bytes that no archive has.
fn noise(length: usize) -> Vec<u8> {
    (0..length).map(|number| (number * 31 % 251) as u8).collect()
}

/// Puts an image of two layers into a registry as `app:1`; the upper one has this many bytes and more.
fn published(scratch: &Scratch, size: usize) -> Registry {
    published_in(scratch, Codec::Plain, size)
}

fn published_in(scratch: &Scratch, codec: Codec, size: usize) -> Registry {
    let layers = [Layer::new().file("etc/a", "a").tar(), Layer::new().file("usr/b", noise(size)).tar()];
    let folder = scratch.join("published");
    write_layout(&folder, "1", codec, layers).expect("a layout");
    let registry = Registry::start(Options::default()).expect("a registry");
    for blob in std::fs::read_dir(folder.join("blobs/sha256")).expect("blobs").flatten() {
        registry.put_blob("app", std::fs::read(blob.path()).expect("a blob"));
    }
    let manifest = attar_testing::layout::digest(&folder, Some("1")).expect("an entry");
    let hex = manifest.trim_start_matches("sha256:");
    let bytes = std::fs::read(folder.join("blobs/sha256").join(hex)).expect("the manifest");
    registry.put_manifest("app", MANIFEST, &bytes, Some("1"));
    registry
}

struct Distant {
    _scratch: Scratch,
    registry: Registry,
    opened: Opened,
}

/// Opens an image of a registry.
fn distant(size: usize) -> Distant {
    let scratch = Scratch::new();
    let registry = published(&scratch, size);
    let word = format!("registry:{}", registry.reference("app:1"));
    let opened = images(&scratch).open(&wanted(word), &Heard::default()).expect("an image");
    Distant { _scratch: scratch, registry, opened }
}

impl Distant {
    fn layer(&self, number: usize) -> Descriptor {
        self.opened.image.manifest.layers[number].clone()
    }

    fn meter(&self, digest: &Digest) -> Arc<Meter> {
        self.opened.fetching.as_ref().expect("layers are elsewhere").meter(digest)
    }

    /// Returns how often a blob was asked for.
    fn requests(&self, digest: &Digest) -> usize {
        let wanted = format!("/blobs/{digest}");
        self.registry.take_lines().iter().filter(|line| line.ends_with(&wanted)).count()
    }

    fn read(&self) -> Result<Stack, String> {
        let read = Stack::read(&*self.opened.blobs, &self.opened.image, &stack::Settings::default());
        read.map_err(|error| failed(error.into()).message.replace(&self.registry.host(), "HOST"))
    }
}

#[test]
fn of_a_registry_only_documents_are_read_until_a_layer_is_opened() {
    let image = distant(50_000);
    let blobs = |lines: Vec<String>| lines.iter().filter(|line| line.contains("/blobs/")).count();
    let lines = image.registry.take_lines();
    assert!(lines.len() <= 3, "{lines:?}");
    assert_eq!(blobs(lines), 1, "the configuration");
    let (lower, upper) = (image.layer(0), image.layer(1));
    assert_eq!(image.meter(&upper.digest).done(), 0);
    assert_eq!(image.opened.platforms, std::slice::from_ref(&image.opened.image.platform));
    assert_eq!(image.opened.place, format!("registry:{}", image.registry.reference("app:1")));

    let stack = image.read().expect("layers");
    assert_eq!(stack.layers().len(), 2);
    assert_eq!(blobs(image.registry.take_lines()), 2);
    assert_eq!(image.meter(&upper.digest).done(), upper.size);
    assert_eq!(image.meter(&lower.digest).done(), lower.size);
    image.read().expect("layers");
    assert_eq!(blobs(image.registry.take_lines()), 0, "they are here now");
}

#[test]
fn layers_that_were_read_before_are_not_fetched_to_be_listed() {
    let scratch = Scratch::new();
    let registry = published_in(&scratch, Codec::Gzip, 50_000);
    let word = format!("registry:{}", registry.reference("app:1"));
    let mut fetched = Vec::new();
    for _ in 0..2 {
        let opened = images(&scratch).open(&wanted(&word), &Heard::default()).expect("an image");
        registry.take_lines();
        let how = stack::Settings { cache: opened.analyses.as_deref(), ..Default::default() };
        let stack = Stack::read(&*opened.blobs, &opened.image, &how).expect("layers");
        assert_eq!(stack.layers().len(), 2);
        fetched.push(registry.take_lines().len());
        let bytes = stack.visit_contents(&*opened.blobs, stack.entries(1), &mut |_, reader| {
            std::io::copy(reader, &mut std::io::sink()).map(drop)
        });
        bytes.expect("what is read is fetched");
    }
    assert_eq!(fetched, [2, 0]);
}

#[test]
fn a_layer_that_two_threads_open_is_fetched_once() {
    let image = distant(2_000_000);
    let layer = image.layer(1);
    image.registry.take_lines();
    image.registry.fail("GET", &layer.digest.to_string(), [Fault::Slow(200_000, Duration::from_millis(5))]);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| image.opened.blobs.open(&layer).expect("a blob"));
        }
    });
    assert_eq!(image.requests(&layer.digest), 1);
}

#[test]
fn other_bytes_than_the_digest_promises_are_refused_and_asked_for_again() {
    let image = distant(50_000);
    let layer = image.layer(1);
    let size = usize::try_from(layer.size).expect("a small layer");
    image.registry.fail("GET", &layer.digest.to_string(), [Fault::Bytes(vec![7; size])]);
    let error = image.read().map(drop).expect_err("other bytes");
    let blob = format!("cannot pull blob {} of `HOST/app`", layer.digest);
    assert!(error.contains(&blob) && error.contains("expected sha256:"), "{error}");
    image.read().expect("the right bytes");
}

#[test]
fn a_fetch_that_breaks_goes_on() {
    let image = distant(200_000);
    let layer = image.layer(1);
    image.registry.fail("GET", &layer.digest.to_string(), [Fault::CutAnswer(100_000)]);
    image.read().expect("layers");
    let notes = image.opened.fetching.as_ref().expect("layers are elsewhere").notes();
    assert!(notes.iter().any(|note| note.contains("asking again in")), "{notes:?}");
}

#[test]
fn a_cancelled_fetch_ends_soon_and_begins_anew_when_it_is_wanted_again() {
    let image = distant(4_000_000);
    let layer = image.layer(1);
    image.registry.fail("GET", &layer.digest.to_string(), [Fault::Slow(10_000, Duration::from_millis(500))]);
    let meter = image.meter(&layer.digest);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| image.opened.blobs.open(&layer).map(drop));
        wait::until("the first bytes", SOON, || (meter.done() > 0).then_some(()));
        let start = Instant::now();
        meter.cancel();
        let error = waiting.join().expect("no panic").expect_err("nobody waits");
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
        assert_eq!(error.to_string(), "cancelled");
    });
    assert_eq!(image.meter(&layer.digest).done(), 0);
    image.opened.blobs.open(&layer).expect("a blob");
    assert_eq!(image.meter(&layer.digest).done(), layer.size);
}

#[test]
fn opening_ends_soon_after_nobody_waits() {
    let scratch = Scratch::new();
    let registry = published(&scratch, 1);
    registry.fail("GET", "/manifests/", [Fault::Silence]);
    let word = format!("registry:{}", registry.reference("app:1"));
    let (images, heard) = (images(&scratch), Heard::default());
    thread::scope(|scope| {
        let opening = scope.spawn(|| images.open(&wanted(word), &heard));
        let asked = || registry.take_lines().iter().any(|line| line.contains("/manifests/")).then_some(());
        wait::until("the request", SOON, asked);
        let start = Instant::now();
        heard.is_cancelled.store(true, Ordering::Relaxed);
        let failure = opening.join().expect("no panic").expect_err("nobody waits");
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
        assert_eq!(failure, Failure { message: "cancelled".to_owned(), hint: None });
    });
}

#[test]
fn files_and_folders_are_open_at_once() {
    let scratch = Scratch::new();
    let layer = || Layer::new().file("etc/a", "a").tar();
    let (layout, archive, root) = (scratch.join("layout"), scratch.join("a.tar"), scratch.join("root.tar"));
    write_layout(&layout, "1", Codec::Gzip, [layer()]).expect("a layout");
    write_docker_archive(&archive, "app:1", &[layer()]).expect("an archive");
    std::fs::write(&root, layer()).expect("a file");
    let text = |path: &Path| path.display().to_string();
    for (word, is_root) in [
        (format!("oci:{}:1", text(&layout)), false),
        (text(&layout), false),
        (text(&archive), false),
        (text(&root), true),
    ] {
        let heard = Heard::default();
        let opened = images(&scratch).open(&wanted(&word), &heard).expect("an image");
        assert_eq!((opened.is_root, opened.fetching.is_none()), (is_root, true), "{word}");
        assert_eq!(opened.image.layers().len(), 1, "{word}");
        let notes: &[&str] =
            if is_root { &["no documents of an image: read as a root file system"] } else { &[] };
        assert_eq!(heard.notes(), notes, "{word}");
    }
}

#[test]
fn a_root_file_system_is_read_only_as_long_as_somebody_waits() {
    let scratch = Scratch::new();
    // Nothing takes room on the disk.
    let size = 16 << 20;
    let large = std::fs::File::create(scratch.write("root/etc/large", "")).expect("a file");
    large.set_len(size).expect("a sparse file");
    let word = format!("rootfs:{}", scratch.join("root").display());
    let heard = Heard::default();
    let opened = images(&scratch).open(&wanted(&word), &heard).expect("a root file system");
    assert!(opened.is_root);
    let last = |heard: &Heard| heard.progress.lock().expect("no panic").last().map_or(0, |(done, _)| *done);
    assert!(last(&heard) >= size, "all of it was read: {}", last(&heard));

    let heard = Heard { stops_at_progress: true, ..Heard::default() };
    let failure = images(&scratch).open(&wanted(&word), &heard).expect_err("nobody waits");
    assert_eq!(failure, Failure { message: "cancelled".to_owned(), hint: None });
    assert!((1..size / 8).contains(&last(&heard)), "{}", last(&heard));
}

#[test]
fn what_cannot_be_opened_is_told_in_one_line_with_advice() {
    let scratch = Scratch::new();
    let spec = scratch.write("attar.yaml", "").display().to_string();
    let empty = scratch.write("empty.tar", "").display().to_string();
    for (word, message, hint) in [
        (
            "-",
            "the interface cannot read an image from standard input".to_owned(),
            Some("`attar inspect - -o table` reads one; or write it to a file first"),
        ),
        (
            &spec,
            format!("`{spec}` is a spec, and has no layers yet"),
            Some("`attar build -o oci:DIR` builds it; then inspect `oci:DIR`"),
        ),
        (
            &empty,
            format!("cannot read `{empty}`: expected an image in a tar archive, found an empty file"),
            Some("whatever should have written it has failed"),
        ),
    ] {
        let failure = images(&scratch).open(&wanted(word), &Heard::default()).expect_err("no image");
        assert_eq!(failure, Failure { message, hint: hint.map(String::from) });
    }
}

#[test]
fn the_verdict_has_what_check_says() {
    let scratch = Scratch::new();
    let lower = Layer::new().mode(0o755).file("usr/bin/dash", b"#!/none\n").file("etc/b", "b").tar();
    let upper = Layer::new().mode(0o4755).file("usr/bin/app", b"\x7fELF").tar();
    write_layout(&scratch.join("layout"), "1", Codec::Gzip, [lower, upper]).expect("a layout");
    let images = images(&scratch);
    let word = format!("oci:{}", scratch.join("layout").display());
    let opened = images.open(&wanted(word), &Heard::default()).expect("an image");
    let verdict = images.verdict(&opened, &Arc::default()).expect("a verdict");
    assert_eq!(verdict.passes, Some(false));
    assert!(verdict.summary.starts_with("no, grade F as runtime: "), "{}", verdict.summary);
    let rights = verdict.checks.iter().find(|check| check.id == "D08").expect("the check of rights");
    assert_eq!(rights.state, CheckState::Failed);
    let places: Vec<(String, Option<usize>, bool)> = rights.findings[0]
        .places
        .iter()
        .map(|place| (place.path.to_string(), place.layer, place.is_hidden))
        .collect();
    assert_eq!(places, [("/usr/bin/app".to_owned(), Some(1), false)]);

    let meter = Arc::new(Meter::default());
    meter.cancel();
    let failure = images.verdict(&opened, &meter).expect_err("nobody waits");
    assert_eq!(failure, Failure { message: "cancelled".to_owned(), hint: None });
    let stack = Stack::read(&*opened.blobs, &opened.image, &stack::Settings::default()).expect("layers");
    assert!(images.owners(&opened, &stack).expect("owners").packages().is_empty());
}

#[test]
fn layouts_and_archives_of_a_folder_are_listed_by_what_they_hold() {
    let scratch = Scratch::new();
    let layer = || Layer::new().file("etc/a", "a").tar();
    for (folder, name) in [("b/layout", "1"), ("layout", "x")] {
        write_layout(&scratch.join(folder), name, Codec::Gzip, [layer()]).expect("a layout");
    }
    write_docker_archive(&scratch.join("saved"), "app:1", &[layer()]).expect("an archive");
    let saved = std::fs::read(scratch.join("saved")).expect("the archive");
    scratch.write("b/saved.tgz", Codec::Gzip.compress(&saved).expect("gzip"));
    scratch.write("b/c/too-deep", &saved);
    scratch.write(".hidden/saved", &saved);
    scratch.write("root.tar", layer());
    scratch.write("notes.txt", "no image");
    let mut words = Vec::new();
    here::images(scratch.path(), &mut |item| match item {
        Found::Image(listed) => {
            assert!(listed.size.is_some_and(|size| size > 0), "{listed:?}");
            words.push(listed.word.replace(&scratch.path().display().to_string(), "FOLDER"));
        }
        Found::Note(note) => panic!("{note}"),
    });
    let expected = ["oci:FOLDER/b/layout:1", "FOLDER/b/saved.tgz", "oci:FOLDER/layout:x", "FOLDER/saved"];
    assert_eq!(words, expected);
    for word in words {
        let word = word.replace("FOLDER", &scratch.path().display().to_string());
        images(&scratch).open(&wanted(word), &Heard::default()).expect("what is listed can be opened");
    }
}
