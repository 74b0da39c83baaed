//! The same packages as the host's apt chooses, for real packages of a real mirror.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use attar_builder::resolve::{PlatformUniverse, Request, Universe, Wanted, resolve};
use attar_testing::need;

#[path = "apt/host.rs"]
mod host;

use host::Apt;

/// What the images of the catalogue in `docs/distroless.md` hold, each with what its base has.
const CATALOGUE: [(&str, &str); 6] = [
    ("static", "base-files netbase tzdata tzdata-legacy media-types"),
    ("base-nossl", "base-files netbase tzdata tzdata-legacy media-types libc6"),
    ("base", "base-files netbase tzdata tzdata-legacy media-types libc6 libssl3t64 libzstd1 zlib1g"),
    (
        "cc",
        "base-files netbase tzdata tzdata-legacy media-types libc6 libssl3t64 libzstd1 zlib1g \
         libgomp1 libstdc++6 libgcc-s1 gcc-14-base",
    ),
    (
        "java-base",
        "base-files netbase tzdata tzdata-legacy media-types libc6 zlib1g libjpeg62-turbo liblcms2-2 \
         libfreetype6 fonts-dejavu-core fontconfig-config libexpat1 libfontconfig1 libuuid1 libbrotli1 \
         libcrypt1 libstdc++6 libgcc-s1 gcc-14-base libpng16-16t64 libbz2-1.0",
    ),
    (
        "python3",
        "base-files netbase tzdata tzdata-legacy media-types libc6 libssl3t64 libzstd1 zlib1g \
         libgomp1 libstdc++6 libgcc-s1 gcc-14-base libbz2-1.0 libdb5.3t64 libexpat1 liblzma5 libsqlite3-0 \
         libuuid1 libncursesw6 libtinfo6 libcom-err2 libcrypt1 libc-bin libgssapi-krb5-2 libk5crypto3 \
         libkeyutils1 libkrb5-3 libkrb5support0 libnsl2 libreadline8t64 libtirpc3t64 libffi8 \
         libpython3.13-minimal libpython3.13-stdlib python3.13-minimal python3.13-venv",
    ),
];

/// Packages that people put into images, with trees of dependencies of every size.
const PACKAGES: [&str; 36] = [
    "build-essential",
    "curl",
    "docker.io",
    "emacs-nox",
    "erlang-base",
    "exim4",
    "ffmpeg",
    "gimp",
    "git",
    "gnome-core",
    "golang-go",
    "haproxy",
    "imagemagick",
    "kde-full",
    "libreoffice",
    "mariadb-server",
    "maven",
    "memcached",
    "mutt",
    "nginx",
    "nodejs",
    "octave",
    "openjdk-21-jre-headless",
    "perl",
    "php-cli",
    "postgresql-17",
    "python3-requests",
    "r-base-core",
    "rabbitmq-server",
    "redis-server",
    "ruby",
    "rustc",
    "sqlite3",
    "texlive-base",
    "tomcat10",
    "varnish",
];

/// What apt takes on top, as `docs/decisions` explains: it takes the first alternative of a relation
/// before it meets a package that it must take in any case, and that is another alternative.
const EXPLAINED: [(&str, &str); 3] =
    [("gnome-core", "pinentry-curses"), ("kde-full", "pinentry-curses"), ("mariadb-server", "mawk")];

#[test]
fn amd64_gets_the_packages_that_apt_chooses() {
    let apt = need!(Apt::update("amd64"));
    let mut cases: Vec<(&str, &str)> = CATALOGUE.to_vec();
    cases.extend(PACKAGES.map(|name| (name, name)));
    assert_eq!(differences(&apt, &cases), expected(&EXPLAINED));
}

#[test]
fn arm64_gets_the_packages_that_apt_chooses() {
    let apt = need!(Apt::update("arm64"));
    let mut cases: Vec<(&str, &str)> = CATALOGUE.to_vec();
    let some = ["ffmpeg", "mariadb-server", "nginx", "openjdk-21-jre-headless", "postgresql-17", "ruby"];
    cases.extend(some.map(|name| (name, name)));
    assert_eq!(differences(&apt, &cases), expected(&[("mariadb-server", "mawk")]));
}

/// The packages that only apt takes, and those that only attar takes.
type Difference = (Vec<String>, Vec<String>);

