//! What leaves the interface: texts for the clipboard, files and trees, documents.

use std::path::PathBuf;

use attar_image::blobs::Meter;

use super::{App, Screen};
use crate::preview::Mode;
use crate::tui::action::Action;
use crate::tui::listing::{Jump, Listing};
use crate::tui::task::{Exported, Task};

/// Lines of a file that are copied at most.
const MAX_LINES: usize = 20_000;

impl App {
    /// Hands something of what is under the cursor to the clipboard.
    pub(super) fn copy(&mut self, action: Action) {
        if action == Action::CopyDigest {
            return self.copy_digest();
        }
        // What is asked for last is what the clipboard has in the end.
        self.stop_hashing();
        let copied = match action {
            Action::CopyPath => self.path_under_cursor().map(|path| ("the path", path)),
            Action::CopyFromLine => self.copy_line(),
            Action::CopyCommand => Some(("the command", self.command())),
            _ => self.content_under_cursor().map(|text| ("the text", text)),
        };
        match copied {
            Some((what, text)) => self.task(Task::Copy { what: what.to_owned(), text }),
            None => self.say("nothing to copy here"),
        }
    }

    fn path_under_cursor(&self) -> Option<String> {
        let Some(tab) = self.tab() else {
            return self.images.selected().map(|line| line.cells[0].clone());
        };
        match tab.list().map(|list| list.selected()) {
            Some(Some(line)) => match &line.jump {
                Some(Jump::Path { path, .. }) => Some(path.to_string()),
                _ => line.cells.first().cloned(),
            },
            Some(None) => None,
            None => tab.selected_path().map(|path| path.to_string()),
        }
    }

    fn copy_line(&self) -> Option<(&'static str, String)> {
        let tab = self.tab()?;
        let path = self.path_under_cursor()?;
        let image = match tab.compared() {
            // The second image is the one to copy from, where it has the path.
            Some(comparison) if comparison.is_in_second() => self.other(comparison)?,
            _ => tab,
        };
        Some(("the line", format!("COPY --from={} {path} {path}", image.wanted.word)))
    }

    fn content_under_cursor(&self) -> Option<String> {
        // Beside a list the preview is not seen.
        let tab = self.tab().filter(|tab| tab.screen == Screen::Tree)?;
        let preview = tab.preview.known()?;
        let mode = tab.preview.mode()?;
        let mode = if preview.modes.contains(&Mode::Text) { Mode::Text } else { mode };
        let lines = preview.lines(mode, 80, 0..MAX_LINES);
        Some(lines.iter().map(|line| line.text() + "\n").collect())
    }

    /// Writes what is under the cursor, with all below it, to a folder.
    pub(super) fn extract(&mut self, folder: PathBuf) {
        if self.tab().is_some_and(|tab| tab.extracting.is_some()) {
            return self.say("something is being written already: `cancel` stops it");
        }
        let task = self.tab_mut().and_then(|tab| {
            let (opened, shown) = (tab.opened()?.clone(), tab.tree.shown.clone()?);
            let path = tab.tree.selected().filter(|_| tab.screen == Screen::Tree)?;
            let meter = std::sync::Arc::<Meter>::default();
            tab.extracting = Some(meter.clone());
            Some(Task::Extract { tab: tab.id, opened, shown, path, folder, meter })
        });
        match task {
            Some(task) => {
                self.task(task);
                self.say("writing; `cancel` stops it");
            }
            None => self.say("put the cursor on a file or directory of the tree"),
        }
    }

    /// Writes what is shown to a file, as JSON.
    pub(super) fn export(&mut self, file: PathBuf) {
        match self.exported() {
            Some(what) => self.task(Task::Export { what, file }),
            None => self.say("nothing to export here"),
        }
    }

    fn exported(&self) -> Option<Exported> {
        let list = |list: &Listing| Exported::List(Box::new(list.clone()));
        let Some(tab) = self.tab() else { return Some(list(&self.images)) };
        match (tab.list(), tab.compared()) {
            (Some(shown), _) => Some(list(shown)),
            (None, Some(comparison)) => {
                let names = [tab, self.other(comparison)?].map(|tab| tab.wanted.word.clone());
                Some(Exported::Pair(comparison.tree.shown.clone()?, names))
            }
            (None, None) => tab.tree.shown.clone().map(Exported::Tree),
        }
    }
}
