//! Keys and actions, for help and for the palette: both come from the key map as it is.

use crate::tui::action::Context;
use crate::tui::keymap::Keymap;
use crate::tui::listing::{Column, Jump, Line, Listing, Width};
use crate::tui::palette;

/// Lists what can be done, that fits a typed text, with its keys.
pub(crate) fn choices(text: &str, keymap: &Keymap, context: Context) -> Listing {
    let columns = vec![
        Column::new("action", Width::Text(22), 0),
        Column::new("keys", Width::Text(18), 1),
        Column::new("what it does", Width::Rest, 0),
    ];
    let mut list = Listing::new("actions", columns);
    for choice in palette::choices(text, keymap, context) {
        let action = choice.action;
        let cells = [action.name().to_owned(), choice.keys.join("  "), action.help().to_owned()];
        list.rows.push(Line::of(cells).to(Jump::Action(action)));
    }
    list
}

/// Lists all keys by where they mean something.
pub(crate) fn help(keymap: &Keymap) -> Listing {
    let columns = vec![
        Column::new("keys", Width::Text(24), 0),
        Column::new("what they do", Width::Rest, 0),
        Column::new("action", Width::Text(22), 1),
    ];
    let mut list = Listing::new("keys", columns);
    let mut context = None;
    for bound in keymap.all() {
        if context != Some(bound.context) {
            context = Some(bound.context);
            list.rows.push(Line::heading(title(bound.context)));
        }
        let cells = [bound.keys.join("  "), bound.action.help().to_owned(), bound.action.name().to_owned()];
        list.rows.push(Line::of(cells).to(Jump::Action(bound.action)));
    }
    list.cursor.at = 1;
    list
}

fn title(context: Context) -> &'static str {
    match context {
        Context::Everywhere => "everywhere",
        Context::Layers => "in the layers",
        Context::Tree => "in the tree",
        Context::Preview => "in the preview and the details",
        Context::List => "in lists",
    }
}
