//! `attar build --push`: images go to registries, their tags last.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use attar_builder::build::Built;
use attar_builder::export::variant_reference;
use attar_image::digest::Digest;
use attar_image::manifest::{Descriptor, media_type};
use attar_image::reference::{Reference, Repository, Tag};
use attar_registry::{BlobSource, Contents, MemoryBlobs, Publication, RawManifest};

use crate::args::PublishArgs;
use crate::failure::Usage;
use crate::network::Network;

/// Returns what `-t` and `--repository` call the image of a spec whose `name` this is.
///
/// With `--repository PREFIX` a tag is a bare one, and the repository is `PREFIX/NAME`.
pub(super) fn references(
    tags: &[String],
    arguments: &PublishArgs,
    name: Option<&str>,
    spec: &str,
) -> Result<Vec<Reference>, Usage> {
    let Some(repository) = repository(arguments, name, spec)? else {
        let parse = |word: &String| {
            word.parse().map_err(|error| Usage::new(format!("`-t {word}` names no image: {error}")))
        };
        return tags.iter().map(parse).collect();
    };
    let parse = |word: &String| {
        let tag: Tag = word.parse().map_err(|error| {
            Usage::new(format!("`-t {word}`: {error}"))
                .hint("with `--repository`, `-t` is the tag alone: the spec's `name` is the rest")
        })?;
        Ok(Reference { repository: repository.clone(), tag: Some(tag), digest: None })
    };
    tags.iter().map(parse).collect()
}

fn repository(arguments: &PublishArgs, name: Option<&str>, spec: &str) -> Result<Option<Repository>, Usage> {
    let Some(prefix) = &arguments.repository else { return Ok(None) };
    let name = name.ok_or_else(|| {
        Usage::new(format!("`{spec}` has no `name`, which is the repository below `{prefix}`"))
            .hint("`name: team/app` in the spec, or `-t` with a whole reference instead of `--repository`")
    })?;
    let wrong = |error| Usage::new(format!("`--repository {prefix}` with the name `{name}`: {error}"));
    // A registry alone is a prefix too.
    format!("{}/{name}", prefix.trim_end_matches('/')).parse().map(Some).map_err(wrong)
}

/// Where the images of a spec are pushed: each repository once, with its tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Targets(Vec<(Repository, Vec<Reference>)>);

impl Targets {
    /// Says where the images of a spec go; nothing is pushed where `--push` is not given.
    pub(super) fn of(
        references: &[Reference],
        arguments: &PublishArgs,
        name: Option<&str>,
        spec: &str,
    ) -> Result<Self, Usage> {
        if !arguments.push {
            return Ok(Self::default());
        }
        let mut targets: Vec<(Repository, Vec<Reference>)> = Vec::new();
        targets.extend(repository(arguments, name, spec)?.map(|repository| (repository, Vec::new())));
        for reference in references {
            if let Some(digest) = reference.digest {
                return Err(Usage::new(format!(
                    "`-t {reference}` has a digest: {digest} is what a push makes"
                ))
                .hint("leave the digest out"));
            }
            match targets.iter_mut().find(|(repository, _)| *repository == reference.repository) {
                Some((_, tags)) => tags.push(reference.clone()),
                None => targets.push((reference.repository.clone(), vec![reference.clone()])),
            }
        }
        if targets.is_empty() {
            return Err(Usage::new("`--push` does not say where to")
                .hint("`-t REGISTRY/NAME:TAG`, or `--repository REGISTRY/PREFIX` with `name:` in the spec"));
        }
        Ok(Self(targets))
    }

    /// Notes every tag that will move; two images for one tag are wrong usage.
    pub(super) fn claim(&self, variants: &[String], claimed: &mut BTreeSet<Reference>) -> Result<(), Usage> {
        for reference in self.0.iter().flat_map(|(_, references)| references) {
            for variant in variants {
                let tag = variant_reference(reference, variant).ok_or_else(|| {
                    Usage::new(format!("the tag of `{reference}` is too long with the variant `{variant}`"))
                })?;
                if claimed.contains(&tag) {
                    return Err(Usage::new(format!("two images would be pushed to `{tag}`"))
                        .hint("`--repository PREFIX` gives each spec a repository by its `name`"));
                }
                claimed.insert(tag);
            }
        }
        Ok(())
    }
}

