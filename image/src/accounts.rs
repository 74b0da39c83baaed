//! Users and groups of an image: the lines of its `/etc/passwd` and `/etc/group`.

use std::collections::BTreeMap;

/// Where the users of an image stand.
pub const USERS: &str = "etc/passwd";

/// Where the groups of an image stand.
pub const GROUPS: &str = "etc/group";

/// The longest name in bytes: no system has users or groups with longer ones.
const MAX_NAME: usize = 256;

/// Returns the fields of each line, without blanks around them. Lines without a colon are left out.
pub fn records(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = text.lines().filter(|line| line.contains(':'));
    lines.map(|line| line.split(':').map(str::trim).collect())
}

/// Says whether a record is an account for whoever asks the system: comments and lines of NIS are none,
/// but container runtimes take them for accounts all the same.
pub fn is_account(record: &[&str]) -> bool {
    record.first().is_some_and(|name| !name.starts_with(['#', '+', '-']))
}

/// What the numbers of users are called, or those of groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(BTreeMap<u32, String>);

impl Names {
    /// Reads `/etc/passwd` or `/etc/group`, of any bytes.
    ///
    /// Of several names of one number the first counts, as for everybody who asks the system. A name of
    /// digits alone would be taken for a number that it is not, and is none.
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut names = BTreeMap::new();
        for fields in records(&text).filter(|fields| is_account(fields)) {
            let [name, _, number, ..] = fields[..] else { continue };
            let is_name = name.bytes().any(|byte| !byte.is_ascii_digit()) && name.len() <= MAX_NAME;
            if let (Ok(number), true) = (number.parse(), is_name) {
                names.entry(number).or_insert_with(|| name.to_owned());
            }
        }
        Self(names)
    }

    /// Returns the name of a number: any characters, but neither colons nor line ends.
    pub fn name(&self, number: u32) -> Option<&str> {
        self.0.get(&number).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn comments_and_lines_of_nis_are_no_accounts() {
        let text = "# users:\n root : x:0 \n\n+nis:x:1\n-gone:x:2\nnothing\r\napp:x:10:11\r\n";
        let found: Vec<Vec<&str>> = records(text).filter(|fields| is_account(fields)).collect();
        assert_eq!(found, [vec!["root", "x", "0"], vec!["app", "x", "10", "11"]]);
    }

    #[test]
    fn the_first_name_of_a_number_counts() {
        let long = "x".repeat(MAX_NAME + 1);
        let text = format!(
            "root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:\napp:x:10\nshort:x\n0:x:7\n:x:8\n{long}:x:9\n\
             large:x:4294967295\nlarger:x:4294967296\nnegative:x:-1\n"
        );
        let names = Names::parse(text.as_bytes());
        assert_eq!(names.name(0), Some("root"));
        assert_eq!(names.name(10), Some("app"));
        assert_eq!(names.name(u32::MAX), Some("large"));
        assert_eq!(names.0.len(), 3, "{names:?}");
    }

    #[test]
    fn bytes_that_are_no_text_are_names_all_the_same() {
        let names = Names::parse(b"caf\xe9:x:5\n\xff\xfe\0:x:6");
        assert_eq!(names.name(5), Some("caf\u{fffd}"));
        assert_eq!(names.name(6), Some("\u{fffd}\u{fffd}\0"));
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for (number, name) in Names::parse(&bytes).0 {
                prop_assert!(name.parse::<u32>() != Ok(number) && !name.is_empty());
                prop_assert!(!name.contains([':', '\n']));
            }
        }

        #[test]
        fn names_that_are_written_are_read(names in prop::collection::btree_map(any::<u32>(), "[a-z_][a-z0-9_-]{0,30}", 0..20)) {
            let text: String = names.iter().map(|(number, name)| format!("{name}:x:{number}:\n")).collect();
            prop_assert_eq!(Names::parse(text.as_bytes()), Names(names));
        }
    }
}
