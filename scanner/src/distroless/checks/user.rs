//! D10: who the program runs as, and which accounts there are.

use std::collections::BTreeMap;

use attar_image::accounts::{GROUPS, USERS, is_account, records};

use super::{Draft, Findings};
use crate::distroless::verdict::{Fix, Severity};
use crate::distroless::view::View;

/// Shells that let nobody in.
const CLOSED: [&str; 4] = ["nologin", "false", "true", "sync"];

pub(super) fn run(view: &View<'_>) -> Findings {
    let passwd = lines(view, USERS);
    let mut drafts = of_user(view, &passwd);
    drafts.extend(of_accounts(view, &passwd));
    drafts.extend(of_numbers("user", USERS, &passwd));
    drafts.extend(of_numbers("group", GROUPS, &lines(view, GROUPS)));
    Findings::of(drafts)
}

fn of_user(view: &View<'_>, passwd: &[Vec<String>]) -> Vec<Draft> {
    let written = view.config().user;
    let fix = || {
        Fix::spec("accounts: {run-as: nonroot}, or leave it out: the default is 65532")
            .dockerfile("USER 65532:65532")
    };
    let setting = |draft: Draft| draft.setting("user");
    let user = written.split_once(':').map_or(&*written, |(user, _)| user);
    let Some(credentials) = view.user() else {
        let what = format!("the user `{written}` is not among the accounts of the image");
        return vec![setting(Draft::fail(what, "the container does not start", fix()))];
    };
    if credentials.uid == 0 {
        let what = match user {
            "" => String::from("the program runs as root: the image names no user"),
            user => format!("the program runs as root: the user is `{user}`"),
        };
        return vec![setting(Draft::fail(what, "whoever breaks in is root in the container", fix()))];
    }
    let mut drafts = Vec::new();
    if user.parse::<u32>().is_err() {
        let what = format!("the user `{user}` is a name, not a number");
        let why = "Kubernetes cannot tell that it is not root, and refuses it under runAsNonRoot";
        drafts.push(Draft::fail(what, why, fix()).with_severity(Severity::Warning));
    }
    let uid = credentials.uid.to_string();
    if !passwd.iter().any(|fields| fields.get(2) == Some(&uid)) {
        let what = format!("user {uid} has no line in /etc/passwd");
        let why = "Kubernetes then runs it with group 0, and programs that ask who they are fail";
        let fix = Fix::spec(format!("accounts: {{users: [{{username: app, uid: {uid}}}], run-as: app}}"))
            .dockerfile("COPY an /etc/passwd that has it");
        drafts.push(Draft::fail(what, why, fix).with_severity(Severity::Warning));
    } else if credentials.gid == 0 || credentials.groups.contains(&0) {
        let what = format!("user {uid} is a member of group 0");
        let why = "files of the system often belong to that group";
        drafts.push(Draft::fail(what, why, fix()).with_severity(Severity::Warning));
    }
    drafts.into_iter().map(setting).collect()
}

/// Looks at passwords and login shells.
fn of_accounts(view: &View<'_>, passwd: &[Vec<String>]) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let accounts = |what: String, why| {
        let fix = Fix::spec("files: an /etc/shadow of your own, or accounts: alone, which have no passwords");
        Draft::fail(what, why, fix.dockerfile("leave /etc/shadow out of the last stage")).setting("accounts")
    };
    for (file, table) in [("/etc/passwd", passwd), ("/etc/shadow", &lines(view, "etc/shadow"))] {
        for fields in table {
            let (Some(name), Some(password)) = (fields.first(), fields.get(1)) else { continue };
            match password.as_str() {
                "" => drafts.push(accounts(
                    format!("the account `{name}` has an empty password in {file}"),
                    "anybody who reaches a login is in",
                )),
                hash if hash.starts_with('$') => drafts.push(
                    accounts(
                        format!("the account `{name}` has a password in {file}"),
                        "whoever has the image can try passwords against it",
                    )
                    .with_severity(Severity::Warning),
                ),
                _ => {}
            }
        }
    }
    for fields in passwd {
        let (Some(name), Some(shell)) = (fields.first(), fields.get(6)) else { continue };
        let is_closed = CLOSED.iter().any(|closed| shell.rsplit('/').next() == Some(closed));
        if !shell.is_empty() && !is_closed && view.executable(shell).is_some() {
            let what = format!("the account `{name}` logs in with {shell}, which is in the image");
            let fix = Fix::spec("accounts: {users: [{username: …, shell: /sbin/nologin}]}");
            let why = "nobody logs in to a container";
            drafts.push(Draft::fail(what, why, fix).with_severity(Severity::Warning).setting("accounts"));
        }
    }
    drafts
}

/// Finds names and numbers that stand twice.
fn of_numbers(kind: &str, file: &str, table: &[Vec<String>]) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (at, what) in [(0, "name"), (2, "number")] {
        let mut count: BTreeMap<&str, usize> = BTreeMap::new();
        table.iter().filter_map(|fields| fields.get(at)).for_each(|key| *count.entry(key).or_default() += 1);
        for (key, count) in count.into_iter().filter(|(_, count)| *count > 1) {
            let is_root = at == 2 && key == "0";
            let severity = if is_root { Severity::Fail } else { Severity::Warning };
            let what = format!("the {kind} {what} `{key}` stands {count} times in /{file}");
            let why = match is_root {
                true => "an account of another name has the rights of root",
                false => "who owns a file depends on which line is read first",
            };
            let fix = Fix::spec("accounts: with one line each").dockerfile("COPY a file that has each once");
            drafts.push(Draft::fail(what, why, fix).with_severity(severity).setting("accounts"));
        }
    }
    drafts
}

/// Reads a file of accounts; comments and NIS lines are left out.
fn lines(view: &View<'_>, path: &str) -> Vec<Vec<String>> {
    let text = view.text(path).unwrap_or_default();
    let accounts = records(&text).filter(|fields| is_account(fields));
    accounts.map(|fields| fields.into_iter().map(str::to_owned).collect()).collect()
}
