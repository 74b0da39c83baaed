//! What is said where there is no answer.

use super::*;

fn trixie(stanzas: &str) -> Universe {
    amd64(vec![source("trixie", stanzas)])
}

#[test]
fn an_unknown_package() {
    let universe = trixie("postgresql-17 1\n\npostgresql-common 1\n\npsql 1\n\nnginx 1");
    insta::assert_snapshot!(refused(&universe, &ask(&["postgresql", "ngnix"])), @"
    spec:1: no repository has `postgresql`; the nearest names are `postgresql-17`, `postgresql-common`
    spec:2: no repository has `ngnix`; the nearest names are `nginx`
    ");
}

#[test]
fn a_version_that_is_not_there() {
    let universe = amd64(vec![source("trixie", "a 1"), source("trixie-security", "a 1.1")]);
    insta::assert_snapshot!(refused(&universe, &ask(&["a (= 1.2)"])), @"spec:1: nothing for linux/amd64 is `a (= 1.2)`, only 1 in trixie and 1.1 in trixie-security");
}

#[test]
fn an_allow_list_that_leaves_it_out() {
    let extra = Source { allowed: Some(vec!["b".to_owned()]), ..source("extra", "a 3\n\nb 3") };
    let universe = amd64(vec![source("trixie", "c 1\nProvides: v (= 1)"), extra]);
    insta::assert_snapshot!(refused(&universe, &ask(&["a", "v (>= 2)"])), @"
    spec:1: nothing for linux/amd64 is `a`, only 3 in extra, whose `packages` leave it out
    spec:2: nothing for linux/amd64 is `v (>= 2)`, only c 1 in trixie
    ");
}

#[test]
fn needed_and_refused() {
    let universe = trixie("a 1\nDepends: b\nConflicts: b\n\nb 1");
    insta::assert_snapshot!(refused(&universe, &ask(&["a"])), @"
    no choice of packages satisfies the request:
      - spec:1 asks for `a`
      - a needs `b`
      - a conflicts with `b`
    ");
}

#[test]
fn a_field_that_cannot_be_read() {
    let universe = trixie("a 1\nDepends: b (>= 1");
    insta::assert_snapshot!(refused(&universe, &ask(&["a"])), @"
    no choice of packages satisfies the request:
      - spec:1 asks for `a`
      - a needs `b (>= 1`, but that cannot be read
    ");
}

#[test]
fn a_dependency_that_is_too_old() {
    let universe = trixie("x 1\nDepends: z, y\n\ny 2\nDepends: z (>= 2)\n\nz 1.0");
    insta::assert_snapshot!(refused(&universe, &ask(&["z", "x"])), @"
    no choice of packages satisfies the request:
      - spec:2 asks for `x`
      - x needs `y`
      - y needs `z (>= 2)`, but only z 1.0 is in trixie
    ");
}

#[test]
fn two_that_conflict() {
    let universe = trixie(
        "exim4 1\nDepends: exim4-daemon\n\nexim4-daemon 1\nProvides: mta\nConflicts: mta\n\n\
         postfix 1\nProvides: mta\nConflicts: mta\n\nother 1\nDepends: exim4 | postfix",
    );
    insta::assert_snapshot!(refused(&universe, &ask(&["other", "exim4", "postfix"])), @"
    no choice of packages satisfies the request:
      - spec:2 asks for `exim4`
      - spec:3 asks for `postfix`
      - exim4 needs `exim4-daemon`
      - postfix conflicts with `mta`, which exim4-daemon provides
    ");
}

#[test]
fn every_alternative_fails() {
    let universe = trixie(
        "a 1\nDepends: b | c\n\nb 2\nDepends: nowhere\n\nb 1\nDepends: nowhere\n\nc 1\nDepends: d:any\n\nd 1",
    );
    insta::assert_snapshot!(refused(&universe, &ask(&["a"])), @"
    no choice of packages satisfies the request:
      - spec:1 asks for `a`
      - a needs `b | c`
      - b needs `nowhere`, but no repository has `nowhere`
      - c needs `d:any`, but no `d` is marked `Multi-Arch: allowed`
    ");
}

#[test]
fn versions_that_say_the_same_are_one_step() {
    let universe = trixie(
        "app 1\nDepends: mta (>= 1)\n\nexim 3\nProvides: mta (= 3)\nDepends: exim-data (= 3)\n\n\
         exim 2\nProvides: mta (= 2)\nDepends: exim-data (= 2)\n\n\
         exim 1\nProvides: mta (= 1)\nBreaks: app\n\nexim-data 1",
    );
    insta::assert_snapshot!(refused(&universe, &ask(&["app"])), @"
    no choice of packages satisfies the request:
      - spec:1 asks for `app`
      - app needs `mta (>= 1)`
      - exim (3, 2) needs `exim-data (= 3)`, but only exim-data 1 is in trixie
      - exim (1) breaks `app`
    ");
}

#[test]
fn a_repository_that_lacks_what_is_needed() {
    let universe = amd64(vec![source("trixie", "a 1\n\nb 1\nDepends: a (>= 2)"), source("extra", "a 2")]);
    insta::assert_snapshot!(refused(&universe, &ask(&["a@trixie", "b"])), @"
    no choice of packages satisfies the request:
      - spec:2 asks for `b`
      - b needs `a (>= 2)`, but `a` must come from `trixie`
    ");
}

#[test]
fn two_versions_of_one() {
    let universe = trixie("a 1\nDepends: c (= 1)\n\nb 1\nDepends: c (= 2)\n\nc 1\n\nc 2");
    insta::assert_snapshot!(refused(&universe, &ask(&["a", "b"])), @"
    no choice of packages satisfies the request:
      - spec:1 asks for `a`
      - spec:2 asks for `b`
      - a needs `c (= 1)`
      - b needs `c (= 2)`
      - only one version of c can be chosen
    ");
}

#[test]
fn on_one_platform_only() {
    let universe = Universe {
        platforms: vec![
            platform("amd64", vec![source("trixie", "a 1\nDepends: b\n\nb 1")]),
            platform("arm64", vec![source("trixie", "a 1\nDepends: b")]),
        ],
    };
    insta::assert_snapshot!(refused(&universe, &ask(&["a"])), @"
    no choice of packages satisfies the request on linux/arm64:
      - spec:1 asks for `a`
      - a needs `b`, but no repository has `b`
    ");
}

#[test]
fn a_long_proof_is_cut() {
    let mut stanzas = String::from("a 1\nDepends: ");
    let names: Vec<String> = (0..20).map(|number| format!("b{number}")).collect();
    stanzas.push_str(&names.join(" | "));
    for name in &names {
        stanzas.push_str(&format!("\n\n{name} 1\nDepends: {name}-missing"));
    }
    let message = refused(&trixie(&stanzas), &ask(&["a"]));
    assert_eq!(message.lines().count(), 11);
    assert_eq!(message.lines().last(), Some("  - and 13 more such relations"));
}
