//! Scripts as they are written, and what is made of them.

use std::collections::{BTreeMap, BTreeSet};

use attar_image::{Content, Entry, FileTree, Metadata, TreePath};
use proptest::prelude::*;

use super::*;
use crate::effects::known;

/// Follows a `postinst` in an image with a few files, and lists what it would do, a line each.
fn follow(text: &str) -> String {
    let script = script(text);
    let mut lines = Vec::new();
    for Recognised { line, text, meaning } in &script.commands {
        match meaning {
            Meaning::Effect(_) => lines.push((*line, format!("{line} does {text}"))),
            Meaning::Missing { what, .. } => lines.push((*line, format!("{line} misses {what}"))),
            Meaning::Nothing(_) => {}
        }
    }
    for Unknown { line, text, why } in &script.unknown {
        lines.push((*line, format!("{line} unknown {text}: {why}")));
    }
    lines.sort_by_key(|(line, _)| *line);
    lines.into_iter().map(|(_, line)| line + "\n").collect()
}

/// Follows a `postinst`, and lists the links it makes and the files whose owner it changes.
fn made(text: &str) -> Vec<String> {
    let script = script(text);
    assert_eq!(script.unknown, []);
    let told = script.commands.into_iter().filter_map(|command| match command.meaning {
        Meaning::Effect(effect) => match *effect {
            Effect::Symlink { path, target, .. } => Some(format!("{path} -> {target}")),
            Effect::Attributes { path, owner, .. } => {
                Some(format!("{path} {}:{}", owner.user.unwrap_or_default(), owner.group.unwrap_or_default()))
            }
            _ => None,
        },
        _ => None,
    });
    told.collect()
}

/// Follows a `postinst` in an image with a few files.
fn script(text: &str) -> Script {
    let file = |mode| Entry::file(Content::of(b"x"), Metadata::root(mode, 0));
    let tree: FileTree = [
        ("usr/bin/tool", file(0o755)),
        ("usr/share/tool/example.conf", file(0o644)),
        ("usr/share/schemas/tool.gschema.xml", file(0o644)),
        ("usr/share/tool/functions", file(0o644)),
        ("usr/share/tool/setup", file(0o755)),
        ("etc/tool/a.conf", file(0o644)),
        ("etc/tool/b.conf", file(0o644)),
        ("etc/php/8.4/cli/conf.d", Entry::directory(Metadata::root(0o755, 0))),
        ("etc/php/8.4/fpm/conf.d", Entry::directory(Metadata::root(0o755, 0))),
        ("etc/php/8.4/mods-available/pdo.ini", file(0o644)),
        ("usr/share/php/opcache.ini", file(0o644)),
        ("var/lib/empty", Entry::directory(Metadata::root(0o755, 0))),
    ]
    .into_iter()
    .map(|(path, entry)| (known(path), entry))
    .collect();
    let read = |path: &TreePath| match path.as_bytes() {
        b"usr/share/tool/functions" => {
            Some(b"setup_dir() {\n install -d -o tool -m 0750 \"$1\"\n}\n".to_vec())
        }
        b"usr/share/php/opcache.ini" => Some(b"; priority=10\nzend_extension=opcache.so\n".to_vec()),
        b"etc/php/8.4/mods-available/pdo.ini" => Some(b"extension=pdo.so\n".to_vec()),
        b"usr/share/tool/setup" => Some(b"#!/bin/sh\nmkdir -p /srv/$1\nexit 0\n".to_vec()),
        _ => None,
    };
    let packages = BTreeSet::from(["tool".to_owned()]);
    let surroundings = Surroundings { tree: &tree, read: &read, packages: &packages, architecture: "amd64" };
    let package = PackageScripts {
        package: "tool".to_owned(),
        scripts: BTreeMap::from([("postinst".to_owned(), text.as_bytes().to_vec())]),
        templates: Some(
            "Template: tool/serve\nType: boolean\nDefault: true\n\nTemplate: tool/zone\nType: select\n"
                .into(),
        ),
        paths: BTreeSet::new(),
    };
    recognise(&package, "postinst", &surroundings)
}

