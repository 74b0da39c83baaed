//! Small images for the tests: trees of texts and of programs that carry known texts.

use std::collections::BTreeMap;
use std::sync::Arc;

use attar_image::digest::Digest;
use attar_image::elf::{ByteOrder, Class, Facts};
use attar_image::linkage::{self, Files};
use attar_image::manifest::Config;
use attar_image::script::Shebang;
use attar_image::{Content, Entry, FileTree, ImageConfig, Kind, Metadata, TreePath};

use super::identity::IDENTITIES;
use super::*;

/// What stands at a path of a sample.
#[derive(Clone, Debug)]
pub(super) struct Thing {
    entry: Entry,
    bytes: Vec<u8>,
}

/// A file of mode 0644 with a text.
pub(super) fn text(text: impl AsRef<[u8]>) -> Thing {
    let bytes = text.as_ref().to_vec();
    Thing { entry: Entry::file(Content::of(&bytes), Metadata::root(0o644, 0)), bytes }
}

/// An executable file that starts as ELF files do, and is none of the known programs.
pub(super) fn program(content: &str) -> Thing {
    text(format!("\x7fELF {content}")).mode(0o755)
}

/// An executable ELF file that carries the texts of a known program.
pub(super) fn known(name: &str) -> Thing {
    let identity = IDENTITIES.iter().find(|identity| identity.name == name).expect("a known program");
    let mut bytes = b"\x7fELF\0".to_vec();
    identity.needles().for_each(|needle| bytes.extend([needle, vec![0]].concat()));
    text(bytes).mode(0o755)
}

/// The same as a library: its bytes say that it has a name, which [`Sample`] takes for the facts.
pub(super) fn library(name: &str) -> Thing {
    let bytes = [&known(name).bytes[..], SONAME].concat();
    text(bytes).mode(0o755)
}

/// Ends the bytes of files that are libraries.
const SONAME: &[u8] = b"soname";

fn named_library() -> Facts {
    Facts {
        class: Class::Bits64,
        order: ByteOrder::Little,
        machine: 62,
        flags: 0,
        os_abi: 0,
        kind: attar_image::elf::Kind::SharedObject,
        interpreter: None,
        soname: Some(String::from("lib.so")),
        needed: Vec::new(),
        rpath: None,
        runpath: None,
        version_needs: Vec::new(),
        version_definitions: Vec::new(),
        build_id: None,
        isa_needed: 0,
        loadable: true,
        damaged: false,
    }
}

/// A script.
pub(super) fn script(interpreter: &str) -> Thing {
    text(format!("#!{interpreter}\n")).mode(0o755)
}

/// A symbolic link.
pub(super) fn link(target: &str) -> Thing {
    Thing { entry: Entry::symlink(target.as_bytes(), 0), bytes: Vec::new() }
}

/// A directory.
pub(super) fn directory(mode: u32) -> Thing {
    Thing { entry: Entry::directory(Metadata::root(mode, 0)), bytes: Vec::new() }
}

/// What every image of attar has.
pub(super) fn foundation() -> Sample {
    Sample::new([
        ("etc/ssl/certs/ca-certificates.crt", text("x")),
        ("usr/share/zoneinfo/UTC", text("x")),
        ("etc/passwd", text("root:x:0:0::/:/sbin/nologin\nnonroot:x:65532:65532::/:/sbin/nologin\n")),
        ("etc/group", text("root:x:0:\nnonroot:x:65532:\n")),
        ("tmp", directory(0o1777)),
        ("etc/os-release", link("../usr/lib/os-release")),
        ("usr/lib/os-release", text("ID=debian\n")),
    ])
}

pub(super) fn allow(id: CheckId, paths: &[&str], reason: &str, expires: Option<&str>) -> Allow {
    let expires = expires.map(|day| day.parse().expect("a day"));
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    Allow::new(id, paths, reason.to_owned(), expires).expect("patterns")
}

impl Thing {
    pub(super) fn mode(mut self, mode: u32) -> Self {
        self.entry.metadata.mode = mode;
        self
    }

    pub(super) fn owner(mut self, uid: u32, gid: u32) -> Self {
        (self.entry.metadata.uid, self.entry.metadata.gid) = (uid, gid);
        self
    }

    pub(super) fn is_link(&self) -> bool {
        matches!(self.entry.kind, Kind::Symlink { .. })
    }

    pub(super) fn attribute(mut self, name: &str) -> Self {
        self.entry.metadata.xattrs.insert(name.as_bytes().into(), (*b"\x01").into());
        self
    }
}

