//! Checks the members of one layer against each other and against the layers below.

use std::collections::BTreeMap;

use super::{Findings, Rule};
use crate::layer::reader::{Member, MemberKind};
use crate::path::TreePath;
use crate::stack::{Members, Name, Whiteout};

/// What the layers below brought; what they took away again is not forgotten, so that a finding
/// never depends on how engines apply whiteouts.
#[derive(Default)]
pub(super) struct Below {
    paths: BTreeMap<TreePath, Class>,
}

/// What matters about an entry to those below it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Directory,
    Link,
    Other,
}

impl Class {
    fn of(kind: &MemberKind) -> Self {
        match kind {
            MemberKind::Directory => Self::Directory,
            MemberKind::Symlink { .. } => Self::Link,
            _ => Self::Other,
        }
    }
}

/// Checks a layer and adds its entries to those below the next one.
pub(super) fn check(findings: &mut Findings, members: &Members, below: &mut Below, place: &str) {
    let mut here: BTreeMap<TreePath, Class> = BTreeMap::new();
    let all: BTreeMap<&TreePath, Class> =
        members.members.iter().map(|(member, _)| (&member.path, Class::of(&member.kind))).collect();
    for (member, _) in &members.members {
        match Name::of(&member.path) {
            Name::Ordinary => {}
            Name::Whiteout(whiteout) => {
                check_whiteout(findings, &whiteout, below, place);
                continue;
            }
            Name::Reserved => continue,
        }
        check_parent(findings, &member.path, &here, &all, below, place);
        check_link(findings, member, &here, below, place);
        if here.insert(member.path.clone(), Class::of(&member.kind)).is_some() {
            findings.warning(Rule::DuplicatePath, place, format!("`{}` stands there twice", member.path));
        }
    }
    below.paths.append(&mut here);
}

fn check_parent(
    findings: &mut Findings,
    path: &TreePath,
    here: &BTreeMap<TreePath, Class>,
    all: &BTreeMap<&TreePath, Class>,
    below: &Below,
    place: &str,
) {
    let Some(parent) = path.parent().filter(|parent| !parent.is_root()) else {
        return;
    };
    match here.get(&parent).or_else(|| all.get(&parent)).or_else(|| below.paths.get(&parent)) {
        Some(Class::Other) => {
            let message = format!("`{path}` stands below `{parent}`, which is no directory");
            findings.error(Rule::NotADirectory, place, message);
        }
        Some(_) if !here.contains_key(&parent) && all.contains_key(&parent) => {
            findings.warning(Rule::Order, place, format!("`{path}` stands before its directory"));
        }
        Some(_) => {}
        None => {
            let message = format!("`{path}` has no directory in this layer or below");
            findings.warning(Rule::MissingParent, place, message);
        }
    }
}

fn check_link(
    findings: &mut Findings,
    member: &Member,
    here: &BTreeMap<TreePath, Class>,
    below: &Below,
    place: &str,
) {
    let MemberKind::HardLink { target } = &member.kind else {
        return;
    };
    let path = &member.path;
    match (here.get(target), below.paths.get(target)) {
        (Some(Class::Directory), _) | (None, Some(Class::Directory)) => {
            let message = format!("hard link `{path}` leads to the directory `{target}`");
            findings.error(Rule::HardLink, place, message);
        }
        (Some(_), _) => {}
        (None, Some(_)) => {
            let message = format!("hard link `{path}` leads to `{target}` of a lower layer");
            findings.warning(Rule::HardLink, place, message);
        }
        (None, None) => {
            let message = format!("hard link `{path}` leads to `{target}`, which is no earlier entry");
            findings.error(Rule::HardLink, place, message);
        }
    }
}

fn check_whiteout(findings: &mut Findings, whiteout: &Whiteout, below: &Below, place: &str) {
    // An opaque directory may well cover nothing: some builders mark every new directory so.
    if let Whiteout::Path(path) = whiteout
        && !below.paths.contains_key(path)
        && !below.has_link_above(path)
    {
        let message = format!("`{path}` is taken away and in no lower layer");
        findings.warning(Rule::Whiteout, place, message);
    }
}

impl Below {
    /// Says whether the path leads through a link, so that what it means stands elsewhere.
    fn has_link_above(&self, path: &TreePath) -> bool {
        path.ancestors().any(|ancestor| self.paths.get(&ancestor) == Some(&Class::Link))
    }
}
