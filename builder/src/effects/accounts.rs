//! System users and groups: who asks for them, and which numbers they get.
//!
//! A name has one number, for the user and the group of that name alike. It comes from the spec's
//! `accounts`, else from Debian's own static numbers, else from a number that a package fixes, else
//! it is given when locking: downward from 999, in order of name, skipping numbers in use. Numbers
//! once given are kept in the lock and never change.

mod allocation;
mod master;
mod render;

pub use master::Master;

use std::collections::{BTreeMap, BTreeSet};

use crate::spec::schema;

/// Users and groups that packages ask for. Requests of several images merge into one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// Users by name.
    pub users: BTreeMap<String, UserRequest>,
    /// Groups by name.
    pub groups: BTreeMap<String, GroupRequest>,
    /// Names of users and groups that own something, without anyone making them.
    pub mentioned: BTreeSet<String>,
    /// Users that become members of a group: (group, user).
    pub members: BTreeSet<(String, String)>,
    /// The whole table of `base-passwd`, when that package is in an image.
    pub master: Option<Master>,
}

/// A user that a package asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserRequest {
    /// Number the package fixes.
    pub uid: Option<u32>,
    /// Primary group; without one a group of the user's name.
    pub group: Option<GroupName>,
    /// Description.
    pub gecos: String,
    /// Home directory.
    pub home: String,
    /// Login shell.
    pub shell: String,
    /// Who asks, for messages.
    pub because: String,
}

/// A group by name or by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupName {
    /// Its name.
    Name(String),
    /// Its number.
    Number(u32),
}

/// A group that a package asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupRequest {
    /// Number the package fixes.
    pub gid: Option<u32>,
    /// Who asks, for messages.
    pub because: String,
}

/// All users and groups of the images of one lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    users: Vec<User>,
    groups: Vec<Group>,
    /// Numbers that were given here, by name: the part that the lock keeps.
    pub given: BTreeMap<String, u32>,
    /// What the report tells.
    pub warnings: Vec<String>,
}

/// A line of `/etc/passwd`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Login name.
    pub name: String,
    /// Number.
    pub uid: u32,
    /// Number of the primary group.
    pub gid: u32,
    /// Description.
    pub gecos: String,
    /// Home directory.
    pub home: String,
    /// Login shell.
    pub shell: String,
    /// Where it comes from, for `attar why`.
    pub because: String,
}

/// A line of `/etc/group`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Number.
    pub gid: u32,
    /// Further members.
    pub members: BTreeSet<String>,
    /// Where it comes from, for `attar why`.
    pub because: String,
}

/// Why no table of accounts can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountsError {
    /// An account of the spec has a number that the lock gave to another name.
    #[error("account `{account}` has number {number}, which the lock gave to `{given}`")]
    NumberGiven {
        /// Name in the spec.
        account: String,
        /// The number both have.
        number: u32,
        /// Name in the lock.
        given: String,
    },
    /// All numbers from 101 to 999 are in use.
    #[error("no number is left for system user `{name}`: all from 101 to 999 are in use")]
    Exhausted {
        /// The name that needs one.
        name: String,
    },
    /// An account of the spec names a field that cannot stand in `/etc/passwd`.
    #[error("account `{name}` has a {field} with a colon or a line break: `{value}`")]
    Unwritable {
        /// Name in the spec.
        name: String,
        /// The field.
        field: &'static str,
        /// Its value.
        value: String,
    },
}

impl Requests {
    /// Adds the requests of another image. For a name that both ask for, the first request stays;
    /// a number is taken from whichever fixes one.
    pub fn merge(&mut self, other: Self) {
        for (name, request) in other.users {
            let user = self.users.entry(name).or_insert_with(|| request.clone());
            user.uid = user.uid.or(request.uid);
        }
        for (name, request) in other.groups {
            let group = self.groups.entry(name).or_insert_with(|| request.clone());
            group.gid = group.gid.or(request.gid);
        }
        self.mentioned.extend(other.mentioned);
        self.members.extend(other.members);
        self.master = self.master.take().or(other.master);
    }
}

impl Table {
    /// Makes the table: accounts of the foundation and the spec, then those that packages ask for.
    ///
    /// `previous` are the numbers an earlier lock gave.
    pub fn new(
        requests: &Requests,
        foundation: schema::Foundation,
        accounts: &schema::Accounts,
        previous: &BTreeMap<String, u32>,
    ) -> Result<Self, AccountsError> {
        allocation::table(requests, foundation, accounts, previous)
    }

    /// Returns the lines of `/etc/passwd` in order.
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// Returns the lines of `/etc/group` in order.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Returns the user of that name.
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    /// Returns the group of that name.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// Returns the number of a user who is named, or given by number.
    pub fn uid(&self, name: &str) -> Option<u32> {
        name.parse().ok().or_else(|| self.user(name).map(|user| user.uid))
    }

    /// Returns the number of a group that is named, or given by number.
    pub fn gid(&self, name: &str) -> Option<u32> {
        name.parse().ok().or_else(|| self.group(name).map(|group| group.gid))
    }
}

fn user(name: &str, (uid, gid): (u32, u32), gecos: &str, home: &str, shell: &str, because: &str) -> User {
    let field = |text: &str| text.replace([':', '\n', '\0'], " ");
    User {
        name: name.to_owned(),
        uid,
        gid,
        gecos: field(gecos),
        home: field(home),
        shell: field(shell),
        because: because.to_owned(),
    }
}

fn group(name: &str, gid: u32, because: &str) -> Group {
    Group { name: name.to_owned(), gid, members: BTreeSet::new(), because: because.to_owned() }
}
