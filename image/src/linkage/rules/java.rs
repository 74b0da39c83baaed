//! Java: the virtual machine behind the launcher, the main class, and its version.
//!
//! See the manual of `java`, and the JAR file specification for manifests. What stands in argument
//! files or variables is not read.

use super::super::Problem;
use super::super::program::Start;
use super::super::proof::{Proof, Running, Weight};
use super::super::root::Access;
use super::super::world::shown;
use super::archive::Archive;
use super::{interpreter, pattern};
use crate::path::TreePath;

/// Options that take the next word.
const VALUED: [&str; 16] = [
    "-cp",
    "-classpath",
    "--class-path",
    "-p",
    "--module-path",
    "--upgrade-module-path",
    "--add-modules",
    "--add-opens",
    "--add-exports",
    "--add-reads",
    "--limit-modules",
    "--patch-module",
    "--enable-native-access",
    "-d",
    "--describe-module",
    "--source",
];
/// Options after which no program follows.
const NO_PROGRAM: [&str; 10] =
    ["-version", "--version", "-showversion", "-help", "--help", "-h", "-?", "-X", "--list-modules", "-d"];
/// A class file's version is this much greater than that of the Java it is for.
const CLASS_VERSIONS: u16 = 44;

/// What a command line starts.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Command {
    Jar(String),
    Class {
        name: String,
        path: String,
    },
    /// A module, a source file, or nothing.
    Other,
}

pub(super) fn apply<'a>(proof: &mut Proof<'a>, running: &mut Running<'a>, depth: usize, weight: Weight) {
    let Some(home) = running.path.ancestors().nth(1).filter(|_| running.path.file_name() == b"java") else {
        return;
    };
    machine(proof, running, &home, depth, weight);
    let version = version(proof, &home);
    match Command::of(&running.arguments) {
        Command::Jar(path) => jar(proof, running, &path, version, weight),
        Command::Class { name, path } => class(proof, running, (&name, &path), version, weight),
        Command::Other => {}
    }
}

/// Opens the virtual machine and what belongs to it.
fn machine<'a>(
    proof: &mut Proof<'a>,
    running: &mut Running<'a>,
    home: &TreePath,
    depth: usize,
    weight: Weight,
) {
    let machines = [
        "lib/server/libjvm.so",
        "lib/client/libjvm.so",
        "lib/*/libjvm.so",
        "jre/lib/*/*/libjvm.so",
        "lib/*/server/libjvm.so",
        "jre/lib/*/server/libjvm.so",
    ];
    let parts = [
        ("the Java virtual machine", &machines[..]),
        ("the core library of Java", &["lib/libjava.so", "lib/*/libjava.so", "jre/lib/*/libjava.so"]),
        (
            "the class library of Java",
            &["lib/modules", "lib/rt.jar", "jre/lib/rt.jar", "modules/java.base/*"],
        ),
    ];
    for (what, places) in parts {
        let found: Vec<TreePath> =
            places.iter().flat_map(|place| pattern::expand(proof.world, home, place)).collect();
        if found.is_empty() {
            let path = format!("{}/{}", shown(home), places[0]);
            let problem = Problem::Part { what: what.to_owned(), path };
            proof.fail(&running.shown.clone(), Some(running.path.clone()), problem, running.step(), weight);
        }
        for path in found {
            running.open(proof, &path, 0, weight);
        }
    }
    for path in pattern::expand(proof.world, home, "lib/*.so") {
        running.open(proof, &path, 0, Weight::Optional);
    }
    // Java starts other programs by way of this one.
    for path in pattern::expand(proof.world, home, "lib/jspawnhelper") {
        let search = running.search.clone();
        let (program, from) = (shown(&path), running.step());
        proof.start(Start {
            program,
            arguments: Vec::new(),
            search,
            from,
            depth: depth + 1,
            weight: Weight::Optional,
        });
    }
}

