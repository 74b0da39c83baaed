//! The words of programming languages and the keys of configurations.
//!
//! Highlighting is bounded by [`MAX_HIGHLIGHTED`] bytes, and leaves out lines that nobody wrote by hand:
//! what the expressions of a language cost grows faster than the length of a line.

use attar_image::script::Shebang;
use synoptic::{Highlighter, TokOpt};

use super::display::{Run, show};
use super::line::Style;

/// So many bytes from the beginning of a text are highlighted.
pub const MAX_HIGHLIGHTED: usize = 64 << 10;
/// The longest line that is highlighted, in bytes.
const MAX_LINE: usize = 1000;

/// How a language is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grammar {
    /// By the expressions for files of this extension.
    Extension(&'static str),
    /// Line by line: comments, sections, keys.
    Keys,
    /// Line by line: fields between colons.
    Fields,
}

use Grammar::{Extension, Fields, Keys};

/// Languages with the extensions of their files, and how they are read.
const LANGUAGES: &[(&str, &[&str], Grammar)] = &[
    (
        "shell",
        &["sh", "bash", "ash", "dash", "ksh", "zsh", "postinst", "preinst", "postrm", "prerm"],
        Extension("sh"),
    ),
    ("python", &["py", "pyw", "pyi"], Extension("py")),
    ("ruby", &["rb", "gemspec"], Extension("rb")),
    ("perl", &["pl", "pm", "t"], Extension("pm")),
    ("lua", &["lua"], Extension("lua")),
    ("r", &["r"], Extension("r")),
    ("go", &["go"], Extension("go")),
    ("javascript", &["js", "mjs", "cjs", "jsx"], Extension("js")),
    ("typescript", &["ts", "tsx", "mts"], Extension("ts")),
    ("rust", &["rs"], Extension("rs")),
    ("c", &["c", "h"], Extension("c")),
    ("c++", &["cpp", "hpp", "cc", "cxx", "hh"], Extension("cpp")),
    ("c#", &["cs"], Extension("cs")),
    ("java", &["java"], Extension("java")),
    ("kotlin", &["kt"], Extension("kt")),
    ("scala", &["scala"], Extension("scala")),
    ("php", &["php"], Extension("php")),
    ("haskell", &["hs"], Extension("hs")),
    ("assembler", &["asm", "s"], Extension("asm")),
    ("css", &["css"], Extension("css")),
    ("html", &["html", "htm", "xhtml"], Extension("html")),
    ("xml", &["xml", "svg", "xsd", "xsl", "policy", "plist"], Extension("xml")),
    ("json", &["json", "jsonl", "geojson"], Extension("json")),
    ("yaml", &["yaml", "yml"], Extension("yaml")),
    ("toml", &["toml"], Extension("toml")),
    ("markdown", &["md", "markdown"], Extension("md")),
    ("sql", &["sql"], Extension("sql")),
    ("csv", &["csv"], Extension("csv")),
    ("tex", &["tex"], Extension("tex")),
    ("diff", &["diff", "patch"], Extension("diff")),
    (
        "configuration",
        &[
            "conf",
            "cfg",
            "cnf",
            "ini",
            "service",
            "socket",
            "timer",
            "mount",
            "target",
            "path",
            "slice",
            "desktop",
            "list",
            "sources",
            "properties",
            "env",
            "repo",
            "rules",
            "pc",
            "control",
            "dsc",
        ],
        Keys,
    ),
];

/// Languages of files that are known by their names.
const NAMES: &[(&str, &[&str])] = &[
    ("shell", &["profile", ".profile", ".bashrc", "bash.bashrc", ".bash_profile", ".zshrc", "APKBUILD"]),
    ("ruby", &["Gemfile", "Rakefile"]),
    ("toml", &["Cargo.lock", "poetry.lock"]),
    (
        "configuration",
        &[
            "os-release",
            "debian_version",
            "fstab",
            "hosts",
            "resolv.conf",
            "nsswitch.conf",
            "login.defs",
            "sshd_config",
            "ssh_config",
            ".gitconfig",
            ".npmrc",
            ".env",
            "environment",
            "services",
            "protocols",
            "rpc",
            "networks",
            "shells",
            "status",
            "installed",
            "control",
            "METADATA",
            "PKG-INFO",
            "MANIFEST.MF",
            "repositories",
            "world",
        ],
    ),
    (
        "accounts",
        &[
            "passwd", "passwd-", "group", "group-", "shadow", "shadow-", "gshadow", "gshadow-", "subuid",
            "subgid",
        ],
    ),
];

