//! Lines that are typed: searches, filters, paths, names of images, actions.

use std::path::PathBuf;
use std::sync::Arc;

use attar_image::path::{MAX_PATH, TreePath, unescape};
use tui_input::Input;

use super::{App, Overlay, Part, Tab};
use crate::browse::filter::Filter;
use crate::tui::listing::{Jump, Listing};
use crate::tui::listings;
use crate::tui::source::{Failure, Wanted};

/// Characters that a line may have, unless it is a path.
const MAX_LENGTH: usize = 4096;
/// Characters that a path may be shown as: each of its bytes may be one like `\\u{1b}`.
const MAX_SHOWN_PATH: usize = 6 * MAX_PATH + 1;
/// Lines that are kept of each kind.
const MAX_HISTORY: usize = 50;

/// What a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptKind {
    /// Going to what matches, while it is typed.
    Search,
    /// Showing only what matches.
    Filter,
    /// Going to a path.
    GoTo,
    /// Opening an image.
    Open,
    /// Comparing with an image.
    Compare,
    /// Writing what is under the cursor to a folder.
    Extract,
    /// Writing what is shown to a file.
    Export,
    /// Doing anything.
    Palette,
}

/// A line that is typed.
#[derive(Debug)]
pub struct Prompt {
    /// What it is for.
    pub kind: PromptKind,
    /// The line.
    pub input: Input,
    /// What fits to it.
    pub choices: Listing,
    /// What is wrong with it.
    pub error: Option<String>,
    /// What the tree was filtered by before it was typed.
    pub(super) filter_before: Option<Arc<Filter>>,
    /// What it says before anything is typed.
    pub(super) text_before: String,
    /// Which of the lines before is seen.
    recalled: usize,
}

/// Lines that were typed before, the latest last.
#[derive(Debug, Default)]
pub(super) struct History(Vec<(PromptKind, String)>);

impl PromptKind {
    /// Returns what stands in front of the line.
    pub fn title(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Filter => "filter",
            Self::GoTo => "go to",
            Self::Open => "open",
            Self::Compare => "compare with",
            Self::Extract => "extract to folder",
            Self::Export => "export to file",
            Self::Palette => "do",
        }
    }

    /// Returns how many characters may be typed.
    fn max_length(self) -> usize {
        if self == Self::GoTo { MAX_SHOWN_PATH } else { MAX_LENGTH }
    }

    /// Says what may be typed.
    pub fn help(self) -> &'static str {
        match self {
            Self::Search => "a part of a name, /a/path, re:… or glob:…",
            Self::Filter => {
                "words, re: glob: size:>10M type:elf layer:2..4 change:added owner:NAME mode:suid dead: !not"
            }
            Self::GoTo => "a path of the image, as it is shown",
            Self::Open | Self::Compare => "REF, registry:REF, docker:REF, oci:DIR, a file or folder",
            Self::Extract => "a folder of this machine; nothing that is there is overwritten",
            Self::Export => "a file of this machine that is not there yet",
            Self::Palette => "what you want to do",
        }
    }
}

impl Prompt {
    fn new(kind: PromptKind, text: String) -> Self {
        let (choices, error, text_before) = (Listing::default(), None, text.clone());
        Self { kind, input: Input::new(text), choices, error, filter_before: None, text_before, recalled: 0 }
    }
}

impl Prompt {
    /// Adds a text where the cursor is.
    pub(super) fn insert(&mut self, text: &str) {
        let (value, cursor) = (self.input.value(), self.input.cursor());
        let place = value.char_indices().nth(cursor).map_or(value.len(), |(place, _)| place);
        let text: String = text.chars().filter(|it| !it.is_control()).take(self.kind.max_length()).collect();
        let cursor = cursor + text.chars().count();
        let (before, after) = value.split_at(place);
        self.input = Input::new([before, &text, after].concat()).with_cursor(cursor);
    }
}

