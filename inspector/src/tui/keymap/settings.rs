//! Keys that the user chose: what a file says, checked and put over the defaults.

use std::fmt;

use super::super::action::{Action, Context};
use super::key::{Key, sequence, written};
use super::{Binding, Keymap, clash};

/// What unbinds keys in place of an action.
const NONE: &str = "none";

/// One line of the configuration: in a context, these keys ask for that action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The line of the file, from 1, for messages.
    pub line: usize,
    /// The name of the context, as [`Context::name`] gives it.
    pub context: String,
    /// Keys pressed one after the other: `ctrl+f`, `g g`.
    pub keys: String,
    /// The name of the action, or `none` if the keys shall do nothing.
    pub action: String,
}

/// A line of the configuration that cannot be obeyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line of the file, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub kind: MistakeKind,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MistakeKind {
    /// The line is nothing that a file of keys has.
    #[error("cannot read {0}: expected a context as in `tree:`, or keys below one as in `  x: extract`")]
    Line(Quoted),
    /// No context has this name.
    #[error("unknown context {found}: expected {}{}", contexts(), meant(*nearest))]
    Context {
        /// What stands there.
        found: Quoted,
        /// The name that is most like it.
        nearest: Option<&'static str>,
    },
    /// No action has this name.
    #[error("unknown action {found}: expected the name of an action or `none`{}", meant(*nearest))]
    Action {
        /// What stands there.
        found: Quoted,
        /// The name that is most like it.
        nearest: Option<&'static str>,
    },
    /// A word names no key.
    #[error(
        "unknown key {0}: expected a character, `space`, `f5`, `ctrl+f`, `alt+left`, with spaces between keys"
    )]
    Key(Quoted),
    /// The keys always do the same, so that there is always a way out.
    #[error("`{0}` always quits: expected other keys")]
    Reserved(String),
    /// Two lines want the same keys, or one begins as another ends.
    #[error("`{keys}` clashes with `{other}` of line {line}: expected keys that no other line starts with")]
    Clash {
        /// The keys of this line.
        keys: String,
        /// The keys of the other.
        other: String,
        /// The other line.
        line: usize,
    },
    /// The keys do nothing anyway.
    #[error("`{keys}` does nothing in `{context}`: expected keys that do something, to be unbound")]
    Unbound {
        /// The keys.
        keys: String,
        /// The context.
        context: &'static str,
    },
}

/// Text of the file in backticks, harmless for a terminal and not longer than a message can bear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted(String);

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.kind)
    }
}

impl std::error::Error for Mistake {}

impl Quoted {
    pub(super) fn new(text: &str) -> Self {
        let short: String = text.chars().take(40).collect();
        let more = if short.len() < text.len() { "…" } else { "" };
        Self(format!("{}{more}", attar_image::path::escape(short.as_bytes())))
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0)
    }
}

/// A line whose words are all known.
struct Wish {
    line: usize,
    context: Context,
    keys: Vec<Key>,
    action: Option<Action>,
}

