//! The start-up proof against reality: what `attar build` says of an image, and what starting it shows.
//!
//! A [`Case`] is built twice, as it is and with one package left out; each time the exit code of
//! `attar build` is one answer, and the exit code of the container another. The image that the proof
//! refuses is built by accepting every finding in the spec.

mod cases;
mod native;

use std::fmt::Write as _;
use std::path::Path;

use crate::attar::Attar;
use crate::command::Finished;
use crate::engine::Docker;
use crate::scratch::Scratch;

use cases::EXAMPLES;
pub use cases::{CASES, Case};
pub use native::{Native, natives};

/// What proof and reality say of one image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// What the proof says lacks, shortened; empty when it says that the image starts.
    pub refused: String,
    /// Whether the container ended well.
    pub starts: bool,
    /// What the container said when it did not.
    pub said: String,
}

impl Comparison {
    /// Says whether both say the same.
    pub fn agrees(&self) -> bool {
        self.refused.is_empty() == self.starts
    }
}

/// How images are built and started.
pub struct Judge<'a> {
    /// Makes a run of the program.
    pub attar: &'a dyn Fn() -> Attar,
    /// Starts what was built.
    pub docker: Docker,
}

impl Judge<'_> {
    /// Compares a case on a platform; with `lacking` its package is left out.
    pub fn compare(&self, case: &Case, lacking: bool, platform: &str) -> Result<Comparison, String> {
        let mut packages: Vec<String> = case.packages.iter().map(|name| (*name).to_owned()).collect();
        let mut leave_out = String::new();
        if lacking {
            leave_out = format!("  without: {{packages: [{}]}}\n", case.lacking);
            // What an example names would win over what is left out.
            packages.extend(case.is_named().then(|| format!("{{name: {}, remove: true}}", case.lacking)));
        }
        let include =
            case.example.map_or_else(String::new, |name| format!("include: {EXAMPLES}/{name}/attar.yaml\n"));
        let mut command = String::new();
        for word in case.command {
            write!(command, "{}, ", serde_json::Value::from(*word)).expect("a string takes all");
        }
        let spec = format!(
            "{include}contents:\n  packages: [{}]\n{leave_out}entrypoint: {{command: [{command}]}}\n\
             platforms: [{platform}]\ncompression: none\n",
            packages.join(", ")
        );
        self.compare_spec(&Scratch::new(), &spec, case.name, platform)
    }

    /// Compares what the proof says of a spec with what starting it shows.
    pub fn compare_spec(
        &self,
        scratch: &Scratch,
        spec: &str,
        name: &str,
        platform: &str,
    ) -> Result<Comparison, String> {
        let path = scratch.write("attar.yaml", spec);
        let tag = format!("attar-tests/start:{name}");
        let archive = scratch.join("image.tar");
        let built = self.build(&path, &tag, &archive);
        let refused = match built.code {
            Some(0) => String::new(),
            Some(2) => first_finding(&built.stderr),
            _ => return Err(built.to_string()),
        };
        let mut last = built;
        let mut accepted: Vec<(String, String)> = Vec::new();
        while last.code == Some(2) {
            let before = accepted.len();
            for finding in findings(&last.stderr) {
                if !accepted.contains(&finding) {
                    accepted.push(finding);
                }
            }
            if accepted.len() == before {
                return Err(format!("what the proof refuses cannot be accepted:\n{last}"));
            }
            scratch.write("attar.yaml", format!("{spec}{}", exceptions(&accepted)));
            last = self.build(&path, &tag, &archive);
        }
        if !last.is_success() {
            return Err(last.to_string());
        }
        self.docker.load(&archive);
        let run = self.docker.run(&["--platform", platform], &tag, &[]);
        self.docker.remove(&tag);
        let starts = run.is_success();
        let said = if starts { String::new() } else { shortened(&run) };
        Ok(Comparison { refused, starts, said })
    }

    fn build(&self, spec: &Path, tag: &str, archive: &Path) -> Finished {
        let destination = format!("docker-archive:{}", archive.display());
        (self.attar)().args(["build", "-t", tag, "-o", &destination]).arg(spec).run()
    }
}

/// Returns object and missing thing of each finding that a message of the proof shows.
fn findings(message: &str) -> Vec<(String, String)> {
    let lines =
        message.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| line.starts_with('/'));
    let finding = |line: &str| {
        let (object, problem) = line.split_once(' ')?;
        let missing = problem.split('`').nth(1)?;
        Some((object.to_owned(), missing.to_owned()))
    };
    // The hint names the first one as a spec accepts it.
    let hint = message.lines().find_map(|line| {
        let (path, rest) = line.strip_prefix("hint: ")?.split_once("{path: ")?.1.split_once(", missing: ")?;
        Some((path.to_owned(), rest.split_once(", reason")?.0.to_owned()))
    });
    hint.into_iter().chain(lines.filter_map(finding)).collect()
}

fn exceptions(accepted: &[(String, String)]) -> String {
    let mut text = String::from("start:\n  allow:\n");
    for (path, missing) in accepted {
        writeln!(text, "    - {{path: \"{path}\", missing: \"{missing}\", reason: comparison}}")
            .expect("a string takes all");
    }
    text
}

fn first_finding(message: &str) -> String {
    let finding =
        message.lines().find_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    finding.unwrap_or(message).split(" [").next().unwrap_or_default().to_owned()
}

fn shortened(run: &Finished) -> String {
    let text = format!("{}\n{}", run.stderr, run.stdout);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().take(160).collect()
}