/// Returns the version of the Java in a directory: from its name, or from what it says in `release`.
fn version(proof: &Proof<'_>, home: &TreePath) -> Option<u16> {
    let name = String::from_utf8_lossy(home.file_name()).into_owned();
    let digits =
        |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u16>().ok();
    let named = ["java-", "jdk-", "jre-", "zulu"].iter().find_map(|start| digits(name.strip_prefix(start)?));
    // Java 8 called itself 1.8.
    let named = named.filter(|version| *version > 1);
    named.or_else(|| {
        let text = proof.world.read_text(&format!("{}/release", shown(home)))?;
        let value = text.lines().find_map(|line| line.strip_prefix("JAVA_VERSION="))?.trim_matches('"');
        digits(value.strip_prefix("1.").unwrap_or(value))
    })
}

impl Command {
    fn of(arguments: &[String]) -> Self {
        let mut path = None;
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let (option, value) = match word.split_once('=') {
                Some((option, value)) if option.starts_with("--") => (option, Some(value.to_owned())),
                _ => (word.as_str(), None),
            };
            match option {
                "-jar" => return words.next().cloned().map_or(Self::Other, Self::Jar),
                "-m" | "--module" => return Self::Other,
                "-cp" | "-classpath" | "--class-path" => path = value.or_else(|| words.next().cloned()),
                _ if NO_PROGRAM.contains(&option) => return Self::Other,
                _ if VALUED.contains(&option) => drop(value.or_else(|| words.next().cloned())),
                _ if option.starts_with('-') => {}
                _ if option.starts_with('@') || option.ends_with(".java") => return Self::Other,
                _ => {
                    // Without a class path it is that of a variable, or the working directory.
                    return path.map_or(Self::Other, |path| Self::Class { name: word.clone(), path });
                }
            }
        }
        Self::Other
    }
}

fn jar<'a>(proof: &mut Proof<'a>, running: &Running<'a>, path: &str, version: Option<u16>, weight: Weight) {
    interpreter::must_read(proof, running, path, weight);
    let Ok(found) = proof.world.file(path, Access::Read) else { return };
    let Some(bytes) = proof.world.read(&found) else { return };
    let path = &proof.world.absolute(path);
    let mut fail = |problem| proof.fail(path, Some(found.clone()), problem, running.step(), weight);
    let mismatch =
        |reason: &str, key: &str| Problem::Mismatch { reason: reason.to_owned(), key: key.to_owned() };
    let Some(archive) = Archive::read(&bytes) else {
        // An archive beyond the limits of the format is large; a small one that cannot be read is none.
        if bytes.len() < 1 << 30 {
            fail(mismatch("is no Java archive, or a damaged one", "archive"));
        }
        return;
    };
    let manifest = archive.content("META-INF/MANIFEST.MF").unwrap_or_default();
    let attribute = |name: &str| attribute(&String::from_utf8_lossy(&manifest), name);
    let Some(main) = attribute("Main-Class") else {
        return fail(mismatch("has no `Main-Class` in its manifest", "Main-Class"));
    };
    let file = class_file(&main);
    if !archive.contains(&file) {
        let listed = attribute("Class-Path").unwrap_or_default();
        let directory = found.parent().unwrap_or_default();
        let places = listed.split_whitespace().map(|place| shown(&directory.join(place).unwrap_or_default()));
        let places: Vec<String> = places.collect();
        if !places.iter().any(|place| class_at(proof, place, &file).is_some()) {
            let problem = Problem::Part { what: format!("its `Main-Class` {main}"), path: file };
            proof.fail(path, Some(found.clone()), problem, running.step(), weight);
        }
        return;
    }
    let started = attribute("Start-Class").map(|class| format!("BOOT-INF/classes/{}", class_file(&class)));
    for class in [Some(file), started].into_iter().flatten() {
        if let Some(problem) = archive.content(&class).and_then(|bytes| too_new(&bytes, version)) {
            return fail(problem);
        }
    }
}

