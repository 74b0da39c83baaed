//! The specs that `attar init` writes.

use std::fmt::Write as _;
use std::path::Path;

use attar_builder::convert::{HEAD, Text, scalar};

use super::subject::{Program, Venv};

/// Returns a spec without anything of the user's own.
pub(super) fn plain() -> String {
    format!(
        "{HEAD}
# Without a word below, the image has CA certificates, time zones, a user 65532 and /tmp: what a static
# program needs.
contents:
  repositories:
    - debian: trixie
  packages:
    - base-files
    # - libc6                      # for a program linked to the C library
    # - libssl3t64
  # files:
  #   - {{from: dist/app, to: /usr/bin/app}}

# entrypoint: {{command: [/usr/bin/app]}}

platforms: [linux/amd64, linux/arm64]
"
    )
}

/// Returns a spec for an ELF program.
pub(super) fn program(program: &Program) -> String {
    let name = file_name(&program.path);
    let mut packages = String::new();
    if program.packages.is_empty() {
        packages.push_str("  # The program is static: it needs no package.\n  packages: []\n");
    } else {
        packages.push_str("  # The libraries that the program says it needs are in these.\n  packages:\n");
        for package in &program.packages {
            line(&mut packages, &format!("    - {package}"));
        }
    }
    for library in &program.unknown {
        line(&mut packages, &format!("    # `attar search {library}` says which package has {library}."));
    }
    format!(
        "{HEAD}
contents:
  repositories:
    - debian: trixie
{packages}  files:
    - {{from: {from}, to: {to}}}

entrypoint: {{command: [{to}]}}

# The platform of the program; `from` can be a map from platform to path for more.
platforms: [{platform}]

# The user is 65532 unless you say otherwise:
# accounts: {{run-as: root}}
",
        from = quoted(&program.path.display().to_string()),
        to = quoted(&format!("/usr/bin/{name}")),
        platform = program.platform,
    )
}

/// Returns a spec for a jar.
pub(super) fn jar(path: &Path) -> String {
    format!(
        "{HEAD}
contents:
  repositories:
    - debian: trixie
  packages:
    - openjdk-21-jre-headless
  files:
    - {{from: {from}, to: {to}, layer: app}}

entrypoint:
  command: [\"/usr/lib/jvm/java-21-openjdk-${{debian-arch}}/bin/java\", -jar, {to}]

platforms: [linux/amd64, linux/arm64]
",
        from = quoted(&path.display().to_string()),
        to = quoted(&format!("/app/{}", file_name(path))),
    )
}

/// Returns a spec for a virtual environment: its packages go in, its links to the host's Python do not.
pub(super) fn venv(venv: &Venv) -> String {
    let Venv { path, version, suite } = venv;
    let packages = format!("{}/lib/python{version}/site-packages", path.display());
    format!(
        "{HEAD}
contents:
  repositories:
    - debian: {suite}
  packages:
    - python{version}-minimal
    - libpython{version}-stdlib
  files:
    # Compiled modules (.so) in it are for one platform: build only that one, or give one folder each.
    - from: {from}
      to: /app/site-packages
      exclude: [\"**/__pycache__/**\"]
      layer: dependencies
  #  - {{from: src, to: /app/src, layer: app}}

entrypoint: {{command: [/usr/bin/python{version}]}}
# cmd: [-m, yourmodule]
environment:
  LANG: C.UTF-8
  PYTHONPATH: /app/src:/app/site-packages

platforms: [linux/amd64, linux/arm64]
",
        from = quoted(&packages),
    )
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("writing to a string cannot fail");
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_else(|| "app".into())
}

fn quoted(text: &str) -> String {
    scalar(&Text::literal(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_gets_its_libraries_and_its_platform() {
        let text = program(&Program {
            path: "dist/my api".into(),
            platform: "linux/arm64".into(),
            packages: ["libc6", "zlib1g"].into(),
            unknown: vec!["libfoo.so.1".into()],
        });
        insta::assert_snapshot!(text, @r#"
        # yaml-language-server: $schema=attar.schema.json
        # `attar schema > attar.schema.json` writes the schema that an editor needs to help here.
        # Build with `attar build -o oci:image`; `attar show` prints what every line means.

        contents:
          repositories:
            - debian: trixie
          # The libraries that the program says it needs are in these.
          packages:
            - libc6
            - zlib1g
            # `attar search libfoo.so.1` says which package has libfoo.so.1.
          files:
            - {from: "dist/my api", to: "/usr/bin/my api"}

        entrypoint: {command: ["/usr/bin/my api"]}

        # The platform of the program; `from` can be a map from platform to path for more.
        platforms: [linux/arm64]

        # The user is 65532 unless you say otherwise:
        # accounts: {run-as: root}
        "#);
    }
}
