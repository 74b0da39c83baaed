//! Settings: flags, environment and configuration file resolved once.
//!
//! Nothing below this module sees a flag, a variable, the configuration file or the clock.

mod config;
pub(crate) mod keys;
mod screen;

use std::io::IsTerminal as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::Context as _;
use etcetera::BaseStrategy as _;
use jiff::Timestamp;

use crate::args::{ColorWhen, GlobalArgs, ProgressStyle, SourceArgs};
use crate::environment::Variable;
use crate::failure::Usage;
use crate::size::Size;

pub(crate) use screen::Screen;

/// What holds for the whole process.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Folder of the cache.
    pub(crate) cache: PathBuf,
    /// How much is said on standard error.
    pub(crate) verbosity: Verbosity,
    /// Whether standard error gets colours.
    pub(crate) color: bool,
    /// How progress is shown.
    pub(crate) progress: Progress,
    /// What the terminal says of itself.
    pub(crate) screen: Screen,
    /// Whether anything is logged to standard error.
    pub(crate) is_logging: bool,
    /// Number of threads.
    pub(crate) threads: NonZeroUsize,
    /// Size that the cache may have after a build.
    pub(crate) cache_limit: Size,
    /// A bundle of certificate authorities instead of the system's: `SSL_CERT_FILE`.
    pub(crate) certificates: Option<PathBuf>,
    /// Folder of the user's configuration.
    pub(crate) config_folder: PathBuf,
    /// Logins for archives: `NETRC`, or `.netrc` in the home folder.
    pub(crate) netrc: Option<PathBuf>,
    /// Mirrors of the configuration file, asked after those of the command line.
    pub(crate) mirrors: Vec<String>,
    /// `SOURCE_DATE_EPOCH`.
    pub(crate) source_date_epoch: Option<i64>,
    /// Now.
    pub(crate) now: Timestamp,
}

/// Size that the cache may have after a build.
const CACHE_LIMIT: Size = Size(10 << 30);

/// How much is said on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    /// Errors.
    Quiet,
    /// What a user wants to know.
    Normal,
    /// What a curious user wants to know.
    Verbose,
    /// What a developer wants to know.
    Debug,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Bars that are drawn over.
    Bars,
    /// One line for each step.
    Lines,
    /// Not at all.
    Hidden,
}

/// Where packages come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceSettings {
    /// Mirrors, the first asked first.
    pub(crate) mirrors: Vec<String>,
    /// Open no connection.
    pub(crate) offline: bool,
    /// Accept an archive older than the lock's.
    pub(crate) allow_rollback: bool,
}

impl Settings {
    /// Resolves the settings of this process.
    pub(crate) fn resolve(arguments: &GlobalArgs) -> anyhow::Result<Self> {
        let folders = etcetera::choose_base_strategy().context("cannot find the home directory")?;
        let file = match Variable::AttarConfig.path() {
            Some(path) => config::read(&path)?.with_context(|| {
                format!("cannot read `{}`, which `ATTAR_CONFIG` names: no such file", path.display())
            })?,
            None => config::read(&folders.config_dir().join("attar/config"))?.unwrap_or_default(),
        };
        let color = arguments.color.or(file.color).unwrap_or(ColorWhen::Auto);
        let progress = arguments.progress.or(file.progress).unwrap_or(ProgressStyle::Auto);
        let verbosity = verbosity(arguments);
        Ok(Self {
            cache: arguments
                .cache_dir
                .clone()
                .or(file.cache_dir)
                .unwrap_or_else(|| folders.cache_dir().join("attar")),
            verbosity,
            color: uses_color(color),
            progress: progress_on_this_terminal(progress, verbosity),
            screen: Screen::resolve(color),
            is_logging: verbosity == Verbosity::Debug || Variable::AttarLog.is_set(),
            threads: arguments.threads.or(file.threads).unwrap_or_else(cores),
            cache_limit: CACHE_LIMIT,
            certificates: Variable::SslCertFile.path(),
            config_folder: folders.config_dir(),
            netrc: Variable::Netrc.path().or_else(|| {
                let file = folders.home_dir().join(".netrc");
                file.is_file().then_some(file)
            }),
            mirrors: file.mirrors,
            source_date_epoch: source_date_epoch()?,
            now: Timestamp::now(),
        })
    }

