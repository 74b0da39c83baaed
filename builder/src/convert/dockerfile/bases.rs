//! What is known of images that Dockerfiles begin with.

/// What stands for a base image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Base {
    /// The Debian suite.
    pub(super) suite: &'static str,
    pub(super) packages: Vec<String>,
    /// What the packages stand for, as a comment.
    pub(super) why: String,
    /// The program it starts when the Dockerfile names no other.
    pub(super) entrypoint: Vec<String>,
    /// What it starts when neither the Dockerfile nor its own entrypoint says so.
    pub(super) cmd: Vec<String>,
    /// Programs that are called by name, with their paths here.
    pub(super) programs: Vec<(&'static str, String)>,
    /// Links to make.
    pub(super) links: Vec<(&'static str, String)>,
    /// Users it has besides Debian's, with their numbers.
    pub(super) users: &'static [(&'static str, u32)],
    /// What differs and must be looked at.
    pub(super) caution: Option<String>,
}

const TRIXIE: &str = "trixie";
const BOOKWORM: &str = "bookworm";

/// Returns what stands for a base image.
pub(super) fn base(image: &str) -> Base {
    let image = image.split('@').next().unwrap_or(image);
    let slash = image.rfind('/').map_or(0, |at| at + 1);
    let (repository, tag) = match image[slash..].find(':') {
        Some(colon) => (&image[..slash + colon], &image[slash + colon + 1..]),
        None => (image, "latest"),
    };
    let repository = repository.strip_prefix("docker.io/").unwrap_or(repository);
    let repository = repository.strip_prefix("library/").unwrap_or(repository);
    let last = repository.rsplit('/').next().unwrap_or(repository);
    if let Some(name) = repository.strip_prefix("gcr.io/distroless/") {
        return distroless(name, tag);
    }
    match (repository, last) {
        ("scratch", _) => plain(TRIXIE, &[], "`scratch` has nothing: the foundation alone is here."),
        ("cgr.dev/chainguard/static", _) => plain(TRIXIE, &[], "As examples/static."),
        ("cgr.dev/chainguard/glibc-dynamic", _) => cc(TRIXIE),
        (_, "debian" | "debian-slim" | "buildpack-deps") => {
            plain(suite(tag), &["libc6"], "Debian's image is a whole system: name what the program needs.")
        }
        (_, "ubuntu") => Base {
            caution: Some(String::from("Ubuntu's packages are not Debian's: names and versions may differ")),
            ..plain(TRIXIE, &["libc6"], "Ubuntu's image is a whole system: name what the program needs.")
        },
        (_, "alpine" | "wolfi-base") => Base {
            caution: Some(String::from(
                "programs that are linked to Alpine's C library do not start here: build them on Debian, or static",
            )),
            ..plain(TRIXIE, &[], "Debian's packages instead of Alpine's.")
        },
        (_, "python") => python(tag),
        (_, "node") => node(tag),
        (_, "eclipse-temurin" | "openjdk" | "amazoncorretto") => java(tag, suite_or(tag, TRIXIE)),
        (_, "nginx" | "nginx-unprivileged") => {
            let cmd = ["/usr/sbin/nginx", "-g", "daemon off;"].map(String::from).to_vec();
            let users: &[_] = &[("nginx", 101)];
            Base { cmd, users, ..plain(suite_or(tag, TRIXIE), &["nginx"], "Debian's nginx.") }
        }
        (_, "redis") => Base {
            cmd: vec![String::from("/usr/bin/redis-server")],
            programs: vec![("redis-server", String::from("/usr/bin/redis-server"))],
            users: &[("redis", 999)],
            ..plain(suite_or(tag, TRIXIE), &["redis-server"], "Debian's Redis.")
        },
        _ => Base {
            caution: Some(String::from(
                "this image is not known here: name the packages that the program needs from it",
            )),
            ..plain(suite_or(tag, TRIXIE), &["libc6"], "The base is not known: this is a guess.")
        },
    }
}

fn plain(suite: &'static str, packages: &[&str], why: &str) -> Base {
    Base {
        suite,
        packages: packages.iter().map(|name| String::from(*name)).collect(),
        why: why.to_owned(),
        entrypoint: Vec::new(),
        cmd: Vec::new(),
        programs: Vec::new(),
        links: Vec::new(),
        users: &[],
        caution: None,
    }
}