impl History {
    fn add(&mut self, kind: PromptKind, text: &str) {
        self.0.retain(|known| known != &(kind, text.to_owned()));
        self.0.push((kind, text.to_owned()));
        if self.0.iter().filter(|(known, _)| *known == kind).count() > MAX_HISTORY
            && let Some(oldest) = self.0.iter().position(|(known, _)| *known == kind)
        {
            self.0.remove(oldest);
        }
    }

    fn of(&self, kind: PromptKind) -> Vec<&str> {
        self.0.iter().rev().filter(|(known, _)| *known == kind).map(|(_, text)| text.as_str()).collect()
    }
}

impl App {
    /// Asks for a line.
    pub(super) fn prompt(&mut self, kind: PromptKind) {
        let text = match kind {
            PromptKind::Filter => Some(self.filter_text()),
            PromptKind::GoTo => self.tab().and_then(|tab| Some(tab.selected_path()?.to_string())),
            PromptKind::Extract => Some(".".to_owned()),
            PromptKind::Export => self.tab().map(|tab| format!("attar-{}.json", tab.screen.name())),
            _ => None,
        };
        let context = self.context();
        let mut prompt = Prompt::new(kind, text.unwrap_or_default());
        prompt.filter_before = self.tab().and_then(|tab| tab.filter().cloned());
        if kind == PromptKind::Palette {
            prompt.choices = listings::choices("", &self.keymap, context);
        }
        if kind == PromptKind::Compare {
            prompt.choices = self.comparison_choices("");
        }
        self.overlay = Some(Overlay::Prompt(prompt));
    }

    /// Says why a filter was given up: where it is typed, else as a message.
    pub(super) fn refuse(&mut self, failure: Failure) {
        match &mut self.overlay {
            Some(Overlay::Prompt(prompt)) if prompt.kind == PromptKind::Filter => {
                prompt.error = Some(failure.message);
            }
            _ => self.fail(failure),
        }
    }

    /// Returns the list that stands in the middle.
    pub(super) fn list(&self) -> Option<&Listing> {
        self.tab().map_or(Some(&self.images), |tab| tab.list())
    }

    /// Shows only rows of the list in the middle that hold a text.
    pub(super) fn filter_list(&mut self, text: &str) {
        match self.current {
            None => self.images.set_filter(text),
            Some(current) => {
                if let Some(list) = self.tabs[current].list_mut() {
                    list.set_filter(text);
                }
            }
        }
    }

    /// Returns what is filtered by now.
    fn filter_text(&self) -> String {
        match (self.list(), self.tab()) {
            (Some(list), _) => list.filter.clone(),
            (None, Some(tab)) => tab.filter().map(|filter| filter.as_str().to_owned()).unwrap_or_default(),
            (None, None) => String::new(),
        }
    }

    /// Takes what is typed while it is typed.
    pub(super) fn typed(&mut self) {
        let (context, is_list) = (self.context_below(), self.list().is_some());
        let Some(Overlay::Prompt(prompt)) = &mut self.overlay else { return };
        let most = prompt.kind.max_length();
        if prompt.input.value().chars().count() > most {
            let text: String = prompt.input.value().chars().take(most).collect();
            prompt.input = Input::new(text);
        }
        let text = prompt.input.value().to_owned();
        prompt.error = None;
        match prompt.kind {
            PromptKind::Palette => prompt.choices = listings::choices(&text, &self.keymap, context),
            PromptKind::Filter if is_list => self.filter_list(&text),
            PromptKind::Filter => {
                prompt.error = match Filter::parse(&text) {
                    Err(error) if !text.trim().is_empty() => Some(error.to_string()),
                    _ => None,
                };
                if prompt.error.is_none() {
                    self.filter(&text);
                }
            }
            PromptKind::Search => self.search(&text),
            PromptKind::Compare => {
                let choices = self.comparison_choices(&text);
                if let Some(Overlay::Prompt(prompt)) = &mut self.overlay {
                    prompt.choices = choices;
                }
            }
            _ => {}
        }
    }

