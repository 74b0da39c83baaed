//! The section `inspect:` of a policy.

use attar_inspector::rules::{Glob, Rules};
use schemars::JsonSchema;
use serde::Deserialize;

use super::value::{Bytes, Percent};

/// Rules of `attar inspect --ci`. What is not said is not judged.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct InspectRules {
    /// How large the image may be.
    size: SizeRules,
    /// How much of it may be dead: bytes that a later entry deletes or replaces, and that are pulled
    /// all the same.
    waste: WasteRules,
    /// What must and must not be in it.
    paths: PathRules,
    /// By how much it may grow beyond the image of `--baseline`.
    growth: GrowthRules,
}

/// How large the image may be.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct SizeRules {
    /// The most bytes that the files of all layers may hold.
    total: Option<Bytes>,
    /// The most bytes of all blobs: what pulling it transfers.
    compressed: Option<Bytes>,
    /// The most bytes that the files of one layer may hold.
    layer: Option<Bytes>,
    /// The most layers.
    layers: Option<u32>,
    /// The most entries that a container sees.
    files: Option<u32>,
}

/// How much may be dead.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct WasteRules {
    /// The most dead bytes.
    bytes: Option<Bytes>,
    /// The most dead bytes, in per cent of all.
    percent: Option<Percent>,
    /// The most dead bytes above the lowest layer, in per cent of all there.
    user_percent: Option<Percent>,
}

/// What must and must not be in the image. Globs start with `/`; `*` stays within a directory, `**` does
/// not; a path without wildcards, or one that ends in `/`, stands for all below it too.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct PathRules {
    /// What a container must not see.
    #[schemars(extend("x-format" = "image-glob"))]
    deny: Vec<String>,
    /// What it must see: each glob matches something.
    #[schemars(extend("x-format" = "image-glob"))]
    require: Vec<String>,
    /// What must not be dead in any layer: deleted, and there for everybody who has the image.
    #[schemars(extend("x-format" = "image-glob"))]
    deny_waste: Vec<String>,
    /// The only files that may be setuid or setgid, or have capabilities; `[]` allows none.
    #[schemars(extend("x-format" = "image-glob"))]
    allow_privileged: Option<Vec<String>>,
}

/// By how much the image may grow.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct GrowthRules {
    /// The most bytes more in the files of all layers.
    bytes: Option<Bytes>,
    /// The same in per cent of the baseline.
    #[schemars(extend("x-format" = "growth"))]
    percent: Option<Percent>,
    /// The most bytes more in all blobs.
    compressed: Option<Bytes>,
    /// The most dead bytes more.
    waste: Option<Bytes>,
    /// The most new paths.
    files: Option<u32>,
    /// The most new packages; another version of one is none.
    packages: Option<u32>,
    /// The most new files that are setuid or setgid, or have capabilities.
    privileged: Option<u32>,
    /// The most new shells, by name.
    shells: Option<u32>,
}

impl InspectRules {
    /// Returns the rules; every glob was checked when the policy was read.
    pub(crate) fn rules(&self) -> Rules {
        let bytes = |limit: &Option<Bytes>| limit.map(|limit| limit.0);
        let share = |limit: &Option<Percent>| limit.map(|limit| limit.0);
        let count = |limit: &Option<u32>| limit.map(u64::from);
        let globs = |globs: &[String]| -> Vec<Glob> {
            globs.iter().filter_map(|glob| Glob::parse(glob).ok()).collect()
        };
        let Self { size, waste, paths, growth } = self;
        Rules {
            total: bytes(&size.total),
            compressed: bytes(&size.compressed),
            layer: bytes(&size.layer),
            layers: count(&size.layers),
            files: count(&size.files),
            waste: bytes(&waste.bytes),
            waste_percent: share(&waste.percent),
            user_waste_percent: share(&waste.user_percent),
            deny: globs(&paths.deny),
            require: globs(&paths.require),
            deny_waste: globs(&paths.deny_waste),
            allow_privileged: paths.allow_privileged.as_deref().map(globs),
            growth: bytes(&growth.bytes),
            growth_percent: share(&growth.percent),
            growth_compressed: bytes(&growth.compressed),
            growth_waste: bytes(&growth.waste),
            new_files: count(&growth.files),
            new_packages: count(&growth.packages),
            new_privileged: count(&growth.privileged),
            new_shells: count(&growth.shells),
        }
    }
}
