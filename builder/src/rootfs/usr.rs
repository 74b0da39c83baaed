//! The merged /usr: `bin`, `sbin`, `lib` and its relatives are links to `usr/…` in every image.

use attar_image::TreePath;

/// The top-level names that are links into `usr/`.
const MERGED: [&str; 7] = ["bin", "sbin", "lib", "lib32", "lib64", "libx32", "libo32"];

/// Leads a path of a package through the links: `lib/x86_64-linux-gnu/libc.so.6` becomes
/// `usr/lib/x86_64-linux-gnu/libc.so.6`. The links themselves stay where they are.
pub(crate) fn lead(path: TreePath, is_directory: bool) -> TreePath {
    let leads = {
        let mut components = path.components();
        let first = components.next().unwrap_or_default();
        MERGED.iter().any(|name| name.as_bytes() == first) && (is_directory || components.next().is_some())
    };
    match leads.then(|| TreePath::parse([b"usr/", path.as_bytes()].concat())) {
        Some(Ok(led)) => led,
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> TreePath {
        TreePath::parse(text).expect("a valid path")
    }

    #[test]
    fn paths_pass_through_the_links() {
        for (from, is_directory, to) in [
            ("lib/x/libc.so.6", false, "usr/lib/x/libc.so.6"),
            ("lib64/ld.so", false, "usr/lib64/ld.so"),
            ("sbin", true, "usr/sbin"),
            ("lib64", false, "lib64"),
            ("usr/lib/x", false, "usr/lib/x"),
            ("library/x", false, "library/x"),
            ("", true, ""),
        ] {
            assert_eq!(lead(path(from), is_directory), path(to), "{from}");
        }
    }
}
