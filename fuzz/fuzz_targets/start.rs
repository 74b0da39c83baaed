//! What the start-up proof reads: a cache of the dynamic linker, a Java archive, an environment of Python,
//! nsswitch.conf and scripts, whatever their bytes.
#![no_main]

use std::sync::Arc;

use attar_image::elf::Facts;
use attar_image::linkage::{Files, Subject, prove};
use attar_image::manifest::Config;
use attar_image::script::Shebang;
use attar_image::{Content, Entry, FileTree, Metadata, TreePath};
use libfuzzer_sys::fuzz_target;

const JAVA: &str = "usr/lib/jvm/java-21-openjdk-amd64/bin/java";
const PROGRAMS: [&str; 4] = [JAVA, "usr/bin/python3.13", "usr/sbin/nginx", "lib64/ld-linux-x86-64.so.2"];
const TEXTS: [&str; 7] = [
    "app",
    "app.jar",
    "usr/pyvenv.cfg",
    "etc/ld.so.cache",
    "etc/nsswitch.conf",
    "etc/nginx/nginx.conf",
    "etc/passwd",
];

struct Fuzzed<'a>(&'a [u8]);

impl Files for Fuzzed<'_> {
    fn elf(&self, path: &TreePath, _: &Content) -> Option<Arc<Facts>> {
        let is_program = PROGRAMS.iter().any(|program| program.as_bytes() == path.as_bytes());
        let facts = r#"{"class":"64","order":"little","machine":62,"kind":"executable","interpreter":"/lib64/ld-linux-x86-64.so.2","needed":["libx.so"]}"#;
        is_program.then(|| Arc::new(serde_json::from_str(facts).expect("facts")))
    }

    fn script(&self, _: &TreePath, _: &Content) -> Option<Shebang> {
        Shebang::read(self.0)
    }

    fn read(&self, _: &TreePath, _: &Content) -> Option<Vec<u8>> {
        Some(self.0.to_vec())
    }
}

fuzz_target!(|bytes: &[u8]| {
    let entry = Entry::file(Content::of(bytes), Metadata::root(0o755, 0));
    let paths = PROGRAMS.iter().chain(&TEXTS).map(|path| TreePath::parse(path).expect("a path"));
    let tree: FileTree = paths.map(|path| (path, entry.clone())).collect();
    let platform = "linux/amd64".parse().expect("a platform");
    for words in [
        &["/app"][..],
        &[&format!("/{JAVA}"), "-jar", "/app.jar"],
        &["/usr/bin/python3.13", "/app"],
        &["/usr/sbin/nginx"],
    ] {
        let entrypoint = Some(words.iter().map(|word| (*word).to_owned()).collect());
        let config = Config { entrypoint, user: "app".into(), ..Config::default() };
        prove(&Subject { tree: &tree, files: &Fuzzed(bytes), config: &config, platform: &platform });
    }
});
