//! D13: secrets: in files, also in those that upper layers hide, in the configuration, in the history.
//!
//! What is found is never shown, only its kind and where it stands.

use attar_image::{Entry, TreePath};

use super::{Draft, Findings, Spot};
use crate::distroless::secret::{in_value, is_secret_variable};
use crate::distroless::verdict::{Fix, Severity};
use crate::distroless::view::View;
use crate::distroless::{SecretKind, Wanted, wanted};

const WHY: &str = "whoever can pull the image has it";

/// Files that hold credentials, by the ends of their paths, and whether being there is enough.
const CREDENTIALS: [(&[u8], bool); 26] = [
    (b".npmrc", false),
    (b".yarnrc.yml", false),
    (b".netrc", false),
    (b".pypirc", false),
    (b".pgpass", true),
    (b".my.cnf", false),
    (b".env", false),
    (b".env.local", false),
    (b".env.production", false),
    (b".git-credentials", true),
    (b".dockercfg", false),
    (b".docker/config.json", false),
    (b".kube/config", false),
    (b".aws/credentials", true),
    (b".azure/accessTokens.json", true),
    (b".config/gcloud/application_default_credentials.json", true),
    (b".config/gcloud/credentials.db", true),
    (b".config/gh/hosts.yml", false),
    (b".cargo/credentials.toml", false),
    (b".gem/credentials", false),
    (b".m2/settings.xml", false),
    (b".vault-token", true),
    (b".htpasswd", true),
    (b"pip.conf", false),
    (b".config/containers/auth.json", false),
    (b"terraform.tfstate", true),
];

/// Names of private keys of SSH.
const KEYS: [&[u8]; 5] = [b"id_rsa", b"id_dsa", b"id_ecdsa", b"id_ed25519", b"identity"];

/// A file to look at, seen or hidden.
struct Candidate<'a> {
    path: &'a TreePath,
    entry: &'a Entry,
    /// The layer that holds it, and the one that hides it.
    hidden: Option<(usize, usize)>,
}

pub(super) fn run(view: &View<'_>) -> Findings {
    let seen = view.subject.tree.iter().map(|(path, entry)| Candidate { path, entry, hidden: None });
    let hidden = view.subject.hidden.iter().map(|hidden| Candidate {
        path: &hidden.path,
        entry: &hidden.entry,
        hidden: Some((hidden.layer, hidden.killer)),
    });
    let mut unknown = 0;
    let mut drafts = Vec::new();
    for candidate in seen.chain(hidden) {
        let Some(content) = candidate.entry.content() else { continue };
        if wanted(candidate.path, candidate.entry) == Wanted::Nothing {
            continue;
        }
        match view.marks(&content) {
            Some(marks) => drafts.extend(in_file(&candidate, &marks.secrets)),
            None => unknown += 1,
        }
    }
    drafts.extend(in_configuration(view));
    let doubt = (unknown > 0).then(|| format!("the content of {unknown} files could not be looked at"));
    Findings::Found { drafts, doubt }
}

fn in_file(candidate: &Candidate<'_>, secrets: &[crate::distroless::Secret]) -> Option<Draft> {
    let path = candidate.path;
    let ends = |end: &[u8]| {
        let start = path.as_bytes().strip_suffix(end);
        start.is_some_and(|start| start.is_empty() || start.ends_with(b"/"))
    };
    let credentials = CREDENTIALS.iter().find(|(end, _)| ends(end));
    let plain = secrets.iter().find(|secret| secret.kind != SecretKind::Login);
    let login = credentials.and_then(|_| secrets.iter().find(|secret| secret.kind == SecretKind::Login));
    let what = match (plain.or(login), credentials) {
        (Some(secret), _) => format!("{path} holds {}, in line {}", secret.kind.describe(), secret.line),
        (None, Some((_, true))) => format!("{path} is a file of credentials"),
        (None, _) if KEYS.contains(&path.file_name()) => format!("{path} is named as private keys are"),
        (None, _) => return None,
    };
    let bytes = candidate.entry.content().map(|content| content.size);
    let (what, fix) = match candidate.hidden {
        None => (
            what,
            Fix::spec("leave it out of files; mount it when the container starts")
                .dockerfile("RUN --mount=type=secret for what a build needs; mount it at run time"),
        ),
        Some((layer, killer)) => (
            format!(
                "{what}; layer {} hides it, and anybody can take it out of layer {}",
                killer + 1,
                layer + 1
            ),
            Fix::spec("make it invalid, and build the image anew: attar's layers hide nothing")
                .dockerfile("make it invalid; RUN --mount=type=secret leaves nothing in a layer"),
        ),
    };
    let (layer, hidden_by) = candidate.hidden.unzip();
    let draft = Draft::fail(what, WHY, fix);
    Some(Draft { places: vec![Spot { path: path.clone(), bytes, layer, hidden_by }], ..draft })
}

fn in_configuration(view: &View<'_>) -> Vec<Draft> {
    let config = view.config();
    let mut drafts = Vec::new();
    let mut note = |setting: String, what: String, severity| {
        let fix = Fix::spec("environment: and args: are not for secrets; give it when the container starts")
            .dockerfile("RUN --mount=type=secret instead of ARG and ENV");
        drafts.push(Draft::fail(what, WHY, fix).with_severity(severity).setting(setting));
    };
    for (name, value) in config.env.iter().filter_map(|pair| pair.split_once('=')) {
        let setting = format!("env:{name}");
        if let Some(kind) = in_value(value) {
            let what = format!("the variable {name} holds {}", kind.describe());
            note(setting, what, Severity::Fail);
        } else if has_login(value) {
            note(setting, format!("the variable {name} holds an address with a password"), Severity::Fail);
        } else if is_secret_variable(name, value) {
            note(
                setting,
                format!("the variable {name} has a value, and the name of a secret"),
                Severity::Fail,
            );
        }
    }
    for (name, value) in &config.labels {
        if let Some(kind) = in_value(value) {
            note(
                format!("label:{name}"),
                format!("the label {name} holds {}", kind.describe()),
                Severity::Fail,
            );
        }
    }
    for (number, step) in view.subject.config.history.iter().enumerate() {
        let Some(line) = &step.created_by else { continue };
        let setting = format!("history:{number}");
        if let Some(kind) = in_value(line) {
            note(setting, format!("step {number} of the history holds {}", kind.describe()), Severity::Fail);
        } else if let Some(name) = assigned_secret(line) {
            let what = format!("step {number} of the history sets {name}, which has the name of a secret");
            note(setting, what, Severity::Fail);
        } else if has_login(line) {
            let what = format!("step {number} of the history holds an address with a password");
            note(setting, what, Severity::Fail);
        }
    }
    drafts
}

/// Returns the name of a variable that a command line gives the value of a secret.
fn assigned_secret(line: &str) -> Option<&str> {
    let words = line.split([' ', '\t', '\n']);
    let mut pairs = words.filter_map(|word| word.split_once('='));
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    pairs
        .find(|(name, value)| is_name(name) && is_secret_variable(name, value.trim_matches(['"', '\''])))
        .map(|(name, _)| name)
}

/// Says whether a text has an address such as `https://user:password@host`.
fn has_login(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', ' ', '"', '\'', '?', '#']).next().unwrap_or_default();
        let login = authority.rsplit_once('@').map(|(login, _)| login);
        let password = login.and_then(|login| login.split_once(':')).map(|(_, password)| password);
        password.is_some_and(|password| !password.is_empty() && !password.starts_with(['$', '<', '*']))
    })
}
