//! `attar init`: a commented spec that builds at once.

mod subject;
mod template;

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

use crate::args::InitArgs;
use crate::discovery::SPEC;
use crate::exit_code::ExitCode;
use crate::failure::Usage;
use crate::output;
use subject::Subject;

pub(crate) fn run(arguments: &InitArgs) -> anyhow::Result<ExitCode> {
    let text = match &arguments.from {
        None => template::plain(),
        Some(path) => match subject::recognise(path)? {
            Subject::Program(program) => template::program(&program),
            Subject::Jar(path) => template::jar(&path),
            Subject::Venv(venv) => template::venv(&venv),
        },
    };
    write(Path::new(SPEC), &text, arguments.force)?;
    output::print(format!("{SPEC}\n").as_bytes())?;
    Ok(ExitCode::Yes)
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
