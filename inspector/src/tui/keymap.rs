//! Which keys ask for which action: sequences of keys and counts, by context, as the user chose.
//!
//! ```text
//! KeyEvent -> key::Key -> Keymap::press(&mut Pending, …, Context) -> Action with its count
//! defaults::DEFAULTS + settings::Setting -> Keymap -> hints, help, palette
//! ```
//!
//! Nothing here waits: no key sequence is the beginning of another one, so that every press is decided
//! at once.

mod defaults;
mod file;
mod hints;
mod key;
mod settings;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::{Action, Context};
use key::{sequence, written};

pub use file::settings;
pub use key::Key;
pub use settings::{Mistake, MistakeKind, Quoted, Setting};

/// The greatest count; more digits leave it there.
const MAX_COUNT: u32 = 99_999_999;

/// All bindings.
///
/// What is bound in a context wins there over what is bound everywhere, if the keys are the same or
/// begin the same.
#[derive(Clone, Debug)]
pub struct Keymap {
    bindings: Vec<Binding>,
    /// Keys that do nothing in a context although they do something everywhere else.
    silent: Vec<(Context, Vec<Key>)>,
}

/// Keys that ask for an action in a context.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Binding {
    context: Context,
    keys: Vec<Key>,
    action: Action,
}

/// Keys that were pressed and are not decided yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    keys: Vec<Key>,
    count: Option<u32>,
}

/// What a press leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// An action is asked for, with the count that was typed before it.
    Action(Action, Option<u32>),
    /// More keys must follow.
    Pending(Waiting),
    /// The keys mean nothing, or what was under way was given up.
    Nothing,
}

/// What was pressed so far, and what may follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The count and the keys so far: `12`, `g`, `12g`.
    pub shown: String,
    /// The keys that may follow, and what they lead to; none while only a count is typed.
    pub next: Vec<(String, Action)>,
}

/// An action with all its keys, as help lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Where the keys mean that.
    pub context: Context,
    /// The keys; each text is one sequence.
    pub keys: Vec<String>,
    /// What they ask for.
    pub action: Action,
}

impl Default for Keymap {
    /// Returns the keys without any configuration.
    fn default() -> Self {
        let bindings = defaults::DEFAULTS.iter().map(|(context, keys, action)| {
            let keys = sequence(keys).expect("a test reads every default");
            Binding { context: *context, keys, action: *action }
        });
        Self { bindings: bindings.collect(), silent: Vec::new() }
    }
}

impl Pending {
    /// Forgets what was pressed, as after a click.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Says whether nothing is under way.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the count and the keys so far; empty if there are none.
    pub fn shown(&self) -> String {
        let count = self.count.map_or_else(String::new, |count| count.to_string());
        format!("{count}{}", written(&self.keys))
    }
}

impl Keymap {
    /// Takes a press in a context.
    ///
    /// A digit that is bound to nothing there starts a count, as `0` does with the defaults: `012j` goes
    /// twelve lines down, while `1` alone goes to a pane. Escape gives up what is under way.
    pub fn press(&self, pending: &mut Pending, event: KeyEvent, context: Context) -> Pressed {
        let Some(key) = Key::of(event) else {
            // Keys alone that are no press, such as a release, must not break a sequence.
            return if pending.is_empty() { Pressed::Nothing } else { self.waiting(pending, context) };
        };
        let is_escape = Key::of(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE)) == Some(key);
        if is_escape && !pending.is_empty() {
            pending.clear();
            return Pressed::Nothing;
        }
        if let Some(digit) = key.digit().filter(|_| self.counts(pending, key, context)) {
            let count = pending.count.unwrap_or(0).saturating_mul(10).saturating_add(digit);
            pending.count = Some(count.min(MAX_COUNT));
            return self.waiting(pending, context);
        }
        pending.keys.push(key);
        if let Some(action) = self.bound(context, &pending.keys) {
            let count = pending.count.filter(|count| *count > 0);
            pending.clear();
            return Pressed::Action(action, count);
        }
        if self.in_context(context).any(|binding| binding.keys.starts_with(&pending.keys)) {
            return self.waiting(pending, context);
        }
        pending.clear();
        Pressed::Nothing
    }

    /// Returns the keys that ask for an action in a context, each text one sequence, the best first.
    pub fn keys_of(&self, action: Action, context: Context) -> Vec<String> {
        let mut found: Vec<&Binding> =
            self.in_context(context).filter(|binding| binding.action == action).collect();
        // A key of the pane itself says more than one that works everywhere.
        found.sort_by_key(|binding| binding.context == Context::Everywhere);
        found.into_iter().map(|binding| written(&binding.keys)).collect()
    }

    /// Returns every action that has keys, by context, in the order of the actions.
    pub fn all(&self) -> Vec<Bound> {
        let mut all = Vec::new();
        for context in Context::ALL {
            for action in Action::all() {
                let own = self.bindings.iter().filter(|it| it.context == context && it.action == action);
                let keys: Vec<String> = own.map(|binding| written(&binding.keys)).collect();
                if !keys.is_empty() {
                    all.push(Bound { context, keys, action });
                }
            }
        }
        all
    }

    /// Returns what exactly these keys ask for.
    fn bound(&self, context: Context, keys: &[Key]) -> Option<Action> {
        self.in_context(context).find(|binding| binding.keys == keys).map(|binding| binding.action)
    }

    /// Iterates over what is bound in a context: its own, and what is bound everywhere and not hidden.
    fn in_context(&self, context: Context) -> impl Iterator<Item = &Binding> {
        let is_silent = move |keys: &[Key]| self.silent.iter().any(|(c, k)| *c == context && k == keys);
        self.bindings.iter().filter(move |binding| {
            binding.context == context
                || binding.context == Context::Everywhere
                    && !is_silent(&binding.keys)
                    && !self
                        .bindings
                        .iter()
                        .any(|own| own.context == context && clash(&own.keys, &binding.keys))
        })
    }

    /// Says whether a digit belongs to a count.
    fn counts(&self, pending: &Pending, digit: Key, context: Context) -> bool {
        pending.keys.is_empty()
            && (pending.count.is_some()
                || !self.in_context(context).any(|binding| binding.keys.first() == Some(&digit)))
    }

    fn waiting(&self, pending: &Pending, context: Context) -> Pressed {
        let begun = self
            .in_context(context)
            .filter(|it| !pending.keys.is_empty() && it.keys.starts_with(&pending.keys));
        let next = begun.map(|it| (written(&it.keys[pending.keys.len()..]), it.action)).collect();
        Pressed::Pending(Waiting { shown: pending.shown(), next })
    }
}

/// Says whether one of two sequences is the other, or its beginning.
fn clash(one: &[Key], other: &[Key]) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

#[cfg(test)]
mod page;
#[cfg(test)]
mod tests;
