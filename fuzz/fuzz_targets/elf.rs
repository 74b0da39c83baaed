//! An ELF file: whatever its bytes, the facts are bounded and survive being kept in a record.
#![no_main]

use attar_image::elf::Facts;
use attar_image::script::Shebang;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(shebang) = Shebang::read(bytes) {
        assert!(!shebang.program().is_empty());
    }
    let Some(facts) = Facts::read(bytes) else { return };
    let kept = serde_json::to_vec(&facts).expect("facts are plain");
    assert_eq!(serde_json::from_slice::<Facts>(&kept).ok(), Some(facts));
});
