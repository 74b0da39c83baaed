use proptest::prelude::*;

use super::*;
use crate::browse::{Index, View, ViewSettings};
use crate::testing::{bytes, stack};
use attar_packages::ownership::Claims;
use attar_testing::layers::Layer;
use std::sync::Arc;

fn example() -> Stack {
    stack([
        Layer::new()
            .directory("etc")
            .file("etc/Passwd", bytes(1_500))
            .file("etc/with space", bytes(2_048))
            .mode(0o4755)
            .file("etc/su", bytes(3))
            .hard_link("etc/su2", "etc/su")
            .symlink("sh", "etc/su")
            .fifo("pipe"),
        Layer::new()
            .mode(0o1777)
            .directory("tmp")
            .owner(7, 8)
            .file("tmp/é", bytes(0))
            .mode(0o666)
            .file("etc/Passwd", bytes(10))
            .device("null", 1, 3),
        Layer::new().whiteout("tmp/é"),
    ])
}

/// The paths that match for their own sake, in one line.
fn matching(stack: &Stack, text: &str, owners: Option<Arc<Ownership>>) -> String {
    let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let range = super::super::Range { from: 1, to: 2 };
    let settings = ViewSettings { range, filter: Some(Arc::new(filter)), owners, ..ViewSettings::default() };
    let view = View::of(stack, &Index::of(stack), &settings);
    let found = stack.paths().iter().filter(|path| view.is_match(*path));
    let mut paths: Vec<String> = found.map(|path| stack.paths().path(path).to_string()).collect();
    paths.sort();
    paths.join(" ").replace("with space", "w_s")
}

#[test]
fn terms_hold_for_what_they_say() {
    let stack = example();
    for (filter, expected) in [
        ("passwd", "/etc/Passwd"),
        ("Passwd", "/etc/Passwd"),
        ("PASSWD", ""),
        ("epwd", "/etc/Passwd"),
        ("/su", "/etc/su /etc/su2"),
        ("\"with space\"", "/etc/w_s"),
        ("with space", "/etc/w_s"),
        ("É", ""),
        ("é", "/tmp/é"),
        ("re:^/etc/su.?$", "/etc/su /etc/su2"),
        ("re:(?i)^/ETC/SU$", "/etc/su"),
        ("re:\"h s\"", "/etc/w_s"),
        ("glob:su*", "/etc/su /etc/su2"),
        ("glob:/su*", ""),
        ("glob:/etc/*", "/etc/Passwd /etc/su /etc/su2 /etc/w_s"),
        ("size:>2k", "/etc/w_s"),
        ("size:2Ki", "/etc/w_s"),
        ("size:>=0.003k size:<=10", "/etc/Passwd /etc/su /etc/su2"),
        ("size:=0", "/tmp/é"),
        ("dead:", "/etc/Passwd"),
        ("dead:<1k type:fifo", "/pipe"),
        ("dead:>1.5k", ""),
        ("layer:1 !type:dir", "/etc/su /etc/su2 /etc/w_s /pipe /sh"),
        ("layer:2..", "/etc/Passwd /null /tmp /tmp/é"),
        ("layer:..1 type:dir", "/etc"),
        ("layer:1..2 type:hardlink", "/etc/su2"),
        ("type:file", "/etc/Passwd /etc/su /etc/su2 /etc/w_s /tmp/é"),
        ("type:link", "/sh"),
        ("type:device", "/null"),
        ("type:exec", "/etc/su"),
        ("mode:suid", "/etc/su"),
        ("mode:sticky", "/tmp"),
        ("mode:world-writable", "/etc/Passwd /tmp"),
        ("mode:0666", "/etc/Passwd"),
        ("mode:exec", "/etc/su /null /pipe"),
        ("uid:7 !gid:0", "/etc/Passwd /null /tmp/é"),
        ("change:removed", "/tmp/é"),
        ("change:added", "/null /tmp"),
        ("change:modified", "/etc /etc/Passwd"),
        ("!!change:removed", "/tmp/é"),
        ("!\"s\" !p !null !é", "/etc"),
    ] {
        assert_eq!(matching(&stack, filter, None), expected, "{filter}");
    }
}

