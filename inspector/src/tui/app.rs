//! The state of the interface: what is open, what is looked at, what is asked for.
//!
//! ```text
//! keys, mouse  ->  App::key, App::mouse  ->  Action  ->  App::update  ->  new state, Tasks
//! workers      ->  App::receive          ->  new state, Tasks
//! &App         ->  view::draw
//! ```
//!
//! Nothing here reads, writes, waits or draws. Nothing takes longer the larger an image is, but what
//! unfolds as many rows as it shows.

mod accounts;
mod acting;
mod command;
mod comparison;
mod digest;
mod images;
mod jump;
mod keys;
mod motion;
mod mouse;
mod overlay;
mod places;
mod preview;
mod prompt;
mod screens;
mod search;
mod tab;
mod tree;
mod undone;
mod update;

use std::collections::VecDeque;

use super::cursor::Cursor;
use super::keymap::{Keymap, Pending};
use super::layout::Layout;
use super::listing::Listing;
use super::source::{Failure, Wanted};
use super::start::{Pane, Start, View};
use super::task::{Event, TabId, Task};
use super::theme::{Glyphs, Theme};

pub use accounts::{Accounts, Owners, files_of_image, files_of_view};
pub use comparison::{Comparison, Part};
pub use digest::{Digests, Hashing};
pub use overlay::Overlay;
pub use places::{Look, Place, Places};
pub use preview::PreviewPane;
pub use prompt::{Prompt, PromptKind};
pub use screens::Screen;
pub use search::Found;
pub use tab::{Known, Phase, Tab};
pub use tree::{Scope, Span, Tree};

/// Messages that are kept.
const MAX_MESSAGES: usize = 500;

/// The whole state.
#[derive(Debug)]
pub struct App {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The images that are open.
    pub tabs: Vec<Tab>,
    /// The one that is looked at; none while the list of images is.
    pub current: Option<usize>,
    /// The images of this machine.
    pub images: Listing,
    /// Whether more images of this machine may be found.
    pub is_listing: bool,
    /// What is over everything else.
    pub overlay: Option<Overlay>,
    /// What was said, the latest last.
    pub messages: VecDeque<Message>,
    /// What was said last and not seen yet.
    pub notice: Option<Message>,
    /// Colours.
    pub theme: Theme,
    /// Signs.
    pub glyphs: Glyphs,
    /// What keys do.
    pub keymap: Keymap,
    /// Keys of a sequence that is not complete.
    pub pending: Pending,
    /// How the panes share the screen.
    pub layout: Layout,
    /// What is to be shown of the first image once it is there.
    start: Option<Start>,
    history: prompt::History,
    dragged: mouse::Dragged,
    /// Counts ticks while something is under way.
    pub tick: u64,
    tasks: Vec<Task>,
    next_tab: TabId,
}

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What.
    pub text: String,
    /// What helps.
    pub hint: Option<String>,
    /// Whether it says that something failed.
    pub is_failure: bool,
}

impl App {
    /// Returns the state before anything is read.
    pub fn new(start: Start, keymap: Keymap, size: (u16, u16)) -> Self {
        let mut app = Self {
            size,
            tabs: Vec::new(),
            current: None,
            images: images::listing(),
            is_listing: false,
            overlay: None,
            messages: VecDeque::new(),
            notice: None,
            theme: start.theme.and_then(|theme| Theme::find(theme.name())).unwrap_or_else(Theme::dark),
            glyphs: if start.is_ascii { Glyphs::ascii() } else { Glyphs::unicode() },
            keymap,
            pending: Pending::default(),
            layout: Layout::default(),
            start: None,
            history: prompt::History::default(),
            dragged: mouse::Dragged::default(),
            tick: 0,
            tasks: Vec::new(),
            next_tab: 0,
        };
        app.begin(start);
        app
    }

    /// Takes what is to be done outside.
    pub fn take_tasks(&mut self) -> Vec<Task> {
        std::mem::take(&mut self.tasks)
    }