/// An image in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pushed {
    /// The image by its digest.
    pub(super) reference: Reference,
    /// The tags that lead to it.
    pub(super) tags: Vec<Tag>,
}

/// Pushes one image to every target: blobs, manifests, evidence, then the tags.
pub(super) fn push(network: &Network, built: &Built, targets: &Targets) -> anyhow::Result<Vec<Pushed>> {
    if targets.0.is_empty() {
        return Ok(Vec::new());
    }
    let contents = contents(built)?;
    let mut pushed = Vec::new();
    for (repository, references) in &targets.0 {
        let named = references.iter().filter_map(|reference| variant_reference(reference, &built.variant));
        let publication = Publication {
            repository: repository.clone(),
            contents: contents.clone(),
            referrers: vec![evidence(built)],
            tags: named.filter_map(|reference| reference.tag).collect(),
        };
        let published = network.wait(network.client.publish(&publication))?;
        pushed.push(Pushed { reference: published.reference, tags: published.tags });
    }
    Ok(pushed)
}

/// Collects an image as it was built: its layers are read from the cache, nothing is written.
fn contents(built: &Built) -> io::Result<Contents> {
    let mut manifests = Vec::new();
    let mut blobs = Segments::default();
    for image in &built.images {
        blobs.small.add(media_type::CONFIG, image.config.bytes());
        for layer in &image.layers {
            let sized = |path: &PathBuf| Ok((path.clone(), std::fs::metadata(path)?.len()));
            let segments: io::Result<Vec<(PathBuf, u64)>> = layer.segments.iter().map(sized).collect();
            blobs.layers.insert(layer.digest, segments?);
        }
        manifests.push(RawManifest::new(image.manifest.descriptor(media_type::MANIFEST), &image.manifest));
    }
    manifests.push(RawManifest::new(built.index.descriptor(media_type::INDEX), &built.index));
    Ok(Contents { manifests, blobs: Arc::new(blobs) })
}

/// Collects the evidence about an image.
fn evidence(built: &Built) -> Contents {
    let manifest = built.evidence.manifest(&built.index.descriptor(media_type::INDEX));
    let mut blobs = MemoryBlobs::default();
    for (media_type, bytes) in built.evidence.blobs() {
        blobs.add(media_type, bytes);
    }
    let manifests = vec![RawManifest::new(manifest.descriptor(media_type::MANIFEST), &manifest)];
    Contents { manifests, blobs: Arc::new(blobs) }
}

/// Layers as the files of the cache that follow each other in them, and small blobs.
#[derive(Debug, Default)]
struct Segments {
    layers: BTreeMap<Digest, Vec<(PathBuf, u64)>>,
    small: MemoryBlobs,
}

impl BlobSource for Segments {
    fn open(&self, blob: &Descriptor, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        let Some(segments) = self.layers.get(&blob.digest) else { return self.small.open(blob, offset) };
        let mut skip = offset;
        let mut rest = segments.iter();
        let first = loop {
            match rest.next() {
                Some((_, size)) if *size <= skip => skip -= size,
                other => break other,
            }
        };
        let files: Vec<PathBuf> = first.into_iter().chain(rest).map(|(path, _)| path.clone()).collect();
        Ok(Box::new(Chain { files: files.into_iter(), current: None, skip }))
    }
}

/// Reads files one after the other, each opened when it is its turn.
struct Chain {
    files: std::vec::IntoIter<PathBuf>,
    current: Option<File>,
    /// Bytes of the next file that are left out.
    skip: u64,
}

