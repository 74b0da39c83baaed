//! Holds figures against rules.

use attar_image::path::TreePath;
use attar_image::stack::{EntryId, Stack};

use super::{Breach, MAX_PLACES, Measured, Outcome, Rules, Unit, Verdict};
use crate::analysis::Analysis;
use crate::dive;
use crate::growth::{Growth, is_privileged};

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The image.
    pub stack: &'a Stack,
    /// Its figures.
    pub analysis: &'a Analysis,
    /// What it is compared with: figures, what it has more, and the names of new packages.
    pub baseline: Option<Baseline<'a>>,
}

/// What an image is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Baseline<'a> {
    /// The baseline's figures.
    pub analysis: &'a Analysis,
    /// What the baseline lacks.
    pub growth: &'a Growth,
    /// Names of packages that the baseline lacks.
    pub packages: &'a [&'a str],
}

/// Judges every rule that says something, in one order.
pub fn judge(rules: &Rules, subject: Subject<'_>) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    budgets(rules, subject, &mut outcomes);
    paths(rules, subject, &mut outcomes);
    growth(rules, subject, &mut outcomes);
    outcomes
}

/// A budget: its key, what it is about, the value and the limit.
struct Budget {
    id: &'static str,
    what: &'static str,
    unit: Unit,
    value: f64,
    limit: Option<f64>,
    /// What the value is of, where that is not what the rule is about.
    found: Option<String>,
}

fn budgets(rules: &Rules, subject: Subject<'_>, outcomes: &mut Vec<Outcome>) {
    let Subject { analysis, .. } = subject;
    let largest = analysis.layers.iter().zip(1..).max_by_key(|(layer, number)| (layer.bytes, -number));
    let (largest, number) = largest.map_or((0, 0), |(layer, number): (_, i64)| (layer.bytes, number));
    let bytes = |id, what, value: u64, limit: Option<u64>| Budget {
        id,
        what,
        unit: Unit::Bytes,
        value: value as f64,
        limit: limit.map(|limit| limit as f64),
        found: None,
    };
    let count = |id, what, value: u64, limit| Budget { unit: Unit::Count, ..bytes(id, what, value, limit) };
    let percent =
        |id, what, value, limit| Budget { id, what, unit: Unit::Percent, value, limit, found: None };
    let budgets = [
        bytes("size.total", "total size", analysis.total, rules.total),
        bytes("size.compressed", "compressed size", analysis.compressed, rules.compressed),
        Budget {
            found: Some(format!("layer {number}")),
            ..bytes("size.layer", "each layer", largest, rules.layer)
        },
        count("size.layers", "layers", analysis.layers.len() as u64, rules.layers),
        count("size.files", "files", analysis.files, rules.files),
        bytes("waste.bytes", "waste", analysis.waste, rules.waste),
        percent("waste.percent", "waste", analysis.waste_percent(), rules.waste_percent),
        percent(
            "waste.user-percent",
            "waste above the lowest layer",
            analysis.user_waste_percent(),
            rules.user_waste_percent,
        ),
    ];
    // The blobs and their number are known whether or not their entries are.
    let is_known = |id: &str| analysis.is_complete() || matches!(id, "size.compressed" | "size.layers");
    for budget in budgets {
        let places = match budget.id {
            "waste.bytes" | "waste.percent" => dead(analysis, 0),
            "waste.user-percent" => dead(analysis, 1),
            _ => Places::default(),
        };
        let outcome = budget.judged(places);
        outcomes.extend(outcome.map(|outcome| if is_known(outcome.id) { outcome } else { unknown(outcome) }));
    }
}

fn unknown(outcome: Outcome) -> Outcome {
    let reason = "the entries of a layer are not known".to_owned();
    Outcome { verdict: Verdict::NotJudged(reason), measured: None, ..outcome }
}

/// Where the most dead bytes are, of files that came with the layer `lowest` or a higher one.
fn dead(analysis: &Analysis, lowest: usize) -> Places {
    let dead = analysis.dead.iter().filter_map(|dead| {
        let copy = dead.copies.iter().find(|copy| copy.introduced >= lowest)?;
        Some((&dead.path, Some(copy.introduced)))
    });
    dead.collect()
}

/// Where something is, with the layer of each place: the first ones, and how many there are.
#[derive(Default)]
struct Places {
    first: Vec<(TreePath, Option<usize>)>,
    count: usize,
}

impl<'a> FromIterator<(&'a TreePath, Option<usize>)> for Places {
    fn from_iter<I: IntoIterator<Item = (&'a TreePath, Option<usize>)>>(places: I) -> Self {
        let mut found = Self::default();
        for (path, layer) in places {
            if found.count < MAX_PLACES {
                found.first.push((path.clone(), layer));
            }
            found.count += 1;
        }
        found
    }
}

