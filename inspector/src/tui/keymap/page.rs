//! The tables of keys in `docs/inspect-interface.md`, made from the key map.
//!
//! A test compares; with `ATTAR_TESTS_WRITE=1` it writes the tables instead.

use std::path::Path;

use super::super::action::{Action, Context};
use super::Keymap;

/// Sections of the page, and the first action of each; all up to the next one belong to it.
const SECTIONS: &[(&str, Action)] = &[
    ("going about", Action::Up),
    ("panes", Action::NextPane),
    ("views", Action::ShowTree),
    ("layers", Action::CycleScope),
    ("order and folding", Action::CycleSort),
    ("finding", Action::Search),
    ("taking things out", Action::CopyPath),
    ("images", Action::Reload),
    ("the interface", Action::Palette),
];

/// What dive's keys do, where, and what does the same here.
const DIVE: &[(&str, &str, Context, Action)] = &[
    ("`ctrl+c`, `q`", "quit", Context::Everywhere, Action::Quit),
    ("`tab`", "layers or tree", Context::Everywhere, Action::NextPane),
    ("`up`, `k`", "up", Context::Everywhere, Action::Up),
    ("`down`, `j`", "down", Context::Everywhere, Action::Down),
    ("`left`, `h` in the tree", "parent", Context::Tree, Action::Left),
    ("`right`, `l` in the tree", "expand", Context::Tree, Action::Right),
    ("`pgup`, `u`", "page up", Context::Everywhere, Action::PageUp),
    ("`pgdn`, `d`", "page down", Context::Everywhere, Action::PageDown),
    ("`ctrl+f`, `ctrl+/`", "filter", Context::Tree, Action::Filter),
    ("`esc`", "close the filter", Context::Tree, Action::Escape),
    ("`ctrl+z`", "suspend", Context::Everywhere, Action::Suspend),
    ("`ctrl+l` in the layers", "changes of this layer", Context::Layers, Action::ScopeChanges),
    ("`ctrl+a` in the layers", "all layers up to this one", Context::Layers, Action::ScopeUpToHere),
    ("`space`", "fold", Context::Tree, Action::ToggleFold),
    ("`ctrl+space`", "fold all", Context::Tree, Action::CollapseAll),
    ("`ctrl+a` in the tree", "hide what is added", Context::Tree, Action::ToggleAdded),
    ("`ctrl+r`", "hide what is removed", Context::Tree, Action::ToggleRemoved),
    ("`ctrl+m`", "hide what is modified", Context::Tree, Action::ToggleModified),
    ("`ctrl+u`", "hide what is unmodified", Context::Tree, Action::ToggleUnchanged),
    ("`ctrl+b`", "attributes", Context::Tree, Action::ToggleAttributes),
    ("`ctrl+o`", "sort", Context::Tree, Action::CycleSort),
    ("`ctrl+p`", "wrap", Context::Tree, Action::ToggleWrap),
    ("`ctrl+e`", "extract", Context::Tree, Action::Extract),
];

fn code(keys: &[String]) -> String {
    keys.iter().map(|keys| format!("`{keys}`")).collect::<Vec<_>>().join(" ")
}

fn place(context: Context) -> &'static str {
    match context {
        Context::Everywhere => "anywhere",
        Context::Layers => "layers",
        Context::Tree => "tree",
        Context::Preview => "preview",
        Context::List => "lists",
    }
}

/// Returns the row of an action: its keys, by where they mean it.
fn row(keymap: &Keymap, action: Action) -> String {
    let mut places: Vec<(String, Vec<&str>)> = Vec::new();
    for bound in keymap.all().iter().filter(|bound| bound.action == action) {
        let (keys, place) = (code(&bound.keys), place(bound.context));
        match places.iter_mut().find(|(known, _)| *known == keys) {
            Some((_, known)) => known.push(place),
            None => places.push((keys, vec![place])),
        }
    }
    let everywhere = vec![place(Context::Everywhere)];
    let keys: Vec<String> = places
        .into_iter()
        .map(|(keys, places)| match places == everywhere {
            true => keys,
            false => format!("{keys} ({})", places.join(", ")),
        })
        .collect();
    format!("| {} | {} | `{}` |\n", keys.join(", "), action.help(), action.name())
}

/// Returns the tables of the page, by name.
fn tables(keymap: &Keymap) -> Vec<(&'static str, String)> {
    let section = |action: Action| {
        let begun = SECTIONS.iter().rev().find(|(_, first)| *first <= action);
        begun.expect("the first section begins with the first action").0
    };
    let mut tables: Vec<(&str, String)> = Vec::new();
    for (name, _) in SECTIONS {
        let rows = Action::all().filter(|action| section(*action) == *name);
        let rows: String = rows.map(|action| row(keymap, action)).collect();
        tables.push((name, format!("| keys | what they do | action |\n|---|---|---|\n{rows}")));
    }
    let mut text = String::from("| dive | what it does | here |\n|---|---|---|\n");
    for (theirs, what, context, action) in DIVE {
        let ours = code(&keymap.keys_of(*action, *context));
        text += &format!("| {theirs} | {what} | {ours} |\n");
    }
    tables.push(("dive", text));
    tables
}

#[test]
fn the_page_has_the_keys_as_they_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/inspect-interface.md");
    let kept = std::fs::read_to_string(&path).expect("the page of the interface");
    let mut page = kept.clone();
    for (name, table) in tables(&Keymap::default()) {
        let (start, end) = (format!("<!-- keys: {name} -->\n"), "<!-- end of keys -->\n");
        let (before, rest) = page.split_once(&start).unwrap_or_else(|| panic!("no `{start}`"));
        let (_, after) = rest.split_once(end).expect("tables end");
        page = format!("{before}{start}{table}{end}{after}");
    }
    if std::env::var_os("ATTAR_TESTS_WRITE").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
        return;
    }
    let command = "ATTAR_TESTS_WRITE=1 cargo test -p attar-inspector the_page_has";
    assert!(kept == page, "run `{command}` and commit the page");
}