/// What a script does when its package is installed first: name of the case, script, what is followed.
const FIRST_INSTALLATION: &[(&str, &str, &str)] = &[
    (
        "configure",
        "set -e\nif [ \"$1\" = configure ]; then mkdir /a; fi\n[ \"$1\" != remove ] || mkdir /b\n",
        "2 does mkdir /a\n",
    ),
    (
        "case",
        "case \"$1\" in\n configure) mkdir /a ;;\n abort-*|x) mkdir /b;;\n *) echo no >&2; exit 1;;\nesac\n",
        "2 does mkdir /a\n",
    ),
    (
        "upgrades",
        "[ -z \"$2\" ] && mkdir /a\nif dpkg --compare-versions \"$2\" lt-nl 2.0; then mkdir /b; fi\nif [ -n \"$2\" ]; then mkdir /c; fi\n",
        "1 does mkdir /a\n",
    ),
    ("schemas that are not there", "glib-compile-schemas /etc/tool\n", ""),
    (
        "an end with an error",
        "mkdir /a\nif [ ! -e /usr/bin/other ]; then\n exit 1\nfi\nmkdir /b\n",
        "1 does mkdir /a\n3 unknown the rest of the script: it would end with an error here\n",
    ),
    ("versions", "if dpkg --compare-versions 1:1.0 gt 2.0; then mkdir /a; fi\n", "1 does mkdir /a\n"),
    (
        "functions",
        "make () {\n  local where=$1; shift\n  mkdir -p \"$where/$1\"\n}\nmake /srv x\n",
        "3 does mkdir -p /srv/x\n",
    ),
    ("loops", "for d in /a \"/b c\"; do\n mkdir \"$d\"\ndone\n", "2 does mkdir /a\n2 does mkdir /b c\n"),
    (
        "files",
        "for f in /etc/tool/*.conf; do chmod 640 $f; done\n",
        "1 does chmod 640 /etc/tool/a.conf\n1 does chmod 640 /etc/tool/b.conf\n",
    ),
    ("heredoc", "cat > /etc/motd <<EOF\nhello $1\nEOF\n", "1 does > /etc/motd\n"),
    (
        "quoted heredoc",
        "while read dir mode; do\n mkdir -m $mode $dir\ndone <<'E'\n/a 755\n/b 700\nE\n",
        "2 does mkdir -m 755 /a\n2 does mkdir -m 700 /b\n",
    ),
    (
        "substitution",
        "name=$(basename /x/tool.conf .conf)\nmkdir /srv/`echo $name | tr o 0`\n",
        "2 does mkdir /srv/t00l\n",
    ),
    (
        "expansions",
        "x=/a/b/c.d; mkdir ${x%/*} ${x##*/}; mkdir ${y:-/e} ${1:+/f}\n",
        "1 does mkdir /a/b c.d\n1 does mkdir /a/b c.d\n1 does mkdir /e /f\n1 does mkdir /e /f\n",
    ),
    (
        "read in",
        ". /usr/share/tool/functions\nsetup_dir /var/lib/tool\n",
        "2 does install -d -o tool -m 0750 /var/lib/tool\n",
    ),
    ("script of the image", "/usr/share/tool/setup x\n", "1 does mkdir -p /srv/x\n"),
    ("absent file", ". /usr/share/gone\nmkdir /a || true\n", "2 does mkdir /a\n"),
    (
        "files that are there",
        "[ -x /usr/bin/tool ] && mkdir /a; [ -e /usr/bin/gone ] && mkdir /b; test -d /var/lib/empty || mkdir /c\n",
        "1 does mkdir /a\n",
    ),
    (
        "answers",
        ". /usr/share/debconf/confmodule\ndb_get tool/serve\nif [ \"$RET\" = true ]; then mkdir /a; fi\n",
        "3 does mkdir /a\n",
    ),
    (
        "no answer",
        "db_get tool/zone\nln -s /x/$RET /etc/zone\n",
        "2 unknown ln -s /x/$RET /etc/zone: a word of it is not known\n",
    ),
    (
        "bad ends are not taken",
        "x=$(uname -r)\nif [ \"$x\" = 2 ]; then echo old; exit 1; fi\nmkdir /a\n",
        "3 does mkdir /a\n",
    ),
    (
        "undecided",
        "if grep -q x /etc/tool/a.conf; then\n mkdir /a\nfi\nmkdir /b\n",
        "2 unknown mkdir /a: it depends on a condition that cannot be decided here\n4 does mkdir /b\n",
    ),
    (
        "undecided end",
        "grep -q x /etc/tool/a.conf && exit 0\nmkdir /a\n",
        "2 unknown mkdir /a: it depends on a condition that cannot be decided here\n",
    ),
    (
        "what it made",
        "mkdir -p /srv/x\nif [ -d /srv/x ]; then touch /srv/x/y; fi\nrm -f /srv/x/y /srv/z\n",
        "1 does mkdir -p /srv/x\n2 does touch /srv/x/y\n3 does rm -f /srv/x/y /srv/z\n",
    ),
    (
        "find",
        "find /etc/tool -name 'a*' -exec chmod 600 {} \\;\nfind /etc/tool -type d -empty -delete\n",
        "1 does chmod 600 /etc/tool/a.conf\n",
    ),
    (
        "listings",
        "if ls /etc/tool/a.conf >/dev/null; then f=cat; else f=grep; fi\necho x | $f\nls /gone* || mkdir /a\n",
        "3 does mkdir /a\n",
    ),
    ("directories", "cd /etc/tool && ln -s a.conf c.conf\n", "1 does ln -s a.conf c.conf\n"),
    (
        "temporary files",
        "t=$(mktemp)\necho hi > $t\nucf $t /etc/tool.conf\nrm -f $t\n",
        "3 does ucf /tmp/attar-temporary /etc/tool.conf\n",
    ),
    (
        "unknown program",
        "frobnicate --now /etc\n",
        "1 unknown frobnicate --now /etc: the command is not known\n",
    ),
    (
        "changed in place",
        "sed -i s/a/b/ /etc/tool/a.conf\nsed -i s/a/b/ /etc/gone\n",
        "1 unknown sed -i s/a/b/ /etc/tool/a.conf: the command is not known\n",
    ),
    (
        "not made",
        "glib-compile-schemas /usr/share/schemas\n",
        "1 misses the compiled GSettings schemas (`gschemas.compiled`)\n",
    ),
    (
        "diversion",
        "dpkg-divert --add --rename --divert /usr/bin/x.real /usr/bin/x\n",
        "1 unknown dpkg-divert --add --rename --divert /usr/bin/x.real /usr/bin/x: it diverts a file, and no rule says what that means\n",
    ),
    ("removal", "rm -rf /etc/tool\n", "1 unknown rm -rf /etc/tool: it removes what a package brought\n"),
    ("paths that climb", "ln -s x /usr/../../etc/y\n", "1 does ln -s x /usr/../../etc/y\n"),
    (
        "another language",
        "#!/usr/bin/perl\nprint 1;\n",
        "1 unknown a script for /usr/bin/perl: it is not written for a shell\n",
    ),
    ("broken", "if true; then\nmkdir /a\n", "3 unknown the whole script: `if` has no `fi`\n"),
    (
        "endless",
        "while true; do echo x; done\nf() { f; }; f\n",
        "2 unknown the rest of the script: it takes too many steps\n",
    ),
];

