//! What the files of an image hold, as far as the verdict and the start-up proof ask for it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::sync::Arc;

use attar_image::digest::Digest;
use attar_image::elf::Facts;
use attar_image::linkage::Files;
use attar_image::script::Shebang;
use attar_image::{Content, TreePath};
use attar_scanner::distroless::{Appetite, Evidence, Gatherer, Marks};

/// The largest ELF file that is read in full, in bytes; of a larger one the first bytes are read.
const MAX_ELF: u64 = 256 << 20;
/// The longest text that is kept, in bytes.
pub(super) const MAX_KEPT: u64 = 64 << 10;
/// The most bytes of texts that are kept; what is asked for beyond is read again.
const MAX_ALL_KEPT: usize = 32 << 20;
/// Bytes that are read at once.
const PIECE: usize = 64 << 10;

/// What is wanted of one content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// What the verdict knows it by.
    pub(super) marks: bool,
    /// What it says about itself as a program or library.
    pub(super) code: bool,
    /// All of it, if it is short.
    pub(super) text: bool,
}

/// What was found in one content.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    marks: Option<Arc<Marks>>,
    facts: Option<Arc<Facts>>,
    shebang: Option<Shebang>,
    text: Option<Vec<u8>>,
}

/// What the contents of an image hold, by digest.
#[derive(Default)]
pub(super) struct Contents<'a> {
    found: BTreeMap<Digest, Found>,
    kept: usize,
    /// Reads a content again.
    again: Option<Again<'a>>,
    reread: RefCell<BTreeMap<Digest, Option<Vec<u8>>>>,
}

/// Reads a content by its digest.
type Again<'a> = Box<dyn Fn(&Digest) -> Option<Vec<u8>> + 'a>;

impl Needs {
    pub(super) fn is_nothing(self) -> bool {
        self == Self::default()
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self {
            marks: self.marks || other.marks,
            code: self.code || other.code,
            text: self.text || other.text,
        }
    }
}

/// Looks at one content, holding no more of it than is needed.
pub(super) fn look(reader: &mut dyn Read, size: u64, needs: Needs) -> io::Result<Found> {
    let mut gatherer = needs.marks.then(Gatherer::new);
    let mut held = Vec::new();
    let mut buffer = vec![0; PIECE];
    let mut keep = needs.text && size <= MAX_KEPT;
    let mut first = true;
    let mut is_hungry = gatherer.is_some();
    loop {
        let read = match reader.read(&mut buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let piece = &buffer[..read];
        if read == 0 {
            break;
        }
        if let Some(gatherer) = &mut gatherer
            && is_hungry
        {
            is_hungry = gatherer.feed(piece) == Appetite::More;
        }
        let is_elf = |head: &[u8]| head.starts_with(b"\x7fELF");
        if first {
            held.extend_from_slice(piece);
            if needs.code && is_elf(&held) {
                keep = size <= MAX_ELF;
            }
        } else if keep && held.len() < MAX_ELF as usize {
            held.extend_from_slice(piece);
        }
        first = false;
        if !keep && !is_hungry {
            break;
        }
    }
    let facts = needs.code.then(|| Facts::read(&held)).flatten().map(Arc::new);
    let shebang = needs.code.then(|| Shebang::read(&held)).flatten();
    let text = (needs.text && size <= MAX_KEPT && facts.is_none()).then_some(held);
    Ok(Found { marks: gatherer.map(|it| Arc::new(it.finish())), facts, shebang, text })
}

impl<'a> Contents<'a> {
    /// Returns nothing yet; what is asked for and was not kept comes from `again`.
    pub(super) fn new(again: impl Fn(&Digest) -> Option<Vec<u8>> + 'a) -> Self {
        Self { again: Some(Box::new(again)), ..Self::default() }
    }

    /// Adds what was found in a content.
    pub(super) fn insert(&mut self, digest: Digest, mut found: Found) {
        let length = found.text.as_ref().map_or(0, Vec::len);
        if self.kept + length > MAX_ALL_KEPT {
            found.text = None;
        } else {
            self.kept += length;
        }
        self.found.insert(digest, found);
    }
}

impl Files for Contents<'_> {
    fn elf(&self, _: &TreePath, content: &Content) -> Option<Arc<Facts>> {
        self.found.get(&content.digest)?.facts.clone()
    }

    fn script(&self, _: &TreePath, content: &Content) -> Option<Shebang> {
        self.found.get(&content.digest)?.shebang.clone()
    }

    fn read(&self, _: &TreePath, content: &Content) -> Option<Vec<u8>> {
        if let Some(text) = self.found.get(&content.digest).and_then(|found| found.text.clone()) {
            return Some(text);
        }
        let known = self.reread.borrow().get(&content.digest).cloned();
        known.unwrap_or_else(|| {
            let bytes = self.again.as_ref().and_then(|again| again(&content.digest));
            // Archives of classes are read once and not kept.
            if content.size <= MAX_KEPT {
                self.reread.borrow_mut().insert(content.digest, bytes.clone());
            }
            bytes
        })
    }
}

impl Evidence for Contents<'_> {
    fn marks(&self, content: &Content) -> Option<Arc<Marks>> {
        self.found.get(&content.digest)?.marks.clone()
    }
}

/// A writer that gathers marks.
#[derive(Default)]
pub(super) struct Marking(Gatherer, bool);

impl Marking {
    pub(super) fn finish(self) -> Marks {
        self.0.finish()
    }
}

impl Write for Marking {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.1 {
            self.1 = self.0.feed(bytes) == Appetite::Enough;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says whether a file may be a program, a library or a script that something starts or loads.
pub(super) fn looks_like_code(path: &TreePath, mode: u32) -> bool {
    let name = path.file_name();
    mode & 0o111 != 0 || name.ends_with(b".so") || contains(name, b".so.") || name.ends_with(b".node")
}

/// Says whether the start-up proof may read a file: settings of the system and of programs.
pub(super) fn looks_like_settings(path: &TreePath, mode: u32) -> bool {
    let (whole, name) = (path.as_bytes(), path.file_name());
    let ends: [&[u8]; 6] = [b".conf", b".cfg", b".pth", b".json", b".path", b"release"];
    whole.starts_with(b"etc/") || mode & 0o111 != 0 || ends.iter().any(|end| name.ends_with(end))
}

fn contains(name: &[u8], part: &[u8]) -> bool {
    name.windows(part.len()).any(|window| window == part)
}