/// Programs that run scripts, without their versions.
const INTERPRETERS: &[(&str, &[&str])] = &[
    ("shell", &["sh", "bash", "ash", "dash", "ksh", "zsh", "busybox"]),
    ("python", &["python"]),
    ("perl", &["perl"]),
    ("ruby", &["ruby"]),
    ("javascript", &["node", "nodejs", "deno", "bun"]),
    ("lua", &["lua", "luajit"]),
    ("php", &["php"]),
    ("r", &["Rscript"]),
];

/// Tells the language of a text by its first line, else by its name.
pub(super) fn language(name: &[u8], bytes: &[u8]) -> Option<&'static str> {
    let has = |words: &&(&str, &[&str]), word: &str| words.1.contains(&word);
    if let Some(shebang) = Shebang::read(bytes) {
        let program = shebang.program().rsplit('/').next().unwrap_or_default();
        let program = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        return INTERPRETERS.iter().find(|row| has(row, program)).map(|row| row.0);
    }
    if bytes.starts_with(b"<?xml") {
        return Some("xml");
    }
    let name = std::str::from_utf8(name).ok()?;
    if let Some((language, _)) = NAMES.iter().find(|row| has(row, name)) {
        return Some(language);
    }
    let extension = name.rsplit_once('.')?.1.to_ascii_lowercase();
    LANGUAGES.iter().find(|row| row.1.contains(&extension.as_str())).map(|row| row.0)
}

/// Returns the styles of the first lines of a text in this language: for each a list of runs, in bytes of
/// the line as it is [shown](show).
pub(super) fn runs<'a>(language: &str, lines: impl Iterator<Item = &'a [u8]>) -> Vec<Vec<Run>> {
    let grammar = LANGUAGES.iter().find(|row| row.0 == language).map_or(Fields, |row| row.2);
    let mut left = MAX_HIGHLIGHTED;
    let lines = lines.map_while(|line| {
        left = left.checked_sub(line.len() + 1)?;
        // An empty line in the place of a long one keeps what begins before and ends after it.
        Some(if line.len() > MAX_LINE { String::new() } else { show(line).text })
    });
    match grammar {
        Extension(extension) => {
            let Some(mut highlighter) = synoptic::from_extension(extension, 8) else { return Vec::new() };
            lines.enumerate().map(|(number, line)| tokens(&mut highlighter, number, &line)).collect()
        }
        Keys => lines.map(|line| keys(&line)).collect(),
        Fields => lines.map(|line| fields(&line)).collect(),
    }
}

fn tokens(highlighter: &mut Highlighter, number: usize, line: &str) -> Vec<Run> {
    highlighter.append(line);
    let mut end = 0;
    let mut runs = Vec::new();
    for token in highlighter.line(number, line) {
        let (text, style) = match &token {
            TokOpt::Some(text, name) => (text, style(name)),
            TokOpt::None(text) => (text, Style::Plain),
        };
        end += text.len();
        runs.push(Run { end: end as u32, style });
    }
    runs
}

/// Returns the style of what the expressions give this name.
fn style(name: &str) -> Style {
    match name {
        "keyword" | "boolean" | "insertion" => Style::Keyword,
        "string" | "character" | "block" | "link" | "image" => Style::String,
        "comment" | "quote" => Style::Comment,
        "digit" | "number" => Style::Number,
        "function" | "struct" | "macro" | "attribute" | "namespace" | "tag" | "key" | "table" => Style::Name,
        "heading" | "header" => Style::Heading,
        "addition" => Style::Added,
        "deletion" => Style::Removed,
        _ => Style::Plain,
    }
}

/// Reads a line of a configuration: a comment, a section, or a key before `=`, `:` or a blank.
fn keys(line: &str) -> Vec<Run> {
    let end = |text: &str, style| Run { end: (line.len() - text.len()) as u32, style };
    let text = line.trim_start();
    if text.starts_with(['#', ';']) {
        return vec![end("", Style::Comment)];
    }
    if text.starts_with('[') && text.trim_end().ends_with(']') {
        return vec![end("", Style::Heading)];
    }
    let Some(place) = text.find(['=', ':']).filter(|place| *place > 0) else { return Vec::new() };
    let (key, value) = text.split_at(place);
    let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ' ');
    if !key.chars().all(is_key) {
        return Vec::new();
    }
    let (sign, value) = value.split_at(1);
    debug_assert_eq!(sign.len(), 1);
    let mut runs = vec![end(text, Style::Plain), end(&text[place..], Style::Label), end(value, Style::Muted)];
    let quoted = value.trim();
    let is_quoted = |quote| quoted.len() > 1 && quoted.starts_with(quote) && quoted.ends_with(quote);
    if is_quoted('"') || is_quoted('\'') {
        runs.push(end("", Style::String));
    }
    runs
}

