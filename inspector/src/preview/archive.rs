//! What archives hold: tar, plain or compressed, zip, ar, Debian packages; and files that are only
//! compressed.
//!
//! Nothing is unpacked. The number of members that are listed has a limit, and so has what is
//! decompressed to find them: a small archive may hold more than there are disks.

mod ar;
mod zip;

use std::io::Read;
use std::sync::Arc;

use attar_image::chain;
use attar_image::layer::reader::{Member, MemberKind, Reader};
use attar_packages::compression::{Compression, Limited};
use attar_packages::debian::deb::DebReader;

use super::content::{Content, MAX_READ};
use super::display::value;
use super::highlight::language;
use super::line::{Line, Style};
use super::mask::{Masked, mask};
use super::size;
use super::text::{self, Text};
use super::{Fact, Kind, Mode, Preview};

/// The most members that are listed.
pub const MAX_MEMBERS: usize = 10_000;
/// The most bytes that are decompressed to find members.
pub const MAX_DECOMPRESSED: u64 = 256 << 20;

/// What an archive holds, as far as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Listing {
    lines: Vec<Line>,
    members: usize,
    /// Bytes of all members.
    size: u64,
    /// Why it was not read to its end.
    end: Option<String>,
}

impl Listing {
    /// Adds a member; says whether there is room for more.
    fn add(&mut self, mode: &str, bytes: Option<u64>, name: &[u8], note: Line) -> bool {
        if self.members == MAX_MEMBERS {
            self.end = Some(format!("only the first {MAX_MEMBERS} members are listed"));
            return false;
        }
        self.members += 1;
        self.size = self.size.saturating_add(bytes.unwrap_or(0));
        let mut line = Line::of(Style::Muted, format!("{mode}  "));
        line.push(Style::Number, format!("{:>8}  ", bytes.map(size).unwrap_or_default()));
        line.push(Style::Plain, value(name));
        for span in note.spans {
            line.push(span.style, span.text);
        }
        self.lines.push(line);
        true
    }

    fn into_preview(mut self, format: &'static str, content: &Content, mut facts: Vec<Fact>) -> Preview {
        let mut preview = Preview::new(Kind::Archive { format }, &[Mode::Listing, Mode::Facts, Mode::Hex]);
        let least = if self.end.is_some() { "at least " } else { "" };
        preview.facts.push(Fact::new("members", format!("{least}{}", self.members)));
        preview.facts.push(Fact::new("unpacked", format!("{least}{}", size(self.size))));
        preview.facts.append(&mut facts);
        if let Some(end) = self.end {
            self.lines.push(Line::of(Style::Warning, format!("… {end}")));
            preview.facts.push(Fact::warning("not read", end));
            if self.members < MAX_MEMBERS {
                preview.more = content.more();
            }
        }
        preview.listing = self.lines;
        preview
    }
}

/// Says what an archive or a compressed file holds; `None` when it is neither.
pub(super) fn preview(content: &Content) -> Option<Preview> {
    let bytes = &content.bytes[..];
    let name = content.file_name();
    match bytes {
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => {
            let listing = if content.is_complete() { zip::list(bytes) } else { zip::unknown() };
            Some(listing.into_preview("zip", content, Vec::new()))
        }
        _ if bytes.starts_with(b"!<arch>\n") => Some(package(content).unwrap_or_else(|| {
            ar::list(bytes, content.is_complete()).into_preview("ar", content, Vec::new())
        })),
        _ if is_tar(bytes) => Some(tar(bytes, content).into_preview("tar", content, Vec::new())),
        _ => match Compression::detect(bytes) {
            Compression::None => None,
            // What it begins with may be anything's beginning.
            Compression::Lzma if !name.ends_with(b".lzma") => None,
            compression => Some(compressed(content, compression)),
        },
    }
}

fn is_tar(bytes: &[u8]) -> bool {
    bytes.get(257..262) == Some(b"ustar")
}

fn tar(plain: impl Read, content: &Content) -> Listing {
    let mut listing = Listing::default();
    let mut reader = Reader::new(plain);
    loop {
        match reader.next_member() {
            Ok(Some(member)) => {
                if !add_member(&mut listing, &member) {
                    return listing;
                }
            }
            Ok(None) => return listing,
            Err(_) if !content.is_complete() => {
                let known = size(content.bytes.len() as u64);
                listing.end = Some(format!("only the first {known} were read"));
                return listing;
            }
            Err(error) => {
                listing.end = Some(value(chain(&error)));
                return listing;
            }
        }
    }
}

