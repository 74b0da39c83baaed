//! Keys that other tools have and a spec has not, each with the reason.

/// Returns why a key has no meaning here, if another tool gives it one.
pub(crate) fn reason(object: &str, key: &str) -> Option<&'static str> {
    let table = match object {
        "Spec" | "File" | "Variant" => SPEC,
        "Contents" => CONTENTS,
        "EntrypointCommand" => ENTRYPOINT,
        _ => &[],
    };
    table.iter().find(|(name, _)| *name == key).map(|(_, reason)| *reason)
}

const SPEC: &[(&str, &str)] = &[
    ("base", "`base` is reserved: building upon another image comes later"),
    (
        "vcs-url",
        "git is never asked, since the digest would change with each commit: say what you want to publish in \
         `annotations`, as `org.opencontainers.image.source` and `org.opencontainers.image.revision`",
    ),
    ("format", "layers are always tar; `compression` says how they are compressed"),
];

const CONTENTS: &[(&str, &str)] = &[
    (
        "build_repositories",
        "no repository is ever written into the image, so there is one list for all: `repositories`",
    ),
    ("runtime_repositories", "nothing in the image installs packages, so no repository is written into it"),
    ("keyring", "a key speaks for one repository: put it there as `signed-by`"),
    ("runtime_keyring", "nothing in the image installs packages, so no key is written into it"),
    ("baseimage", "building upon another image comes later"),
];

const ENTRYPOINT: &[(&str, &str)] = &[
    ("type", "there is one type of entrypoint, the program itself: no service supervisor is added"),
    ("services", "no service supervisor is added: one container, one program"),
    ("shell-fragment", "no shell is in the image to run it: name the program and its arguments in `command`"),
];
