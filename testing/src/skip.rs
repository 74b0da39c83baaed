//! Tests whose judge cannot be had here: counted by name, never silently passed.

use std::io::Write as _;

/// Notes that the test `name` could not ask its judge, because of `reason`.
///
/// `./test` collects the notes and counts them; a test that calls this returns right away.
pub fn skip(name: &str, reason: &str) {
    let line = format!("{name}: {}\n", reason.trim().replace('\n', " "));
    match std::env::var_os("ATTAR_TESTS_SKIPPED") {
        Some(path) => std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(line.as_bytes()))
            .expect("the list of skipped tests can be written"),
        None => {
            let _ = write!(std::io::stderr(), "skipped {line}");
        }
    }
}

/// Returns the value of what a test needs, or skips the test that calls it.
///
/// ```text
/// let docker = need!(Docker::find());
/// ```
#[macro_export]
macro_rules! need {
    ($judge:expr) => {
        match $judge {
            Ok(judge) => judge,
            Err(reason) => {
                // The thread of a test carries the test's name.
                let thread = std::thread::current();
                $crate::skip::skip(thread.name().unwrap_or(module_path!()), &reason);
                return;
            }
        }
    };
}

/// Finds a program on the search path; the error says that it is missing.
pub fn program(name: &str) -> Result<&str, String> {
    if crate::command::is_installed(name) { Ok(name) } else { Err(format!("`{name}` is not installed")) }
}
