//! D05: interpreters that are not the runtime of the image.

use super::tools::{Tools, draft, hits, plain_name};
use super::{CheckId, Draft, Findings};
use crate::distroless::view::View;

const INTERPRETERS: Tools = Tools {
    check: CheckId::D05,
    what: "an interpreter",
    why: "an interpreter runs what whoever breaks in writes, as a shell does",
    anywhere: &[
        "python",
        "pypy",
        "perl",
        "ruby",
        "nodejs",
        "php",
        "php-fpm",
        "php-cgi",
        "luajit",
        "gawk",
        "mawk",
        "tclsh",
        "wish",
        "guile",
        "Rscript",
        "julia",
        "ghci",
        "runghc",
        "groovy",
        "jshell",
        "jrunscript",
        "escript",
        "qjs",
        "gjs",
        "micropython",
        "jruby",
        "iex",
        "irb",
        "sbcl",
        "racket",
    ],
    among_programs: &[
        "node",
        "lua",
        "awk",
        "original-awk",
        "java",
        "deno",
        "bun",
        "erl",
        "dotnet",
        "mono",
        "expect",
        "js",
        "R",
        "ocaml",
        "clisp",
        "swipl",
        "octave",
        "bc",
        "dc",
        "ed",
        "vi",
        "vim",
        "emacs",
    ],
};

pub(super) fn run(view: &View<'_>) -> Findings {
    let declared = view.rules.profile.runtime();
    let drafts: Vec<Draft> = hits(view, &INTERPRETERS)
        .iter()
        .map(|hit| {
            let name = match plain_name(&hit.name) {
                "nodejs" => "node",
                name => name,
            };
            let is_runtime = hit.program.is_reached || declared == Some(name);
            let is_fine = is_runtime && !view.rules.profile.forbids_interpreters();
            let permitted = match hit.program.is_reached {
                true => "it is the runtime: the entrypoint starts it",
                false => "it is the runtime that the profile names",
            };
            Draft { is_runtime, ..draft(view, &INTERPRETERS, hit).permitted(is_fine.then_some(permitted)) }
        })
        .collect();
    Findings::among_programs(drafts, view)
}
