//! Packages whose scripts are not followed, because a rule of attar's own takes their place.

use attar_packages::debian::maintenance;

/// Packages, their scripts, and what takes their place. A `#` stands for a number.
const REVIEWED: &[(&str, &[&str], &str)] = &[
    ("base-passwd", &["preinst", "postinst"], "its users and groups are written with all others"),
    ("ca-certificates", &["postinst"], "certificates are put into the bundle for the whole image"),
    ("ca-certificates-java", &["postinst"], "the Java keystore is made by rule"),
    ("libc6", &["preinst", "postinst"], "they check the running system before an upgrade"),
    ("man-db", &["postinst"], "manuals serve interactive systems"),
    ("postgresql-#", &["postinst"], "a database is made when the container first starts"),
    ("postgresql-client-#", &["postinst"], "it registers manuals of this version among those of others"),
    ("tzdata", &["postinst"], "local time is UTC unless `/etc/localtime` says otherwise"),
    ("ucf", &["preinst", "postinst"], "it keeps a state of its own for upgrades"),
];

/// Returns what takes the place of a script; `None` when it is to be followed.
pub fn instead_of(package: &str, script: &str) -> Option<&'static str> {
    let rule = REVIEWED
        .iter()
        .find(|(owner, scripts, _)| maintenance::is_named(owner, package) && scripts.contains(&script));
    rule.map(|(_, _, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::instead_of;

    #[test]
    fn packages_by_name_and_by_number() {
        for (package, script, expected) in [
            ("tzdata", "postinst", true),
            ("tzdata", "preinst", false),
            ("tzdata-legacy", "postinst", false),
            ("postgresql-17", "postinst", true),
            ("postgresql-common", "postinst", false),
        ] {
            assert_eq!(instead_of(package, script).is_some(), expected, "{package} {script}");
        }
    }
}
