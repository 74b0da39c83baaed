//! Archives from lists of members, because no mutation gets the checksum of a tar header right: each is a
//! name, a line break and a content, with [`SEPARATOR`] between them; `@N` stands for the SHA-256 of the
//! content of member N, `~N` for its size. `NAME/` is a directory, `NAME -> TARGET` a symbolic link,
//! `NAME => TARGET` a hard link, `NAME|` a named pipe.

use attar_image::Digest;
use tar::EntryType;

/// Stands between two members.
pub const SEPARATOR: u8 = 0x1e;

/// Makes an archive of a list of members.
pub fn archive(bytes: &[u8]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut known: Vec<(String, usize)> = Vec::new();
    for member in bytes.split(|byte| *byte == SEPARATOR) {
        let mut parts = member.splitn(2, |byte| *byte == b'\n');
        let (name, content) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let (name, content) = (substitute(name, &known), substitute(content, &known));
        let (kind, name, target) = kind(&name);
        let mut header = tar::Header::new_ustar();
        let fields = header.as_ustar_mut().expect("it was made as one");
        if name.len() > fields.name.len() || target.len() > fields.linkname.len() {
            continue;
        }
        // As they are: `set_path` refuses what leads out of the tree.
        fields.name[..name.len()].copy_from_slice(name);
        fields.linkname[..target.len()].copy_from_slice(target);
        let content = if kind == EntryType::Regular { &content[..] } else { &[] };
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(if kind == EntryType::Regular { 0o644 } else { 0o777 });
        header.set_cksum();
        archive.append(&header, content).expect("memory takes all");
        known.push((Digest::of(content).hex(), content.len()));
    }
    archive.into_inner().expect("memory takes all")
}

/// Tells what a member is from its name, and parts that from where it leads.
fn kind(name: &[u8]) -> (EntryType, &[u8], &[u8]) {
    let parted = |sign: &[u8]| {
        let place = name.windows(sign.len()).position(|window| window == sign)?;
        Some((&name[..place], &name[place + sign.len()..]))
    };
    if let Some((name, target)) = parted(b" -> ") {
        (EntryType::Symlink, name, target)
    } else if let Some((name, target)) = parted(b" => ") {
        (EntryType::Link, name, target)
    } else if let Some(name) = name.strip_suffix(b"|") {
        (EntryType::Fifo, name, &[])
    } else {
        (if name.ends_with(b"/") { EntryType::Directory } else { EntryType::Regular }, name, &[])
    }
}

fn substitute(bytes: &[u8], known: &[(String, usize)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let member =
            after.first().map(|digit| usize::from(digit.wrapping_sub(b'0'))).and_then(|it| known.get(it));
        match (first, member) {
            (b'@', Some((digest, _))) => out.extend_from_slice(digest.as_bytes()),
            (b'~', Some((_, size))) => out.extend_from_slice(size.to_string().as_bytes()),
            _ => {
                out.push(*first);
                rest = after;
                continue;
            }
        }
        rest = &after[1..];
    }
    out
}
