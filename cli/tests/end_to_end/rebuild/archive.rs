//! A small signed archive on the loopback interface, and a spec that uses everything a spec can say.

use std::path::{Path, PathBuf};

use attar_testing::archive::{Key, Package, Suite};
use attar_testing::http::Server;
use attar_testing::tls::Authority;
use attar_testing::{Attar, Finished, Scratch};

/// What the spec says besides where packages come from.
const SPEC: &str = r#"
args: {VERSION: dev, COLOUR: red}
certificates:
  additional: [corporate.pem]
accounts:
  users: [{username: app, uid: 10001, gid: 10001}]
  groups: [{groupname: app, gid: 10001}]
  run-as: app
paths:
  - {path: /var/lib/app, type: directory, owner: app, permissions: 0750}
  - {path: /srv/tree, type: permissions, owner: app, recursive: true}
  - {path: /usr/bin/tool2, type: hardlink, source: /usr/bin/tool}
entrypoint: {command: [/usr/bin/tool]}
start: {allow: [{path: /usr/bin/tool, missing: execute, reason: "packages of tests have no executable files"}]}
environment: {COLOUR: "${COLOUR}"}
annotations: {org.opencontainers.image.version: "${VERSION}"}
labels: {colour: "${COLOUR}"}
platforms: [linux/amd64, linux/arm64]
variants:
  root: {accounts: {run-as: "0"}}
  other: {contents: {packages: [extra], files: [{text: "other\n", to: /etc/other}]}}
"#;

const FILES: &str = r#"  files:
    - {from: tree, to: /srv/tree, exclude: ["**/*.o"], modified: 2020-01-02T03:04:05Z}
    - {from: "bin/${arch}/run", to: /usr/bin/run, owner: app, permissions: 0750, layer: app}
    - {from: "conf/*.conf", to: /etc/conf.d/, directory-permissions: 0700, owner: app}
    - {text: "version ${VERSION}\n", to: /etc/motd, layer: app}
    - {archive: vendor.tar, to: /opt/vendor, layer: vendor}
    - {from: replaced, to: /usr/share/tool/data, replace: true}
"#;

/// An archive of one suite, and a folder with a spec.
pub(super) struct Stage {
    pub(super) scratch: Scratch,
    server: Server,
    key: Key,
    authority: Authority,
}

impl Stage {
    /// Starts the archive and writes the spec and its files.
    pub(super) fn new() -> Self {
        let stage = Self {
            scratch: Scratch::new(),
            server: Server::start().expect("a server on the loopback interface"),
            key: Key::generate(3650).expect("a key"),
            authority: Authority::generate().expect("an authority"),
        };
        let suite = ["amd64", "arm64"].into_iter().fold(Suite::debian("test"), |suite, architecture| {
            suite
                .with("Origin", "Test")
                .with("Label", "Test")
                .with_package(tool("tool", architecture))
                .with_package(tool("extra", architecture))
        });
        stage.server.put_all("/debian", &suite.files(&stage.key).expect("the files of the suite"));
        stage.write_spec("gzip", "");
        stage
    }

