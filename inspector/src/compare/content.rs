//! How two contents of one file differ, in words: lines of a text, what an ELF file needs.

use std::collections::BTreeSet;

use attar_image::elf::Facts;
use serde::Serialize;
use similar::TextDiff;

/// The longest content that is compared in words, in bytes.
pub const MAX_COMPARED: u64 = 32 << 20;
/// The longest text whose lines are compared, in bytes: a hostile one takes the square of its lines.
const MAX_TEXT: usize = 256 << 10;
/// And in lines.
const MAX_LINES: usize = 5_000;
/// How many lines around a difference are shown.
const CONTEXT: usize = 3;

/// How two contents differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ContentChange {
    /// Both are text.
    Text {
        /// The lines of a unified diff, from its first `@@` on.
        lines: Vec<String>,
    },
    /// Both are programs or libraries.
    Elf {
        /// What each says of itself, where that differs.
        facts: Vec<ElfFact>,
    },
}

/// Something that an ELF file says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ElfFact {
    /// What it is: `needs`, `build ID`, `interpreter`, …
    pub name: &'static str,
    /// What the first says; `None` when it says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What the second says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl ContentChange {
    /// Compares two contents; `None` when they are neither both text that is short enough nor both ELF
    /// files that say different things of themselves.
    pub fn of(before: &[u8], after: &[u8]) -> Option<Self> {
        if let (Some(before), Some(after)) = (Facts::read(before), Facts::read(after)) {
            let facts = of_elf(&before, &after);
            return (!facts.is_empty()).then_some(Self::Elf { facts });
        }
        let (before, after) = (text(before)?, text(after)?);
        let differences = TextDiff::from_lines(before, after);
        let mut unified = differences.unified_diff();
        let lines = unified.context_radius(CONTEXT).to_string();
        Some(Self::Text { lines: lines.split_terminator('\n').map(String::from).collect() })
    }
}

/// Returns a content as text, if it is one that is short enough.
fn text(bytes: &[u8]) -> Option<&str> {
    let text =
        std::str::from_utf8(bytes).ok().filter(|text| text.len() <= MAX_TEXT && !text.contains('\0'))?;
    (text.lines().count() <= MAX_LINES).then_some(text)
}

fn of_elf(before: &Facts, after: &Facts) -> Vec<ElfFact> {
    let mut facts = Vec::new();
    let mut add = |name, before: Option<String>, after: Option<String>| {
        if before != after {
            facts.push(ElfFact { name, before, after });
        }
    };
    let libraries = |facts: &Facts| facts.needed.iter().cloned().collect::<BTreeSet<_>>();
    let (ours, theirs) = (libraries(before), libraries(after));
    for gone in ours.difference(&theirs) {
        add("needs", Some(gone.clone()), None);
    }
    for new in theirs.difference(&ours) {
        add("needs", None, Some(new.clone()));
    }
    add("machine", Some(before.machine.to_string()), Some(after.machine.to_string()));
    add("name", before.soname.clone(), after.soname.clone());
    add("interpreter", before.interpreter.clone(), after.interpreter.clone());
    add("library path", path(before), path(after));
    let (ours, theirs) = (versions(before), versions(after));
    for gone in ours.difference(&theirs) {
        add("needs version", Some(gone.clone()), None);
    }
    for new in theirs.difference(&ours) {
        add("needs version", None, Some(new.clone()));
    }
    add("build ID", before.build_id.clone(), after.build_id.clone());
    facts
}

fn path(facts: &Facts) -> Option<String> {
    facts.runpath.clone().or_else(|| facts.rpath.clone())
}

fn versions(facts: &Facts) -> BTreeSet<String> {
    let needs = facts.version_needs.iter();
    needs
        .flat_map(|need| need.versions.iter().map(|version| format!("{version} of {}", need.library)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_texts_are_compared() {
        let lines = |before: &str, after: &str| match ContentChange::of(before.as_bytes(), after.as_bytes()) {
            Some(ContentChange::Text { lines }) => lines,
            other => panic!("{other:?}"),
        };
        assert_eq!(lines("a\nb\n", "a\nc\n"), ["@@ -1,2 +1,2 @@", " a", "-b", "+c"]);
        let missing = ["@@ -1 +1 @@", "-a", "+a", "\\ No newline at end of file"];
        assert_eq!(lines("a\n", "a"), missing);
    }

    #[test]
    fn what_is_no_short_text_is_not_compared() {
        for (case, bytes) in [
            ("not UTF-8", b"\xff".to_vec()),
            ("a zero byte", b"a\0b".to_vec()),
            ("many lines", b"\n".repeat(MAX_LINES + 1)),
            ("long", b"a".repeat(MAX_TEXT + 1)),
        ] {
            assert_eq!(ContentChange::of(b"text", &bytes), None, "{case}");
        }
    }

    #[test]
    fn what_programs_need_is_compared() {
        let facts = |needed: &[&str], build_id: &str| Facts {
            class: attar_image::elf::Class::Bits64,
            order: attar_image::elf::ByteOrder::Little,
            machine: 62,
            flags: 0,
            os_abi: 0,
            kind: attar_image::elf::Kind::Executable,
            interpreter: None,
            soname: None,
            needed: needed.iter().map(ToString::to_string).collect(),
            rpath: None,
            runpath: None,
            version_needs: Vec::new(),
            version_definitions: Vec::new(),
            build_id: Some(build_id.to_owned()),
            isa_needed: 0,
            loadable: true,
            damaged: false,
        };
        let found =
            of_elf(&facts(&["libc.so.6", "libz.so.1"], "aa"), &facts(&["libm.so.6", "libc.so.6"], "bb"));
        let shown: Vec<String> =
            found.iter().map(|fact| format!("{} {:?} {:?}", fact.name, fact.before, fact.after)).collect();
        let expected = [
            "needs Some(\"libz.so.1\") None",
            "needs None Some(\"libm.so.6\")",
            "build ID Some(\"aa\") Some(\"bb\")",
        ];
        assert_eq!(shown, expected);
    }
}
