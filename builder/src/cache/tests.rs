use std::fs;
use std::io::Write;
use std::sync::{Arc, Mutex};

use attar_image::Digest;

use super::{Cache, CacheError, Shelf};
use crate::event::{Event, Events};

struct Fixture {
    folder: tempfile::TempDir,
    cache: Cache,
    warnings: Arc<Mutex<Vec<String>>>,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&warnings);
    let events = Events::new(move |event| {
        if let Event::Warning(text) = event {
            heard.lock().expect("not poisoned").push(text);
        }
    });
    let cache = Cache::open(folder.path().join("cache"), events).expect("a new cache");
    Fixture { folder, cache, warnings }
}

fn store(cache: &Cache, key: &str, bytes: &[u8]) -> super::Stored {
    let mut file = cache.temporary().expect("a temporary file");
    file.write_all(bytes).expect("room");
    cache.store(file, Shelf::Segments, key, Digest::of(bytes), 42).expect("stored")
}

#[test]
fn large_files_are_believed_until_they_change() {
    let Fixture { cache, warnings, .. } = fixture();
    let stored = store(&cache, "k", b"segment");
    assert_eq!(cache.lookup(Shelf::Segments, "k"), Some(stored.clone()));

    // Other stat, same bytes: hashed again and believed.
    let bytes = fs::read(&stored.path).expect("readable");
    fs::write(&stored.path, &bytes).expect("writable");
    assert_eq!(cache.lookup(Shelf::Segments, "k"), Some(stored.clone()));
    assert!(warnings.lock().expect("not poisoned").is_empty());

    fs::write(&stored.path, b"tampered").expect("writable");
    assert_eq!(cache.lookup(Shelf::Segments, "k"), None);
    assert_eq!(warnings.lock().expect("not poisoned").len(), 1);
    assert_eq!(store(&cache, "k", b"segment"), stored);
}

#[test]
fn a_missing_or_damaged_note_makes_the_file_unknown() {
    let Fixture { cache, .. } = fixture();
    let stored = store(&cache, "k", b"segment");
    fs::write(super::note::path_of(&stored.path), b"{").expect("writable");
    assert_eq!(cache.lookup(Shelf::Segments, "k"), None);
}

#[test]
fn small_values_carry_their_checksum() {
    let Fixture { cache, warnings, .. } = fixture();
    assert_eq!(cache.get(Shelf::Records, "r"), None);
    cache.put(Shelf::Records, "r", b"record").expect("stored");
    assert_eq!(cache.get(Shelf::Records, "r").as_deref(), Some(&b"record"[..]));
    let path = cache.path(Shelf::Records, "r");
    let mut bytes = fs::read(&path).expect("readable");
    bytes[33] ^= 1;
    fs::write(&path, bytes).expect("writable");
    assert_eq!(cache.get(Shelf::Records, "r"), None);
    assert_eq!(warnings.lock().expect("not poisoned").len(), 1);
}

#[test]
fn pruning_removes_the_least_recently_used() {
    let Fixture { cache, .. } = fixture();
    for (key, age) in [("old", 9_000), ("new", 3_000), ("older", 90_000)] {
        let stored = store(&cache, key, &[0; 1000]);
        let used = std::time::SystemTime::now() - std::time::Duration::from_secs(age);
        let note = fs::File::options().append(true).open(super::note::path_of(&stored.path)).expect("a note");
        note.set_modified(used).expect("settable");
    }
    let all = cache.usage().expect("listable")[&Shelf::Segments];
    assert_eq!(all.files, 3);
    let pruned = cache.prune(all.bytes / 3 + 1).expect("prunable");
    assert_eq!((pruned.files, pruned.left), (2, all.bytes / 3));
    assert!(cache.lookup(Shelf::Segments, "new").is_some());
    assert!(cache.lookup(Shelf::Segments, "old").is_none());
}

#[test]
fn a_newer_cache_is_refused() {
    let Fixture { folder, cache, .. } = fixture();
    fs::write(cache.root().join("format"), "2\n").expect("writable");
    let error = Cache::open(cache.root(), Events::ignore()).expect_err("newer");
    assert!(matches!(&error, CacheError::Newer { found: 2, .. }));
    let text = error.to_string().replace(&folder.path().display().to_string(), "");
    assert_eq!(text, "the cache `/cache` has format 2, which a newer attar wrote; this one reads format 1");
}

#[test]
fn what_is_without_results_shares_what_was_verified() {
    let Fixture { cache, .. } = fixture();
    let mut file = cache.temporary().expect("a temporary file");
    file.write_all(b"package").expect("room");
    let stored = cache.store(file, Shelf::Packages, "p", Digest::of("package"), 0).expect("stored");
    store(&cache, "s", b"segment");
    let folder = cache.without_results().expect("a folder");
    let fresh = Cache::open(folder.path(), Events::ignore()).expect("a cache");
    assert_eq!(fresh.lookup(Shelf::Packages, "p").map(|it| it.digest), Some(stored.digest));
    assert_eq!(fresh.lookup(Shelf::Segments, "s"), None);
    let mut file = fresh.temporary().expect("a temporary file");
    file.write_all(b"another").expect("room");
    fresh.store(file, Shelf::Packages, "q", Digest::of("another"), 0).expect("stored");
    drop(folder);
    assert!(cache.lookup(Shelf::Packages, "p").is_some() && cache.lookup(Shelf::Packages, "q").is_some());
}

#[test]
fn folders_of_killed_builds_go_and_what_they_link_to_stays() {
    let Fixture { cache, .. } = fixture();
    let mut file = cache.temporary().expect("a temporary file");
    file.write_all(b"package").expect("room");
    cache.store(file, Shelf::Packages, "p", Digest::of("package"), 0).expect("stored");
    let abandoned = cache.without_results().expect("a folder").keep();
    let yesterday = std::time::SystemTime::now() - std::time::Duration::from_secs(25 * 3600);
    fs::File::open(&abandoned)
        .and_then(|folder| folder.set_modified(yesterday))
        .expect("its time can be set");
    cache.prune(u64::MAX).expect("readable");
    assert!(!abandoned.exists());
    assert!(cache.lookup(Shelf::Packages, "p").is_some());
}
