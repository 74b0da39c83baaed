//! Looks for paths among those that are shown.

use attar_image::stack::{PathId, Stack};

use super::filter::{FilterError, parse};
use super::rows::Forest;
use super::view::View;
use crate::rules::Glob;

/// How many paths are looked at before somebody may call it off.
const STRIDE: usize = 4096;

/// What is looked for: text within the last component of a path, or within the whole path if it has a slash;
/// capitals count where it has one. `re:` and `glob:` look at whole paths as they do in a
/// [filter](super::filter). Paths start with a slash.
#[derive(Clone, Debug)]
pub struct Query {
    pattern: Pattern,
    is_whole_path: bool,
}

#[derive(Clone, Debug)]
enum Pattern {
    Regex(regex::bytes::Regex),
    Glob(Glob),
}

impl Query {
    /// Reads a query: all of the text, blanks included, is one.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let failed = |expected: String| FilterError { term: text.to_owned(), column: 1, expected };
        if text.len() > parse::MAX_BYTES {
            let term = text.chars().take(16).chain(['…']).collect();
            return Err(FilterError {
                term,
                column: 1,
                expected: format!("at most {} bytes", parse::MAX_BYTES),
            });
        }
        let (pattern, is_whole_path) = if let Some(pattern) = text.strip_prefix("re:") {
            (Pattern::Regex(parse::regex(pattern).map_err(failed)?), true)
        } else if let Some(pattern) = text.strip_prefix("glob:") {
            (Pattern::Glob(parse::glob(pattern).map_err(failed)?), true)
        } else {
            let fold = if text.chars().any(char::is_uppercase) { "" } else { "(?i)" };
            let literal = [fold, &regex::escape(text)].concat();
            (Pattern::Regex(parse::regex(&literal).map_err(failed)?), text.contains('/'))
        };
        Ok(Self { pattern, is_whole_path })
    }

    fn matches(&self, text: &[u8]) -> bool {
        match &self.pattern {
            Pattern::Regex(regex) => regex.is_match(text),
            Pattern::Glob(glob) => glob.matches_absolute(text),
        }
    }
}

/// Returns the shown paths that match, in the order of the tree with everything unfolded. Returns what was
/// found so far once `is_cancelled` says so. Takes time for every path.
pub fn search(view: &View, stack: &Stack, query: &Query, is_cancelled: &dyn Fn() -> bool) -> Vec<PathId> {
    search_forest(view, &|path| stack.paths().name(path), query, is_cancelled)
}

/// Looks for nodes of any tree as [`search`] does for paths of a view; `name` returns the last component of a
/// node's path.
pub fn search_forest<'a, F: Forest>(
    forest: &F,
    name: &dyn Fn(F::Node) -> &'a [u8],
    query: &Query,
    is_cancelled: &dyn Fn() -> bool,
) -> Vec<F::Node> {
    let (mut found, mut bytes, mut seen) = (Vec::new(), Vec::new(), 0_usize);
    let below =
        |node: F::Node, length: usize| forest.children(node).iter().rev().map(move |child| (*child, length));
    let mut pending: Vec<(F::Node, usize)> = below(forest.root(), 0).collect();
    while let Some((path, length)) = pending.pop() {
        let name = name(path);
        let is_match = if query.is_whole_path {
            bytes.truncate(length);
            bytes.push(b'/');
            bytes.extend_from_slice(name);
            query.matches(&bytes)
        } else {
            query.matches(name)
        };
        if is_match {
            found.push(path);
        }
        pending.extend(below(path, bytes.len()));
        seen += 1;
        if seen.is_multiple_of(STRIDE) && is_cancelled() {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::browse::{Index, Sort, ViewSettings};
    use crate::testing::{bytes, stack};
    use attar_testing::layers::Layer;

    #[test]
    fn paths_are_found_in_the_order_of_the_tree() {
        let stack = stack([Layer::new()
            .file("usr/lib/libssl.so.3", bytes(5))
            .file("usr/lib/README", bytes(1))
            .file("etc/ssl/Own.pem", bytes(2))
            .file("etc/a+b é", "")]);
        let index = Index::of(&stack);
        let found = |sort: Sort, query: &str| -> String {
            let view = View::of(&stack, &index, &ViewSettings { sort, ..ViewSettings::default() });
            let query = Query::parse(query).expect("a query");
            let found = search(&view, &stack, &query, &|| false);
            let names: Vec<String> = found
                .iter()
                .map(|path| String::from_utf8_lossy(stack.paths().name(*path)).into_owned())
                .collect();
            names.join(" ")
        };
        for (query, expected) in [
            ("ssl", "ssl libssl.so.3"),
            ("SSL", ""),
            ("own", "Own.pem"),
            ("readme", "README"),
            ("/lib/", "README libssl.so.3"),
            ("lib/r", "README"),
            ("a+b", "a+b é"),
            ("b É", ""),
            ("b é", "a+b é"),
            ("re:^/etc/.*\\.pem$", "Own.pem"),
            ("glob:*.so.*", "libssl.so.3"),
            ("glob:/usr/*", "lib"),
        ] {
            assert_eq!(found(Sort::Name, query), expected, "{query}");
        }
        assert_eq!(found(Sort::Size, "ssl"), "libssl.so.3 ssl");
        let error = Query::parse("re:[").expect_err("no expression").to_string();
        assert_eq!(
            error,
            "cannot read `re:[` in column 1 of the filter: expected a regular expression (unclosed character class)"
        );
    }

    #[test]
    fn a_search_can_be_called_off() {
        let layer = (0..3 * STRIDE).fold(Layer::new(), |layer, number| layer.file(&format!("f{number}"), ""));
        let stack = stack([layer]);
        let index = Index::of(&stack);
        let view = View::of(&stack, &index, &ViewSettings::default());
        let asked = Cell::new(0);
        let is_cancelled = || {
            asked.set(asked.get() + 1);
            asked.get() == 2
        };
        let query = Query::parse("f").expect("a query");
        assert_eq!(search(&view, &stack, &query, &is_cancelled).len(), 2 * STRIDE);
    }
}