impl Budget {
    fn judged(self, places: Places) -> Option<Outcome> {
        let Self { id, what, unit, value, limit, found } = self;
        let limit = limit?;
        let measured = Measured { value, limit, unit };
        let verdict = if value <= limit {
            Verdict::Kept
        } else {
            let (value, limit) = (unit.written(value), unit.written(limit));
            let what = found.as_deref().unwrap_or(what);
            Verdict::Broken(Breach::new(format!("{what}: {value}, more than {limit}"), places))
        };
        let title = format!("{what} at most {}", unit.written(limit));
        Some(Outcome { id, place: None, title, verdict, measured: Some(measured) })
    }
}

fn paths(rules: &Rules, subject: Subject<'_>, outcomes: &mut Vec<Outcome>) {
    let Subject { stack, analysis, .. } = subject;
    let any = !rules.deny.is_empty() || !rules.require.is_empty() || rules.allow_privileged.is_some();
    let view = if any { stack.view() } else { Vec::new() };
    let seen: Vec<(TreePath, EntryId)> =
        view.into_iter().map(|entry| (stack.paths().path(stack.place(entry)), entry)).collect();
    for (place, glob) in rules.deny.iter().enumerate() {
        let matching = seen.iter().filter(|(path, _)| glob.matches(path));
        let found: Places = matching.map(|(path, entry)| (path, Some(stack.layer_of(*entry)))).collect();
        let title = format!("nothing at `{}`", glob.as_str());
        let message = format!("{} at `{}`, where nothing may be", things(found.count), glob.as_str());
        outcomes.push(listed("paths.deny", place, title, message, found));
    }
    for (place, glob) in rules.require.iter().enumerate() {
        let title = format!("something at `{}`", glob.as_str());
        let verdict = match seen.iter().any(|(path, _)| glob.matches(path)) {
            true => Verdict::Kept,
            false => {
                Verdict::Broken(Breach::new(format!("nothing at `{}`", glob.as_str()), Places::default()))
            }
        };
        outcomes.push(Outcome { id: "paths.require", place: Some(place), title, verdict, measured: None });
    }
    for (place, glob) in rules.deny_waste.iter().enumerate() {
        let dead = analysis.dead.iter().filter(|dead| glob.matches(&dead.path));
        let found: Places =
            dead.map(|dead| (&dead.path, dead.copies.first().map(|copy| copy.introduced))).collect();
        let title = format!("nothing dead at `{}`", glob.as_str());
        let message = format!(
            "{} at `{}` deleted or replaced, and there for everybody who has the image",
            things(found.count),
            glob.as_str()
        );
        outcomes.push(listed("paths.deny-waste", place, title, message, found));
    }
    if let Some(allowed) = &rules.allow_privileged {
        let privileged = seen.iter().filter(|(path, entry)| {
            is_privileged(stack, *entry) && !allowed.iter().any(|glob| glob.matches(path))
        });
        let found: Places = privileged.map(|(path, entry)| (path, Some(stack.layer_of(*entry)))).collect();
        let title = "no setuid, setgid or capable files but those allowed".to_owned();
        let message = format!("{} with more rights than who runs them", things(found.count));
        let outcome = listed("paths.allow-privileged", 0, title, message, found);
        outcomes.push(Outcome { place: None, ..outcome });
    }
}

/// The outcome of a rule that nothing may match.
fn listed(id: &'static str, place: usize, title: String, message: String, found: Places) -> Outcome {
    let verdict = match found.count {
        0 => Verdict::Kept,
        _ => Verdict::Broken(Breach::new(message, found)),
    };
    Outcome { id, place: Some(place), title, verdict, measured: None }
}