impl Keymap {
    /// Puts the lines of a configuration over the defaults.
    ///
    /// A line wins over every default that it clashes with; one for `everywhere` also over those of
    /// single panes. Two lines may have the same keys only if one is for `everywhere` and the other for
    /// a pane, where it then wins.
    ///
    /// # Errors
    ///
    /// Returns everything that is wrong with the lines, in their order.
    pub fn configured(settings: &[Setting]) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let mut wishes: Vec<Wish> = Vec::new();
        for setting in settings {
            match Wish::read(setting).and_then(|wish| wish.beside(&wishes)) {
                Ok(wish) => wishes.push(wish),
                Err(kind) => mistakes.push(Mistake { line: setting.line, kind }),
            }
        }
        let mut keymap = Self::default();
        // Unbinding comes first: it speaks of the defaults as they are.
        let (binding, unbinding): (Vec<&Wish>, Vec<&Wish>) =
            wishes.iter().partition(|wish| wish.action.is_some());
        for wish in unbinding.into_iter().chain(binding) {
            if let Err(kind) = keymap.clear(wish) {
                mistakes.push(Mistake { line: wish.line, kind });
            }
        }
        if !mistakes.is_empty() {
            mistakes.sort_by_key(|mistake| mistake.line);
            return Err(mistakes);
        }
        let own = wishes.into_iter().filter_map(|wish| {
            Some(Binding { context: wish.context, keys: wish.keys, action: wish.action? })
        });
        // The user's keys come first, so that hints show them.
        keymap.bindings = own.chain(keymap.bindings).collect();
        Ok(keymap)
    }

    /// Removes the defaults that are in the way of a line.
    fn clear(&mut self, wish: &Wish) -> Result<(), MistakeKind> {
        let applies =
            |binding: &Binding| wish.context == Context::Everywhere || binding.context == wish.context;
        if wish.action.is_some() {
            self.bindings.retain(|binding| !(applies(binding) && clash(&binding.keys, &wish.keys)));
            return Ok(());
        }
        let is_bound = self.in_context(wish.context).any(|binding| binding.keys == wish.keys)
            || self.bindings.iter().any(|binding| applies(binding) && binding.keys == wish.keys);
        if !is_bound {
            return Err(MistakeKind::Unbound { keys: written(&wish.keys), context: wish.context.name() });
        }
        self.silent.push((wish.context, wish.keys.clone()));
        self.bindings.retain(|binding| !(applies(binding) && binding.keys == wish.keys));
        Ok(())
    }
}

impl Wish {
    fn read(setting: &Setting) -> Result<Self, MistakeKind> {
        let context = Context::ALL.into_iter().find(|context| context.name() == setting.context);
        let context = context.ok_or_else(|| MistakeKind::Context {
            found: Quoted::new(&setting.context),
            nearest: nearest(&setting.context, Context::ALL.into_iter().map(Context::name)),
        })?;
        let keys = sequence(&setting.keys).map_err(|word| MistakeKind::Key(Quoted::new(&word)))?;
        if keys.first().is_some_and(|first| Key::parse("ctrl+c") == Some(*first)) {
            return Err(MistakeKind::Reserved("ctrl+c".into()));
        }
        let action = match setting.action.as_str() {
            NONE => None,
            name => Some(Action::find(name).ok_or_else(|| MistakeKind::Action {
                found: Quoted::new(name),
                nearest: nearest(name, Action::all().map(Action::name).chain([NONE])),
            })?),
        };
        Ok(Self { line: setting.line, context, keys, action })
    }

    /// Checks that no line before wants the same.
    fn beside(self, others: &[Self]) -> Result<Self, MistakeKind> {
        let other = others.iter().find(|other| {
            let meet = self.context == other.context
                || [self.context, other.context].contains(&Context::Everywhere) && self.keys != other.keys;
            let both_act = self.action.is_some() && other.action.is_some();
            meet && (self.keys == other.keys || both_act && clash(&self.keys, &other.keys))
        });
        match other {
            None => Ok(self),
            Some(other) => Err(MistakeKind::Clash {
                keys: written(&self.keys),
                other: written(&other.keys),
                line: other.line,
            }),
        }
    }
}