/// Returns the suite that a tag names, else Debian's stable one.
fn suite(tag: &str) -> &'static str {
    suite_or(tag, TRIXIE)
}

fn suite_or(tag: &str, other: &'static str) -> &'static str {
    const SUITES: [(&str, &str); 8] = [
        ("trixie", TRIXIE),
        ("debian13", TRIXIE),
        ("13", TRIXIE),
        ("bookworm", BOOKWORM),
        ("debian12", BOOKWORM),
        ("12", BOOKWORM),
        ("bullseye", "bullseye"),
        ("11", "bullseye"),
    ];
    let first = tag.split(['-', '.']).next().unwrap_or(tag);
    let found = SUITES.iter().find(|(word, _)| {
        if word.len() < 4 { *word == first } else { tag.split('-').any(|part| part == *word) }
    });
    found.map_or(other, |(_, suite)| suite)
}

/// The images of Google's catalogue, by name.
fn distroless(name: &str, tag: &str) -> Base {
    let (kind, suite) = match name.rsplit_once("-debian") {
        Some((kind, "12")) => (kind, BOOKWORM),
        Some((kind, _)) => (kind, TRIXIE),
        None => (name, TRIXIE),
    };
    let mut base = match kind {
        "static" => plain(suite, &[], "As examples/static."),
        "base-nossl" => plain(suite, &["libc6"], "As examples/base-nossl."),
        "base" => plain(suite, &base_packages(suite), "As examples/base."),
        "cc" => cc(suite),
        "python3" => {
            let version = if suite == BOOKWORM { "3.11" } else { "3.13" };
            let mut base = python(&format!("{version}-{suite}"));
            base.entrypoint = vec![format!("/usr/bin/python{version}")];
            base
        }
        _ if kind.starts_with("nodejs") => {
            let version = kind.trim_start_matches("nodejs");
            let mut base = node(&format!("{}-{suite}", if version.is_empty() { "20" } else { version }));
            base.users = &[];
            base.entrypoint = vec![String::from("/usr/bin/node")];
            base
        }
        _ if kind.starts_with("java") => {
            let version = kind.trim_start_matches("java").trim_start_matches("-base");
            let mut base = java(version, suite);
            if kind != "java-base" {
                base.entrypoint = ["/usr/bin/java", "-jar"].map(String::from).to_vec();
            }
            base
        }
        _ => {
            Base { caution: Some(String::from("this image of the catalogue is not known here")), ..cc(suite) }
        }
    };
    if tag.starts_with("debug") {
        base.why.push_str(" A shell for looking around is a variant: see examples/base.");
    }
    base
}

fn base_packages(suite: &str) -> Vec<&'static str> {
    match suite {
        BOOKWORM => vec!["libc6", "libssl3"],
        _ => vec!["libc6", "libssl3t64", "libzstd1", "zlib1g"],
    }
}

fn cc(suite: &'static str) -> Base {
    let mut packages = base_packages(suite);
    packages.extend(["libgcc-s1", "libgomp1", "libstdc++6"]);
    plain(suite, &packages, "As examples/cc.")
}

/// Splits a tag such as `3.12.1-slim-bookworm` into its version and its suite, if it names one.
fn version(tag: &str) -> (&str, Option<&'static str>) {
    let version = tag.split('-').next().unwrap_or(tag);
    let rest = &tag[version.len()..];
    let named = [TRIXIE, BOOKWORM].into_iter().find(|suite| rest.contains(suite));
    (version, named)
}

fn python(tag: &str) -> Base {
    let (wanted, named) = version(tag);
    let known = |suite: &'static str| if suite == BOOKWORM { "3.11" } else { "3.13" };
    let suite = match wanted {
        _ if wanted == "3.11" || wanted.starts_with("3.11.") => BOOKWORM,
        _ if wanted == "3.13" || wanted.starts_with("3.13.") => TRIXIE,
        _ => named.unwrap_or(TRIXIE),
    };
    let version = known(suite);
    let fits = wanted == version || version.starts_with(&format!("{wanted}.")) || wanted == "latest";
    let fits = fits || wanted.starts_with(&format!("{version}."));
    let path = format!("/usr/bin/python{version}");
    let program = format!("python{version}");
    Base {
        programs: vec![("python", path.clone()), ("python3", path)],
        links: vec![("/usr/bin/python", program.clone()), ("/usr/bin/python3", program)],
        caution: (!fits).then(|| format!("Debian {suite} has Python {version}, not {wanted}")),
        ..plain(
            suite,
            &[&format!("python{version}-minimal"), &format!("libpython{version}-stdlib")],
            "Python and its standard library; examples/python3 has more that compiled modules need.",
        )
    }
}