fn class<'a>(
    proof: &mut Proof<'a>,
    running: &Running<'a>,
    (name, path): (&str, &str),
    version: Option<u16>,
    weight: Weight,
) {
    let file = class_file(&name.replace('/', "."));
    let mut places: Vec<String> = Vec::new();
    for place in path.split(':') {
        match place.strip_suffix("/*") {
            Some(directory) => {
                let directory = proof.world.root().find(directory.as_bytes()).unwrap_or_default();
                places.extend(pattern::expand(proof.world, &directory, "*.jar").iter().map(shown));
            }
            None => places.push(place.to_owned()),
        }
    }
    match places.iter().find_map(|place| class_at(proof, place, &file)) {
        Some(bytes) => {
            if let Some(Problem::Mismatch { reason, key }) = too_new(&bytes, version) {
                let problem = Problem::Mismatch { reason: format!("runs `{name}`, which {reason}"), key };
                proof.fail(
                    &running.shown.clone(),
                    Some(running.path.clone()),
                    problem,
                    running.step(),
                    weight,
                );
            }
        }
        // A class of Java itself, or one that an archive refers to.
        None if ["java.", "jdk.", "sun.", "com.sun."].iter().any(|own| name.starts_with(own)) => {}
        None if places.iter().any(|place| refers_on(proof, place)) => {}
        None => {
            let problem = Problem::Part { what: format!("the class {name} in its class path"), path: file };
            proof.fail(&running.shown.clone(), Some(running.path.clone()), problem, running.step(), weight);
        }
    }
}

/// Returns a class file of a directory or archive.
fn class_at(proof: &Proof<'_>, place: &str, file: &str) -> Option<Vec<u8>> {
    let inside = format!("{}/{file}", if place.is_empty() { "." } else { place });
    if let Ok(path) = proof.world.file(&inside, Access::Read) {
        return proof.world.read(&path);
    }
    let archive = proof.world.file(place, Access::Read).ok()?;
    Archive::read(&proof.world.read(&archive)?)?.content(file)
}

/// Says whether an archive has a class path of its own.
fn refers_on(proof: &Proof<'_>, place: &str) -> bool {
    let manifest = class_at(proof, place, "META-INF/MANIFEST.MF").unwrap_or_default();
    attribute(&String::from_utf8_lossy(&manifest), "Class-Path").is_some()
}

fn class_file(name: &str) -> String {
    format!("{}.class", name.trim().replace('.', "/"))
}

/// Says that a class file is for a newer Java than the one of the image.
fn too_new(bytes: &[u8], version: Option<u16>) -> Option<Problem> {
    let found = match bytes {
        [0xca, 0xfe, 0xba, 0xbe, _, _, high, low, ..] => u16::from_be_bytes([*high, *low]),
        _ => return None,
    };
    let (wanted, has) = (found.checked_sub(CLASS_VERSIONS)?, version?);
    (wanted > has).then(|| Problem::Mismatch {
        reason: format!("is compiled for Java {wanted}, but the image has Java {has}"),
        key: format!("java-{wanted}"),
    })
}