/// An image for tests. Its user is 65532, unless a test says otherwise.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) tree: FileTree,
    pub(super) config: ImageConfig,
    pub(super) hidden: Vec<Hidden>,
    pub(super) referrers: Option<Referrers>,
    pub(super) figures: Option<Figures>,
    pub(super) reached: Vec<&'static str>,
    contents: BTreeMap<Digest, Vec<u8>>,
}

impl Sample {
    pub(super) fn new<const N: usize>(things: [(&str, Thing); N]) -> Self {
        let mut config = ImageConfig::new("linux/amd64".parse().expect("a platform"), Vec::new());
        config.config = Some(Config { user: "65532:65532".into(), ..Config::default() });
        let sample = Self {
            tree: FileTree::new(),
            config,
            hidden: Vec::new(),
            referrers: None,
            figures: None,
            reached: Vec::new(),
            contents: BTreeMap::new(),
        };
        things.into_iter().fold(sample, |sample, (path, thing)| sample.and(path, thing))
    }

    pub(super) fn and(mut self, path: &str, thing: Thing) -> Self {
        self.keep(&thing);
        self.tree.insert(TreePath::parse(path).expect("a path"), thing.entry);
        self
    }

    /// Loses the content of a file, as if it could not be read.
    pub(super) fn forget(&mut self, path: &str) {
        let entry = self.tree.get(&TreePath::parse(path).expect("a path"));
        let content = entry.and_then(Entry::content).expect("a file");
        self.contents.remove(&content.digest);
    }

    /// Puts a file into layer 0 that layer 1 deletes.
    pub(super) fn hiding(mut self, path: &str, thing: Thing) -> Self {
        self.keep(&thing);
        let path = TreePath::parse(path).expect("a path");
        self.hidden.push(Hidden { path, entry: thing.entry, layer: 0, killer: 1 });
        self
    }

    /// Says that the entrypoint needs these files.
    pub(super) fn reaching<const N: usize>(mut self, paths: [&'static str; N]) -> Self {
        self.reached = paths.to_vec();
        self
    }

    pub(super) fn configured(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(self.config.config.get_or_insert_default());
        self
    }

    pub(super) fn judge(&self, profile: Profile) -> Verdict {
        self.judge_by(&Rules::new(profile, Date::of_seconds(0)))
    }

    pub(super) fn judge_by(&self, rules: &Rules) -> Verdict {
        let mut start = if self.reached.is_empty() {
            let config = self.config.config.clone().unwrap_or_default();
            let subject = linkage::Subject {
                tree: &self.tree,
                files: self,
                config: &config,
                platform: &self.config.platform,
            };
            linkage::prove(&subject)
        } else {
            linkage::Report::default()
        };
        let path = |text: &&str| TreePath::parse(text).expect("a path");
        start.reached.extend(self.reached.iter().map(path));
        judge(
            &Subject {
                tree: &self.tree,
                evidence: self,
                config: &self.config,
                start: &start,
                origins: &Unknown,
                hidden: &self.hidden,
                referrers: self.referrers,
                figures: self.figures.clone(),
            },
            rules,
        )
    }

    /// Judges by the profile `runtime`, and says each finding of one check in a line.
    pub(super) fn found(&self, id: CheckId) -> Vec<String> {
        self.found_by(id, &Rules::new(Profile::Runtime, Date::of_seconds(0)))
    }

    pub(super) fn found_by(&self, id: CheckId, rules: &Rules) -> Vec<String> {
        let verdict = self.judge_by(rules);
        let outcome = verdict.outcome(id).expect("every check has an outcome");
        outcome.findings.iter().map(|finding| format!("{}: {}", finding.severity, finding.what)).collect()
    }

    fn keep(&mut self, thing: &Thing) {
        if let Kind::File { content, .. } = thing.entry.kind {
            self.contents.insert(content.digest, thing.bytes.clone());
        }
    }
}

impl Files for Sample {
    fn elf(&self, _: &TreePath, content: &Content) -> Option<Arc<Facts>> {
        let bytes = self.contents.get(&content.digest)?;
        if bytes.ends_with(SONAME) {
            return Some(Arc::new(named_library()));
        }
        Facts::read(bytes).map(Arc::new)
    }

    fn script(&self, _: &TreePath, content: &Content) -> Option<Shebang> {
        Shebang::read(self.contents.get(&content.digest)?)
    }

    fn read(&self, _: &TreePath, content: &Content) -> Option<Vec<u8>> {
        self.contents.get(&content.digest).cloned()
    }
}

impl Evidence for Sample {
    fn marks(&self, content: &Content) -> Option<Arc<Marks>> {
        self.contents.get(&content.digest).map(|bytes| Arc::new(Marks::of(bytes)))
    }
}
