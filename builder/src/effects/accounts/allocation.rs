//! Decides who is in the table and which numbers they have.

use std::collections::{BTreeMap, BTreeSet};

use attar_image::path::escape;

use super::{AccountsError, GroupName, Master, Requests, Table, User, group, user};
use crate::spec::schema;

/// The highest number that is given to a system user.
const HIGHEST_GIVEN: u32 = 999;
/// The lowest: 100 is Debian's group `users`, and numbers below it are static.
const LOWEST_GIVEN: u32 = 101;

pub(super) fn table(
    requests: &Requests,
    foundation: schema::Foundation,
    accounts: &schema::Accounts,
    previous: &BTreeMap<String, u32>,
) -> Result<Table, AccountsError> {
    let mut allocation = Allocation::new(requests, accounts, previous)?;
    if foundation == schema::Foundation::Static {
        allocation.add_foundation(accounts);
    }
    allocation.add_accounts(accounts);
    if requests.master.is_some() {
        allocation.add_master(|_| true);
    }
    let made = allocation.made_names();
    allocation.add_master(|name| made.contains(name) || requests.mentioned.contains(name));
    allocation.fix_numbers();
    allocation.give_numbers(made)?;
    allocation.add_requested();
    allocation.join(requests.members.clone());
    Ok(allocation.table)
}

struct Allocation<'a> {
    table: Table,
    requests: &'a Requests,
    master: Master,
    previous: &'a BTreeMap<String, u32>,
    /// Numbers of names, of users and groups alike, that are decided.
    numbers: BTreeMap<String, u32>,
    used: BTreeSet<u32>,
}

impl<'a> Allocation<'a> {
    fn new(
        requests: &'a Requests,
        accounts: &schema::Accounts,
        previous: &'a BTreeMap<String, u32>,
    ) -> Result<Self, AccountsError> {
        let given: BTreeMap<u32, &str> =
            previous.iter().map(|(name, number)| (*number, name.as_str())).collect();
        for (account, number) in account_numbers(accounts) {
            match given.get(&number) {
                Some(given) if *given != account => {
                    let (account, given) = (account.to_owned(), (*given).to_owned());
                    return Err(AccountsError::NumberGiven { account, number, given });
                }
                _ => {}
            }
        }
        for user in &accounts.users {
            for (field, value) in [("shell", &user.shell), ("homedir", &user.homedir)] {
                if let Some(value) = value.as_ref().filter(|value| value.contains([':', '\n', '\0'])) {
                    let (name, value) = (user.username.clone(), escape(value.as_bytes()));
                    return Err(AccountsError::Unwritable { name, field, value });
                }
            }
        }
        let master = requests.master.clone().unwrap_or_else(Master::debian);
        Ok(Self {
            table: Table::default(),
            requests,
            master,
            previous,
            numbers: BTreeMap::new(),
            used: BTreeSet::new(),
        })
    }

    fn push_user(&mut self, user: User) {
        self.used.insert(user.uid);
        if self.table.user(&user.name).is_none() {
            self.table.users.push(user);
        }
    }

    fn push_group(&mut self, name: &str, gid: u32, because: &str) {
        self.used.insert(gid);
        if self.table.group(name).is_none() {
            self.table.groups.push(group(name, gid, because));
        }
    }

    /// Adds the accounts that every image on the foundation has, less those whose number or name the
    /// spec gives to its own.
    fn add_foundation(&mut self, accounts: &schema::Accounts) {
        let user_taken =
            |name: &str, uid: u32| accounts.users.iter().any(|user| user.uid == uid || user.username == name);
        // A user without a `gid` brings a group of its own name and number.
        let own_group = |gid: u32| accounts.users.iter().any(|user| user.gid.is_none() && user.uid == gid);
        let group_taken = |name: &str, gid: u32| {
            own_group(gid) || accounts.groups.iter().any(|group| group.gid == gid || group.groupname == name)
        };
        let shell = "/sbin/nologin";
        for (name, number, home) in
            [("root", 0, "/root"), ("nobody", 65534, "/nonexistent"), ("nonroot", 65532, "/home/nonroot")]
        {
            if !user_taken(name, number) {
                self.push_user(user(name, (number, number), name, home, shell, "foundation"));
            }
        }
        for (name, gid) in [("root", 0), ("nobody", 65534), ("tty", 5), ("staff", 50), ("nonroot", 65532)] {
            if !group_taken(name, gid) {
                self.push_group(name, gid, "foundation");
            }
        }
    }

    fn add_accounts(&mut self, accounts: &schema::Accounts) {
        for group in &accounts.groups {
            self.push_group(&group.groupname, group.gid, "accounts");
            self.numbers.insert(group.groupname.clone(), group.gid);
            let members = group.members.iter().map(|user| (group.groupname.clone(), user.clone()));
            self.join(members.collect());
        }
        for account in &accounts.users {
            let (name, uid) = (account.username.as_str(), account.uid);
            let gid = account.gid.unwrap_or(uid);
            let home = account.homedir.clone().unwrap_or_else(|| format!("/home/{name}"));
            let shell = account.shell.as_deref().unwrap_or("/sbin/nologin");
            self.push_user(user(name, (uid, gid), "", &home, shell, "accounts"));
            self.numbers.insert(name.to_owned(), uid);
            // A number without a group entry would show up as a bare number everywhere.
            if !self.table.groups.iter().any(|group| group.gid == gid) {
                self.push_group(name, gid, "accounts");
            }
        }
    }

