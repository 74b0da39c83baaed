use super::*;
use crate::debian::relation::parse_relations;

#[test]
fn relations_for_scripts_are_told_from_those_of_programs() {
    let cases = [
        ("ca-certificates", "openssl (>= 1.1.1)", true),
        ("ca-certificates", "debconf (>= 0.5) | debconf-2.0", true),
        ("curl", "openssl", false),
        ("tzdata", "debconf (>= 0.5) | debconf-2.0", true),
        ("debconf-utils", "debconf (= 1.5.91)", false),
        ("base-files", "awk", true),
        ("mdadm", "awk", false),
        ("openjdk-21-jre-headless", "util-linux (>= 2.26.2-4)", true),
        ("openjdk-21-jre-headless", "ca-certificates-java (>= 20190405~)", true),
        ("openjdk-21-jre-headless", "libnss3 (>= 2:3.17.1)", false),
        ("openjdk-21-jre-headless", "zlib1g (>= 1:1.1.4)", false),
        ("openjdk-x-jre-headless", "util-linux", false),
        ("openjdk--jre-headless", "util-linux", false),
        ("postgresql-17", "locales | locales-all", true),
        ("postgresql-17", "postgresql-client-17", true),
        ("postgresql-17", "postgresql-common (>= 252~)", true),
        ("postgresql-17", "libllvm19 (>= 1:19.1.0)", false),
        ("postgresql-common", "perl:any", false),
        ("postgresql-common", "sysvinit-utils (>= 3.05-4~) | lsb-base", false),
        ("redis-server", "lsb-base (>= 3.2-14)", true),
        ("anything", "systemd | systemd-standalone-sysusers | systemd-sysusers", true),
        ("anything", "systemd", false),
        ("anything", "adduser", true),
        ("tor", "adduser", false),
        ("python3-numpy", "dpkg (>= 1.16)", true),
        ("apt", "dpkg (>= 1.20.8)", false),
    ];
    for (owner, field, expected) in cases {
        let clauses = parse_relations(field).expect("the relation is well formed");
        let reason = clause_serves_scripts_only(owner, &clauses[0]);
        assert_eq!(reason.is_some(), expected, "{owner} -> {field}: {reason:?}");
    }
}

#[test]
fn patterns_stand_for_numbers() {
    let cases = [
        ("bash", "bash", true),
        ("bash", "bash-static", false),
        ("a-#", "a-17", true),
        ("a-#", "a-", false),
        ("a-#", "a-x", false),
        ("a-#", "a-1x", false),
        ("a-#.q16-#", "a-7.q16-10", true),
        ("a-#.q16-#", "a-7.q16-", false),
        ("a-#.q16-#", "a-7", false),
        ("#", "", false),
        ("", "", true),
    ];
    for (pattern, name, expected) in cases {
        assert_eq!(is_named(pattern, name), expected, "{pattern} and {name}");
    }
}

#[test]
fn the_table_is_well_formed() {
    for rule in RULES {
        let owners = match rule.owners {
            Owners::Only(owners) => owners,
            Owners::AllBut(exceptions) => exceptions,
        };
        assert!(!matches!(rule.owners, Owners::Only([])), "{rule:?} covers nothing");
        assert!(!rule.targets.is_empty(), "{rule:?} leaves nothing out");
        assert!(owners.is_sorted(), "the owners of {:?} are in order", rule.targets);
        assert!(rule.reason.len() > 30 && !rule.reason.ends_with('.'), "{:?} has a reason", rule.targets);
        assert!(!rule.reason.contains('\n'), "the reason is one sentence");
    }
}
