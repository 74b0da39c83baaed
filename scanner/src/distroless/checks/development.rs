//! D06: what builds and debugs programs: compilers, debuggers, headers, static libraries, source maps.

use std::collections::BTreeMap;

use attar_image::{Entry, TreePath};

use super::tools::{Tools, draft, hits};
use super::{CheckId, Draft, Findings};
use crate::distroless::verdict::{Fix, Severity};
use crate::distroless::view::View;

const DEVELOPMENT: Tools = Tools {
    check: CheckId::D06,
    what: "a tool for building or debugging",
    why: "it belongs to where the program is made, or beside it while it is debugged",
    anywhere: &[
        "gcc",
        "g++",
        "clang",
        "clang++",
        "rustc",
        "rustdoc",
        "javac",
        "javadoc",
        "jdb",
        "jdeps",
        "jlink",
        "jmod",
        "jconsole",
        "kotlinc",
        "scalac",
        "tsc",
        "gdb",
        "gdbserver",
        "lldb",
        "lldb-server",
        "strace",
        "ltrace",
        "tcpdump",
        "tshark",
        "valgrind",
        "bpftrace",
        "cmake",
        "ninja",
        "meson",
        "autoconf",
        "automake",
        "libtool",
        "libtoolize",
        "pkg-config",
        "pkgconf",
        "objdump",
        "objcopy",
        "readelf",
        "ld.bfd",
        "ld.gold",
        "ld.lld",
        "gfortran",
        "node-gyp",
        "dlv",
        "cc1",
        "cc1plus",
        "lto1",
        "collect2",
        "swiftc",
        "nasm",
        "yasm",
        "busctl",
    ],
    among_programs: &[
        "cc",
        "c++",
        "cpp",
        "c89",
        "c99",
        "ld",
        "as",
        "ar",
        "nm",
        "strip",
        "ranlib",
        "gold",
        "lld",
        "make",
        "gmake",
        "go",
        "gofmt",
        "jar",
        "jmap",
        "jstack",
        "jcmd",
        "jps",
        "jstat",
        "jinfo",
        "m4",
        "bison",
        "flex",
        "yacc",
        "lex",
        "patch",
        "perf",
        "strings",
        "addr2line",
        "size",
        "gprof",
        "ghc",
        "ocamlc",
        "tcc",
        "xxd",
        "hexdump",
        "lsof",
    ],
};

/// Kinds of files that only builds read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Header,
    StaticLibrary,
    Description,
    SourceMap,
}

pub(super) fn run(view: &View<'_>) -> Findings {
    let found = hits(view, &DEVELOPMENT);
    let mut drafts: Vec<Draft> = found.iter().map(|hit| draft(view, &DEVELOPMENT, hit)).collect();
    let mut parts: BTreeMap<Part, Vec<&TreePath>> = BTreeMap::new();
    for (path, entry) in view.subject.tree.iter() {
        if let Some(part) = part(path, entry) {
            parts.entry(part).or_default().push(path);
        }
    }
    drafts.extend(parts.into_iter().map(|(part, paths)| part.draft(&paths)));
    Findings::among_programs(drafts, view)
}

fn part(path: &TreePath, entry: &Entry) -> Option<Part> {
    entry.content().filter(|content| content.size > 0)?;
    let name = path.file_name();
    let is_below = |directory: &[u8]| path.components().any(|component| component == directory);
    let ends = |ends: &[&[u8]]| ends.iter().any(|end| name.ends_with(end));
    match name {
        _ if ends(&[b".h", b".hpp", b".hh", b".hxx"]) && is_below(b"include") => Some(Part::Header),
        _ if ends(&[b".a"]) && is_library_name(name) => Some(Part::StaticLibrary),
        _ if ends(&[b".la"]) && is_library_name(name) => Some(Part::Description),
        _ if ends(&[b".pc"]) && is_below(b"pkgconfig") => Some(Part::Description),
        _ if ends(&[b".js.map", b".css.map", b".mjs.map", b".cjs.map"]) => Some(Part::SourceMap),
        _ => None,
    }
}

fn is_library_name(name: &[u8]) -> bool {
    name.starts_with(b"lib")
}

impl Part {
    fn draft(self, paths: &[&TreePath]) -> Draft {
        let (one, many, severity, pattern) = match self {
            Self::Header => ("a header of C", "headers of C", Severity::Fail, "/usr/include/**"),
            Self::StaticLibrary => ("a static library", "static libraries", Severity::Fail, "**/lib*.a"),
            Self::Description => (
                "a description of a library for builds",
                "descriptions of libraries for builds",
                Severity::Fail,
                "**/*.pc",
            ),
            Self::SourceMap => ("a source map", "source maps", Severity::Warning, "**/*.map"),
        };
        let what = match paths {
            [only] => format!("{only} is {one}"),
            [first, ..] => format!("{} {many}, such as {first}", paths.len()),
            [] => many.to_owned(),
        };
        let why = match self {
            Self::SourceMap => "it tells the source of what was made small",
            _ => "only builds read it",
        };
        let fix =
            Fix::spec(format!("without: {{paths: [\"{pattern}\"]}}, or exclude it where files come from"))
                .dockerfile("copy into the last stage only what the program needs (COPY --from)");
        Draft::fail(what, why, fix).with_severity(severity).at(paths.iter().copied())
    }
}
