//! The inspection of an image as findings: what breaks a rule, and as notes what is dead.

use attar_inspector::rules::{Breach, Measured, Outcome, Unit, Verdict};

use super::gather::Inspected;
use super::rules::Rules;
use super::table::{cause, percent};
use crate::output::findings::{Figure, Finding, Findings, LayerName, Level, Location, Rule, Table};
use crate::size::Size;

/// The most notes about what is dead.
const NOTES: usize = 20;
/// The rule that notes about dead bytes belong to: it is always asked, and never fails.
const DEAD: &str = "dead-bytes";

/// Returns the findings of one image.
pub(super) fn of(image: &Inspected, rules: &Rules) -> Findings {
    let mut findings = Findings {
        verb: "inspect",
        image: image.name.clone(),
        subject: image.name.clone(),
        figures: figures(image),
        tables: vec![layers(image), waste(image), packages(image)],
        ..Findings::default()
    };
    for outcome in image.outcomes.iter().flatten() {
        findings.rules.push(rule(outcome));
        if let Verdict::Broken(breach) = &outcome.verdict {
            findings.results.push(broken(image, rules, outcome, breach));
        }
    }
    findings.rules.push(Rule {
        id: DEAD.to_owned(),
        title: "dead bytes".to_owned(),
        help:
            "Bytes that a later entry deletes, replaces or hides are pulled all the same, and can be read by \
               everybody who has the image. Each note names the edit that saves them."
                .to_owned(),
        not_judged: None,
    });
    findings.results.extend(notes(image));
    findings
}

/// A list has a rule for each of its entries.
fn id(outcome: &Outcome) -> String {
    outcome.place.map_or_else(|| outcome.id.to_owned(), |place| format!("{}.{place}", outcome.id))
}

fn rule(outcome: &Outcome) -> Rule {
    let not_judged = match &outcome.verdict {
        Verdict::NotJudged(reason) => Some(reason.clone()),
        _ => None,
    };
    Rule { id: id(outcome), title: outcome.title.clone(), help: help(outcome.id).to_owned(), not_judged }
}

fn help(id: &str) -> &'static str {
    match id.split('.').next().unwrap_or_default() {
        "size" => "A budget for the image: what it may weigh. `attar inspect` shows what each layer takes.",
        "waste" => {
            "A budget for dead bytes: deleted, replaced or hidden by a later entry, and pulled all the same. \
             `attar inspect` names the edit that saves each."
        }
        "paths" => "A rule about what is at a path, in the image or deleted and still in a layer.",
        "growth" => "How much more than the baseline the image may have.",
        _ => "A rule of dive, judged by dive's own figures.",
    }
}

fn broken(image: &Inspected, rules: &Rules, outcome: &Outcome, breach: &Breach) -> Finding {
    let mut locations: Vec<Location> =
        breach.places.iter().map(|(path, layer)| in_image(image, path, *layer)).collect();
    locations.extend(rules.place(outcome).map(|place| Location::File {
        file: place.file.to_string(),
        line: place.line,
        column: place.column,
    }));
    let fix = match outcome.id {
        "waste.bytes" | "waste.percent" | "waste.user-percent" | "growth.waste" => {
            image.advice.first().map(|advice| advice.fix.clone())
        }
        _ => None,
    };
    Finding {
        rule: id(outcome),
        level: Level::Error,
        message: breach.message.clone(),
        locations,
        fix,
        identity: String::new(),
        allowed: None,
    }
}

fn in_image(image: &Inspected, path: &attar_image::path::TreePath, layer: Option<usize>) -> Location {
    let layer = layer.and_then(|number| {
        let digest = image.stack.layers().get(number)?.descriptor.digest;
        Some(LayerName { number: number + 1, digest })
    });
    Location::Image { path: path.clone(), layer }
}

fn notes(image: &Inspected) -> impl Iterator<Item = Finding> + '_ {
    image.advice.iter().take(NOTES).map(|advice| Finding {
        rule: DEAD.to_owned(),
        level: Level::Note,
        message: format!("{} {}", Size(advice.bytes), cause(advice)),
        locations: advice.paths.iter().map(|path| in_image(image, path, Some(advice.introduced))).collect(),
        fix: Some(advice.fix.clone()),
        identity: String::new(),
        allowed: None,
    })
}

