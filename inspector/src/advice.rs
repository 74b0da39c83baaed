//! What to change so that dead bytes never enter the image.
//!
//! Dead files are put together by the layers they came with and died by, and by cause: each group is one
//! edit of whatever the image is built from, and what the edit saves.

use std::collections::BTreeMap;

use attar_image::path::TreePath;
use attar_image::stack::Reason;

use crate::analysis::{Analysis, Copy};

/// The most paths that one advice names.
pub const MAX_PATHS: usize = 10;

/// One edit, and what it saves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The layer the files came with, from 0 for the lowest.
    pub introduced: usize,
    /// The layer they died by.
    pub killed: usize,
    /// Why they died.
    pub cause: Cause,
    /// Number of files.
    pub files: usize,
    /// Bytes that the edit saves.
    pub bytes: u64,
    /// About how many bytes that is of the blob: the files' part of their layer.
    pub compressed: u64,
    /// The largest of the files.
    pub paths: Vec<TreePath>,
    /// The edit.
    pub fix: String,
}

/// Why files died, as far as it matters for what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// They were deleted, by themselves or with a directory.
    Deleted,
    /// They were caches of a package manager, and deleted.
    Cache(PackageCache),
    /// Others were put in their place.
    Replaced,
    /// They were written again as they were.
    Rewritten,
    /// They were written again for another owner, mode or time.
    Metadata,
    /// Their own layer writes their paths again.
    SameLayer,
}

/// A package manager whose caches end up in layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PackageCache {
    /// Debian's.
    Apt,
    /// Alpine's.
    Apk,
    /// Fedora's.
    Dnf,
    /// Python's.
    Pip,
    /// Node.js's.
    Npm,
    /// Go's.
    Go,
    /// Rust's.
    Cargo,
}

/// Where package managers keep caches.
const CACHES: [(&[u8], PackageCache); 12] = [
    (b"var/lib/apt/lists/", PackageCache::Apt),
    (b"var/cache/apt/", PackageCache::Apt),
    (b"var/cache/apk/", PackageCache::Apk),
    (b"etc/apk/cache/", PackageCache::Apk),
    (b"var/cache/dnf/", PackageCache::Dnf),
    (b"var/cache/yum/", PackageCache::Dnf),
    (b"root/.cache/pip/", PackageCache::Pip),
    (b"root/.npm/", PackageCache::Npm),
    (b"root/.cache/go-build/", PackageCache::Go),
    (b"root/go/pkg/mod/", PackageCache::Go),
    (b"root/.cargo/registry/", PackageCache::Cargo),
    (b"usr/local/cargo/registry/", PackageCache::Cargo),
];

/// Returns what to change, what saves the most bytes first.
pub fn advice(analysis: &Analysis) -> Vec<Advice> {
    /// Introducing and killing layer, and why.
    type Key = (usize, usize, Cause);
    let mut groups: BTreeMap<Key, Vec<(u64, &TreePath)>> = BTreeMap::new();
    for dead in &analysis.dead {
        for copy in &dead.copies {
            let key = (copy.introduced, copy.killed, cause(copy, &dead.path));
            groups.entry(key).or_default().push((copy.bytes, &dead.path));
        }
    }
    let mut all: Vec<Advice> = groups
        .into_iter()
        .map(|((introduced, killed, cause), mut files)| {
            files.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(other.1)));
            let bytes = files.iter().fold(0, |sum: u64, (bytes, _)| sum.saturating_add(*bytes));
            Advice {
                introduced,
                killed,
                cause,
                files: files.len(),
                bytes,
                compressed: compressed(analysis, introduced, bytes),
                paths: files.iter().take(MAX_PATHS).map(|(_, path)| (*path).clone()).collect(),
                fix: fix(cause, introduced + 1, killed + 1),
            }
        })
        .collect();
    let key = |advice: &Advice| (advice.introduced, advice.killed, advice.cause);
    all.sort_by(|one, other| other.bytes.cmp(&one.bytes).then_with(|| key(one).cmp(&key(other))));
    all
}

fn cause(copy: &Copy, path: &TreePath) -> Cause {
    match copy.reason {
        Reason::Deleted | Reason::DirectoryDeleted | Reason::Opaque => {
            let cache = CACHES.iter().find(|(folder, _)| path.as_bytes().starts_with(folder));
            cache.map_or(Cause::Deleted, |(_, cache)| Cause::Cache(*cache))
        }
        Reason::Replaced | Reason::TypeChange => Cause::Replaced,
        Reason::RewrittenIdentical => Cause::Rewritten,
        Reason::MetadataOnly => Cause::Metadata,
        Reason::SameLayer => Cause::SameLayer,
    }
}

