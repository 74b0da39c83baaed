//! By which rules an image is judged: what a container's role, a flag, the spec and the policy say, in
//! this order.

use anyhow::Context as _;
use attar_builder::spec::schema::{self, Check, CheckLimits, CheckProfile};
use attar_scanner::distroless::{Allow, CheckId, Date, Limits, Profile, Rules};
use clap::ValueEnum;
use jiff::Timestamp;
use serde::Serialize;

use crate::size::Size;
use crate::workload::Role;

/// What is asked for besides what specs say.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// `--profile`.
    pub(crate) profile: Option<Profile>,
    /// `--fail-on`.
    pub(crate) fail_on: Option<FailOn>,
    /// The policy's section.
    pub(crate) policy: Option<Check>,
    /// The day on which is judged.
    pub(crate) today: Date,
}

/// What one image is judged by.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// Profile, budgets and allow list.
    pub(crate) rules: Rules,
    /// The least that makes the answer no.
    pub(crate) fail_on: FailOn,
}

/// The least that makes the answer no.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FailOn {
    /// What the profile forbids.
    #[default]
    Fail,
    /// That, and what should be looked at.
    Warning,
    /// Everything that is found.
    Info,
    /// Nothing.
    Never,
}

impl Asked {
    /// Asks for what the policy says on the day of `now`.
    pub(crate) fn new(policy: Option<Check>, now: Timestamp) -> Self {
        Self { profile: None, fail_on: None, policy, today: Date::of_seconds(now.as_second()) }
    }

    /// Returns what an image is judged by: one of this spec, if there is one, in this role, if it has one.
    ///
    /// What may be there is what spec and policy say together.
    pub(crate) fn terms(&self, spec: Option<&Check>, role: Option<Role>) -> anyhow::Result<Terms> {
        let of_role = match role {
            Some(Role::Init) => Some(Profile::Init),
            Some(Role::Debug) => Some(Profile::Debug),
            Some(Role::Main) | None => None,
        };
        let said: Vec<&Check> = [spec, self.policy.as_ref()].into_iter().flatten().collect();
        let written = said.iter().find_map(|check| check.profile).map(profile);
        let profile = of_role.or(self.profile).or(written).unwrap_or_default();
        let fail_on = self.fail_on.or_else(|| said.iter().find_map(|check| check.fail_on).map(fail_on));
        let mut rules = Rules::new(profile, self.today);
        for check in said.iter().rev() {
            limits(&mut rules.limits, &check.limits)?;
        }
        for exception in said.iter().flat_map(|check| &check.allow) {
            rules.allow.push(allow(exception)?);
        }
        Ok(Terms { rules, fail_on: fail_on.unwrap_or_default() })
    }
}

/// Puts budgets over those that are there.
fn limits(limits: &mut Limits, written: &CheckLimits) -> anyhow::Result<()> {
    let budgets = [
        (&mut limits.unreachable, &written.unreachable),
        (&mut limits.leftovers, &written.leftovers),
        (&mut limits.size, &written.size),
        (&mut limits.reclaimable, &written.reclaimable),
        (&mut limits.layer, &written.layer),
    ];
    for (budget, text) in budgets {
        if let Some(text) = text {
            let size: Size = text.parse().with_context(|| format!("cannot read the budget `{text}`"))?;
            *budget = Some(size.0);
        }
    }
    limits.entries = written.entries.map(u64::from).or(limits.entries);
    Ok(())
}

fn allow(exception: &schema::CheckException) -> anyhow::Result<Allow> {
    let context = || format!("cannot read what `check` allows of {}", exception.id);
    let id: CheckId = exception.id.parse().with_context(context)?;
    let expires =
        exception.expires.as_ref().map(|day| day.parse::<Date>()).transpose().with_context(context)?;
    Allow::new(id, exception.paths.clone(), exception.reason.clone(), expires).with_context(context)
}