fn add_member(listing: &mut Listing, member: &Member) -> bool {
    let mut note = Line::default();
    let (letter, bytes) = match &member.kind {
        MemberKind::Directory => ('d', None),
        MemberKind::File { size } => ('-', Some(*size)),
        MemberKind::HardLink { target } => {
            note.push(Style::Muted, format!(" = {}", value(target.to_string())));
            ('h', None)
        }
        MemberKind::Symlink { target } => {
            note.push(Style::Muted, format!(" → {}", value(target)));
            ('l', None)
        }
        MemberKind::CharacterDevice { .. } => ('c', None),
        MemberKind::BlockDevice { .. } => ('b', None),
        MemberKind::Fifo => ('p', None),
    };
    let mode = format!("{letter}{:04o}", member.metadata.mode);
    listing.add(&mode, bytes, member.path.as_bytes(), note)
}

/// Says what a Debian package holds; `None` when it is none, or damaged at its beginning.
fn package(content: &Content) -> Option<Preview> {
    let package = DebReader::open(&content.bytes[..]).ok()?;
    let mut facts = Vec::new();
    if let Ok(stanza) = package.control().stanza() {
        for (label, field) in [
            ("package", "Package"),
            ("version", "Version"),
            ("architecture", "Architecture"),
            ("description", "Description"),
        ] {
            let text = stanza.get(field).and_then(|text| text.lines().next().map(str::to_owned));
            facts.extend(text.map(|text| Fact::new(label, value(text))));
        }
    }
    let data = package.data().ok()?;
    let compression = data.compression;
    let listing = match compression.decoder(data) {
        Ok(plain) => tar(Limited::new(plain, MAX_DECOMPRESSED), content),
        Err(error) => Listing { end: Some(value(error.to_string())), ..Listing::default() },
    };
    Some(listing.into_preview("Debian package", content, facts))
}

/// Says what a compressed file holds.
fn compressed(content: &Content, compression: Compression) -> Preview {
    let (format, archive) = match compression {
        Compression::Gzip => ("gzip", "tar, gzip"),
        Compression::Bzip2 => ("bzip2", "tar, bzip2"),
        Compression::Xz => ("xz", "tar, xz"),
        Compression::Lzma => ("lzma", "tar, lzma"),
        Compression::Zstd => ("zstd", "tar, zstd"),
        Compression::None => ("none", "tar"),
    };
    let (sample, failure) = sample(content, compression);
    if is_tar(&sample)
        && let Ok(plain) = compression.decoder(&content.bytes[..])
    {
        return tar(Limited::new(plain, MAX_DECOMPRESSED), content).into_preview(
            archive,
            content,
            Vec::new(),
        );
    }
    let mut preview = Preview::new(Kind::Compressed { format }, &[Mode::Facts, Mode::Hex]);
    let is_cut = sample.len() as u64 == MAX_READ;
    let least = if is_cut || failure.is_some() { "at least " } else { "" };
    preview.facts.push(Fact::new("uncompressed", format!("{least}{}", size(sample.len() as u64))));
    if let Some(failure) = failure.filter(|_| content.is_complete()) {
        preview.facts.push(Fact::warning("damaged", failure));
    }
    let name = content.file_name();
    let stem = name.iter().rposition(|byte| *byte == b'.').map_or(name, |dot| &name[..dot]);
    let Masked { bytes, keys, .. } = mask(&Content::whole(stem, sample));
    if bytes.is_empty() || !text::is_text(&bytes) {
        return preview;
    }
    if keys > 0 {
        preview.facts.push(Fact::warning("private keys", format!("{keys}, masked")));
    }
    let language = language(stem, &bytes);
    let rest = (!least.is_empty()).then(|| String::from("… more, which was not decompressed"));
    let text = Text::new(&bytes, language, rest);
    preview.facts.push(Fact::new("holds", Kind::Text { language }.to_string()));
    preview.facts.extend(text::facts(&bytes, &text));
    preview.modes.insert(0, Mode::Text);
    preview.text = Some(text);
    preview
}

/// Decompresses the beginning of a file, and says why it could not be read further.
fn sample(content: &Content, compression: Compression) -> (Arc<[u8]>, Option<String>) {
    let mut sample = Vec::new();
    let read = compression
        .decoder(&content.bytes[..])
        .and_then(|plain| plain.take(MAX_READ).read_to_end(&mut sample));
    (sample.into(), read.err().map(|error| value(error.to_string())))
}
