//! A maintainer script, and the same bytes as sysusers.d and tmpfiles.d: read, understood as far as
//! they go, and applied to a small tree.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};

use attar_builder::effects::accounts::Table;
use attar_builder::effects::{PackageScripts, Surroundings, understand};
use attar_image::{Content, Entry, FileTree, Metadata, TreePath};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let file = || Entry::file(Content::of(text), Metadata::root(0o755, 0));
    let paths = ["usr/bin/tool", "usr/lib/sysusers.d/a.conf", "usr/lib/tmpfiles.d/a.conf", "etc/a.conf"];
    let tree: FileTree =
        paths.into_iter().filter_map(|path| Some((TreePath::parse(path).ok()?, file()))).collect();
    let read = |_: &TreePath| Some(text.to_vec());
    let packages = BTreeSet::from(["tool".to_owned()]);
    let surroundings = Surroundings { tree: &tree, read: &read, packages: &packages, architecture: "amd64" };
    let scripts = ["preinst", "postinst"].map(|name| (name.to_owned(), text.to_vec()));
    let package = PackageScripts {
        package: "tool".to_owned(),
        scripts: BTreeMap::from(scripts),
        templates: Some(String::from_utf8_lossy(text).into_owned()),
        paths: BTreeSet::new(),
    };
    let understood = understand(&[package], &surroundings);
    understood.requests();
    understood.outcome(&tree, &read, &Table::default());
});
