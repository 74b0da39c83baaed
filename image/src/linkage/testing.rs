//! Small images for the tests: trees of texts, links and libraries that say what they need.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Files, Report, Subject, prove};
use crate::digest::Digest;
use crate::elf::{ByteOrder, Class, Facts, Kind, VersionNeed};
use crate::filesystem::{Content, Entry, FileTree, Metadata};
use crate::manifest::Config;
use crate::path::TreePath;
use crate::platform::Platform;
use crate::script::Shebang;

/// What stands at a path of a sample.
#[derive(Clone, Debug)]
pub(super) struct Thing {
    entry: Entry,
    text: Option<Vec<u8>>,
    facts: Option<Facts>,
}

/// A file of mode 0755 with a text.
pub(super) fn file(text: impl AsRef<[u8]>) -> Thing {
    let text = text.as_ref();
    let entry = Entry::file(Content::of(text), Metadata::root(0o755, 0));
    Thing { entry, text: Some(text.to_vec()), facts: None }
}

/// A symbolic link.
pub(super) fn link(target: &str) -> Thing {
    Thing { entry: Entry::symlink(target.as_bytes(), 0), text: None, facts: None }
}

/// A directory.
pub(super) fn directory(mode: u32, uid: u32, gid: u32) -> Thing {
    let metadata = Metadata { uid, gid, ..Metadata::root(mode, 0) };
    Thing { entry: Entry::directory(metadata), text: None, facts: None }
}

/// A library for x86-64 that needs others.
pub(super) fn library(needed: &[&str]) -> Thing {
    let facts = Facts {
        class: Class::Bits64,
        order: ByteOrder::Little,
        machine: 62,
        flags: 0,
        os_abi: 0,
        kind: Kind::SharedObject,
        interpreter: None,
        soname: None,
        needed: needed.iter().map(|name| (*name).to_owned()).collect(),
        rpath: None,
        runpath: None,
        version_needs: Vec::new(),
        version_definitions: Vec::new(),
        build_id: None,
        isa_needed: 0,
        loadable: true,
        damaged: false,
    };
    Thing { facts: Some(facts), ..file("") }
}

/// A program that glibc's linker starts.
pub(super) fn program(needed: &[&str]) -> Thing {
    library(needed).with(|facts| {
        facts.kind = Kind::Executable;
        facts.interpreter = Some("/lib64/ld-linux-x86-64.so.2".into());
    })
}

impl Thing {
    /// Changes what an ELF file says.
    pub(super) fn with(mut self, change: impl FnOnce(&mut Facts)) -> Self {
        change(self.facts.as_mut().expect("an ELF file"));
        self
    }

    pub(super) fn mode(mut self, mode: u32, uid: u32) -> Self {
        (self.entry.metadata.mode, self.entry.metadata.uid) = (mode, uid);
        self
    }

    pub(super) fn needs_version(self, library: &str, version: &str) -> Self {
        let need = VersionNeed { library: library.into(), versions: vec![version.into()], weak: Vec::new() };
        self.with(|facts| facts.version_needs.push(need))
    }
}

/// An image without a configuration.
pub(super) fn tree<const N: usize>(things: [(&str, Thing); N]) -> FileTree {
    Sample::new(things).tree
}

/// An image for tests.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) tree: FileTree,
    pub(super) config: Config,
    pub(super) platform: Platform,
    texts: BTreeMap<Digest, Vec<u8>>,
    facts: BTreeMap<Digest, Arc<Facts>>,
}

impl Sample {
    pub(super) fn new<const N: usize>(things: [(&str, Thing); N]) -> Self {
        let platform = "linux/amd64".parse().expect("a platform");
        let mut sample = Self {
            tree: FileTree::new(),
            config: Config::default(),
            platform,
            texts: BTreeMap::new(),
            facts: BTreeMap::new(),
        };
        for (path, thing) in things {
            sample = sample.and(path, thing);
        }
        sample
    }

    /// The C library, its dynamic linker, and the links of a merged /usr.
    pub(super) fn with_libc() -> Self {
        let libc = library(&["ld-linux-x86-64.so.2"]).with(|facts| {
            facts.soname = Some("libc.so.6".into());
            facts.version_definitions = vec!["GLIBC_2.34".into(), "GLIBC_2.36".into()];
        });
        let linker = library(&[]).with(|facts| facts.soname = Some("ld-linux-x86-64.so.2".into()));
        Self::new([
            ("lib64", link("usr/lib64")),
            ("lib", link("usr/lib")),
            ("bin", link("usr/bin")),
            ("usr/lib64/ld-linux-x86-64.so.2", link("../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")),
            ("usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", linker),
            ("usr/lib/x86_64-linux-gnu/libc.so.6", libc),
        ])
    }

    pub(super) fn and(mut self, path: &str, mut thing: Thing) -> Self {
        if let Some(facts) = thing.facts.take() {
            // ELF files differ by where they stand; what they say is the content.
            let content = Content { digest: Digest::of(path.as_bytes()), size: 4096 };
            let metadata = thing.entry.metadata.clone();
            thing.entry = Entry::file(content, metadata);
            self.facts.insert(content.digest, Arc::new(facts));
        } else if let (Some(content), Some(text)) = (thing.entry.content(), thing.text) {
            self.texts.insert(content.digest, text);
        }
        self.tree.insert(TreePath::parse(path).expect("a path"), thing.entry);
        self
    }

    pub(super) fn starting(mut self, entrypoint: &[&str]) -> Self {
        self.config.entrypoint = Some(entrypoint.iter().map(|word| (*word).to_owned()).collect());
        self
    }

    pub(super) fn variable(mut self, pair: &str) -> Self {
        self.config.env.push(pair.to_owned());
        self
    }

    pub(super) fn subject(&self) -> Subject<'_> {
        Subject { tree: &self.tree, files: self, config: &self.config, platform: &self.platform }
    }

    pub(super) fn prove(&self) -> Report {
        prove(&self.subject())
    }

    /// Proves, and says each finding in a line: object, problem, chain.
    pub(super) fn findings(&self) -> Vec<String> {
        let report = self.prove();
        let line = |found: &super::Finding| {
            format!("{} {} [{}]", found.object, found.problem, found.chain.join(" > "))
        };
        report.findings.iter().map(line).collect()
    }

    /// Says each of the other findings in a line.
    pub(super) fn others(&self) -> Vec<String> {
        self.prove().others.iter().map(|found| format!("{} {}", found.object, found.problem)).collect()
    }
}

impl Files for Sample {
    fn elf(&self, _: &TreePath, content: &Content) -> Option<Arc<Facts>> {
        self.facts.get(&content.digest).cloned()
    }

    fn script(&self, path: &TreePath, content: &Content) -> Option<Shebang> {
        Shebang::read(&self.read(path, content)?)
    }

    fn read(&self, _: &TreePath, content: &Content) -> Option<Vec<u8>> {
        self.texts.get(&content.digest).cloned()
    }
}
