use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

fn version(text: &str) -> Version {
    Version::parse(text).expect("the test's version is valid")
}

#[test]
fn order_is_that_of_dpkg() {
    use Ordering::{Equal, Less};
    let cases = [
        ("tilde before the end", "1.0~rc1", Less, "1.0"),
        ("tilde before tilde letter", "1.0~~", Less, "1.0~~a"),
        ("two tildes before one", "1.0~~a", Less, "1.0~"),
        ("letters before other characters", "1.0a", Less, "1.0+"),
        ("a letter after the end", "1.0", Less, "1.0a"),
        ("numbers by value", "1.9", Less, "1.10"),
        ("numbers of any length", "1.99999999999999999999", Less, "1.100000000000000000000"),
        ("leading zeros", "1.010", Equal, "1.10"),
        ("missing number at the end", "1.0a", Equal, "1.0a0"),
        ("missing number after a tilde", "1.0~", Equal, "1.0~0"),
        ("missing number after a plus", "1.0+", Equal, "1.0+0"),
        ("missing number after a dot", "1.2.", Equal, "1.2.0"),
        ("missing epoch", "1.0", Equal, "0:1.0"),
        ("missing revision", "1.0", Equal, "1.0-0"),
        ("revision", "1.0-1", Less, "1.0-1+b1"),
        ("revision after the last hyphen", "1.0-1-1", Less, "1.0-2-0"),
        ("security update", "1.0-1", Less, "1.0-1+deb13u1"),
        ("epoch wins", "9.9", Less, "1:0.1"),
        ("epoch with zeros", "01:1", Equal, "1:1"),
        ("colon in the upstream part", "1:2:3", Less, "1:2:4"),
        ("underscore", "1.0_1", Less, "1.0_2"),
    ];
    for (name, a, order, b) in cases {
        assert_eq!(compare(a, b), order, "{name}: {a} and {b}");
        assert_eq!(compare(b, a), order.reverse(), "{name}: {b} and {a}");
        assert_eq!(version(a) == version(b), order == Equal, "{name}");
    }
}

#[test]
fn equal_versions_hash_alike() {
    let spellings = ["1.0", "1.0-0", "0:1.0", "01.00", "1.-", "1."];
    let set: HashSet<Version> =
        spellings.iter().filter_map(|text| Version::parse(text).ok()).collect::<HashSet<_>>();
    assert_eq!(set.len(), 1);
}

#[test]
fn parts_are_split_at_the_first_colon_and_the_last_hyphen() {
    let cases = [
        ("1.2", (0, "1.2", None)),
        ("3:1.2-4", (3, "1.2", Some("4"))),
        ("1:2:3-4-5", (1, "2:3-4", Some("5"))),
        (" 1.0 ", (0, "1.0", None)),
    ];
    for (text, (epoch, upstream, revision)) in cases {
        let version = version(text);
        assert_eq!(
            (version.epoch(), version.upstream(), version.revision()),
            (epoch, upstream, revision),
            "{text}"
        );
    }
}

#[test]
fn rebuild_suffix_is_dropped_only_at_the_end() {
    let cases = [
        ("1.0-1+b1", "1.0-1"),
        ("1.0+b12", "1.0"),
        ("1.0-1+b", "1.0-1+b"),
        ("1.0-1+b1+deb13u1", "1.0-1+b1+deb13u1"),
        ("1.0-1+deb13u1", "1.0-1+deb13u1"),
        ("+b1", "+b1"),
        ("1.0", "1.0"),
    ];
    for (text, expected) in cases {
        assert_eq!(without_rebuild(text), expected);
    }
}

#[test]
fn invalid_versions_are_refused_with_the_reason() {
    let cases = [
        ("", "the version is empty"),
        ("  ", "the version is empty"),
        ("a:1", "version `a:1` has an epoch that is not a number between 0 and 2147483647"),
        (":1", "version `:1` has an epoch that is not a number between 0 and 2147483647"),
        ("2147483648:1", "version `2147483648:1` has an epoch that is not a number between 0 and 2147483647"),
        ("1:", "version `1:` has no upstream part"),
        ("-1", "version `-1` has no upstream part"),
        ("1.0-", "version `1.0-` ends in a hyphen: expected a revision after it"),
        ("1 0", "version `1 0` has the character ` `"),
        ("1\u{7}", "version `1\\u{7}` has the character `\\u{7}`"),
        ("1é", "version `1\\u{e9}` has the character `\\u{e9}`"),
    ];
    for (text, message) in cases {
        let error = Version::parse(text).expect_err("the version is invalid");
        assert_eq!(error.to_string(), message);
    }
}

