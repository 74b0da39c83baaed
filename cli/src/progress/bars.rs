//! Progress as bars: one for the downloads, one for each platform.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use attar_builder::event::Event;
use attar_registry::Event as Transfer;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Display;
use crate::escape;
use crate::size::Size;

/// Draws bars on standard error.
pub(super) struct Bars {
    screen: MultiProgress,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The line that says what is being done.
    stage: Option<ProgressBar>,
    /// All downloads together, counted in bytes.
    downloads: Option<ProgressBar>,
    /// Downloads of unknown size that have begun: their bytes lengthen the bar as they arrive.
    unsized_downloads: Vec<String>,
    platforms: BTreeMap<String, ProgressBar>,
    /// All blobs together that are sent to or received from registries, counted in bytes.
    blobs: Option<ProgressBar>,
}

impl Bars {
    pub(super) fn new() -> Self {
        let screen = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        Self { screen, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stage(&self, text: &str) {
        let mut state = self.state();
        let bar = state.stage.get_or_insert_with(|| {
            let bar = self.screen.insert(0, ProgressBar::new_spinner());
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        bar.set_message(escape::line(text));
    }

    fn download(&self, event: &Event) {
        let mut state = self.state();
        let State { downloads, unsized_downloads, .. } = &mut *state;
        let bar = downloads.get_or_insert_with(|| {
            let bar = self.screen.add(ProgressBar::new(0));
            bar.set_style(style("{prefix:>18} {wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec}"));
            bar.set_prefix("downloads");
            bar
        });
        match event {
            Event::DownloadStarted { size: Some(size), .. } => bar.inc_length(*size),
            Event::DownloadStarted { name, .. } => unsized_downloads.push(name.clone()),
            Event::DownloadProgress { name, bytes } => {
                if unsized_downloads.contains(name) {
                    bar.inc_length(*bytes);
                }
                bar.inc(*bytes);
            }
            _ => {}
        }
    }

    fn blob(&self, event: &Transfer) {
        let mut state = self.state();
        let bar = state.blobs.get_or_insert_with(|| {
            let bar = self.screen.add(ProgressBar::new(0));
            bar.set_style(style("{prefix:>18} {wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec}"));
            bar.set_prefix("registry");
            bar
        });
        match event {
            Transfer::BlobStarted { size, .. } => bar.inc_length(*size),
            Transfer::BlobProgress { bytes, .. } => bar.inc(*bytes),
            _ => {}
        }
    }

    fn platform_started(&self, platform: &str, packages: usize, bytes: u64) {
        let bar = self.screen.add(ProgressBar::new(bytes));
        bar.set_style(style("{prefix:>18} {wide_bar} {msg}"));
        bar.set_prefix(escape::line(platform));
        bar.set_message(format!("{packages} packages, {}", Size(bytes)));
        self.state().platforms.insert(platform.into(), bar);
    }

    fn on_platform(&self, platform: &str, change: impl FnOnce(&ProgressBar)) {
        if let Some(bar) = self.state().platforms.get(platform) {
            change(bar);
        }
    }
}

impl Display for Bars {
    fn event(&self, event: &Event) {
        match event {
            Event::Stage(text) => self.stage(text),
            Event::LockStarted { .. } => self.stage(&super::locking(event).unwrap_or_default()),
            Event::DownloadStarted { .. }
            | Event::DownloadProgress { .. }
            | Event::DownloadFinished { .. } => {
                self.download(event);
            }
            Event::PlatformStarted { platform, packages, bytes } => {
                self.platform_started(platform, *packages, *bytes);
            }
            Event::PackageReady { platform, package, bytes, .. } => self.on_platform(platform, |bar| {
                bar.inc(*bytes);
                bar.set_message(escape::line(package));
            }),
            Event::LayerReady { platform, name, size, .. } => self.on_platform(platform, |bar| {
                bar.set_message(format!("layer {}, {}", escape::line(name), Size(*size)));
            }),
            Event::PlatformFinished { platform, layers, bytes } => self.on_platform(platform, |bar| {
                bar.finish_with_message(format!("{layers} layers, {}", Size(*bytes)));
            }),
            _ => {}
        }
    }

    fn transfer(&self, event: &Transfer) {
        self.blob(event);
    }

    fn line(&self, text: &str) {
        self.screen.suspend(|| super::write_line(text));
    }

    fn aside(&self, work: &mut dyn FnMut()) {
        self.screen.suspend(work);
    }

    fn clear(&self) {
        // What was drawn over goes; the answer on standard output says the rest.
        let _ = self.screen.clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is a constant").progress_chars("=> ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_count_bytes_of_downloads_and_packages() {
        let bars = Bars {
            screen: MultiProgress::with_draw_target(ProgressDrawTarget::hidden()),
            state: Mutex::default(),
        };
        for event in [
            Event::Stage("fetching".into()),
            Event::DownloadStarted { name: "a".into(), size: Some(10) },
            Event::DownloadStarted { name: "index".into(), size: None },
            Event::DownloadProgress { name: "a".into(), bytes: 4 },
            Event::DownloadProgress { name: "index".into(), bytes: 7 },
            Event::PlatformStarted { platform: "linux/amd64".into(), packages: 2, bytes: 30 },
            Event::PackageReady {
                platform: "linux/amd64".into(),
                package: "a".into(),
                bytes: 20,
                cached: true,
            },
        ] {
            bars.event(&event);
        }
        let state = bars.state();
        let downloads = state.downloads.as_ref().expect("a bar");
        assert_eq!((downloads.position(), downloads.length()), (11, Some(17)));
        assert_eq!(state.platforms["linux/amd64"].position(), 20);
    }
}
