//! An archive on the loopback interface, for what the real mirror cannot be made to do.

use std::path::PathBuf;

use attar_testing::archive::{Key, Package, Suite};
use attar_testing::http::Server;
use attar_testing::{Attar, Finished, Scratch};

/// An archive of one suite on the loopback interface, and a spec that uses it.
pub(crate) struct Fixture {
    pub(crate) scratch: Scratch,
    pub(crate) server: Server,
    pub(crate) key: Key,
    pub(crate) suite: Suite,
    pub(crate) packages: &'static str,
    pub(crate) more: &'static str,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::on(Server::start().expect("a server on the loopback interface"))
    }

    pub(crate) fn on(server: Server) -> Self {
        let suite = Suite::debian("trixie")
            .with_package(file("tool", "1.0", "./usr/bin/tool").with("Depends", "library (>= 1)"))
            .with_package(file("library", "1.2", "./usr/lib/library.so"))
            .with_package(Package {
                files: vec![("./usr/bin/tool", "another\n")],
                ..file("other", "1.0", "./usr/bin/tool")
            })
            .with_package(file("stuck", "1.0", "./usr/bin/stuck").with("Depends", "library (>= 9)"));
        let fixture = Self {
            scratch: Scratch::new(),
            server,
            key: Key::generate(3650).expect("a key"),
            suite,
            packages: "tool",
            more: "",
        };
        fixture.publish();
        fixture
    }

    /// Serves the suite as it is now, signed with the key.
    pub(crate) fn publish(&self) {
        self.server.put_all("/debian", &self.suite.files(&self.key).expect("the files of the suite"));
    }

    /// Writes the spec and returns its path.
    pub(crate) fn spec(&self) -> PathBuf {
        self.scratch.write("key.asc", Key::armored(&self.key).expect("the key in armor"));
        let text = format!(
            "contents:\n  foundation: none\n  repositories:\n    - deb: \"{}\"\n      suites: [trixie]\n      \
             components: [main]\n      signed-by: key.asc\n  packages: [{}]\n{}platforms: [linux/amd64]\n",
            self.server.url("/debian"),
            self.packages,
            self.more,
        );
        self.scratch.write("attar.yaml", text)
    }

    pub(crate) fn attar(&self) -> Attar {
        Attar::at(env!("CARGO_BIN_EXE_attar")).cache(self.scratch.join("cache"))
    }

    pub(crate) fn build(&self) -> Finished {
        let layout = format!("oci:{}", self.scratch.join("layout").display());
        self.attar().arg("build").arg(self.spec()).args(["-o", &layout]).run()
    }

    /// Asserts that a build fails with all `words` in its message and leaves nothing behind.
    #[track_caller]
    pub(crate) fn refuses(&self, words: &[&str]) {
        let message = self.build().fails(1);
        for word in words {
            assert!(message.contains(word), "no `{word}` in:\n{message}");
        }
        assert!(!message.contains("panicked"), "{message}");
        assert!(!self.scratch.has("layout"), "something was written:\n{message}");
    }

    /// Asserts that a build works.
    #[track_caller]
    pub(crate) fn works(&self) -> String {
        self.build().success()
    }

    /// Returns the path below the server where the suite's package is.
    pub(crate) fn path_of(&self, package: &str) -> String {
        let found =
            self.suite.packages.iter().find(|it| it.control.contains(&format!("Package: {package}\n")));
        format!("/debian/{}", found.expect("a package of the suite").path())
    }
}

fn file(name: &str, version: &str, path: &'static str) -> Package {
    Package { files: vec![(path, "content\n")], ..Package::new(name, version, "amd64") }
}