#[test]
fn the_way_of_a_first_installation_is_followed() {
    for (name, text, expected) in FIRST_INSTALLATION {
        assert_eq!(follow(text), *expected, "{name}");
    }
}

#[test]
fn blocks_of_debhelper() {
    let text = r#"#!/bin/sh
set -e
# Automatically added by dh_installinit/13.24.2
if [ "$1" = "configure" ] || [ "$1" = "abort-upgrade" ] ; then
	if [ -z "$DPKG_ROOT" ] && [ -x "/etc/init.d/tool" ]; then
		update-rc.d tool defaults >/dev/null
		invoke-rc.d --skip-systemd-native tool start || exit 1
	fi
fi
# End automatically added section
# Automatically added by dh_installsystemd/13.24.2
if [ "$1" = "configure" ]; then
	deb-systemd-helper unmask 'tool.service' >/dev/null || true
	if deb-systemd-helper --quiet was-enabled 'tool.service'; then
		deb-systemd-helper enable 'tool.service' >/dev/null || true
	else
		deb-systemd-helper update-state 'tool.service' >/dev/null || true
	fi
	if [ -d /run/systemd/system ]; then
		systemctl --system daemon-reload >/dev/null || true
	fi
fi
# End automatically added section
# Automatically added by dh_installtmpfiles/13.24.2
if [ "$1" = "configure" ]; then
	if [ -x "$(command -v systemd-tmpfiles)" ]; then
		systemd-tmpfiles ${DPKG_ROOT:+--root="$DPKG_ROOT"} --create tool.conf || true
	fi
fi
# End automatically added section
# Automatically added by dh_python3
if command -v py3compile >/dev/null 2>&1; then
	py3compile -p tool
fi
dpkg-maintscript-helper rm_conffile /etc/old 1.0~ -- "$@"
"#;
    assert_eq!(follow(text), "");
}

