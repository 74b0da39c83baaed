//! The layer plan: which source package goes into which layer.
//!
//! The plan is made once, when locking, and never revised by a later lock of the same image, so that
//! an update of a package moves its own layer and no other.

use std::collections::BTreeMap;

use crate::spec::schema::Layering;

/// Sources that share a layer whatever their size: small, there in nearly every image, and equal in
/// all of them, so that the layer is shared between images.
const BASE: [&str; 5] = ["base-files", "ca-certificates", "media-types", "netbase", "tzdata"];

/// Sources that get security updates often. They count as larger than they are, so that they get a
/// layer of their own rather than drag others along.
const RESTLESS: [&str; 18] = [
    "curl",
    "expat",
    "glibc",
    "gnutls28",
    "imagemagick",
    "krb5",
    "libpng1.6",
    "libxml2",
    "nginx",
    "nodejs",
    "openjdk-21",
    "openjdk-25",
    "openssl",
    "perl",
    "postgresql-17",
    "python3.13",
    "redis",
    "sqlite3",
];

/// How much larger a restless source counts.
const RESTLESS_WEIGHT: u64 = 4;

/// Plans the layers of an image that has none: `sources` with the sizes of their packages.
///
/// The largest sources get layers of their own, as far as the budget goes; the rest share the last.
pub fn plan(sources: &BTreeMap<String, u64>, layering: &Layering) -> BTreeMap<String, u32> {
    let budget = layering.budget.max(1) as usize;
    let mut groups: BTreeMap<&str, (u64, Vec<&str>)> = BTreeMap::new();
    for (source, size) in sources {
        let name = if BASE.contains(&&source[..]) { BASE[0] } else { source };
        let weight = if RESTLESS.contains(&&source[..]) { RESTLESS_WEIGHT } else { 1 };
        let group = groups.entry(name).or_default();
        group.0 += size.saturating_mul(weight);
        group.1.push(source);
    }
    let mut ordered: Vec<(&str, (u64, Vec<&str>))> = groups.into_iter().collect();
    // The base layer is the lowest, so that images share it from the bottom up.
    ordered.sort_by(|left, right| {
        let base = |name: &str| name != BASE[0];
        (base(left.0), right.1.0, left.0).cmp(&(base(right.0), left.1.0, right.0))
    });
    let last = budget - 1;
    let mut plan = BTreeMap::new();
    for (number, (_, (_, members))) in ordered.into_iter().enumerate() {
        for source in members {
            plan.insert(source.to_owned(), number.min(last) as u32);
        }
    }
    plan
}

/// Keeps a plan and gives new sources a layer: the base layer for those that belong there, else one
/// by the hash of the name, which depends on nothing else that is new.
pub fn extend<'a>(
    plan: &BTreeMap<String, u32>,
    sources: impl IntoIterator<Item = &'a String>,
) -> BTreeMap<String, u32> {
    let layers = plan.values().max().map_or(1, |highest| u64::from(*highest) + 1);
    let base = BASE.iter().find_map(|name| plan.get(*name)).copied();
    let new = |source: &String| match base {
        Some(layer) if BASE.contains(&&source[..]) => layer,
        _ => {
            let hash = attar_image::Digest::of(source);
            let number =
                hash.as_bytes()[..8].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            (number % layers) as u32
        }
    };
    sources
        .into_iter()
        .map(|source| (source.clone(), plan.get(source).copied().unwrap_or_else(|| new(source))))
        .collect()
}

/// Lists the sources that two plans put into different layers.
pub fn moves(old: &BTreeMap<String, u32>, new: &BTreeMap<String, u32>) -> Vec<(String, u32, u32)> {
    new.iter()
        .filter_map(|(source, to)| {
            let from = old.get(source)?;
            (from != to).then(|| (source.clone(), *from, *to))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(list: &[(&str, u64)]) -> BTreeMap<String, u64> {
        list.iter().map(|(name, size)| ((*name).to_owned(), *size)).collect()
    }

    fn planned(list: &[(&str, u64)], budget: u32) -> Vec<(String, u32)> {
        let layering = Layering { budget, ..Layering::default() };
        plan(&sources(list), &layering).into_iter().collect()
    }

    #[test]
    fn the_largest_get_layers_of_their_own() {
        let list =
            [("big", 100), ("small", 1), ("tiny", 1), ("tzdata", 5), ("base-files", 1), ("openssl", 30)];
        let expected = |numbers: [u32; 6]| -> Vec<(String, u32)> {
            let names = ["base-files", "big", "openssl", "small", "tiny", "tzdata"];
            names.iter().zip(numbers).map(|(name, number)| ((*name).to_owned(), number)).collect()
        };
        assert_eq!(planned(&list, 10), expected([0, 2, 1, 3, 4, 0]));
        assert_eq!(planned(&list, 4), expected([0, 2, 1, 3, 3, 0]));
        assert_eq!(planned(&list, 1), expected([0; 6]));
    }

    #[test]
    fn a_plan_is_kept_and_extended() {
        let old = plan(&sources(&[("a", 3), ("b", 2), ("c", 1)]), &Layering::default());
        let names = ["a", "c", "new", "tzdata"].map(String::from);
        let new = extend(&old, &names);
        assert_eq!((new["a"], new["c"]), (old["a"], old["c"]));
        assert!(!new.contains_key("b"));
        assert!(new["new"] < 3);
        assert_eq!(extend(&old, &names), new);
        assert!(moves(&old, &new).is_empty());
    }
}
