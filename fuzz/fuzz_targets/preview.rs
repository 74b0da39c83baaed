//! A file of an image as a terminal shows it: the first line is its name, the rest its bytes, or after a
//! separator a list of members as for `import`. Nothing harmful is shown, whatever it holds.
#![no_main]

mod members;

use attar_image::text::is_harmful;
use attar_inspector::preview::{Content, Mode, Preview, Surroundings, difference, preview};
use libfuzzer_sys::fuzz_target;

fn check(preview: &Preview) {
    assert!(!preview.modes.is_empty());
    for mode in [Mode::Text, Mode::Hex, Mode::Facts, Mode::Listing, Mode::Difference] {
        let count = preview.line_count(mode, 80);
        let lines = preview.lines(mode, 80, 0..count.min(1000));
        assert_eq!(lines.len(), count.min(1000));
        for span in lines.iter().flat_map(|line| &line.spans) {
            assert!(!span.text.contains(is_harmful), "{:?}", span.text);
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let split = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (name, bytes) = bytes.split_at(split);
    let bytes = bytes.get(1..).unwrap_or_default();
    let made = bytes.strip_prefix(&[members::SEPARATOR]).map(members::archive);
    let bytes = made.as_deref().unwrap_or(bytes);
    let around = Surroundings { now: Some(1 << 30), provider: Some(&|_, _| None) };
    let whole = Content::whole(name, bytes);
    let cut = Content::new(name, &bytes[..bytes.len() / 2], bytes.len() as u64);
    check(&preview(&whole, &around));
    check(&preview(&cut, &around));
    check(&difference(&cut, &whole, &around));
});
