//! D15: files that programs expect everywhere. Without one a program may start, and fail later.

use attar_image::{Kind, TreePath};

use super::{Draft, Findings};
use crate::distroless::verdict::{Fix, Severity};
use crate::distroless::view::View;

const CERTIFICATES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
];

pub(super) fn run(view: &View<'_>) -> Findings {
    let mut drafts = Vec::new();
    let mut warn = |setting: &str, what: &str, why, fix: Fix| {
        drafts.push(Draft::fail(what, why, fix).with_severity(Severity::Warning).setting(setting));
    };
    let foundation = || Fix::spec("foundation: static has it, and is the default");
    let named = view.variable("SSL_CERT_FILE").into_iter().chain(CERTIFICATES.map(str::to_owned));
    if !named.into_iter().any(|path| is_file(view, &path)) {
        let why = "programs cannot tell whom they talk to over TLS";
        let fix = foundation().dockerfile("COPY --from=… /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/");
        warn("certificates", "there are no certificates of authorities", why, fix);
    }
    if !["/usr/share/zoneinfo/UTC", "/usr/share/zoneinfo/Etc/UTC"].iter().any(|path| is_file(view, path)) {
        let why = "programs take every time zone for UTC";
        warn(
            "time-zones",
            "there are no time zones",
            why,
            foundation().dockerfile("COPY --from=… /usr/share/zoneinfo /usr/share/zoneinfo"),
        );
    }
    for (setting, path) in [("passwd", "/etc/passwd"), ("group", "/etc/group")] {
        if !is_file(view, path) {
            let why = "programs that ask who they are fail";
            warn(
                setting,
                &format!("there is no {path}"),
                why,
                foundation().dockerfile(format!("COPY {setting} {path}")),
            );
        }
    }
    let tmp = view.resolve("/tmp").and_then(|path| view.subject.tree.get(&path));
    if !tmp.is_some_and(|entry| entry.is_directory() && entry.metadata.mode & 0o7777 == 0o1777) {
        let why = "programs that make temporary files fail, or share them";
        let what = match tmp {
            None => "there is no directory /tmp",
            Some(_) => "/tmp is not open to all with the sticky bit (1777)",
        };
        let fix = Fix::spec("paths: [{path: /tmp, type: directory, permissions: 1777}]");
        warn("tmp", what, why, fix.dockerfile("COPY --chmod=1777 an empty directory to /tmp"));
    }
    if has_glibc(view) && !is_file(view, "/etc/nsswitch.conf") {
        let why = "the C library asks for names in another order than /etc/hosts first";
        warn(
            "nsswitch",
            "there is no /etc/nsswitch.conf",
            why,
            foundation().dockerfile("COPY nsswitch.conf /etc/"),
        );
    }
    if !["/etc/os-release", "/usr/lib/os-release"].iter().any(|path| is_file(view, path)) {
        let why = "scanners cannot tell which distribution's advisories count";
        warn(
            "os-release",
            "there is no /etc/os-release",
            why,
            foundation().dockerfile("COPY --from=… /etc/os-release /etc/"),
        );
    }
    Findings::of(drafts)
}

fn is_file(view: &View<'_>, path: &str) -> bool {
    let entry = view.resolve(path).and_then(|path| view.subject.tree.get(&path));
    entry.is_some_and(|entry| matches!(entry.kind, Kind::File { .. }))
}

fn has_glibc(view: &View<'_>) -> bool {
    let is_glibc = |path: &TreePath| path.file_name() == b"libc.so.6";
    view.subject.tree.iter().any(|(path, _)| is_glibc(path))
}