/// Returns a main attribute of a manifest. Long lines go on in the next one, after a blank.
fn attribute(manifest: &str, name: &str) -> Option<String> {
    let text = manifest.replace("\r\n", "\n").replace("\n ", "");
    let main = text.split("\n\n").next().unwrap_or_default();
    let value = main.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    });
    value.filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::archive::write;
    use super::*;
    use crate::linkage::testing::{Sample, file, library, link, program};

    const HOME: &str = "usr/lib/jvm/java-21-openjdk-amd64";

    fn java() -> Sample {
        let home = |path: &str| format!("{HOME}/{path}");
        Sample::with_libc()
            .and("usr/bin/java", link("../lib/jvm/java-21-openjdk-amd64/bin/java"))
            .and(&home("bin/java"), program(&["libc.so.6"]))
            .and(
                &home("lib/server/libjvm.so"),
                library(&["libc.so.6"]).with(|facts| facts.soname = Some("libjvm.so".into())),
            )
            .and(&home("lib/libjava.so"), library(&["libjvm.so", "libc.so.6"]))
            .and(&home("lib/modules"), file("classes"))
    }

    fn class(version: u8) -> [u8; 8] {
        [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, version]
    }

    #[test]
    fn command_lines_of_java() {
        let class = |name: &str, path: &str| Command::Class { name: name.into(), path: path.into() };
        for (line, expected) in [
            ("-Xmx1g -jar /app.jar x", Command::Jar("/app.jar".into())),
            ("--add-opens java.base/java.lang=ALL -jar a", Command::Jar("a".into())),
            ("-cp /a:/b/* app.Main -jar", class("app.Main", "/a:/b/*")),
            ("--class-path=/a app.Main", class("app.Main", "/a")),
            ("-version", Command::Other),
            ("-m app/app.Main", Command::Other),
            ("@/args", Command::Other),
            ("app.Main", Command::Other),
        ] {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            assert_eq!(Command::of(&words), expected, "{line}");
        }
    }

    #[test]
    fn the_virtual_machine_must_be_there() {
        let whole = java().starting(&["/usr/bin/java", "-version"]);
        assert_eq!(whole.findings(), Vec::<String>::new());
        let bare = Sample::with_libc().and("opt/jre/bin/java", program(&[])).starting(&["/opt/jre/bin/java"]);
        assert_eq!(bare.findings().len(), 3, "{:?}", bare.findings());
        let lacking = whole.and(
            &format!("{HOME}/lib/server/libjvm.so"),
            library(&["libgone.so"]).with(|facts| facts.soname = Some("libjvm.so".into())),
        );
        assert_eq!(lacking.findings().len(), 1, "{:?}", lacking.findings());
    }

    #[test]
    fn archives_start_where_their_main_class_is_and_is_not_too_new() {
        let manifest = b"Manifest-Version: 1.0\r\nMain-Class: com.example.a.very.long.name.M\r\n ain\r\n";
        let main = "com/example/a/very/long/name/Main.class";
        let jar = |members: &[(&str, &[u8])]| {
            java()
                .and("app.jar", file(write(members)))
                .starting(&["/usr/bin/java", "-jar", "/app.jar"])
                .findings()
        };
        let said = |text: &str| vec![format!("/app.jar {text} [entrypoint > /usr/bin/java]")];
        let manifest = ("META-INF/MANIFEST.MF", &manifest[..]);
        assert_eq!(jar(&[manifest, (main, &class(65))]), Vec::<String>::new());
        assert_eq!(
            jar(&[manifest, (main, &class(69))]),
            said("is compiled for Java 25, but the image has Java 21")
        );
        assert_eq!(
            jar(&[manifest]),
            said(
                "needs its `Main-Class` com.example.a.very.long.name.Main (`com/example/a/very/long/name/Main.class`), which is not in the image"
            )
        );
        assert_eq!(jar(&[("x", b"")]), said("has no `Main-Class` in its manifest"));
        let none = java().starting(&["/usr/bin/java", "-jar", "/app.jar"]);
        assert_eq!(none.findings(), said("is not in the image"));
    }

    #[test]
    fn classes_are_found_along_the_class_path() {
        let start = |path: &str| {
            java()
                .and("opt/lib/a.jar", file(write(&[("app/Main.class", &class(61))])))
                .and("classes/app/New.class", file(class(70)))
                .starting(&["/usr/bin/java", "-cp", path, "app.Main"])
        };
        assert_eq!(start("/x:/opt/lib/*").findings(), Vec::<String>::new());
        assert_eq!(start("/opt/lib/a.jar").findings(), Vec::<String>::new());
        assert_eq!(start("/classes").findings().len(), 1);
        let new = start("").starting(&["/usr/bin/java", "-cp", "/classes", "app.New"]);
        assert_eq!(
            new.findings(),
            [
                "/usr/bin/java runs `app.New`, which is compiled for Java 26, but the image has Java 21 [entrypoint > /usr/bin/java]"
            ]
        );
    }
}
