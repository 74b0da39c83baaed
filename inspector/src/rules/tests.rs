use attar_testing::layers::Layer;

use super::*;
use crate::analysis::Analysis;
use crate::dive;
use crate::growth::Growth;
use crate::testing::{bytes, stack};

fn globs(texts: &[&str]) -> Vec<Glob> {
    texts.iter().map(|text| Glob::parse(text).expect("a glob")).collect()
}

/// Each rule with its verdict, one a line.
fn shown(outcomes: &[Outcome]) -> String {
    let line = |outcome: &Outcome| {
        let place = outcome.place.map_or_else(String::new, |place| format!("[{place}]"));
        let verdict = match &outcome.verdict {
            Verdict::Kept => "kept".to_owned(),
            Verdict::NotJudged(reason) => format!("not judged: {reason}"),
            Verdict::Broken(breach) => {
                let places: Vec<String> = breach
                    .places
                    .iter()
                    .map(|(path, layer)| layer.map_or(path.to_string(), |layer| format!("{path} {layer}")))
                    .collect();
                format!("BROKEN: {} ({})", breach.message, places.join(", "))
            }
        };
        format!("{}{place} {}: {verdict}", outcome.id, outcome.title)
    };
    outcomes.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn image() -> [Layer; 2] {
    [
        Layer::new()
            .directory("etc")
            .file("etc/key.pem", bytes(100))
            .mode(0o4755)
            .file("usr/bin/su", bytes(50))
            .file("usr/bin/app", bytes(1000)),
        Layer::new().whiteout("etc/key.pem").file("usr/bin/app", bytes(850)),
    ]
}

#[test]
fn budgets_and_paths() {
    let stack = stack(image());
    let analysis = Analysis::of(&stack);
    let subject = Subject { stack: &stack, analysis: &analysis, baseline: None };
    let rules = Rules {
        total: Some(2000),
        layer: Some(1149),
        layers: Some(2),
        files: Some(2),
        waste: Some(1099),
        waste_percent: Some(60.0),
        user_waste_percent: Some(0.0),
        deny: globs(&["/usr/bin/su", "/usr/bin/python*"]),
        require: globs(&["/etc/passwd", "/usr/bin/app"]),
        deny_waste: globs(&["/**/*.pem", "/usr/lib"]),
        allow_privileged: Some(globs(&["/usr/bin/ping"])),
        new_shells: Some(0),
        ..Rules::default()
    };
    insta::assert_snapshot!(shown(&judge(&rules, subject)), @r"
    size.total total size at most 2,000 bytes: kept
    size.layer each layer at most 1,149 bytes: BROKEN: layer 1: 1,150 bytes, more than 1,149 bytes ()
    size.layers layers at most 2: kept
    size.files files at most 2: BROKEN: files: 3, more than 2 ()
    waste.bytes waste at most 1,099 bytes: BROKEN: waste: 1,100 bytes, more than 1,099 bytes (/usr/bin/app 0, /etc/key.pem 0)
    waste.percent waste at most 60 %: kept
    waste.user-percent waste above the lowest layer at most 0 %: kept
    paths.deny[0] nothing at `/usr/bin/su`: BROKEN: 1 entry at `/usr/bin/su`, where nothing may be (/usr/bin/su 0)
    paths.deny[1] nothing at `/usr/bin/python*`: kept
    paths.require[0] something at `/etc/passwd`: BROKEN: nothing at `/etc/passwd` ()
    paths.require[1] something at `/usr/bin/app`: kept
    paths.deny-waste[0] nothing dead at `/**/*.pem`: BROKEN: 1 entry at `/**/*.pem` deleted or replaced, and there for everybody who has the image (/etc/key.pem 0)
    paths.deny-waste[1] nothing dead at `/usr/lib`: kept
    paths.allow-privileged no setuid, setgid or capable files but those allowed: BROKEN: 1 entry with more rights than who runs them (/usr/bin/su 0)
    growth.shells new shells at most 0: not judged: no baseline to compare with
    ");
    assert!(judge(&Rules::default(), subject).is_empty());
}

#[test]
fn growth_over_a_baseline() {
    let (before, now) = (stack(image()), stack([Layer::new().mode(0o755).file("bin/sh", bytes(4000))]));
    let (old, new) = (Analysis::of(&before), Analysis::of(&now));
    let growth = Growth::of(&now, &before);
    let baseline = Baseline { analysis: &old, growth: &growth, packages: &["dash", "libc6"] };
    let subject = Subject { stack: &now, analysis: &new, baseline: Some(baseline) };
    let rules = Rules {
        growth: Some(2000),
        growth_waste: Some(0),
        new_files: Some(0),
        new_packages: Some(1),
        ..Rules::of_growth()
    };
    insta::assert_snapshot!(shown(&judge(&rules, subject)), @r"
    growth.bytes growth at most 2,000 bytes: kept
    growth.percent growth at most 10 %: BROKEN: growth: 100 %, more than 10 % ()
    growth.waste growth of waste at most 0 bytes: kept
    growth.files new files at most 0: BROKEN: new files: 1, more than 0 (/bin/sh 0)
    growth.packages new packages at most 1: BROKEN: new packages: 2, more than 1: `dash`, `libc6` ()
    growth.privileged new setuid, setgid or capable files at most 0: kept
    growth.shells new shells at most 0: BROKEN: new shells: 1, more than 0 (/bin/sh 0)
    ");
    let same = Growth::of(&before, &before);
    let baseline = Baseline { analysis: &old, growth: &same, packages: &[] };
    let subject = Subject { stack: &before, analysis: &old, baseline: Some(baseline) };
    assert!(judge(&rules, subject).iter().all(|outcome| outcome.verdict == Verdict::Kept));
}

#[test]
fn dives_rules_are_strict_where_dive_is() {
    let figures = |efficiency, wasted, user_wasted| dive::Figures {
        efficiency,
        wasted,
        user_wasted,
        size: 0,
        user_size: 0,
        inefficient: Vec::new(),
    };
    let limits = dive::Limits { highest_wasted_bytes: Some(20), ..dive::Limits::default() };
    let broken = |figures: dive::Figures| -> Vec<&'static str> {
        let outcomes = judge_dive(&limits, &figures);
        outcomes.iter().filter(|o| o.verdict != Verdict::Kept).map(|o| o.id).collect()
    };
    assert_eq!(broken(figures(0.9, 20, 0.1)), [""; 0]);
    assert_eq!(broken(figures(0.8999, 20, f64::NAN)), ["lowestEfficiency"]);
    assert_eq!(broken(figures(1.0, 21, 0.11)), ["highestWastedBytes", "highestUserWastedPercent"]);
    let off = dive::Limits {
        lowest_efficiency: None,
        highest_wasted_bytes: None,
        highest_user_wasted_percent: None,
    };
    assert!(judge_dive(&off, &figures(0.0, 9, 9.0)).is_empty());
}
