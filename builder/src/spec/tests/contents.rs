//! Packages, repositories and files that are wrong, as a user sees it.

use super::fault;

#[test]
fn a_package_with_a_version_of_another_tool() {
    let text = "contents:
  packages: [curl~8, 'git<2', 'zsh@edge', 'a | b', 'Python3', 'libc6:amd64', 'libc6 (>= )']
";
    insta::assert_snapshot!(fault(text), @"
        error: `packages`: expected `name` or `name (>= version)`, found `curl~8`
         --> attar.yaml:2:14
          |
        2 |   packages: [curl~8, 'git<2', 'zsh@edge', 'a | b', 'Python3', 'libc6:amd64', 'libc6 (>= )']
          |              ^^^^^^
          |
          = help: Debian has no fuzzy versions: give a lower bound with `>=`

        error: `packages`: expected `name` or `name (>= version)`, found `git<2`
         --> attar.yaml:2:22
          |
        2 |   packages: [curl~8, 'git<2', 'zsh@edge', 'a | b', 'Python3', 'libc6:amd64', 'libc6 (>= )']
          |                      ^^^^^^^ write `git (<< 2)`

        error: `packages`: expected `name` or `name (>= version)`, found `zsh@edge`
         --> attar.yaml:2:31
          |
        2 |   packages: [curl~8, 'git<2', 'zsh@edge', 'a | b', 'Python3', 'libc6:amd64', 'libc6 (>= )']
          |                               ^^^^^^^^^^
          |
          = help: a repository is named by `{name: zsh, from: SUITE}`

        error: `packages`: expected `name` or `name (>= version)`, found `a | b`
         --> attar.yaml:2:43
          |
        2 |   packages: [curl~8, 'git<2', 'zsh@edge', 'a | b', 'Python3', 'libc6:amd64', 'libc6 (>= )']
          |                                           ^^^^^^^
          |
          = help: choose one of the alternatives

        error: `packages`: expected the name of a package, found `Python3`
         --> attar.yaml:2:52
          |
        2 |   packages: [curl~8, 'git<2', 'zsh@edge', 'a | b', 'Python3', 'libc6:amd64', 'libc6 (>= )']
          |                                                    ^^^^^^^^^ did you mean `python3`?

        error: `packages`: expected `name` or `name (>= version)`, found `libc6:amd64`
         --> attar.yaml:2:63
          |
        2 |   packages: [curl~8, 'git<2', 'zsh@edge', 'a | b', 'Python3', 'libc6:amd64', 'libc6 (>= )']
          |                                                               ^^^^^^^^^^^^^
          |
          = help: every platform takes the package of its own architecture

        error: `packages`: expected `name` or `name (>= version)`, found `libc6 (>= )`
         --> attar.yaml:2:78
          |
        2 |   packages: [curl~8, 'git<2', 'zsh@edge', 'a | b', 'Python3', 'libc6:amd64', 'libc6 (>= )']
          |                                                                              ^^^^^^^^^^^^^ the version is empty
    ");
}

#[test]
fn a_repository_of_another_tool() {
    let text = "contents:
  repositories:
    - https://dl-cdn.alpinelinux.org/alpine/edge/main
    - trixie
    - {debain: trixie}
    - {debian: trixie, debs: ./local}
";
    insta::assert_snapshot!(fault(text), @"
        error: `repositories`: expected a map with one of `debian`, `deb` or `debs`, found text
         --> attar.yaml:3:7
          |
        3 |     - https://dl-cdn.alpinelinux.org/alpine/edge/main
          |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: packages come from Debian archives: `debian: trixie`; apk repositories are not read

        error: `repositories`: expected a map with one of `debian`, `deb` or `debs`, found text
         --> attar.yaml:4:7
          |
        4 |     - trixie
          |       ^^^^^^ write `debian: trixie`

        error: `repositories`: expected a map with one of `debian`, `deb` or `debs`
         --> attar.yaml:5:8
          |
        5 |     - {debain: trixie}
          |        ^^^^^^ did you mean `deb`?

        error: `debian` and `debs` exclude each other
         --> attar.yaml:6:24
          |
        6 |     - {debian: trixie, debs: ./local}
          |        ------          ^^^^
    ");
}

#[test]
fn an_archive_needs_a_key_and_components() {
    let text = "contents:
  repositories:
    - {deb: 'https://user:secret@packages.example.org/debian', suites: [trixie]}
    - {deb: 'https://packages.example.org/flat', suites: [./], components: [main], signed-by: a.asc}
";
    insta::assert_snapshot!(fault(text), @"
        error: `repositories`: `signed-by` is missing
         --> attar.yaml:3:7
          |
        3 |     - {deb: 'https://***********@packages.example.org/debian', suites: [trixie]}
          |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: `signed-by`: OpenPGP keys that sign the archive: a file, or an armored key

        error: `deb`: expected a URL without credentials, found `https://***********@packages.example.org/debian`
         --> attar.yaml:3:13
          |
        3 |     - {deb: 'https://***********@packages.example.org/debian', suites: [trixie]}
          |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: the spec is published with the image: keep credentials in apt's `auth.conf.d` or in `.netrc`

        error: `components` is missing
         --> attar.yaml:3:64
          |
        3 |     - {deb: 'https://***********@packages.example.org/debian', suites: [trixie]}
          |                                                                ^^^^^^
          |
          = help: `components: [main]`; only a flat archive, whose one suite ends in `/`, has none

        error: a flat archive has no components
         --> attar.yaml:4:64
          |
        4 |     - {deb: 'https://packages.example.org/flat', suites: [./], components: [main], signed-by: a.asc}
          |                                                           --   ^^^^^^^^^^
          |                                                           |
          |                                                           flat, as it ends in `/`
    ");
}

#[test]
fn a_file_has_one_source() {
    let text = "contents:
  files:
    - {to: /app}
    - {from: a, archive: b.tar, to: /b}
    - {text: hello, to: /etc/}
";
    insta::assert_snapshot!(fault(text), @"
        error: `files`: one of `from`, `text`, `archive` is missing
         --> attar.yaml:3:7
          |
        3 |     - {to: /app}
          |       ^^^^^^^^^^
          |
          = help: it says what the file holds

        error: `from` and `archive` exclude each other
         --> attar.yaml:4:17
          |
        4 |     - {from: a, archive: b.tar, to: /b}
          |        ----     ^^^^^^^
          |
          = help: exactly one of `from`, `text`, `archive` says what the file holds

        error: `to`: expected the path of a file, found a directory
         --> attar.yaml:5:25
          |
        5 |     - {text: hello, to: /etc/}
          |        ----             ^^^^^
          |        |
          |        `text` makes one file
    ");
}

#[test]
fn a_source_for_every_platform() {
    let text = "contents:
  files:
    - {from: {linux/amd64: a}, to: /app}
";
    insta::assert_snapshot!(fault(text), @"
        error: `from` has no path for linux/arm64
         --> attar.yaml:3:8
          |
        3 |     - {from: {linux/amd64: a}, to: /app}
          |        ^^^^
          |
          = help: the image is built for linux/amd64, linux/arm64
    ");
}

#[test]
fn a_package_from_an_unlisted_repository() {
    let text = "contents:
  repositories: [{debian: trixie}]
  packages: [{name: curl, from: trixi}]
";
    insta::assert_snapshot!(fault(text), @"
        error: `from`: no repository is called `trixi`
         --> attar.yaml:3:33
          |
        3 |   packages: [{name: curl, from: trixi}]
          |                                 ^^^^^ did you mean `trixie`?
          |
          = help: it is the suite, URL or directory of an entry of `repositories`
    ");
}

#[test]
fn capabilities_and_attributes() {
    let text = "contents:
  files:
    - {from: a, to: /a, capabilities: cap_net_bind=+ep}
    - {from: b, to: /b, xattrs: {comment: x}}
";
    insta::assert_snapshot!(fault(text), @"
        error: `capabilities`: expected capabilities such as `cap_net_bind_service=+ep`, found `cap_net_bind=+ep`
         --> attar.yaml:3:39
          |
        3 |     - {from: a, to: /a, capabilities: cap_net_bind=+ep}
          |                                       ^^^^^^^^^^^^^^^^ did you mean `cap_net_bind_service`?

        error: `xattrs`: expected a full name such as `user.comment`, found `comment`
         --> attar.yaml:4:34
          |
        4 |     - {from: b, to: /b, xattrs: {comment: x}}
          |                                  ^^^^^^^
    ");
}

#[test]
fn globs_of_exclude_are_relative() {
    let text = "contents:
  files:
    - {from: a, to: /a, exclude: [/tmp, 'x[']}
";
    insta::assert_snapshot!(fault(text), @"
        error: `exclude`: expected a glob that does not start with `/`, found `/tmp`
         --> attar.yaml:3:35
          |
        3 |     - {from: a, to: /a, exclude: [/tmp, 'x[']}
          |                                   ^^^^
          |
          = help: globs of `exclude` are relative to the source: `**/__pycache__`, `*.orig`

        error: `exclude`: expected a glob, found `x[`
         --> attar.yaml:3:41
          |
        3 |     - {from: a, to: /a, exclude: [/tmp, 'x[']}
          |                                         ^^^^ unclosed character class; missing ']'
    ");
}

#[test]
fn a_checksum() {
    let text = "contents:
  files:
    - {archive: a.tar, to: /a, sha256: abc}
";
    insta::assert_snapshot!(fault(text), @"
        error: `sha256`: expected 64 hexadecimal digits in lower case, found `abc`
         --> attar.yaml:3:40
          |
        3 |     - {archive: a.tar, to: /a, sha256: abc}
          |                                        ^^^ 3 characters
    ");
}

#[test]
fn a_snapshot() {
    let text = "contents:
  repositories: [{debian: trixie, snapshot: 2026-11-01}]
";
    insta::assert_snapshot!(fault(text), @"
        error: `snapshot`: expected a time such as `20261101T000000Z`, found `2026-11-01`
         --> attar.yaml:2:45
          |
        2 |   repositories: [{debian: trixie, snapshot: 2026-11-01}]
          |                                             ^^^^^^^^^^ write `20261101T000000Z`
    ");
}
