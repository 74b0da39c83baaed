//! `attar build --check` and `check:` in the spec: what does not pass is not published.

use attar_testing::Scratch;
use attar_testing::registry::{Options, Registry};

use crate::support::attar;

fn spec(scratch: &Scratch, more: &str) -> std::path::PathBuf {
    scratch.write(
        "attar.yaml",
        format!(
            "contents:\n  packages: [hello]\n  without: {{paths: [docs, man, locales, gconv]}}\nentrypoint: \
             [/usr/bin/hello]\nplatforms: [linux/amd64]\n{more}"
        ),
    )
}

#[test]
fn what_does_not_pass_is_not_published() {
    let scratch = Scratch::new();
    let registry = Registry::start(Options::default()).expect("a registry");
    let layout = format!("oci:{}:app", scratch.join("layout").display());
    let tag = registry.reference("app:1");
    let build = |more: &str, arguments: &[&str]| {
        let spec = spec(&scratch, more);
        attar().args(["build", "-o", &layout, "--push", "-t", &tag]).args(arguments).arg(spec).run()
    };
    let with_curl = "variants: {curl: {contents: {packages: [curl]}}}\n";
    for (more, arguments) in [
        ("check: {profile: strict}\naccounts: {run-as: root}\n", &[][..]),
        ("accounts: {run-as: root}\n", &["--check"][..]),
        ("check: {profile: debug}\naccounts: {run-as: root}\n", &["--check=strict"]),
        // One image of several is enough.
        (with_curl, &["--check", "--all-variants"]),
    ] {
        let run = build(more, arguments);
        assert_eq!(run.code, Some(2), "{more}: {run}");
        assert!(!scratch.has("layout") && registry.tags("app").is_empty(), "{more}: something is published");
        assert!(run.stderr.contains("nothing is published: an image does not pass its check"), "{run}");
        assert_eq!(run.stdout, "", "{more}");
    }

    // What is there stays as it is when the next build does not pass.
    let allowed = "check: {allow: [{id: D10, reason: it opens port 80}]}\naccounts: {run-as: root}\n";
    let run = build(allowed, &[]);
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stderr.contains("yes, grade B as runtime"), "{run}");
    assert!(run.stderr.contains("D10 user: allowed: the program runs as root"), "{run}");
    let before = (
        registry.tag("app", "1"),
        attar_testing::layout::digest(&scratch.join("layout"), Some("app")).expect("an entry"),
    );
    assert_eq!(build("accounts: {run-as: root}\nlabels: {a: b}\n", &["--check"]).code, Some(2));
    let after = (
        registry.tag("app", "1"),
        attar_testing::layout::digest(&scratch.join("layout"), Some("app")).expect("an entry"),
    );
    assert_eq!(before, after);

    // How an image is judged is no part of it.
    assert_eq!(build("accounts: {run-as: root}\n", &[]).code, Some(0));
    let unjudged = (
        registry.tag("app", "1"),
        attar_testing::layout::digest(&scratch.join("layout"), Some("app")).expect("an entry"),
    );
    assert_eq!(before.1, unjudged.1);
}

#[test]
fn an_answer_is_remembered_with_the_build() {
    let scratch = Scratch::new();
    let build = |more: &str| attar().arg("build").arg(spec(&scratch, more)).run();
    let first = build("check: {profile: strict}\n");
    let again = build("check: {profile: strict}\n");
    assert_eq!((first.code, again.code), (Some(0), Some(0)), "{first}{again}");
    let told = |run: &attar_testing::Finished| {
        run.stderr.lines().filter(|line| line.contains("grade A as strict")).count()
    };
    assert_eq!((told(&first), told(&again)), (1, 1), "{again}");
    assert_eq!(build("check: {profile: strict, fail-on: info}\n").code, Some(2));
}
