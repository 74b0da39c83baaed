//! Where dynamic linkers look without being told, and the variables in library paths.

use crate::elf::Facts;
use crate::path::TreePath;
use crate::platform::Platform;

/// Where the musl linker looks unless the image says otherwise.
pub(super) const MUSL: &str = "/lib:/usr/local/lib:/usr/lib";

/// Lists the paths at which the dynamic linker would look for a library that an object needs, in its
/// order, as far as the object tells: neither the environment, nor what loaded the object, nor the cache
/// of the linker is asked. The last path is where caches usually lead to. `has` says whether something
/// stands at a path.
pub fn library_places(
    facts: &Facts,
    object: &TreePath,
    name: &str,
    platform: &Platform,
    has: &dyn Fn(&TreePath) -> bool,
) -> Vec<String> {
    if name.contains('/') {
        return vec![name.to_owned()];
    }
    let needs_musl = facts.needed.iter().any(|name| name.starts_with("libc.musl-"));
    let interpreter = facts.interpreter.as_deref().unwrap_or_default();
    let is_musl = needs_musl || Linker::of(interpreter) == Linker::Musl;
    let defaults = Defaults::of(&TreePath::parse(interpreter).unwrap_or_default(), has, platform);
    let origin = format!("/{}", String::from_utf8_lossy(object.parent().unwrap_or_default().as_bytes()));
    let machine = platform.machine().unwrap_or_default();
    let variables = Variables { origin: &origin, lib: &defaults.lib, platform: machine };
    let own = facts.runpath.as_ref().or(facts.rpath.as_ref());
    let own = own.into_iter().flat_map(|list| list.split(':')).filter(|part| !part.is_empty());
    let mut directories: Vec<String> = own.map(|part| variables.expand(part)).collect();
    if is_musl {
        directories.extend(MUSL.split(':').map(str::to_owned));
    } else {
        directories.extend(defaults.directories);
        directories.push(String::from("/usr/local/lib"));
    }
    directories.into_iter().map(|directory| format!("{directory}/{name}")).collect()
}

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
    /// Tells them by the place of the interpreter and by what stands in the image.
    pub(super) fn of(interpreter: &TreePath, has: impl Fn(&TreePath) -> bool, platform: &Platform) -> Self {
        let triplet = platform.triplet().map(ldconfig_triplet);
        let has = |path: String| TreePath::parse(path).is_ok_and(|path| has(&path));
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
    use crate::elf::{ByteOrder, Class, Kind};

    #[test]
    fn places_are_in_the_order_of_the_linker() {
        let facts = |interpreter: &str, runpath: Option<&str>| Facts {
            class: Class::Bits64,
            order: ByteOrder::Little,
            machine: 62,
            flags: 0,
            os_abi: 0,
            kind: Kind::Executable,
            interpreter: Some(interpreter.to_owned()),
            soname: None,
            needed: Vec::new(),
            rpath: Some("/ignored".to_owned()).filter(|_| runpath.is_some()),
            runpath: runpath.map(str::to_owned),
            version_needs: Vec::new(),
            version_definitions: Vec::new(),
            build_id: None,
            isa_needed: 0,
            loadable: false,
            damaged: false,
        };
        let platform: Platform = "linux/amd64".parse().expect("a platform");
        let object = TreePath::parse("opt/app/bin/run").expect("a path");
        let triplet = TreePath::parse("usr/lib/x86_64-linux-gnu").expect("a path");
        let places = |facts: &Facts, name: &str| {
            library_places(facts, &object, name, &platform, &|path| *path == triplet)
        };
        let gnu = facts("/lib64/ld-linux-x86-64.so.2", Some("$ORIGIN/../lib:/x/$LIB"));
        assert_eq!(
            places(&gnu, "liba.so"),
            [
                "/opt/app/bin/../lib/liba.so",
                "/x/lib/x86_64-linux-gnu/liba.so",
                "/lib/x86_64-linux-gnu/liba.so",
                "/usr/lib/x86_64-linux-gnu/liba.so",
                "/lib/liba.so",
                "/usr/lib/liba.so",
                "/usr/local/lib/liba.so",
            ]
        );
        let musl = facts("/lib/ld-musl-x86_64.so.1", None);
        assert_eq!(places(&musl, "liba.so"), ["/lib/liba.so", "/usr/local/lib/liba.so", "/usr/lib/liba.so"]);
        assert_eq!(places(&musl, "/own/liba.so"), ["/own/liba.so"]);
    }

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
