//! What is left out, and the foundation.

use super::*;

fn without(names: &[&str], request: Request) -> Request {
    Request { without: names.iter().map(|it| (*it).to_owned()).collect(), ..request }
}

fn founded(names: &[&str], request: Request) -> Request {
    Request { foundation: names.iter().map(|it| (*it).to_owned()).collect(), ..request }
}

#[test]
fn leaving_out() {
    let stanzas = "a 1\nDepends: b (>= 2) | c, d\n\nb 2\nDepends: e\nProvides: v\n\nb 1\nProvides: w (= 1)\n\n\
                   c 1\n\nd 1\n\ne 1\n\nf 1\nDepends: w\n\ng 1\nProvides: w\n\nh 1\nDepends: v | d";
    let universe = amd64(vec![source("trixie", stanzas)]);
    type Names = &'static [&'static str];
    let cases: [(&str, Names, Names, &str, Names); 6] = [
        ("a real package", &["b"], &["a"], "a=1 d=1", &["a: b (>= 2) | c (b)"]),
        ("a later alternative", &["c"], &["a"], "a=1 d=1", &["a: b (>= 2) | c (c)"]),
        ("what any version provides", &["b"], &["f"], "f=1", &["f: w (b)"]),
        ("a virtual name", &["v"], &["h"], "h=1", &["h: v | d (v)"]),
        ("it is there all the same", &["v"], &["h", "d"], "d=1 h=1", &[]),
        ("what is asked for wins", &["b"], &["a", "b"], "a=1 b=2 d=1 e=1", &[]),
    ];
    for (name, left_out, requests, expected, dropped) in cases {
        let request = without(left_out, ask(requests));
        assert_eq!(chosen(&universe, &request), [expected], "{name}");
        let selection = resolve(&universe, &request).expect("there is an answer");
        let found: Vec<String> = (selection.dropped.iter())
            .map(|it| match &it.cause {
                Cause::Without(entry) => format!("{}: {} ({entry})", it.package, it.clause),
                Cause::Scripts(reason) => format!("{}: {} [{reason}]", it.package, it.clause),
            })
            .collect();
        assert_eq!(found, dropped, "{name}");
    }
}

#[test]
fn leaving_out_what_is_not_there() {
    let universe = amd64(vec![source("trixie", "systemd 1\n\nsysvinit 1")]);
    insta::assert_snapshot!(refused(&universe, &without(&["sytemd"], ask(&["sysvinit"]))), @"cannot leave out what is not there: no repository has `sytemd`; the nearest names are `systemd`");
}

#[test]
fn relations_for_scripts_are_left_out_unless_all_are_wanted() {
    let stanzas = "tzdata 1\nDepends: debconf (>= 0.5) | debconf-2.0\n\ndebconf 1";
    let universe = amd64(vec![source("trixie", stanzas)]);
    let full = |names: &[&str]| Request { full_relations: true, ..ask(names) };
    assert_eq!(chosen(&universe, &ask(&["tzdata"])), ["tzdata=1"]);
    assert_eq!(chosen(&universe, &full(&["tzdata"])), ["debconf=1 tzdata=1"]);
    assert_eq!(chosen(&universe, &ask(&["tzdata", "debconf"])), ["debconf=1 tzdata=1"]);

    let dropped = |request| resolve(&universe, &request).expect("there is an answer").dropped;
    let found = dropped(ask(&["tzdata"]));
    assert!(matches!(found.as_slice(), [DroppedRelation { cause: Cause::Scripts(_), .. }]), "{found:?}");
    assert_eq!(dropped(full(&["tzdata"])), []);
    assert_eq!(dropped(ask(&["tzdata", "debconf"])), []);
}

#[test]
fn the_foundation_comes_alone() {
    let stanzas = "a 1\nDepends: f\n\nb 1\nBreaks: f (>= 2)\n\nf 1\nDepends: d\n\nf 2\nDepends: d\n\nd 1";
    let universe = amd64(vec![source("trixie", stanzas)]);
    let cases: [(&str, &[&str], &[&str], &str); 5] = [
        ("alone", &[], &[], "f=2"),
        ("as a dependency, whole", &["a"], &[], "a=1 d=1 f=2"),
        ("as asked for", &["f (<< 2)"], &[], "d=1 f=1"),
        ("less what breaks it", &["b"], &[], "b=1 f=1"),
        ("left out", &[], &["f"], ""),
    ];
    for (name, requests, left_out, expected) in cases {
        let request = founded(&["f"], without(left_out, ask(requests)));
        assert_eq!(chosen(&universe, &request), [expected], "{name}");
    }
    let selection = resolve(&universe, &founded(&["f"], ask(&[]))).expect("there is an answer");
    assert_eq!(selection.platforms[0].packages[0].reason, Reason::Foundation);
}

#[test]
fn a_foundation_that_is_not_there() {
    let universe = amd64(vec![source("mine", "a 1")]);
    insta::assert_snapshot!(refused(&universe, &founded(&["tzdata"], ask(&["a"]))), @"cannot add the foundation: no repository of linux/amd64 has `tzdata`; `foundation: none` builds without it");
}
