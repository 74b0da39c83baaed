//! Values that are wrong, as a user sees it.

use super::fault;

#[test]
fn a_path_entry_makes_sense() {
    let text = "paths:
  - {path: /a, type: symlink}
  - {path: /b, type: directory, source: c}
  - {path: /c, type: permissions}
  - {path: /d, type: directory, uid: 5, owner: app}
";
    insta::assert_snapshot!(fault(text), @"
        error: `paths`: `source` is missing: a symlink points somewhere
         --> attar.yaml:2:5
          |
        2 |   - {path: /a, type: symlink}
          |     ^^^^^^^^^^^^^^^^^^^^^^^^^

        error: `source` has no meaning for the type `directory`
         --> attar.yaml:3:33
          |
        3 |   - {path: /b, type: directory, source: c}
          |                                 ^^^^^^
          |
          = help: `files` copies files of your own

        error: `paths`: nothing is changed: one of `permissions`, `owner`, `group` is missing
         --> attar.yaml:4:5
          |
        4 |   - {path: /c, type: permissions}
          |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

        error: `owner` and `uid` exclude each other
         --> attar.yaml:5:33
          |
        5 |   - {path: /d, type: directory, uid: 5, owner: app}
          |                                 ^^^     -----
    ");
}

#[test]
fn modes_are_octal() {
    let text = "paths:
  - {path: /a, type: directory, permissions: 0855}
  - {path: /b, type: directory, permissions: rwxr-xr-x}
";
    insta::assert_snapshot!(fault(text), @"
        error: `permissions`: expected three or four octal digits such as `0755`, found `0855`
         --> attar.yaml:2:46
          |
        2 |   - {path: /a, type: directory, permissions: 0855}
          |                                              ^^^^

        error: `permissions`: expected three or four octal digits such as `0755`, found `rwxr-xr-x`
         --> attar.yaml:3:46
          |
        3 |   - {path: /b, type: directory, permissions: rwxr-xr-x}
          |                                              ^^^^^^^^^
    ");
}

#[test]
fn platforms_of_other_tools() {
    let text = "platforms: [all, host, armhf, linux/amd46, windows/amd64, linux/arm64/v9]
";
    insta::assert_snapshot!(fault(text), @"
        error: `platforms`: expected a platform such as `linux/arm64`, found `all`
         --> attar.yaml:1:13
          |
        1 | platforms: [all, host, armhf, linux/amd46, windows/amd64, linux/arm64/v9]
          |             ^^^
          |
          = help: `all` would grow with each release: list the platforms you publish

        error: `platforms`: expected a platform such as `linux/arm64`, found `host`
         --> attar.yaml:1:18
          |
        1 | platforms: [all, host, armhf, linux/amd46, windows/amd64, linux/arm64/v9]
          |                  ^^^^
          |
          = help: `host` would make the image depend on who builds it

        error: `platforms`: expected a platform such as `linux/arm64`, found `armhf`
         --> attar.yaml:1:24
          |
        1 | platforms: [all, host, armhf, linux/amd46, windows/amd64, linux/arm64/v9]
          |                        ^^^^^
          |
          = help: `armhf` is `linux/arm/v6` for apk and `linux/arm/v7` for Debian, which has no other: write `linux/arm/v7`

        error: `platforms`: expected a platform such as `linux/arm64`, found `linux/amd46`
         --> attar.yaml:1:31
          |
        1 | platforms: [all, host, armhf, linux/amd46, windows/amd64, linux/arm64/v9]
          |                               ^^^^^^^^^^^ did you mean `linux/amd64`?

        error: `platforms`: expected a platform such as `linux/arm64`, found `windows/amd64`
         --> attar.yaml:1:44
          |
        1 | platforms: [all, host, armhf, linux/amd46, windows/amd64, linux/arm64/v9]
          |                                            ^^^^^^^^^^^^^
          |
          = help: platforms with packages are linux/386, linux/amd64, linux/arm/v5, linux/arm/v7, linux/arm64, linux/loong64, linux/mips64le, linux/mipsle, linux/ppc64le, linux/riscv64, linux/s390x

        error: `platforms`: expected a platform such as `linux/arm64`, found `linux/arm64/v9`
         --> attar.yaml:1:59
          |
        1 | platforms: [all, host, armhf, linux/amd46, windows/amd64, linux/arm64/v9]
          |                                                           ^^^^^^^^^^^^^^
          |
          = help: packages have no variant `linux/arm64/v9`
    ");
}

#[test]
fn values_of_the_configuration() {
    let text = "stop-signal: SIGTREM
ports: [80:80, 70000]
compression: gzip:11
healthcheck: {command: /probe, interval: 30}
name: acme/report:1.4
";
    insta::assert_snapshot!(fault(text), @"
        error: `stop-signal`: expected a signal such as `SIGTERM`, found `SIGTREM`
         --> attar.yaml:1:14
          |
        1 | stop-signal: SIGTREM
          |              ^^^^^^^ did you mean `SIGTERM`?

        error: `ports`: expected a port such as `8080` or `53/udp`, found `80:80`
         --> attar.yaml:2:9
          |
        2 | ports: [80:80, 70000]
          |         ^^^^^
          |
          = help: where a port is published is said when the container is started

        error: `ports`: expected a port such as `8080` or `53/udp`, found `70000`
         --> attar.yaml:2:16
          |
        2 | ports: [80:80, 70000]
          |                ^^^^^

        error: `compression`: expected a level from 1 to 9 for `gzip`, found `gzip:11`
         --> attar.yaml:3:14
          |
        3 | compression: gzip:11
          |              ^^^^^^^

        error: `interval`: expected text, found a number
         --> attar.yaml:4:42
          |
        4 | healthcheck: {command: /probe, interval: 30}
          |                                          ^^ write `30s`

        error: `name`: expected a repository such as `acme/report`, found `acme/report:1.4`
         --> attar.yaml:5:7
          |
        5 | name: acme/report:1.4
          |       ^^^^^^^^^^^^^^^
          |
          = help: the tag is given on the command line: `-t`
    ");
}

#[test]
fn a_private_key_is_no_certificate() {
    let text = "certificates:
  additional:
    - name: corp
      content: |
        -----BEGIN PRIVATE KEY-----
        AAAA
        -----END PRIVATE KEY-----
";
    insta::assert_snapshot!(fault(text), @"
        error: `content`: expected one certificate in PEM, found `-----BEGIN PRIVATE KEY-----…`
         --> attar.yaml:5:9
          |
        5 |         -----BEGIN PRIVATE KEY-----
          |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: this is a private key: it must not stand in a spec
    ");
}

#[test]
fn two_accounts_have_one_number() {
    let text = "accounts:
  users:
    - {username: a, uid: 10001}
    - {username: b, uid: 10001}
";
    insta::assert_snapshot!(fault(text), @"
        error: `uid`: 10001 belongs to two accounts
         --> attar.yaml:4:26
          |
        3 |     - {username: a, uid: 10001}
          |                          ----- first here
        4 |     - {username: b, uid: 10001}
          |                          ^^^^^
    ");
}

#[test]
fn root_is_there_already() {
    let text = "accounts: {users: [{username: root, uid: 0}, {username: root, uid: 7}]}\n";
    insta::assert_snapshot!(fault(text), @"
        error: `uid`: 0 is root, who is in every image
         --> attar.yaml:1:42
          |
        1 | accounts: {users: [{username: root, uid: 0}, {username: root, uid: 7}]}
          |                                          ^
          |
          = help: `run-as: root` makes the program run as root

        error: `username`: root is in every image, with the number 0
         --> attar.yaml:1:57
          |
        1 | accounts: {users: [{username: root, uid: 0}, {username: root, uid: 7}]}
          |                                                         ^^^^
    ");
}

#[test]
fn commands() {
    let text = r#"entrypoint: {command: []}
cmd: "a 'b"
"#;
    insta::assert_snapshot!(fault(text), @r#"
        error: `command`: expected a program, found nothing
         --> attar.yaml:1:23
          |
        1 | entrypoint: {command: []}
          |                       ^^

        error: `cmd`: expected words, quoted as in a shell, found `a 'b`
         --> attar.yaml:2:6
          |
        2 | cmd: "a 'b"
          |      ^^^^^^ the quote `'` is not closed
    "#);
}
