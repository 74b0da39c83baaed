//! Python: the standard library, virtual environments, and extension modules.
//!
//! See the documentation of `sys.path`'s initialisation, PEP 405 (virtual environments) and PEP 3149
//! (names of extension modules).

use std::collections::BTreeSet;

use super::super::Problem;
use super::super::proof::{Proof, Running, Weight};
use super::super::root::Access;
use super::super::world::shown;
use super::interpreter::must_read;
use super::pattern;
use crate::elf::Facts;
use crate::path::{TreePath, escape};

/// The interpreter of an image.
struct Python {
    /// `3.13`.
    version: String,
    /// `313`, as names of extension modules have it.
    tag: String,
    machine: String,
    /// The virtual environment it was started in.
    environment: Option<Environment>,
}

struct Environment {
    directory: TreePath,
    /// Whether modules of the system are seen, too.
    with_system: bool,
}

pub(super) fn apply<'a>(proof: &mut Proof<'a>, running: &mut Running<'a>, weight: Weight) {
    let Some(version) = version(running) else { return };
    let machine = proof.world.subject.platform.machine().unwrap_or_default().to_owned();
    let tag = version.replace('.', "");
    let environment = environment(proof, running, &version, weight);
    let python = Python { version, tag, machine, environment };
    let Some(library) = standard_library(proof, running, &python) else {
        let what = format!("the standard library of Python {}", python.version);
        let path = format!("/usr/lib/python{}/encodings/__init__.py", python.version);
        return proof.fail(
            &running.shown.clone(),
            Some(running.path.clone()),
            Problem::Part { what, path },
            running.step(),
            weight,
        );
    };
    let places = places(proof, running, &python, &library);
    command(proof, running, &library, &places, weight);
    modules(proof, running, &python, &library, &places, weight);
}

/// Returns the version of the interpreter: of its name, or of the library that is most of it.
fn version(running: &Running<'_>) -> Option<String> {
    let objects = running.process.objects.iter().map(|object| object.path.file_name());
    let library = objects.filter_map(|name| std::str::from_utf8(name).ok()?.strip_prefix("libpython"));
    let own = running.names().map(|name| name.strip_prefix("python").map(str::to_owned));
    let own = own.iter().flatten().find_map(|rest| version_of(rest));
    // A program that only has an interpreter inside has its own ways to find modules.
    let is_python = running.names().iter().any(|name| name.starts_with("python"));
    own.or_else(|| library.filter(|_| is_python).find_map(version_of))
}

fn version_of(text: &str) -> Option<String> {
    let (major, rest) = text.split_once('.')?;
    let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
    (major == "3" && !minor.is_empty()).then(|| format!("{major}.{minor}"))
}

/// Returns the virtual environment that the interpreter stands in, and checks that it fits.
fn environment<'a>(
    proof: &mut Proof<'a>,
    running: &Running<'a>,
    version: &str,
    weight: Weight,
) -> Option<Environment> {
    let program = TreePath::parse(&running.shown).ok()?;
    let beside = program.parent()?;
    let directory = [beside.parent(), Some(beside)]
        .into_iter()
        .flatten()
        .find(|directory| directory.join("pyvenv.cfg").is_ok_and(|path| proof.world.exists(&shown(&path))))?;
    let file = shown(&directory.join("pyvenv.cfg").ok()?);
    let text = proof.world.read_text(&file)?;
    let value = |key: &str| {
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        pairs
            .map(|(name, value)| (name.trim(), value.trim()))
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value)
    };
    // The interpreter then takes the library of the place that it was built for, and mostly works.
    if let Some(home) = value("home").filter(|home| !proof.world.exists(home)) {
        let reason = format!(
            "says `home = {home}`, which is not in the image: the environment belongs to a Python elsewhere"
        );
        proof.fail(
            &file,
            None,
            Problem::Mismatch { reason, key: home.to_owned() },
            running.step(),
            Weight::Optional,
        );
    }
    let made_for: BTreeSet<String> = pattern::names(proof.world, &directory.join("lib").ok()?)
        .into_iter()
        .filter(|name| name.strip_prefix("python").and_then(version_of).is_some())
        .collect();
    let own = format!("python{version}");
    if let Some(other) = made_for.first().filter(|_| !made_for.contains(&own)) {
        let reason = format!("is an environment for {other}, but its interpreter is Python {version}");
        proof.fail(
            &shown(&directory),
            None,
            Problem::Mismatch { reason, key: other.clone() },
            running.step(),
            weight,
        );
    }
    let with_system =
        value("include-system-site-packages").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    Some(Environment { directory, with_system })
}

