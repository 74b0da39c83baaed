//! Manifests, indexes and configurations: what is read is written so that it reads the same.
#![no_main]

use attar_image::manifest::{Document, ImageConfig, Index, Kind, Manifest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    round_trip::<Manifest>(bytes);
    round_trip::<Index>(bytes);
    round_trip::<ImageConfig>(bytes);
    assert!(
        Document::<Manifest>::parse(bytes).is_err() || Document::<Index>::parse(bytes).is_err(),
        "one document, two readings"
    );
});

fn round_trip<T: Kind + Clone>(bytes: &[u8]) {
    let Ok(document) = Document::<T>::parse(bytes) else { return };
    assert_eq!(document.bytes(), bytes);
    let written = Document::new(document.into_value());
    let again = Document::<T>::parse(written.bytes()).expect("own output is readable");
    assert_eq!(Document::new(again.into_value()).digest(), written.digest());
}
