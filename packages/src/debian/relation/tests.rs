use std::error::Error;

use proptest::prelude::*;

use super::*;

/// Writes clauses in their canonical spelling, parted by commas.
fn canonical(field: &str) -> Result<String, String> {
    let render = |error: InvalidRelation| {
        format!("{error}: {}", error.source().map(ToString::to_string).unwrap_or_default())
    };
    let clauses = parse_relations(field).map_err(render)?;
    Ok(clauses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}

#[test]
fn fields_are_read() {
    let cases = [
        ("nothing", "", ""),
        ("one name", "libc6", "libc6"),
        ("one character", "r", "r"),
        ("constraint", "libc6 (>= 2.38)", "libc6 (>= 2.38)"),
        ("no blanks", "libc6(>=2.38)", "libc6 (>= 2.38)"),
        ("blanks everywhere", " libc6  ( >=  2.38 ) ", "libc6 (>= 2.38)"),
        (
            "all operators",
            "a (<< 1), a (<= 1), a (= 1), a (>= 1), a (>> 1)",
            "a (<< 1), a (<= 1), a (= 1), a (>= 1), a (>> 1)",
        ),
        ("old operators", "a (< 1), a (> 1)", "a (<= 1), a (>= 1)"),
        ("alternatives", "debconf (>= 0.5) | debconf-2.0", "debconf (>= 0.5) | debconf-2.0"),
        ("continuation lines", "a,\n b |\n\tc\r\n", "a, b | c"),
        ("trailing comma", "a, , b,", "a, b"),
        (
            "qualifiers",
            "python3:any (>= 3.13~), perl:native, gcc:amd64",
            "python3:any (>= 3.13~), perl:native, gcc:amd64",
        ),
        ("architectures", "a [amd64 !i386]", "a [amd64 !i386]"),
        ("profiles", "a <!nocheck> <cross !stage1>", "a <!nocheck> <cross !stage1>"),
        ("all parts", "a:any (= 1:2-3) [linux-any] <!nodoc>", "a:any (= 1:2-3) [linux-any] <!nodoc>"),
    ];
    for (name, field, expected) in cases {
        assert_eq!(canonical(field).as_deref(), Ok(expected), "{name}");
    }
}

#[test]
fn parts_of_a_relation_are_typed() {
    let relation: Relation = "python3:any (>= 3.13~) [!hurd-i386]".parse().expect("the relation is valid");
    let expected = Relation {
        name: "python3".into(),
        qualifier: Some(Qualifier::Any),
        constraint: Some(Constraint {
            operator: Operator::LaterOrEqual,
            version: Version::parse("3.13~").expect("the version is valid"),
        }),
        architectures: vec![Term { negated: true, name: "hurd-i386".into() }],
        profiles: Vec::new(),
    };
    assert_eq!(relation, expected);
}

#[test]
fn what_cannot_be_read_is_refused_with_the_reason() {
    let cases = [
        ("a | | b", "cannot read relation ``: expected the name of a package"),
        ("a, (>= 1)", "cannot read relation `(>= 1)`: `(>= 1)` is not the name of a package"),
        ("a b", "cannot read relation `a b`: unexpected `b`"),
        ("$a", "cannot read relation `$a`: `$a` is not the name of a package"),
        ("${misc:Depends}", "cannot read relation `${misc:Depends}`: `${misc` is not the name of a package"),
        ("a:", "cannot read relation `a:`: expected an architecture after the colon"),
        (
            "a (1.0)",
            "cannot read relation `a (1.0)`: expected `<<`, `<=`, `=`, `>=` or `>>` after the parenthesis",
        ),
        (
            "a (== 1.0)",
            "cannot read relation `a (== 1.0)`: expected `<<`, `<=`, `=`, `>=` or `>>` after the parenthesis",
        ),
        ("a (>= )", "cannot read relation `a (>= )`: the version is empty"),
        ("a (>= 1 2)", "cannot read relation `a (>= 1 2)`: version `1 2` has the character ` `"),
        ("a (>= 1", "cannot read relation `a (>= 1`: `(` has no closing `)`"),
        ("a [amd64", "cannot read relation `a [amd64`: `[` has no closing `]`"),
        ("a (= 1) (= 2)", "cannot read relation `a (= 1) (= 2)`: unexpected `(= 2)`"),
        ("a\u{1b}[", "cannot read relation `a\\u{1b}[`: `a\\u{1b}` is not the name of a package"),
    ];
    for (field, message) in cases {
        assert_eq!(canonical(field), Err(message.to_owned()));
    }
    let long = "a,".repeat(MAX_FIELD);
    let error = parse_relations(&long).expect_err("the field is too long");
    assert_eq!(error.problem, Problem::TooLong);
}

#[test]
fn constraints_judge_versions() {
    let cases = [
        ("a (<< 2)", [true, false, false]),
        ("a (<= 2)", [true, true, false]),
        ("a (= 2)", [false, true, false]),
        ("a (>= 2)", [false, true, true]),
        ("a (>> 2)", [false, false, true]),
        ("a", [true, true, true]),
    ];
    for (text, expected) in cases {
        let relation: Relation = text.parse().expect("the relation is valid");
        assert_eq!(["1", "2-0", "3"].map(|version| relation.allows(version)), expected, "{text}");
        assert_eq!(relation.allows_provided(None), relation.constraint.is_none(), "{text}");
        assert_eq!(relation.allows_provided(Some("2")), expected[1], "{text}");
    }
}

#[test]
fn architecture_lists_say_where_a_relation_counts() {
    let cases = [
        ("a", "amd64", true),
        ("a [amd64 arm64]", "arm64", true),
        ("a [amd64 arm64]", "i386", false),
        ("a [!amd64]", "arm64", true),
        ("a [!amd64]", "amd64", false),
        ("a [linux-any]", "amd64", true),
        ("a [linux-any]", "hurd-amd64", false),
        ("a [any-amd64]", "hurd-amd64", true),
        ("a [any]", "riscv64", true),
    ];
    for (text, architecture, expected) in cases {
        let relation: Relation = text.parse().expect("the relation is valid");
        assert_eq!(relation.counts_on(architecture), expected, "{text} on {architecture}");
    }
}

proptest! {
    #[test]
    fn canonical_spelling_is_read_back(
        field in "([a-z][a-z0-9+.-]{1,4}(:any)?( ?\\((<<|<=|=|>=|>>) ?[0-9]:?[0-9.~]{1,3}[a-z0-9]\\))?( \\[!?amd64\\])?( <!?nodoc>)?( ?[,|] ?)){0,4}z"
    ) {
        let clauses = parse_relations(&field).expect("the generated field is valid");
        let text = clauses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        prop_assert_eq!(parse_relations(&text).expect("the canonical field is valid"), clauses);
    }

    #[test]
    fn any_field_is_read_or_refused(field in "[a:|,()<>=!\\[\\] 1é\n]{0,40}") {
        let _ = parse_relations(&field);
    }
}
