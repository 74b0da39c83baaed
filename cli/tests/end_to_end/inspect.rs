//! `attar inspect` on layers made to measure.

use attar_testing::layers::{Codec, Layer, write_layout};
use attar_testing::{Attar, Scratch};
use serde_json::{Value, json};

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

/// Prepares a run in the folder, with a cache of its own: what is verified is remembered there.
fn attar(scratch: &Scratch) -> Attar {
    Attar::at(env!("CARGO_BIN_EXE_attar")).cache(scratch.join("cache")).current_dir(scratch.path())
}

#[test]
fn the_table_says_what_is_dead_and_what_to_do() {
    let scratch = images();
    let run = || attar(&scratch).args(["inspect", "oci:image"]);
    let table = run().run().success();
    insta::assert_snapshot!(table, @r"
    image    oci:image
    platform linux/amd64
    digest   sha256:d20115d30f2b132b5a2a77e1ec3cdac5ebfc7ee402cb57ccb4e31d56a46bfba9
    size     403 kB in 3 layers, 414 kB to pull, 7 entries
    dead     351 kB, efficiency 12.91 %
    verified no, 3 of 3 layers: `--verify` compares their digests

    LAYER     SIZE   PULLED     DEAD   ADDED CHANGED REMOVED  COMMAND
        1   351 kB   357 kB   351 kB       8       0       0  step 1
        2  50.0 kB  52.7 kB      0 B       0       1       2  step 2
        3  2.00 kB  4.61 kB      0 B       2       0       0  step 3

    Dead bytes, and the edit that saves them
      300 kB  in 1 file of layer 1, deleted by layer 2 (about 300 kB to pull)
              /var/lib/apt/lists/packages
              fix: in step 1, keep apt's lists and archives in a cache mount (`RUN
              --mount=type=cache,target=/var/lib/apt/lists
              --mount=type=cache,target=/var/cache/apt …`) or delete them there, so
              that nothing is left to delete
     50.0 kB  in 1 file of layer 1, rewritten for owner, mode or time by layer 2
              (about 50.0 kB to pull)
              /usr/bin/app
              fix: set owner and mode where the files come in, with `COPY --chown
              --chmod` or within step 1, in place of step 2
     1.00 kB  in 1 file of layer 1, deleted by layer 2 (about 1.00 kB to pull)
              /etc/key\u{1b}[31m.pem
              fix: merge step 2 into step 1, so that what is deleted never enters a
              layer
    ");
    assert!(table.lines().all(|line| line.chars().count() <= 80), "80 columns");
    // What the cache holds changes nothing, nor does what CI systems set.
    assert_eq!(run().env("CI", "true").run().success(), table);
}

#[test]
fn the_listing_has_every_entry() {
    let scratch = images();
    let listing = attar(&scratch).args(["inspect", "oci:image", "-o", "listing"]).run();
    insta::assert_snapshot!(listing.success(), @r"
    layer 1 sha256:9486e93f5a78583f294658783cc75905ab8e73a4623740a6d9fd422914e58da7 step 1
    + d0755 0:0 - 1700000000 /etc
    + -0644 0:0 1000 1700000000 /etc/key\u{1b}[31m.pem # deleted by layer 2
    + -0644 0:0 26 1700000000 /etc/passwd
    + d0755 0:0 - 1700000000 /usr/bin
    + -0755 0:0 50000 1700000000 /usr/bin/app # metadata-only by layer 2
    + d0755 0:0 - 1700000000 /var
    + d0755 0:0 - 1700000000 /var/lib/apt/lists # deleted by layer 2
    + -0644 0:0 300000 1700000000 /var/lib/apt/lists/packages # directory-deleted by layer 2
    layer 2 sha256:22011b2bb8cf98f25279b9f2cefe8dfb678b2ce035636d39b45a642d1759f9b8 step 2
    - /etc/key\u{1b}[31m.pem
    ~ -0755 65532:65532 50000 1700000000 /usr/bin/app
    - /var/lib/apt/lists
    layer 3 sha256:c307819d2b89a3733332babfc7f9a3e1e81ffe3f1e30389d65f2a495f23bf42c step 3
    + -0755 0:0 2 1700000000 /usr/bin/sh
    + -4755 0:0 2000 1700000000 /usr/bin/su
    ");
}

#[test]
#[expect(clippy::too_many_lines, reason = "most of it is what is expected of the outputs")]
fn several_outputs_in_one_run() {
    let scratch = images();
    scratch.write(
        "attar-policy.yaml",
        "inspect:\n  size: {total: 1 MB}\n  waste:\n    bytes: 100 kB\n  paths:\n    deny: [/usr/bin/sh]\n    \
         require: [/etc/passwd]\n    deny-waste: ['/**/*.pem']\n    allow-privileged: []\n",
    );
    let outputs = ["-o", "json=a.json", "-o", "sarif=a.sarif", "-o", "junit=a.xml", "-o", "markdown=a.md"];
    let finished = attar(&scratch).args(["inspect", "oci:image", "--ci"]).args(outputs).run();
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{}", finished.stderr);
    insta::assert_snapshot!(scratch.read("a.md"), @r"
    <!-- attar inspect oci:image -->
    ### attar inspect `oci:image`: **failed (4)**

    |  | now | budget |
    |---|---|---|
    | total size | 403 kB | 1.00 MB |
    | compressed | 414 kB |  |
    | dead bytes | **351 kB** over | 100 kB |
    | efficiency | 12.91 % |  |
    | layers | 3 |  |
    | entries | 7 |  |

    |  | rule | what | where |
    |---|---|---|---|
    | error | waste.bytes | waste: 351,000 bytes, more than 100,000 bytes<br>Fix: in step 1, keep apt's lists and archives in a cache mount (`RUN --mount=type=cache,target=/var/lib/apt/lists --mount=type=cache,target=/var/cache/apt …`) or delete them there, so that nothing is left to delete | `/var/lib/apt/lists/packages (layer 1)`<br>`/usr/bin/app (layer 1)`<br>`/etc/key\u{1b}[31m.pem (layer 1)`<br>and 1 more |
    | error | paths.deny.0 | 1 entry at `/usr/bin/sh`, where nothing may be | `/usr/bin/sh (layer 3)`<br>`attar-policy.yaml:6:12` |
    | error | paths.deny-waste.0 | 1 entry at `/**/*.pem` deleted or replaced, and there for everybody who has the image | `/etc/key\u{1b}[31m.pem (layer 1)`<br>`attar-policy.yaml:8:18` |
    | error | paths.allow-privileged | 1 entry with more rights than who runs them | `/usr/bin/su (layer 3)`<br>`attar-policy.yaml:9:5` |
    | note | dead-bytes | 300 kB in 1 file of layer 1, deleted by layer 2<br>Fix: in step 1, keep apt's lists and archives in a cache mount (`RUN --mount=type=cache,target=/var/lib/apt/lists --mount=type=cache,target=/var/cache/apt …`) or delete them there, so that nothing is left to delete | `/var/lib/apt/lists/packages (layer 1)` |
    | note | dead-bytes | 50.0 kB in 1 file of layer 1, rewritten for owner, mode or time by layer 2<br>Fix: set owner and mode where the files come in, with `COPY --chown --chmod` or within step 1, in place of step 2 | `/usr/bin/app (layer 1)` |
    | note | dead-bytes | 1.00 kB in 1 file of layer 1, deleted by layer 2<br>Fix: merge step 2 into step 1, so that what is deleted never enters a layer | `/etc/key\u{1b}[31m.pem (layer 1)` |

    <details><summary>Layers</summary>

    | layer | size | compressed | dead | entries | command |
    |---|---|---|---|---|---|
    | 1 | 351 kB | 357 kB | 351 kB | 8 | step 1 |
    | 2 | 50.0 kB | 52.7 kB | 0 B | 3 | step 2 |
    | 3 | 2.00 kB | 4.61 kB | 0 B | 2 | step 3 |

    </details>

    <details><summary>Dead bytes</summary>

    | dead | path | why |
    |---|---|---|
    | 300 kB | `/var/lib/apt/lists/packages` | directory-deleted by layer 2, came with 1 |
    | 50.0 kB | `/usr/bin/app` | metadata-only by layer 2, came with 1 |
    | 1.00 kB | `/etc/key\u{1b}[31m.pem` | deleted by layer 2, came with 1 |

    </details>
    ");
    insta::assert_snapshot!(scratch.read("a.xml"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="attar inspect" tests="7" failures="4" errors="0">
        <testsuite name="oci:image" tests="7" disabled="0" errors="0" failures="4">
            <testcase name="size.total total size at most 1,000,000 bytes" classname="attar.inspect">
            </testcase>
            <testcase name="waste.bytes waste at most 100,000 bytes" classname="attar.inspect">
                <failure message="waste: 351,000 bytes, more than 100,000 bytes" type="waste.bytes">error: waste: 351,000 bytes, more than 100,000 bytes
      at /var/lib/apt/lists/packages (layer 1)
      at /usr/bin/app (layer 1)
      at /etc/key\u{1b}[31m.pem (layer 1)
      at attar-policy.yaml:4:5
      fix: in step 1, keep apt&apos;s lists and archives in a cache mount (`RUN --mount=type=cache,target=/var/lib/apt/lists --mount=type=cache,target=/var/cache/apt …`) or delete them there, so that nothing is left to delete
    </failure>
            </testcase>
            <testcase name="paths.deny.0 nothing at `/usr/bin/sh`" classname="attar.inspect">
                <failure message="1 entry at `/usr/bin/sh`, where nothing may be" type="paths.deny.0">error: 1 entry at `/usr/bin/sh`, where nothing may be
      at /usr/bin/sh (layer 3)
      at attar-policy.yaml:6:12
    </failure>
            </testcase>
            <testcase name="paths.require.0 something at `/etc/passwd`" classname="attar.inspect">
            </testcase>
            <testcase name="paths.deny-waste.0 nothing dead at `/**/*.pem`" classname="attar.inspect">
                <failure message="1 entry at `/**/*.pem` deleted or replaced, and there for everybody who has the image" type="paths.deny-waste.0">error: 1 entry at `/**/*.pem` deleted or replaced, and there for everybody who has the image
      at /etc/key\u{1b}[31m.pem (layer 1)
      at attar-policy.yaml:8:18
    </failure>
            </testcase>
            <testcase name="paths.allow-privileged no setuid, setgid or capable files but those allowed" classname="attar.inspect">
                <failure message="1 entry with more rights than who runs them" type="paths.allow-privileged">error: 1 entry with more rights than who runs them
      at /usr/bin/su (layer 3)
      at attar-policy.yaml:9:5
    </failure>
            </testcase>
            <testcase name="dead-bytes dead bytes" classname="attar.inspect">
                <system-out>note: 300 kB in 1 file of layer 1, deleted by layer 2
      at /var/lib/apt/lists/packages (layer 1)
      fix: in step 1, keep apt&apos;s lists and archives in a cache mount (`RUN --mount=type=cache,target=/var/lib/apt/lists --mount=type=cache,target=/var/cache/apt …`) or delete them there, so that nothing is left to delete
    note: 50.0 kB in 1 file of layer 1, rewritten for owner, mode or time by layer 2
      at /usr/bin/app (layer 1)
      fix: set owner and mode where the files come in, with `COPY --chown --chmod` or within step 1, in place of step 2
    note: 1.00 kB in 1 file of layer 1, deleted by layer 2
      at /etc/key\u{1b}[31m.pem (layer 1)
      fix: merge step 2 into step 1, so that what is deleted never enters a layer
    </system-out>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
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
    insta::assert_snapshot!(shown.join("\n"), @r#"
    "error" "waste.bytes" var/lib/apt/lists/packages usr/bin/app etc/key%1B%5B31m.pem attar-policy.yaml
    "error" "paths.deny.0" usr/bin/sh attar-policy.yaml
    "error" "paths.deny-waste.0" etc/key%1B%5B31m.pem attar-policy.yaml
    "error" "paths.allow-privileged" usr/bin/su attar-policy.yaml
    "note" "dead-bytes" var/lib/apt/lists/packages
    "note" "dead-bytes" usr/bin/app
    "note" "dead-bytes" etc/key%1B%5B31m.pem
    "#);
    let json = read("a.json");
    assert_eq!(json["schema"], "attar.inspect/1");
    let image = &json["images"][0];
    assert_eq!((&image["image"], &image["platform"]), (&json!("oci:image"), &json!("linux/amd64")));
    insta::assert_snapshot!(serde_json::to_string(&image["size"]).expect("JSON"), @r#"{"compressed":414208,"efficiency":0.1290927677481465,"files":7,"reclaimable":351000,"total":403028,"user_reclaimable":0,"user_total":52002}"#);
    let change = &image["layers"][1]["changes"][2];
    insta::assert_snapshot!(serde_json::to_string(change).expect("JSON"), @r#"{"change":"modified","gid":65532,"mode":"0755","mtime":1700000000,"path":"/usr/bin/app","size":50000,"type":"file","uid":65532}"#);
    insta::assert_snapshot!(serde_json::to_string(&image["waste"][0]).expect("JSON"), @r#"{"bytes":300000,"copies":[{"bytes":300000,"introduced":1,"killed":2,"reason":"directory-deleted"}],"path":"/var/lib/apt/lists/packages"}"#);
    let rules = image["rules"].as_array().expect("rules");
    let verdicts: Vec<&str> = rules.iter().filter_map(|rule| rule["verdict"].as_str()).collect();
    assert_eq!(verdicts, ["kept", "broken", "broken", "kept", "broken", "broken"]);
}

#[test]
fn only_ci_judges_and_rules_are_needed() {
    let scratch = images();
    let run = |arguments: &[&str]| attar(&scratch).args(["inspect", "oci:image"]).args(arguments).run();
    let said = run(&["--ci"]).fails(64);
    assert!(said.contains("neither `attar-policy.yaml` nor `.dive-ci` here"), "{said}");
    let said = run(&["--policy", "p.yaml"]);
    assert!(said.code == Some(0) && said.stderr.contains("only `--ci` judges"), "{}", said.stderr);
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
    assert!(said.contains("attar-policy.yaml:1:18") && said.contains("did you mean `layer"), "{said}");
}

#[test]
fn a_baseline_is_compared_with() {
    let scratch = images();
    let run = |image: &str, arguments: &[&str]| {
        let run = attar(&scratch).args(["inspect", image, "--baseline", "oci:before"]);
        run.args(arguments).run()
    };
    let shown = run("oci:image", &[]).success();
    let change = shown.lines().find(|line| line.starts_with("change")).expect("the change");
    insta::assert_snapshot!(change, @"change   +52.0 kB, +57.3 kB to pull, +351 kB dead, 2 new entries");
    let judged = run("oci:image", &["--ci"]);
    assert_eq!(judged.code, Some(2), "{}", judged.stderr);
    let rules = judged.stdout.split_once("\nRules\n").expect("rules").1;
    insta::assert_snapshot!(rules, @r"
    BROKEN  growth: 14.8143 %, more than 10 %
    BROKEN  new setuid, setgid or capable files: 1, more than 0
            /usr/bin/su (layer 3)
    BROKEN  new shells: 1, more than 0
            /usr/bin/sh (layer 3)
    ");
    run("oci:before", &["--ci"]).success();
}

#[test]
fn dives_rules_are_judged_by_dives_figures() {
    let scratch = images();
    let run = |arguments: &[&str]| attar(&scratch).args(["inspect", "oci:image"]).args(arguments).run();
    let shown = run(&["--metric", "dive"]).success();
    let figures = shown.split_once("\nBy dive's formula\n").expect("figures").1;
    let (figures, _) = figures.split_once("\n\n").expect("more");
    insta::assert_snapshot!(figures, @r"
    efficiency 0.9274566589097447
    wasted 101000 bytes
    wasted by the size of the upper layers 1.942232991038806
      100 kB  2 times  /usr/bin/app
     1.00 kB  2 times  /etc/key\u{1b}[31m.pem
    ");
    scratch.write(".dive-ci", "rules:\n  lowestEfficiency: 0.9\n");
    let judged = run(&["--ci"]);
    assert_eq!(judged.code, Some(2), "{}", judged.stderr);
    let rules = judged.stdout.split_once("\nRules\n").expect("rules").1;
    insta::assert_snapshot!(rules, @r"
    kept    efficiency at least 0.9 (.dive-ci:2:3)
    BROKEN  wasted by the size of the upper layers: 1.942232991038806, more than
            0.1
            /usr/bin/app
            /etc/key\u{1b}[31m.pem
    ");
    scratch.write(".dive-ci", "rules: {lowest-efficiency: 0.9}\n");
    assert!(run(&["--ci"]).fails(1).contains("did you mean `lowestEfficiency`?"));
}

#[test]
fn a_layer_that_is_not_there_is_shown_and_leaves_rules_open() {
    let scratch = images();
    let image = attar_testing::layout::single(&scratch.join("image"), "1").expect("an image");
    std::fs::remove_file(image.blob(&image.layers()[1])).expect("a blob");
    let run = |arguments: &[&str]| attar(&scratch).args(["inspect", "oci:image"]).args(arguments).run();
    let shown = run(&[]).success();
    assert!(shown.contains("  step 2\n      not read: the layer is not there\n"), "{shown}");
    scratch.write("attar-policy.yaml", "inspect: {size: {layers: 3}, waste: {bytes: 1 GB}}\n");
    let judged = run(&["--ci"]);
    assert_eq!(judged.code, Some(3), "{}", judged.stderr);
    let rules = judged.stdout.split_once("\nRules\n").expect("rules").1;
    let expected = "  kept    layers at most 3 (attar-policy.yaml:1:18)\n  open    waste at most 1,000,000,000 \
                    bytes: not judged, the entries of a layer\n          are not known \
                    (attar-policy.yaml:1:38)\n";
    assert_eq!(rules, expected);
    scratch.write("attar-policy.yaml", "inspect: {size: {layers: 2}, waste: {bytes: 1 GB}}\n");
    assert_eq!(run(&["--ci"]).code, Some(2));
}

#[test]
fn contents_and_digests_are_compared_on_demand() {
    let scratch = images();
    let run = |arguments: &[&str]| attar(&scratch).args(["inspect", "oci:image"]).args(arguments).run();
    assert!(run(&[]).success().contains("verified no, 3 of 3 layers"));
    let shown = run(&["--verify"]).success();
    assert!(!shown.contains("verified no"), "{shown}");
    let said = attar(&scratch).args(["inspect", "attar.yaml"]).run().fails(64);
    assert!(said.contains("`attar.yaml` is a spec"), "{said}");
    // A layer that is not what its digest says is found when it is looked at.
    let image = attar_testing::layout::single(&scratch.join("image"), "1").expect("an image");
    let blob = image.blob(&image.layers()[2]);
    let mut bytes = std::fs::read(&blob).expect("a layer");
    let last = bytes.len() - 1;
    bytes[last] = 1;
    std::fs::write(&blob, bytes).expect("a damaged layer");
    let said = run(&["--verify"]).fails(1);
    assert!(said.contains(&image.layers()[2]), "{said}");
}
