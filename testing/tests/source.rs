//! Habits that no lint checks: what may not stand in any file of the project.

use std::path::{Path, PathBuf};

/// Folders that are not part of the project.
const IGNORED: [&str; 4] = ["target", ".git", "corpus", "artifacts"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace").to_path_buf()
}

/// Returns every file of the project with its text, binary files left out.
fn files() -> Vec<(String, String)> {
    let root = root();
    let mut pending = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the project").flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if !IGNORED.iter().any(|name| entry.file_name() == *name) {
                    pending.push(path);
                }
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                let name = path.strip_prefix(&root).expect("below the root").display().to_string();
                files.push((name, text));
            }
        }
    }
    files.sort();
    assert!(files.len() > 50, "the project has been found");
    files
}

/// Returns the places where a line of a file satisfies `is_wrong`.
fn places(is_wrong: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let mut places = Vec::new();
    for (name, text) in files() {
        for (index, line) in text.lines().enumerate() {
            if is_wrong(&name, line) {
                places.push(format!("{name}:{}: {}", index + 1, line.trim()));
            }
        }
    }
    places
}

#[test]
fn no_path_of_a_machine_stands_in_the_project() {
    let root = root();
    let mut paths = vec![format!("{}/", root.display())];
    if let Some(home) = std::env::var_os("HOME").map(PathBuf::from).filter(|home| *home != Path::new("/root"))
    {
        paths.push(format!("{}/", home.display()));
    }
    assert_eq!(places(|_, line| paths.iter().any(|path| line.contains(path))), Vec::<String>::new());
}

#[test]
fn no_host_of_a_mirror_stands_in_the_project() {
    let Ok(mirror) = attar_testing::mirror::debian() else {
        attar_testing::skip::skip("no_host_of_a_mirror_stands_in_the_project", "apt names no mirror");
        return;
    };
    let host = mirror.split('/').nth(2).expect("a URL has a host").to_owned();
    assert_eq!(places(|_, line| line.contains(&host)), Vec::<String>::new());
}

#[test]
fn nothing_is_left_undone_or_silenced_without_a_reason() {
    // Written in two parts, so that this file does not find itself.
    let words = [
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[ign", "ore"),
        concat!("#[all", "ow("),
        concat!("#![all", "ow("),
    ];
    let is_wrong =
        |name: &str, line: &str| name.ends_with(".rs") && words.iter().any(|word| line.contains(word));
    assert_eq!(places(is_wrong), Vec::<String>::new());
}

#[test]
fn files_hold_one_idea() {
    let long: Vec<String> = files()
        .into_iter()
        .filter(|(name, text)| name.ends_with(".rs") && text.lines().count() > 600)
        .map(|(name, text)| format!("{name}: {} lines", text.lines().count()))
        .collect();
    assert_eq!(long, Vec::<String>::new());
}
