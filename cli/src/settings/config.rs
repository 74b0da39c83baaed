//! The configuration file: lines of `key = value`, named like the options.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::ValueEnum;

use crate::args::{ColorWhen, ProgressStyle};

/// What a configuration file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Config {
    pub(super) cache_dir: Option<PathBuf>,
    pub(super) mirrors: Vec<String>,
    pub(super) color: Option<ColorWhen>,
    pub(super) progress: Option<ProgressStyle>,
    pub(super) threads: Option<NonZeroUsize>,
}

/// A line of a configuration file that cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub(super) struct InvalidConfig {
    line: usize,
    problem: Problem,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("expected `key = value`")]
    NoValue,
    #[error("unknown key `{0}`; known are `cache-dir`, `color`, `mirror`, `progress`, `threads`")]
    UnknownKey(String),
    #[error("key `{0}` stands twice")]
    Twice(String),
    #[error("`{key}` cannot be `{value}`")]
    Value { key: &'static str, value: String },
}

/// Reads a configuration file; `None` if there is none.
pub(super) fn read(path: &Path) -> anyhow::Result<Option<Config>> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.with_context(|| format!("cannot read `{}`", path.display()))?,
    };
    let config = parse(&text).with_context(|| format!("cannot use `{}`", path.display()))?;
    Ok(Some(config))
}

fn parse(text: &str) -> Result<Config, InvalidConfig> {
    let mut config = Config::default();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        set(&mut config, line).map_err(|problem| InvalidConfig { line: index + 1, problem })?;
    }
    Ok(config)
}

fn set(config: &mut Config, line: &str) -> Result<(), Problem> {
    let (key, value) = line.split_once('=').ok_or(Problem::NoValue)?;
    let (key, value) = (key.trim(), value.trim());
    if value.is_empty() {
        return Err(Problem::NoValue);
    }
    let wrong = |key| Problem::Value { key, value: value.into() };
    let is_second = match key {
        "mirror" => {
            config.mirrors.push(value.into());
            false
        }
        "cache-dir" => config.cache_dir.replace(value.into()).is_some(),
        "color" => {
            let when = ColorWhen::from_str(value, false).map_err(|_| wrong("color"))?;
            config.color.replace(when).is_some()
        }
        "progress" => {
            let style = ProgressStyle::from_str(value, false).map_err(|_| wrong("progress"))?;
            config.progress.replace(style).is_some()
        }
        "threads" => config.threads.replace(value.parse().map_err(|_| wrong("threads"))?).is_some(),
        _ => return Err(Problem::UnknownKey(key.into())),
    };
    if is_second { Err(Problem::Twice(key.into())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_file() {
        let text = "# mine\nmirror = http://a.example/debian\nmirror=http://b.example/\n\n\
                    cache-dir = /var/cache/attar\ncolor = never\nprogress = plain\nthreads = 3\n";
        let expected = Config {
            cache_dir: Some("/var/cache/attar".into()),
            mirrors: vec!["http://a.example/debian".into(), "http://b.example/".into()],
            color: Some(ColorWhen::Never),
            progress: Some(ProgressStyle::Plain),
            threads: NonZeroUsize::new(3),
        };
        assert_eq!(parse(text), Ok(expected));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (text, expected) in [
            ("mirror", "line 1: expected `key = value`"),
            ("\nmirror =", "line 2: expected `key = value`"),
            (
                "mirorr = x",
                "line 1: unknown key `mirorr`; known are `cache-dir`, `color`, `mirror`, `progress`, `threads`",
            ),
            ("color = never\ncolor = auto", "line 2: key `color` stands twice"),
            ("threads = 0", "line 1: `threads` cannot be `0`"),
        ] {
            assert_eq!(parse(text).map_err(|error| error.to_string()), Err(expected.into()), "{text}");
        }
    }
}
