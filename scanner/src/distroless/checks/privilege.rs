//! D08: files that give rights: setuid, setgid, capabilities, and programs made for that.

use attar_image::Entry;

use super::tools::{Tools, draft, hits};
use super::{CheckId, Draft, Findings, Spot};
use crate::distroless::verdict::{Fix, Severity};
use crate::distroless::view::{View, is_executable};

const PRIVILEGE: Tools = Tools {
    check: CheckId::D08,
    what: "a program that changes the user",
    why: "rights are given when the container starts, not taken inside it",
    anywhere: &[
        "sudo",
        "sudoedit",
        "doas",
        "gosu",
        "su-exec",
        "pkexec",
        "setpriv",
        "runuser",
        "newgrp",
        "nsenter",
        "unshare",
        "setcap",
        "capsh",
        "newuidmap",
        "newgidmap",
    ],
    among_programs: &["su", "sg", "chroot"],
};

const WHY: &str = "whoever starts it gets rights that the program does not have";

pub(super) fn run(view: &View<'_>) -> Findings {
    let found = hits(view, &PRIVILEGE);
    let mut drafts: Vec<Draft> = found.iter().map(|hit| draft(view, &PRIVILEGE, hit)).collect();
    for (path, entry) in view.subject.tree.iter() {
        if let Some(right) = right(entry) {
            let mode = entry.metadata.mode & 0o777;
            let fix = Fix::spec(format!("paths: [{{path: {path}, type: permissions, permissions: 0{mode:o}}}], or without: {{paths: [{path}]}}"))
                .dockerfile(format!("RUN chmod a-s {path} in the stage it comes from"));
            drafts.push(Draft::fail(format!("{path} {right}"), WHY, fix).at([path]));
        }
    }
    for hidden in view.subject.hidden {
        let Some(right) = right(&hidden.entry) else { continue };
        let (layer, killer) = (hidden.layer + 1, hidden.killer + 1);
        let what = format!("{} {right}, in layer {layer}, hidden by layer {killer}", hidden.path);
        let why = "no container sees it, but it is part of the image, and scanners report it";
        let fix = Fix::spec("build the image anew: attar's layers hide nothing")
            .dockerfile("do not add it, or build the last stage FROM scratch and COPY --from");
        let spot = Spot {
            path: hidden.path.clone(),
            bytes: None,
            layer: Some(hidden.layer),
            hidden_by: Some(hidden.killer),
        };
        let draft = Draft::fail(what, why, fix).with_severity(Severity::Warning);
        drafts.push(Draft { places: vec![spot], ..draft });
    }
    Findings::among_programs(drafts, view)
}

/// Says what right a file gives, if it gives one.
fn right(entry: &Entry) -> Option<&'static str> {
    entry.content()?;
    if entry.metadata.xattrs.contains_key(&b"security.capability"[..]) {
        return Some("has capabilities");
    }
    // The kernel heeds the bits of files that somebody may execute, and setgid of these to the group.
    match entry.metadata.mode {
        _ if !is_executable(entry) => None,
        mode if mode & 0o6000 == 0o6000 => Some("is setuid and setgid"),
        mode if mode & 0o4000 != 0 => Some("is setuid"),
        mode if mode & 0o2000 != 0 => Some("is setgid"),
        _ => None,
    }
}
