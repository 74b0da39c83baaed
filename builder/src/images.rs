//! The images of a spec: every variant on every platform, with its effective spec.

use std::collections::BTreeMap;

use attar_image::platform::Platform;

use crate::spec::schema::Spec;
use crate::spec::{Diagnostics, Document, Effective, Selection};

/// Name of the plain image among the variants.
pub const PLAIN: &str = "";

/// The effective specs of every image: variant -> platform -> spec. Platforms keep the spec's order
/// in [`Images::platforms`].
#[derive(Debug)]
pub struct Images {
    effective: BTreeMap<String, BTreeMap<String, Effective>>,
    platforms: BTreeMap<String, Vec<String>>,
}

impl Images {
    /// Makes the effective specs of all variants on all their platforms.
    pub fn of(document: &Document, arguments: &BTreeMap<String, String>) -> Result<Self, Diagnostics> {
        let mut images = Self { effective: BTreeMap::new(), platforms: BTreeMap::new() };
        for variant in std::iter::once(None).chain(document.variants().into_iter().map(Some)) {
            let name = variant.clone().unwrap_or_default();
            let select =
                |platform| Selection { variant: variant.as_deref(), platform, arguments: Some(arguments) };
            let platforms = document.effective(select(None))?.spec.platforms;
            let effective = platforms
                .iter()
                .map(|platform| Ok((platform.clone(), document.effective(select(Some(platform)))?)))
                .collect::<Result<_, Diagnostics>>()?;
            images.effective.insert(name.clone(), effective);
            images.platforms.insert(name, platforms);
        }
        Ok(images)
    }

    /// Returns the images of one variant from specs that were effective somewhere else.
    pub(crate) fn recorded(variant: &str, platforms: &[String], specs: &BTreeMap<String, Spec>) -> Self {
        let recorded =
            |(platform, spec): (&String, &Spec)| (platform.clone(), Effective::recorded(spec.clone()));
        Self {
            effective: BTreeMap::from([(variant.to_owned(), specs.iter().map(recorded).collect())]),
            platforms: BTreeMap::from([(variant.to_owned(), platforms.to_vec())]),
        }
    }

    /// Returns the names of the variants, the plain image first.
    pub fn variants(&self) -> impl Iterator<Item = &str> {
        self.effective.keys().map(String::as_str)
    }

    /// Returns the platforms of a variant in the spec's order.
    pub fn platforms(&self, variant: &str) -> &[String] {
        self.platforms.get(variant).map_or(&[], Vec::as_slice)
    }

    /// Returns the effective specs of a variant by platform.
    pub(crate) fn variant(&self, variant: &str) -> &BTreeMap<String, Effective> {
        const NONE: &BTreeMap<String, Effective> = &BTreeMap::new();
        self.effective.get(variant).unwrap_or(NONE)
    }

    /// Returns the effective spec of one image.
    pub fn image(&self, variant: &str, platform: &str) -> Option<&Effective> {
        self.variant(variant).get(platform)
    }

    /// Returns any spec of a variant; what does not depend on the platform is the same in all.
    pub fn any(&self, variant: &str) -> Option<&Effective> {
        self.platforms(variant).first().and_then(|platform| self.image(variant, platform))
    }

    /// Returns a spec of the plain image, or of the only variant that is known: what all variants share
    /// is the same in all.
    pub fn first(&self) -> Option<&Effective> {
        self.variants().find_map(|variant| self.any(variant))
    }

    /// Returns every platform that some variant has, without repetition, the plain image's first.
    pub fn all_platforms(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for platform in self.platforms.values().flatten() {
            if !all.contains(&&platform[..]) {
                all.push(platform);
            }
        }
        all
    }
}

/// Returns Debian's name of a platform's architecture.
pub fn architecture(platform: &str) -> Option<&'static str> {
    platform.parse::<Platform>().ok()?.debian_architecture()
}
