//! D11: whether the image starts: what the start-up proof found, and commands for a shell that is not
//! there.

use attar_image::linkage::{Finding, Problem};
use attar_image::shell::is_shell;

use super::{Draft, Findings};
use crate::distroless::verdict::Fix;
use crate::distroless::view::View;

pub(super) fn run(view: &View<'_>) -> Findings {
    let platform = &view.subject.config.platform;
    if platform.os != "linux" {
        let doubt = Some(format!("images for {platform} are not looked into"));
        return Findings::Found { drafts: Vec::new(), doubt };
    }
    let report = view.subject.start;
    let config = view.config();
    let mut drafts = Vec::new();
    let mut shells = Vec::new();
    let test = config.healthcheck.map(|check| check.test).unwrap_or_default();
    let health = match &test[..] {
        [kind, line] if kind == "CMD-SHELL" => vec!["/bin/sh".to_owned(), "-c".to_owned(), line.clone()],
        [kind, words @ ..] if kind == "CMD" => words.to_vec(),
        _ => Vec::new(),
    };
    let settings = [
        ("ENTRYPOINT", config.entrypoint.unwrap_or_default()),
        ("CMD", config.cmd.unwrap_or_default()),
        ("HEALTHCHECK", health),
    ];
    let has_entrypoint = !settings[0].1.is_empty();
    for (setting, words) in &settings {
        // With an entrypoint, CMD is its arguments.
        if *setting == "CMD" && has_entrypoint {
            continue;
        }
        if let Some(shell) = missing_shell(view, words) {
            drafts.push(shell_form(setting, &shell));
            shells.push(shell);
        }
    }
    let is_said = |finding: &&Finding| {
        let is_missing = matches!(finding.problem, Problem::Absent { .. } | Problem::NotInPath { .. });
        is_missing && shells.contains(&finding.object)
    };
    drafts.extend(report.findings.iter().filter(|finding| !is_said(finding)).map(by_proof));
    let starts_nothing = settings.iter().all(|(_, words)| words.is_empty());
    if starts_nothing && drafts.is_empty() {
        return Findings::NotApplicable("the image starts nothing by itself".to_owned());
    }
    Findings::of(drafts)
}

/// Returns the shell that a command is for, when the image has none.
fn missing_shell(view: &View<'_>, words: &[String]) -> Option<String> {
    let [shell, option, ..] = words else { return None };
    let name = shell.rsplit('/').next().unwrap_or_default();
    let is_for_shell = is_shell(name.as_bytes()) && option.starts_with('-') && option.ends_with('c');
    let is_there = || match shell.starts_with('/') {
        true => view.executable(shell).is_some(),
        false => view.search_path().iter().any(|directory| {
            directory.join(shell).is_ok_and(|path| view.executable(&path.to_string()).is_some())
        }),
    };
    (is_for_shell && !is_there()).then(|| shell.clone())
}

fn shell_form(setting: &str, shell: &str) -> Draft {
    let what = format!("{setting} is a line for {shell}, which is not in the image");
    let fix = Fix::spec(match setting {
        "HEALTHCHECK" => "healthcheck: {command: [/path/of/program, argument]}",
        "CMD" => "cmd: a list of words for the entrypoint",
        _ => "entrypoint: {command: [/path/of/program, argument]}",
    })
    .dockerfile(format!(
        "{setting} [\"/path/of/program\", \"argument\"]: the form with brackets needs no shell"
    ));
    Draft::fail(what, "it will not start", fix).setting(setting.to_ascii_lowercase())
}

fn by_proof(finding: &Finding) -> Draft {
    let what = match &finding.chain[..] {
        [] | [_] => format!("{} {}", finding.object, finding.problem),
        chain => format!("{} {} (from {})", finding.object, finding.problem, chain.join(" > ")),
    };
    let fix = match &finding.problem {
        Problem::Library { soname, .. } => {
            format!("packages: the one that has {soname} (`attar search {soname}`)")
        }
        Problem::NotExecutable { .. } => String::from("files: [{…, permissions: 0755}]"),
        Problem::Foreign { .. } => String::from("files: a build for each platform, from: {linux/amd64: …}"),
        Problem::UnknownUser(_) | Problem::UnknownGroup(_) => {
            String::from("accounts: with the user and its group")
        }
        _ => String::from("packages or files that bring it, or start: {allow: …} where you know better"),
    };
    let draft = Draft::fail(what, "it will not start", Fix::spec(fix));
    match &finding.path {
        Some(path) => draft.at([path]),
        None => draft.setting("entrypoint"),
    }
}
