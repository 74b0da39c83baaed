//! The examples: which packages they hold, what their configuration says.

use std::collections::BTreeSet;

use attar_testing::layout::Image;

use crate::support::{Examples, attar};

const STATIC: [&str; 5] = ["base-files", "netbase", "tzdata", "tzdata-legacy", "media-types"];
const BASE_NOSSL: [&str; 1] = ["libc6"];
const BASE: [&str; 3] = ["libssl3t64", "libzstd1", "zlib1g"];
const CC: [&str; 4] = ["libgomp1", "libstdc++6", "libgcc-s1", "gcc-14-base"];
const PYTHON3: [&str; 24] = [
    "libbz2-1.0",
    "libdb5.3t64",
    "libexpat1",
    "liblzma5",
    "libsqlite3-0",
    "libuuid1",
    "libncursesw6",
    "libtinfo6",
    "libcom-err2",
    "libcrypt1",
    "libc-bin",
    "libgssapi-krb5-2",
    "libk5crypto3",
    "libkeyutils1",
    "libkrb5-3",
    "libkrb5support0",
    "libnsl2",
    "libreadline8t64",
    "libtirpc3t64",
    "libffi8",
    "libpython3.13-minimal",
    "libpython3.13-stdlib",
    "python3.13-minimal",
    "python3.13-venv",
];

/// Returns the packages of the catalogue's image of this name, and the one that brings certificates.
fn catalogue(name: &str) -> BTreeSet<String> {
    let lists: &[&[&str]] = match name {
        "static" => &[&STATIC],
        "base-nossl" => &[&STATIC, &BASE_NOSSL],
        "base" => &[&STATIC, &BASE_NOSSL, &BASE],
        "cc" => &[&STATIC, &BASE_NOSSL, &BASE, &CC],
        "python3" => &[&STATIC, &BASE_NOSSL, &BASE, &CC, &PYTHON3],
        other => panic!("no image `{other}` in the catalogue"),
    };
    let named = lists.iter().flat_map(|list| list.iter().copied());
    named.chain(["ca-certificates"]).map(String::from).collect()
}

/// Returns the packages that an image's own data names.
fn recorded(image: &Image) -> BTreeSet<String> {
    let listing = image.listing().expect("layers that can be read");
    let names = listing.paths().filter_map(|path| {
        let name = path.strip_prefix("var/lib/dpkg/status.d/")?;
        (!name.ends_with(".md5sums")).then(|| name.to_owned())
    });
    names.collect()
}

#[test]
fn examples_hold_the_packages_of_the_catalogue() {
    let examples = Examples::copy();
    for name in ["static", "base-nossl", "base", "cc", "python3"] {
        let images = examples.build(name);
        let platforms: Vec<&str> = images.iter().map(|image| image.platform.as_str()).collect();
        assert_eq!(platforms, ["linux/amd64", "linux/arm64"], "{name}");
        for image in images {
            assert_eq!(recorded(&image), catalogue(name), "{name} for {}", image.platform);
        }
    }
}

#[test]
fn examples_run_as_a_numbered_user_and_as_root_on_request() {
    let examples = Examples::copy();
    let layout = examples.join("layout");
    let written = attar()
        .args(["build", "--variant", "root"])
        .arg(examples.spec("base"))
        .arg("-o")
        .arg(format!("oci:{}:base", layout.display()))
        .run()
        .success();
    assert_eq!(written.lines().count(), 2, "one line for each image: {written}");
    assert_eq!(attar_testing::layout::names(&layout).expect("a layout"), ["base", "base-root"]);
    for (name, user) in [("base", "65532:65532"), ("base-root", "0:0")] {
        for image in attar_testing::layout::images(&layout, Some(name)).expect("images") {
            assert_eq!(image.config["config"]["User"], user, "{name} for {}", image.platform);
        }
    }
}

#[test]
fn the_foundation_is_there_without_being_named() {
    let examples = Examples::copy();
    for image in examples.build("static") {
        let listing = image.listing().expect("layers that can be read");
        let line = |path: &str| {
            let item = listing.get(path).unwrap_or_else(|| panic!("no `{path}`"));
            let detail = if item.kind == 'l' { item.detail.as_str() } else { "" };
            format!("{}{:04o} {}:{} /{path} {detail}", item.kind, item.mode, item.uid, item.gid)
        };
        let paths = [
            "bin",
            "etc/group",
            "etc/nsswitch.conf",
            "etc/os-release",
            "etc/passwd",
            "etc/services",
            "etc/ssl/certs/ca-certificates.crt",
            "home/nonroot",
            "lib",
            "root",
            "sbin",
            "tmp",
            "usr/share/zoneinfo/Europe/Berlin",
        ];
        let lines: Vec<String> = paths.iter().map(|path| line(path).trim_end().to_owned()).collect();
        insta::allow_duplicates! {
            insta::assert_snapshot!(lines.join("\n"), @r"
            l0777 0:0 /bin -> usr/bin
            -0644 0:0 /etc/group
            -0644 0:0 /etc/nsswitch.conf
            l0777 0:0 /etc/os-release -> ../usr/lib/os-release
            -0644 0:0 /etc/passwd
            -0644 0:0 /etc/services
            -0644 0:0 /etc/ssl/certs/ca-certificates.crt
            d0700 65532:65532 /home/nonroot
            l0777 0:0 /lib -> usr/lib
            d0700 0:0 /root
            l0777 0:0 /sbin -> usr/sbin
            d1777 0:0 /tmp
            -0644 0:0 /usr/share/zoneinfo/Europe/Berlin
            ");
        }
    }
}
