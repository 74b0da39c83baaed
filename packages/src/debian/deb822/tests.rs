use proptest::prelude::*;

use super::*;

/// Writes what the scanner meets as `line name=value` and `--`.
fn walk(text: &str) -> Vec<String> {
    Scanner::new(text)
        .map(|token| match token {
            Ok(Token::Field(field)) => format!("{} {}={}", field.line, field.name, field.value),
            Ok(Token::End) => "--".to_owned(),
            Err(error) => error.to_string(),
        })
        .collect()
}

#[test]
fn stanzas_are_walked() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("nothing", "", &[]),
        ("blank lines only", "\n \n\t\n", &[]),
        ("one field", "A: 1\n", &["1 A=1", "--"]),
        ("no final newline", "A: 1", &["1 A=1", "--"]),
        ("no blank after the colon", "A:1\n", &["1 A=1", "--"]),
        ("empty value", "A:\nB: 2\n", &["1 A=", "2 B=2", "--"]),
        ("two stanzas", "A: 1\n\n\nB: 2\n", &["1 A=1", "--", "4 B=2", "--"]),
        ("a line of blanks parts stanzas", "A: 1\n  \nB: 2\n", &["1 A=1", "--", "3 B=2", "--"]),
        ("carriage returns", "A: 1\r\n\r\nB: 2\r\n", &["1 A=1", "--", "3 B=2", "--"]),
        ("continuation", "A: 1\n 2\n\t3\nB: 4\n", &["1 A=1\n 2\n\t3", "4 B=4", "--"]),
        ("continuation of an empty value", "A:\n 2\n", &["1 A=2", "--"]),
        ("comments", "# x\nA: 1\n# y\nB: 2\n", &["2 A=1", "4 B=2", "--"]),
        ("colons in a value", "A: b:c\n", &["1 A=b:c", "--"]),
        ("no colon", "A: 1\nwhat\nB: 2\n", &["1 A=1", "line 2: expected `Name: value`, found `what`"]),
        ("blank in a name", "A b: 1\n", &["line 1: expected `Name: value`, found `A b: 1`"]),
        ("hyphen in front", "-A: 1\n", &["line 1: expected `Name: value`, found `-A: 1`"]),
        ("empty name", ": 1\n", &["line 1: expected `Name: value`, found `: 1`"]),
        ("stray continuation", " x\n", &["line 1: a continuation line stands before the first field"]),
        ("control character", "A\u{1b}: 1\n", &["line 1: expected `Name: value`, found `A\\u{1b}: 1`"]),
    ];
    for (name, text, expected) in cases {
        assert_eq!(walk(text), *expected, "{name}");
    }
}

#[test]
fn fields_are_found_whatever_their_case() {
    let stanza = Stanza::parse("Package: tzdata\nMULTI-ARCH: foreign\n").expect("one stanza");
    assert_eq!(stanza.get("package"), Some("tzdata"));
    assert_eq!(stanza.get("Multi-Arch"), Some("foreign"));
    assert_eq!(stanza.get("Version"), None);
}

#[test]
fn one_stanza_is_one_stanza() {
    let cases = [
        ("A: 1\na: 2\n", "line 2: the field `a` stands twice in one stanza"),
        ("A: 1\n\nB: 2\n", "line 3: expected one stanza, found another"),
        ("A: 1\n\nB\n", "line 3: expected `Name: value`, found `B`"),
    ];
    for (text, message) in cases {
        assert_eq!(Stanza::parse(text).expect_err("not one stanza").to_string(), message);
    }
    assert_eq!(Stanza::parse("\n").expect("an empty stanza").fields(), []);
}

proptest! {
    #[test]
    fn any_text_is_walked_to_its_end(text in "[A: \t\r\n#é-]{0,60}") {
        let mut scanner = Scanner::new(&text);
        let tokens = scanner.by_ref().count();
        prop_assert!(tokens <= 2 * text.len());
        prop_assert!(scanner.next().is_none());
        prop_assert!(stanzas(&text).count() <= text.len());
    }

    #[test]
    fn written_fields_are_read_back(
        fields in proptest::collection::btree_map("[A-Z][a-z]{2,6}-[A-Z]{1,3}", "([a-z(][a-z :#(),|]{0,20})?", 1..6)
    ) {
        let text: String = fields.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        let stanza = Stanza::parse(&text).expect("the written stanza is well formed");
        let read: Vec<(&str, &str)> = stanza.fields().iter().map(|field| (field.name, field.value)).collect();
        let written: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.trim())).collect();
        prop_assert_eq!(read, written);
    }
}