/// Finds the directory of the standard library.
fn standard_library(proof: &Proof<'_>, running: &Running<'_>, python: &Python) -> Option<TreePath> {
    let world = proof.world;
    let mut prefixes: Vec<String> = world.variable("PYTHONHOME").into_iter().map(str::to_owned).collect();
    prefixes.extend(running.path.ancestors().skip(1).take(1).map(|prefix| shown(&prefix)));
    prefixes.extend(["/usr".into(), "/usr/local".into()]);
    let version = &python.version;
    let candidates = prefixes.iter().flat_map(|prefix| {
        // Some distributions keep it where they keep libraries.
        ["lib", "lib64"].map(|lib| format!("{}/{lib}/python{version}", prefix.trim_end_matches('/')))
    });
    let is_there = |directory: &String| {
        let files = ["encodings/__init__.py", "encodings/__init__.pyc"];
        let packed = directory.replace(&format!("python{version}"), &format!("python{}.zip", python.tag));
        files.iter().any(|file| world.exists(&format!("{directory}/{file}"))) || world.exists(&packed)
    };
    candidates.filter(is_there).find_map(|directory| TreePath::parse(directory).ok())
}

/// Lists the directories that modules are looked for in, those of the user's own first.
fn places(proof: &Proof<'_>, running: &Running<'_>, python: &Python, library: &TreePath) -> Vec<TreePath> {
    let world = proof.world;
    let parse = |path: String| TreePath::parse(path).ok();
    let mut places: Vec<TreePath> = Vec::new();
    match Command::of(&running.arguments) {
        Command::Script(script) => {
            places.extend(world.file(&script, Access::Read).ok().and_then(|path| path.parent()));
        }
        Command::Module(_) | Command::Nothing => places.push(world.directory.clone()),
    }
    let listed = world.variable("PYTHONPATH").unwrap_or_default().split(':').filter(|part| !part.is_empty());
    places.extend(listed.filter_map(|part| world.root().find(part.as_bytes())));
    let version = &python.version;
    let system = [
        format!("/usr/local/lib/python{version}/dist-packages"),
        format!("/usr/local/lib/python{version}/site-packages"),
        "/usr/lib/python3/dist-packages".into(),
        format!("{}/site-packages", shown(library)),
    ];
    match &python.environment {
        Some(environment) => {
            places.extend(environment.directory.join(format!("lib/python{version}/site-packages")));
            if environment.with_system {
                places.extend(system.into_iter().filter_map(parse));
            }
        }
        None => places.extend(system.into_iter().filter_map(parse)),
    }
    // Modules of a user's own; whose, is not worth asking.
    for home in pattern::names(world, &TreePath::parse("home").unwrap_or_default()) {
        places.extend(parse(format!("/home/{home}/.local/lib/python{version}/site-packages")));
    }
    places.extend(parse(format!("/root/.local/lib/python{version}/site-packages")));
    // The root as a place would make everything a module.
    places.retain(|place| !place.is_root());
    places.dedup();
    places
}

/// What the interpreter is told to run.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Command {
    Script(String),
    Module(String),
    /// A text on the command line, standard input, or nothing but an answer about itself.
    Nothing,
}

impl Command {
    fn of(arguments: &[String]) -> Self {
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.strip_prefix('-') {
                None => return Self::Script(word.clone()),
                Some("" | "-version" | "-help" | "-help-all") => return Self::Nothing,
                Some("-") => return words.next().cloned().map_or(Self::Nothing, Self::Script),
                Some("-check-hash-based-pycs") => drop(words.next()),
                Some(long) if long.starts_with('-') => {}
                Some(letters) => {
                    let at = letters.find(['c', 'm', 'W', 'X', 'V', 'h', '?']);
                    let Some(at) = at else { continue };
                    let rest = &letters[at + 1..];
                    let mut value =
                        || if rest.is_empty() { words.next().cloned() } else { Some(rest.to_owned()) };
                    match &letters[at..=at] {
                        "m" => return value().map_or(Self::Nothing, Self::Module),
                        "W" | "X" => drop(value()),
                        _ => return Self::Nothing,
                    }
                }
            }
        }
        Self::Nothing
    }
}

