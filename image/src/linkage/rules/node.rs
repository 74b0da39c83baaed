//! Node.js: the script, and add-ons in machine code below it.

use std::collections::BTreeMap;

use super::super::Problem;
use super::super::proof::{Proof, Running, Weight};
use super::super::root::Access;
use super::super::world::shown;
use super::pattern;
use crate::path::TreePath;

/// Options that take the next word.
const VALUED: [&str; 9] = [
    "-r",
    "--require",
    "--import",
    "--loader",
    "--experimental-loader",
    "-C",
    "--conditions",
    "--title",
    "--env-file",
];
/// Options after which no script follows.
const NO_SCRIPT: [&str; 11] =
    ["-e", "--eval", "-p", "--print", "-pe", "-v", "--version", "-h", "--help", "--test", "--run"];
/// What Node.js tries after a name without an extension.
const ENDS: [&str; 7] = ["", ".js", ".json", ".node", "/package.json", "/index.js", "/index.json"];

pub(super) fn apply<'a>(proof: &mut Proof<'a>, running: &mut Running<'a>, weight: Weight) {
    if !running.names().iter().any(|name| matches!(name.as_str(), "node" | "nodejs")) {
        return;
    }
    let Some(script) =
        running.operands(&VALUED, &NO_SCRIPT).first().cloned().filter(|word| word != "inspect")
    else {
        return;
    };
    let found = ENDS.iter().find_map(|end| proof.world.file(&format!("{script}{end}"), Access::Read).ok());
    let Some(found) = found else {
        let problem = proof.world.file(&script, Access::Read).err().unwrap_or(Problem::NotRegular);
        return proof.fail(&proof.world.absolute(&script), None, problem, running.step(), weight);
    };
    proof.report.reached.insert(found.clone());
    let mut packages: BTreeMap<TreePath, Vec<TreePath>> = BTreeMap::new();
    for addon in places(proof, &found).iter().flat_map(|place| pattern::expand(proof.world, place, "**.node"))
    {
        packages.entry(package(&addon)).or_default().push(addon);
    }
    for addons in packages.values() {
        judge(proof, running, addons, weight);
    }
}

/// Lists the directories whose modules the script can load.
fn places(proof: &Proof<'_>, script: &TreePath) -> Vec<TreePath> {
    let tree = proof.world.subject.tree;
    let has = |directory: &TreePath, name: &str| {
        directory.join(name).is_ok_and(|path| tree.contains(&path) || tree.below(&path).next().is_some())
    };
    let own = script.ancestors().find(|directory| has(directory, "package.json")).or_else(|| script.parent());
    let mut places: Vec<TreePath> = own.into_iter().filter(|directory| !directory.is_root()).collect();
    let modules = script.ancestors().filter(|directory| has(directory, "node_modules"));
    places.extend(modules.filter_map(|directory| directory.join("node_modules").ok()));
    places
}

/// Returns the directory of the package that a file belongs to.
fn package(path: &TreePath) -> TreePath {
    let parts: Vec<&[u8]> = path.components().collect();
    let Some(at) = parts.iter().rposition(|part| *part == b"node_modules") else {
        return path.parent().unwrap_or_default();
    };
    let names = if parts.get(at + 1).is_some_and(|name| name.starts_with(b"@")) { 2 } else { 1 };
    TreePath::parse(parts[..(at + 1 + names).min(parts.len())].join(&b'/')).unwrap_or_default()
}

/// Opens the add-ons of a package that are for this machine; one of them must be, if any is built here.
fn judge<'a>(proof: &mut Proof<'a>, running: &mut Running<'a>, addons: &[TreePath], weight: Weight) {
    let world = proof.world;
    let fits = |path: &&TreePath| {
        world.elf(path).is_some_and(|facts| {
            let for_musl = facts.needed.iter().any(|name| name.starts_with("libc.musl-"));
            world.runs(&facts).is_ok() && !(for_musl && running.process.library("libc.so.6").is_some())
        })
    };
    let fitting: Vec<&TreePath> = addons.iter().filter(fits).collect();
    for path in &fitting {
        running.open(proof, path, 0, weight);
    }
    // Packages bring ready add-ons for many machines; what was built was built for one.
    let built = addons.iter().find(|path| path.to_string().contains("/build/Release/"));
    if let Some(path) = built.filter(|_| fitting.is_empty())
        && let Some(facts) = world.elf(path)
        && let Err(problem) = world.runs(&facts)
    {
        proof.fail(&shown(path), Some(path.clone()), problem, running.step(), weight);
    }
}

#[cfg(test)]
mod tests {
    use crate::linkage::testing::{Sample, file, library, program};

    fn node() -> Sample {
        Sample::with_libc()
            .and("usr/bin/node", program(&["libc.so.6"]))
            .and("app/package.json", file("{}"))
            .and("app/src/main.js", file("x"))
            .starting(&["/usr/bin/node", "--enable-source-maps", "-r", "dotenv", "/app/src/main"])
    }

    #[test]
    fn node_needs_its_script_and_add_ons_for_this_machine() {
        let arm = || library(&[]).with(|facts| facts.machine = 183);
        assert_eq!(node().findings(), Vec::<String>::new());
        assert_eq!(
            node().starting(&["/usr/bin/node", "/app/gone.js"]).findings(),
            ["/app/gone.js is not in the image [entrypoint > /usr/bin/node]"]
        );
        assert_eq!(node().starting(&["/usr/bin/node", "-e", "1"]).findings(), Vec::<String>::new());
        for (name, sample, expected) in [
            ("fits", node().and("app/node_modules/a/build/Release/a.node", library(&["libc.so.6"])), None),
            (
                "lacks",
                node().and("app/node_modules/@x/a/build/Release/a.node", library(&["libvips.so.42"])),
                Some(
                    "/app/node_modules/@x/a/build/Release/a.node needs `libvips.so.42`, which is not in the image [entrypoint > /usr/bin/node]",
                ),
            ),
            (
                "built elsewhere",
                node().and("app/node_modules/a/build/Release/a.node", arm()),
                Some(
                    "/app/node_modules/a/build/Release/a.node is for linux/arm64, not for linux/amd64 [entrypoint > /usr/bin/node]",
                ),
            ),
            (
                "ready for several machines",
                node()
                    .and("app/node_modules/a/prebuilds/linux-arm64/a.node", arm())
                    .and(
                        "app/node_modules/a/prebuilds/linux-x64/a.musl.node",
                        library(&["libc.musl-x86_64.so.1"]),
                    )
                    .and("app/node_modules/a/prebuilds/linux-x64/a.node", library(&["libc.so.6"])),
                None,
            ),
        ] {
            let expected: Vec<&str> = expected.into_iter().collect();
            assert_eq!(sample.findings(), expected, "{name}");
        }
    }
}
