//! The packages of an image for whoever asks which of them wastes most, and in which layer.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use attar_image::stack::Stack;
use attar_packages::ownership::Ownership;

use crate::packages::{Owners, shares};
pub use crate::packages::{Share, Waste};

/// What each package takes and wastes, and what belongs to none.
#[derive(Clone, Debug, Default)]
pub struct Packages {
    /// The most bytes first; the one without a package is what is unrecorded.
    pub shares: Vec<Share>,
}

/// In which order packages stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The most dead bytes first.
    #[default]
    Waste,
    /// The most bytes first that a container sees.
    Bytes,
    /// The most files first.
    Files,
    /// By name; what is unrecorded first.
    Name,
}

impl Packages {
    /// Adds up what the packages have. `owners` is what the image's database says; `at` what it said after a
    /// layer, where that is known: a package that was removed, or the older version of one, is only found
    /// there. Where it is not known the image's own database is asked. Takes time for every entry.
    pub fn of<'a>(stack: &Stack, owners: &'a Ownership, at: &dyn Fn(usize) -> Option<&'a Ownership>) -> Self {
        let lower: Vec<Option<&Ownership>> = (0..stack.layers().len()).map(at).collect();
        let mut names: Vec<(String, String)> = Vec::new();
        let mut known: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        // The image's own come first, so that an upgraded package has the version that is there.
        for package in
            [owners].into_iter().chain(lower.iter().rev().copied().flatten()).flat_map(Ownership::packages)
        {
            known.entry((&package.name, &package.architecture)).or_insert_with(|| {
                names.push((package.name.clone(), package.version.clone()));
                names.len() - 1
            });
        }
        let of = |path: &[u8], layer: Option<usize>| {
            let owners = layer.and_then(|layer| lower[layer]).unwrap_or(owners);
            let package = owners.owner(path)?;
            known.get(&(package.name.as_str(), package.architecture.as_str())).copied()
        };
        Self { shares: shares(stack, Owners { packages: &names, of: &of }) }
    }

    /// Returns the places of the packages in order, of those whose names have `word` in them: capitals count
    /// where it has one, and nothing has everything.
    pub fn order(&self, order: Order, is_reversed: bool, word: &str) -> Vec<usize> {
        let is_exact = word.chars().any(char::is_uppercase);
        let has_word = |share: &Share| match &share.package {
            Some((name, _)) if is_exact => name.contains(word),
            Some((name, _)) => name.to_lowercase().contains(word),
            None => "unrecorded".contains(word),
        };
        let mut places: Vec<usize> =
            (0..self.shares.len()).filter(|place| has_word(&self.shares[*place])).collect();
        let share = |place: &usize| &self.shares[*place];
        match order {
            Order::Waste => places.sort_by_cached_key(|place| Reverse(share(place).dead())),
            Order::Bytes => places.sort_by_key(|place| Reverse(share(place).bytes)),
            Order::Files => places.sort_by_key(|place| Reverse(share(place).files)),
            Order::Name => places.sort_by(|one, other| share(one).package.cmp(&share(other).package)),
        }
        if is_reversed {
            places.reverse();
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{bytes, stack};
    use attar_packages::ownership::Claims;
    use attar_testing::layers::Layer;

    fn ownership(files: &[(&str, &str)]) -> Ownership {
        let mut claims = Claims::default();
        for (path, text) in files {
            claims.add(path.as_bytes(), text.as_bytes()).expect("a short file");
        }
        claims.settle(|directory| Some(directory.to_vec()))
    }

    #[test]
    fn who_wasted_most_and_in_which_layer_is_told() {
        let status = |name: &str, version: &str| {
            format!(
                "Package: {name}\nStatus: install ok installed\nArchitecture: all\nVersion: {version}\n\n"
            )
        };
        let old = ownership(&[
            ("var/lib/dpkg/status", &[status("gcc", "12"), status("tool", "1")].concat()),
            ("var/lib/dpkg/info/gcc.list", "/usr/gcc\n"),
            ("var/lib/dpkg/info/tool.list", "/usr/tool\n"),
        ]);
        let new = ownership(&[
            ("var/lib/dpkg/status", &status("tool", "2")),
            ("var/lib/dpkg/info/tool.list", "/usr/tool\n"),
        ]);
        let stack = stack([
            Layer::new().file("usr/gcc", bytes(900)).file("usr/tool", bytes(50)),
            Layer::new().whiteout("usr/gcc").file("usr/tool", bytes(60)),
            Layer::new().file("usr/tool", bytes(70)).file("own", bytes(5)),
        ]);
        let lines = |packages: &Packages, order, is_reversed, word| -> Vec<String> {
            let line = |place: usize| {
                let share = &packages.shares[place];
                let (name, version) = share.package.clone().unwrap_or_default();
                let waste = share
                    .waste
                    .iter()
                    .map(|waste| format!(" {}:{}..{}", waste.bytes, waste.introduced, waste.killed));
                format!(
                    "{name} {version} {} {} {}{}",
                    share.files,
                    share.bytes,
                    share.dead(),
                    waste.collect::<String>()
                )
            };
            packages.order(order, is_reversed, word).into_iter().map(line).collect()
        };
        let packages = Packages::of(&stack, &new, &|layer| (layer == 0).then_some(&old));
        let [gcc, tool, own] = ["gcc 12 0 0 900 900:0..1", "tool 2 1 70 110 60:1..2 50:0..1", "  1 5 0"];
        assert_eq!(lines(&packages, Order::Waste, false, ""), [gcc, tool, own]);
        assert_eq!(lines(&packages, Order::Waste, true, ""), [own, tool, gcc]);
        assert_eq!(lines(&packages, Order::Bytes, false, ""), [tool, own, gcc]);
        assert_eq!(lines(&packages, Order::Name, false, ""), [own, gcc, tool]);
        assert_eq!(lines(&packages, Order::Name, false, "oo"), [tool]);
        // Without what the database said before, nobody knows whose the compiler was.
        let packages = Packages::of(&stack, &new, &|_| None);
        assert_eq!(lines(&packages, Order::Waste, false, "unrec"), ["  1 5 900 900:0..1"]);
    }
}
