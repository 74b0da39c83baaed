//! D02: programs that are many tools in one file: busybox, toybox, coreutils in one.

use super::{CheckId, Draft, Findings};
use crate::distroless::Profile;
use crate::distroless::view::{Program, View};

const NAMES: [&str; 5] = ["busybox", "toybox", "coreutils", "sbase-box", "busybox-static"];

/// Tools worth a mention among those that a multi-call program goes by.
const NOTABLE: [&str; 14] = [
    "wget",
    "nc",
    "telnet",
    "su",
    "dpkg",
    "rpm",
    "ftpget",
    "tftp",
    "ssl_client",
    "httpd",
    "adduser",
    "awk",
    "vi",
    "chroot",
];

const WHY: &str = "one file gives hundreds of tools, a shell among them";

pub(super) fn run(view: &View<'_>) -> Findings {
    let programs = view.programs().list.iter();
    Findings::among_programs(programs.filter_map(|program| draft(view, program)).collect(), view)
}

fn draft(view: &View<'_>, program: &Program) -> Option<Draft> {
    let first = program.files.first()?;
    let by_name = program.paths().find_map(|path| {
        let name = std::str::from_utf8(path.file_name()).ok()?;
        NAMES.contains(&name).then_some(name)
    });
    let what = match (program.identity(CheckId::D02), by_name) {
        (None, None) => return None,
        (None, Some(_)) if program.is_script => return None,
        (Some(identity), None) => format!("{first} is {} under another name", identity.name),
        (_, Some(name)) => format!("{first} is {name}"),
    };
    let count = program.paths().count() - 1;
    let has = |name: &&&str| program.paths().any(|path| path.file_name() == name.as_bytes());
    let notable: Vec<&str> = NOTABLE.iter().filter(has).take(5).copied().collect();
    let what = match (count, &notable[..]) {
        (0, _) => what,
        (count, []) => format!("{what}, with {count} more names"),
        (count, notable) => format!("{what}, with {count} more names, such as {}", notable.join(", ")),
    };
    let permitted = match view.rules.profile {
        Profile::Debug => Some("a debug variant has a multi-call program to look around with"),
        Profile::Init if program.is_reached => Some("an init container prepares with it, and ends"),
        _ => None,
    };
    let fix = super::tools::removal(view, program);
    Some(Draft::fail(what, WHY, fix).at(&program.files).permitted(permitted))
}
