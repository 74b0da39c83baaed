//! Values that are one text.

use serde_json::Value as Json;

use super::{Stage, Validation, described, listed, without_value};
use crate::spec::diagnostic::{Fault, nearest};
use crate::spec::format::{self, Expected};
use crate::spec::merge;
use crate::spec::node::{Kind, Node, Scalar, Style};
use crate::spec::shape::{Choice, Shape};
use crate::spec::source::{self, Span};

impl Validation<'_> {
    /// Walks a scalar where one is due.
    pub(super) fn scalar(&mut self, key: &str, node: &Node, scalar: &Scalar, shape: &Shape) -> Option<Json> {
        if scalar.kind() == Kind::Null {
            return self.fault(without_value(key, node.span));
        }
        match shape {
            Shape::Text { format, scalar: any } => self.text(key, node, scalar, format.as_deref(), *any),
            _ if self.is_open(&scalar.text) => Some(Json::Null),
            Shape::Choice(choices) => self.choice(key, node, &scalar.text, choices),
            Shape::Integer { lowest, highest } => self.integer(key, node, scalar, *lowest, *highest),
            Shape::Boolean => self.boolean(key, node, scalar),
            _ => self.wrong(key, node, shape),
        }
    }

    /// Says whether a text will still change, so that its syntax cannot be judged yet.
    pub(super) fn is_open(&self, text: &str) -> bool {
        matches!(self.stage, Stage::Layer | Stage::Effective { open: true }) && text.contains("${")
    }

    fn text(
        &mut self,
        key: &str,
        node: &Node,
        scalar: &Scalar,
        format: Option<&str>,
        any: bool,
    ) -> Option<Json> {
        let text = &scalar.text;
        if !any && scalar.kind() != Kind::Text {
            let title = format!("`{key}`: expected text, found {}", scalar.kind());
            let right = if format == Some("interval") { format!("{text}s") } else { format!("\"{text}\"") };
            return self.fault(Fault::new(node.span, title).label(format!("write `{right}`")));
        }
        if let Some(format) = format.filter(|format| *format == "include" || !self.is_open(text)) {
            if let Err(expected) = self.check(format, text) {
                return self.fault(unexpected(key, node.span, text, expected));
            }
            return Some(Json::String(self.canonical(format, text, node.span)));
        }
        Some(Json::String(text.clone()))
    }

    /// Brings spellings that mean the same into one, and paths of an included file to the spec's
    /// directory.
    fn canonical(&self, format: &str, text: &str, span: Span) -> String {
        match format {
            "platform" => {
                format::platform(text).map_or_else(|_| text.to_owned(), |platform| platform.to_string())
            }
            "sha256" => text.strip_prefix("sha256:").unwrap_or(text).to_owned(),
            "host-path" => self.on_host(text, span),
            "key" if !text.trim_start().starts_with("-----BEGIN") => self.on_host(text, span),
            "directory" => merge::normalised(&merge::joined(&self.sources.of(span).prefix, text)),
            _ => text.to_owned(),
        }
    }

    fn on_host(&self, text: &str, span: Span) -> String {
        let path = merge::joined(&self.sources.of(span).prefix, text);
        path.strip_prefix("./")
            .map_or(path.clone(), |rest| if rest.is_empty() { ".".to_owned() } else { rest.to_owned() })
    }

    fn choice(&mut self, key: &str, node: &Node, text: &str, choices: &[Choice]) -> Option<Json> {
        let words: Vec<_> = choices.iter().map(|choice| choice.word.as_str()).collect();
        if words.contains(&text) {
            return Some(Json::String(text.to_owned()));
        }
        let title = format!("`{key}`: expected {}, found `{}`", listed(&words, "or"), shortened(text));
        self.fault(Fault::new(node.span, title).nearest(text, words))
    }

    fn integer(
        &mut self,
        key: &str,
        node: &Node,
        scalar: &Scalar,
        lowest: i64,
        highest: i64,
    ) -> Option<Json> {
        let text = &scalar.text;
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = digits.bytes().all(|digit| digit.is_ascii_digit()) && !digits.is_empty();
        let leading = digits.len() > 1 && digits.starts_with('0');
        match text.parse::<i64>() {
            Ok(number) if plain && !leading && scalar.style != Style::Quoted => {
                if (lowest..=highest).contains(&number) {
                    return Some(Json::from(number));
                }
                let title =
                    format!("`{key}`: expected a number from {lowest} to {highest}, found `{number}`");
                self.fault(Fault::new(node.span, title))
            }
            Ok(number) if plain && leading => {
                let title = format!("`{key}`: expected a decimal number, found `{text}`");
                self.fault(Fault::new(node.span, title).label(format!("write `{number}` without the zero")))
            }
            Ok(number) if plain => {
                let title = format!("`{key}`: expected a number, found text");
                self.fault(Fault::new(node.span, title).label(format!("write `{number}` without quotes")))
            }
            _ => {
                let title = format!("`{key}`: expected a number, found `{}`", shortened(text));
                self.fault(Fault::new(node.span, title))
            }
        }
    }

    fn boolean(&mut self, key: &str, node: &Node, scalar: &Scalar) -> Option<Json> {
        let meant = match scalar.text.to_lowercase().as_str() {
            "true" | "yes" | "on" | "y" => Some(true),
            "false" | "no" | "off" | "n" => Some(false),
            _ => None,
        };
        let expanded = scalar.style == Style::Expanded && matches!(scalar.text.as_str(), "true" | "false");
        if let Some(value) = meant.filter(|_| scalar.kind() == Kind::Boolean || expanded) {
            return Some(Json::Bool(value));
        }
        let found = shortened(&scalar.text);
        let title = format!("`{key}`: expected {}, found `{found}`", described(&Shape::Boolean));
        let fault = Fault::new(node.span, title);
        self.fault(match meant {
            Some(value) => fault.label(format!("write `{value}`")),
            None => fault,
        })
    }
}

/// The fault of a text without the syntax it should have.
pub(super) fn unexpected(key: &str, span: Span, text: &str, expected: Expected) -> Fault {
    let title = format!("`{key}`: expected {}, found `{}`", expected.expected, shortened(text));
    let fault = Fault::new(span, title).label(expected.label.unwrap_or_default());
    match expected.help {
        Some(help) => fault.help(help),
        None => fault,
    }
}

/// Shortens a text for a message to its first line.
pub(super) fn shortened(text: &str) -> String {
    let masked = source::masked(text);
    let line = masked.lines().next().unwrap_or_default();
    let short: String = line.chars().take(60).collect();
    if short.len() < text.trim_end().len() { format!("{short}…") } else { short }
}

/// Returns the key that was probably meant, with words that other tools use for it.
pub(super) fn nearest_key<'a>(found: &str, keys: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let synonym = synonym(found);
    keys.clone().find(|key| Some(*key) == synonym).or_else(|| nearest(found, keys))
}

/// Returns what a spec calls that which other tools call `found`.
pub(super) fn synonym(found: &str) -> Option<&'static str> {
    Some(match found.to_lowercase().replace('_', "-").as_str() {
        "env" => "environment",
        "user" | "runas" => "run-as",
        "workdir" | "working-dir" | "cwd" | "working-directory" => "work-dir",
        "expose" | "exposed-ports" => "ports",
        "command" => "cmd",
        "architectures" | "arch" | "platform" => "platforms",
        "mode" | "chmod" => "permissions",
        "dest" | "destination" | "target" | "dst" => "to",
        "src" | "source" => "from",
        "content" => "text",
        "chown" | "uid" => "owner",
        "depends" | "extend" => "extends",
        _ => return None,
    })
}