/// Files compress about as well as the rest of their layer.
fn compressed(analysis: &Analysis, layer: usize, bytes: u64) -> u64 {
    let layer = &analysis.layers[layer];
    match layer.uncompressed {
        Some(plain) if plain > 0 => {
            let part = u128::from(bytes) * u128::from(layer.compressed) / u128::from(plain);
            u64::try_from(part).unwrap_or(u64::MAX)
        }
        _ => bytes,
    }
}

/// Names the edit; layers are numbered from 1.
fn fix(cause: Cause, introduced: usize, killed: usize) -> String {
    match cause {
        Cause::Deleted => {
            format!(
                "merge step {killed} into step {introduced}, so that what is deleted never enters a layer"
            )
        }
        Cause::Cache(cache) => {
            format!("in step {introduced}, {}, so that nothing is left to delete", cache.fix())
        }
        Cause::Replaced => {
            format!("merge step {killed} into step {introduced}, or leave the files out of step {introduced}")
        }
        Cause::Rewritten => format!("leave the files out of step {killed}: step {introduced} has the same"),
        Cause::Metadata => format!(
            "set owner and mode where the files come in, with `COPY --chown --chmod` or within step \
             {introduced}, in place of step {killed}"
        ),
        Cause::SameLayer => {
            format!("write each path once in the archive of step {introduced}: the last one counts")
        }
    }
}

impl Cause {
    /// Returns the words for it: "deleted by layer 3".
    pub fn name(self) -> &'static str {
        match self {
            Self::Deleted | Self::Cache(_) => "deleted",
            Self::Replaced => "replaced",
            Self::Rewritten => "rewritten identically",
            Self::Metadata => "rewritten for owner, mode or time",
            Self::SameLayer => "written twice in one layer",
        }
    }
}

impl PackageCache {
    fn fix(self) -> &'static str {
        match self {
            Self::Apt => {
                "keep apt's lists and archives in a cache mount (`RUN --mount=type=cache,target=/var/lib/apt/lists \
                 --mount=type=cache,target=/var/cache/apt …`) or delete them there"
            }
            Self::Apk => "install with `apk add --no-cache`",
            Self::Dnf => "keep the cache in a cache mount (`RUN --mount=type=cache,target=/var/cache/dnf …`)",
            Self::Pip => "install with `pip install --no-cache-dir`",
            Self::Npm => "keep npm's cache in a cache mount (`RUN --mount=type=cache,target=/root/.npm …`)",
            Self::Go => {
                "keep Go's caches in cache mounts (`RUN --mount=type=cache,target=/root/.cache/go-build …`)"
            }
            Self::Cargo => {
                "keep Cargo's registry in a cache mount (`RUN --mount=type=cache,target=/usr/local/cargo/registry …`)"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{bytes, stack};
    use attar_testing::layers::Layer;

    #[test]
    fn each_group_names_its_edit() {
        let stack = stack([
            Layer::new()
                .file("a", bytes(100))
                .file("b", bytes(50))
                .file("var/lib/apt/lists/x", bytes(700))
                .file("app/big", bytes(1000))
                .file("app/small", bytes(10)),
            Layer::new().whiteout("var/lib/apt/lists").whiteout("a").whiteout("b"),
            Layer::new().owner(7, 7).file("app/big", bytes(1000)).file("app/small", bytes(10)),
        ]);
        let analysis = Analysis::of(&stack);
        let shown: Vec<String> = advice(&analysis)
            .iter()
            .map(|advice| {
                let Advice { files, bytes, fix, cause, .. } = advice;
                format!("{files} files, {bytes} bytes {}: {fix}; {}", cause.name(), advice.paths[0])
            })
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        2 files, 1010 bytes rewritten for owner, mode or time: set owner and mode where the files come in, with `COPY --chown --chmod` or within step 1, in place of step 3; /app/big
        1 files, 700 bytes deleted: in step 1, keep apt's lists and archives in a cache mount (`RUN --mount=type=cache,target=/var/lib/apt/lists --mount=type=cache,target=/var/cache/apt …`) or delete them there, so that nothing is left to delete; /var/lib/apt/lists/x
        2 files, 150 bytes deleted: merge step 2 into step 1, so that what is deleted never enters a layer; /a
        ");
    }
}
