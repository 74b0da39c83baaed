//! `attar lock`: makes or checks locks.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use attar_builder::build::{self, LockOutcome, Request};
use attar_builder::context::Context;
use attar_builder::lock::Lock;
use attar_builder::locking::{Change, Update};
use attar_builder::resolve::{Cause, DroppedRelation};
use attar_builder::vendor::{Packages, Place};

use super::context::{pairs, start};
use super::{several, vendor};
use crate::args::LockArgs;
use crate::discovery;
use crate::escape;
use crate::exit_code::ExitCode;
use crate::network::Network;
use crate::progress::Reporter;
use crate::settings::Settings;
use crate::size::Size;

pub(crate) fn run(arguments: &LockArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let reporter = Reporter::new(settings);
    let context = start(settings, &arguments.source, &arguments.registry, &reporter)?;
    if arguments.check {
        let specs = discovery::specs(&arguments.paths.specs)?;
        return match &specs[..] {
            [spec] => {
                let (_, outcome) = build::check_lock(&context, &request(arguments, spec)?)?;
                check(&outcome, arguments.security, &reporter)
            }
            _ => check_all(arguments, &context, &reporter),
        };
    }
    let mut locked = Vec::new();
    let code = several::for_each_spec(&arguments.paths.specs, &reporter, |spec| {
        locked.push(one(arguments, spec, &context, &reporter)?);
        Ok(ExitCode::Yes)
    })?;
    if let Some(place) = &arguments.vendor {
        if code != ExitCode::Yes {
            // What the place holds for the specs that failed must not go.
            reporter.say(&format!("`{place}` is left as it is, because not every spec could be locked"));
            return Ok(code);
        }
        keep(arguments, place, locked, &context, settings, &reporter)?;
    }
    Ok(code)
}

/// Prints one line for each spec, and tells how many are not current.
fn check_all(arguments: &LockArgs, context: &Context, reporter: &Reporter) -> anyhow::Result<ExitCode> {
    let (mut all, mut behind, mut failed) = (0, 0, 0);
    let code = several::for_each_spec(&arguments.paths.specs, reporter, |spec| {
        all += 1;
        let judged = request(arguments, spec).and_then(|request| Ok(build::check_lock(context, &request)?.1));
        let changes = judged.as_ref().map(|outcome| relevant(outcome, arguments.security).collect());
        reporter.answer(&verdict(spec, changes.ok()))?;
        match judged {
            Ok(outcome) if relevant(&outcome, arguments.security).next().is_none() => Ok(ExitCode::Yes),
            Ok(_) => {
                behind += 1;
                Ok(ExitCode::No)
            }
            Err(error) => {
                failed += 1;
                Err(error)
            }
        }
    })?;
    let updates = if arguments.security { "security updates" } else { "updates" };
    let mut summary = format!("{behind} of {all} specs have {updates}");
    if failed > 0 {
        write!(summary, ", {failed} could not be judged").expect("writing to a string cannot fail");
    }
    reporter.say(&summary);
    Ok(code)
}

/// Returns the line that says what an update would change for one spec, or that nobody knows.
fn verdict(spec: &Path, changes: Option<Vec<&Change>>) -> String {
    let said = match changes.as_deref() {
        None => String::from("not judged"),
        Some([]) => String::from("current"),
        Some(changes) => changes.iter().map(|change| line(change)).collect::<Vec<_>>().join(", "),
    };
    format!("{}: {said}\n", escape::line(&spec.display().to_string()))
}

/// Makes one lock current.
fn one(
    arguments: &LockArgs,
    spec: &Path,
    context: &Context,
    reporter: &Reporter,
) -> anyhow::Result<(Request, Lock)> {
    let request = request(arguments, spec)?;
    let (lock, outcome) = build::lock(context, &request)?;
    report(&request.lock, &lock, &outcome, reporter);
    if !outcome.written {
        reporter.say(&format!("{} is current", request.lock.display()));
    }
    Ok((request, lock))
}

/// Keeps the packages of all locks in one place, then notes in each lock where they are.
fn keep(
    arguments: &LockArgs,
    place: &Place,
    mut locked: Vec<(Request, Lock)>,
    context: &Context,
    settings: &Settings,
    reporter: &Reporter,
) -> anyhow::Result<()> {
    let mut all: Option<Packages> = None;
    for (request, lock) in &locked {
        let packages = build::packages(context, request, lock)?;
        match &mut all {
            Some(all) => all.extend(packages),
            none => *none = Some(packages),
        }
    }
    let Some(packages) = all else { return Ok(()) };
    vendor::keep(&packages, place, &Network::new(settings, &arguments.registry, reporter)?)?;
    for (request, lock) in &mut locked {
        build::keep_place(request, lock, place)?;
    }
    let (count, bytes) = packages.size();
    reporter.say(&format!("kept {count} packages, {}, in {place}", Size(bytes)));
    Ok(())
}

fn request(arguments: &LockArgs, spec: &Path) -> anyhow::Result<Request> {
    let mut request = Request::new(spec);
    request.arguments = pairs("--arg", &arguments.spec.arguments)?;
    request.locking.allow_rollback = arguments.source.allow_rollback;
    request.locking.replan = arguments.replan;
    request.locking.update = update(&arguments.update);
    Ok(request)
}