    /// Writes the spec and everything it names.
    pub(super) fn write_spec(&self, compression: &str, more_repositories: &str) {
        let scratch = &self.scratch;
        let repository = format!(
            "compression: {compression}\ncontents:\n  foundation: none\n  repositories:\n    - deb: \"{}\"\n      \
             suites: [test]\n      components: [main]\n      signed-by: key.asc\n{more_repositories}  \
             packages: [tool]\n  without: {{paths: [\"/usr/share/doc/**\", \"/usr/share/tool/un*\"]}}\n",
            self.url(),
        );
        scratch.write("spec/attar.yaml", format!("{repository}{FILES}{SPEC}"));
        scratch.write("spec/key.asc", self.key.armored().expect("the key in armor"));
        scratch.write("spec/corporate.pem", self.authority.pem());
        for (path, text) in [
            ("tree/a/b/c", "c"),
            ("tree/a/x.o", "left out"),
            ("tree/script", "#!/usr/bin/tool\n"),
            ("bin/amd64/run", "for amd64"),
            ("bin/arm64/run", "for arm64"),
            ("conf/one.conf", "1"),
            ("conf/two.conf", "2"),
            ("replaced", "mine"),
        ] {
            scratch.write(Path::new("spec").join(path), text);
        }
        let below = |path: &str| scratch.join("spec").join(path);
        std::fs::create_dir_all(below("tree/empty")).expect("a folder");
        let _ = std::fs::remove_file(below("tree/link"));
        std::os::unix::fs::symlink("a/b", below("tree/link")).expect("a link");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(below("tree/script"), mode).expect("a mode");
        scratch.write("spec/vendor.tar", vendor());
    }

    pub(super) fn url(&self) -> String {
        self.server.url("/debian")
    }

    pub(super) fn spec(&self) -> PathBuf {
        self.scratch.join("spec/attar.yaml")
    }

    pub(super) fn fingerprint(&self) -> String {
        self.key.fingerprint()
    }

    /// Writes the archive's key where no spec is, and returns its path.
    pub(super) fn key(&self) -> String {
        let path = self.scratch.write("trusted.asc", self.key.armored().expect("the key in armor"));
        path.display().to_string()
    }

    pub(super) fn layout(&self) -> PathBuf {
        self.scratch.join("layout")
    }

    pub(super) fn attar(&self) -> Attar {
        Attar::at(env!("CARGO_BIN_EXE_attar")).cache(self.scratch.join("cache"))
    }

    /// Builds every variant into the layout, the plain one as `app`.
    #[track_caller]
    pub(super) fn build(&self, options: &[&str]) {
        let destination = format!("oci:{}:app", self.layout().display());
        let build = self.attar().args(["build", "--all-variants", "-o", &destination]);
        build.args(options).arg(self.spec()).run().success();
    }

    /// Takes everything away but the layout and the archive.
    pub(super) fn forget(&self) {
        for folder in ["spec", "cache"] {
            std::fs::remove_dir_all(self.scratch.join(folder)).expect("it is there");
        }
    }

    /// Rebuilds an image of the layout from itself, asking the archive and believing its key.
    pub(super) fn rebuild(&self, name: &str, options: &[&str]) -> Finished {
        let image = format!("oci:{}:{name}", self.layout().display());
        self.attar().args(["rebuild", "-o", "json", &image]).args(options).run()
    }

    /// Rebuilds an image of the layout, trusting the archive's key and nothing of the image.
    pub(super) fn rebuild_trusting(&self, name: &str) -> Finished {
        self.rebuild(name, &["--key", &self.key(), "--mirror", &self.url()])
    }
}

/// Makes a package with a program, data, and documentation.
fn tool(name: &'static str, architecture: &str) -> Package {
    let files = match name {
        "tool" => vec![
            ("./usr/bin/tool", "#!/usr/bin/tool\n"),
            ("./usr/share/tool/data", "theirs"),
            ("./usr/share/tool/unwanted", "unwanted"),
            ("./usr/share/doc/tool/copyright", "free"),
            ("./usr/share/doc/tool/changelog", "long"),
        ],
        _ => vec![("./usr/bin/extra", "extra")],
    };
    Package { files, ..Package::new(name, "1.0", architecture) }
}

/// Makes a tar archive with a folder and an executable file.
fn vendor() -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, mode, text) in [("lib/one", 0o644, "1"), ("bin/two", 0o755, "2")] {
        let mut header = tar::Header::new_gnu();
        header.set_mode(mode);
        header.set_size(text.len() as u64);
        builder.append_data(&mut header, path, text.as_bytes()).expect("memory takes all");
    }
    builder.into_inner().expect("memory takes all")
}
