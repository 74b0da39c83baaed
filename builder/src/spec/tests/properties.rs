//! What holds of every spec.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use super::{Effective, image, parse, show};

/// Any text that YAML can hold.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        "[a-z$\\{\\}:#'\"\\\\ \n\t-]{0,12}",
        "\\PC{0,8}",
        Just("~".to_owned()),
        Just("1.10".to_owned()),
        Just("no".to_owned()),
    ]
}

fn map() -> impl Strategy<Value = BTreeMap<String, String>> {
    proptest::collection::btree_map("[A-Za-z_.-]{1,6}", text(), 0..5)
}

fn names() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::btree_set("[a-e][a-z]", 0..6).prop_map(|names| names.into_iter().collect())
}

/// Writes a spec; JSON is YAML. Dollars are doubled, so that texts stand for themselves.
fn spec(environment: &BTreeMap<String, String>, packages: &[String]) -> String {
    let environment: BTreeMap<_, _> =
        environment.iter().map(|(key, value)| (key, value.replace('$', "$$"))).collect();
    serde_json::json!({ "environment": environment, "contents": { "packages": packages } }).to_string()
}

fn merged(base: &str, overlay: &str) -> Effective {
    let mut overlay: serde_json::Value = serde_json::from_str(overlay).expect("a spec is JSON");
    overlay["include"] = "base.yaml".into();
    image(&[("base.yaml", base), ("attar.yaml", &overlay.to_string())], None)
}

fn package_names(effective: &Effective) -> Vec<&str> {
    effective.spec.contents.packages.iter().map(|package| package.name.as_str()).collect()
}

proptest! {
    #[test]
    fn texts_stand_for_themselves_and_are_shown_so(environment in map(), packages in names()) {
        let effective = image(&[("attar.yaml", &spec(&environment, &packages))], None);
        prop_assert_eq!(&effective.spec.environment, &environment);
        let again = image(&[("attar.yaml", &show(&effective))], None);
        prop_assert_eq!(again.spec, effective.spec);
    }

    #[test]
    fn an_empty_layer_changes_nothing_and_a_layer_twice_is_a_layer_once(
        (below, above) in (map(), map()),
        (lower, upper) in (names(), names()),
    ) {
        let (base, overlay) = (spec(&below, &lower), spec(&above, &upper));
        let alone = image(&[("attar.yaml", &base)], None);
        prop_assert_eq!(merged(&base, "{}").spec, alone.spec.clone());
        prop_assert_eq!(merged(&base, &base).spec, alone.spec);

        let both = merged(&base, &overlay);
        let mut expected = below;
        expected.extend(above);
        prop_assert_eq!(&both.spec.environment, &expected);
        let added = upper.iter().filter(|name| !lower.contains(name));
        let packages: Vec<_> = lower.iter().chain(added).map(String::as_str).collect();
        prop_assert_eq!(package_names(&both), packages);
    }

    #[test]
    fn what_is_taken_out_is_gone(packages in names(), index in any::<prop::sample::Index>()) {
        prop_assume!(!packages.is_empty());
        let name = index.get(&packages);
        let overlay = serde_json::json!({ "contents": { "packages": [format!("!{name}")] } }).to_string();
        let left: Vec<_> = packages.iter().filter(|other| *other != name).map(String::as_str).collect();
        let merged = merged(&spec(&BTreeMap::new(), &packages), &overlay);
        prop_assert_eq!(package_names(&merged), left);
    }

    #[test]
    fn nothing_makes_the_reader_panic(text in "[a-z{}\\[\\]:,&*!|>'\"#%@`~ \n\t$-]{0,80}") {
        if let Err(diagnostics) = parse("attar.yaml", &text, Path::new("")) {
            prop_assert!(diagnostics.len() > 0);
            prop_assert!(diagnostics.to_string().starts_with("error: "));
        }
    }
}