    /// Returns settings without any wishes.
    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self {
            cache: PathBuf::new(),
            verbosity: Verbosity::Normal,
            color: false,
            progress: Progress::Hidden,
            screen: Screen::default(),
            is_logging: false,
            threads: NonZeroUsize::MIN,
            cache_limit: CACHE_LIMIT,
            certificates: None,
            config_folder: PathBuf::new(),
            netrc: None,
            mirrors: Vec::new(),
            source_date_epoch: None,
            now: Timestamp::UNIX_EPOCH,
        }
    }

    /// Resolves where packages come from: the command line before the configuration file.
    pub(crate) fn sources(&self, arguments: &SourceArgs) -> SourceSettings {
        // A variable holds several mirrors with spaces between them.
        let given = arguments.mirrors.iter().flat_map(|value| value.split_whitespace());
        SourceSettings {
            mirrors: given.map(String::from).chain(self.mirrors.iter().cloned()).collect(),
            offline: arguments.offline,
            allow_rollback: arguments.allow_rollback,
        }
    }
}

fn verbosity(arguments: &GlobalArgs) -> Verbosity {
    match (arguments.quiet, arguments.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, 0) => Verbosity::Normal,
        (false, 1) => Verbosity::Verbose,
        (false, _) => Verbosity::Debug,
    }
}

fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

fn uses_color(when: ColorWhen) -> bool {
    match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto => std::io::stderr().is_terminal() && !Variable::NoColor.is_set(),
    }
}

fn progress_on_this_terminal(style: ProgressStyle, verbosity: Verbosity) -> Progress {
    let draws = std::io::stderr().is_terminal() && !Variable::Ci.is_set() && verbosity < Verbosity::Debug;
    match style {
        _ if verbosity == Verbosity::Quiet => Progress::Hidden,
        ProgressStyle::None => Progress::Hidden,
        ProgressStyle::Plain => Progress::Lines,
        ProgressStyle::Bars => Progress::Bars,
        ProgressStyle::Auto if draws => Progress::Bars,
        ProgressStyle::Auto => Progress::Lines,
    }
}

fn source_date_epoch() -> Result<Option<i64>, Usage> {
    let Some(value) = Variable::SourceDateEpoch.value() else {
        return Ok(None);
    };
    let seconds = value.to_str().and_then(|text| text.parse().ok()).filter(|seconds| *seconds >= 0);
    match seconds {
        Some(seconds) => Ok(Some(seconds)),
        None => Err(Usage::new(format!(
            "`SOURCE_DATE_EPOCH` is no number of seconds since 1970: `{}`",
            value.to_string_lossy()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(quiet: bool, verbose: u8) -> GlobalArgs {
        GlobalArgs { quiet, verbose, color: None, progress: None, cache_dir: None, threads: None }
    }

    #[test]
    fn verbosity_follows_the_flags() {
        for (quiet, verbose, expected) in [
            (true, 0, Verbosity::Quiet),
            (false, 0, Verbosity::Normal),
            (false, 1, Verbosity::Verbose),
            (false, 3, Verbosity::Debug),
        ] {
            assert_eq!(verbosity(&arguments(quiet, verbose)), expected);
        }
    }

    #[test]
    fn quiet_hides_progress_whatever_its_style() {
        for style in [ProgressStyle::Auto, ProgressStyle::Bars, ProgressStyle::Plain, ProgressStyle::None] {
            assert_eq!(progress_on_this_terminal(style, Verbosity::Quiet), Progress::Hidden);
        }
        assert_eq!(progress_on_this_terminal(ProgressStyle::Bars, Verbosity::Normal), Progress::Bars);
        assert_eq!(progress_on_this_terminal(ProgressStyle::Plain, Verbosity::Normal), Progress::Lines);
    }

    #[test]
    fn mirrors_of_the_command_line_come_first() {
        let settings = Settings { mirrors: vec!["c".into()], ..Settings::plain() };
        let arguments = SourceArgs { mirrors: vec!["a b".into()], offline: true, allow_rollback: false };
        let expected = SourceSettings {
            mirrors: vec!["a".into(), "b".into(), "c".into()],
            offline: true,
            allow_rollback: false,
        };
        assert_eq!(settings.sources(&arguments), expected);
    }
}
