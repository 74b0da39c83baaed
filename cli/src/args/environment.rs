//! Gives every option its environment variable: `--cache-dir` is `ATTAR_CACHE_DIR`.
//!
//! The rule is applied to the finished definition, so that no option can be forgotten.

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, Command};

/// Adds the environment variables to `command` and everything below it.
pub(super) fn with_variables(command: Command) -> Command {
    command.mut_args(with_variable).mut_subcommands(with_variables)
}

fn with_variable(argument: Arg) -> Arg {
    let Some(name) = variable_of(&argument) else {
        return argument;
    };
    let argument = match argument.get_action() {
        // A switch in the environment is a word: yes, no, 1, 0, true, false, on, off.
        ArgAction::SetTrue => argument.value_parser(BoolishValueParser::new()),
        _ => argument,
    };
    argument.env(name).hide_env(true)
}

/// Returns the environment variable of an option; `None` for what is no option.
pub(crate) fn variable_of(argument: &Arg) -> Option<String> {
    if let Some(name) = argument.get_env() {
        return name.to_str().map(String::from);
    }
    match argument.get_action() {
        ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version => None,
        _ => argument.get_long().map(|long| format!("ATTAR_{}", long.replace('-', "_").to_uppercase())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_have_variables_and_positionals_have_none() {
        let command =
            with_variables(Command::new("attar").arg(Arg::new("cache-dir").long("cache-dir")).subcommand(
                Command::new("build").arg(Arg::new("spec")).arg(Arg::new("o").short('o').long("output")),
            ));
        let of = |command: &Command, id: &str| {
            let found = command.get_arguments().find(|argument| argument.get_id() == id);
            found.and_then(Arg::get_env).map(|name| name.to_string_lossy().into_owned())
        };
        let build = command.find_subcommand("build").expect("the subcommand");
        assert_eq!(of(&command, "cache-dir").as_deref(), Some("ATTAR_CACHE_DIR"));
        assert_eq!(of(build, "o").as_deref(), Some("ATTAR_OUTPUT"));
        assert_eq!(of(build, "spec"), None);
    }
}
