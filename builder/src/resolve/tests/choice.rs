//! Which package satisfies a relation.

use super::*;

#[test]
fn dependencies() {
    table(&[
        ("nothing asked", "a 1", &[], ""),
        ("one package", "a 1", &["a"], "a=1"),
        (
            "depends and pre-depends, not recommends",
            "a 1\nDepends: b\nPre-Depends: c\nRecommends: d\n\nb 1\n\nc 1\n\nd 1",
            &["a"],
            "a=1 b=1 c=1",
        ),
        ("a circle", "a 1\nDepends: b\n\nb 1\nDepends: a", &["a"], "a=1 b=1"),
        ("essential is never implied", "a 1\n\nb 1\nEssential: yes", &["a"], "a=1"),
        ("the newest wins", "a 1\n\na 1.10\n\na 1.9", &["a"], "a=1.10"),
        ("an exact version", "a 1\n\na 1.10\n\na 1.9", &["a (= 1.9)"], "a=1.9"),
        ("the first alternative", "a 1\nDepends: b | c\n\nb 1\n\nc 1", &["a"], "a=1 b=1"),
        ("an alternative that is asked for", "a 1\nDepends: b | c\n\nb 1\n\nc 1", &["a", "c"], "a=1 c=1"),
        (
            "an alternative that can be had",
            "a 1\nDepends: b | c\n\nb 1\nDepends: nowhere\n\nc 1",
            &["a"],
            "a=1 c=1",
        ),
        (
            "an alternative that is there anyway",
            "a 1\nDepends: b, c\n\nb 1\nDepends: d | c\n\nc 1\n\nd 1",
            &["a"],
            "a=1 b=1 c=1",
        ),
        (
            "an alternative that is there anyway, further down",
            "a 1\nDepends: b, d | e\n\nb 1\nDepends: c\n\nc 1\nDepends: e\n\nd 1\n\ne 1",
            &["a"],
            "a=1 b=1 c=1 e=1",
        ),
        (
            "an older version whose relations hold",
            "a 2\nDepends: b (>= 2)\n\na 1\nDepends: b\n\nb 1",
            &["a"],
            "a=1 b=1",
        ),
        (
            "a version that suits two",
            "a 1\nDepends: c\n\nb 1\nDepends: c (<< 2)\n\nc 1\n\nc 2",
            &["a", "b"],
            "a=1 b=1 c=1",
        ),
        (
            "a relation of another architecture",
            "a 1\nDepends: b [arm64], c [!arm64]\n\nb 1\n\nc 1",
            &["a"],
            "a=1 c=1",
        ),
        ("a relation of its own", "a 1\nDepends: v\nProvides: v\n\nb 1\nProvides: v", &["a"], "a=1"),
    ]);
}

#[test]
fn virtual_packages() {
    table(&[
        ("a provider is asked for by the name it provides", "b 1\nProvides: v", &["v"], "b=1"),
        ("real before virtual", "a 1\nDepends: v\n\nb 1\nProvides: v\n\nv 1", &["a"], "a=1 v=1"),
        (
            "by priority",
            "a 1\nDepends: v\n\nb 1\nProvides: v\nPriority: optional\n\nc 1\nProvides: v\nPriority: required",
            &["a"],
            "a=1 c=1",
        ),
        ("then by name", "a 1\nDepends: v\n\nc 1\nProvides: v\n\nb 1\nProvides: v", &["a"], "a=1 b=1"),
        (
            "the essential first",
            "a 1\nDepends: v\n\nb 1\nProvides: v\n\nc 1\nProvides: v\nEssential: yes",
            &["a"],
            "a=1 c=1",
        ),
        (
            "a version only from a versioned provide",
            "a 1\nDepends: v (>= 2)\n\nb 9\nProvides: v\n\nc 1\nProvides: v (= 1)\n\nd 1\nProvides: v (= 2)",
            &["a"],
            "a=1 d=1",
        ),
        (
            "an old real package gives way to a provider",
            "a 1\nDepends: v (>= 2)\n\nb 1\nProvides: v (= 2)\n\nv 1",
            &["a"],
            "a=1 b=1",
        ),
    ]);
}

#[test]
fn conflicts() {
    table(&[
        ("never with itself", "a 1\nConflicts: v\nBreaks: a (<< 2)\nProvides: v", &["a"], "a=1"),
        ("the other alternative", "a 1\nDepends: b | c\nConflicts: b\n\nb 1\n\nc 1", &["a"], "a=1 c=1"),
        (
            "with what is chosen later",
            "a 1\nDepends: b | c, d\n\nb 1\n\nc 1\n\nd 1\nBreaks: b",
            &["a"],
            "a=1 c=1 d=1",
        ),
        ("only with a version", "a 1\nDepends: b\nBreaks: b (<< 2)\n\nb 1\n\nb 2", &["a"], "a=1 b=2"),
        (
            "with what provides the name",
            "a 1\nConflicts: v\nDepends: b | c\n\nb 1\nProvides: v\n\nc 1",
            &["a"],
            "a=1 c=1",
        ),
        (
            "no version, no versioned conflict with a provider",
            "a 1\nConflicts: v (<< 2)\nDepends: b\n\nb 1\nProvides: v",
            &["a"],
            "a=1 b=1",
        ),
        ("said twice", "a 1\nDepends: b, b, b | c\nConflicts: c, c\n\nb 1\n\nc 1", &["a", "a"], "a=1 b=1"),
        ("replaces does not keep apart", "a 1\nDepends: b\nReplaces: b\n\nb 1", &["a"], "a=1 b=1"),
    ]);
}

