//! The reference page of the command line, made from its definition and kept in `docs/`.
//!
//! A test compares; with `ATTAR_TESTS_WRITE=1` it writes the page instead.

use std::fmt::Write as _;
use std::path::Path;

use crate::args;
use crate::environment;
use crate::exit_code::ExitCode;

fn page() -> String {
    let mut text = String::from(
        "# Command line\n\nMade from the program's own definition by a test: change the doc comments in \
         `cli/src/args/`, then run\n`ATTAR_TESTS_WRITE=1 cargo test -p attar reference`.\n",
    );
    let mut definition = args::definition().term_width(100);
    definition.build();
    describe(&mut text, definition.clone());
    for subcommand in definition.get_subcommands().filter(|command| command.get_name() != "help") {
        describe_all(&mut text, subcommand);
    }
    text.push_str("\n## Exit codes\n\n| code | meaning |\n|---|---|\n");
    for (code, meaning) in ExitCode::TABLE {
        writeln!(text, "| {} | {meaning} |", code.number()).expect("writing to a string cannot fail");
    }
    text.push_str(
        "\n## Environment\n\nA switch in the environment is a word: `true` or `false`, `yes` or `no`, `1` or \
         `0`.\n\n| variable | meaning |\n|---|---|\n",
    );
    for (name, meaning) in environment::table() {
        writeln!(text, "| `{name}` | {meaning} |").expect("writing to a string cannot fail");
    }
    text
}

/// Describes a subcommand and those below it, without the options that every command takes.
fn describe_all(text: &mut String, definition: &clap::Command) {
    let own = definition.clone().mut_args(|argument| match argument.is_global_set() {
        true => argument.hide(true),
        false => argument,
    });
    describe(text, own);
    for subcommand in definition.get_subcommands().filter(|command| command.get_name() != "help") {
        describe_all(text, subcommand);
    }
}

fn describe(text: &mut String, mut definition: clap::Command) {
    let name = definition.get_bin_name().unwrap_or(definition.get_name()).to_owned();
    let help = definition.render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    write!(text, "\n## {name}\n\n```text\n{}\n```\n", help.join("\n").trim_end())
        .expect("writing to a string cannot fail");
}

#[test]
fn the_reference_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/command-line.md");
    if std::env::var_os("ATTAR_TESTS_WRITE").is_some() {
        std::fs::create_dir_all(path.parent().expect("the page lies in a folder")).expect("the folder");
        std::fs::write(&path, page()).expect("the page can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page(), "run `ATTAR_TESTS_WRITE=1 cargo test -p attar reference` and commit the page");
}