fn profile(profile: CheckProfile) -> Profile {
    match profile {
        CheckProfile::Strict => Profile::Strict,
        CheckProfile::Runtime => Profile::Runtime,
        CheckProfile::Init => Profile::Init,
        CheckProfile::Debug => Profile::Debug,
        CheckProfile::Static => Profile::Static,
        CheckProfile::Base => Profile::Base,
        CheckProfile::Java => Profile::Java,
        CheckProfile::Node => Profile::Node,
        CheckProfile::Python => Profile::Python,
    }
}

fn fail_on(fail_on: schema::FailOn) -> FailOn {
    match fail_on {
        schema::FailOn::Fail => FailOn::Fail,
        schema::FailOn::Warning => FailOn::Warning,
        schema::FailOn::Info => FailOn::Info,
        schema::FailOn::Never => FailOn::Never,
    }
}

#[cfg(test)]
mod tests {
    use attar_builder::spec::CHECKS;
    use attar_builder::spec::schema::CheckException;

    use super::*;

    fn check(profile: Option<CheckProfile>, allowed: &[&str]) -> Check {
        let exception = |id: &&str| CheckException {
            id: (*id).to_owned(),
            reason: "tested".into(),
            expires: Some("2026-12-31".into()),
            paths: vec!["/usr/bin/*".into()],
        };
        Check {
            profile,
            allow: allowed.iter().map(exception).collect(),
            limits: CheckLimits::default(),
            fail_on: None,
        }
    }

    fn asked(profile: Option<Profile>, policy: Option<Check>) -> Asked {
        Asked { profile, ..Asked::new(policy, Timestamp::from_second(1_795_000_000).expect("a time")) }
    }

    #[test]
    fn a_role_wins_over_the_flag_and_the_flag_over_the_spec_and_the_spec_over_the_policy() {
        let spec = check(Some(CheckProfile::Strict), &["D10"]);
        let policy = Some(check(Some(CheckProfile::Debug), &["D04"]));
        let profile = |flag, policy: Option<Check>, spec: Option<&Check>, role| {
            asked(flag, policy).terms(spec, role).expect("terms").rules.profile
        };
        assert_eq!(profile(None, None, None, None), Profile::Runtime);
        assert_eq!(profile(None, policy.clone(), None, None), Profile::Debug);
        assert_eq!(profile(None, policy.clone(), Some(&spec), None), Profile::Strict);
        assert_eq!(profile(Some(Profile::Java), policy.clone(), Some(&spec), None), Profile::Java);
        assert_eq!(
            profile(Some(Profile::Java), policy.clone(), Some(&spec), Some(Role::Init)),
            Profile::Init
        );
        assert_eq!(profile(Some(Profile::Java), None, None, Some(Role::Main)), Profile::Java);
        let terms = asked(None, policy).terms(Some(&spec), None).expect("terms");
        let allowed: Vec<String> = terms.rules.allow.iter().map(|entry| entry.id.to_string()).collect();
        assert_eq!(allowed, ["D10", "D04"]);
    }

    #[test]
    fn budgets_of_the_spec_lie_upon_those_of_the_policy() {
        let limits =
            |size: &str, entries| CheckLimits { size: Some(size.into()), entries, ..CheckLimits::default() };
        let spec = Check { limits: limits("1.5 MB", None), ..Check::default() };
        let policy = Check { limits: limits("1 GiB", Some(7)), ..Check::default() };
        let terms = asked(None, Some(policy)).terms(Some(&spec), None).expect("terms");
        let expected = Limits { size: Some(1_500_000), entries: Some(7), ..Limits::default() };
        assert_eq!(terms.rules.limits, expected);
    }

    #[test]
    fn the_spec_knows_every_check_and_profile() {
        let known: Vec<String> = CHECKS.iter().map(|(id, _)| (*id).to_owned()).collect();
        assert_eq!(known, CheckId::ALL.map(|id| id.to_string()));
        for known in Profile::ALL {
            let written: CheckProfile =
                serde_json::from_value(known.name().into()).expect("the spec knows the profile");
            assert_eq!(profile(written), known);
        }
    }
}
