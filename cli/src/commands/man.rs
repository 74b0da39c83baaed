//! `attar man`: manual pages from the definition of the command line.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;

use crate::args::{self, ManArgs};
use crate::environment;
use crate::exit_code::ExitCode;
use crate::output;

pub(crate) fn run(arguments: &ManArgs) -> anyhow::Result<ExitCode> {
    let mut definition = args::definition();
    // Subcommands get their full names, global options and usage lines only then.
    definition.build();
    let main = main_page(definition.clone()).context("cannot write the manual page")?;
    match &arguments.folder {
        None => output::print(&main)?,
        Some(folder) => write_all(definition, &main, folder)
            .with_context(|| format!("cannot write manual pages to `{}`", folder.display()))?,
    }
    Ok(ExitCode::Yes)
}

fn write_all(definition: clap::Command, main: &[u8], folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(definition, folder)?;
    std::fs::write(folder.join("attar.1"), main)
}

/// Renders the page of the program itself, with what holds for every command.
fn main_page(definition: clap::Command) -> std::io::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(definition).render(&mut page)?;
    writeln!(page, ".SH \"EXIT STATUS\"")?;
    for (code, meaning) in ExitCode::TABLE {
        entry(&mut page, &code.number().to_string(), meaning)?;
    }
    writeln!(page, ".SH ENVIRONMENT")?;
    for (name, meaning) in environment::table() {
        entry(&mut page, &name, &meaning)?;
    }
    Ok(page)
}

/// Writes a term with its meaning; a hyphen is escaped, or it would be set as a dash.
fn entry(page: &mut Vec<u8>, term: &str, meaning: &str) -> std::io::Result<()> {
    let plain = |text: &str| text.replace('\\', "\\e").replace('-', "\\-").replace('`', "");
    writeln!(page, ".TP\n\\fB{}\\fR\n{}", plain(term), plain(meaning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_exit_codes_and_variables() {
        let page = main_page(args::definition()).expect("a page");
        let page = String::from_utf8(page).expect("UTF-8");
        assert!(page.contains(".TP\n\\fB64\\fR\nthe command line is wrong\n"), "{page}");
        assert!(page.contains(".TP\n\\fBATTAR_CACHE_DIR\\fR\n\\-\\-cache\\-dir\n"), "{page}");
    }
}
