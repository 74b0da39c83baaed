//! `attar inspect` on layers made to measure.

use attar_testing::Scratch;
use attar_testing::layers::{Codec, Layer, write_layout};
use serde_json::{Value, json};

use crate::support::attar;

/// A folder with the image `oci:image`, whose layers hold waste of several kinds and a hostile name, and
/// `oci:before`, of which it is a later version.
fn images() -> Scratch {
    let scratch = Scratch::new();
    let bytes = |count: usize| vec![b'x'; count];
    let base = || {
        Layer::new()
            .directory("etc")
            .file("etc/passwd", "root:x:0:0:root:/:/bin/sh\n")
            .directory("var")
            .directory("var/lib/apt/lists")
            .file("var/lib/apt/lists/packages", bytes(300_000))
            .directory("usr/bin")
            .mode(0o755)
            .file("usr/bin/app", bytes(50_000))
            .file("etc/key\u{1b}[31m.pem", bytes(1000))
    };
    let upper = Layer::new()
        .whiteout("var/lib/apt/lists")
        .whiteout("etc/key\u{1b}[31m.pem")
        .owner(65532, 65532)
        .mode(0o755)
        .file("usr/bin/app", bytes(50_000));
    let top = Layer::new().mode(0o4755).file("usr/bin/su", bytes(2000)).mode(0o755).file("usr/bin/sh", "#!");
    let write = |name: &str, layers: Vec<Layer>| {
        let layers = layers.into_iter().map(Layer::tar);
        write_layout(&scratch.join(name), "1", Codec::Plain, layers).expect("a layout");
    };
    write("image", vec![base(), upper, top]);
    write("before", vec![base()]);
    scratch
}

#[test]
fn the_table_says_what_is_dead_and_what_to_do() {
    let scratch = images();
    let run = || attar().current_dir(scratch.path()).args(["inspect", "oci:image"]);
    let table = run().run().success();
    insta::assert_snapshot!(table, @"");
    assert!(table.lines().all(|line| line.chars().count() <= 80), "80 columns");
    // What the cache holds changes nothing, nor does what CI systems set.
    assert_eq!(run().env("CI", "true").run().success(), table);
}

#[test]
fn the_listing_has_every_entry() {
    let scratch = images();
    let listing = attar().current_dir(scratch.path()).args(["inspect", "oci:image", "-o", "listing"]).run();
    insta::assert_snapshot!(listing.success(), @"");
}

