//! The keys of apko: each keeps its meaning, or is refused with a reason.

use serde_json::{Value, json};

use super::{effective, fault};

/// What becomes of a key of apko.
enum Fate {
    /// It means the same: the value at this pointer of the effective spec.
    Kept(&'static str, Value),
    /// It is an error that says this.
    Refused(&'static str),
}

use Fate::{Kept, Refused};

/// Every key of apko's configuration, as a spec that uses it.
#[expect(clippy::too_many_lines, reason = "one table of fields")]
fn fields() -> Vec<(&'static str, &'static str, Fate)> {
    vec![
        (
            "contents.repositories",
            "contents: {repositories: ['https://packages.wolfi.dev/os']}",
            Refused("apk repositories are not read"),
        ),
        (
            "contents.build_repositories",
            "contents: {build_repositories: ['./packages']}",
            Refused("there is one list for all: `repositories`"),
        ),
        (
            "contents.runtime_repositories",
            "contents: {runtime_repositories: ['https://packages.wolfi.dev/os']}",
            Refused("nothing in the image installs packages"),
        ),
        ("contents.keyring", "contents: {keyring: [key.rsa.pub]}", Refused("put it there as `signed-by`")),
        (
            "contents.runtime_keyring",
            "contents: {runtime_keyring: [{name: a, content: b}]}",
            Refused("nothing in the image installs packages"),
        ),
        (
            "contents.packages",
            "contents: {packages: [busybox]}",
            Kept("/contents/packages", json!(["busybox"])),
        ),
        (
            "contents.packages",
            "contents: {packages: [a=1.2-r3]}",
            Refused("expected `name` or `name (>= version)`"),
        ),
        ("contents.packages", "contents: {packages: [zlib=1.2-r3]}", Refused("write `zlib (= 1.2-r3)`")),
        ("contents.packages", "contents: {packages: [zlib~1.2]}", Refused("Debian has no fuzzy versions")),
        ("contents.packages", "contents: {packages: [zlib<2]}", Refused("write `zlib (<< 2)`")),
        ("contents.packages", "contents: {packages: [zlib@local]}", Refused("{name: zlib, from: SUITE}")),
        ("contents.packages", "contents: {packages: ['!zlib']}", Refused("cannot take out `zlib`")),
        (
            "contents.baseimage",
            "contents: {baseimage: {image: ./base}}",
            Refused("building upon another image"),
        ),
        ("entrypoint.type", "entrypoint: {type: service-bundle}", Refused("no service supervisor")),
        (
            "entrypoint.command",
            "entrypoint: {command: /bin/app -x 'a b'}",
            Kept("/entrypoint/command", json!(["/bin/app", "-x", "a b"])),
        ),
        (
            "entrypoint.shell-fragment",
            "entrypoint: {shell-fragment: echo}",
            Refused("no shell is in the image"),
        ),
        ("entrypoint.services", "entrypoint: {services: {web: nginx}}", Refused("no service supervisor")),
        ("cmd", "cmd: serve --port 80", Kept("/cmd", json!(["serve", "--port", "80"]))),
        ("work-dir", "work-dir: /app", Kept("/work-dir", json!("/app"))),
        ("stop-signal", "stop-signal: SIGQUIT", Kept("/stop-signal", json!("SIGQUIT"))),
        ("accounts.run-as", "accounts: {run-as: 65532}", Kept("/accounts/run-as", json!("65532"))),
        (
            "accounts.users",
            "accounts: {users: [{username: a, uid: 7, gid: 8, shell: /bin/sh, homedir: /a}]}",
            Kept(
                "/accounts/users/0",
                json!({"username": "a", "uid": 7, "gid": 8, "shell": "/bin/sh", "homedir": "/a"}),
            ),
        ),
        ("accounts.users", "accounts: {users: [{username: a, uid: 0}]}", Refused("0 is root")),
        (
            "accounts.groups",
            "accounts: {groups: [{groupname: g, gid: 7, members: [a]}]}",
            Kept("/accounts/groups/0", json!({"groupname": "g", "gid": 7, "members": ["a"]})),
        ),
        ("archs", "archs: [x86_64, aarch64, armv7, amd64/v1]", Refused("expected a platform")),
        (
            "archs",
            "archs: [x86_64, aarch64, armv7, riscv64, ppc64le, s390x, x86]",
            Kept(
                "/platforms",
                json!([
                    "linux/amd64",
                    "linux/arm64",
                    "linux/arm/v7",
                    "linux/riscv64",
                    "linux/ppc64le",
                    "linux/s390x",
                    "linux/386",
                ]),
            ),
        ),
        ("archs", "archs: [amd64, arm64]", Kept("/platforms", json!(["linux/amd64", "linux/arm64"]))),
        ("archs", "archs: [all]", Refused("list the platforms you publish")),
        ("archs", "archs: [host]", Refused("depend on who builds it")),
        ("archs", "archs: [armhf]", Refused("write `linux/arm/v7`")),
        ("archs", "archs: [amd64]\nplatforms: [arm64]", Refused("`archs` and `platforms` are the same key")),
        (
            "environment",
            "environment: {A: 1.10, B: no}",
            Kept("/environment", json!({"A": "1.10", "B": "no"})),
        ),
        (
            "paths",
            "paths: [{path: /a, type: directory, uid: 5, gid: 6, permissions: 0o2755, recursive: true}]",
            Kept(
                "/paths/0",
                json!({"path": "/a", "type": "directory", "uid": 5, "gid": 6, "permissions": "2755", "recursive": true}),
            ),
        ),
        (
            "paths.source",
            "paths: [{path: /a, type: symlink, source: /b}, {path: /c, type: hardlink, source: /d}]",
            Kept("/paths/1", json!({"path": "/c", "type": "hardlink", "source": "/d"})),
        ),
        ("paths.type", "paths: [{path: /a, type: empty-file}]", Kept("/paths/0/type", json!("empty-file"))),
        (
            "paths.type",
            "paths: [{path: /a, type: permissions, permissions: 0o755}]",
            Kept("/paths/0/permissions", json!("0755")),
        ),
        ("annotations", "annotations: {a: 1}", Kept("/annotations", json!({"a": "1"}))),
        ("vcs-url", "vcs-url: https://example.org/a@b", Refused("git is never asked")),
        ("volumes", "volumes: [/data]", Kept("/volumes", json!(["/data"]))),
        ("include", "include: ~", Refused("has no value")),
        (
            "layering",
            "layering: {strategy: origin, budget: 7}",
            Kept("/layering", json!({"strategy": "origin", "budget": 7})),
        ),
        ("format", "format: erofs", Refused("layers are always tar")),
        (
            "certificates.additional",
            "certificates: {additional: [{name: a, content: '-----BEGIN CERTIFICATE----- -----END CERTIFICATE-----'}]}",
            Kept("/certificates/additional/0/name", json!("a")),
        ),
        (
            "certificates.providers",
            "certificates: {providers: [ca-corporate]}",
            Kept("/certificates/providers", json!(["ca-corporate"])),
        ),
    ]
}

#[test]
fn every_key_keeps_its_meaning_or_is_refused_with_a_reason() {
    for (field, text, fate) in fields() {
        match fate {
            Kept(pointer, expected) => {
                let spec = serde_json::to_value(effective(text).spec).expect("a spec is JSON");
                assert_eq!(spec.pointer(pointer), Some(&expected), "{field}: {text}");
            }
            Refused(reason) => {
                let said = fault(text);
                assert!(said.contains(reason), "{field}: {text}\n{said}");
            }
        }
    }
}