impl Read for Chain {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(file) = &mut self.current {
                match file.read(buffer)? {
                    0 if !buffer.is_empty() => self.current = None,
                    read => return Ok(read),
                }
            }
            let Some(path) = self.files.next() else { return Ok(0) };
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(std::mem::take(&mut self.skip)))?;
            self.current = Some(file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(repository: Option<&str>) -> PublishArgs {
        PublishArgs { push: true, repository: repository.map(String::from), load: None }
    }

    fn targets(tags: &[&str], repository: Option<&str>, name: Option<&str>) -> Result<Vec<String>, String> {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let arguments = arguments(repository);
        let references =
            references(&tags, &arguments, name, "attar.yaml").map_err(|error| error.to_string())?;
        let targets =
            Targets::of(&references, &arguments, name, "attar.yaml").map_err(|error| error.to_string())?;
        let shown = |(repository, tags): (Repository, Vec<Reference>)| {
            let tags: Vec<String> = tags.iter().map(|tag| tag.tag_or_latest().to_string()).collect();
            format!("{repository} {}", tags.join(","))
        };
        Ok(targets.0.into_iter().map(shown).collect())
    }

    #[test]
    fn tags_and_prefixes_say_where_to() {
        let ok = |places: &[&str]| Ok(places.iter().map(|place| (*place).to_owned()).collect());
        for (tags, repository, name, expected) in [
            (&["reg.example/app:1"][..], None, None, ok(&["reg.example/app 1"])),
            (&["reg.example/app", "reg.example/app:1"], None, None, ok(&["reg.example/app latest,1"])),
            (&["a.example/x:1", "b.example/x:1"], None, None, ok(&["a.example/x 1", "b.example/x 1"])),
            (&["1.4"], Some("reg.example/team"), Some("api"), ok(&["reg.example/team/api 1.4"])),
            (&[], Some("127.0.0.1:5000/"), Some("team/api"), ok(&["127.0.0.1:5000/team/api "])),
        ] {
            assert_eq!(targets(tags, repository, name), expected, "{tags:?} {repository:?} {name:?}");
        }
        let refused = |tags: &[&str], repository, name| targets(tags, repository, name).expect_err("wrong");
        insta::assert_snapshot!(refused(&[], None, None), @"`--push` does not say where to");
        insta::assert_snapshot!(refused(&["1"], Some("reg.example/x"), None), @"`attar.yaml` has no `name`, which is the repository below `reg.example/x`");
        insta::assert_snapshot!(refused(&["a/b:1"], Some("reg.example/x"), Some("app")), @"`-t a/b:1`: invalid tag `a/b:1`: expected 1 to 128 letters, digits, `_`, `.` or `-`, the first one a letter, a digit or `_`");
    }

    #[test]
    fn a_tag_is_for_one_image() {
        let reference: Reference = "reg.example/app:1".parse().expect("a reference");
        let targets = Targets(vec![(reference.repository.clone(), vec![reference])]);
        let variants = [String::new(), "debug".to_owned()];
        let mut claimed = BTreeSet::new();
        targets.claim(&variants, &mut claimed).expect("nobody else wants them");
        let names: Vec<String> = claimed.iter().map(Reference::to_string).collect();
        assert_eq!(names, ["reg.example/app:1", "reg.example/app:1-debug"]);
        let error = targets.claim(&variants, &mut claimed).expect_err("taken");
        assert_eq!(error.to_string(), "two images would be pushed to `reg.example/app:1`");
    }

    #[test]
    fn a_layer_is_read_from_any_offset_across_its_files() {
        let scratch = attar_testing::Scratch::with([("a", "abc"), ("b", ""), ("c", "defgh")]);
        let files = ["a", "b", "c"].map(|name| scratch.join(name));
        let sized = files.map(|path| (path.clone(), std::fs::metadata(&path).expect("a file").len()));
        let blob = Descriptor::of(media_type::LAYER, b"abcdefgh");
        let segments = Segments {
            layers: BTreeMap::from([(blob.digest, sized.to_vec())]),
            small: MemoryBlobs::default(),
        };
        for offset in 0..=8 {
            let mut text = String::new();
            let mut reader = segments.open(&blob, offset as u64).expect("files");
            reader.read_to_string(&mut text).expect("text");
            assert_eq!(text, &"abcdefgh"[offset..]);
        }
    }
}