fn figures(image: &Inspected) -> Vec<Figure> {
    let now = &image.analysis;
    let before = image.baseline.as_ref().map(|baseline| &baseline.analysis);
    let bytes = |name: &str, rule: &str, now: u64, before: Option<u64>| {
        let change = before.map(|before| match now.checked_sub(before) {
            Some(more) => format!("+{}", Size(more)),
            None => format!("-{}", Size(before - now)),
        });
        let figure =
            Figure { before: before.map(|size| Size(size).to_string()), change, ..Figure::default() };
        with_limit(image, rule, Figure { name: name.to_owned(), value: Size(now).to_string(), ..figure })
    };
    let count = |name: &str, rule: &str, now: u64, before: Option<u64>| {
        let change = before.map(|before| format!("{:+}", i128::from(now) - i128::from(before)));
        let figure = Figure { before: before.map(|number| number.to_string()), change, ..Figure::default() };
        with_limit(image, rule, Figure { name: name.to_owned(), value: now.to_string(), ..figure })
    };
    let efficiency = Figure {
        name: "efficiency".to_owned(),
        value: percent(100.0 * now.efficiency()),
        before: before.map(|before| percent(100.0 * before.efficiency())),
        ..Figure::default()
    };
    let mut figures = vec![
        bytes("total size", "size.total", now.total, before.map(|b| b.total)),
        bytes("compressed", "size.compressed", now.compressed, before.map(|b| b.compressed)),
        bytes("dead bytes", "waste.bytes", now.waste, before.map(|b| b.waste)),
        with_limit(image, "waste.percent", efficiency),
        count("layers", "size.layers", now.layers.len() as u64, before.map(|b| b.layers.len() as u64)),
        count("entries", "size.files", now.files, before.map(|b| b.files)),
    ];
    if let Some(dive) = &image.dive {
        let figure = |name: &str, rule: &str, value: String| {
            with_limit(image, rule, Figure { name: name.to_owned(), value, ..Figure::default() })
        };
        figures.push(figure("efficiency by dive", "lowestEfficiency", dive.efficiency.to_string()));
        figures.push(figure("wasted by dive", "highestWastedBytes", format!("{} bytes", dive.wasted)));
        let share = dive.user_wasted.to_string();
        figures.push(figure("wasted by dive, of the upper layers", "highestUserWastedPercent", share));
    }
    figures
}

/// Adds the budget that a rule gives.
fn with_limit(image: &Inspected, rule: &str, figure: Figure) -> Figure {
    let outcome = image.outcomes.iter().flatten().find(|outcome| outcome.id == rule);
    let limit = outcome.and_then(|outcome| outcome.measured).map(|Measured { limit, unit, .. }| match unit {
        Unit::Bytes => Size(limit as u64).to_string(),
        Unit::Percent => format!("{} dead", percent(limit)),
        Unit::Count | Unit::Share => limit.to_string(),
    });
    let failed = outcome.is_some_and(|outcome| matches!(outcome.verdict, Verdict::Broken(_)));
    Figure { limit, failed, ..figure }
}

fn layers(image: &Inspected) -> Table {
    let header = ["layer", "size", "compressed", "dead", "entries", "command"];
    let rows = image.stack.layers().iter().zip(&image.analysis.layers).zip(1..);
    let rows = rows.map(|((layer, figures), number)| {
        let command: String = layer.created_by.as_deref().unwrap_or_default().chars().take(120).collect();
        vec![
            i32::to_string(&number),
            Size(figures.bytes).to_string(),
            Size(figures.compressed).to_string(),
            Size(figures.waste).to_string(),
            figures.entries.to_string(),
            command,
        ]
    });
    Table { title: "Layers".to_owned(), header: header.map(String::from).to_vec(), rows: rows.collect() }
}

fn waste(image: &Inspected) -> Table {
    let rows = image.analysis.dead.iter().map(|dead| {
        let story = dead.copies.iter().map(|copy| {
            format!("{} by layer {}, came with {}", copy.reason.name(), copy.killed + 1, copy.introduced + 1)
        });
        vec![Size(dead.bytes).to_string(), format!("`{}`", dead.path), story.collect::<Vec<_>>().join("; ")]
    });
    let header = ["dead", "path", "why"].map(String::from).to_vec();
    Table { title: "Dead bytes".to_owned(), header, rows: rows.collect() }
}

fn packages(image: &Inspected) -> Table {
    let rows = image.packages.iter().map(|share| {
        let (name, version) =
            share.package.clone().unwrap_or_else(|| ("unrecorded".to_owned(), String::new()));
        vec![name, version, share.files.to_string(), Size(share.bytes).to_string()]
    });
    let header = ["package", "version", "files", "size"].map(String::from).to_vec();
    Table { title: "Packages".to_owned(), header, rows: rows.collect() }
}
