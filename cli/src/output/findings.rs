//! What a command found where it judged something: one type, from which Markdown, SARIF and JUnit are
//! written.
//!
//! ```text
//! a verb's report  ->  Findings { rules, results, figures, tables }  ->  Markdown | SARIF | JUnit
//! ```
//!
//! - A subject is an image (or a spec) as the user named it; of several, each has its own [`Findings`].
//! - `rules` are all that were asked, also those that hold, so that a reader sees what was judged.
//! - `results` are what was found, the worst first; an allowed one keeps its place with its reason.
//! - Subject and rules of a verb keep their identifiers from one release to the next; what identifies
//!   a result over several runs is [`Finding::fingerprint`].
//!
//! Texts are plain and may hold anything that an image holds: the writers escape them.

use attar_image::digest::Digest;
use attar_image::path::TreePath;

use crate::source;

/// What was judged of one subject.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    /// The command: `inspect`, `check`, `diff`.
    pub(crate) verb: &'static str,
    /// The image or spec, as the user named it.
    pub(crate) image: String,
    /// The same with what tells it from others of the same name: platform, variant, container.
    pub(crate) subject: String,
    /// Every rule that was asked.
    pub(crate) rules: Vec<Rule>,
    /// What was found.
    pub(crate) results: Vec<Finding>,
    /// Figures for people, with what they were and may be. Only Markdown shows them.
    pub(crate) figures: Vec<Figure>,
    /// Tables for people. Only Markdown shows them.
    pub(crate) tables: Vec<Table>,
}

/// A rule that was asked.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// What it is called for good: `D01`, `size.total`.
    pub(crate) id: String,
    /// What it asks for, in a few words: `no shell`, `total size at most 20 MB`.
    pub(crate) title: String,
    /// Why, and what to do where it does not hold; a few sentences.
    pub(crate) help: String,
    /// Why it could not be judged; `None` if it was.
    pub(crate) not_judged: Option<String>,
}

/// Something that a rule found.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    /// Identifier of the rule.
    pub(crate) rule: String,
    /// How bad it is.
    pub(crate) level: Level,
    /// What is the case, in one line, without the rule's title.
    pub(crate) message: String,
    /// Where, the most telling place first.
    pub(crate) locations: Vec<Location>,
    /// The edit that helps, in one line.
    pub(crate) fix: Option<String>,
    /// What tells it from other results of the rule at the same place, such as the name of a missing
    /// library. Mostly empty; never a number that changes with each build.
    pub(crate) identity: String,
    /// Why it is allowed; an allowed one fails nothing.
    pub(crate) allowed: Option<String>,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// The answer is no.
    Error,
    /// Somebody should look.
    Warning,
    /// Worth knowing.
    Note,
}

/// Where something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// In the image.
    Image {
        /// The path.
        path: TreePath,
        /// The layer that it came with.
        layer: Option<LayerName>,
    },
    /// In a file of the user's: a spec, a policy.
    File {
        /// The file as the user named it.
        file: String,
        /// Line, from 1.
        line: u32,
        /// Column, from 1.
        column: u32,
    },
}

/// A layer of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LayerName {
    /// Its number, from 1 for the lowest.
    pub(crate) number: usize,
    /// The blob.
    pub(crate) digest: Digest,
}

/// A figure beside what it was and what it may be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figure {
    /// What is counted: `total size`.
    pub(crate) name: String,
    /// What it is, with its unit.
    pub(crate) value: String,
    /// What it was in the baseline.
    pub(crate) before: Option<String>,
    /// The difference to that, with its sign.
    pub(crate) change: Option<String>,
    /// The budget.
    pub(crate) limit: Option<String>,
    /// Whether it is outside its budget.
    pub(crate) failed: bool,
}

/// A table for people.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// What it shows.
    pub(crate) title: String,
    /// Names of the columns.
    pub(crate) header: Vec<String>,
    /// The rows, each as long as the header.
    pub(crate) rows: Vec<Vec<String>>,
}

impl Findings {
    /// Says whether nothing was found that fails.
    pub(crate) fn passed(&self) -> bool {
        !self.results.iter().any(Finding::fails)
    }

    /// Iterates over what a rule found.
    pub(super) fn of<'a>(&'a self, rule: &'a Rule) -> impl Iterator<Item = &'a Finding> {
        self.results.iter().filter(|finding| finding.rule == rule.id)
    }

    /// Returns the subject without what changes from one build to the next: tag, name in a layout,
    /// digest.
    pub(super) fn stable_subject(&self) -> String {
        self.subject.replacen(&self.image, without_tag(&self.image), 1)
    }
}

fn without_tag(image: &str) -> &str {
    let image = image.split_once('@').map_or(image, |(name, _)| name);
    let name = image.rfind('/').map_or(0, |slash| slash + 1);
    match image[name..].rfind(':') {
        // `oci:folder` has a prefix and no tag.
        Some(colon) if name > 0 || image[..colon].contains(':') || !source::is_prefix(&image[..colon]) => {
            &image[..name + colon]
        }
        _ => image,
    }
}

impl Finding {
    /// Says whether it makes the answer a no.
    pub(crate) fn fails(&self) -> bool {
        self.level == Level::Error && self.allowed.is_none()
    }

