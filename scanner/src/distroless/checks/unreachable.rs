//! D12: programs and libraries that the entrypoint does not reach.

use attar_image::{Entry, TreePath};

use super::{Budget, Draft, Findings, Spot};
use crate::distroless::verdict::Fix;
use crate::distroless::view::View;
use crate::distroless::{Profile, Rules};

/// What may be there unreached before it is worth a warning.
const DEFAULT: u64 = 16 << 20;

pub(super) fn budget(rules: &Rules) -> Budget {
    match (rules.limits.unreachable, rules.profile) {
        (Some(bytes), _) => Budget { bytes, is_set: true },
        // A base for static programs has no code at all.
        (None, Profile::Static) => Budget { bytes: 0, is_set: true },
        (None, _) => Budget { bytes: DEFAULT, is_set: false },
    }
}

pub(super) fn run(view: &View<'_>) -> Findings {
    let reached = &view.subject.start.reached;
    if reached.is_empty() && view.rules.profile != Profile::Static {
        return Findings::NotApplicable("the image starts nothing, so nothing can be reached".to_owned());
    }
    if view.programs().list.iter().any(|program| program.is_reached && super::shell::is_shell(program)) {
        let why = "the entrypoint starts a shell, which starts what it is told";
        return Findings::NotApplicable(why.to_owned());
    }
    let code = view.subject.tree.iter().filter(|(path, _)| !reached.contains(*path));
    let places: Vec<Spot> = code
        .filter(|(path, entry)| is_code(view, path, entry))
        .map(|(path, entry)| Spot {
            path: path.clone(),
            bytes: entry.content().map(|content| content.size),
            layer: None,
            hidden_by: None,
        })
        .collect();
    if places.is_empty() {
        return Findings::of([]);
    }
    let bytes: u64 = places.iter().filter_map(|place| place.bytes).sum();
    let what = format!(
        "{} programs and libraries with {} are not reached from the entrypoint",
        places.len(),
        super::size::shown(bytes)
    );
    let fix = Fix::spec("without: {packages: […], paths: […]}, for what is never used; what is opened by name at run time is not known and may be listed too")
        .dockerfile("copy into the last stage only what the program needs (COPY --from)");
    let draft = Draft::fail(what, "code that never runs is there to be attacked, and to be patched", fix);
    Findings::of([Draft { places, ..draft }])
}

/// Says whether a file is machine code, by its first bytes where they are known, else by its name.
fn is_code(view: &View<'_>, path: &TreePath, entry: &Entry) -> bool {
    let Some(content) = entry.content().filter(|content| content.size > 0) else { return false };
    let name = path.file_name();
    let is_library = name.ends_with(b".so") || memchr::memmem::find(name, b".so.").is_some();
    let is_executable = crate::distroless::view::is_executable(entry);
    match view.marks(&content) {
        Some(marks) => marks.format == crate::distroless::Format::Elf && (is_library || is_executable),
        None => is_library || is_executable && view.subject.evidence.elf(path, &content).is_some(),
    }
}
