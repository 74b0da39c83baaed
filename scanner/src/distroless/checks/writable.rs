//! D09: what the program may overwrite and should not.

use std::collections::{BTreeMap, BTreeSet};

use attar_image::linkage::Credentials;
use attar_image::{Entry, Kind, Metadata, TreePath};

use super::{Draft, Findings};
use crate::distroless::verdict::Fix;
use crate::distroless::view::View;

/// Directories that libraries are loaded from.
const LIBRARIES: [&str; 7] =
    ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/libexec", "/usr/local/lib", "/usr/local/lib64"];

/// What lies in a place that must not change while the program runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Everybody,
    Program,
    SearchPath,
    Libraries,
    Settings,
}

pub(super) fn run(view: &View<'_>) -> Findings {
    let user = view.user();
    let places = Places::of(view);
    let volumes: BTreeSet<TreePath> =
        view.config().volumes.keys().filter_map(|path| view.resolve(path)).collect();
    let mut found: BTreeMap<Place, Vec<&TreePath>> = BTreeMap::new();
    for (path, entry) in view.subject.tree.iter() {
        if !matches!(entry.kind, Kind::File { .. } | Kind::Directory) {
            continue;
        }
        // A volume is mounted over it.
        if volumes.iter().any(|volume| path.starts_with(volume)) {
            continue;
        }
        if is_open(entry) {
            found.entry(Place::Everybody).or_default().push(path);
        } else if user.as_ref().is_some_and(|user| may_write(user, &entry.metadata))
            && let Some(place) = places.at(path, entry)
        {
            found.entry(place).or_default().push(path);
        }
    }
    Findings::of(found.into_iter().map(|(place, paths)| draft(place, &paths, user.as_ref())))
}

fn draft(place: Place, paths: &[&TreePath], user: Option<&Credentials>) -> Draft {
    let (first, uid) = (paths[0], user.map_or(0, |user| user.uid));
    let subject = match paths.len() {
        1 => first.to_string(),
        count => format!("{count} entries, such as {first},"),
    };
    let may = format!("may be written by user {uid}, which the program runs as");
    let (what, why) = match place {
        Place::Everybody => {
            (format!("{subject} may be written by everybody"), "any process can change it for the others")
        }
        Place::Program => (
            format!("{subject} {may}, and the entrypoint needs it"),
            "whoever breaks in can replace the program, and stays after a restart",
        ),
        Place::SearchPath => {
            (format!("{subject} {may}, on PATH"), "whoever breaks in can put programs in the place of others")
        }
        Place::Libraries => {
            (format!("{subject} {may}, where libraries are"), "whoever breaks in can put code into programs")
        }
        Place::Settings => {
            (format!("{subject} {may}, in /etc"), "whoever breaks in can change accounts and settings")
        }
    };
    let fix = match place {
        Place::Everybody => Fix::spec(format!(
            "paths: [{{path: {first}, permissions: 0755}}], or 1777 for a directory like /tmp"
        ))
        .dockerfile("COPY --chmod=755, or RUN chmod o-w in the stage it comes from"),
        _ => Fix::spec("files: without `owner`, so that root owns it; data belongs into a volume")
            .dockerfile("COPY without --chown: root owns it, the program reads it"),
    };
    Draft::fail(what, why, fix).at(paths.iter().copied())
}

/// Says whether everybody may write it. In a sticky directory only owners may remove.
fn is_open(entry: &Entry) -> bool {
    let mode = entry.metadata.mode;
    mode & 0o002 != 0 && !(entry.is_directory() && mode & 0o1000 != 0)
}

/// Says whether a user who is not root may write it. Owners may always give themselves the right.
fn may_write(user: &Credentials, metadata: &Metadata) -> bool {
    let is_member = metadata.gid == user.gid || user.groups.contains(&metadata.gid);
    user.uid != 0 && (metadata.uid == user.uid || is_member && metadata.mode & 0o020 != 0)
}

/// Where nothing may change while the program runs.
struct Places {
    programs: BTreeSet<TreePath>,
    /// Directories that hold them, and those above.
    above_programs: BTreeSet<TreePath>,
    search_path: BTreeSet<TreePath>,
    libraries: BTreeSet<TreePath>,
    /// Directories above the search path and the libraries.
    above: BTreeSet<TreePath>,
}

impl Places {
    fn of(view: &View<'_>) -> Self {
        let programs = view.subject.start.reached.clone();
        let search_path = view.search_path();
        let listed = view.variable("LD_LIBRARY_PATH").unwrap_or_default();
        let libraries: BTreeSet<TreePath> = LIBRARIES
            .into_iter()
            .chain(listed.split([':', ';']).filter(|part| part.starts_with('/')))
            .filter_map(|path| view.resolve(path))
            .filter(|path| !path.is_root())
            .collect();
        let above_programs = programs.iter().flat_map(TreePath::ancestors).collect();
        let above = search_path.iter().chain(&libraries).flat_map(TreePath::ancestors).collect();
        Self { programs, above_programs, search_path, libraries, above }
    }

    fn at(&self, path: &TreePath, entry: &Entry) -> Option<Place> {
        let is_below = |directories: &BTreeSet<TreePath>| {
            path.ancestors().chain([path.clone()]).any(|above| directories.contains(&above))
        };
        if self.programs.contains(path) || entry.is_directory() && self.above_programs.contains(path) {
            Some(Place::Program)
        } else if is_below(&self.search_path) {
            Some(Place::SearchPath)
        } else if is_below(&self.libraries) || entry.is_directory() && self.above.contains(path) {
            Some(Place::Libraries)
        } else {
            path.components().next().filter(|first| *first == b"etc").map(|_| Place::Settings)
        }
    }
}
