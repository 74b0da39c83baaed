//! Pictures: their size in pixels, by the header alone.

use super::{Fact, Kind, Mode, Preview};

/// The most segments of a JPEG file before the one that says its size.
const MAX_SEGMENTS: usize = 1000;

/// Says what picture it is; `None` when it is none.
pub(super) fn preview(bytes: &[u8]) -> Option<Preview> {
    let (format, size) = read(bytes)?;
    let mut preview = Preview::new(Kind::Picture { format }, &[Mode::Facts, Mode::Hex]);
    preview.facts.push(match size {
        Some((width, height)) => Fact::new("pixels", format!("{width} × {height}")),
        None => Fact::warning("pixels", "not known: the header is damaged, or cut short"),
    });
    Some(preview)
}

/// Returns format, width and height.
fn read(bytes: &[u8]) -> Option<(&'static str, Option<(u32, u32)>)> {
    let big = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let little = |at: usize| Some(u32::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => {
            let is_header = bytes.get(12..16) == Some(b"IHDR");
            Some(("PNG", big(16).zip(big(20)).filter(|_| is_header)))
        }
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(("GIF", little(6).zip(little(8)))),
        [0xff, 0xd8, 0xff, ..] => Some(("JPEG", jpeg(bytes))),
        _ => None,
    }
}

fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let short = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?));
    let mut at = 2;
    for _ in 0..MAX_SEGMENTS {
        match *bytes.get(at..at + 2)? {
            // Padding.
            [0xff, 0xff] => at += 1,
            // The start of a frame, of whatever coding; three markers of this range are something else.
            [0xff, marker @ 0xc0..=0xcf] if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                return Some((short(at + 7)?.into(), short(at + 5)?.into()));
            }
            // Markers without content.
            [0xff, 0x01 | 0xd0..=0xd9] => at += 2,
            [0xff, _] => at += 2 + usize::from(short(at + 2)?),
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_say_the_size() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\0\0\0\x01\0";
        let gif = b"GIF89a\x0a\0\x05\0";
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc2\0\x0b\x08\0\x40\0\x80";
        for (case, bytes, expected) in [
            ("PNG", &png[..], Some(("PNG", Some((512, 256))))),
            ("PNG, cut", &png[..20], Some(("PNG", None))),
            ("GIF", gif, Some(("GIF", Some((10, 5))))),
            ("GIF, cut", &gif[..7], Some(("GIF", None))),
            ("JPEG", jpeg, Some(("JPEG", Some((128, 64))))),
            ("JPEG, cut", &jpeg[..12], Some(("JPEG", None))),
            ("JPEG of nothing but lengths", &b"\xff\xd8\xff\xe0\0\0".repeat(9000), Some(("JPEG", None))),
            ("text", b"GIF", None),
        ] {
            assert_eq!(read(bytes), expected, "{case}");
        }
    }
}
