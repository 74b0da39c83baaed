//! Which package has what is missing: one that the spec leaves out, or one of the archives.

use std::collections::BTreeMap;

use attar_image::TreePath;
use attar_image::linkage::{Finding, Problem};
use attar_packages::debian::contents;
use attar_packages::debian::maintenance::clause_serves_scripts_only;
use attar_packages::debian::relation::parse_relations;

use super::missing_file;
use super::report::Remedy;
use crate::build::explain::{field, provides};
use crate::build::image::Made;
use crate::context::Context;
use crate::event::Event;
use crate::images::{Images, architecture};
use crate::repository::search::{self, Answer, Query};
use crate::rootfs::Owner;

/// Searches of the archives for one failed build at most: each reads long lists.
const MAX_SEARCHES: usize = 5;

/// What the spec leaves out, so that something is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Dropped {
    /// A file of a package that is in the image.
    File {
        /// The package.
        package: String,
        /// The file.
        path: TreePath,
    },
    /// A package that a package of the image depends on.
    Package {
        /// The package that depends on it.
        dependent: String,
        /// What would satisfy the dependency.
        candidates: Vec<String>,
    },
}

/// Finds out whether something is missing because the spec leaves it out.
pub(super) fn dropped(made: &Made, finding: &Finding) -> Option<Dropped> {
    let file = missing_file(&finding.problem)?;
    let parts = || made.rootfs.packages.iter().zip(&made.packages);
    for (part, (record, _)) in parts() {
        let has = record.entries.iter().map(crate::record::RecordEntry::path);
        if let Some(path) = has
            .into_iter()
            .find(|path| path.file_name() == file.as_bytes() && path_fits(path, &finding.problem))
        {
            return Some(Dropped::File { package: part.name.clone(), path });
        }
    }
    let Owner::Package(number) = *made.rootfs.owners.get(finding.path.as_ref()?)? else { return None };
    let (dependent, record) = (&made.rootfs.packages.get(number)?.name, &made.packages.get(number)?.0);
    let mut candidates = Vec::new();
    for name in ["Pre-Depends", "Depends"] {
        let clauses = field(record, name).and_then(|text| parse_relations(text).ok()).unwrap_or_default();
        for clause in clauses {
            let is_there = clause.alternatives.iter().any(|relation| {
                parts().any(|(part, (record, _))| {
                    part.name == *relation.name || provides(record, &relation.name)
                })
            });
            if !is_there && clause_serves_scripts_only(dependent, &clause).is_none() {
                candidates.extend(clause.alternatives.iter().map(|relation| relation.name.to_string()));
            }
        }
    }
    (!candidates.is_empty()).then(|| Dropped::Package { dependent: dependent.clone(), candidates })
}

/// Says whether a file of a package is the one that is missing, and not only of the same name.
fn path_fits(path: &TreePath, problem: &Problem) -> bool {
    match problem {
        Problem::Interpreter(wanted)
        | Problem::ScriptInterpreter(wanted)
        | Problem::Part { path: wanted, .. } => {
            // Packages may still spell `/lib64` what the image has in `/usr`.
            let end = |text: &str| text.rsplit('/').take(2).collect::<Vec<_>>().join("/");
            end(&path.to_string()) == end(wanted)
        }
        Problem::NotInPath { .. } => path.parent().is_some_and(|parent| parent.file_name().ends_with(b"bin")),
        _ => true,
    }
}

/// Finds remedies, and remembers what was searched for.
pub(super) struct Remedies<'a> {
    context: &'a Context,
    images: &'a Images,
    searched: BTreeMap<(contents::Query, String), Vec<String>>,
}

impl<'a> Remedies<'a> {
    pub(super) fn new(context: &'a Context, images: &'a Images) -> Self {
        Self { context, images, searched: BTreeMap::new() }
    }

