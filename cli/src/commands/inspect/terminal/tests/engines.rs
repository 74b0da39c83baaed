//! Images of engines: what is known of them at once, and that they come here and can be given up.

use attar_testing::engine::{Docker, Podman};
use attar_testing::need;

use super::*;

/// An archive of an image with two layers.
fn archive(scratch: &Scratch, name: &str) -> std::path::PathBuf {
    let layers = [Layer::new().file("etc/a", "a").tar(), Layer::new().file("usr/b", noise(3_000_000)).tar()];
    let file = scratch.join("image.tar");
    write_docker_archive(&file, name, &layers).expect("an archive");
    file
}

fn listed(images: &Images, place: &str) -> Vec<String> {
    let mut words = Vec::new();
    images.list(&mut |item| match item {
        Found::Image(listed) if listed.place == place => {
            assert!(listed.size.is_some() && listed.created.is_some(), "{listed:?}");
            words.push(listed.word);
        }
        Found::Image(_) => {}
        Found::Note(note) => assert!(!note.to_lowercase().contains(place), "{note}"),
    });
    words
}

/// Opens an image that an engine has under this name, in all ways.
#[track_caller]
fn comes_here(place: &str, name: &str) {
    let scratch = Scratch::new();
    let images = images(&scratch);
    let word = format!("{place}:{name}");
    assert!(listed(&images, place).contains(&word), "{word} is listed");

    let heard = Heard::default();
    let opened = images.open(&wanted(&word), &heard).expect("an image");
    assert_eq!((opened.place.as_str(), opened.fetching.is_none()), (word.as_str(), true));
    let outlines = heard.outlines.lock().expect("no panic").clone();
    let platform = opened.image.platform.to_string();
    assert_eq!(outlines.iter().map(|outline| outline.layers.len()).collect::<Vec<_>>(), [2]);
    assert_eq!(outlines[0].platform.as_deref(), Some(platform.as_str()));
    let last = *heard.progress.lock().expect("no panic").last().expect("progress");
    assert!(last.0 > 3_000_000 && last.1 == Some(last.0), "{last:?}");
    let stack = Stack::read(&*opened.blobs, &opened.image, &stack::Settings::default()).expect("layers");
    assert!(stack.figures().total > 3_000_000);

    let heard = Heard { stops_at_progress: true, ..Heard::default() };
    let start = Instant::now();
    let failure = images.open(&wanted(&word), &heard).expect_err("nobody waits");
    assert_eq!(failure.message, "cancelled");
    assert!(start.elapsed() < 3 * SOON, "{:?}", start.elapsed());

    let failure = images.open(&wanted(format!("{place}:{name}-not")), &Heard::default());
    let failure = failure.expect_err("no image");
    assert!(failure.message.ends_with(&format!("has no image `{name}-not`")), "{}", failure.message);
    let hint = format!("`registry:{name}-not` asks the registry");
    assert_eq!(failure.hint.as_deref(), Some(hint.as_str()));
}

#[test]
fn images_of_docker_come_here() {
    let docker = need!(Docker::find());
    let name = "attar-tests/terminal:1";
    docker.load(&archive(&Scratch::new(), name));
    comes_here("docker", name);

    let scratch = Scratch::new();
    let heard = Heard::default();
    let opened = images(&scratch).open(&wanted(name), &heard).expect("an image");
    assert_eq!(opened.place, format!("docker:{name}"));
    let notes = heard.notes();
    let taken = format!("`{name}` is taken from Docker at ");
    assert!(notes.iter().any(|note| note.starts_with(&taken)), "{notes:?}");
    docker.remove(name);
}

#[test]
fn images_of_podman_come_here() {
    let podman = need!(Podman::find());
    let name = "localhost/attar-tests/terminal:1";
    podman.load(&archive(&Scratch::new(), name));
    comes_here("podman", name);
    podman.remove(name);
}
