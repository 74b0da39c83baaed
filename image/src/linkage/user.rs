//! Who the program runs as: the `User` of a configuration, looked up in the image's own files.

use super::{Problem, Subject};
use crate::accounts::{GROUPS, USERS, records};
use crate::path::TreePath;

/// The numbers a process runs with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
}

/// Looks up `USER[:GROUP]`, each by name or number, as container runtimes do.
///
/// A number needs no entry in `/etc/passwd`; its group is then 0. A name does.
pub fn credentials(subject: &Subject<'_>) -> Result<Credentials, Problem> {
    let (user, group) = match subject.config.user.split_once(':') {
        Some((user, group)) => (user, Some(group).filter(|group| !group.is_empty())),
        None => (&subject.config.user[..], None),
    };
    let user = if user.is_empty() { "0" } else { user };
    let passwd = lines(subject, USERS);
    let number = user.parse::<u32>().ok();
    let entry = passwd.iter().find(|fields| {
        fields.first().is_some_and(|name| name == user)
            || number.is_some() && fields.get(2).and_then(|uid| uid.parse().ok()) == number
    });
    let field = |at: usize| entry.and_then(|fields| fields.get(at)?.parse::<u32>().ok());
    let uid = field(2).or(number).ok_or_else(|| Problem::UnknownUser(user.to_owned()))?;
    let mut found = Credentials { uid, gid: field(3).unwrap_or(0), groups: Vec::new() };
    let groups = lines(subject, GROUPS);
    let number = |fields: &Vec<String>| fields.get(2).and_then(|gid| gid.parse::<u32>().ok());
    match group {
        Some(group) => {
            let wanted = group.parse::<u32>().ok();
            let named = groups.iter().find(|fields| fields[0] == group).and_then(number);
            found.gid = named.or(wanted).ok_or_else(|| Problem::UnknownGroup(group.to_owned()))?;
        }
        None => {
            let name = entry.map(|fields| &fields[0]);
            let is_member = |fields: &&Vec<String>| {
                fields.get(3).is_some_and(|members| {
                    members.split(',').any(|member| Some(member) == name.map(|it| &it[..]))
                })
            };
            found.groups = groups.iter().filter(is_member).filter_map(number).collect();
        }
    }
    Ok(found)
}

fn lines(subject: &Subject<'_>, path: &str) -> Vec<Vec<String>> {
    let path = TreePath::parse(path).ok().and_then(|path| subject.tree.resolve(&path));
    let read = path.and_then(|path| {
        let content = subject.tree.get(&path)?.content()?;
        subject.files.read(&path, &content)
    });
    let text = String::from_utf8_lossy(&read.unwrap_or_default()).into_owned();
    records(&text).map(|fields| fields.into_iter().map(str::to_owned).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linkage::testing::{Sample, file};

    #[test]
    fn users_are_looked_up_as_runtimes_do() {
        let sample = Sample::new([
            ("etc/passwd", file("root:x:0:0::/root:\napp:x:10:11::/:\n")),
            ("etc/group", file("root:x:0:\nweb:x:20:app,other\ndb:x:21:\n")),
        ]);
        let found = |user: &str| {
            let mut sample = sample.clone();
            user.clone_into(&mut sample.config.user);
            credentials(&sample.subject())
        };
        let numbers = |uid, gid, groups: &[u32]| Ok(Credentials { uid, gid, groups: groups.to_vec() });
        assert_eq!(found(""), numbers(0, 0, &[]));
        assert_eq!(found("app"), numbers(10, 11, &[20]));
        assert_eq!(found("10"), numbers(10, 11, &[20]));
        assert_eq!(found("app:db"), numbers(10, 21, &[]));
        assert_eq!(found("65532"), numbers(65532, 0, &[]));
        assert_eq!(found("65532:7"), numbers(65532, 7, &[]));
        assert_eq!(found("nobody"), Err(Problem::UnknownUser("nobody".into())));
        assert_eq!(found("app:nogroup"), Err(Problem::UnknownGroup("nogroup".into())));
    }
}