fn node(tag: &str) -> Base {
    let (wanted, named) = version(tag);
    let suite = named.unwrap_or(TRIXIE);
    let version = if suite == BOOKWORM { "18" } else { "20" };
    let major = wanted.split('.').next().unwrap_or(wanted);
    Base {
        programs: vec![("node", String::from("/usr/bin/node"))],
        users: &[("node", 1000)],
        caution: (major != version).then(|| format!("Debian {suite} has Node.js {version}, not {wanted}")),
        ..plain(suite, &["nodejs"], "Debian's Node.js, without a package manager.")
    }
}

fn java(tag: &str, suite: &'static str) -> Base {
    let digits = tag.find(|c: char| !c.is_ascii_digit()).map_or(tag, |end| &tag[..end]);
    let (version, suite) = match (digits, suite) {
        ("17", _) => ("17", BOOKWORM),
        ("", BOOKWORM) => ("17", BOOKWORM),
        ("25", _) => ("25", TRIXIE),
        _ => ("21", TRIXIE),
    };
    let fits = digits.is_empty() || digits == version;
    Base {
        programs: vec![("java", String::from("/usr/bin/java"))],
        caution: (!fits).then(|| format!("Debian {suite} has Java {version}, not {digits}")),
        ..plain(suite, &[&format!("openjdk-{version}-jre-headless")], "A Java runtime without a display.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_images_become_packages() {
        for (image, suite, packages) in [
            ("scratch", TRIXIE, vec![]),
            ("gcr.io/distroless/static", TRIXIE, vec![]),
            ("gcr.io/distroless/static-debian12:nonroot", BOOKWORM, vec![]),
            ("gcr.io/distroless/base-debian12@sha256:ab", BOOKWORM, vec!["libc6", "libssl3"]),
            (
                "gcr.io/distroless/cc-debian13:debug",
                TRIXIE,
                vec!["libc6", "libssl3t64", "libzstd1", "zlib1g", "libgcc-s1", "libgomp1", "libstdc++6"],
            ),
            (
                "gcr.io/distroless/python3-debian12",
                BOOKWORM,
                vec!["python3.11-minimal", "libpython3.11-stdlib"],
            ),
            ("gcr.io/distroless/java17-debian12", BOOKWORM, vec!["openjdk-17-jre-headless"]),
            ("gcr.io/distroless/java21-debian13:nonroot", TRIXIE, vec!["openjdk-21-jre-headless"]),
            ("gcr.io/distroless/nodejs20-debian13", TRIXIE, vec!["nodejs"]),
            ("debian:bookworm-slim", BOOKWORM, vec!["libc6"]),
            ("docker.io/library/debian:12.7", BOOKWORM, vec!["libc6"]),
            ("debian", TRIXIE, vec!["libc6"]),
            ("python:3.13-slim", TRIXIE, vec!["python3.13-minimal", "libpython3.13-stdlib"]),
            ("python:3.11.9-slim-bookworm", BOOKWORM, vec!["python3.11-minimal", "libpython3.11-stdlib"]),
            ("node:20-alpine", TRIXIE, vec!["nodejs"]),
            ("eclipse-temurin:21-jre-alpine", TRIXIE, vec!["openjdk-21-jre-headless"]),
            ("eclipse-temurin:17.0.1_12-jre", BOOKWORM, vec!["openjdk-17-jre-headless"]),
            ("localhost:5000/team/thing:1", TRIXIE, vec!["libc6"]),
        ] {
            let found = base(image);
            assert_eq!(
                (found.suite, found.packages),
                (suite, packages.iter().map(|it| String::from(*it)).collect()),
                "{image}"
            );
        }
    }

    #[test]
    fn versions_that_debian_lacks_are_said() {
        for (image, expected) in [
            ("python:3.13", None),
            ("python:3", None),
            ("python:3.12-slim", Some("Debian trixie has Python 3.13, not 3.12")),
            ("node:20", None),
            ("node:22-bookworm-slim", Some("Debian bookworm has Node.js 18, not 22")),
            ("eclipse-temurin:11", Some("Debian trixie has Java 21, not 11")),
        ] {
            assert_eq!(base(image).caution.as_deref(), expected, "{image}");
        }
    }
}
