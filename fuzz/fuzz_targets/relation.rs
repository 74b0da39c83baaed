//! A field of relations: what can be read is written and read back unchanged.
#![no_main]

use attar_packages::debian::maintenance::clause_serves_scripts_only;
use attar_packages::debian::relation::parse_relations;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|field: &str| {
    let Ok(clauses) = parse_relations(field) else { return };
    let written: Vec<String> = clauses.iter().map(ToString::to_string).collect();
    assert_eq!(parse_relations(&written.join(", ")).as_ref(), Ok(&clauses));
    for clause in &clauses {
        for relation in &clause.alternatives {
            relation.allows("1:2-3");
            relation.counts_on("amd64");
        }
        clause_serves_scripts_only("ca-certificates", clause);
    }
});