fn any_version() -> impl Strategy<Value = String> {
    "([0-2]:)?[0-2]?[a-b0-2.+~]{0,5}[0-2a](-[0-2a+~]{1,3})?"
}

proptest! {
    #[test]
    fn order_is_total(a in any_version(), b in any_version(), c in any_version()) {
        prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
        if compare(&a, &b) != Ordering::Greater && compare(&b, &c) != Ordering::Greater {
            prop_assert_ne!(compare(&a, &c), Ordering::Greater);
        }
    }

    #[test]
    fn hash_agrees_with_equality(a in any_version(), b in any_version()) {
        let pair: HashSet<Version> = [version(&a), version(&b)].into_iter().collect();
        prop_assert_eq!(pair.len() == 1, compare(&a, &b) == Ordering::Equal);
    }

    #[test]
    fn any_text_is_compared(a in any::<String>(), b in any::<String>()) {
        prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
    }
}

/// What `dpkg --compare-versions` of dpkg 1.21 answered for every pair: a row's version against the
/// version of each column, in the order of the rows.
const DPKG: &[(&str, &str)] = &[
    ("1", "=<<<<<<<<<<<<=<<<<<<<<<<<<<"),
    ("1.0", ">=<<>><<<<>><><<<==<<<<<<<<"),
    ("1.0a", ">>==>><<<<>><>>>>>>><<<<<<>"),
    ("1.0a0", ">>==>><<<<>><>>>>>>><<<<<<>"),
    ("1.0~", "><<<==<<<<><<><<<<<<<<<<<<<"),
    ("1.0~0", "><<<==<<<<><<><<<<<<<<<<<<<"),
    ("1.0+", ">>>>>>==<<>><>>>>>>><<<<<<>"),
    ("1.0+0", ">>>>>>==<<>><>>>>>>><<<<<<>"),
    ("1.2.", ">>>>>>>>==>><>>>>>>>><<<<>>"),
    ("1.2.0", ">>>>>>>>==>><>>>>>>>><<<<>>"),
    ("1.0~~", "><<<<<<<<<=<<><<<<<<<<<<<<<"),
    ("1.0~rc1", "><<<>><<<<>=<><<<<<<<<<<<<<"),
    ("1:0", ">>>>>>>>>>>>=>>>>>>>>>>><>>"),
    ("0:1", "=<<<<<<<<<<<<=<<<<<<<<<<<<<"),
    ("1.0-1", ">><<>><<<<>><>=<>>><<<<<<<<"),
    ("1.0-1+b1", ">><<>><<<<>><>>=>>><<<<<<<<"),
    ("1.0-1~bpo13+1", ">><<>><<<<>><><<=>><<<<<<<<"),
    ("1.0-0", ">=<<>><<<<>><><<<==<<<<<<<<"),
    ("01.00", ">=<<>><<<<>><><<<==<<<<<<<<"),
    ("1.0-a", ">><<>><<<<>><>>>>>>=<<<<<<>"),
    ("1.0.-1", ">>>>>>>><<>><>>>>>>>=<<<<<>"),
    ("1.10", ">>>>>>>>>>>><>>>>>>>>=><<>>"),
    ("1.9", ">>>>>>>>>>>><>>>>>>>><=<<>>"),
    ("a", ">>>>>>>>>>>><>>>>>>>>>>=<>>"),
    ("1:1:1", ">>>>>>>>>>>>>>>>>>>>>>>>=>>"),
    ("1.0_1", ">>>>>>>><<>><>>>>>>>><<<<=>"),
    ("1.0-1+deb13u1", ">><<>><<<<>><>>>>>><<<<<<<="),
];

#[test]
fn agrees_with_dpkg_on_every_pair() {
    for (a, answers) in DPKG {
        let row: String = DPKG
            .iter()
            .map(|(b, _)| match compare(a, b) {
                Ordering::Less => '<',
                Ordering::Equal => '=',
                Ordering::Greater => '>',
            })
            .collect();
        assert_eq!(row, *answers, "{a}");
    }
}
