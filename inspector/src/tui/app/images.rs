//! Images: the list of those of this machine, opening, closing and turning between open ones.

use attar_image::path::TreePath;

use super::{App, Overlay, Phase, PromptKind, Tab};
use crate::tui::action::Action;
use crate::tui::format;
use crate::tui::listing::{Column, Jump, Line, Listing, Width};
use crate::tui::source::{Extracted, Listed, Wanted};
use crate::tui::task::{LayerState, TabEvent, TabId, Task};

/// Returns the list before any image is found.
pub(super) fn listing() -> Listing {
    let columns = vec![
        Column::new("image", Width::Rest, 0),
        Column::new("size", Width::Number(12), 1),
        Column::new("created", Width::Text(16), 2),
        Column::new("where", Width::Text(12), 1),
    ];
    Listing::new("images of this machine", columns)
}

impl App {
    /// Opens an image in a tab of its own; one that is open already is looked at.
    pub(super) fn open(&mut self, wanted: Wanted) {
        if let Some(known) = self.tabs.iter().position(|tab| tab.wanted == wanted) {
            self.current = Some(known);
            return;
        }
        let tab = Tab::new(self.next_tab, wanted.clone());
        self.next_tab += 1;
        self.task(Task::Open { tab: tab.id, wanted, meter: tab.meter.clone() });
        self.tabs.push(tab);
        self.current = Some(self.tabs.len() - 1);
    }

    pub(super) fn list_images(&mut self) {
        self.images = listing();
        self.is_listing = true;
        self.task(Task::List);
    }

    pub(super) fn show_images(&mut self) {
        self.current = None;
        if !self.is_listing {
            self.list_images();
        }
    }

    pub(super) fn add_image(&mut self, listed: Listed) {
        let Listed { word, place, size, created } = listed;
        let (bytes, seconds) = (size.unwrap_or(0), created.unwrap_or(0));
        let size = size.map(format::bytes).unwrap_or_default();
        let created = created.map(format::date).unwrap_or_default();
        let jump = Jump::Image(Wanted { word: word.clone(), platform: None });
        let line = Line::of([word, size, created, place]).to(jump).number(1, bytes);
        self.images.push(line.number(2, seconds.max(0).unsigned_abs()));
        let compared_with = match &self.overlay {
            Some(Overlay::Prompt(prompt)) if prompt.kind == PromptKind::Compare => prompt.input.value(),
            _ => return,
        };
        let choices = self.comparison_choices(compared_with);
        if let Some(Overlay::Prompt(prompt)) = &mut self.overlay {
            prompt.choices.replace(choices);
        }
    }

    pub(super) fn act_on_images(&mut self, action: Action) {
        match action {
            Action::Enter | Action::Right => {
                if let Some(Jump::Image(wanted)) = self.images.selected().and_then(|line| line.jump.clone()) {
                    self.open(wanted);
                }
            }
            Action::Reload if !self.is_listing => self.list_images(),
            Action::Filter | Action::GoToPath => self.prompt(PromptKind::Filter),
            Action::ClearFilter => self.images.set_filter(""),
            Action::CycleSort => self.images.cycle_order(),
            Action::ReverseSort => self.images.reverse(),
            Action::CopyPath | Action::CopyDigest | Action::CopyCommand => self.copy(action),
            _ => {}
        }
    }

    /// Turns to another image.
    pub(super) fn turn(&mut self, by: isize) {
        let count = self.tabs.len() as isize;
        if count == 0 {
            return;
        }
        self.current = Some(match self.current {
            Some(current) => (current as isize + by).rem_euclid(count) as usize,
            None => 0,
        });
    }

    /// Closes the image that is looked at.
    pub(super) fn close(&mut self) {
        let Some(current) = self.current else { return };
        let mut tab = self.tabs.remove(current);
        tab.close();
        self.tabs.iter_mut().for_each(|other| other.forget_other(tab.id));
        self.current = self.tabs.len().checked_sub(1).map(|last| current.min(last));
        if self.current.is_none() {
            self.show_images();
        }
    }

