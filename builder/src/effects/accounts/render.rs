//! `/etc/passwd`, `/etc/group` and home directories of a table.

use std::fmt::Write as _;

use attar_image::{FileTree, TreePath};

use super::Table;
use crate::effects::{Addition, Outcome, known};

impl Table {
    /// Returns the text of `/etc/passwd`.
    pub fn passwd(&self) -> String {
        let mut text = String::new();
        for user in &self.users {
            let (name, uid, gid) = (&user.name, user.uid, user.gid);
            let _ = writeln!(text, "{name}:x:{uid}:{gid}:{}:{}:{}", user.gecos, user.home, user.shell);
        }
        text
    }

    /// Returns the text of `/etc/group`.
    pub fn group_file(&self) -> String {
        let mut text = String::new();
        for group in &self.groups {
            let members: Vec<&str> = group.members.iter().map(String::as_str).collect();
            let _ = writeln!(text, "{}:x:{}:{}", group.name, group.gid, members.join(","));
        }
        text
    }

    /// Makes the two files, and the homes of the users that the spec and the foundation have. Homes
    /// of system users are effects of the packages that ask for them.
    pub fn outcome(&self, tree: &FileTree) -> Outcome {
        let mut outcome = Outcome::default();
        if self.users.is_empty() && self.groups.is_empty() {
            return outcome;
        }
        for (path, text) in [("etc/passwd", self.passwd()), ("etc/group", self.group_file())] {
            let addition = Addition::file(known(path), text.into_bytes(), 0o644, (0, 0), "accounts");
            outcome.additions.push(addition);
        }
        for user in &self.users {
            let makes_home = matches!(user.because.as_str(), "accounts" | "foundation");
            if let Ok(home) = TreePath::parse(&user.home)
                && makes_home
                && !home.is_root()
                && user.home != "/nonexistent"
                && !tree.resolve(&home).is_some_and(|home| tree.contains(&home))
            {
                let because = format!("home of `{}`", user.name);
                outcome.additions.push(Addition::directory(home, 0o700, (user.uid, user.gid), &because));
            }
        }
        outcome.warnings.extend(self.warnings.iter().cloned());
        outcome
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::effects::accounts::{AccountsError, GroupName, GroupRequest, Master, Requests, UserRequest};
    use crate::spec::schema::{Accounts, Foundation, Group, User};

    use super::*;

    fn system_user(uid: Option<u32>, group: Option<GroupName>, home: &str) -> UserRequest {
        let (home, because) = (home.to_owned(), "a test".to_owned());
        UserRequest { uid, group, gecos: "A: b".into(), home, shell: "/usr/sbin/nologin".into(), because }
    }

    fn table(
        requests: &Requests,
        accounts: &Accounts,
        previous: &[(&str, u32)],
    ) -> Result<Table, AccountsError> {
        let previous = previous.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect();
        Table::new(requests, Foundation::Static, accounts, &previous)
    }

    fn app(uid: u32) -> Accounts {
        let user = User { username: "app".into(), uid, gid: None, shell: None, homedir: Some("/app".into()) };
        Accounts { users: vec![user], ..Accounts::default() }
    }

    #[test]
    fn the_foundation_is_exactly_googles() {
        let table = table(&Requests::default(), &Accounts::default(), &[]).expect("a table");
        insta::assert_snapshot!(table.passwd(), @r"
        root:x:0:0:root:/root:/sbin/nologin
        nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
        nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin
        ");
        insta::assert_snapshot!(table.group_file(), @r"
        root:x:0:
        nobody:x:65534:
        tty:x:5:
        staff:x:50:
        nonroot:x:65532:
        ");
        let outcome = table.outcome(&FileTree::new());
        let tree: FileTree = outcome.additions.into_iter().map(|a| (a.path, a.entry)).collect();
        insta::assert_snapshot!(tree.to_string(), @r"
        -0644 0:0 64 946684800 /etc/group
        -0644 0:0 149 946684800 /etc/passwd
        d0700 65532:65532 - 946684800 /home/nonroot
        d0700 0:0 - 946684800 /root
        ");
    }

    #[test]
    fn packages_get_numbers_by_rule() {
        let mut requests = Requests::default();
        requests.users.insert("postgres".into(), system_user(None, None, "/var/lib/postgresql"));
        requests.users.insert("redis".into(), system_user(None, None, "/var/lib/redis"));
        requests.users.insert("www-data".into(), system_user(None, None, "/elsewhere"));
        requests.users.insert("_chrony".into(), system_user(None, Some(GroupName::Name("ntp".into())), "/"));
        requests.users.insert("fixed".into(), system_user(Some(480), None, "/"));
        requests.users.insert("clash".into(), system_user(Some(33), None, "/"));
        requests.users.insert("nix".into(), system_user(None, Some(GroupName::Number(65534)), "/"));
        requests.groups.insert("ssl-cert".into(), GroupRequest { gid: None, because: "ssl-cert".into() });
        requests.mentioned.insert("adm".into());
        requests.mentioned.insert("unheard-of".into());
        requests.members.insert(("ssl-cert".into(), "postgres".into()));
        let table = table(&requests, &app(998), &[("redis", 990)]).expect("a table");
        insta::assert_snapshot!(table.passwd(), @r"
        root:x:0:0:root:/root:/sbin/nologin
        nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
        nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin
        app:x:998:998::/app:/sbin/nologin
        www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
        fixed:x:480:480:A  b:/:/usr/sbin/nologin
        redis:x:990:990:A  b:/var/lib/redis:/usr/sbin/nologin
        postgres:x:994:994:A  b:/var/lib/postgresql:/usr/sbin/nologin
        nix:x:996:65534:A  b:/:/usr/sbin/nologin
        clash:x:997:997:A  b:/:/usr/sbin/nologin
        _chrony:x:999:995:A  b:/:/usr/sbin/nologin
        ");
        insta::assert_snapshot!(table.group_file(), @r"
        root:x:0:
        nobody:x:65534:
        tty:x:5:
        staff:x:50:
        nonroot:x:65532:
        app:x:998:
        adm:x:4:
        www-data:x:33:
        fixed:x:480:
        redis:x:990:
        ssl-cert:x:993:postgres
        postgres:x:994:
        ntp:x:995:
        clash:x:997:
        ");
        let given: Vec<(&str, u32)> =
            table.given.iter().map(|(name, number)| (name.as_str(), *number)).collect();
        assert_eq!(
            given,
            [
                ("_chrony", 999),
                ("clash", 997),
                ("nix", 996),
                ("ntp", 995),
                ("postgres", 994),
                ("redis", 990),
                ("ssl-cert", 993)
            ]
        );
        assert_eq!(table.warnings, ["a test wants number 33 for `clash`, which is in use: another is given"]);
        assert_eq!(
            (table.uid("postgres"), table.gid("7"), table.uid("unheard-of")),
            (Some(994), Some(7), None)
        );
    }

    #[test]
    fn numbers_once_given_stay() {
        let mut requests = Requests::default();
        requests.users.insert("b".into(), system_user(None, None, "/"));
        let first = table(&requests, &Accounts::default(), &[]).expect("a table").given;
        assert_eq!(first, BTreeMap::from([("b".to_owned(), 999)]));
        requests.users.insert("a".into(), system_user(None, None, "/"));
        let second = table(&requests, &Accounts::default(), &[("b", 999)]).expect("a table").given;
        assert_eq!(second, BTreeMap::from([("a".to_owned(), 998), ("b".to_owned(), 999)]));
        let error = table(&requests, &app(998), &[("a", 998), ("b", 999)]).expect_err("a clash");
        insta::assert_snapshot!(error, @"account `app` has number 998, which the lock gave to `a`");
    }

    #[test]
    fn accounts_of_the_spec_win() {
        let mut accounts = app(65532);
        accounts.groups.push(Group { groupname: "tty".into(), gid: 7, members: vec!["app".into()] });
        let table = table(&Requests::default(), &accounts, &[]).expect("a table");
        insta::assert_snapshot!(table.passwd(), @r"
        root:x:0:0:root:/root:/sbin/nologin
        nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
        app:x:65532:65532::/app:/sbin/nologin
        ");
        insta::assert_snapshot!(table.group_file(), @r"
        root:x:0:
        nobody:x:65534:
        staff:x:50:
        tty:x:7:app
        app:x:65532:
        ");
    }

    #[test]
    fn fields_that_would_break_the_file_are_refused() {
        let mut accounts = app(1000);
        accounts.users[0].shell = Some("/bin/sh\nroot2::0:0::/:".into());
        let error = table(&Requests::default(), &accounts, &[]).expect_err("a line break");
        insta::assert_snapshot!(error, @r"account `app` has a shell with a colon or a line break: `/bin/sh\nroot2::0:0::/:`");
    }

    #[test]
    fn the_whole_table_of_base_passwd() {
        let master = Master::parse("root:*:0:0:root:/root:/bin/bash\nx:*:1:2::/:/bin/sh\nbad\n", "x:*:2:\n");
        let requests = Requests { master: Some(master), ..Requests::default() };
        let table = table(&requests, &Accounts::default(), &[]).expect("a table");
        assert!(table.passwd().ends_with("/sbin/nologin\nx:x:1:2::/:/bin/sh\n"), "{}", table.passwd());
        assert_eq!(Master::debian().uid("www-data"), Some(33));
        assert_eq!(Master::debian().gid("shadow"), Some(42));
    }
}
