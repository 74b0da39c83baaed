//! Figures as people read them.

const DAY: i64 = 86_400;

/// Writes a number of bytes: `17 B`, `5.41 MB`.
pub(crate) fn bytes(bytes: u64) -> String {
    attar_image::text::bytes(bytes)
}

/// Writes by how many bytes something grew: `+17 B`, `-5.41 MB`, `0`.
pub(crate) fn delta(bytes: i64) -> String {
    let size = self::bytes(bytes.unsigned_abs());
    match bytes {
        0 => "0".to_owned(),
        1.. => format!("+{size}"),
        _ => format!("-{size}"),
    }
}

/// Writes a time in seconds since 1970 as a day and a minute of UTC: `2026-11-01 14:05`.
pub(crate) fn date(seconds: i64) -> String {
    let (year, month, day) = day(seconds.div_euclid(DAY));
    let second = seconds.rem_euclid(DAY);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}", second / 3600, second / 60 % 60)
}

/// Returns the day of the Gregorian calendar that is so many days after the first of 1970.
fn day(days: i64) -> (i64, i64, i64) {
    // Years start in March here, so that the day that only some have is their last one.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year + era * 400 + later, month, day)
}

/// Writes what a history says of a layer as people write it: without the shell that every command has in
/// front, and what builders add.
pub(crate) fn command(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.strip_suffix("# buildkit").unwrap_or(&text).trim_end();
    let (instruction, rest) = match text.strip_prefix("RUN ") {
        Some(rest) => ("RUN ", rest),
        None => ("", text),
    };
    // Older builders wrote the shell alone, and `#(nop)` where nothing ran.
    match rest.strip_prefix("/bin/sh -c ") {
        Some(rest) => match rest.strip_prefix("#(nop) ") {
            Some(instruction) => instruction.trim_start().to_owned(),
            None => format!("RUN {rest}"),
        },
        None => format!("{instruction}{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_instructions() {
        for (text, expected) in [
            ("RUN /bin/sh -c apt-get  update # buildkit", "RUN apt-get update"),
            ("/bin/sh -c make", "RUN make"),
            ("/bin/sh -c #(nop)  CMD [\"sh\"]", "CMD [\"sh\"]"),
            ("COPY app /app # buildkit", "COPY app /app"),
            ("attar: libc6", "attar: libc6"),
        ] {
            assert_eq!(command(text), expected);
        }
    }

    #[test]
    fn times_are_days_and_minutes() {
        for (seconds, expected) in [
            (0, "1970-01-01 00:00"),
            (951_782_400, "2000-02-29 00:00"),
            (1_700_000_000, "2023-11-14 22:13"),
            (-1, "1969-12-31 23:59"),
            (4_102_444_799, "2099-12-31 23:59"),
        ] {
            assert_eq!(date(seconds), expected);
        }
    }
}
