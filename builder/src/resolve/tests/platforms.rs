//! Several platforms at once.

use super::*;

fn two(amd64: Vec<Source>, arm64: Vec<Source>) -> Universe {
    Universe { platforms: vec![platform("amd64", amd64), platform("arm64", arm64)] }
}

#[test]
fn platforms_agree() {
    let trixie = |stanzas: &str| source("trixie", stanzas);
    let security = |stanzas: &str| source("trixie-security", stanzas);
    let cases: [(&str, Universe, &[&str], [&str; 2]); 6] = [
        (
            "on the newest in common",
            two(vec![trixie("a 1\n\na 2")], vec![trixie("a 1")]),
            &["a"],
            ["a=1", "a=1"],
        ),
        (
            "rebuilds are the same version",
            two(vec![trixie("a 1-1+b2")], vec![trixie("a 1-1")]),
            &["a"],
            ["a=1-1+b2", "a=1-1"],
        ),
        (
            "whatever only one takes is not bound",
            two(vec![trixie("a 1\nDepends: b\n\nb 1\n\nb 2")], vec![trixie("a 1\nDepends: c\n\nb 1\n\nc 1")]),
            &["a"],
            ["a=1 b=2", "a=1 c=1"],
        ),
        (
            "a dependency that one lags in keeps its alternatives",
            two(
                vec![trixie("a 1\nDepends: b | c\n\nb 1\n\nc 1"), security("b 1.1")],
                vec![trixie("a 1\nDepends: b | c\n\nb 1\n\nc 1")],
            ),
            &["a"],
            ["a=1 b=1", "a=1 b=1"],
        ),
        (
            "also against the first choice",
            two(
                vec![trixie("a 1\nDepends: b (>= 2) | c\n\nb 2\n\nb 1\n\nc 1")],
                vec![trixie("a 1\nDepends: b\n\nb 1")],
            ),
            &["a"],
            ["a=1 c=1", "a=1 b=1"],
        ),
        (
            "a foundation, too",
            two(vec![trixie("a 1\n\nf 1\n\nf 2")], vec![trixie("a 1\nDepends: f\n\nf 1")]),
            &["a"],
            ["a=1 f=1", "a=1 f=1"],
        ),
    ];
    for (name, universe, requests, expected) in cases {
        let foundation = if name.contains("foundation") { vec!["f".to_owned()] } else { Vec::new() };
        let request = Request { foundation, ..ask(requests) };
        assert_eq!(chosen(&universe, &request), expected, "{name}");
    }
}

#[test]
fn lags_are_reported() {
    let universe = two(
        vec![source("trixie", "a 1\n\nb 1"), source("trixie-security", "a 1.1\n\nb 1.1")],
        vec![source("trixie", "a 1\n\nb 1"), source("trixie-security", "b 1.1")],
    );
    let selection = resolve(&universe, &ask(&["a", "b"])).expect("there is an answer");
    let lag = Lag {
        name: "a".to_owned(),
        platform: "linux/amd64".to_owned(),
        chosen: "1".to_owned(),
        newest: "1.1".to_owned(),
        security: true,
    };
    assert_eq!(selection.lags, [lag]);
    let skewed = Request { allow_skew: true, ..ask(&["a", "b"]) };
    assert_eq!(chosen(&universe, &skewed), ["a=1.1 b=1.1", "a=1 b=1.1"]);
    assert_eq!(resolve(&universe, &skewed).expect("there is an answer").lags, []);
}

#[test]
fn no_version_in_common() {
    let universe = two(
        vec![source("trixie", "a 1\nDepends: b\n\nb 2")],
        vec![source("trixie", "a 1\nDepends: b\n\nb 1")],
    );
    insta::assert_snapshot!(refused(&universe, &ask(&["a"])), @"platforms have no version in common of `b`: linux/amd64 has 2, linux/arm64 has 1; `allow-skew: true` lets them differ");
}

#[test]
fn a_platform_without_the_package() {
    let universe = two(vec![source("trixie", "a 1\n\nb 1")], vec![source("trixie", "b 1")]);
    insta::assert_snapshot!(refused(&universe, &ask(&["a", "b"])), @"spec:1: there is no package `a` for linux/arm64, only 1 in trixie for linux/amd64");
}