/// Returns the candidate that `found` was probably meant to be.
fn nearest(found: &str, candidates: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let wanted = found.to_lowercase().replace('_', "-");
    candidates
        .map(|candidate| (strsim::jaro_winkler(&wanted, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

fn contexts() -> String {
    Context::ALL.map(|context| format!("`{}`", context.name())).join(", ")
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(lines: &[(&str, &str, &str)]) -> Vec<Setting> {
        let setting = |(place, (context, keys, action)): (usize, &(&str, &str, &str))| Setting {
            line: place + 1,
            context: (*context).into(),
            keys: (*keys).into(),
            action: (*action).into(),
        };
        lines.iter().enumerate().map(setting).collect()
    }

    fn mistakes(lines: &[(&str, &str, &str)]) -> Vec<String> {
        match Keymap::configured(&settings(lines)) {
            Ok(_) => Vec::new(),
            Err(mistakes) => mistakes.iter().map(Mistake::to_string).collect(),
        }
    }

    #[test]
    fn what_the_user_chose_wins_over_defaults() {
        let keymap = Keymap::configured(&settings(&[
            ("everywhere", "g", "first"),
            ("everywhere", "1", "none"),
            ("tree", "x", "none"),
            ("tree", "ctrl+a", "show-waste"),
            ("layers", "e", "open"),
        ]))
        .expect("good settings");
        let bound = |context, keys: &str| keymap.bound(context, &sequence(keys).expect("keys"));
        assert_eq!(bound(Context::Tree, "g"), Some(Action::First));
        assert_eq!(bound(Context::Tree, "g t"), None);
        assert_eq!(bound(Context::Layers, "1"), None);
        assert_eq!(bound(Context::Tree, "x"), None, "unbound in the tree only");
        assert_eq!(bound(Context::List, "x"), Some(Action::Extract));
        assert_eq!(bound(Context::Tree, "ctrl+a"), Some(Action::ShowWaste));
        assert_eq!(bound(Context::Layers, "ctrl+a"), Some(Action::ScopeUpToHere));
        assert_eq!(bound(Context::Layers, "e"), Some(Action::Open));
        assert_eq!(bound(Context::Tree, "e"), Some(Action::Export));
        assert_eq!(keymap.keys_of(Action::First, Context::Tree), ["g", "home"]);
    }

    #[test]
    fn a_line_for_a_pane_wins_over_one_for_everywhere() {
        let keymap =
            Keymap::configured(&settings(&[("tree", "X", "extract"), ("everywhere", "X", "export")]))
                .expect("good settings");
        let keys = sequence("X").expect("keys");
        assert_eq!(keymap.bound(Context::Tree, &keys), Some(Action::Extract));
        assert_eq!(keymap.bound(Context::Layers, &keys), Some(Action::Export));
    }

    #[test]
    fn mistakes_say_where_what_and_what_was_meant() {
        assert_eq!(
            mistakes(&[
                ("tre", "x", "extract"),
                ("tree", "ctl+x", "extract"),
                ("tree", "", "extract"),
                ("tree", "X", "toggle_preview"),
                ("tree", "X", "?\u{1b}[31m"),
                ("tree", "ctrl+c", "none"),
                ("list", "ctrl+y", "none"),
            ]),
            [
                "line 1: unknown context `tre`: expected `everywhere`, `layers`, `tree`, `preview`, `list`; \
                 did you mean `tree`?",
                "line 2: unknown key `ctl+x`: expected a character, `space`, `f5`, `ctrl+f`, `alt+left`, with \
                 spaces between keys",
                "line 3: unknown key ``: expected a character, `space`, `f5`, `ctrl+f`, `alt+left`, with \
                 spaces between keys",
                "line 4: unknown action `toggle_preview`: expected the name of an action or `none`; did you \
                 mean `toggle-preview`?",
                "line 5: unknown action `?\\u{1b}[31m`: expected the name of an action or `none`",
                "line 6: `ctrl+c` always quits: expected other keys",
                "line 7: `ctrl+y` does nothing in `list`: expected keys that do something, to be unbound",
            ]
        );
    }

    #[test]
    fn lines_must_not_clash() {
        for (first, second, expected) in [
            (("tree", "X", "open"), ("tree", "X", "export"), Some(("X", "X"))),
            (("tree", "X", "open"), ("tree", "X", "none"), Some(("X", "X"))),
            (("tree", "X", "open"), ("tree", "X X", "export"), Some(("X X", "X"))),
            (("tree", "X X", "open"), ("everywhere", "X", "export"), Some(("X", "X X"))),
            (("tree", "ctrl+i", "open"), ("tree", "tab", "export"), Some(("tab", "tab"))),
            (("tree", "X", "open"), ("list", "X X", "export"), None),
            (("tree", "X", "open"), ("everywhere", "X", "export"), None),
            (("tree", "g", "open"), ("tree", "g g", "none"), None),
            (("everywhere", "g", "open"), ("everywhere", "g g", "none"), None),
        ] {
            let expected: Vec<String> = expected
                .map(|(keys, other)| {
                    format!(
                        "line 2: `{keys}` clashes with `{other}` of line 1: expected keys that no other line \
                         starts with"
                    )
                })
                .into_iter()
                .collect();
            assert_eq!(mistakes(&[first, second]), expected, "{first:?} {second:?}");
        }
    }
}
