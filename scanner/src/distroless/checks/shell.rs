//! D01: shells, under their own names or others.

use attar_image::{TreePath, shell};

use super::{CheckId, Draft, Findings};
use crate::distroless::Profile;
use crate::distroless::verdict::{Fix, Severity};
use crate::distroless::view::{Program, View};

const WHY: &str = "a shell lets whoever breaks in run what they like";

pub(super) fn run(view: &View<'_>) -> Findings {
    let programs = &view.programs().list;
    let mut drafts: Vec<Draft> = programs.iter().filter_map(|program| by_program(view, program)).collect();
    drafts.extend(listed(view));
    drafts.extend(programs.iter().filter_map(packed));
    Findings::among_programs(drafts, view)
}

fn by_program(view: &View<'_>, program: &Program) -> Option<Draft> {
    let named: Vec<&TreePath> = program.paths().filter(|path| is_shell_name(path)).collect();
    let known = program.identity(CheckId::D01);
    let first = program.files.first()?;
    let (what, paths) = match (program.multicall(), known, named.first()) {
        // Without such a name it is D02 alone.
        (Some(_), _, None) | (None, None, None) => return None,
        (Some(multicall), _, Some(name)) => (format!("{name} is the shell of {}", multicall.name), named),
        (None, Some(shell), None) => {
            (format!("{first} is {} under another name", shell.name), program.paths().collect())
        }
        (None, _, Some(name)) if *name != first => {
            (format!("{name} is a shell: it leads to {first}"), program.paths().collect())
        }
        (None, _, Some(name)) => (format!("{name} is a shell"), program.paths().collect()),
    };
    Some(Draft::fail(what, WHY, fix(view, program)).at(paths).permitted(permitted(view, program)))
}

/// Finds programs that `/etc/shells` calls shells, whatever their names.
fn listed(view: &View<'_>) -> Vec<Draft> {
    let text = view.text("etc/shells").unwrap_or_default();
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with('/'));
    let is_known = |path: &TreePath| {
        let known = |program: &&Program| program.files.contains(path);
        let program = view.programs().list.iter().find(known);
        // Files that the kernel cannot start are no shells; shells are found by what they are.
        program.is_none_or(|program| by_program(view, program).is_some() || program.multicall().is_some())
    };
    let paths = lines.filter_map(|line| view.executable(line)).filter(|path| !is_known(path));
    paths
        .map(|path| {
            let what = format!("{path} is a shell: /etc/shells lists it");
            Draft::fail(what, WHY, Fix::spec(format!("without: {{paths: [{path}]}}"))).at([&path])
        })
        .collect()
}

/// Warns of a program that is packed into another one, so that nothing tells what it is.
fn packed(program: &Program) -> Option<Draft> {
    let packer = program.identity(CheckId::D12)?;
    let first = program.files.first()?;
    let what = format!("{first} is packed with {}: what it is cannot be told", packer.name.to_uppercase());
    let fix = Fix::spec("files: the program as it was built; layers are compressed anyway");
    let why = "a shell or any other tool may be in it";
    Some(Draft::fail(what, why, fix).with_severity(Severity::Warning).at(&program.files))
}

fn permitted(view: &View<'_>, program: &Program) -> Option<&'static str> {
    match view.rules.profile {
        Profile::Debug if program.multicall().is_some() => {
            Some("a debug variant has a multi-call program to look around with")
        }
        Profile::Init if program.is_reached => Some("an init container prepares with it, and ends"),
        _ => None,
    }
}

fn fix(view: &View<'_>, program: &Program) -> Fix {
    super::tools::removal(view, program)
}

/// Says whether a program is a shell, by a name or by content.
pub(super) fn is_shell(program: &Program) -> bool {
    program.identity(CheckId::D01).is_some() || program.paths().any(is_shell_name)
}

fn is_shell_name(path: &TreePath) -> bool {
    shell::is_shell(path.file_name())
}
