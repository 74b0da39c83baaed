//! `attar schema`: the JSON Schema of a spec, and the named sets of paths.

use std::fmt::Write as _;

use anyhow::Context as _;
use attar_builder::spec;

use crate::args::SchemaArgs;
use crate::exit_code::ExitCode;
use crate::output;

pub(crate) fn run(arguments: &SchemaArgs) -> anyhow::Result<ExitCode> {
    let text = if arguments.sets { sets() } else { schema()? };
    output::print(text.as_bytes())?;
    Ok(ExitCode::Yes)
}

fn schema() -> anyhow::Result<String> {
    let text = serde_json::to_string_pretty(&spec::json_schema()).context("cannot write the schema")?;
    Ok(text + "\n")
}

fn sets() -> String {
    let mut text = String::new();
    for set in spec::sets() {
        writeln!(text, "{}: {}", set.name, set.description).expect("writing to a string cannot fail");
        for pattern in set.patterns {
            writeln!(text, "  {pattern}").expect("writing to a string cannot fail");
        }
    }
    text
}
