//! How findings become states, levels, a grade and an answer; what the allow list does and does not.

use proptest::prelude::*;

use crate::distroless::testing::{
    Sample, Thing, allow, directory, foundation, known, link, program, script, text,
};
use crate::distroless::verdict::Excuse;
use crate::distroless::{
    Answer, CheckId, Date, Grade, Level, Profile, Rules, Severity, Stale, StaleReason, State,
};

fn today() -> Date {
    "2026-11-21".parse().expect("a day")
}

fn rules(profile: Profile) -> Rules {
    Rules::new(profile, today())
}

fn is_allowed(sample: &Sample, rules: &Rules, id: CheckId) -> bool {
    sample.judge_by(rules).outcome(id).is_some_and(|outcome| outcome.state == State::Allowed)
}

#[test]
fn an_image_with_nothing_but_its_program_gets_the_best_grade() {
    let sample = foundation().and("app/server", program("x"));
    let sample = sample.reaching(["app/server"]);
    for profile in [Profile::Strict, Profile::Runtime, Profile::Base] {
        let verdict = sample.judge_by(&rules(profile));
        assert_eq!((verdict.answer, verdict.grade), (Answer::Yes, Some(Grade::A)));
        // Nobody looked up what is attached to it: D16 cannot judge, and decides nothing.
        assert!(matches!(
            verdict.outcome(CheckId::D16).map(|outcome| &outcome.state),
            Some(State::CannotJudge(_))
        ));
        assert_eq!(verdict.levels, [Level::Runtime, Level::Strict, Level::Slim, Level::Full]);
    }
}

#[test]
fn grades_tell_what_is_worst() {
    for (thing, expected) in [
        (("x", program("x")), Grade::A),
        (("app/main.js.map", text("{}")), Grade::B),
        (("usr/bin/curl", program("x")), Grade::D),
        (("usr/bin/app", known("curl")), Grade::D),
        (("usr/bin/app", program("x").mode(0o4755)), Grade::D),
        (("usr/bin/app", known("bash")), Grade::F),
        (("usr/bin/app", known("busybox")), Grade::F),
        (("usr/bin/dpkg", program("x")), Grade::F),
        (("root/.pgpass", text("x")), Grade::F),
    ] {
        let (path, thing) = thing;
        let verdict = foundation().and(path, thing).judge_by(&rules(Profile::Runtime));
        assert_eq!(verdict.grade, Some(expected), "{path}");
    }
}

#[test]
fn an_init_container_may_have_what_it_starts() {
    let sample = foundation()
        .and("usr/bin/busybox", known("busybox"))
        .and("usr/bin/sh", link("busybox"))
        .and("usr/bin/adduser", link("busybox"))
        .reaching(["usr/bin/busybox"]);
    let verdict = sample.judge_by(&rules(Profile::Init));
    assert_eq!((verdict.answer, verdict.grade), (Answer::Yes, Some(Grade::B)));
    assert_eq!(verdict.levels, []);
    assert_eq!(sample.judge_by(&rules(Profile::Runtime)).answer, Answer::No);
    let beside = sample.and("usr/bin/bash", known("bash"));
    assert_eq!(beside.judge_by(&rules(Profile::Init)).answer, Answer::No);
    assert_eq!(beside.judge_by(&rules(Profile::Debug)).answer, Answer::No);
}

#[test]
fn what_is_allowed_is_shown_with_its_reason() {
    let root = foundation().configured(|config| config.user = String::from("0"));
    let mut rules = rules(Profile::Runtime);
    assert_eq!(root.judge_by(&rules).grade, Some(Grade::D));
    rules.allow = vec![allow(CheckId::D10, &[], "binds port 80", Some("2026-11-21"))];
    let verdict = root.judge_by(&rules);
    assert_eq!((verdict.answer, verdict.grade), (Answer::Yes, Some(Grade::B)));
    let outcome = verdict.outcome(CheckId::D10).expect("an outcome");
    assert_eq!(outcome.state, State::Allowed);
    let excuse = outcome.findings[0].excuse.clone();
    assert_eq!(excuse, Some(Excuse::List { reason: "binds port 80".into(), expires: Some(today()) }));
    assert_eq!(verdict.stale, []);
}

#[test]
fn entries_that_expired_or_match_nothing_are_said() {
    let sample = foundation().and("usr/bin/curl", program("x"));
    let mut rules = rules(Profile::Runtime);
    rules.allow = vec![
        allow(CheckId::D04, &["/usr/bin/curl"], "until the proxy is there", Some("2026-11-20")),
        allow(CheckId::D04, &["/usr/bin/wget"], "gone", None),
    ];
    let verdict = sample.judge_by(&rules);
    assert_eq!(verdict.answer, Answer::No);
    let stale = |path: &str, reason: &str, because| Stale {
        id: CheckId::D04,
        paths: vec![path.to_owned()],
        reason: reason.to_owned(),
        because,
    };
    let expired = StaleReason::Expired("2026-11-20".parse().expect("a day"));
    assert_eq!(
        verdict.stale,
        [
            stale("/usr/bin/curl", "until the proxy is there", expired),
            stale("/usr/bin/wget", "gone", StaleReason::Unused),
        ]
    );
}