#[test]
fn accounts_and_owners() {
    let text = r#"
if ! getent passwd tool >/dev/null; then
    adduser --system --group --home /var/lib/tool --no-create-home --gecos "Tool" --quiet tool
fi
getent group adm >/dev/null || addgroup --system never
addgroup --system --gid 480 readers
adduser --quiet tool readers
useradd -r -M -d /srv/other -s /bin/false -G adm,readers other
usermod -c "Another" -d /srv other
if ! dpkg-statoverride --list /etc/tool/a.conf >/dev/null 2>&1; then
    dpkg-statoverride --update --add root tool 0640 /etc/tool/a.conf
fi
chown tool:readers /var/lib/empty
setcap cap_net_raw+ep /usr/bin/tool
update-alternatives --quiet --install /usr/bin/editor editor /usr/bin/tool 50 \
    --slave /usr/share/man/man1/editor.1.gz editor.1.gz /usr/share/man/man1/tool.1.gz
"#;
    insta::assert_snapshot!(follow(text), @r"
    3 does adduser --system --group --home /var/lib/tool --no-create-home --gecos Tool --quiet tool
    6 does addgroup --system --gid 480 readers
    7 does adduser --quiet tool readers
    8 does useradd -r -M -d /srv/other -s /bin/false -G adm,readers other
    8 does useradd -r -M -d /srv/other -s /bin/false -G adm,readers other
    8 does useradd -r -M -d /srv/other -s /bin/false -G adm,readers other
    9 does usermod -c Another -d /srv other
    11 does dpkg-statoverride --update --add root tool 0640 /etc/tool/a.conf
    13 does chown tool:readers /var/lib/empty
    14 does setcap cap_net_raw+ep /usr/bin/tool
    15 does update-alternatives --quiet --install /usr/bin/editor editor /usr/bin/tool 50 --slave /usr/share/man/man1/editor.1.gz editor.1.gz /usr/share/man/man1/tool.1.gz
    ");
}

proptest! {
    #[test]
    fn no_script_panics(text in "[a-z$(){}\\[\\]<>|&;\"'`\\\\ \n=/*?!#:%-]{0,120}") {
        follow(&text);
    }

    #[test]
    fn no_mix_of_commands_panics(lines in prop::collection::vec(prop::sample::select(&[
        "if a; then", "fi", "else", "case $1 in", "x) b;;", "esac", "for i in a b; do", "done", "while read x; do",
        "f() {", "}", "f", "(", ")", "a | b", "x=$(cat <<E", "E", "mkdir $x", "exit 0", "[ -e /a ] ||", "find / -name x",
        "cut -d: -f0", "printf %s%", "set -- a b", "shift 9", "${x%%*}", "eval $x", "chmod u+x-w /etc",
    ][..]), 0..20)) {
        follow(&lines.join("\n"));
    }
}

#[test]
fn modules_of_php_are_linked_for_every_program() {
    let text = "#!/bin/sh\n\
                ucf /usr/share/php/opcache.ini /etc/php/8.4/mods-available/opcache.ini\n\
                phpenmod -q -v 8.4 -m -r opcache\n\
                phpenmod -v 8.4 -s cli pdo absent\n\
                for module in $(phpquery -v 8.4 -M); do phpenmod -m -v 8.4 -s cli -q $module; done\n\
                for program in $(phpquery -v 8.4 -S); do phpenmod -v 8.4 -s $program pdo; done\n";
    assert_eq!(
        made(text),
        [
            "/etc/php/8.4/cli/conf.d/10-opcache.ini -> /etc/php/8.4/mods-available/opcache.ini",
            "/etc/php/8.4/fpm/conf.d/10-opcache.ini -> /etc/php/8.4/mods-available/opcache.ini",
            "/etc/php/8.4/cli/conf.d/20-pdo.ini -> /etc/php/8.4/mods-available/pdo.ini",
        ]
    );
}

#[test]
fn owners_of_what_was_found_are_changed() {
    let text = "#!/bin/sh\n\
                mkdir /var/lib/tool\n\
                find /var/lib/tool ! -uid \"$(id -u tool)\" -print0 | xargs -0 -r chown tool\n\
                find /etc/tool -follow -not -group tool -print0 2>/dev/null | xargs -0 chgrp tool\n\
                find /var/lib/empty ! -uid 0 -print0 -or ! -gid 0 -print0 | xargs -0 -r sudo chown 0:0\n";
    assert_eq!(
        made(text),
        ["/var/lib/tool tool:", "/etc/tool/a.conf :tool", "/etc/tool/b.conf :tool", "/var/lib/empty 0:0",]
    );
    // What is in between may take some away; and a mode is not to be given to files of another owner.
    for text in [
        "#!/bin/sh\nfind /etc/tool -type f | grep a.conf | xargs chown tool\n",
        "#!/bin/sh\nfind /etc/tool -user tool | xargs chmod 600\n",
    ] {
        assert!(follow(text).contains("unknown xargs"), "{text}");
    }
}

#[test]
fn a_script_that_makes_a_database_is_known_by_its_name() {
    let database = "a database: it is made when the container first starts";
    let text = "#!/bin/sh\nTMPDIR='' bash /usr/bin/mariadb-install-db --rpm 2>&1 | logger\nconfigure_version 17 \"$2\"\n";
    assert_eq!(follow(text), format!("2 misses {database}\n3 misses {database}\n"));
    // What only an upgrade finds there is not moved, wherever to.
    assert_eq!(follow("#!/bin/sh\nmv -f /var/lib/old /var/lib/old-$(uptime)\n"), "");
    assert_eq!(follow("#!/bin/sh\ncat /dev/null > /etc/tool.cnf\n"), "2 does > /etc/tool.cnf\n");
}

#[test]
fn the_file_systems_of_the_kernel_are_mounted() {
    let text = "#!/bin/sh\nif ! mountpoint -q /proc; then\n exit 1\nfi\n\
                mountpoint -q /srv/data && exit 1\nmkdir /srv/tool\n";
    assert_eq!(follow(text), "6 does mkdir /srv/tool\n");
}
