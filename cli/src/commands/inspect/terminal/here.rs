//! Images in a folder and the folders in it: layouts and archives, told by their content.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use attar_image::archive::holds_images;
use attar_image::layout::{Image, Layout, survey};
use attar_image::manifest::Descriptor;
use attar_inspector::tui::source::{Found, Listed};
use jiff::Timestamp;

use crate::image::host_platform;

/// How many files and folders are looked at.
const MAX_LOOKED_AT: usize = 2_000;
/// How many images of one layout are listed.
const MAX_OF_LAYOUT: usize = 200;
/// What messages call it.
const PLACE: &str = "here";

/// Finds the images in a folder and the folders in it. Hidden ones are left out.
pub(super) fn images(folder: &Path, found: &mut dyn FnMut(Found)) {
    let mut left = MAX_LOOKED_AT;
    if Layout::is_layout(folder) {
        return layout(folder, found);
    }
    for path in entries(folder, &mut left) {
        if !path.is_dir() {
            archive(&path, found);
        } else if Layout::is_layout(&path) {
            layout(&path, found);
        } else if !path.is_symlink() {
            for inner in entries(&path, &mut left) {
                match inner.is_dir() {
                    true if Layout::is_layout(&inner) => layout(&inner, found),
                    true => {}
                    false => archive(&inner, found),
                }
            }
        }
    }
    if left == 0 {
        let text =
            format!("there are more than {MAX_LOOKED_AT} files and folders here: not all were looked at");
        found(Found::Note(text));
    }
}

/// Lists a folder in order of the names, as long as some are left.
fn entries(folder: &Path, left: &mut usize) -> Vec<PathBuf> {
    let is_hidden = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_none_or(|name| name.starts_with('.'))
    };
    let listed = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> =
        listed.map(|entry| entry.path()).filter(|path| !is_hidden(path)).take(*left).collect();
    *left -= paths.len();
    paths.sort();
    paths
}

fn archive(path: &Path, found: &mut dyn FnMut(Found)) {
    // What is no archive, or cannot be read, is not listed.
    let (Ok(true), Ok(metadata), Some(word)) = (holds_images(path), fs::metadata(path), word(path)) else {
        return;
    };
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let created = modified.and_then(|time| time.as_secs().try_into().ok());
    found(Found::Image(Listed { word, place: PLACE.to_owned(), size: Some(metadata.len()), created }));
}

/// Returns a path as the command line takes it for one.
fn word(path: &Path) -> Option<String> {
    let text = path.to_str()?;
    let is_spec = text.ends_with(".yaml") || text.ends_with(".yml");
    let is_plain = text.starts_with('/') || text.starts_with("./");
    (!is_spec).then(|| if is_plain { text.to_owned() } else { format!("./{text}") })
}

fn layout(folder: &Path, found: &mut dyn FnMut(Found)) {
    let Some((shown, layout)) = shown(folder).zip(Layout::open(folder).ok()) else { return };
    let entries = layout.index().map(|index| index.into_value().manifests).unwrap_or_default();
    let mut named: Vec<(&str, &Descriptor)> =
        entries.iter().filter_map(|entry| Some((entry.ref_name()?, entry))).collect();
    named.dedup_by_key(|(name, _)| *name);
    let mut tell = |word: String, entry: &Descriptor| {
        let Ok(survey) = survey(&layout, entry) else { return };
        let host = host_platform();
        let image = survey.images.iter().find(|image| image.platform.is_same(&host));
        let image = image.or(survey.images.first());
        let (size, created) = (image.map(size), image.and_then(created));
        found(Found::Image(Listed { word, place: PLACE.to_owned(), size, created }));
    };
    // Behind a colon there is the name of an entry, so such a folder can only be named as a path.
    let has_colon = shown.contains(':');
    let one = layout.resolve(None).ok();
    match one {
        Some(entry) if has_colon => tell(format!("./{shown}"), &entry),
        Some(entry) if entry.ref_name().is_none() => tell(format!("oci:{shown}"), &entry),
        _ if has_colon => {}
        _ => {
            for (name, entry) in named.into_iter().take(MAX_OF_LAYOUT) {
                tell(format!("oci:{shown}:{name}"), entry);
            }
        }
    }
}

/// Returns the path of a folder as short as it can be.
fn shown(folder: &Path) -> Option<String> {
    let text = folder.strip_prefix("./").unwrap_or(folder).to_str()?;
    Some(if text.is_empty() { ".".to_owned() } else { text.to_owned() })
}

/// Sums up what a layout keeps for an image.
fn size(image: &Image) -> u64 {
    image.manifest.layers.iter().map(|layer| layer.size).fold(image.manifest.config.size, u64::saturating_add)
}

fn created(image: &Image) -> Option<i64> {
    image.config.created.as_ref()?.parse::<Timestamp>().ok().map(Timestamp::as_second)
}