#[test]
fn several_outputs_in_one_run() {
    let scratch = images();
    scratch.write(
        "attar-policy.yaml",
        "inspect:\n  size: {total: 1 MB}\n  waste:\n    bytes: 100 kB\n  paths:\n    deny: [/usr/bin/sh]\n    \
         require: [/etc/passwd]\n    deny-waste: ['/**/*.pem']\n    allow-privileged: []\n",
    );
    let outputs = ["-o", "json=a.json", "-o", "sarif=a.sarif", "-o", "junit=a.xml", "-o", "markdown=a.md"];
    let finished =
        attar().current_dir(scratch.path()).args(["inspect", "oci:image", "--ci"]).args(outputs).run();
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{}", finished.stderr);
    insta::assert_snapshot!(scratch.read("a.md"), @"");
    insta::assert_snapshot!(scratch.read("a.xml"), @"");
    let read = |name: &str| -> Value { serde_json::from_str(&scratch.read(name)).expect("JSON") };
    let sarif = read("a.sarif");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let shown: Vec<String> = results
        .iter()
        .map(|result| {
            let places = result["locations"].as_array().expect("places").iter();
            let places: Vec<&str> = places
                .map(|place| place["physicalLocation"]["artifactLocation"]["uri"].as_str().expect("a URI"))
                .collect();
            format!("{} {} {}", result["level"], result["ruleId"], places.join(" "))
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @"");
    let json = read("a.json");
    assert_eq!(json["schema"], "attar.inspect/1");
    let image = &json["images"][0];
    assert_eq!((&image["image"], &image["platform"]), (&json!("oci:image"), &json!("linux/amd64")));
    insta::assert_snapshot!(serde_json::to_string(&image["size"]).expect("JSON"), @"");
    let change = &image["layers"][1]["changes"][2];
    insta::assert_snapshot!(serde_json::to_string(change).expect("JSON"), @"");
    insta::assert_snapshot!(serde_json::to_string(&image["waste"][0]).expect("JSON"), @"");
    let rules = image["rules"].as_array().expect("rules");
    let verdicts: Vec<&str> = rules.iter().filter_map(|rule| rule["verdict"].as_str()).collect();
    assert_eq!(verdicts, ["kept", "broken", "broken", "kept", "broken", "broken"]);
}

#[test]
fn only_ci_judges_and_rules_are_needed() {
    let scratch = images();
    let run = |arguments: &[&str]| {
        attar().current_dir(scratch.path()).args(["inspect", "oci:image"]).args(arguments).run()
    };
    let said = run(&["--ci"]).fails(64);
    assert!(said.contains("neither `attar-policy.yaml` nor `.dive-ci` here"), "{said}");
    assert!(run(&["--policy", "p.yaml"]).fails(64).contains("--ci"));
    assert!(run(&["-o", "xml"]).fails(64).contains("`listing`"));
    scratch.write("attar-policy.yaml", "inspect: {size: {layers: 2}}\n");
    run(&[]).success();
    let said = run(&["--ci"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.stdout.contains("BROKEN  layers: 3, more than 2 (attar-policy.yaml:1:18)"),
        "{}",
        said.stdout
    );
    scratch.write("attar-policy.yaml", "inspect: {size: {layer: 2}, growth: {files: 0}}\n");
    assert_eq!(run(&["--ci"]).code, Some(2));
    scratch.write("attar-policy.yaml", "inspect: {size: {layers: 3}, growth: {files: 0}}\n");
    run(&["--ci"]).success();
    scratch.write("attar-policy.yaml", "inspect: {size: {layesr: 3}}\n");
    let said = run(&["--ci"]).fails(1);
    assert!(said.contains("attar-policy.yaml:1:18") && said.contains("did you mean `layers`?"), "{said}");
}

#[test]
fn a_baseline_is_compared_with() {
    let scratch = images();
    let run = |image: &str, arguments: &[&str]| {
        let run = attar().current_dir(scratch.path()).args(["inspect", image, "--baseline", "oci:before"]);
        run.args(arguments).run()
    };
    let shown = run("oci:image", &[]).success();
    let change = shown.lines().find(|line| line.starts_with("change")).expect("the change");
    insta::assert_snapshot!(change, @"");
    let judged = run("oci:image", &["--ci"]);
    assert_eq!(judged.code, Some(2), "{}", judged.stderr);
    let rules = judged.stdout.split_once("\nRules\n").expect("rules").1;
    insta::assert_snapshot!(rules, @"");
    run("oci:before", &["--ci"]).success();
}

#[test]
fn dives_rules_are_judged_by_dives_figures() {
    let scratch = images();
    let run = |arguments: &[&str]| {
        attar().current_dir(scratch.path()).args(["inspect", "oci:image"]).args(arguments).run()
    };
    let shown = run(&["--metric", "dive"]).success();
    let figures = shown.split_once("\nBy dive's formula\n").expect("figures").1;
    let (figures, _) = figures.split_once("\n\n").expect("more");
    insta::assert_snapshot!(figures, @"");
    scratch.write(".dive-ci", "rules:\n  lowestEfficiency: 0.9\n");
    let judged = run(&["--ci"]);
    assert_eq!(judged.code, Some(2), "{}", judged.stderr);
    let rules = judged.stdout.split_once("\nRules\n").expect("rules").1;
    insta::assert_snapshot!(rules, @"");
    scratch.write(".dive-ci", "rules: {lowest-efficiency: 0.9}\n");
    assert!(run(&["--ci"]).fails(1).contains("did you mean `lowestEfficiency`?"));
}

#[test]
fn contents_and_digests_are_compared_on_demand() {
    let scratch = images();
    let run = |arguments: &[&str]| {
        attar().current_dir(scratch.path()).args(["inspect", "oci:image"]).args(arguments).run()
    };
    assert!(run(&[]).success().contains("unverified 3 of 3 layers"));
    let shown = run(&["--verify"]).success();
    assert!(!shown.contains("unverified"), "{shown}");
    let said = attar().current_dir(scratch.path()).args(["inspect", "attar.yaml"]).run().fails(64);
    assert!(said.contains("`attar.yaml` is a spec"), "{said}");
}
