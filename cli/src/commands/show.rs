//! `attar show`: the effective spec, each line with its origin.

use attar_builder::spec::{self, Selection};

use super::context::pairs;
use crate::args::ShowArgs;
use crate::discovery;
use crate::escape;
use crate::exit_code::ExitCode;
use crate::failure::Usage;
use crate::output;

pub(crate) fn run(arguments: &ShowArgs) -> anyhow::Result<ExitCode> {
    let path = match &arguments.path {
        Some(path) if path.is_dir() => path.join(discovery::SPEC),
        Some(path) => path.clone(),
        None => discovery::nearest_spec()?,
    };
    let document = spec::load(&path)?;
    let variant = arguments.variant.as_deref();
    if let Some(wanted) = variant
        && !document.variants().iter().any(|known| known == wanted)
    {
        let known = document.variants().join("`, `");
        let known = if known.is_empty() { "it has none".into() } else { format!("it has `{known}`") };
        return Err(Usage::new(format!("`{}` has no variant `{wanted}`: {known}", path.display())).into());
    }
    let given = pairs("--arg", &arguments.spec.arguments)?;
    let selection = Selection { variant, platform: arguments.platform.as_deref(), arguments: Some(&given) };
    let effective = document.effective(selection)?;
    output::print(escape::lines(&spec::show(&effective)).as_bytes())?;
    Ok(ExitCode::Yes)
}