    /// Returns what stays the same from one run to the next: 32 hexadecimal digits made of the rule,
    /// the places without their layers, and [`Finding::identity`].
    pub(crate) fn fingerprint(&self) -> String {
        let mut text = format!("{}\0{}", self.rule, self.identity).into_bytes();
        for location in &self.locations {
            text.push(0);
            match location {
                Location::Image { path, .. } => text.extend_from_slice(path.as_bytes()),
                Location::File { file, .. } => text.extend_from_slice(file.as_bytes()),
            }
        }
        Digest::of(&text).hex()[..32].to_owned()
    }
}

impl Level {
    /// Returns the word for it, which is SARIF's.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl std::fmt::Display for Location {
    /// Writes `/path (layer 3)` or `file:line:column`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Image { path, layer: Some(layer) } => write!(f, "{path} (layer {})", layer.number),
            Self::Image { path, layer: None } => write!(f, "{path}"),
            Self::File { file, line, column } => write!(f, "{file}:{line}:{column}"),
        }
    }
}

/// Findings that the tests of all writers share: hostile texts among them.
#[cfg(test)]
pub(super) fn example() -> Findings {
    let path = |text: &str| TreePath::parse(text).expect("a path");
    let rule = |id: &str, title: &str, help: &str| Rule {
        id: id.into(),
        title: title.into(),
        help: help.into(),
        not_judged: None,
    };
    let finding = |rule: &str, level, message: &str| Finding {
        rule: rule.into(),
        level,
        message: message.into(),
        locations: Vec::new(),
        fix: None,
        identity: String::new(),
        allowed: None,
    };
    let layer = Some(LayerName { number: 2, digest: Digest::of(b"layer") });
    Findings {
        verb: "check",
        image: "reg.example:5000/acme/app:1.4".into(),
        subject: "reg.example:5000/acme/app:1.4".into(),
        rules: vec![
            rule("D01", "no shell", "A shell runs whatever gets in."),
            rule("D10", "a user", "Root in the container is root in many places."),
            rule("D17", "size", "Small images pull fast."),
            Rule {
                not_judged: Some("no registry was asked".into()),
                ..rule("D16", "evidence", "Says what is inside.")
            },
        ],
        results: vec![
            Finding {
                locations: vec![Location::Image { path: path("/usr/bin/a b%|`<x>\n\u{1b}[1m"), layer }],
                fix: Some("leave it out: `without: {packages: [dash]}`".into()),
                ..finding("D01", Level::Error, "`a b%|<x>\n\u{1b}[1m` is a shell & @someone")
            },
            Finding {
                locations: vec![Location::File { file: "attar.yaml".into(), line: 3, column: 5 }],
                allowed: Some("runs `chown` first".into()),
                ..finding("D10", Level::Error, "the user is root")
            },
            finding("D17", Level::Warning, "20 MB, more than most"),
        ],
        figures: vec![
            Figure {
                name: "total size".into(),
                value: "20 MB".into(),
                before: Some("19 MB".into()),
                change: Some("+1 MB".into()),
                limit: Some("18 MB".into()),
                failed: true,
            },
            Figure { name: "layers".into(), value: "4".into(), ..Figure::default() },
        ],
        tables: vec![Table {
            title: "Layers".into(),
            header: vec!["layer".into(), "command".into()],
            rows: vec![vec!["1".into(), "COPY | <b>".into()]],
        }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_lose_their_tags() {
        for (subject, expected) in [
            ("app", "app"),
            ("app:1", "app"),
            ("reg.example:5000/app", "reg.example:5000/app"),
            ("reg.example:5000/app:1", "reg.example:5000/app"),
            ("app@sha256:00", "app"),
            ("oci:folder", "oci:folder"),
            ("oci:folder:1", "oci:folder"),
            ("oci:some/folder:1", "oci:some/folder"),
            ("docker:app:1", "docker:app"),
            ("./app.tar", "./app.tar"),
            ("rootfs:tree", "rootfs:tree"),
        ] {
            for (before, after) in
                [("", ""), ("", " for linux/amd64"), ("pod api: ", " for linux/arm64 (debug)")]
            {
                let full = format!("{before}{subject}{after}");
                let findings = Findings { image: subject.into(), subject: full, ..Findings::default() };
                assert_eq!(findings.stable_subject(), format!("{before}{expected}{after}"));
            }
        }
    }

    #[test]
    fn a_fingerprint_is_of_rule_place_and_identity() {
        let finding = &example().results[0];
        let other_layer = Location::Image {
            path: TreePath::parse("/usr/bin/a b%|`<x>\n\u{1b}[1m").expect("a path"),
            layer: None,
        };
        let moved =
            Finding { message: "other words".into(), locations: vec![other_layer], ..finding.clone() };
        assert_eq!(finding.fingerprint(), moved.fingerprint());
        assert_eq!(finding.fingerprint().len(), 32);
        for other in [
            Finding { rule: "D02".into(), ..finding.clone() },
            Finding { identity: "libc.so.6".into(), ..finding.clone() },
            Finding { locations: Vec::new(), ..finding.clone() },
        ] {
            assert_ne!(finding.fingerprint(), other.fingerprint());
        }
    }

    #[test]
    fn what_is_allowed_fails_nothing() {
        let mut findings = example();
        assert!(!findings.passed());
        findings.results.remove(0);
        assert!(findings.passed());
    }
}
