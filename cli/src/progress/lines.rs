//! Progress as plain lines: one for each step that is worth one.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use attar_builder::event::Event;
use attar_registry::{Event as Transfer, Outcome};

use super::{Display, write_line};
use crate::escape;
use crate::settings::Verbosity;
use crate::size::Size;

/// Prints plain lines.
pub(super) struct Lines {
    /// Whether single packages and layers get a line.
    verbose: bool,
    /// What is known of each platform that has begun.
    platforms: Mutex<BTreeMap<String, Platform>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Platform {
    packages: usize,
    cached: usize,
}

impl Lines {
    pub(super) fn new(verbosity: Verbosity) -> Self {
        Self { verbose: verbosity > Verbosity::Normal, platforms: Mutex::default() }
    }

    /// Returns the line for an event, if it deserves one.
    fn text(&self, event: &Event) -> Option<String> {
        let mut platforms = self.platforms.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Stage(text) => Some(text.clone()),
            Event::DownloadFinished { name } if self.verbose => Some(format!("fetched {name}")),
            Event::LockStarted { .. } => super::locking(event),
            Event::PlatformStarted { platform, packages, bytes } => {
                platforms.insert(platform.clone(), Platform { packages: *packages, cached: 0 });
                let packages =
                    if *packages == 1 { "1 package".into() } else { format!("{packages} packages") };
                Some(format!("{platform}: {packages}, {}", Size(*bytes)))
            }
            Event::PackageReady { platform, package, cached, .. } => {
                if *cached && let Some(known) = platforms.get_mut(platform) {
                    known.cached += 1;
                }
                let origin = if *cached { " (cached)" } else { "" };
                self.verbose.then(|| format!("{platform}: {package}{origin}"))
            }
            Event::LayerReady { platform, name, size, .. } => {
                self.verbose.then(|| format!("{platform}: layer {name}, {}", Size(*size)))
            }
            Event::PlatformFinished { platform, layers, bytes } => {
                let known = platforms.get(platform).copied().unwrap_or_default();
                let cached = match known.cached {
                    0 => String::new(),
                    cached => format!(", {cached} of {} packages from the cache", known.packages),
                };
                let layers = if *layers == 1 { "1 layer".into() } else { format!("{layers} layers") };
                Some(format!("{platform}: {layers}, {}{cached}", Size(*bytes)))
            }
            _ => None,
        }
    }
}

/// Returns the line for a blob that came to its place.
fn transferred(event: &Transfer) -> Option<String> {
    let Transfer::BlobFinished { digest, size, outcome } = event else { return None };
    let how = match outcome {
        Outcome::Existing => "exists",
        Outcome::Mounted => "mounted",
        Outcome::Transferred => "transferred",
    };
    Some(format!("blob {digest}, {}: {how}", Size(*size)))
}

impl Display for Lines {
    fn event(&self, event: &Event) {
        if let Some(text) = self.text(event) {
            write_line(&escape::line(&text));
        }
    }

    fn transfer(&self, event: &Transfer) {
        if self.verbose
            && let Some(text) = transferred(event)
        {
            write_line(&text);
        }
    }

    fn line(&self, text: &str) {
        write_line(text);
    }

    fn aside(&self, work: &mut dyn FnMut()) {
        work();
    }

    fn clear(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build() -> Vec<Event> {
        let platform = String::from("linux/arm64");
        let package = |name: &str, cached| Event::PackageReady {
            platform: "linux/arm64".into(),
            package: name.into(),
            bytes: 1,
            cached,
        };
        vec![
            Event::Stage("solving".into()),
            Event::LockStarted {
                platforms: vec!["linux/amd64".into(), "linux/arm64".into()],
                variants: vec!["debug".into(), "root".into()],
                packages: 9,
                bytes: 12_800_000,
            },
            Event::DownloadStarted { name: "libc6".into(), size: Some(3) },
            Event::DownloadProgress { name: "libc6".into(), bytes: 3 },
            Event::DownloadFinished { name: "libc6".into() },
            Event::PlatformStarted { platform: platform.clone(), packages: 2, bytes: 2_800_000 },
            package("libc6", false),
            package("zlib1g", true),
            Event::LayerReady { platform: platform.clone(), name: "glibc".into(), size: 1500, cached: false },
            Event::PlatformFinished { platform, layers: 1, bytes: 1500 },
        ]
    }

    fn shown(verbosity: Verbosity) -> String {
        let lines = Lines::new(verbosity);
        let texts: Vec<String> = build().iter().filter_map(|event| lines.text(event)).collect();
        texts.join("\n")
    }

    #[test]
    fn a_build_is_a_few_lines() {
        insta::assert_snapshot!(shown(Verbosity::Normal), @r"
        solving
        locking 9 packages, 12.8 MB: linux/amd64, linux/arm64; variants debug, root
        linux/arm64: 2 packages, 2.80 MB
        linux/arm64: 1 layer, 1.50 kB, 1 of 2 packages from the cache
        ");
    }

    #[test]
    fn verbose_adds_single_packages_and_layers() {
        insta::assert_snapshot!(shown(Verbosity::Verbose), @r"
        solving
        locking 9 packages, 12.8 MB: linux/amd64, linux/arm64; variants debug, root
        fetched libc6
        linux/arm64: 2 packages, 2.80 MB
        linux/arm64: libc6
        linux/arm64: zlib1g (cached)
        linux/arm64: layer glibc, 1.50 kB
        linux/arm64: 1 layer, 1.50 kB, 1 of 2 packages from the cache
        ");
    }
}
