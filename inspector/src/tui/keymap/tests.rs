use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::defaults::{DEFAULTS, WITHOUT_KEYS};
use super::key::sequence;
use super::*;

fn event(character: char) -> KeyEvent {
    KeyEvent::new(KeyCode::Char(character), KeyModifiers::NONE)
}

/// Presses the characters one by one and returns what the last of them leads to.
fn typed(text: &str, context: Context) -> (Pressed, Pending) {
    let keymap = Keymap::default();
    let mut pending = Pending::default();
    let mut last = Pressed::Nothing;
    for character in text.chars() {
        last = keymap.press(&mut pending, event(character), context);
    }
    (last, pending)
}

#[test]
fn every_default_names_keys() {
    for (_, keys, action) in DEFAULTS {
        let read = sequence(keys).expect("keys");
        assert_eq!(written(&read), *keys, "{action:?} has one spelling");
    }
}

#[test]
fn no_default_is_another_or_begins_it() {
    let keymap = Keymap::default();
    for context in Context::ALL {
        let here: Vec<&Binding> = keymap
            .bindings
            .iter()
            .filter(|binding| [context, Context::Everywhere].contains(&binding.context))
            .collect();
        for (place, one) in here.iter().enumerate() {
            for other in &here[place + 1..] {
                assert!(!clash(&one.keys, &other.keys), "{context:?}: {one:?} and {other:?}");
            }
        }
    }
}

#[test]
fn every_action_has_a_key_or_is_known_to_have_none() {
    let with_keys: Vec<Action> = Keymap::default().all().iter().map(|bound| bound.action).collect();
    let without: Vec<Action> = Action::all().filter(|action| !with_keys.contains(action)).collect();
    assert_eq!(without, WITHOUT_KEYS);
    assert!(with_keys.contains(&Action::Palette), "the palette has the others");
}

#[test]
fn single_keys_and_sequences_become_actions() {
    for (text, context, expected) in [
        ("j", Context::Tree, Action::Down),
        ("gg", Context::Tree, Action::First),
        ("G", Context::List, Action::Last),
        ("''", Context::Tree, Action::LastPlace),
        ("yp", Context::Layers, Action::CopyPath),
        ("gT", Context::Preview, Action::PreviousTab),
        (" ", Context::Tree, Action::ToggleFold),
        (" ", Context::Preview, Action::PageDown),
        ("2", Context::Layers, Action::FocusTree),
    ] {
        let (pressed, pending) = typed(text, context);
        assert_eq!(pressed, Pressed::Action(expected, None), "{text:?}");
        assert!(pending.is_empty(), "{text:?}");
    }
}

#[test]
fn digits_that_are_no_key_start_a_count() {
    for (text, expected) in [
        ("7j", Pressed::Action(Action::Down, Some(7))),
        ("50j", Pressed::Action(Action::Down, Some(50))),
        ("012j", Pressed::Action(Action::Down, Some(12))),
        ("512gg", Pressed::Action(Action::First, Some(512))),
        ("0j", Pressed::Action(Action::Down, None)),
        ("99999999999j", Pressed::Action(Action::Down, Some(MAX_COUNT))),
    ] {
        assert_eq!(typed(text, Context::Tree).0, expected, "{text}");
    }
}

#[test]
fn counts_may_start_with_any_digit_when_panes_have_other_keys() {
    let unbind = |digit: &str| Setting {
        line: 1,
        context: "everywhere".into(),
        keys: digit.into(),
        action: "none".into(),
    };
    let keymap = Keymap::configured(&["1", "2", "3", "4"].map(unbind)).expect("good settings");
    let mut pending = Pending::default();
    keymap.press(&mut pending, event('1'), Context::Tree);
    keymap.press(&mut pending, event('2'), Context::Tree);
    let pressed = keymap.press(&mut pending, event('j'), Context::Tree);
    assert_eq!(pressed, Pressed::Action(Action::Down, Some(12)));
}

#[test]
fn what_is_under_way_is_shown_with_what_may_follow() {
    let (pressed, pending) = typed("9y", Context::Tree);
    let next = [
        ("p".into(), Action::CopyPath),
        ("d".into(), Action::CopyDigest),
        ("n".into(), Action::CopyFromLine),
        ("c".into(), Action::CopyContent),
        ("v".into(), Action::CopyCommand),
    ];
    assert_eq!(pressed, Pressed::Pending(Waiting { shown: "9y".into(), next: next.into() }));
    assert_eq!(pending.shown(), "9y");
    assert_eq!(typed("9", Context::Tree).0, Pressed::Pending(Waiting { shown: "9".into(), next: vec![] }));
}

#[test]
fn escape_and_unknown_keys_give_up_what_is_under_way() {
    let keymap = Keymap::default();
    let escape = KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE);
    let (_, mut pending) = typed("9g", Context::Tree);
    assert_eq!(keymap.press(&mut pending, escape, Context::Tree), Pressed::Nothing);
    assert!(pending.is_empty());
    assert_eq!(keymap.press(&mut pending, escape, Context::Tree), Pressed::Action(Action::Escape, None));

    let (pressed, pending) = typed("gj", Context::Tree);
    assert_eq!(pressed, Pressed::Nothing);
    assert!(pending.is_empty());
}

#[test]
fn keys_of_an_action_come_with_those_of_the_pane_first() {
    let keymap = Keymap::default();
    assert_eq!(keymap.keys_of(Action::ToggleAdded, Context::Tree), ["ctrl+a", "a"]);
    assert_eq!(keymap.keys_of(Action::ToggleAdded, Context::Layers), ["a"]);
    assert_eq!(keymap.keys_of(Action::ToggleFold, Context::Layers), Vec::<String>::new());
}

#[test]
fn hints_are_made_of_the_keys_as_they_are() {
    let line = |keymap: &Keymap, context| {
        let hints = keymap.hints(context).into_iter().map(|(keys, text)| format!("{keys} {text}"));
        hints.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        line(&Keymap::default(), Context::Layers),
        "j/k move, v scope, V range, tab pane, w waste, i facts, : commands, ? help, q quit"
    );
    let settings = [("layers", "w", "none"), ("everywhere", "f10", "quit")].map(|(context, keys, action)| {
        Setting { line: 1, context: context.into(), keys: keys.into(), action: action.into() }
    });
    assert_eq!(
        line(&Keymap::configured(&settings).expect("good settings"), Context::Layers),
        "j/k move, v scope, V range, tab pane, i facts, : commands, ? help, f10 quit"
    );
    for context in Context::ALL {
        assert!(keymap_has_all(&Keymap::default(), context), "{context:?}");
    }
}

/// Says whether no hint of a context was left out for want of keys.
fn keymap_has_all(keymap: &Keymap, context: Context) -> bool {
    let texts: Vec<&str> = keymap.hints(context).into_iter().map(|(_, text)| text).collect();
    texts.ends_with(&["commands", "help", "quit"]) && (context == Context::Everywhere || texts.len() >= 9)
}

#[test]
fn help_lists_every_binding_once() {
    let keymap = Keymap::default();
    let listed: usize = keymap.all().iter().map(|bound| bound.keys.len()).sum();
    assert_eq!(listed, DEFAULTS.len());
}
