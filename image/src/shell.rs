//! Shells by their names.

const NAMES: [&str; 26] = [
    "sh",
    "bash",
    "dash",
    "ash",
    "hush",
    "zsh",
    "ksh",
    "ksh93",
    "mksh",
    "lksh",
    "oksh",
    "loksh",
    "posh",
    "yash",
    "fish",
    "csh",
    "tcsh",
    "elvish",
    "xonsh",
    "nu",
    "pwsh",
    "rbash",
    "rzsh",
    "rksh",
    "git-shell",
    "sash",
];

/// Programs of many tools that have a shell among them.
const CARRIERS: [&str; 3] = ["busybox", "busybox-static", "toybox"];

/// Says whether a file of this name is a shell by its name.
pub fn is_shell(name: &[u8]) -> bool {
    NAMES.iter().any(|known| known.as_bytes() == name)
}

/// Says whether a file of this name is a shell by its name, or many tools with a shell among them.
pub fn brings_shell(name: &[u8]) -> bool {
    is_shell(name) || CARRIERS.iter().any(|known| known.as_bytes() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_are_known_by_their_whole_names() {
        for (name, expected) in [
            ("sh", (true, true)),
            ("git-shell", (true, true)),
            ("busybox", (false, true)),
            ("toybox", (false, true)),
            ("sha256sum", (false, false)),
            ("SH", (false, false)),
            ("", (false, false)),
        ] {
            assert_eq!((is_shell(name.as_bytes()), brings_shell(name.as_bytes())), expected, "{name}");
        }
    }
}