/// Reads a line of fields between colons, of which the first is a name.
fn fields(line: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    for (place, _) in line.match_indices(':') {
        let style = if runs.is_empty() { Style::Label } else { Style::Plain };
        runs.push(Run { end: place as u32, style });
        runs.push(Run { end: place as u32 + 1, style: Style::Muted });
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told() {
        for (name, bytes, expected) in [
            ("run", "#!/bin/sh\n", Some("shell")),
            ("run.py", "#!/usr/bin/env node\n", Some("javascript")),
            ("run", "#!/usr/bin/python3.11 -E\n", Some("python")),
            ("run.py", "#!/opt/own/thing\n", None),
            ("main.py", "import os\n", Some("python")),
            ("PHOTO.SVG", "<svg/>", Some("xml")),
            ("page", "<?xml version='1.0'?>", Some("xml")),
            ("os-release", "NAME=x\n", Some("configuration")),
            ("passwd", "root:x:0\n", Some("accounts")),
            ("README", "text\n", None),
            (".conf", "text\n", Some("configuration")),
        ] {
            assert_eq!(language(name.as_bytes(), bytes.as_bytes()), expected, "{name}: {bytes}");
        }
    }

    fn shown(language: &str, text: &str) -> Vec<Vec<(Style, String)>> {
        let lines: Vec<&[u8]> = text.lines().map(str::as_bytes).collect();
        let runs = runs(language, lines.iter().copied());
        let pieces = |(line, runs): (&&[u8], &Vec<Run>)| {
            let line = show(line).styled(runs, Style::Plain);
            line.spans.into_iter().map(|span| (span.style, span.text)).collect()
        };
        lines.iter().zip(&runs).map(pieces).collect()
    }

    fn piece(style: Style, text: &str) -> (Style, String) {
        (style, text.to_owned())
    }

    #[test]
    fn words_have_styles() {
        use Style::*;
        assert_eq!(
            shown("shell", "if true; then # why\n  echo \"a b\"\nfi")[0].last(),
            Some(&piece(Comment, "# why"))
        );
        assert!(shown("python", "def f(): return 'x'").concat().contains(&piece(Keyword, "def")));
        assert!(shown("python", "x = 'y'").concat().contains(&piece(String, "'y'")));
        let text = shown("c", "/* a\n b */ int x;");
        assert_eq!(text[0], [piece(Comment, "/* a")]);
        assert_eq!(text[1][0], piece(Comment, " b */"));
        assert_eq!(
            shown("configuration", "# c\n[s]\n a=\"b c\"\nk: v\nno key here")
                .into_iter()
                .flatten()
                .collect::<Vec<_>>(),
            [
                piece(Comment, "# c"),
                piece(Heading, "[s]"),
                piece(Plain, " "),
                piece(Label, "a"),
                piece(Muted, "="),
                piece(String, "\"b c\""),
                piece(Label, "k"),
                piece(Muted, ":"),
                piece(Plain, " v"),
                piece(Plain, "no key here"),
            ]
        );
        assert_eq!(
            shown("accounts", "root:x:0")[0],
            [
                piece(Label, "root"),
                piece(Muted, ":"),
                piece(Plain, "x"),
                piece(Muted, ":"),
                piece(Plain, "0")
            ]
        );
    }

    #[test]
    fn every_language_reads_everything() {
        let hostile = [
            "\\".repeat(MAX_LINE),
            "\"".repeat(MAX_LINE),
            "impl<".repeat(MAX_LINE / 5),
            "((((a.".repeat(MAX_LINE / 6),
            "f\"{}{\"'}".repeat(100),
            "日本\u{301}\u{202e}'''\"\"\"/*".repeat(20),
            "x".repeat(10 * MAX_LINE),
            String::new(),
        ];
        for (language, _, _) in LANGUAGES {
            let lines = hostile.iter().cycle().take(200).map(|line| line.as_bytes());
            for (line, runs) in hostile.iter().cycle().zip(runs(language, lines)) {
                let shown = show(line.as_bytes());
                assert_eq!(shown.styled(&runs, Style::Plain).text(), shown.styled(&[], Style::Plain).text());
            }
        }
    }
}
