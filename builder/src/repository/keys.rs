//! The archive keys that ship with attar.
//!
//! Where the files come from and what each key signs is written in `keys/README.md`.

use super::openpgp::{Keyring, SignatureError};

/// The certificates of Debian's archive, as `debian-archive-keyring` installs them.
const DEBIAN: [&[u8]; 6] = [
    include_bytes!("../../keys/debian-archive-bookworm-automatic.asc"),
    include_bytes!("../../keys/debian-archive-bookworm-security-automatic.asc"),
    include_bytes!("../../keys/debian-archive-bookworm-stable.asc"),
    include_bytes!("../../keys/debian-archive-trixie-automatic.asc"),
    include_bytes!("../../keys/debian-archive-trixie-security-automatic.asc"),
    include_bytes!("../../keys/debian-archive-trixie-stable.asc"),
];

/// Returns the keys of Debian's archive that ship with attar.
pub fn debian() -> Result<Keyring, SignatureError> {
    let mut keyring = Keyring::default();
    for file in DEBIAN {
        keyring.add(file)?;
    }
    Ok(keyring)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_keys_are_the_ones_the_readme_lists() {
        let readme = include_str!("../../keys/README.md");
        let fingerprints = debian().expect("the shipped keys are well-formed").fingerprints();
        assert_eq!(fingerprints.len(), DEBIAN.len());
        for fingerprint in fingerprints {
            assert!(readme.contains(&format!("`{fingerprint}`")), "{fingerprint}");
        }
    }
}
