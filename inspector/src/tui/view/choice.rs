//! What of the files a tree shows, in words: the layers, what must match, what is left out, the order.

use super::tree::finding;
use crate::browse::filter::Filter;
use crate::browse::{Hide, Sort};
use crate::tui::action::{Action, Context};
use crate::tui::app::{App, Scope, Tab, Tree};
use crate::tui::task::{LayerState, Showing};

/// Returns the title of what shows the files of an image.
pub(super) fn title(app: &App, tab: &Tab, is_largest: bool) -> String {
    let range = tab.span.range(tab.layer.at);
    let (from, to) = (range.from + 1, range.to + 1);
    let mut title = match tab.span.scope {
        Scope::UpToHere => format!("files up to layer {to}"),
        Scope::Changes => format!("changes of layer {to}"),
        Scope::Range if from == to => format!("layer {to}"),
        Scope::Range => format!("layers {from} to {to}"),
    };
    if is_largest {
        let of = if tab.span.scope == Scope::Range { "of " } else { "" };
        title = format!("largest {of}{title}");
    }
    let tree = &tab.tree;
    match (&tree.filter, &tree.shown) {
        (Some(filter), Some(shown)) if tree.is_filtered() => {
            title += &format!(", {} match `{}`", shown.view.matches(), filter.as_str());
        }
        // The rows are those of the filter before until it is done.
        (Some(filter), _) => title += &format!(", finding `{}`", filter.as_str()),
        (None, _) => {}
    }
    if tab.is_reading() {
        title += ", layers are still being read";
    }
    let left_out = left_out(tab);
    if !left_out.is_none() {
        title += &format!(", without {}", list(&left_out.names()));
    }
    if !is_largest && let Some(order) = order(tree) {
        title += &format!(", {order}");
    }
    if tree.is_pending() {
        title += &format!(" {}", app.spinner());
    }
    title
}

/// Returns what is left out besides what the scope leaves out by itself.
fn left_out(tab: &Tab) -> Hide {
    let usual = if tab.span.scope == Scope::Changes { Hide::UNCHANGED } else { Hide::NONE };
    tab.tree.hide.without(usual)
}

/// Returns what the tree of two images shows, besides what it usually does: nothing that is the same.
pub(super) fn of_two<S: Showing>(tree: &Tree<S>) -> Option<String> {
    let mut words: Vec<String> =
        tree.filter.iter().map(|filter| format!("matching `{}`", filter.as_str())).collect();
    let left_out = tree.hide.without(Hide::UNCHANGED);
    if !left_out.is_none() {
        words.push(format!("without {}", list(&left_out.names())));
    }
    words.extend(order(tree));
    (!words.is_empty()).then(|| words.join(", "))
}

/// Returns the order of what is in one directory, unless it is the usual one.
fn order<S: Showing>(tree: &Tree<S>) -> Option<String> {
    let by = format!("by {}", tree.sort.name());
    match (tree.sort, tree.is_reversed) {
        (Sort::Name, false) => None,
        (_, false) => Some(by),
        (_, true) => Some(by + " reversed"),
    }
}

/// Says why there are no files.
pub(super) fn nothing(app: &App, tab: &Tab) -> String {
    if let Some(line) = finding(app, &tab.tree) {
        return line;
    }
    if let Some(why) = tab.trouble() {
        return format!("this layer was not read: {why}");
    }
    match tab.layers.get(tab.layer.at) {
        Some(LayerState::Waiting | LayerState::Reading) => return "this layer is not read yet".to_owned(),
        Some(LayerState::Cancelled) => return "reading this layer was stopped: `reload` reads it".to_owned(),
        _ => {}
    }
    let left_out = left_out(tab);
    match (&tab.tree.filter, tab.span.scope) {
        (Some(filter), _) if left_out.is_none() => {
            format!("nothing matches {}: `esc` shows all again", filter.as_str())
        }
        (Some(filter), _) => nothing_matches(app, filter, left_out),
        (None, _) if !left_out.is_none() => nothing_left(app, left_out),
        (None, Scope::Changes) => "this layer changes no file".to_owned(),
        (None, _) => "no files".to_owned(),
    }
}

/// Says that nothing matches of what is not hidden.
pub(super) fn nothing_matches(app: &App, filter: &Filter, hide: Hide) -> String {
    format!("nothing matches {}, and {}", filter.as_str(), hidden(app, hide))
}

/// Says that all there may be is hidden.
pub(super) fn nothing_left(app: &App, hide: Hide) -> String {
    format!("nothing is left: {}", hidden(app, hide))
}

/// Says what is hidden, and which keys show it again.
fn hidden(app: &App, hide: Hide) -> String {
    let actions = [
        (hide.added, "added", Action::ToggleAdded),
        (hide.modified, "modified", Action::ToggleModified),
        (hide.removed, "removed", Action::ToggleRemoved),
        (hide.unchanged, "unchanged", Action::ToggleUnchanged),
    ];
    let words: Vec<String> = actions
        .into_iter()
        .filter(|(is_hidden, ..)| *is_hidden)
        .map(|(_, name, action)| match app.keymap.keys_of(action, Context::Tree).last() {
            Some(key) => format!("{name} (`{key}`)"),
            None => name.to_owned(),
        })
        .collect();
    let verb = if words.len() == 1 { "is" } else { "are" };
    format!("what is {} {verb} hidden", list(&words))
}

/// Returns words as a sentence has them.
fn list(words: &[impl AsRef<str>]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.as_slice() {
        [rest @ .., one, last] => [rest, &[format!("{one} and {last}").as_str()]].concat().join(", "),
        words => words.join(""),
    }
}

#[cfg(test)]
mod tests {
    use super::list;

    #[test]
    fn words_stand_as_in_a_sentence() {
        for (words, expected) in
            [(&[][..], ""), (&["a"], "a"), (&["a", "b"], "a and b"), (&["a", "b", "c"], "a, b and c")]
        {
            assert_eq!(list(words), expected);
        }
    }
}
