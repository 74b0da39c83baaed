//! How a spec is put together: keys of a file and of a variant that the effective spec has no more.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// Keys of a file besides those of a spec.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct FileKeys {
    /// The spec this one is built upon: a file, or several, relative to this one. A later one
    /// overrides an earlier one, this file overrides them all.
    include: Option<Include>,
    /// Further images of the same spec by name: each says what it has other than the plain image.
    #[schemars(extend("x-keys" = "variant"))]
    variants: BTreeMap<String, VariantKeys>,
}

/// Files to build upon.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Include {
    /// One file.
    One(#[schemars(extend("x-format" = "include"))] String),
    /// Several, the lowest first.
    Many(#[schemars(extend("x-format" = "include"))] Vec<String>),
}

/// Keys of a variant besides those of a spec.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct VariantKeys {
    /// Variants this one is built upon, the lowest first.
    #[schemars(extend("x-format" = "variant"))]
    extends: Vec<String>,
}
