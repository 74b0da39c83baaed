//! YAML of other tools, read as a spec is: each key once, aliases and nesting bounded.

use super::diagnostic::Diagnostics;
pub(crate) use super::node::{Entry, Mapping, Node, Style, Value};
pub(crate) use super::refused::reason as refusal;
use super::source::Source;
pub(crate) use super::source::Sources;
use super::yaml;

/// Reads a file as a tree; what is wrong comes as line and words.
pub(crate) fn read(name: &str, text: &str, sources: &mut Sources) -> Result<Node, (usize, String)> {
    let number = sources.add(Source::new(name, String::new(), text.to_owned()));
    let mut faults = Vec::new();
    let tree = yaml::parse(number, text, &mut faults);
    if faults.is_empty() {
        return tree.ok_or_else(|| (1, String::from("the file is empty")));
    }
    let faults = Diagnostics::new(faults, sources.clone());
    let first = faults.iter().next();
    let (location, title) = first.expect("there is a fault at least");
    Err((location.map_or(1, |location| location.line as usize), title.to_owned()))
}