    /// Says whether something is under way, so that the screen changes without being touched.
    pub fn is_busy(&self) -> bool {
        self.is_listing || self.tabs.iter().any(Tab::is_busy)
    }

    /// Says that time went by while something is under way.
    pub fn tick(&mut self) {
        self.tick += 1;
    }

    /// Changes the size of the screen.
    pub fn resize(&mut self, size: (u16, u16)) {
        self.size = size;
        self.settle();
    }

    /// Takes what a worker says.
    pub fn receive(&mut self, event: Event) {
        match event {
            Event::Listed(listed) => self.add_image(listed),
            Event::ListEnded => self.is_listing = false,
            // It may be closed meanwhile.
            Event::Tab(id, event) => self.receive_for(id, event),
            Event::Done(text) => self.say(text),
            Event::Failed(failure) => self.fail(failure),
        }
        self.settle();
    }

    /// Returns the image that is looked at.
    pub fn tab(&self) -> Option<&Tab> {
        self.tabs.get(self.current?)
    }

    pub(super) fn tab_mut(&mut self) -> Option<&mut Tab> {
        self.tabs.get_mut(self.current?)
    }

    /// Says something in one line.
    pub fn say(&mut self, text: impl Into<String>) {
        self.tell(Message { text: text.into(), hint: None, is_failure: false });
    }

    /// Says that something failed.
    pub fn fail(&mut self, failure: Failure) {
        self.tell(Message { text: failure.message, hint: failure.hint, is_failure: true });
    }

    fn tell(&mut self, message: Message) {
        if self.messages.len() == MAX_MESSAGES {
            self.messages.pop_front();
        }
        self.messages.push_back(message.clone());
        self.notice = Some(message);
    }

    fn task(&mut self, task: Task) {
        self.tasks.push(task);
    }

    fn begin(&mut self, start: Start) {
        let wanted: Vec<Wanted> = start.images.clone();
        for wanted in wanted {
            self.open(wanted);
        }
        self.current = (!self.tabs.is_empty()).then_some(0);
        let beside = || start.images.get(1).filter(|_| start.view == Some(View::Compare));
        if let Some(wanted) = start.compare.clone().or_else(|| beside().cloned()) {
            self.compare_with(wanted);
        }
        if self.tabs.is_empty() {
            self.list_images();
            if start.view == Some(View::Help) {
                self.overlay = Some(Overlay::help(self));
            }
        }
        self.start = Some(start);
        self.settle();
    }

    /// Brings cursors into the lists and onto the screen, and asks for what is looked at and not there
    /// yet. Called after every change.
    fn settle(&mut self) {
        let hides_preview = self.layout.hides_preview();
        if let Some(tab) = self.tab_mut()
            && tab.focus == Pane::Preview
            && hides_preview
        {
            tab.focus = Pane::Tree;
        }
        if let Some(tab) = self.tab_mut()
            && tab.screen == Screen::Compare
            && tab.focus != Pane::Preview
        {
            tab.focus = Pane::Tree;
        }
        let areas = self.layout.areas(self);
        let height = usize::from(areas.main_rows());
        self.images.cursor = self.images.cursor.within(self.images.rows.len());
        self.images.cursor.follow(self.images.rows.len(), height);
        if let Some(overlay) = &mut self.overlay {
            overlay.settle(usize::from(areas.overlay_rows()));
        }
        self.settle_comparison(&areas);
        let Some(current) = self.current else { return };
        if let Some(failure) = self.tabs[current].refuse_filter() {
            self.refuse(failure);
        }
        let asked = self.tabs[current].settle(&areas);
        self.tasks.extend(asked);
        self.ask_names(&areas);
    }
}

/// Brings a cursor into a list, and what is seen of the list to the cursor.
fn within(cursor: &mut Cursor, length: usize, height: usize) {
    *cursor = cursor.within(length);
    cursor.follow(length, height);
}