fn expected(explained: &[(&str, &str)]) -> BTreeMap<String, Difference> {
    explained
        .iter()
        .map(|(case, extra)| ((*case).to_owned(), (vec![(*extra).to_owned()], Vec::new())))
        .collect()
}

/// Asks both for each case together with the essential packages, which attar never implies.
fn differences(apt: &Apt, cases: &[(&str, &str)]) -> BTreeMap<String, Difference> {
    let here = apt.universe();
    let essential = essential(&here);
    let universe = Universe { platforms: vec![here] };
    let mut differences = BTreeMap::new();
    for (case, packages) in cases {
        let packages: BTreeSet<String> =
            packages.split_whitespace().map(str::to_owned).chain(essential.iter().cloned()).collect();
        let theirs = apt.install(&packages);
        let ours = choose(&universe, &packages);
        let only = |some: &Versions, others: &Versions| -> Vec<String> {
            some.keys().filter(|name| !others.contains_key(*name)).cloned().collect()
        };
        let difference = (only(&theirs, &ours), only(&ours, &theirs));
        for (name, version) in theirs.iter().filter(|(name, _)| ours.contains_key(*name)) {
            assert_eq!(ours.get(name), Some(version), "{case}: the version of {name}");
        }
        if difference != (Vec::new(), Vec::new()) {
            differences.insert((*case).to_owned(), difference);
        }
    }
    differences
}

/// Packages with their versions.
type Versions = BTreeMap<String, String>;

fn essential(universe: &PlatformUniverse) -> BTreeSet<String> {
    let packages = universe.sources.iter().flat_map(|source| source.index.packages());
    packages.filter(|package| package.essential()).map(|package| package.name().to_owned()).collect()
}

/// Chooses as attar does with `foundation: none` and `full-relations: true`.
fn choose(universe: &Universe, packages: &BTreeSet<String>) -> Versions {
    choose_with(universe, packages, true)
}

fn choose_with(universe: &Universe, packages: &BTreeSet<String>, full_relations: bool) -> Versions {
    let wanted = |name: &String| Wanted {
        name: name.clone(),
        constraint: None,
        from: None,
        label: "the request".to_owned(),
    };
    let request =
        Request { packages: packages.iter().map(wanted).collect(), full_relations, ..Request::default() };
    let selection = resolve(universe, &request).expect("real packages have an answer");
    let chosen = selection.platforms.into_iter().flat_map(|platform| platform.packages);
    chosen.map(|it| (it.name, it.version)).collect()
}

/// Popular packages, whose numbers `docs/decisions/0004-relations-for-scripts.md` shows.
const POPULAR: [&str; 10] = [
    "postgresql-17",
    "nginx",
    "redis-server",
    "openjdk-21-jre-headless",
    "nodejs",
    "mariadb-server",
    "ruby",
    "php-cli",
    "curl",
    "python3",
];

/// How far a number of the page may be off: updates of Debian change a relation now and then.
const DRIFT: usize = 3;

#[test]
fn the_page_says_how_many_packages_the_reviewed_table_leaves_out() {
    let apt = need!(Apt::update("amd64"));
    let universe = Universe { platforms: vec![apt.universe()] };
    let count = |name: &str, full| choose_with(&universe, &BTreeSet::from([name.to_owned()]), full).len();
    let counted = POPULAR.map(|name| (name, count(name, true), count(name, false)));
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/decisions/0004-relations-for-scripts.md");
    let text = std::fs::read_to_string(page).expect("the page");
    let today: String =
        counted.iter().map(|(name, full, with)| format!("| {name} | {full} | {with} |\n")).collect();
    for (name, full, with) in counted {
        let row = text.lines().find_map(|line| line.strip_prefix(&format!("| {name} | ")));
        let numbers: Option<Vec<usize>> = row.and_then(|row| {
            row.trim_end_matches(" |").split(" | ").map(|number| number.parse().ok()).collect()
        });
        let Some([said_full, said_with]) = numbers.as_deref() else {
            panic!("the page says nothing of {name}; today it is\n{today}")
        };
        let is_near = said_full.abs_diff(full) <= DRIFT && said_with.abs_diff(with) <= DRIFT;
        assert!(is_near, "the page is wrong about {name}; today it is\n{today}");
    }
}
