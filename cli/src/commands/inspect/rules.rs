//! Which rules an image is held to, and how the command ends.

use attar_builder::spec::Location;
use attar_inspector::rules::{self, Outcome, Subject, Verdict};

use super::gather::Inspected;
use super::report::Inspection;
use crate::args::InspectArgs;
use crate::exit_code::ExitCode;
use crate::failure::Usage;
use crate::policy::{self, DiveRules, POLICY, Policy};

/// The rules of one run.
pub(super) enum Rules {
    /// None: nothing is judged.
    None,
    /// attar's.
    Own {
        rules: Box<rules::Rules>,
        /// Where they stand; those of growth may stand nowhere.
        policy: Option<Box<Policy>>,
    },
    /// dive's.
    Dive(DiveRules),
}

impl Rules {
    /// Reads the rules that the arguments ask for.
    pub(super) fn of(arguments: &InspectArgs) -> anyhow::Result<Self> {
        if !arguments.ci {
            return Ok(Self::None);
        }
        let has_baseline = arguments.baseline.is_some();
        let policy = match policy::rules(arguments.policy.as_deref())? {
            Some(policy::Rules::Dive(rules)) => return Ok(Self::Dive(rules)),
            Some(policy::Rules::Policy(policy)) => Some(policy),
            None => None,
        };
        let section = policy.as_ref().and_then(|policy| policy.sections.inspect.as_ref());
        let mut rules = section.map(policy::InspectRules::rules).unwrap_or_default();
        if section.is_none() && !has_baseline {
            let message = match &policy {
                Some(_) => "`--ci` needs rules, and the policy has no section `inspect`".to_owned(),
                None => format!("`--ci` needs rules, and there is neither `{POLICY}` nor `.dive-ci` here"),
            };
            let hint = "`inspect: {size: {total: 50 MB}, waste: {bytes: 1 MB}}` is a policy; or compare with \
                        `--baseline IMAGE`";
            return Err(Usage::new(message).hint(hint).into());
        }
        if has_baseline && !rules.has_growth() {
            let rules::Rules { growth_percent, new_privileged, new_shells, .. } = rules::Rules::of_growth();
            rules = rules::Rules { growth_percent, new_privileged, new_shells, ..rules };
        }
        Ok(Self::Own { rules: Box::new(rules), policy })
    }

    pub(super) fn are_dives(&self) -> bool {
        matches!(self, Self::Dive(_))
    }

    /// Says whether a rule asks for packages.
    pub(super) fn need_packages(&self) -> bool {
        matches!(self, Self::Own { rules, .. } if rules.new_packages.is_some())
    }

    /// Judges each image.
    pub(super) fn judge(&self, images: &mut [Inspected]) {
        for image in images {
            image.outcomes = match self {
                Self::None => None,
                Self::Own { rules, .. } => Some(judge(rules, image)),
                Self::Dive(rules) => {
                    image.dive.as_ref().map(|figures| rules::judge_dive(&rules.limits, figures))
                }
            };
        }
    }

    /// Returns where a rule stands; `None` for what no file says.
    pub(super) fn place(&self, outcome: &Outcome) -> Option<&Location> {
        match self {
            Self::None => None,
            Self::Dive(rules) => rules.place(outcome.id),
            Self::Own { policy, .. } => {
                let index = outcome.place.map_or_else(String::new, |place| format!(".{place}"));
                policy.as_ref()?.place(&format!("inspect.{}{index}", outcome.id))
            }
        }
    }
}

fn judge(rules: &rules::Rules, image: &Inspected) -> Vec<Outcome> {
    let packages: Vec<&str> =
        image.baseline.iter().flat_map(|baseline| &baseline.packages).map(String::as_str).collect();
    let baseline = image.baseline.as_ref().map(|baseline| rules::Baseline {
        analysis: &baseline.analysis,
        growth: &baseline.growth,
        packages: &packages,
    });
    rules::judge(rules, Subject { stack: &image.stack, analysis: &image.analysis, baseline })
}

impl Inspection {
    /// Returns how the command ends: no if a rule is broken; cannot judge if something that a rule asks
    /// about could not be read. Rules of growth wait for a baseline to be named.
    pub(super) fn exit_code(&self) -> ExitCode {
        let outcomes = || self.images.iter().flat_map(|image| image.outcomes.iter().flatten());
        if outcomes().any(|outcome| matches!(outcome.verdict, Verdict::Broken(_))) {
            return ExitCode::No;
        }
        let waits = |outcome: &Outcome| outcome.id.starts_with("growth.") && !self.has_baseline;
        let is_open =
            |outcome: &&Outcome| matches!(outcome.verdict, Verdict::NotJudged(_)) && !waits(outcome);
        match outcomes().find(is_open) {
            Some(_) => ExitCode::CannotJudge,
            None => ExitCode::Yes,
        }
    }
}
