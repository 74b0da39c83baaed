//! From the scripts of packages to additions and changes of a tree.

use std::collections::{BTreeMap, BTreeSet};

use attar_image::{Content, Entry, FileTree, Kind, LinkGroup, Metadata, TreePath};

use super::accounts::Table;
use super::*;
use crate::spec::schema::{Accounts, Foundation};

const SYSUSERS: &[u8] = b"u cache - \"Cache\" /var/cache/web\n";
const TMPFILES: &[u8] = b"d /run/web 2775 web web\nL /var/lib/web/current - - - - releases/1\n";

fn file(mode: u32, content: &[u8]) -> Entry {
    Entry::file(Content::of(content), Metadata::root(mode, 7))
}

fn tree() -> FileTree {
    let hard = |mode| Entry {
        kind: Kind::File { content: Content::of(b"h"), links: Some(LinkGroup(1)) },
        metadata: Metadata::root(mode, 7),
    };
    let directory = || Entry::directory(Metadata::root(0o755, 7));
    let entries = [
        ("lib", Entry::symlink(*b"usr/lib", 7)),
        ("etc", directory()),
        ("etc/web", directory()),
        ("etc/web/web.conf", file(0o644, b"c")),
        ("etc/web/secret", file(0o644, b"s")),
        ("usr/bin/ping", file(0o755, b"p")),
        ("usr/bin/vim.basic", file(0o755, b"v")),
        ("usr/bin/vim.tiny", file(0o755, b"t")),
        ("usr/bin/hard1", hard(0o755)),
        ("usr/bin/hard2", hard(0o755)),
        ("usr/bin/taken", file(0o755, b"x")),
        ("usr/lib/sysusers.d/web.conf", file(0o644, SYSUSERS)),
        ("usr/lib/tmpfiles.d/web.conf", file(0o644, TMPFILES)),
        ("usr/share/web/default.conf", file(0o640, b"default")),
    ];
    entries.into_iter().map(|(path, entry)| (known(path), entry)).collect()
}

fn read(path: &TreePath) -> Option<Vec<u8>> {
    match path.file_name() {
        b"web.conf" if path.starts_with(&known("usr/lib/sysusers.d")) => Some(SYSUSERS.to_vec()),
        b"web.conf" if path.starts_with(&known("usr/lib/tmpfiles.d")) => Some(TMPFILES.to_vec()),
        b"web.conf" => Some(b"c\n".to_vec()),
        _ => None,
    }
}

fn render(scripts: &[(&str, &str)]) -> String {
    let mut tree = tree();
    if scripts[0].0 != "web" {
        tree.retain(|path, _| {
            !path.starts_with(&known("usr/lib/sysusers.d")) && !path.starts_with(&known("usr/lib/tmpfiles.d"))
        });
    }
    let names = scripts.iter().map(|(package, _)| (*package).to_owned()).collect();
    let packages: Vec<PackageScripts> = scripts
        .iter()
        .map(|(package, text)| PackageScripts {
            package: (*package).to_owned(),
            scripts: BTreeMap::from([("postinst".to_owned(), text.as_bytes().to_vec())]),
            templates: None,
            paths: BTreeSet::new(),
        })
        .collect();
    let surroundings = Surroundings { tree: &tree, read: &read, packages: &names, architecture: "amd64" };
    let understood = understand(&packages, &surroundings);
    let accounts = Accounts::default();
    let table =
        Table::new(&understood.requests(), Foundation::Static, &accounts, &BTreeMap::new()).expect("a table");
    let outcome = understood.outcome(&tree, &read, &table);
    let mut text: String = table.users()[3..]
        .iter()
        .map(|user| format!("user {}:{}:{}\n", user.name, user.uid, user.gid))
        .collect();
    for Addition { path, entry, bytes, because } in outcome.additions {
        let listed: FileTree = [(path, entry)].into_iter().collect();
        let bytes = bytes.map(|bytes| format!(" {:?}", String::from_utf8_lossy(&bytes))).unwrap_or_default();
        text.push_str(&format!("+ {}{bytes} ({because})\n", listed.to_string().trim_end()));
    }
    for MetadataChange { path, uid, gid, mode, capabilities, because } in outcome.changes {
        let mode = mode.map(|mode| format!("{mode:04o}"));
        text.push_str(&format!("~ {path} {uid:?} {gid:?} {mode:?} {} ({because})\n", capabilities.is_some()));
    }
    outcome.warnings.iter().for_each(|warning| text.push_str(&format!("! {warning}\n")));
    outcome.notes.iter().for_each(|note| text.push_str(&format!("# {note}\n")));
    text
}

