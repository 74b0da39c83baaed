//! `attar man`: manual pages from the definition of the command line.

use anyhow::Context as _;

use crate::args::{self, ManArgs};
use crate::exit_code::ExitCode;
use crate::output;

pub(crate) fn run(arguments: &ManArgs) -> anyhow::Result<ExitCode> {
    let mut definition = args::definition();
    // Subcommands get their full names, global options and usage lines only then.
    definition.build();
    match &arguments.folder {
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(definition).render(&mut page).context("cannot write the manual page")?;
            output::print(&page)?;
        }
        Some(folder) => {
            let context = || format!("cannot write manual pages to `{}`", folder.display());
            std::fs::create_dir_all(folder).with_context(context)?;
            clap_mangen::generate_to(definition, folder).with_context(context)?;
        }
    }
    Ok(ExitCode::Yes)
}
