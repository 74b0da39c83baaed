//! Where dynamic linkers look without being told, and the variables in library paths.

use crate::filesystem::FileTree;
use crate::path::TreePath;
use crate::platform::Platform;

/// Which dynamic linker a program asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Linker {
    /// That of the GNU C library.
    Gnu,
    /// That of musl.
    Musl,
}

impl Linker {
    /// Tells the linker by the name of a program's interpreter.
    pub(super) fn of(interpreter: &str) -> Self {
        let name = interpreter.rsplit('/').next().unwrap_or_default();
        if name.starts_with("ld-musl-") { Self::Musl } else { Self::Gnu }
    }
}

/// The value of `$LIB`, and the directories that the GNU linker has built in.
///
/// Debian's has those of its architecture; that of others has `lib64` or `lib`. The interpreter's own
/// place tells which one it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Defaults {
    pub(super) lib: String,
    pub(super) directories: Vec<String>,
}

impl Defaults {
    pub(super) fn of(interpreter: &TreePath, tree: &FileTree, platform: &Platform) -> Self {
        let triplet = platform.triplet().map(ldconfig_triplet);
        let has = |path: String| TreePath::parse(path).is_ok_and(|path| tree.below(&path).next().is_some());
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let parent = interpreter.parent().unwrap_or_default();
        match triplet {
            Some(triplet)
                if parent.file_name() == triplet.as_bytes() || has(format!("usr/lib/{triplet}")) =>
            {
                Self {
                    lib: format!("lib/{triplet}"),
                    directories: [
                        format!("/lib/{triplet}"),
                        format!("/usr/lib/{triplet}"),
                        "/lib".into(),
                        "/usr/lib".into(),
                    ]
                    .into(),
                }
            }
            _ if parent.file_name() == b"lib64" || has("usr/lib64".into()) => Self {
                lib: "lib64".into(),
                directories: words(&["/lib64", "/usr/lib64", "/lib", "/usr/lib"]),
            },
            _ => Self { lib: "lib".into(), directories: words(&["/lib", "/usr/lib"]) },
        }
    }
}

/// The name of the directory of an architecture's libraries, which for i386 is not GNU's own.
fn ldconfig_triplet(triplet: &str) -> String {
    triplet.replacen("i486-", "i386-", 1).replacen("i586-", "i386-", 1).replacen("i686-", "i386-", 1)
}

/// What stands for the variables of a library path.
pub(super) struct Variables<'a> {
    /// Directory of the object that says the path.
    pub(super) origin: &'a str,
    /// Value of `$LIB`.
    pub(super) lib: &'a str,
    /// Value of `$PLATFORM`.
    pub(super) platform: &'a str,
}

impl Variables<'_> {
    /// Puts values in place of `$ORIGIN`, `${LIB}` and so on; other text stays as it is.
    pub(super) fn expand(&self, text: &str) -> String {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            expanded.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let found = [("ORIGIN", self.origin), ("PLATFORM", self.platform), ("LIB", self.lib)]
                .into_iter()
                .find_map(|(name, value)| {
                    let plain = after.strip_prefix(name).filter(|rest| {
                        !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_')
                    });
                    let braced = || after.strip_prefix('{')?.strip_prefix(name)?.strip_prefix('}');
                    Some((value, plain.or_else(braced)?))
                });
            match found {
                Some((value, left)) => {
                    expanded.push_str(value);
                    rest = left;
                }
                None => {
                    expanded.push('$');
                    rest = after;
                }
            }
        }
        expanded + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_stand_for_their_values() {
        let variables = Variables { origin: "/opt/app/bin", lib: "lib/x86_64-linux-gnu", platform: "x86_64" };
        for (text, expected) in [
            ("$ORIGIN/../lib", "/opt/app/bin/../lib"),
            ("${ORIGIN}:/x/$LIB", "/opt/app/bin:/x/lib/x86_64-linux-gnu"),
            ("/x/${PLATFORM}$", "/x/x86_64$"),
            ("$ORIGINAL/$HOME", "$ORIGINAL/$HOME"),
            ("$LIBS", "$LIBS"),
        ] {
            assert_eq!(variables.expand(text), expected, "{text}");
        }
    }
}