#[test]
fn what_a_service_sets_up() {
    let web = "\
adduser --system --group --home /var/lib/web web
chown web:adm /etc/web/secret && chmod 0640 /etc/web/secret
chmod 2755 /usr/bin/hard1
[ -d /run/web ] && mkdir -p /var/run/web/sub /var/log/web
chown -R web: /var/log/web
cp /usr/share/web/default.conf /etc/web/active.conf
echo extra >> /etc/web/web.conf
ln -s ../web/web.conf /etc/web/link
chown nobody-knows /etc/web/web.conf
";
    insta::assert_snapshot!(render(&[("web", web)]), @r#"
    user web:998:998
    user cache:999:999
    + -0640 0:0 7 946684800 /etc/web/active.conf (web: postinst line 6)
    + l0777 0:0 - 946684800 /etc/web/link -> ../web/web.conf (web: postinst line 8)
    + -0644 0:0 8 946684800 /etc/web/web.conf "c\nextra\n" (web: postinst line 7)
    + d0755 0:0 - 946684800 /run (/usr/lib/tmpfiles.d/web.conf)
    + d2775 998:998 - 946684800 /run/web (/usr/lib/tmpfiles.d/web.conf)
    + d0755 0:0 - 946684800 /run/web/sub (web: postinst line 4)
    + d0755 0:0 - 946684800 /var (/usr/lib/tmpfiles.d/web.conf)
    + d0755 0:0 - 946684800 /var/lib (/usr/lib/tmpfiles.d/web.conf)
    + d0755 0:0 - 946684800 /var/lib/web (/usr/lib/tmpfiles.d/web.conf)
    + l0777 0:0 - 946684800 /var/lib/web/current -> releases/1 (/usr/lib/tmpfiles.d/web.conf)
    + d0755 0:0 - 946684800 /var/log (web: postinst line 4)
    + d0755 998:998 - 946684800 /var/log/web (web: postinst line 5)
    + l0777 0:0 - 946684800 /var/run -> /run (web: postinst line 4)
    ~ /etc/web/secret Some(998) Some(4) Some("0640") false (web: postinst line 2)
    ~ /usr/bin/hard1 None None Some("2755") false (web: postinst line 3)
    ~ /usr/bin/hard2 None None Some("2755") false (web: postinst line 3)
    ! web: postinst line 9: user `nobody-knows` is not known: /etc/web/web.conf keeps its owner
    "#);
}

#[test]
fn alternatives_are_chosen_over_all_packages() {
    let tiny = "update-alternatives --install /usr/bin/vi vi /usr/bin/vim.tiny 15 --slave /usr/bin/vi-man vi-man /gone\n";
    let basic = "\
update-alternatives --install /usr/bin/vi vi /usr/bin/vim.basic 30 --slave /usr/bin/view2 view2 /usr/bin/ping
update-alternatives --install /usr/bin/taken taken /usr/bin/vim.basic 30
update-alternatives --install /usr/bin/gone gone /usr/bin/not-there 30
update-alternatives --install /usr/bin/pick pick /usr/bin/vim.basic 30
update-alternatives --install /usr/bin/pick pick /usr/bin/vim.tiny 10
update-alternatives --set pick /usr/bin/vim.tiny
";
    insta::assert_snapshot!(render(&[("vim-tiny", tiny), ("vim", basic)]), @r"
    + d0755 0:0 - 946684800 /etc/alternatives (vim: postinst line 5)
    + l0777 0:0 - 946684800 /etc/alternatives/pick -> /usr/bin/vim.tiny (vim: postinst line 5)
    + l0777 0:0 - 946684800 /etc/alternatives/vi -> /usr/bin/vim.basic (vim: postinst line 1)
    + l0777 0:0 - 946684800 /etc/alternatives/view2 -> /usr/bin/ping (vim: postinst line 1)
    + l0777 0:0 - 946684800 /usr/bin/pick -> /etc/alternatives/pick (vim: postinst line 5)
    + l0777 0:0 - 946684800 /usr/bin/vi -> /etc/alternatives/vi (vim: postinst line 1)
    + l0777 0:0 - 946684800 /usr/bin/view2 -> /etc/alternatives/view2 (vim: postinst line 1)
    ! vim: postinst line 2: /usr/bin/taken stands already, so it does not become a link to `taken`
    # vim: postinst line 3: /usr/bin/not-there is not in the image, so it is no candidate for `gone`
    ");
}

#[test]
fn capabilities_and_what_is_left_out() {
    let ping = "\
setcap cap_net_raw+ep /usr/bin/ping
frobnicate
fc-cache -f
gtk-query-immodules-3.0
";
    insta::assert_snapshot!(render(&[("ping", ping)]), @r"
    ~ /usr/bin/ping None None None true (ping: postinst line 1)
    ! ping: postinst line 4: `gtk-query-immodules-3.0` would make the list of GTK input methods (`immodules.cache`)
    ! ping: postinst line 2: `frobnicate` is left out: the command is not known
    # ping: postinst line 3: `fc-cache -f` would make the cache of fonts (programs read the fonts themselves)
    ");
}

#[test]
fn files_that_attar_writes_itself_stay() {
    let mut tree = tree();
    tree.insert(known("etc/nsswitch.conf"), file(0o644, b"attar's"));
    let planned = |existing_path: &str| Planned {
        effect: Effect::File {
            path: known(existing_path),
            content: effect::FileContent::Bytes(b"a script's".to_vec()),
            mode: None,
            owner: effect::Ownership::default(),
            existing: effect::Existing::Replace,
        },
        because: "libc-bin: postinst line 13".to_owned(),
    };
    let both = [planned("etc/nsswitch.conf"), planned("etc/group")];
    let outcome = apply::apply(&both, &tree, &read, &Table::default());
    // What stands is kept; what attar did not write may come from a script.
    let paths: Vec<String> = outcome.additions.iter().map(|addition| addition.path.to_string()).collect();
    assert_eq!(paths, ["/etc/group"]);
}
