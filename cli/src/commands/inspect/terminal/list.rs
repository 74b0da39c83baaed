//! The images of this machine: those of its engines, and those in the working directory.

use std::path::Path;
use std::sync::mpsc::{self, Sender};
use std::thread;

use attar_inspector::tui::source::{Found, Listed};
use attar_registry::Events;
use attar_registry::engine::{EngineImage, Kind};

use super::here;
use crate::failure;
use crate::network::Network;
use crate::settings::Settings;

/// Finds the images, and hands each over as soon as its place answers.
pub(super) fn images(settings: &Settings, found: &mut dyn FnMut(Found)) {
    let (sender, heard) = mpsc::channel();
    thread::scope(|scope| {
        for kind in [Kind::Docker, Kind::Podman] {
            let sender = sender.clone();
            scope.spawn(move || of_engine(kind, settings, &sender));
        }
        scope.spawn(move || here::images(Path::new("."), &mut |item| tell(&sender, item)));
        heard.into_iter().for_each(found);
    });
}

fn tell(sender: &Sender<Found>, item: Found) {
    // Whoever listens stays as long as there are senders.
    let _ = sender.send(item);
}

fn of_engine(kind: Kind, settings: &Settings, sender: &Sender<Found>) {
    match listed(kind, settings) {
        Ok(images) => {
            let listed = images.into_iter().flat_map(|image| of_image(kind, image));
            listed.for_each(|listed| tell(sender, Found::Image(listed)));
        }
        Err(error) => tell(sender, Found::Note(failure::in_one_line(error.as_ref()).0)),
    }
}

fn listed(kind: Kind, settings: &Settings) -> anyhow::Result<Vec<EngineImage>> {
    let network = Network::with_events(settings, false, Events::ignore())?;
    match network.engine(kind) {
        Ok(engine) => Ok(network.wait(engine.images())?),
        // An engine that is not there has no images.
        Err(error) if error.is_absent() && !error.is_denied() => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// Lists an image under each of its names, or under its identifier.
fn of_image(kind: Kind, image: EngineImage) -> Vec<Listed> {
    let EngineImage { id, names, size, created } = image;
    let place = kind.prefix();
    let names = if names.is_empty() { vec![short(&id).to_owned()] } else { names };
    let listed =
        |name: String| Listed { word: format!("{place}:{name}"), place: place.to_owned(), size, created };
    names.into_iter().map(listed).collect()
}

/// Returns as much of an identifier as engines show.
fn short(id: &str) -> &str {
    let digits = id.strip_prefix("sha256:").unwrap_or(id);
    digits.get(..12).unwrap_or(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_listed_under_each_name_or_its_identifier() {
        let image = |names: &[&str]| EngineImage {
            id: "sha256:0123456789abcdef".into(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            size: Some(7),
            created: Some(1),
        };
        for (names, expected) in [
            (&["app:1", "app:2"][..], &["podman:app:1", "podman:app:2"][..]),
            (&[], &["podman:0123456789ab"]),
        ] {
            let words: Vec<String> =
                of_image(Kind::Podman, image(names)).into_iter().map(|listed| listed.word).collect();
            assert_eq!(words, expected);
        }
    }
}