    /// Reads the image again.
    pub(super) fn reload(&mut self) {
        let Some(current) = self.current else { return };
        let old = &mut self.tabs[current];
        old.close();
        let mut tab = Tab::new(self.next_tab, old.wanted.clone());
        tab.screen = old.screen;
        tab.focus = old.focus;
        tab.tree.wanted = old.tree.selected_path();
        // What workers still say of it is for the tab that was.
        tab.comparison = old.comparison.take().map(|comparison| comparison.anew().into());
        let (old, new) = (old.id, tab.id);
        self.next_tab += 1;
        let task = Task::Open { tab: tab.id, wanted: tab.wanted.clone(), meter: tab.meter.clone() };
        self.tabs[current] = tab;
        self.renumber(old, new);
        self.task(task);
    }

    /// Opens the same image for the next platform.
    pub(super) fn next_platform(&mut self) {
        let Some(opened) = self.tab().and_then(Tab::opened) else { return };
        let platforms = &opened.platforms;
        let here = platforms.iter().position(|platform| platform.is_same(&opened.image.platform));
        let next = here.and_then(|here| platforms.get((here + 1) % platforms.len())).cloned();
        match next {
            Some(next) if platforms.len() > 1 => {
                let Some(tab) = self.tab() else { return };
                let wanted = Wanted { platform: Some(next.to_string()), ..tab.wanted.clone() };
                let place = tab.tree.selected_path();
                self.open(wanted);
                if let Some(tab) = self.tab_mut()
                    && tab.tree.shown.is_none()
                {
                    tab.tree.wanted = place;
                }
            }
            _ => self.say("the image has no other platform"),
        }
    }

    pub(super) fn receive_for(&mut self, id: TabId, event: TabEvent) {
        let Some(place) = self.tabs.iter().position(|tab| tab.id == id) else { return };
        let tab = &mut self.tabs[place];
        let tasks = match event {
            TabEvent::Extracted(path, extracted) => {
                tab.extracting = None;
                return match extracted {
                    Ok(extracted) => self.say(written(&path, &extracted)),
                    Err(failure) => self.fail(failure),
                };
            }
            TabEvent::Hashed(meter, digest) => return self.take_digest(place, &meter, digest),
            TabEvent::Opened(Err(failure)) => {
                let tasks = tab.receive(TabEvent::Opened(Err(failure.clone())));
                self.fail(failure);
                tasks
            }
            TabEvent::Layer(layer, LayerState::Failed(failure)) => {
                let tasks = tab.receive(TabEvent::Layer(layer, LayerState::Failed(failure.clone())));
                self.fail(failure);
                tasks
            }
            TabEvent::Undone(what, failure) => {
                if tab.give_up(&what, &failure) {
                    self.fail(failure);
                }
                Vec::new()
            }
            event => tab.receive(event),
        };
        self.tasks.extend(tasks);
        self.apply_start(place);
    }

    /// Shows what the command line asked for, once the image is there.
    fn apply_start(&mut self, place: usize) {
        let is_open = matches!(self.tabs[place].phase, Phase::Open(_));
        if place != 0 || !is_open {
            return;
        }
        if let Some(start) = self.start.take() {
            // One may look at another image meanwhile, and goes on doing so.
            let before = self.current.replace(place);
            self.begin_at(&start);
            if before != Some(place) {
                self.current = before;
            }
        }
    }
}

/// Says what was written where, and what was not.
fn written(path: &TreePath, extracted: &Extracted) -> String {
    let Extracted { path: place, entries, bytes, left_out } = extracted;
    let bytes = format::bytes(*bytes);
    let mut text = format!("{path} is written to {}: {entries} entries, {bytes}", place.display());
    if *left_out > 0 {
        text += &format!("; {left_out} left out: devices, pipes, links to nothing");
    }
    text
}