/// Checks that the script or module is there.
fn command<'a>(
    proof: &mut Proof<'a>,
    running: &Running<'a>,
    library: &TreePath,
    places: &[TreePath],
    weight: Weight,
) {
    match Command::of(&running.arguments) {
        Command::Script(script) => must_read(proof, running, &script, weight),
        Command::Module(module) if !has_module(proof, library, places, &module) => {
            let path = module.split('.').next().unwrap_or_default().to_owned();
            let problem = Problem::Part { what: format!("the module `{module}`"), path };
            proof.fail(&running.shown.clone(), Some(running.path.clone()), problem, running.step(), weight);
        }
        Command::Module(_) | Command::Nothing => {}
    }
}

/// Says whether a module of this name could be found; only a clear no counts.
fn has_module(proof: &Proof<'_>, library: &TreePath, places: &[TreePath], module: &str) -> bool {
    let top = module.split('.').next().unwrap_or_default();
    let is_it = |name: &String| name.split('.').next() == Some(top);
    // A file of paths may add any directory.
    let adds = |name: &String| {
        name.ends_with(".pth") && name != "distutils-precedence.pth" || name.ends_with(".egg-link")
    };
    pattern::names(proof.world, library).iter().any(is_it)
        || places
            .iter()
            .any(|place| pattern::names(proof.world, place).iter().any(|name| is_it(name) || adds(name)))
}

/// Opens the extension modules, and checks that those of the user's own are for this interpreter.
fn modules<'a>(
    proof: &mut Proof<'a>,
    running: &mut Running<'a>,
    python: &Python,
    library: &TreePath,
    places: &[TreePath],
    weight: Weight,
) {
    let dynamic = pattern::expand(proof.world, library, "lib-dynload/*.so");
    let standard: BTreeSet<TreePath> = dynamic.into_iter().collect();
    // A program need not use all of the standard library.
    for path in &standard {
        running.open(proof, path, 0, Weight::Optional);
    }
    for place in places {
        for path in pattern::expand(proof.world, place, "**.so") {
            if standard.contains(&path) {
                continue;
            }
            match fits(proof, python, &path) {
                Fit::Yes => running.open(proof, &path, 0, weight),
                Fit::Unknown => {}
                Fit::No { reason, key } => {
                    let problem = Problem::Mismatch { reason, key };
                    proof.fail(&shown(&path), Some(path.clone()), problem, running.step(), weight);
                }
            }
        }
    }
}

/// Whether a file is an extension module that this interpreter loads.
enum Fit {
    Yes,
    /// It is no module, or one of several for different interpreters.
    Unknown,
    No {
        reason: String,
        key: String,
    },
}

fn fits(proof: &Proof<'_>, python: &Python, path: &TreePath) -> Fit {
    let name = escape(path.file_name());
    let Some(facts) = proof.world.elf(path) else { return Fit::Unknown };
    let stem = name.strip_suffix(".so").unwrap_or(&name);
    let (module, tag) = match stem.split_once('.') {
        Some((module, tag)) => (module, Some(tag)),
        None => (stem, None),
    };
    let own = format!("Python {} on {}", python.version, proof.world.subject.platform);
    match tag {
        Some(tag) if tag.starts_with("cpython-") => {
            let is_ours = tag_fits(tag, python);
            if is_ours && proof.world.runs(&facts).is_ok() {
                return Fit::Yes;
            }
            if has_variant(proof, path, module, python) {
                return Fit::Unknown;
            }
            let reason = format!("is an extension for {}, but the image has {own}", made_for(tag, &facts));
            Fit::No { reason, key: tag.to_owned() }
        }
        // Modules for other interpreters stand beside.
        Some(tag) if tag.starts_with("pypy") || tag.starts_with("graalpy") => Fit::Unknown,
        // Libraries that modules bring along are loaded by them.
        _ if module.starts_with("lib") => Fit::Unknown,
        Some("abi3") | None => match proof.world.runs(&facts) {
            Ok(()) => Fit::Yes,
            Err(problem) if has_variant(proof, path, module, python) => {
                let _ = problem;
                Fit::Unknown
            }
            Err(problem) => {
                let key = problem.missing().to_owned();
                Fit::No { reason: problem.to_string(), key }
            }
        },
        Some(_) => Fit::Unknown,
    }
}

