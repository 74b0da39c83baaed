//! The spec as a whole: what a user writes, and what a user sees.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::*;

mod apko;
mod contents;
mod files;
mod keys;
mod merging;
mod parameters;
mod properties;
mod showing;
mod values;

/// Loads a spec from files in memory, of which `attar.yaml` is the one that is asked for.
fn load_files(files: &[(&str, &str)]) -> Result<Document, Diagnostics> {
    let files: BTreeMap<PathBuf, String> =
        files.iter().map(|(name, text)| (PathBuf::from(name), (*text).to_owned())).collect();
    let read = |path: &Path| match files.get(Path::new(&merge::normalised(&path.to_string_lossy()))) {
        Some(text) => Ok(text.clone().into_bytes()),
        None => Err(io::Error::new(io::ErrorKind::NotFound, "no such file")),
    };
    load_with(Path::new("attar.yaml"), &read)
}

/// Returns the effective plain image on one platform, of one file.
fn effective(text: &str) -> Effective {
    image(&[("attar.yaml", text)], None)
}

/// Returns the effective plain image, or a variant of it, on one platform.
fn image(files: &[(&str, &str)], variant: Option<&str>) -> Effective {
    let selection = Selection { variant, platform: Some("linux/amd64"), arguments: None };
    load_files(files)
        .and_then(|document| document.effective(selection))
        .unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

/// Returns what is said about a spec that is wrong, when it is read or when it is used.
fn faults(files: &[(&str, &str)]) -> String {
    let selection = Selection { platform: Some("linux/amd64"), ..Selection::default() };
    match load_files(files).and_then(|document| document.effective(selection)) {
        Ok(effective) => panic!("nothing is wrong with it: {:#?}", effective.spec),
        Err(diagnostics) => diagnostics.to_string(),
    }
}

/// Returns what is said about one file that is wrong.
fn fault(text: &str) -> String {
    faults(&[("attar.yaml", text)])
}

fn sketch() -> &'static str {
    r#"
name: acme/report
args: {VERSION: dev}
contents:
  repositories:
    - debian: trixie
      snapshot: 20261101T000000Z
    - deb: "https://packages.example.org/debian"
      suites: [trixie]
      components: [main]
      signed-by: keys/example.asc
    - debs: ./local
  packages:
    - python3-minimal
    - libpython3.13-stdlib
    - "libssl3t64 (>= 3.5)"
    - {name: libc-bin, only: ["/usr/lib/locale/C.utf8/**"]}
  without:
    packages: [perl-base]
    paths: [docs, man, locales, gconv, "/usr/bin/py3*"]
  files:
    - {from: "build/venv-${arch}", to: /app/venv, exclude: ["**/__pycache__/**"], layer: dependencies}
    - {from: src, to: /app/src, layer: app}
    - {from: {linux/amd64: dist/api_amd64_v1/api, linux/arm64: dist/api_arm64/api}, to: /usr/bin/api}
    - {text: "welcome\n", to: /etc/motd}
    - {archive: vendor.tar.gz, sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, to: /opt}
certificates: {additional: [./corporate-ca.pem]}
accounts:
  users: [{username: app, uid: 10001, gid: 10001, homedir: /app}]
  groups: [{groupname: app, gid: 10001}]
  run-as: app
paths:
  - {path: /var/lib/app, type: directory, owner: app, permissions: 0750}
entrypoint: {command: [/app/venv/bin/python, -m, report]}
environment: {LANG: C.UTF-8}
annotations: {org.opencontainers.image.version: "${VERSION}"}
platforms: [linux/amd64, linux/arm64]
layering: {strategy: origin, budget: 10}
compression: gzip
check: {profile: runtime}
variants:
  root: {accounts: {run-as: root}}
  debug: {contents: {packages: [{name: busybox-static, applets: /busybox}]}}
"#
}

#[test]
fn the_sketch_of_the_architecture_is_a_spec() {
    let document = load_files(&[("attar.yaml", sketch())]).expect("a valid spec");
    assert_eq!(document.variants(), ["debug", "root"]);
    let effective = document
        .effective(Selection { platform: Some("linux/arm64"), ..Selection::default() })
        .expect("a valid spec");
    assert_eq!(effective.spec.contents.packages.len(), 4);
}
