//! The foundation: what a program that needs nothing else still needs.
//!
//! `foundation: static` brings the `/usr` links and os-release, the certificate bundle, time zones,
//! names of services and media types, `/tmp`, homes, and how names are looked up. Its packages are
//! taken alone, in part, and without their relations: a complete solve of them pulls debconf,
//! openssl and awk.

pub mod certificates;
pub mod keystore;
mod x509;

use attar_image::{FileTree, TreePath};

use crate::effects::{Addition, Outcome, known};

/// The packages of `foundation: static`, by name.
pub const PACKAGES: [&str; 5] = ["base-files", "ca-certificates", "media-types", "netbase", "tzdata"];

/// The environment every image on the foundation has unless the spec says otherwise.
pub const ENVIRONMENT: [(&str, &str); 2] = [
    ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"),
];

/// How names are looked up. The C library's own default asks services that an image lacks.
const NSSWITCH: &str = "\
passwd:         compat
group:          compat
shadow:         compat
gshadow:        files

hosts:          files dns
networks:       files

protocols:      db files
services:       db files
ethers:         db files
rpc:            db files

netgroup:       nis
";

/// Says whether a path belongs to the part of a foundation package that the foundation takes.
///
/// Holds for packages that are there for the foundation alone: one that the spec names, or that
/// another package depends on, comes whole. Copyright files always stay.
pub fn keeps(package: &str, path: &TreePath) -> bool {
    let bytes = path.as_bytes();
    let copyright = format!("usr/share/doc/{package}/copyright");
    if bytes == copyright.as_bytes() {
        return true;
    }
    match package {
        "base-files" => {
            matches!(
                bytes,
                b"bin" | b"sbin" | b"etc/os-release" | b"usr/lib/os-release" | b"etc/debian_version"
            ) || bytes.starts_with(b"lib") && !bytes.contains(&b'/')
        }
        // The certificates become the bundle; singly they are of use to `update-ca-certificates` alone.
        "ca-certificates" => false,
        "tzdata" => bytes.starts_with(b"usr/share/zoneinfo/"),
        "media-types" | "netbase" => bytes.starts_with(b"etc/"),
        _ => true,
    }
}

/// Returns what the foundation makes besides its packages: the directories and `nsswitch.conf`.
///
/// Homes come with the [accounts](crate::effects::accounts), the bundle from [`certificates`].
pub fn outcome(tree: &FileTree) -> Outcome {
    let because = "foundation";
    let mut outcome = Outcome::default();
    for (path, mode) in [("home", 0o755), ("root", 0o700), ("tmp", 0o1777)] {
        outcome.additions.push(Addition::directory(known(path), mode, (0, 0), because));
    }
    let nsswitch = known("etc/nsswitch.conf");
    if !tree.contains(&nsswitch) {
        let text = NSSWITCH.as_bytes().to_vec();
        outcome.additions.push(Addition::file(nsswitch, text, 0o644, (0, 0), because));
    }
    outcome
}

/// Returns the links that merge `/bin`, `/sbin`, `/lib` and the architecture's library directory
/// into `/usr`, whatever the suite, with the foundation or without it.
///
/// `architecture` is Debian's name. Only links whose directory the tree has, or that are `bin`, `sbin`
/// and `lib`, are made: nothing starts without them, and a link to nowhere helps nobody.
pub fn usr_links(architecture: &str, tree: &FileTree) -> Vec<Addition> {
    // The dynamic linker of these architectures is found by way of `/lib64`.
    let has_lib64 = matches!(architecture, "amd64" | "loong64" | "mips64el" | "ppc64el");
    let is_used = |name: &str| {
        let target = known(&format!("usr/{name}"));
        tree.contains(&target) || tree.below(&target).next().is_some()
    };
    let mut names = vec!["bin", "lib"];
    let others = ["lib32", "lib64", "libo32", "libx32"];
    names.extend(others.into_iter().filter(|name| is_used(name) || *name == "lib64" && has_lib64));
    names.push("sbin");
    let links = names
        .into_iter()
        .map(|name| Addition::symlink(known(name), format!("usr/{name}").as_bytes(), "/usr is merged"));
    links.collect()
}

#[cfg(test)]
mod tests {
    use attar_image::Entry;

    use super::*;

    fn listing(additions: Vec<Addition>) -> String {
        additions
            .into_iter()
            .map(|addition| (addition.path, addition.entry))
            .collect::<FileTree>()
            .to_string()
    }

    #[test]
    fn parts_of_packages() {
        for (package, path, expected) in [
            ("base-files", "/bin", true),
            ("base-files", "/lib64", true),
            ("base-files", "/usr/lib/os-release", true),
            ("base-files", "/usr/lib", false),
            ("base-files", "/usr/share/common-licenses/GPL-3", false),
            ("base-files", "/usr/share/doc/base-files/copyright", true),
            ("base-files", "/usr/share/doc/base-files/README", false),
            ("ca-certificates", "/usr/share/ca-certificates/mozilla/x.crt", false),
            ("ca-certificates", "/usr/share/doc/ca-certificates/copyright", true),
            ("tzdata", "/usr/share/zoneinfo/Europe/Vienna", true),
            ("tzdata", "/usr/share/doc/tzdata/changelog.gz", false),
            ("netbase", "/etc/services", true),
            ("media-types", "/usr/share/bug/media-types/presubj", false),
            ("curl", "/usr/share/doc/curl/README", true),
        ] {
            assert_eq!(keeps(package, &known(path)), expected, "{package}: {path}");
        }
    }

    #[test]
    fn directories_and_lookups() {
        insta::assert_snapshot!(listing(outcome(&FileTree::new()).additions), @r"
        -0644 0:0 262 946684800 /etc/nsswitch.conf
        d0755 0:0 - 946684800 /home
        d0700 0:0 - 946684800 /root
        d1777 0:0 - 946684800 /tmp
        ");
    }

    #[test]
    fn links_by_architecture() {
        let directory = || Entry::directory(attar_image::Metadata::root(0o755, 0));
        let tree: FileTree = [(known("usr/lib32"), directory())].into_iter().collect();
        insta::assert_snapshot!(listing(usr_links("amd64", &tree)), @r"
        l0777 0:0 - 946684800 /bin -> usr/bin
        l0777 0:0 - 946684800 /lib -> usr/lib
        l0777 0:0 - 946684800 /lib32 -> usr/lib32
        l0777 0:0 - 946684800 /lib64 -> usr/lib64
        l0777 0:0 - 946684800 /sbin -> usr/sbin
        ");
        insta::assert_snapshot!(listing(usr_links("arm64", &FileTree::new())), @r"
        l0777 0:0 - 946684800 /bin -> usr/bin
        l0777 0:0 - 946684800 /lib -> usr/lib
        l0777 0:0 - 946684800 /sbin -> usr/sbin
        ");
    }
}