/// Says whether `cpython-313-x86_64-linux-gnu` is of this interpreter.
fn tag_fits(tag: &str, python: &Python) -> bool {
    let mut parts = tag.splitn(3, '-').skip(1);
    let version = parts.next().unwrap_or_default();
    let machine = parts.next();
    version.trim_end_matches(['t', 'd', 'm']) == python.tag
        && machine.is_none_or(|machine| {
            machine.starts_with(&python.machine) || is_same_machine(machine, &python.machine)
        })
}

/// Says whether GNU's name in a tag means the kernel's name of a machine.
fn is_same_machine(tag: &str, machine: &str) -> bool {
    let first = tag.split('-').next().unwrap_or_default();
    matches!(
        (first, machine),
        ("i386" | "i486" | "i586" | "i686", "i386" | "i486" | "i586" | "i686") | ("arm", _)
    ) || first == "powerpc64le" && machine == "ppc64le"
}

/// Says what an extension module is for, in words.
fn made_for(tag: &str, facts: &Facts) -> String {
    let version = tag.split('-').nth(1).unwrap_or_default();
    let version = match version.split_at_checked(1) {
        Some((major, minor)) if !minor.is_empty() => format!("{major}.{minor}"),
        _ => version.to_owned(),
    };
    format!("Python {version} on {}", super::super::problem::machine(facts))
}

