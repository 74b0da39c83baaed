//! `attar schema`: the JSON Schemas of specs and policies, and the named sets of paths.

use std::fmt::Write as _;

use anyhow::Context as _;
use attar_builder::spec;

use crate::args::{SchemaArgs, SchemaOf};
use crate::exit_code::ExitCode;
use crate::output;
use crate::policy;

pub(crate) fn run(arguments: &SchemaArgs) -> anyhow::Result<ExitCode> {
    let text = match arguments {
        SchemaArgs { sets: true, .. } => sets(),
        SchemaArgs { of: SchemaOf::Policy, .. } => written(&policy::json_schema())?,
        SchemaArgs { of: SchemaOf::Spec, .. } => written(&spec::json_schema())?,
    };
    output::print(text.as_bytes())?;
    Ok(ExitCode::Yes)
}

fn written(schema: &serde_json::Value) -> anyhow::Result<String> {
    let text = serde_json::to_string_pretty(schema).context("cannot write the schema")?;
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