/// Returns the updates that are asked about.
fn relevant(outcome: &LockOutcome, security_alone: bool) -> impl Iterator<Item = &Change> {
    outcome.changes.iter().filter(move |change| change.security || !security_alone)
}

/// Prints the updates that are there, and answers 2 if there are some.
fn check(outcome: &LockOutcome, security_alone: bool, reporter: &Reporter) -> anyhow::Result<ExitCode> {
    let lines: Vec<String> = relevant(outcome, security_alone).map(|change| line(change) + "\n").collect();
    reporter.answer(&lines.concat())?;
    Ok(if lines.is_empty() { ExitCode::Yes } else { ExitCode::No })
}

fn update(named: &[String]) -> Update {
    if named.is_empty() {
        Update::Nothing
    } else if named.iter().any(|name| name == "*") {
        Update::Everything
    } else {
        Update::Packages(named.iter().cloned().collect::<BTreeSet<_>>())
    }
}

/// Tells what happened to a lock, if anything did.
pub(super) fn report(path: &Path, lock: &Lock, outcome: &LockOutcome, reporter: &Reporter) {
    if !outcome.written {
        return;
    }
    let counts: Vec<String> = lock
        .packages
        .iter()
        .map(|(platform, packages)| format!("{} packages for {platform}", packages.len()))
        .collect();
    reporter.say(&format!("wrote {}: {}", path.display(), counts.join(", ")));
    for difference in &outcome.differences {
        reporter.say(&format!("  {}", escape::line(difference)));
    }
    for change in &outcome.changes {
        reporter.say(&format!("  {}", line(change)));
    }
    for (source, from, to) in &outcome.moved {
        reporter.say(&format!("  {} moves from layer {from} to layer {to}", escape::line(source)));
    }
    for lag in &outcome.lags {
        let text = format!(
            "{} is {} on {}, where {} is there: another platform has no newer one",
            lag.name, lag.chosen, lag.platform, lag.newest
        );
        if lag.security { reporter.events().warn(text) } else { reporter.events().note(text) }
    }
    for text in dropped(&outcome.dropped) {
        reporter.events().note(text);
    }
}

/// Describes relations that were left unsatisfied, each once for all platforms.
fn dropped(relations: &[DroppedRelation]) -> BTreeSet<String> {
    relations
        .iter()
        .map(|DroppedRelation { package, clause, cause, .. }| match cause {
            Cause::Without(name) => format!("{package} needs {clause}: left out by `without: {name}`"),
            Cause::Scripts(reason) => format!("{package} needs {clause}: left out, {reason}"),
        })
        .collect()
}

fn line(change: &Change) -> String {
    let Change { name, from, to, platforms, security } = change;
    let mut text = escape::line(name);
    let versions = match (from, to) {
        (Some(from), Some(to)) => format!(" {from} -> {to}"),
        (None, Some(to)) => format!(" {to} (new)"),
        (Some(from), None) => format!(" {from} (gone)"),
        (None, None) => String::new(),
    };
    text.push_str(&escape::line(&versions));
    if *security {
        text.push_str(" security");
    }
    write!(text, " [{}]", platforms.join(", ")).expect("writing to a string cannot fail");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_are_named_or_all() {
        assert_eq!(update(&[]), Update::Nothing);
        assert_eq!(update(&["*".into()]), Update::Everything);
        assert_eq!(update(&["a".into(), "b".into()]), Update::Packages(["a".into(), "b".into()].into()));
    }

    #[test]
    fn a_spec_of_several_is_one_line() {
        let change = |name: &str| Change {
            name: name.into(),
            from: Some("1".into()),
            to: Some("2".into()),
            platforms: vec!["linux/amd64".into()],
            security: true,
        };
        let spec = Path::new("services/api/attar.yaml");
        let (one, two) = (change("libssl3t64"), change("zlib1g"));
        for (changes, expected) in [
            (None, "not judged"),
            (Some(vec![]), "current"),
            (
                Some(vec![&one, &two]),
                "libssl3t64 1 -> 2 security [linux/amd64], zlib1g 1 -> 2 security [linux/amd64]",
            ),
        ] {
            assert_eq!(verdict(spec, changes), format!("services/api/attar.yaml: {expected}\n"));
        }
    }

    #[test]
    fn a_change_is_one_line() {
        let change = |from: Option<&str>, to: Option<&str>, security| Change {
            name: "openssl".into(),
            from: from.map(String::from),
            to: to.map(String::from),
            platforms: vec!["linux/amd64".into(), "linux/arm64".into()],
            security,
        };
        for (change, expected) in [
            (change(Some("1"), Some("2"), true), "openssl 1 -> 2 security [linux/amd64, linux/arm64]"),
            (change(None, Some("2"), false), "openssl 2 (new) [linux/amd64, linux/arm64]"),
            (change(Some("1"), None, false), "openssl 1 (gone) [linux/amd64, linux/arm64]"),
        ] {
            assert_eq!(line(&change), expected);
        }
    }
}
