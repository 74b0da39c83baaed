//! Archives from lists of members, because no mutation gets the checksum of a tar header right: each is a
//! name, a line break and a content, with [`SEPARATOR`] between them; `@N` stands for the SHA-256 of the
//! content of member N, `~N` for its size.

use attar_image::Digest;

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
        let mut header = tar::Header::new_ustar();
        if header.set_path(String::from_utf8_lossy(&name).as_ref()).is_err() {
            continue;
        }
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append(&header, &content[..]).expect("memory takes all");
        known.push((Digest::of(&content).hex(), content.len()));
    }
    archive.into_inner().expect("memory takes all")
}

fn substitute(bytes: &[u8], known: &[(String, usize)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let member = after.first().map(|digit| usize::from(digit.wrapping_sub(b'0'))).and_then(|it| known.get(it));
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
