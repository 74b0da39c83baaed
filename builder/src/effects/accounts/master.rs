//! The static users and groups of Debian, as `base-passwd` has them.
//!
//! The numbers are policy and do not change within the life of a suite, so attar ships them: an
//! image that names `www-data` need not hold `base-passwd`. One that does is read instead.

use attar_image::accounts::records;

use super::{Group, User, group, user};

/// The static users and groups of a distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Master {
    /// Users, in order of number.
    pub users: Vec<User>,
    /// Groups, in order of number.
    pub groups: Vec<Group>,
}

impl Master {
    /// Reads `passwd.master` and `group.master` of `base-passwd`; lines of another form are skipped.
    pub fn parse(passwd: &str, groups: &str) -> Self {
        let users = records(passwd).filter_map(|fields| {
            let [name, _, uid, gid, gecos, home, shell, ..] = fields[..] else { return None };
            Some(user(name, (uid.parse().ok()?, gid.parse().ok()?), gecos, home, shell, "base-passwd"))
        });
        let groups = records(groups).filter_map(|fields| {
            let [name, _, gid, ..] = fields[..] else { return None };
            Some(group(name, gid.parse().ok()?, "base-passwd"))
        });
        Self { users: users.collect(), groups: groups.collect() }
    }

    /// Returns Debian's own.
    pub fn debian() -> Self {
        let because = "static numbers of Debian";
        let users = USERS.iter().map(|(name, uid, gid, gecos, home)| {
            // None of these users logs in, and an image need not hold `/bin/bash`.
            let shell = if *name == "sync" { "/bin/sync" } else { "/usr/sbin/nologin" };
            user(name, (*uid, *gid), gecos, home, shell, because)
        });
        let groups = GROUPS.iter().map(|(name, gid)| group(name, *gid, because));
        Self { users: users.collect(), groups: groups.collect() }
    }

    /// Returns the number of a user.
    pub fn uid(&self, name: &str) -> Option<u32> {
        self.users.iter().find(|user| user.name == name).map(|user| user.uid)
    }

    /// Returns the number of a group.
    pub fn gid(&self, name: &str) -> Option<u32> {
        self.groups.iter().find(|group| group.name == name).map(|group| group.gid)
    }
}

const USERS: [(&str, u32, u32, &str, &str); 18] = [
    ("root", 0, 0, "root", "/root"),
    ("daemon", 1, 1, "daemon", "/usr/sbin"),
    ("bin", 2, 2, "bin", "/bin"),
    ("sys", 3, 3, "sys", "/dev"),
    ("sync", 4, 65534, "sync", "/bin"),
    ("games", 5, 60, "games", "/usr/games"),
    ("man", 6, 12, "man", "/var/cache/man"),
    ("lp", 7, 7, "lp", "/var/spool/lpd"),
    ("mail", 8, 8, "mail", "/var/mail"),
    ("news", 9, 9, "news", "/var/spool/news"),
    ("uucp", 10, 10, "uucp", "/var/spool/uucp"),
    ("proxy", 13, 13, "proxy", "/bin"),
    ("www-data", 33, 33, "www-data", "/var/www"),
    ("backup", 34, 34, "backup", "/var/backups"),
    ("list", 38, 38, "Mailing List Manager", "/var/list"),
    ("irc", 39, 39, "ircd", "/run/ircd"),
    ("_apt", 42, 65534, "", "/nonexistent"),
    ("nobody", 65534, 65534, "nobody", "/nonexistent"),
];

const GROUPS: [(&str, u32); 38] = [
    ("root", 0),
    ("daemon", 1),
    ("bin", 2),
    ("sys", 3),
    ("adm", 4),
    ("tty", 5),
    ("disk", 6),
    ("lp", 7),
    ("mail", 8),
    ("news", 9),
    ("uucp", 10),
    ("man", 12),
    ("proxy", 13),
    ("kmem", 15),
    ("dialout", 20),
    ("fax", 21),
    ("voice", 22),
    ("cdrom", 24),
    ("floppy", 25),
    ("tape", 26),
    ("sudo", 27),
    ("audio", 29),
    ("dip", 30),
    ("www-data", 33),
    ("backup", 34),
    ("operator", 37),
    ("list", 38),
    ("irc", 39),
    ("src", 40),
    ("shadow", 42),
    ("utmp", 43),
    ("video", 44),
    ("sasl", 45),
    ("plugdev", 46),
    ("staff", 50),
    ("games", 60),
    ("users", 100),
    ("nogroup", 65534),
];
