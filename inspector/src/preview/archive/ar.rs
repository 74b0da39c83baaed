//! ar archives: static libraries, and packages that are none of Debian's.

use super::Listing;
use crate::preview::line::Line;

const SIGNATURE: usize = 8;
const HEADER: usize = 60;
/// As many bytes of a name are looked at, one more than names of files have: all members may point to the
/// same long one.
const MAX_NAME: usize = 256;

/// Lists the members of an archive, whose signature was seen.
pub(super) fn list(bytes: &[u8], is_complete: bool) -> Listing {
    let mut listing = Listing::default();
    let mut names: &[u8] = &[];
    let mut at = SIGNATURE;
    while at < bytes.len() {
        let Some((name, size)) = bytes.get(at..at + HEADER).and_then(header) else {
            let why = if is_complete { "it is damaged" } else { "the rest was not read" };
            listing.end = Some(format!("{why} from byte {at} on"));
            break;
        };
        at += HEADER;
        let content = &bytes[at..bytes.len().min(at.saturating_add(size))];
        // Names that are longer than the header has room for stand in a member of their own.
        if name == b"//" {
            names = content;
        } else if !matches!(name, b"/" | b"/SYM64/") && !add(&mut listing, name, size as u64, names) {
            break;
        }
        at = at.saturating_add(size).saturating_add(size % 2);
        if at > bytes.len() + 1 {
            listing.end = Some(String::from("the last member goes on beyond what was read"));
        }
    }
    listing
}

fn add(listing: &mut Listing, name: &[u8], size: u64, names: &[u8]) -> bool {
    let place = name.strip_prefix(b"/").and_then(|place| std::str::from_utf8(place).ok()?.parse().ok());
    let long = place.and_then(|place: usize| {
        let rest = names.get(place..)?;
        rest[..rest.len().min(MAX_NAME)].split(|byte| *byte == b'\n').next()
    });
    let name = long.unwrap_or(name);
    listing.add("-", Some(size), name.strip_suffix(b"/").unwrap_or(name), Line::default())
}

/// Reads name and size.
fn header(header: &[u8]) -> Option<(&[u8], usize)> {
    let size = std::str::from_utf8(header[48..58].trim_ascii_end()).ok()?;
    let name = header[..16].trim_ascii_end();
    (header.ends_with(b"`\n") && !name.is_empty()).then_some(())?;
    Some((name, size.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_of_a_long_name_is_looked_at_than_files_have() {
        let header = |name: &str, size: usize| format!("{name:<16}{:<32}{size:<10}`\n", "");
        let (names, members) = (1 << 20, 5);
        let mut archive = format!("!<arch>\n{}{}", header("//", names), "x".repeat(names));
        archive.push_str(&header("/0", 0).repeat(members));
        let listing = list(archive.as_bytes(), true);
        assert_eq!(listing.members, members);
        let lines: Vec<String> = listing.lines.iter().map(Line::text).collect();
        let is_cut = |line: &String| line.matches('x').count() == MAX_NAME;
        assert!(lines.iter().filter(|line| is_cut(line)).count() == members, "{lines:?}");
    }
}