    /// Shows the line that was typed before, or after.
    pub(super) fn recall(&mut self, older: bool) {
        let Some(Overlay::Prompt(prompt)) = &mut self.overlay else { return };
        let known = self.history.of(prompt.kind);
        let recalled = if older { prompt.recalled + 1 } else { prompt.recalled.saturating_sub(1) };
        let text = match recalled {
            0 => "",
            recalled => match known.get(recalled - 1) {
                Some(text) => text,
                None => return,
            },
        };
        (prompt.input, prompt.recalled) = (Input::new(text.to_owned()), recalled);
        self.typed();
    }

    /// Takes the line as it is.
    pub(super) fn submit(&mut self) {
        let Some(Overlay::Prompt(prompt)) = self.overlay.take() else { return };
        if prompt.error.is_some() {
            self.overlay = Some(Overlay::Prompt(prompt));
            return;
        }
        let text = prompt.input.value().to_owned();
        let chosen = prompt.choices.selected().and_then(|line| line.jump.clone());
        if !text.trim().is_empty() {
            self.history.add(prompt.kind, &text);
        }
        match prompt.kind {
            // It happened while it was typed.
            PromptKind::Search | PromptKind::Filter => {}
            PromptKind::Palette => {
                if let Some(jump) = chosen {
                    self.jump(jump);
                }
            }
            PromptKind::Compare => match chosen {
                Some(Jump::Image(wanted)) => self.compare_with(wanted),
                _ => self.say("no other image is known here: name one"),
            },
            _ if text.trim().is_empty() => {}
            PromptKind::GoTo => self.go_to_typed(&text),
            PromptKind::Open => self.open(Wanted { word: text.trim().to_owned(), platform: None }),
            PromptKind::Extract => self.extract(PathBuf::from(text.trim())),
            PromptKind::Export => self.export(PathBuf::from(text.trim())),
        }
    }

    fn go_to_typed(&mut self, text: &str) {
        let path = match self.path_meant(text) {
            Ok(path) => path,
            Err(failure) => return self.fail(failure),
        };
        match self.tab_mut().and_then(Tab::compared_mut) {
            Some(comparison) => {
                comparison.part = Part::Files;
                comparison.tree.go_to(&path);
            }
            None => self.jump(Jump::Path { path: path.clone(), layer: None }),
        }
        let is_there = self.tab().is_some_and(|tab| tab.selected_path().as_ref() == Some(&path));
        if !is_there && self.tab().is_some_and(|tab| !tab.tree.is_pending()) {
            self.say(format!("{path} is not shown: this is the nearest directory above it"));
        }
    }

    /// Finds out which path is meant by a text: one that is shown like that, with escapes, or one of exactly
    /// these characters. What the image has counts first, and blanks around a path may belong to it.
    fn path_meant(&self, text: &str) -> Result<TreePath, Failure> {
        let failure = |error: &dyn std::fmt::Display| Failure { message: error.to_string(), hint: None };
        let shown = |text: &str| {
            let bytes = unescape(text).map_err(|error| failure(&error))?;
            TreePath::parse(bytes).map_err(|error| failure(&error))
        };
        let meant = shown(text.trim());
        let candidates = [text, text.trim()].map(|text| [shown(text).ok(), TreePath::parse(text).ok()]);
        let has = |path: &TreePath| match self.tab() {
            None => false,
            Some(tab) => match tab.compared() {
                Some(comparison) => comparison.compared.as_ref().is_some_and(|it| it.find(path).is_some()),
                None => tab.snapshot.as_ref().is_some_and(|it| it.stack.paths().find(path).is_some()),
            },
        };
        candidates.into_iter().flatten().flatten().find(has).map_or(meant, Ok)
    }
}
