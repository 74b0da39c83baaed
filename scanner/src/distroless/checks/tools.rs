//! D03, D04 and what other checks share: programs by their names, and by what is in them.

use attar_image::TreePath;

use super::{CheckId, Draft, Findings};
use crate::distroless::verdict::Fix;
use crate::distroless::view::{Program, View};

/// Programs that one check looks for.
pub(super) struct Tools {
    pub(super) check: CheckId,
    /// What one is, with its article.
    pub(super) what: &'static str,
    pub(super) why: &'static str,
    /// Names that mean it wherever they stand.
    pub(super) anywhere: &'static [&'static str],
    /// Names that mean it among programs only: in directories of `PATH`, and those called `bin`.
    pub(super) among_programs: &'static [&'static str],
}

/// A program that a check was looking for.
pub(super) struct Hit<'a> {
    pub(super) program: &'a Program,
    /// Its usual name.
    pub(super) name: String,
    /// The path that gave it away.
    pub(super) path: &'a TreePath,
    /// Another name hides what it is.
    pub(super) is_renamed: bool,
}

const PACKAGE_MANAGERS: Tools = Tools {
    check: CheckId::D03,
    what: "a package manager",
    why: "whoever breaks in can install what is missing",
    anywhere: &[
        "apt",
        "apt-get",
        "apt-cache",
        "aptitude",
        "dpkg",
        "dpkg-deb",
        "dpkg-split",
        "dpkg-query",
        "apk",
        "rpm",
        "rpm2cpio",
        "dnf",
        "dnf5",
        "microdnf",
        "yum",
        "tdnf",
        "zypper",
        "pacman",
        "nix",
        "nix-env",
        "snap",
        "flatpak",
        "opkg",
        "xbps-install",
        "emerge",
        "brew",
        "pip",
        "pipx",
        "uv",
        "poetry",
        "npm",
        "npx",
        "corepack",
        "yarn",
        "pnpm",
        "bundle",
        "conda",
        "mamba",
        "micromamba",
        "cargo",
        "composer",
        "luarocks",
        "cpan",
        "easy_install",
        "vcpkg",
        "conan",
    ],
    among_programs: &["gem", "nuget", "mix", "rebar3", "stack", "cabal", "opam", "pear", "pecl"],
};

const NETWORK_CLIENTS: Tools = Tools {
    check: CheckId::D04,
    what: "a program that fetches from the network, or talks to it",
    why: "whoever breaks in can bring tools, and carry data out",
    anywhere: &[
        "curl",
        "wget",
        "wget2",
        "ncat",
        "netcat",
        "nc.openbsd",
        "nc.traditional",
        "socat",
        "ssh",
        "scp",
        "sftp",
        "sshd",
        "ssh-keyscan",
        "rsync",
        "telnet",
        "tftp",
        "tnftp",
        "lftp",
        "ncftp",
        "aria2c",
        "axel",
        "git",
        "git-remote-http",
        "lynx",
        "links",
        "elinks",
        "w3m",
        "openssl",
        "gnutls-cli",
        "xh",
        "hurl",
        "rclone",
        "s3cmd",
        "dropbear",
        "dbclient",
        "nmap",
        "hg",
        "svn",
    ],
    among_programs: &[
        "nc", "ftp", "http", "https", "rsh", "rlogin", "rcp", "aria2", "dig", "nslookup", "host", "whois",
    ],
};

pub(super) fn package_managers(view: &View<'_>) -> Findings {
    find(view, &PACKAGE_MANAGERS)
}

pub(super) fn network_clients(view: &View<'_>) -> Findings {
    find(view, &NETWORK_CLIENTS)
}

/// Finds programs, each of which is a failure.
pub(super) fn find(view: &View<'_>, tools: &Tools) -> Findings {
    let hits = hits(view, tools);
    Findings::among_programs(hits.iter().map(|hit| draft(view, tools, hit)).collect(), view)
}

pub(super) fn draft(view: &View<'_>, tools: &Tools, hit: &Hit<'_>) -> Draft {
    let Hit { program, name, path, is_renamed } = hit;
    let what = match is_renamed {
        true => format!("{path} is {name} under another name, {}", tools.what),
        false => format!("{path} is {}", tools.what),
    };
    Draft::fail(what, tools.why, removal(view, program)).at(program.paths())
}

/// Finds programs. Those of a multi-call program are left to D01 and D02.
pub(super) fn hits<'a>(view: &'a View<'_>, tools: &Tools) -> Vec<Hit<'a>> {
    let directories = view.search_path();
    let is_among_programs = |path: &TreePath| {
        let directory = path.parent().unwrap_or_default();
        matches!(directory.file_name(), b"bin" | b"sbin" | b"libexec") || directories.contains(&directory)
    };
    let named = |path: &TreePath| {
        let name = std::str::from_utf8(path.file_name()).ok()?;
        let plain = plain_name(name);
        let is_in = |list: &[&str]| list.contains(&name) || list.contains(&plain);
        let fits = is_in(tools.anywhere) || is_in(tools.among_programs) && is_among_programs(path);
        fits.then(|| name.to_owned())
    };
    let hit = |program: &'a Program| {
        if program.multicall().is_some() {
            return None;
        }
        if let Some((path, name)) = program.paths().find_map(|path| Some((path, named(path)?))) {
            return Some(Hit { program, name, path, is_renamed: false });
        }
        let name = program.identity(tools.check)?.name.to_owned();
        Some(Hit { program, name, path: program.files.first()?, is_renamed: true })
    };
    view.programs().list.iter().filter_map(hit).collect()
}

/// Takes the machine before and the version behind a name away: `x86_64-linux-gnu-gcc-14` is `gcc`.
pub(super) fn plain_name(name: &str) -> &str {
    let name = name.find("-linux-gnu").map_or(name, |at| {
        let rest = &name[at + "-linux-gnu".len()..];
        rest.split_once('-').map_or(name, |(_, rest)| rest)
    });
    let plain = name.trim_end_matches(|letter: char| letter.is_ascii_digit() || matches!(letter, '.' | '-'));
    if plain.is_empty() { name } else { plain }
}

/// Says how a program is kept out.
pub(super) fn removal(view: &View<'_>, program: &Program) -> Fix {
    let Some(first) = program.files.first() else { return Fix::default() };
    let paths: Vec<String> = program.paths().take(4).map(ToString::to_string).collect();
    let paths = paths.join(", ");
    let spec = match view.subject.origins.package(first) {
        Some(package) => {
            format!("without: {{packages: [{package}]}}, or of it without: {{paths: [{paths}]}}")
        }
        None => format!("without: {{paths: [{paths}]}}, or leave it out of files"),
    };
    Fix::spec(spec).dockerfile("copy into the last stage only what the program needs (COPY --from)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_and_versions_are_no_part_of_a_name() {
        for (name, plain) in [
            ("gcc-14", "gcc"),
            ("x86_64-linux-gnu-gcc-14", "gcc"),
            ("aarch64-linux-gnu-ld.bfd", "ld.bfd"),
            ("arm-linux-gnueabihf-as", "as"),
            ("python3.13", "python"),
            ("pip3", "pip"),
            ("7", "7"),
            ("nc.openbsd", "nc.openbsd"),
        ] {
            assert_eq!(plain_name(name), plain);
        }
    }
}
