//! The proof that an image can be rebuilt: from its spec, and from itself alone.

mod archive;
mod deceit;
mod published;
mod spec;

use std::path::Path;

use attar_testing::Finished;
use serde_json::Value;

use crate::support::{EXAMPLES, Examples, attar};

/// Reads the answer as JSON; the exit code has to fit its verdict.
#[track_caller]
pub(crate) fn answer(finished: Finished) -> Value {
    let shown = finished.to_string();
    let answer: Value =
        serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {shown}"));
    assert_eq!(answer["schema"], "attar.rebuild/1", "{shown}");
    let code = match answer["verdict"].as_str() {
        Some("identical") => 0,
        Some("differs") => 2,
        Some("cannot-judge") => 3,
        _ => panic!("{shown}"),
    };
    assert_eq!(finished.code, Some(code), "{shown}");
    answer
}

/// Returns the first difference of an answer: platform, layer, path and field.
#[track_caller]
pub(crate) fn difference(answer: &Value) -> String {
    let comparisons = answer["images"].as_array().into_iter().flatten();
    let mut comparisons = comparisons.flat_map(|image| image["comparisons"].as_array().into_iter().flatten());
    let difference = comparisons.find_map(|comparison| comparison.get("difference"));
    let difference = difference.unwrap_or_else(|| panic!("no difference: {answer:#}"));
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), String::from);
    let words = ["/platform", "/layer/number", "/path", "/field"];
    words.iter().filter_map(|pointer| difference.pointer(pointer)).map(text).collect::<Vec<_>>().join(" ")
}

/// Lists the folders of the examples that hold a spec.
fn specs(examples: &Examples) -> Vec<String> {
    let folders = std::fs::read_dir(examples.join("examples")).expect("the examples").flatten();
    let with_spec = folders.filter(|folder| folder.path().join("attar.yaml").is_file());
    let mut names: Vec<String> =
        with_spec.map(|folder| folder.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn every_example_is_rebuilt_from_its_spec_and_from_itself() {
    let examples = Examples::copy();
    let layout = examples.join("layout");
    for name in specs(&examples) {
        let image = format!("oci:{}:{name}", layout.display());
        let spec = examples.spec(&name);
        attar().args(["build", "--all-variants"]).arg(&spec).arg("-o").arg(&image).run().success();
        let said =
            attar().args(["rebuild", "--all-variants", "-o", "json", "--against", &image]).arg(&spec).run();
        let said = answer(said);
        assert_eq!(said["verdict"], "identical", "{name}: {said:#}");
        let images = said["images"].as_array().expect("images");
        let is_complete = |image: &Value| image["comparisons"].as_array().map(Vec::len) == Some(2);
        assert!(images.iter().all(is_complete), "{said:#}");
    }
    // From here on there is nothing but the layout.
    std::fs::remove_dir_all(examples.join("examples")).expect("the specs are there");
    let names = attar_testing::layout::names(&layout).expect("a layout");
    // Variants differ from each other as little as those of one example.
    let is_chosen =
        |name: &String| !name.contains('-') || name.ends_with("nossl") || name.starts_with("static-");
    let chosen: Vec<String> = names.into_iter().filter(is_chosen).collect();
    assert!(chosen.len() > EXAMPLES.len() + 2, "{chosen:?}");
    for name in chosen {
        let said = answer(rebuild(&layout, &name, &[]));
        assert_eq!(said["verdict"], "identical", "{name}: {said:#}");
        assert_eq!(said["packages"]["unvouched"], Value::Array(vec![]), "{name}: {said:#}");
        assert_ne!(said["packages"]["signers"], Value::Array(vec![]), "{name}: {said:#}");
    }
}

/// Rebuilds an image of a layout.
fn rebuild(layout: &Path, name: &str, options: &[&str]) -> Finished {
    let image = format!("oci:{}:{name}", layout.display());
    attar().args(["rebuild", "-o", "json", &image]).args(options).run()
}
