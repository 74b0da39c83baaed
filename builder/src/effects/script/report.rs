//! What is noted of each command: its effect, that it does nothing, or that it is not understood.

use super::super::effect::Effect;
use super::evaluate::Run;
use super::{Meaning, Recognised, Unknown};

/// The longest command that is shown, in characters.
const MAX_SHOWN: usize = 160;

impl Run<'_> {
    /// Notes an effect of the current command, or that it may be one.
    pub(super) fn effect(&mut self, text: &str, effect: Effect) {
        self.state.note(&effect);
        match &effect {
            Effect::User { name, request, .. } => {
                self.names.insert(name.clone());
                if request.group.is_none() {
                    self.names.insert(format!("@{name}"));
                }
            }
            Effect::Group { name, .. } => drop(self.names.insert(format!("@{name}"))),
            _ => {}
        }
        self.status = Some(true);
        // An account too many harms nobody, and scripts guard against one that exists.
        let is_account = matches!(
            effect,
            Effect::User { .. } | Effect::Account { .. } | Effect::Group { .. } | Effect::Member { .. }
        );
        match is_account || self.state.certain && !self.state.maybe_over {
            true => self.recognised(text, Meaning::Effect(Box::new(effect))),
            false => self.unknown_because(text, "it depends on a condition that cannot be decided here"),
        }
    }

    /// Notes a command that does nothing to an image.
    pub(super) fn nothing(&mut self, text: &str, why: &'static str) {
        self.recognised(text, Meaning::Nothing(why));
    }

    /// Notes a command that makes something attar does not make.
    pub(super) fn missing(&mut self, text: &str, what: &'static str, matters: bool) {
        self.recognised(text, Meaning::Missing { what, matters });
    }

    fn recognised(&mut self, text: &str, meaning: Meaning) {
        let text = text.chars().take(MAX_SHOWN).collect();
        self.result.commands.push(Recognised { line: self.line, text, meaning });
    }

    /// Notes a command that is not understood; whether it succeeds is not known either.
    pub(super) fn unknown(&mut self, text: &str, why: &'static str) {
        self.status = None;
        self.unknown_because(text, why);
    }

    fn unknown_because(&mut self, text: &str, why: &'static str) {
        let text = text.chars().take(MAX_SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.result.unknown.push(Unknown { line: self.line, text, why });
    }
}
