//! The package mirror of the host, read from apt's configuration when a test runs.
//!
//! Its name never stands in the project: where the tests run decides.

use std::path::{Path, PathBuf};

/// Returns the base URL of the Debian archive that the host's apt uses, without a final slash.
///
/// Prefers an entry for the suite with the main archive over those for security updates.
pub fn debian() -> Result<String, String> {
    let files = source_files(Path::new("/etc/apt"));
    let urls: Vec<String> = files
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok().map(|text| (path, text)))
        .flat_map(|(path, text)| match path.extension() {
            Some(extension) if extension == "sources" => from_stanzas(&text),
            _ => from_lines(&text),
        })
        .collect();
    urls.into_iter()
        .map(|url| url.trim_end_matches('/').to_owned())
        .find(|url| url.ends_with("/debian"))
        .ok_or_else(|| "the host's apt names no Debian archive".into())
}

fn source_files(apt: &Path) -> Vec<PathBuf> {
    let mut files = vec![apt.join("sources.list")];
    if let Ok(entries) = std::fs::read_dir(apt.join("sources.list.d")) {
        let named = entries.flatten().map(|entry| entry.path());
        files.extend(named.filter(|path| path.extension().is_some_and(|e| e == "sources" || e == "list")));
    }
    files.sort();
    files
}

/// Reads the `URIs` fields of deb822 sources.
fn from_stanzas(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.strip_prefix("URIs:"))
        .flat_map(str::split_whitespace)
        .map(String::from)
        .collect()
}

/// Reads one-line sources: `deb [options] URL suite components`.
fn from_lines(text: &str) -> Vec<String> {
    let words = text.lines().filter_map(|line| line.strip_prefix("deb ")).flat_map(str::split_whitespace);
    words.filter(|word| word.contains("://")).map(String::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_of_sources_are_read() {
        let stanzas =
            "Types: deb\n# URIs: http://old.example/debian\nURIs: http://a.example/debian\nSuites: x\n";
        assert_eq!(from_stanzas(stanzas), ["http://a.example/debian"]);
        let lines =
            "# deb http://old.example/debian x main\ndeb [arch=amd64] http://a.example/debian x main\n";
        assert_eq!(from_lines(lines), ["http://a.example/debian"]);
    }
}