    /// Says what would help against a finding.
    pub(super) fn find(&mut self, made: &Made, finding: &Finding, dropped: Option<&Dropped>) -> Remedy {
        match dropped {
            Some(Dropped::File { package, path }) => {
                return Remedy::KeepFile { package: package.clone(), path: path.to_string() };
            }
            Some(Dropped::Package { dependent, candidates }) => {
                let missing = missing_file(&finding.problem).unwrap_or_default();
                let package = nearest(missing, candidates).to_owned();
                return Remedy::KeepPackage { package, dependent: dependent.clone() };
            }
            None => {}
        }
        let Some((query, what)) = query(&finding.problem) else { return Remedy::Unknown };
        if let Problem::Interpreter(path) = &finding.problem
            && let Some(package) = of_linker(path)
        {
            return Remedy::Add { packages: vec![package.to_owned()] };
        }
        match self.search(made, query) {
            Some(packages) if !packages.is_empty() => Remedy::Add { packages },
            Some(_) => Remedy::Unknown,
            None => Remedy::Search { what },
        }
    }

    /// Returns the packages that have a file; `None` when the archives cannot be asked.
    fn search(&mut self, made: &Made, query: contents::Query) -> Option<Vec<String>> {
        let key = (query.clone(), made.platform.clone());
        if let Some(known) = self.searched.get(&key) {
            return Some(known.clone());
        }
        if self.searched.len() >= MAX_SEARCHES {
            return None;
        }
        let effective = self.images.image(&made.variant, &made.platform)?;
        let architecture = architecture(&made.platform)?;
        self.context
            .events
            .send(Event::Stage(String::from("looking for packages that have what is missing")));
        let request = search::Request {
            repositories: &effective.spec.contents.repositories,
            directory: &|_| effective.directory.clone(),
            architectures: &[architecture],
            query: &Query::File(query),
            limit: 20,
        };
        let Ok(Answer::Files { files, .. }) = search::search(self.context, &request) else { return None };
        let mut packages: Vec<String> = Vec::new();
        for hit in files {
            if !packages.contains(&hit.package) {
                packages.push(hit.package);
            }
        }
        packages.truncate(3);
        self.searched.insert(key, packages.clone());
        Some(packages)
    }
}

/// Returns what to search for, and how a user would type it.
fn query(problem: &Problem) -> Option<(contents::Query, String)> {
    let path = |path: &str| Some((contents::Query::Path(path.as_bytes().to_vec()), path.to_owned()));
    match problem {
        Problem::Library { soname, elsewhere: None } => {
            Some((contents::Query::Soname(soname.as_bytes().to_vec()), soname.clone()))
        }
        Problem::Interpreter(wanted)
        | Problem::ScriptInterpreter(wanted)
        | Problem::Part { path: wanted, .. } => path(wanted),
        Problem::NotInPath { name, .. } => path(&format!("/usr/bin/{name}")),
        _ => None,
    }
}

/// Returns the package of a dynamic linker, without a search: it is what people miss first.
fn of_linker(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next()?;
    match name {
        _ if name.starts_with("ld-musl-") => Some("musl"),
        _ if name.starts_with("ld-linux") || name.starts_with("ld64.so") || name == "ld.so.1" => {
            Some("libc6")
        }
        _ => None,
    }
}

/// Returns the package whose name is most like that of a library.
fn nearest<'a>(library: &str, packages: &'a [String]) -> &'a str {
    let letters = |text: &str| -> Vec<char> {
        text.replace(".so", "").to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect()
    };
    let wanted = letters(library);
    let common = |package: &&String| wanted.iter().zip(letters(package)).take_while(|(a, b)| *a == b).count();
    // Of equals the first, as the dependency names it.
    packages.iter().rev().max_by_key(common).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_in_the_package_of_its_name() {
        let packages = ["libldap2", "libllvm19", "libxml2"].map(String::from);
        for (library, expected) in
            [("libLLVM.so.19.1", "libllvm19"), ("libxml2.so.2", "libxml2"), ("liblber.so.2", "libldap2")]
        {
            assert_eq!(nearest(library, &packages), expected, "{library}");
        }
    }

    #[test]
    fn dynamic_linkers_are_known_without_a_search() {
        for (path, package) in [
            ("/lib64/ld-linux-x86-64.so.2", Some("libc6")),
            ("/lib/ld-linux-aarch64.so.1", Some("libc6")),
            ("/lib/ld-musl-x86_64.so.1", Some("musl")),
            ("/opt/ld.so", None),
        ] {
            assert_eq!(of_linker(path), package, "{path}");
        }
    }
}
