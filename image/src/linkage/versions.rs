//! Symbol versions: whether each library defines what those that need it were linked against.

use super::Problem;
use super::process::{Failure, Process};

/// Checks the objects from `first` on, as glibc does after everything is loaded.
///
/// A library without any versions passes: the linker takes its symbols as they are. So does one that is
/// missing, which is a failure of its own.
pub(super) fn check(process: &Process<'_>, first: usize) -> Vec<Failure> {
    let mut failures = Vec::new();
    for (number, object) in process.objects.iter().enumerate().skip(first) {
        for need in &object.facts.version_needs {
            let Some(library) = process.named(&need.library) else { continue };
            let defined = &library.facts.version_definitions;
            if defined.is_empty() {
                continue;
            }
            let lacking = need
                .versions
                .iter()
                .filter(|version| !need.weak.contains(version) && !defined.contains(version));
            failures.extend(lacking.map(|version| Failure {
                object: number,
                problem: Problem::Version {
                    soname: need.library.clone(),
                    version: version.clone(),
                    path: library.shown.clone(),
                },
            }));
        }
    }
    failures
}