#[test]
fn multi_arch() {
    table(&[
        (
            "any, of a package that allows it",
            "a 1\nDepends: b:any\n\nb 1\nMulti-Arch: allowed",
            &["a"],
            "a=1 b=1",
        ),
        (
            "any, with a version",
            "a 1\nDepends: b:any (<< 2)\n\nb 1\nMulti-Arch: allowed\n\nb 2\nMulti-Arch: allowed",
            &["a"],
            "a=1 b=1",
        ),
        ("another architecture", "a 1\nDepends: b:arm64 | c:amd64\n\nb 1\n\nc 1", &["a"], "a=1 c=1"),
        ("a foreign stanza", "a 1\nArchitecture: amd64\n\na 2\nArchitecture: arm64", &["a"], "a=1"),
        (
            "a conflict with another architecture",
            "a 1\nConflicts: b:i386\nDepends: b\n\nb 1",
            &["a"],
            "a=1 b=1",
        ),
    ]);
}

#[test]
fn sources() {
    let trixie = || source("trixie", "a 1\n\nb 1\nDepends: a");
    let security = || source("trixie-security", "a 1.1");
    let newer = |priority, allowed: Option<&[&str]>| Source {
        priority,
        allowed: allowed.map(|names| names.iter().map(|it| (*it).to_owned()).collect()),
        ..source("extra", "a 3\n\nb 3\nDepends: a")
    };
    let cases: [(&str, Vec<Source>, &str, &str); 7] = [
        ("the newest of one priority", vec![trixie(), security()], "b", "a=1.1 b=1"),
        ("a higher priority goes before the newer", vec![newer(400, None), trixie()], "b", "a=1 b=1"),
        ("a lower one is used where it must be", vec![newer(400, None), trixie()], "b (>= 2)", "a=1 b=3"),
        ("an allow list", vec![trixie(), newer(500, Some(&["b"]))], "b", "a=1 b=3"),
        ("from a source", vec![trixie(), newer(500, None)], "b@trixie", "a=3 b=1"),
        ("an older version of a source", vec![trixie(), security()], "a@trixie", "a=1"),
        ("from, for dependants too", vec![trixie(), newer(500, None)], "a@trixie", "a=1"),
    ];
    for (name, sources, request, expected) in cases {
        assert_eq!(chosen(&amd64(sources), &ask(&[request])), [expected], "{name}");
    }
}

#[test]
fn preferred_versions_are_kept_where_possible() {
    let universe = amd64(vec![source("trixie", "a 1\nDepends: b\n\nb 1\n\nb 2\n\nc 1\nDepends: b (>= 2)")]);
    let keep = |name: &str, version: &str| {
        BTreeMap::from([(("linux/amd64".to_owned(), name.to_owned()), version.to_owned())])
    };
    let request = |relations: &[&str], preferred| Request { preferred, ..ask(relations) };
    assert_eq!(chosen(&universe, &request(&["a"], keep("b", "1"))), ["a=1 b=1"]);
    assert_eq!(chosen(&universe, &request(&["a", "c"], keep("b", "1"))), ["a=1 b=2 c=1"]);
    assert_eq!(chosen(&universe, &request(&["a"], keep("b", "7"))), ["a=1 b=2"]);
}

#[test]
fn reasons_lead_back_to_the_request() {
    let universe = amd64(vec![source(
        "trixie",
        "a 1\nDepends: b (>= 1) | x,\n v\n\nb 1\nDepends: c\n\nc 1\n\np 1\nProvides: v",
    )]);
    let selection = resolve(&universe, &ask(&["a"])).expect("there is an answer");
    let chain = |name| -> Vec<&str> {
        selection.why("linux/amd64", name).iter().map(|it| it.name.as_str()).collect()
    };
    assert_eq!(chain("c"), ["c", "b", "a"]);
    assert_eq!(chain("p"), ["p", "a"]);
    assert_eq!(chain("x"), [""; 0]);
    let reason = |name| selection.find("linux/amd64", name).map(|it| it.reason.clone());
    let dependency = |package: &str, clause: &str| Reason::DependencyOf {
        package: package.to_owned(),
        clause: clause.to_owned(),
    };
    assert_eq!(reason("a"), Some(Reason::Requested("spec:1".to_owned())));
    assert_eq!(reason("b"), Some(dependency("a", "b (>= 1) | x")));
    assert_eq!(reason("c"), Some(dependency("b", "c")));
}
