//! The merged view is what others see: what umoci unpacks, and what a mounted overlay shows.
//!
//! Where the judges see different things, no answer is right for all, and the case says who differs,
//! and why. A judge that is said to differ and does not fails the test as well.

mod cases;
mod judges;

use std::path::Path;

use attar_image::filesystem::{FileTree, Kind};
use attar_image::layout::Layout;
use attar_image::stack::{Settings, Stack};
use attar_testing::engine::Docker;
use attar_testing::layers::{Codec, write_layout};
use attar_testing::tree::{Item, Listing};
use attar_testing::{Scratch, need, skip};

use cases::{Case, Judge};

#[test]
fn umoci_unpacks_the_merged_view() {
    need!(skip::program("umoci"));
    judge(Judge::Umoci, judges::umoci);
}

#[test]
fn an_overlay_shows_the_merged_view() {
    let docker = need!(Docker::find());
    need!(judges::can_mount());
    judge(Judge::Overlay, |scratch, layers| judges::overlay(docker, scratch, layers));
}

/// Compares the merged view of every case with what a judge shows; reports all that differ.
#[track_caller]
fn judge(judge: Judge, show: impl Fn(&Scratch, &[Vec<u8>]) -> anyhow::Result<Listing>) {
    let mut report = String::new();
    for Case { name, layers, differs } in cases::all() {
        let scratch = Scratch::new();
        let shown = show(&scratch, &layers);
        // No judge excuses what attar cannot read.
        let found = match merged(&scratch.join("own"), &layers) {
            Ok(found) => found,
            Err(error) => {
                report += &format!("{name}: attar: {error:#}\n");
                continue;
            }
        };
        let verdict = match shown {
            Ok(shown) => compare(found, shown),
            Err(error) => Err(format!("{judge:?}: {error:#}\n")),
        };
        let reason = differs.iter().find(|(who, _)| *who == judge).map(|(_, why)| *why);
        match (verdict, reason) {
            (Ok(()), None) | (Err(_), Some(_)) => {}
            (Err(difference), None) => report += &format!("{name}:\n{difference}"),
            (Ok(()), Some(why)) => report += &format!("{name}: no difference, although {why}\n"),
        }
    }
    assert!(report.is_empty(), "{report}");
}

/// Says which lines only one of the two has.
fn compare(mut found: Listing, shown: Listing) -> Result<(), String> {
    found.add_implied(&shown);
    // Not every layer says what the root directory is like.
    let lines = |listing: &Listing| {
        let lines = listing.with_times_of_files();
        lines.lines().filter(|line| !line.ends_with(" / ")).map(String::from).collect::<Vec<_>>()
    };
    let (found, shown) = (lines(&found), lines(&shown));
    let only = |mark: &str, one: &[String], other: &[String]| {
        let lines = one.iter().filter(|line| !other.contains(line));
        lines.map(|line| format!("  {mark} {line}\n")).collect::<String>()
    };
    match found == shown {
        true => Ok(()),
        false => Err(only("only attar:", &found, &shown) + &only("only the judge:", &shown, &found)),
    }
}

/// Returns the merged view of layers as attar sees it.
fn merged(folder: &Path, layers: &[Vec<u8>]) -> anyhow::Result<Listing> {
    write_layout(folder, "it", Codec::Gzip, layers)?;
    let layout = Layout::open(folder)?;
    let image = layout.image(&layout.resolve(Some("it"))?, None)?;
    let settings = Settings { digests: true, ..Settings::default() };
    Ok(listing(&Stack::read(&layout, &image, &settings)?.tree()))
}

/// Writes a tree as `attar_testing` does.
fn listing(tree: &FileTree) -> Listing {
    let mut first_names = std::collections::BTreeMap::new();
    let item = |(path, entry): (&attar_image::TreePath, &attar_image::filesystem::Entry)| {
        let path = path.as_bytes().to_vec();
        let mut same_as = None;
        let (kind, detail) = match &entry.kind {
            Kind::Directory => ('d', String::new()),
            Kind::File { content, links } => {
                if let Some(links) = links {
                    let first = first_names.entry(*links).or_insert_with(|| path.clone());
                    same_as = (*first != path).then(|| first.clone());
                }
                ('-', content.digest.hex().to_string())
            }
            Kind::Symlink { target } => ('l', format!("-> {}", String::from_utf8_lossy(target))),
            Kind::CharacterDevice { major, minor } => ('c', format!("{major},{minor}")),
            Kind::BlockDevice { major, minor } => ('b', format!("{major},{minor}")),
            Kind::Fifo => ('p', String::new()),
        };
        let metadata = &entry.metadata;
        let xattrs = metadata.xattrs.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
        let (uid, gid) = (metadata.uid.into(), metadata.gid.into());
        let (mode, mtime) = (metadata.mode, metadata.mtime);
        (path, Item { kind, mode, uid, gid, mtime, detail, xattrs, same_as })
    };
    tree.iter().map(item).collect()
}
