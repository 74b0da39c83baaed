//! Several specs in one command: it goes on after a failure and ends with the worst code.

use std::path::{Path, PathBuf};

use crate::discovery;
use crate::exit_code::ExitCode;
use crate::failure;
use crate::progress::Reporter;

/// Does `work` for each spec that is meant.
pub(super) fn for_each_spec(
    named: &[PathBuf],
    reporter: &Reporter,
    mut work: impl FnMut(&Path) -> anyhow::Result<ExitCode>,
) -> anyhow::Result<ExitCode> {
    let specs = discovery::specs(named)?;
    if let [spec] = &specs[..] {
        return work(spec);
    }
    let mut worst = ExitCode::Yes;
    for spec in &specs {
        let code = work(spec).unwrap_or_else(|error| failed(&spec.display().to_string(), error, reporter));
        worst = worst.max(code);
    }
    Ok(worst)
}

/// Tells that one of several failed, and returns the code it would have ended with alone.
pub(super) fn failed(name: &str, error: anyhow::Error, reporter: &Reporter) -> ExitCode {
    let error = error.context(format!("`{name}` failed"));
    reporter.fail(&error);
    failure::exit_code(&error)
}
