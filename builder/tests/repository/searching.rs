//! Searching for packages by name, path and library.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use attar_builder::context::Context;
use attar_builder::event::{Event, Events};
use attar_builder::repository::search::{Answer, FileHit, Match, Query, Request, search};
use attar_builder::spec::schema::{DebsRepository, Repository};
use attar_testing::archive::{Package, Suite};
use attar_testing::deb::deb;

use crate::stage::{Stage, trixie};

fn stage() -> Stage {
    let stage = Stage::new();
    let mut suite = trixie()
        .with_package(Package::new("greeter", "1", "all").with("Provides", "hello"))
        .with_package(Package::new("othello", "3", "amd64"));
    let library = |triplet: &str| {
        format!(
            "opt/other/libhello.so.1    misc/othello\n\
             usr/bin/hello              utils/hello\n\
             usr/lib/{triplet}/libhello.so.1 libs/hello,libs/libhello1\n"
        )
    };
    suite.contents.insert("amd64", library("x86_64-linux-gnu"));
    suite.contents.insert("arm64", library("aarch64-linux-gnu"));
    suite.contents.insert("all", "usr/share/doc/hello/readme doc/hello-doc\n".to_owned());
    stage.serve(&suite);
    stage.serve(&Suite::debian("trixie-updates").with_package(Package::new("hello", "2.10-6", "amd64")));
    stage
}

fn ask(stage: &Stage, text: &str, limit: usize) -> Answer {
    let context = Context::new(stage.settings(), 1, Events::ignore()).expect("a context");
    let repositories = [Repository::Debian(stage.repository())];
    let query = Query::parse(text);
    let request = Request {
        repositories: &repositories,
        directory: &|_| PathBuf::from("."),
        architectures: &["amd64", "arm64"],
        query: &query,
        limit,
    };
    search(&context, &request).unwrap_or_else(|error| panic!("{}", stage.tell(&error)))
}

#[test]
fn names_are_found_best_first() {
    let Answer::Packages { packages, more } = ask(&stage(), "hello", 3) else { panic!("not by name") };
    let found: Vec<_> = packages.iter().map(|hit| (hit.name.as_str(), hit.matched)).collect();
    assert_eq!(found, [("hello", Match::Exact), ("greeter", Match::Provides), ("hello-doc", Match::Start)]);
    assert_eq!(more, 1);
    let offers: Vec<_> = packages[0]
        .offers
        .iter()
        .map(|offer| format!("{} {} {}", offer.archive, offer.architecture, offer.version))
        .collect();
    assert_eq!(offers, ["trixie amd64 2.10-5", "trixie arm64 2.10-5", "trixie-updates amd64 2.10-6"]);
    assert_eq!(packages[0].description, "package of a test");
}

#[test]
fn files_and_libraries_are_found_with_their_packages() {
    let hit = |path: &str, package: &str, architectures: &[&str]| FileHit {
        path: path.to_owned(),
        package: package.to_owned(),
        places: architectures.iter().map(|name| ("trixie".to_owned(), (*name).to_owned())).collect(),
    };
    let stage = stage();
    let cases = [
        ("/bin/hello", 10, vec![hit("/usr/bin/hello", "hello", &["amd64", "arm64"])], 0),
        (
            "/usr/share/doc/hello/readme",
            10,
            vec![hit("/usr/share/doc/hello/readme", "hello-doc", &["all"])],
            0,
        ),
        ("/nowhere", 10, vec![], 0),
        (
            "libhello.so.1",
            10,
            vec![
                hit("/usr/lib/aarch64-linux-gnu/libhello.so.1", "hello", &["arm64"]),
                hit("/usr/lib/aarch64-linux-gnu/libhello.so.1", "libhello1", &["arm64"]),
                hit("/usr/lib/x86_64-linux-gnu/libhello.so.1", "hello", &["amd64"]),
                hit("/usr/lib/x86_64-linux-gnu/libhello.so.1", "libhello1", &["amd64"]),
            ],
            0,
        ),
    ];
    for (text, limit, files, more) in cases {
        assert_eq!(ask(&stage, text, limit), Answer::Files { files, more }, "{text}");
    }
    stage.targets();
    ask(&stage, "/bin/hello", 1);
    assert!(stage.targets().iter().all(|target| target.ends_with("/InRelease")), "the rest is kept");
}

