//! Compares the start-up proof with reality, program by program, and prints a table.
//!
//! ```text
//! ATTAR_TESTS_BINARY=target/release/attar cargo run -p attar-testing --bin start_proof [NAME…]
//! ```
//!
//! Each program is built complete and with one package left out, and started under Docker. The exit code
//! is 1 when proof and reality differ anywhere.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use attar_testing::Attar;
use attar_testing::engine::Docker;
use attar_testing::start::{CASES, Comparison, Judge, natives};

fn main() -> anyhow::Result<ExitCode> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|it| it == name);
    let docker = Docker::find().map_err(anyhow::Error::msg)?;
    let program = std::env::var_os("ATTAR_TESTS_BINARY").context("ATTAR_TESTS_BINARY names no program")?;
    let cache = std::env::var_os("ATTAR_CACHE_DIR").context("ATTAR_CACHE_DIR names no cache")?;
    let attar = || Attar::at(&program).cache(&cache);
    let judge = Judge { attar: &attar, docker };
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "| program | left out | the proof says | it starts | when not, it says |\n|---|---|---|---|---|"
    )?;
    let mut differs = false;
    let mut row = |name: &str, lacking: &str, compared: Result<Comparison, String>| -> anyhow::Result<()> {
        let compared = match compared {
            Ok(compared) => compared,
            Err(error) => {
                differs = true;
                return Ok(writeln!(
                    out,
                    "| {name} | {lacking} | **error**: {} | | |",
                    error.replace('\n', " ")
                )?);
            }
        };
        differs |= !compared.agrees();
        let verdict = if compared.refused.is_empty() { "starts" } else { &compared.refused };
        let mark = if compared.agrees() { "" } else { " **differs**" };
        let starts = if compared.starts { "yes" } else { "no" };
        writeln!(
            out,
            "| {name} | {lacking} | {verdict} | {starts}{mark} | {} |",
            compared.said.replace('|', "\\|")
        )?;
        Ok(out.flush()?)
    };
    for native in natives().map_err(anyhow::Error::msg)?.iter().filter(|native| is_wanted(native.name)) {
        row(native.name, "", judge.compare_spec(&native.scratch, &native.spec, native.name, "linux/amd64"))?;
    }
    for case in CASES.iter().filter(|case| is_wanted(case.name)) {
        row(case.name, "", judge.compare(case, false, "linux/amd64"))?;
        if !case.lacking.is_empty() {
            row(case.name, case.lacking, judge.compare(case, true, "linux/amd64"))?;
        }
    }
    Ok(if differs { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