/// Says whether the same module stands beside in a form that the interpreter loads.
fn has_variant(proof: &Proof<'_>, path: &TreePath, module: &str, python: &Python) -> bool {
    let Some(directory) = path.parent() else { return false };
    pattern::names(proof.world, &directory).iter().any(|name| {
        let Some(rest) = name.strip_prefix(module).and_then(|rest| rest.strip_prefix('.')) else {
            return false;
        };
        let is_ours = match rest.strip_suffix(".so") {
            Some(tag) => tag.starts_with("cpython-") && tag_fits(tag, python),
            None => rest == "so" || rest == "py" || rest == "pyc",
        };
        is_ours && name.as_bytes() != path.file_name()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linkage::testing::{Sample, file, library, link, program};

    #[test]
    fn command_lines_of_python() {
        let script = |name: &str| Command::Script(name.into());
        for (line, expected) in [
            ("-u -W ignore /x.py -c", script("/x.py")),
            ("-Wignore -Xdev x", script("x")),
            ("-Im http.server 80", Command::Module("http.server".into())),
            ("-mvenv", Command::Module("venv".into())),
            ("-uc print(1)", Command::Nothing),
            ("--version", Command::Nothing),
            ("-- -odd", script("-odd")),
            ("", Command::Nothing),
        ] {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            assert_eq!(Command::of(&words), expected, "{line}");
        }
    }

    fn python() -> Sample {
        Sample::with_libc()
            .and("usr/bin/python3.13", program(&["libc.so.6"]))
            .and("usr/bin/python3", link("python3.13"))
            .and("usr/lib/python3.13/encodings/__init__.py", file("encodings"))
            .and("usr/lib/python3.13/venv/__init__.py", file("venv"))
            .and("app/main.py", file("#!/usr/bin/python3\nimport x\n"))
    }

    #[test]
    fn python_needs_its_library_and_its_script() {
        let fine = python().starting(&["/usr/bin/python3", "/app/main.py"]);
        assert_eq!(fine.findings(), Vec::<String>::new());
        assert_eq!(python().starting(&["/app/main.py"]).findings(), Vec::<String>::new());
        assert_eq!(
            python().starting(&["/usr/bin/python3", "/app/gone.py"]).findings(),
            ["/app/gone.py is not in the image [entrypoint > /usr/bin/python3]"]
        );
        assert_eq!(python().starting(&["/usr/bin/python3", "-m", "venv"]).findings(), Vec::<String>::new());
        assert_eq!(
            python().starting(&["/usr/bin/python3", "-m", "gunicorn.app"]).findings(),
            [
                "/usr/bin/python3 needs the module `gunicorn.app` (`gunicorn`), which is not in the image [entrypoint > /usr/bin/python3]"
            ]
        );
        let bare =
            Sample::with_libc().and("usr/bin/python3.13", program(&[])).starting(&["/usr/bin/python3.13"]);
        assert_eq!(bare.findings().len(), 1, "{:?}", bare.findings());
    }

    #[test]
    fn virtual_environments_belong_to_a_python_of_the_image() {
        let sample = |home: &str, version: &str, target: &str| {
            python()
                .and("app/venv/pyvenv.cfg", file(format!("home = {home}\nversion = 3.13.5\n")))
                .and("app/venv/bin/python", link(target))
                .and(&format!("app/venv/lib/{version}/site-packages/x.py"), file("x"))
                .starting(&["/app/venv/bin/python", "-c", "import x"])
        };
        let environment = |home: &str, version: &str, target: &str| sample(home, version, target).findings();
        assert_eq!(environment("/usr/bin", "python3.13", "/usr/bin/python3.13"), Vec::<String>::new());
        let elsewhere = sample("/opt/python/bin", "python3.13", "/usr/bin/python3.13");
        assert_eq!(elsewhere.findings(), Vec::<String>::new());
        assert_eq!(
            elsewhere.others(),
            [
                "/app/venv/pyvenv.cfg says `home = /opt/python/bin`, which is not in the image: the environment belongs to a Python elsewhere"
            ]
        );
        assert_eq!(
            environment("/usr/bin", "python3.12", "/usr/bin/python3.13"),
            [
                "/app/venv is an environment for python3.12, but its interpreter is Python 3.13 [entrypoint > /app/venv/bin/python]"
            ]
        );
        assert_eq!(
            environment("/usr/bin", "python3.13", "/usr/local/bin/python3.13"),
            [
                "/app/venv/bin/python leads to `/usr/local/bin/python3.13`, which is not in the image [entrypoint]"
            ]
        );
    }

    #[test]
    fn extension_modules_are_for_this_interpreter() {
        let with = |name: &str, module| {
            python()
                .and(&format!("usr/lib/python3/dist-packages/pkg/{name}"), module)
                .starting(&["/usr/bin/python3"])
        };
        let x86 = || library(&["libc.so.6"]);
        let arm = || library(&[]).with(|facts| facts.machine = 183);
        for (name, module, expected) in [
            ("a.cpython-313-x86_64-linux-gnu.so", x86(), ""),
            ("a.abi3.so", x86(), ""),
            ("a.so", x86(), ""),
            ("libbundled.so", library(&["libgone.so"]), ""),
            ("a.so", library(&["libgone.so"]), "a.so needs `libgone.so`, which is not in the image"),
            (
                "a.cpython-312-x86_64-linux-gnu.so",
                x86(),
                "a.cpython-312-x86_64-linux-gnu.so is an extension for Python 3.12 on linux/amd64, but the image has Python 3.13 on linux/amd64",
            ),
            (
                "a.cpython-313-aarch64-linux-gnu.so",
                arm(),
                "a.cpython-313-aarch64-linux-gnu.so is an extension for Python 3.13 on linux/arm64, but the image has Python 3.13 on linux/amd64",
            ),
            ("a.so", arm(), "a.so is for linux/arm64, not for linux/amd64"),
        ] {
            let expected: Vec<String> = [expected]
                .into_iter()
                .filter(|text| !text.is_empty())
                .map(|text| {
                    format!("/usr/lib/python3/dist-packages/pkg/{text} [entrypoint > /usr/bin/python3]")
                })
                .collect();
            assert_eq!(with(name, module).findings(), expected, "{name}");
        }
        let several = with("a.cpython-312-x86_64-linux-gnu.so", x86())
            .and("usr/lib/python3/dist-packages/pkg/a.cpython-313-x86_64-linux-gnu.so", x86());
        assert_eq!(several.findings(), Vec::<String>::new(), "one of them fits");
        let standard = python()
            .and(
                "usr/lib/python3.13/lib-dynload/_tkinter.cpython-313-x86_64-linux-gnu.so",
                library(&["libtk8.6.so"]),
            )
            .starting(&["/usr/bin/python3"]);
        assert_eq!((standard.findings().len(), standard.others().len()), (0, 1));
    }
}