#[test]
fn a_contents_index_that_was_tampered_with_is_left_out_and_named() {
    let stage = stage();
    let path = "/debian/dists/trixie/main/Contents-amd64.gz";
    let mut bytes = stage.server.get(path).expect("an index");
    bytes[20] ^= 1;
    stage.server.put(path, bytes);
    let settings = stage.settings();
    let warnings: Arc<Mutex<Vec<String>>> = Arc::default();
    let sink = Arc::clone(&warnings);
    let events = Events::new(move |event| {
        if let Event::Warning(text) = event {
            sink.lock().expect("no panic").push(text);
        }
    });
    let context = Context::new(settings, 1, events).expect("a context");
    let repositories = [Repository::Debian(stage.repository())];
    let ask = |architectures: &[&str]| {
        let request = Request {
            repositories: &repositories,
            directory: &|_| PathBuf::from("."),
            architectures,
            query: &Query::parse("/bin/hello"),
            limit: 1,
        };
        search(&context, &request)
    };
    let Ok(Answer::Files { files, .. }) = ask(&["amd64", "arm64"]) else { panic!("arm64 has it") };
    assert_eq!(files[0].places, [("trixie".to_owned(), "arm64".to_owned())]);
    let warnings = warnings.lock().expect("no panic");
    let expected = "the search is incomplete: cannot fetch contents index trixie/main (amd64): ";
    assert!(warnings.iter().any(|text| text.starts_with(expected)), "{warnings:?}");
    assert!(warnings.iter().any(|text| text.contains("checksum mismatch")), "{warnings:?}");
}

#[test]
fn directories_of_packages_are_searched_too() {
    let stage = stage();
    let control = |name: &str, architecture: &str| {
        format!(
            "Package: {name}\nVersion: 1\nArchitecture: {architecture}\nMaintainer: a <a@b.example>\n\
             Description: a package of a test\n"
        )
    };
    let files = [("./usr/bin/hello", "1"), ("./usr/lib/x86_64-linux-gnu/libown.so.1", "2"), ("./a b", "3")];
    let own = deb(&control("own", "amd64"), &files).expect("a package");
    stage.scratch.write("local/own.deb", own);
    stage
        .scratch
        .write("local/data.deb", deb(&control("data", "all"), &[("./opt/own", "1")]).expect("a package"));
    let context = Context::new(stage.settings(), 1, Events::ignore()).expect("a context");
    let debs = DebsRepository { debs: "local".to_owned(), packages: Vec::new(), priority: None };
    let repositories = [Repository::Debs(debs), Repository::Debian(stage.repository())];
    let ask = |text: &str| {
        let request = Request {
            repositories: &repositories,
            directory: &|_| stage.scratch.path().to_path_buf(),
            architectures: &["amd64"],
            query: &Query::parse(text),
            limit: 10,
        };
        let Ok(Answer::Files { files, .. }) = search(&context, &request) else { panic!("no files") };
        let told = |hit: FileHit| format!("{} {} {:?}", hit.path, hit.package, hit.places);
        files.into_iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(
        ask("/usr/bin/hello"),
        [r#"/usr/bin/hello hello [("trixie", "amd64")]"#, r#"/usr/bin/hello own [("local", "amd64")]"#]
    );
    assert_eq!(ask("libown.so.1"), [r#"/usr/lib/x86_64-linux-gnu/libown.so.1 own [("local", "amd64")]"#]);
    assert_eq!(ask("/a b"), [r#"/a b own [("local", "amd64")]"#]);
    assert_eq!(ask("/opt/own"), [r#"/opt/own data [("local", "amd64")]"#]);
    stage
        .scratch
        .write("local/data.deb", deb(&control("data", "all"), &[("./opt/new", "1")]).expect("a package"));
    assert_eq!((ask("/opt/own").len(), ask("/opt/new").len()), (0, 1), "the directory is looked at again");
}
