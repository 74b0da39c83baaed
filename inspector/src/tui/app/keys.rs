//! From keys to actions, and to the line that is typed.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tui_input::InputRequest;

use super::{App, Overlay, PromptKind};
use crate::tui::action::Context;
use crate::tui::keymap::Pressed;
use crate::tui::start::Pane;

impl App {
    /// Takes a key.
    pub fn key(&mut self, key: KeyEvent) {
        if key.kind == KeyEventKind::Release {
            return;
        }
        if let Some(Overlay::Prompt(_)) = self.overlay {
            self.notice = None;
            self.key_of_prompt(key);
            self.settle();
            return;
        }
        let context = self.context();
        match self.keymap.press(&mut self.pending, key, context) {
            Pressed::Action(action, count) => self.update(action, count.map_or(1, |count| count as usize)),
            Pressed::Pending(_) | Pressed::Nothing => {}
        }
    }

    /// Takes a text that was pasted.
    pub fn paste(&mut self, text: &str) {
        let Some(Overlay::Prompt(prompt)) = &mut self.overlay else { return };
        prompt.insert(text);
        self.typed();
        self.settle();
    }

    /// Returns where keys go.
    pub fn context(&self) -> Context {
        if self.overlay.is_some() { Context::List } else { self.context_below() }
    }

    /// Returns where keys go once nothing is on top any more.
    pub(super) fn context_below(&self) -> Context {
        match self.tab() {
            None => Context::List,
            Some(tab) => match tab.focus {
                Pane::Layers => Context::Layers,
                Pane::Tree if tab.list().is_none() => Context::Tree,
                Pane::Tree => Context::List,
                Pane::Preview | Pane::Facts => Context::Preview,
            },
        }
    }

    fn key_of_prompt(&mut self, key: KeyEvent) {
        let Some(Overlay::Prompt(prompt)) = &mut self.overlay else { return };
        let has_choices = matches!(prompt.kind, PromptKind::Palette | PromptKind::Compare);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let request = match key.code {
            KeyCode::Esc => return self.leave_prompt(),
            KeyCode::Enter => return self.submit(),
            KeyCode::Char('c' | 'g') if control => return self.leave_prompt(),
            KeyCode::Char('m' | 'j') if control => return self.submit(),
            KeyCode::Up | KeyCode::Down if has_choices => {
                return prompt.choices.step(if key.code == KeyCode::Up { -1 } else { 1 });
            }
            KeyCode::Char('p' | 'n') if control && prompt.kind == PromptKind::Palette => {
                return prompt.choices.step(if key.code == KeyCode::Char('p') { -1 } else { 1 });
            }
            KeyCode::Up => return self.recall(true),
            KeyCode::Down => return self.recall(false),
            KeyCode::Char('p') if control => return self.recall(true),
            KeyCode::Char('n') if control => return self.recall(false),
            KeyCode::Char('a') if control => InputRequest::GoToStart,
            KeyCode::Char('e') if control => InputRequest::GoToEnd,
            KeyCode::Char('b') if control => InputRequest::GoToPrevChar,
            KeyCode::Char('f') if control => InputRequest::GoToNextChar,
            KeyCode::Char('u') if control => InputRequest::DeleteLine,
            KeyCode::Char('k') if control => InputRequest::DeleteTillEnd,
            KeyCode::Char('w') if control => InputRequest::DeletePrevWord,
            KeyCode::Char('h') if control => InputRequest::DeletePrevChar,
            KeyCode::Char('d') if control => InputRequest::DeleteNextChar,
            KeyCode::Backspace if alt => InputRequest::DeletePrevWord,
            KeyCode::Backspace => InputRequest::DeletePrevChar,
            KeyCode::Delete => InputRequest::DeleteNextChar,
            KeyCode::Left if control || alt => InputRequest::GoToPrevWord,
            KeyCode::Right if control || alt => InputRequest::GoToNextWord,
            KeyCode::Left => InputRequest::GoToPrevChar,
            KeyCode::Right => InputRequest::GoToNextChar,
            KeyCode::Home => InputRequest::GoToStart,
            KeyCode::End => InputRequest::GoToEnd,
            KeyCode::Char(character) if !control && !alt && !character.is_control() => {
                InputRequest::InsertChar(character)
            }
            _ => return,
        };
        let before = prompt.input.value().to_owned();
        prompt.input.handle(request);
        if prompt.input.value() != before {
            self.typed();
        }
    }

    /// Closes the line; what happened while it was typed is undone.
    fn leave_prompt(&mut self) {
        let Some(Overlay::Prompt(prompt)) = self.overlay.take() else { return };
        if prompt.kind == PromptKind::Filter && self.list().is_some() {
            return self.filter_list(&prompt.text_before);
        }
        match (prompt.kind, self.tab_mut()) {
            (PromptKind::Filter, Some(tab)) => *tab.filter_mut() = prompt.filter_before,
            (PromptKind::Search, Some(tab)) => tab.clear_found(),
            _ => {}
        }
    }
}