fn growth(rules: &Rules, subject: Subject<'_>, outcomes: &mut Vec<Outcome>) {
    let now = subject.analysis;
    let nothing = (Analysis::default(), Growth::default());
    let before = subject.baseline.map_or(&nothing.0, |baseline| baseline.analysis);
    let grown = subject.baseline.map_or(&nothing.1, |baseline| baseline.growth);
    let packages = subject.baseline.map_or(&[][..], |baseline| baseline.packages);
    let more = |now: u64, before: u64| now as f64 - before as f64;
    let percent = match before.total {
        0 if now.total == 0 => 0.0,
        0 => f64::INFINITY,
        before => 100.0 * more(now.total, before) / before as f64,
    };
    let limit = |limit: Option<u64>| limit.map(|limit| limit as f64);
    let bytes = |id, what, value, of: Option<u64>| Budget {
        id,
        what,
        unit: Unit::Bytes,
        value,
        limit: limit(of),
        found: None,
    };
    let count = |id, what, value: usize, of: Option<u64>| Budget {
        id,
        what,
        unit: Unit::Count,
        value: value as f64,
        limit: limit(of),
        found: None,
    };
    let places = |found: &[(TreePath, usize)]| -> Places {
        found.iter().map(|(path, layer)| (path, Some(*layer))).collect()
    };
    let budgets = [
        (bytes("growth.bytes", "growth", more(now.total, before.total), rules.growth), Places::default()),
        (
            Budget {
                id: "growth.percent",
                what: "growth",
                unit: Unit::Percent,
                value: percent,
                limit: rules.growth_percent,
                found: None,
            },
            Places::default(),
        ),
        (
            bytes(
                "growth.compressed",
                "compressed growth",
                more(now.compressed, before.compressed),
                rules.growth_compressed,
            ),
            Places::default(),
        ),
        (
            bytes("growth.waste", "growth of waste", more(now.waste, before.waste), rules.growth_waste),
            dead(now, 0),
        ),
        (count("growth.files", "new files", grown.files.len(), rules.new_files), places(&grown.files)),
        (count("growth.packages", "new packages", packages.len(), rules.new_packages), Places::default()),
        (
            count(
                "growth.privileged",
                "new setuid, setgid or capable files",
                grown.privileged.len(),
                rules.new_privileged,
            ),
            places(&grown.privileged),
        ),
        (count("growth.shells", "new shells", grown.shells.len(), rules.new_shells), places(&grown.shells)),
    ];
    let is_complete = now.is_complete() && before.is_complete();
    for (budget, places) in budgets {
        let Some(mut outcome) = budget.judged(places) else { continue };
        if subject.baseline.is_none() {
            let reason = "no baseline to compare with".to_owned();
            outcome = Outcome { verdict: Verdict::NotJudged(reason), measured: None, ..outcome };
        } else if !is_complete && outcome.id != "growth.compressed" {
            outcome = unknown(outcome);
        }
        if let Verdict::Broken(breach) = &mut outcome.verdict
            && outcome.id == "growth.packages"
        {
            breach.message = format!("{}: {}", breach.message, some_of(packages));
        }
        outcomes.push(outcome);
    }
}

fn some_of(names: &[&str]) -> String {
    let shown = names.iter().take(MAX_PLACES).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MAX_PLACES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Judges dive's rules on dive's figures, as dive does: a figure that is not a number breaks none.
pub fn judge_dive(limits: &dive::Limits, figures: &dive::Figures) -> Vec<Outcome> {
    let places = || figures.inefficient.iter().map(|path| (&path.path, None)).collect();
    let outcome = |id, title, is_broken: bool, message, value, limit, unit| Outcome {
        id,
        place: None,
        title,
        verdict: if is_broken { Verdict::Broken(Breach::new(message, places())) } else { Verdict::Kept },
        measured: Some(Measured { value, limit, unit }),
    };
    let mut outcomes = Vec::new();
    if let Some(limit) = limits.lowest_efficiency {
        let value = figures.efficiency;
        outcomes.push(outcome(
            "lowestEfficiency",
            format!("efficiency at least {limit}"),
            value < limit,
            format!("efficiency: {value}, less than {limit}"),
            value,
            limit,
            Unit::Share,
        ));
    }
    if let Some(limit) = limits.highest_wasted_bytes {
        let value = figures.wasted;
        outcomes.push(outcome(
            "highestWastedBytes",
            format!("wasted bytes at most {}", Unit::Bytes.written(limit as f64)),
            value > limit,
            format!("wasted: {value} bytes, more than {limit}"),
            value as f64,
            limit as f64,
            Unit::Bytes,
        ));
    }
    if let Some(limit) = limits.highest_user_wasted_percent {
        let value = figures.user_wasted;
        outcomes.push(outcome(
            "highestUserWastedPercent",
            format!("wasted bytes by the size of the upper layers at most {limit}"),
            value > limit,
            format!("wasted by the size of the upper layers: {value}, more than {limit}"),
            value,
            limit,
            Unit::Share,
        ));
    }
    outcomes
}

impl Breach {
    fn new(message: String, Places { first, count }: Places) -> Self {
        Self { message, places: first, count }
    }
}

impl Unit {
    /// Writes a figure with its unit.
    pub fn written(self, value: f64) -> String {
        match self {
            Self::Bytes => format!("{} bytes", grouped(value)),
            // Four digits, so that what is over its limit hardly ever looks the same.
            Self::Percent => format!("{} %", (value * 10_000.0).round() / 10_000.0),
            Self::Count | Self::Share => value.to_string(),
        }
    }
}

fn things(count: usize) -> String {
    match count {
        1 => "1 entry".to_owned(),
        count => format!("{count} entries"),
    }
}

/// Writes a whole number with a comma before each three digits.
fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (number, digit) in digits.chars().enumerate() {
        if number > 0 && (digits.len() - number) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 { format!("-{text}") } else { text }
}