#[test]
fn an_entry_lets_only_its_paths_pass() {
    let sample = foundation().and("a", program("a").mode(0o4755)).and("b", program("b").mode(0o4755));
    let mut rules = rules(Profile::Runtime);
    rules.allow = vec![allow(CheckId::D08, &["/a"], "old", None)];
    assert!(!is_allowed(&sample, &rules, CheckId::D08));
    rules.allow = vec![allow(CheckId::D08, &["/{a,b}"], "old", None)];
    assert!(is_allowed(&sample, &rules, CheckId::D08));
    // A star stays within a directory.
    rules.allow = vec![allow(CheckId::D08, &["/*"], "old", None)];
    assert!(is_allowed(&sample, &rules, CheckId::D08));
    assert!(!is_allowed(&sample.and("c/d", program("c").mode(0o4755)), &rules, CheckId::D08));
}

#[test]
fn what_could_not_be_read_is_never_taken_for_good() {
    let mut sample = foundation().and("app", program("x"));
    sample.forget("app");
    let verdict = sample.judge_by(&rules(Profile::Runtime));
    assert_eq!((verdict.answer, verdict.grade), (Answer::CannotJudge, None));
    assert_eq!(verdict.levels, []);
    let state = verdict.outcome(CheckId::D01).map(|outcome| outcome.state.clone());
    assert_eq!(state, Some(State::CannotJudge("the content of /app could not be looked at".into())));
    let with_shell = sample.and("bin/sh", program("y"));
    assert_eq!(with_shell.judge_by(&rules(Profile::Runtime)).answer, Answer::No);
}

#[test]
fn a_verdict_is_written_for_machines() {
    let sample = foundation().and("usr/bin/curl", program("x")).and("bin/sh", known("busybox"));
    let mut rules = rules(Profile::Debug);
    rules.allow = vec![allow(CheckId::D04, &[], "asks for health", None)];
    let verdict = sample.judge_by(&rules);
    insta::assert_json_snapshot!(verdict, { ".checks[6:]" => "…" });
}

fn thing() -> impl Strategy<Value = Thing> {
    let content = prop_oneof![
        Just(text("x")),
        Just(program("x")),
        Just(script("/bin/sh")),
        Just(known("busybox")),
        Just(known("bash")),
        Just(known("curl")),
        Just(text("password = 'hunter22'\n")),
        Just(link("../usr/bin/a")),
        Just(link("loop")),
        Just(directory(0o755)),
    ];
    (content, 0_u32..0o10000, prop_oneof![Just(0_u32), Just(65532)])
        .prop_map(|(thing, mode, uid)| if thing.is_link() { thing } else { thing.mode(mode).owner(uid, uid) })
}

fn sample() -> impl Strategy<Value = Sample> {
    const NAMES: [&str; 12] =
        ["bin", "usr", "etc", "sh", "passwd", "curl", "loop", "a", ".npmrc", "x.h", "include", "libx.a"];
    let path = prop::collection::vec(prop::sample::select(&NAMES[..]), 1..4);
    let things = prop::collection::vec((path, thing()), 0..24);
    let user = prop::sample::select(&["", "0", "65532", "app", "a:b:c", "-1"][..]);
    (things, user).prop_map(|(things, user)| {
        let sample = Sample::new([]).configured(|config| {
            user.clone_into(&mut config.user);
            config.entrypoint = Some(vec![String::from("/bin/sh"), String::from("-c"), String::from("a")]);
        });
        things.into_iter().fold(sample, |sample, (path, thing)| sample.and(&path.join("/"), thing))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_entry_never_hides_another_check(sample in sample(), number in 0..CheckId::ALL.len()) {
        let id = CheckId::ALL[number];
        let mut rules = rules(Profile::Runtime);
        let without = sample.judge_by(&rules);
        rules.allow = vec![allow(id, &[], "a reason", None)];
        let with = sample.judge_by(&rules);
        for (left, right) in without.checks.iter().zip(&with.checks) {
            if left.id == id {
                prop_assert!(right.findings.iter().all(|finding| finding.excuse.is_some()));
                prop_assert_eq!(left.findings.len(), right.findings.len());
            } else {
                prop_assert_eq!(left, right);
            }
        }
        let found_any = without.outcome(id).is_some_and(|outcome| {
            outcome.findings.iter().any(|finding| finding.excuse.is_none())
        });
        prop_assert_eq!(with.stale.is_empty(), found_any);
    }

    #[test]
    fn parts_of_a_verdict_agree(sample in sample(), number in 0..Profile::ALL.len()) {
        let verdict = sample.judge_by(&rules(Profile::ALL[number]));
        prop_assert_eq!(verdict.checks.len(), CheckId::ALL.len());
        let fails = verdict.findings().any(|finding| finding.severity == Severity::Fail);
        prop_assert_eq!(fails, verdict.answer == Answer::No);
        prop_assert_eq!(fails, verdict.grade.is_some_and(|grade| grade > Grade::B));
        let reaches = |level| verdict.levels.contains(&level);
        prop_assert!(!reaches(Level::Strict) || reaches(Level::Runtime));
        prop_assert!(!reaches(Level::Full) || reaches(Level::Slim));
        prop_assert!(!reaches(Level::Slim) || reaches(Level::Runtime));
    }
}
