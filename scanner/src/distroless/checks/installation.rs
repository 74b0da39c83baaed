//! D07: what only works while packages are installed, and what manages services.

use super::tools::{Tools, draft, hits};
use super::{CheckId, Draft, Findings};
use crate::distroless::Profile;
use crate::distroless::verdict::Fix;
use crate::distroless::view::{Program, View};

const INSTALLATION: Tools = Tools {
    check: CheckId::D07,
    what: "a tool for installing or for managing services",
    why: "its work was done when the image was made, and the entrypoint does not reach it",
    anywhere: &[
        "ldconfig",
        "ldconfig.real",
        "update-ca-certificates",
        "update-alternatives",
        "update-passwd",
        "adduser",
        "addgroup",
        "deluser",
        "delgroup",
        "useradd",
        "userdel",
        "usermod",
        "groupadd",
        "groupdel",
        "groupmod",
        "chpasswd",
        "chgpasswd",
        "newusers",
        "vipw",
        "vigr",
        "pwconv",
        "pwunconv",
        "grpconv",
        "grpunconv",
        "debconf",
        "debconf-set-selections",
        "debconf-communicate",
        "dpkg-divert",
        "dpkg-statoverride",
        "dpkg-trigger",
        "dpkg-reconfigure",
        "dpkg-preconfigure",
        "dpkg-maintscript-helper",
        "dpkg-realpath",
        "deb-systemd-helper",
        "deb-systemd-invoke",
        "invoke-rc.d",
        "update-rc.d",
        "systemctl",
        "systemd",
        "systemd-tmpfiles",
        "systemd-sysusers",
        "journalctl",
        "openrc",
        "openrc-run",
        "rc-service",
        "cron",
        "crond",
        "crontab",
        "anacron",
        "logrotate",
        "start-stop-daemon",
        "update-locale",
        "locale-gen",
        "localedef",
        "add-shell",
        "remove-shell",
        "update-shells",
        "ucf",
        "run-parts",
        "ischroot",
        "installkernel",
        "update-initramfs",
        "mkhomedir_helper",
        "pam-auth-update",
        "select-editor",
        "iconvconfig",
        "tzconfig",
        "update-mime",
        "update-icon-caches",
        "fc-cache",
        "gdk-pixbuf-query-loaders",
        "glib-compile-schemas",
        "py3compile",
        "py3clean",
        "py3versions",
    ],
    among_programs: &[
        "service", "init", "telinit", "runlevel", "shutdown", "reboot", "halt", "poweroff", "at", "chsh",
        "chfn", "passwd",
    ],
};

/// Ends of the names of maintainer scripts.
const SCRIPTS: [&[u8]; 5] = [b".preinst", b".postinst", b".prerm", b".postrm", b".config"];

pub(super) fn run(view: &View<'_>) -> Findings {
    let found = hits(view, &INSTALLATION);
    let tools = found.iter().filter_map(|hit| match (hit.program.is_reached, view.rules.profile) {
        (false, _) => Some(draft(view, &INSTALLATION, hit)),
        (true, Profile::Init) => {
            let why = Some("an init container prepares with it, and ends");
            Some(draft(view, &INSTALLATION, hit).permitted(why))
        }
        (true, _) => None,
    });
    let mut drafts: Vec<Draft> = tools.collect();
    let scripts: Vec<&Program> =
        view.programs().list.iter().filter(|program| is_maintainer_script(program)).collect();
    if let [first, ..] = &scripts[..] {
        let what = match (scripts.len(), first.files.first()) {
            (1, Some(path)) => format!("{path} is a maintainer script"),
            (count, Some(path)) => format!("{count} maintainer scripts, such as {path}"),
            (_, None) => String::from("maintainer scripts"),
        };
        let fix = Fix::spec("without: {paths: [\"/var/lib/dpkg/info/**\"]}: attar writes status.d instead")
            .dockerfile("copy into the last stage only what the program needs (COPY --from)");
        let why = "its work was done when the image was made";
        drafts.push(Draft::fail(what, why, fix).at(scripts.iter().flat_map(|script| &script.files)));
    }
    Findings::among_programs(drafts, view)
}

fn is_maintainer_script(program: &Program) -> bool {
    program.is_script
        && program.files.iter().all(|path| {
            path.as_bytes().starts_with(b"var/lib/dpkg/info/")
                && SCRIPTS.iter().any(|end| path.file_name().ends_with(end))
        })
}
