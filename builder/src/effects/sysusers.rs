//! sysusers.d: system users and groups, declared by packages.
//!
//! Follows the format that systemd documents as `sysusers.d(5)`.

use super::accounts::{GroupName, GroupRequest, UserRequest};
use super::effect::Effect;
use super::fields::{expand, lines, split};
use super::script::Unknown;

/// Reads one file; `because` says whose it is. Lines that are not understood come second.
pub fn read(text: &str, because: &str) -> (Vec<Effect>, Vec<Unknown>) {
    let (mut effects, mut unknown) = (Vec::new(), Vec::new());
    for (number, line) in lines(text) {
        match split(line, usize::MAX).and_then(|fields| effect(&fields, because)) {
            Some(effect) => effects.extend(effect),
            None => {
                let why = "the line of sysusers.d is not understood";
                unknown.push(Unknown { line: number, text: line.chars().take(160).collect(), why });
            }
        }
    }
    (effects, unknown)
}

/// Returns the effect of a line: `Some(None)` when it has none.
fn effect(fields: &[String], because: &str) -> Option<Option<Effect>> {
    let field =
        |index: usize| fields.get(index).map(String::as_str).filter(|field| !matches!(*field, "-" | ""));
    // A range is for numbers that systemd gives; attar gives its own.
    if fields[0] == "r" {
        return Some(None);
    }
    let name = expand(field(1)?)?;
    let because = because.to_owned();
    Some(match fields[0].trim_end_matches('!') {
        "u" => {
            let (uid, group) = identity(field(2))?;
            let home = expand(field(4).unwrap_or("/"))?;
            let shell = expand(field(5).unwrap_or("/usr/sbin/nologin"))?;
            let gecos = field(3).unwrap_or_default().to_owned();
            let request = UserRequest { uid, group, gecos, home, shell, because };
            Some(Effect::User { name, request, makes_home: false })
        }
        "g" => {
            let gid = field(2).and_then(|gid| gid.parse().ok());
            Some(Effect::Group { name, request: GroupRequest { gid, because } })
        }
        "m" => Some(Effect::Member { group: expand(field(2)?)?, user: name }),
        _ => return None,
    })
}

/// Reads `-`, `33`, `33:44`, `33:name`, `-:name`; a path means the owner of that file, which is root.
fn identity(text: Option<&str>) -> Option<(Option<u32>, Option<GroupName>)> {
    let Some(text) = text else { return Some((None, None)) };
    if text.starts_with('/') {
        return Some((None, None));
    }
    let (uid, group) = text.split_once(':').map_or((text, None), |(uid, group)| (uid, Some(group)));
    let uid = if uid == "-" { None } else { Some(uid.parse().ok()?) };
    let group = group
        .map(|group| group.parse().map_or_else(|_| GroupName::Name(group.to_owned()), GroupName::Number));
    Some((uid, group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_requests() {
        let text = "\
# comment
u! sshd - \"sshd user\" /run/sshd
u  varnish -:varnish 'Varnish Cache' /nonexistent
u sync 4:65534 - /bin /bin/sync
g render -
g fixed 480
m sshd render
r - 500-900
x what
u broken \"
";
        let (effects, unknown) = read(text, "p");
        let user = |name: &str, uid, group, gecos: &str, home: &str, shell: &str| Effect::User {
            name: name.into(),
            request: UserRequest {
                uid,
                group,
                gecos: gecos.into(),
                home: home.into(),
                shell: shell.into(),
                because: "p".into(),
            },
            makes_home: false,
        };
        let group = |name: &str, gid| Effect::Group {
            name: name.into(),
            request: GroupRequest { gid, because: "p".into() },
        };
        let nologin = "/usr/sbin/nologin";
        let expected = [
            user("sshd", None, None, "sshd user", "/run/sshd", nologin),
            user(
                "varnish",
                None,
                Some(GroupName::Name("varnish".into())),
                "Varnish Cache",
                "/nonexistent",
                nologin,
            ),
            user("sync", Some(4), Some(GroupName::Number(65534)), "", "/bin", "/bin/sync"),
            group("render", None),
            group("fixed", Some(480)),
            Effect::Member { group: "render".into(), user: "sshd".into() },
        ];
        assert_eq!(effects, expected);
        assert_eq!(unknown.iter().map(|unknown| unknown.line).collect::<Vec<_>>(), [9, 10]);
    }
}
