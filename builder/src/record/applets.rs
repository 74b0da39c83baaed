//! The applets of a busybox, from its own table: the program is never run.

/// How the table begins: the two names of `test` sort before all others.
const START: &[u8] = b"[\0[[\0";
/// More applets than any busybox has.
const MAX_APPLETS: usize = 1000;
/// Longer than any applet's name.
const MAX_NAME: usize = 32;

/// Returns the names of the applets that a busybox holds; none when the bytes are no busybox.
///
/// The table is a run of names that end in NUL and ascend.
pub(super) fn names(program: &[u8]) -> Vec<String> {
    memchr::memmem::find_iter(program, START)
        .map(|start| table(&program[start..]))
        .max_by_key(Vec::len)
        .filter(|names| names.len() > 2)
        .unwrap_or_default()
}

fn table(bytes: &[u8]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in bytes.split(|byte| *byte == 0).take(MAX_APPLETS) {
        let is_name = !name.is_empty()
            && name.len() <= MAX_NAME
            && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"[_-.".contains(byte));
        let ascends = names.last().is_none_or(|last| last.as_bytes() < name);
        match std::str::from_utf8(name) {
            Ok(name) if is_name && ascends => names.push(name.to_owned()),
            _ => break,
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn the_table_ends_where_the_names_stop_ascending() {
        let program = b"\x7fELF..\0[\0[[\0ar\0arch\0zcat\0\0more";
        assert_eq!(names(program), ["[", "[[", "ar", "arch", "zcat"]);
        assert_eq!(names(b"[\0[[\0ls\0cat\0"), ["[", "[[", "ls"]);
    }

    #[test]
    fn other_programs_have_none() {
        assert!(names(b"nothing of the kind").is_empty());
        assert!(names(b"[\0[[\0").is_empty());
    }
}