#[test]
fn files_are_found_by_how_they_begin() {
    let stack = stack([
        Layer::new()
            .file("lib.so", "\x7fELF\x02")
            .file("short", "\x7fEL")
            .mode(0o755)
            .file("run", "#!/bin/sh\n")
            .hard_link("again", "run")
            .symlink("link", "lib.so"),
        Layer::new().file("short", ""),
        Layer::new(),
    ]);
    for (filter, expected) in [
        ("type:elf", "/lib.so"),
        ("type:script", "/again /run"),
        ("!type:elf !type:script", "/link /short"),
        ("type:elf type:exec", ""),
    ] {
        assert_eq!(matching(&stack, filter, None), expected, "{filter}");
    }
}

#[test]
fn owners_are_asked_where_they_are_known() {
    let stack = example();
    let mut claims = Claims::default();
    claims.add(b"var/lib/dpkg/info/login.list", b"/etc\n/etc/su\n/etc/Passwd\n").expect("a short list");
    claims.add(b"var/lib/dpkg/info/base.list", b"/etc\n/tmp\n").expect("a short list");
    let owners = Arc::new(claims.settle(|directory| Some(directory.to_vec())));
    for (filter, expected) in [
        ("owner:login", "/etc /etc/Passwd /etc/su"),
        ("owner:b*", "/etc /tmp"),
        ("owner:none type:file", "/etc/su2 /etc/w_s /tmp/é"),
        ("!owner:none type:file", "/etc/Passwd /etc/su"),
    ] {
        assert_eq!(matching(&stack, filter, Some(Arc::clone(&owners))), expected, "{filter}");
        assert_eq!(matching(&stack, filter, None), "", "{filter}");
        assert!(Filter::parse(filter).expect("a filter").needs_owners());
    }
}

#[test]
fn what_is_no_term_is_said_with_its_place() {
    for (filter, expected) in [
        (
            "a sise:>1",
            "cannot read `sise:>1` in column 3 of the filter: expected `re`, `glob`, `size`, `dead`, `layer`, `type`, `mode`, `uid`, `gid`, `change` or `owner` before the colon, or quotes around a word with one",
        ),
        (
            "é size:big",
            "cannot read `size:big` in column 3 of the filter: expected `>`, `<`, `>=`, `<=` or `=` and a size such as `10M`, `1.5G` or `512Ki`",
        ),
        ("\"open", "cannot read `\"open` in column 1 of the filter: expected a `\"` at its end"),
        ("!", "cannot read `!` in column 1 of the filter: expected a word or a term"),
        (
            "type:jar",
            "cannot read `type:jar` in column 1 of the filter: expected `file`, `dir`, `link`, `hardlink`, `device`, `fifo`, `exec`, `elf` or `script` after `type:`",
        ),
        (
            "layer:0",
            "cannot read `layer:0` in column 1 of the filter: expected layers such as `3`, `3..5`, `3..` or `..5`, numbered from 1",
        ),
        ("uid:+1", "cannot read `uid:+1` in column 1 of the filter: expected a number after `uid:`"),
        (
            "mode:9",
            "cannot read `mode:9` in column 1 of the filter: expected `suid`, `sgid`, `sticky`, `exec`, `world-writable` or bits such as `0644` after `mode:`",
        ),
        (
            "re:(",
            "cannot read `re:(` in column 1 of the filter: expected a regular expression (unclosed group)",
        ),
        (
            "re:a{9999}{9999}",
            "cannot read `re:a{9999}{9999}` in column 1 of the filter: expected a regular expression that takes less memory",
        ),
        ("glob:", "cannot read `glob:` in column 1 of the filter: expected a glob after `glob:`"),
        (
            "owner:",
            "cannot read `owner:` in column 1 of the filter: expected a package or `none` after `owner:`",
        ),
        (
            "change:gone",
            "cannot read `change:gone` in column 1 of the filter: expected `added`, `modified`, `rewritten`, `removed` or `unchanged` after `change:`",
        ),
    ] {
        assert_eq!(Filter::parse(filter).expect_err(filter).to_string(), expected);
    }
    let long = "a ".repeat(MAX_BYTES);
    assert_eq!(Filter::parse(&long).expect_err("too long").expected, "at most 4096 bytes");
    assert!(Filter::parse(" \t ").expect("nothing").is_empty());
}

proptest! {
    #[test]
    fn any_text_is_a_filter_or_none(text in "[ !\":.\\\\a-e0-9><=*/\\[(){}é]{0,40}", key in prop::sample::select(&["", "re:", "glob:", "size:", "layer:", "mode:", "owner:"][..])) {
        let text = [key, &text].concat();
        match Filter::parse(&text) {
            Ok(filter) => prop_assert_eq!(filter.as_str(), &text),
            Err(error) => prop_assert!(text.contains(error.term.as_str()), "{error}"),
        }
    }
}
