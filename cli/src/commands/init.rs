//! `attar init`: a commented spec that builds at once.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

use crate::args::InitArgs;
use crate::discovery::SPEC;
use crate::exit_code::ExitCode;
use crate::failure::Usage;
use crate::output;

/// A spec without anything of the user's own.
const PLAIN: &str = r#"# yaml-language-server: $schema=attar.schema.json
# `attar schema > attar.schema.json` writes the schema that an editor needs to help here.

# Build with `attar build -o oci:image`. Without a word below, the image has CA certificates, time
# zones, a user 65532 and /tmp: what a static program needs.
contents:
  repositories:
    - debian: trixie
  packages:
    - base-files
    # - libc6                      # for a program linked to the C library
    # - libssl3t64
  # files:
  #   - {from: dist/app, to: /usr/bin/app}

# entrypoint: {command: [/usr/bin/app]}

# platforms: [linux/amd64, linux/arm64]
"#;

pub(crate) fn run(arguments: &InitArgs) -> anyhow::Result<ExitCode> {
    if arguments.from.is_some() {
        return Err(Usage::new("FROM is not understood yet").into());
    }
    write(Path::new(SPEC), PLAIN, arguments.force)?;
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