    /// Adds those of Debian's static users and groups whose name is wanted.
    fn add_master(&mut self, wanted: impl Fn(&str) -> bool) {
        for user in self.master.users.clone() {
            if wanted(&user.name) {
                self.push_user(user);
            }
        }
        for group in self.master.groups.clone() {
            if wanted(&group.name) {
                self.push_group(&group.name, group.gid, &group.because);
            }
        }
    }

    /// Returns the names of everyone somebody makes.
    fn made_names(&self) -> BTreeSet<String> {
        let Requests { users, groups, members, .. } = self.requests;
        let mut names: BTreeSet<String> = users.keys().chain(groups.keys()).cloned().collect();
        names.extend(members.iter().map(|(group, _)| group.clone()));
        names.extend(users.values().filter_map(|user| match &user.group {
            Some(GroupName::Name(name)) => Some(name.clone()),
            _ => None,
        }));
        names
    }

    /// Settles numbers that are known without giving any: of accounts, of Debian's table, of packages.
    fn fix_numbers(&mut self) {
        let requests = self.requests;
        let known = self.table.users.iter().map(|user| (user.name.clone(), user.uid));
        let known: Vec<_> = known.chain(self.table.groups.iter().map(|g| (g.name.clone(), g.gid))).collect();
        for (name, number) in known {
            self.numbers.entry(name).or_insert(number);
        }
        self.used.extend(self.previous.values());
        let users = requests.users.iter().map(|(name, user)| (name, user.uid, &user.because));
        let groups = requests.groups.iter().map(|(name, group)| (name, group.gid, &group.because));
        let mut fixed: Vec<_> =
            users.chain(groups).filter_map(|(name, n, why)| Some((name, n?, why))).collect();
        fixed.sort();
        for (name, number, because) in fixed {
            if self.numbers.contains_key(name) || self.previous.contains_key(name) {
                continue;
            }
            if self.used.insert(number) {
                self.numbers.insert(name.clone(), number);
            } else {
                let text = format!(
                    "{because} wants number {number} for `{name}`, which is in use: another is given"
                );
                self.table.warnings.push(text);
            }
        }
    }

    fn give_numbers(&mut self, names: BTreeSet<String>) -> Result<(), AccountsError> {
        let mut free = (LOWEST_GIVEN..=HIGHEST_GIVEN).rev();
        for name in names {
            if self.numbers.contains_key(&name) {
                continue;
            }
            let number = match self.previous.get(&name) {
                Some(number) => *number,
                None => match free.find(|number| !self.used.contains(number)) {
                    Some(number) => number,
                    None => return Err(AccountsError::Exhausted { name }),
                },
            };
            self.used.insert(number);
            self.table.given.insert(name.clone(), number);
            self.numbers.insert(name, number);
        }
        Ok(())
    }

    fn add_requested(&mut self) {
        let requests = self.requests;
        let mut groups: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, request) in &requests.users {
            match &request.group {
                None => drop(groups.insert(name, &request.because)),
                Some(GroupName::Name(group)) => drop(groups.entry(group).or_insert(&request.because)),
                Some(GroupName::Number(_)) => {}
            }
        }
        for (name, request) in &requests.groups {
            groups.insert(name, &request.because);
        }
        for (group, _) in &requests.members {
            groups.entry(group).or_insert("a package adds a member");
        }
        let mut users = Vec::new();
        for (name, request) in &requests.users {
            let uid = self.numbers[name];
            let gid = match &request.group {
                None => self.table.group(name).map_or(uid, |group| group.gid),
                Some(GroupName::Name(group)) => {
                    self.table.group(group).map_or(self.numbers[group], |g| g.gid)
                }
                Some(GroupName::Number(gid)) => *gid,
            };
            users.push(user(
                name,
                (uid, gid),
                &request.gecos,
                &request.home,
                &request.shell,
                &request.because,
            ));
        }
        users.sort_by(|a, b| (a.uid, &a.name).cmp(&(b.uid, &b.name)));
        let mut groups: Vec<_> =
            groups.into_iter().map(|(name, why)| (self.numbers[name], name, why)).collect();
        groups.sort();
        for user in users {
            self.push_user(user);
        }
        for (gid, name, because) in groups {
            self.push_group(name, gid, because);
        }
    }

    fn join(&mut self, members: BTreeSet<(String, String)>) {
        for (group, user) in members {
            if let Some(group) = self.table.groups.iter_mut().find(|found| found.name == group) {
                group.members.insert(user);
            }
        }
    }
}

fn account_numbers(accounts: &schema::Accounts) -> impl Iterator<Item = (&str, u32)> {
    let users = accounts.users.iter().flat_map(|user| {
        [Some((user.username.as_str(), user.uid)), user.gid.map(|gid| (user.username.as_str(), gid))]
    });
    let groups = accounts.groups.iter().map(|group| (group.groupname.as_str(), group.gid));
    users.flatten().chain(groups)
}
