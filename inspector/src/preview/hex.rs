//! Bytes in hexadecimal digits: offset, digits, the same as ASCII.

use super::line::{Line, Style};
use super::size;

/// Returns how many bytes stand in a line on a pane of this many columns: 16, or 8 or 4 where they do not
/// fit.
pub fn bytes_per_line(columns: usize) -> usize {
    [16, 8].into_iter().find(|count| width(*count) <= columns).unwrap_or(4)
}

/// Offset, two blanks, three columns a byte and one after each eight, a blank, the same as ASCII.
fn width(count: usize) -> usize {
    8 + 2 + 3 * count + count / 8 + 1 + count
}

/// Returns the number of lines of `length` bytes; one more says what is missing of the file.
pub(super) fn line_count(length: usize, file: u64, columns: usize) -> usize {
    length.div_ceil(bytes_per_line(columns)) + usize::from(file > length as u64)
}

/// Returns a line, which must be one of [`line_count`].
pub(super) fn line(bytes: &[u8], file: u64, columns: usize, number: usize) -> Line {
    let count = bytes_per_line(columns);
    let offset = number * count;
    let Some(row) = bytes.get(offset..).filter(|row| !row.is_empty()) else {
        let rest = file.saturating_sub(bytes.len() as u64);
        return Line::of(Style::Muted, format!("… {} more", size(rest)));
    };
    let row = &row[..row.len().min(count)];
    let mut line = Line::of(Style::Muted, format!("{offset:08x}  "));
    for place in 0..count {
        match row.get(place) {
            Some(byte) => line.push(style(*byte), format!("{byte:02x} ")),
            None => line.push(Style::Plain, "   "),
        }
        if place % 8 == 7 {
            line.push(Style::Plain, " ");
        }
    }
    line.push(Style::Plain, " ");
    for byte in row {
        let shown = if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '.' };
        line.push(style(*byte), shown);
    }
    line
}

fn style(byte: u8) -> Style {
    match byte {
        0 => Style::Muted,
        b' '..=b'~' => Style::String,
        b'\t' | b'\n' | b'\r' => Style::Keyword,
        0x80.. => Style::Number,
        _ => Style::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_their_pane() {
        let bytes: Vec<u8> = (0..=255).collect();
        for (columns, count) in [(200, 16), (77, 16), (76, 8), (44, 8), (43, 4), (1, 4)] {
            assert_eq!(bytes_per_line(columns), count, "{columns}");
            assert_eq!(line_count(256, 256, columns), 256 / count);
            for number in 0..256 / count {
                let width = line(&bytes, 256, columns, number).width();
                assert!(width == super::width(count) && (width <= columns || count == 4), "{columns}");
            }
        }
    }

    #[test]
    fn offsets_digits_and_letters() {
        let bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0>";
        let text = |number, columns| line(bytes, 1 << 20, columns, number).text();
        assert_eq!(
            text(0, 80),
            "00000000  7f 45 4c 46 02 01 01 00  00 00 00 00 00 00 00 00   .ELF............"
        );
        assert_eq!(text(1, 80), "00000010  02 00 3e                                           ..>");
        assert_eq!(text(1, 50), "00000008  00 00 00 00 00 00 00 00   ........");
        assert_eq!(text(0, 10), "00000000  7f 45 4c 46  .ELF");
        assert_eq!(line_count(bytes.len(), 1 << 20, 80), 3);
        assert_eq!(text(2, 80), "… 1.05 MB more");
    }
}
