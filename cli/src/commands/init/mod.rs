//! `attar init`: a commented spec that builds at once, or what starts an image in two steps.

mod container;
mod convert;
mod subject;
mod template;

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use attar_builder::convert::Unmapped;

use crate::args::InitArgs;
use crate::discovery::SPEC;
use crate::escape;
use crate::exit_code::ExitCode;
use crate::failure::Usage;
use crate::output;
use crate::progress::Reporter;
use crate::settings::Settings;
use subject::Subject;

pub(crate) fn run(arguments: &InitArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let reporter = Reporter::new(settings);
    if let Some(name) = &arguments.init_container {
        let service = container::Service::find(name)?;
        reporter.answer(&service.snippets())?;
        if let Some(advice) = service.advice() {
            reporter.say(&advice);
        }
        return Ok(ExitCode::Yes);
    }
    let mut unmapped = Vec::new();
    let text = match &arguments.from {
        None => template::plain(),
        Some(path) => match subject::recognise(path)? {
            Subject::Program(program) => template::program(&program),
            Subject::Jar(path) => template::jar(&path),
            Subject::Venv(venv) => template::venv(&venv),
            Subject::Dockerfile { path, text } => {
                let made = convert::dockerfile(&path, &text)?;
                unmapped = made.unmapped;
                made.spec
            }
            Subject::Apko { path, text } => {
                let made = convert::apko(&path, &text)?;
                unmapped = made.unmapped;
                made.spec
            }
        },
    };
    write(Path::new(SPEC), &text, arguments.force)?;
    output::print(format!("{SPEC}\n").as_bytes())?;
    if let (Some(path), false) = (&arguments.from, unmapped.is_empty()) {
        tell(path, &unmapped, &reporter);
    }
    Ok(ExitCode::Yes)
}

/// Says what the spec does not say, one line each.
fn tell(path: &Path, unmapped: &[Unmapped], reporter: &Reporter) {
    reporter.say("not in the spec, or to be looked at:");
    for Unmapped { line, what } in unmapped {
        reporter.say(&escape::line(&format!("{}:{line}: {what}", path.display())));
    }
}

fn write(path: &Path, text: &str, replace: bool) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).create_new(!replace);
    let mut file = match options.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(Usage::new(format!("`{}` is there already", path.display()))
                .hint("`--force` replaces it")
                .into());
        }
        other => other.with_context(|| format!("cannot write `{}`", path.display()))?,
    };
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write `{}`", path.display()))
}
