//! What an image has that its baseline lacks.

use attar_image::path::TreePath;
use attar_image::shell::brings_shell;
use attar_image::stack::{EntryId, Form, Stack};

/// What is there that was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Growth {
    /// Paths, with the layer of each from 0 for the lowest.
    pub files: Vec<(TreePath, usize)>,
    /// Files that are setuid or setgid or have capabilities, and were not or did not.
    pub privileged: Vec<(TreePath, usize)>,
    /// Shells by their names. Renamed ones are found by `attar check`, which reads contents.
    pub shells: Vec<(TreePath, usize)>,
}

impl Growth {
    /// Compares what a container sees of two images.
    pub fn of(now: &Stack, before: &Stack) -> Self {
        let mut growth = Self::default();
        for entry in now.view() {
            let path = now.paths().path(now.place(entry));
            let old = before.find(&path);
            let place = (path, now.layer_of(entry));
            if is_privileged(now, entry) && !old.is_some_and(|old| is_privileged(before, old)) {
                growth.privileged.push(place.clone());
            }
            if old.is_none() {
                if is_shell(now, entry, &place.0) {
                    growth.shells.push(place.clone());
                }
                growth.files.push(place);
            }
        }
        growth
    }
}

/// Says whether a file gives who runs it more rights: setuid, setgid, or capabilities.
pub fn is_privileged(stack: &Stack, entry: EntryId) -> bool {
    let row = stack.row(stack.linked(entry));
    row.form == Form::File
        // The bits mean nothing on what nobody may execute.
        && (row.mode & 0o6000 != 0 && row.mode & 0o111 != 0
            || stack.metadata(stack.linked(entry)).xattrs.contains_key(&b"security.capability"[..]))
}

fn is_shell(stack: &Stack, entry: EntryId, path: &TreePath) -> bool {
    let is_named = brings_shell(path.file_name());
    let row = stack.row(stack.linked(entry));
    // A link counts where it leads to something that can run.
    let target = match row.form {
        Form::File => Some(stack.linked(entry)),
        Form::Symlink if is_named => followed(stack, path),
        _ => None,
    };
    is_named && target.is_some_and(|target| stack.row(target).mode & 0o111 != 0)
}

/// Follows a symbolic link in the merged view to a file.
fn followed(stack: &Stack, path: &TreePath) -> Option<EntryId> {
    let entry = stack.linked(stack.find(&stack.resolve(path)?)?);
    (stack.row(entry).form == Form::File).then_some(entry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::stack;
    use attar_testing::layers::Layer;

    #[test]
    fn what_is_new() {
        let before = stack([Layer::new()
            .directory("usr/bin")
            .symlink("bin", "usr/bin")
            .mode(0o755)
            .file("usr/bin/app", "1")
            .mode(0o755)
            .file("usr/bin/tool", "2")]);
        let now = stack([
            Layer::new()
                .directory("usr/bin")
                .symlink("bin", "usr/bin")
                .mode(0o4755)
                .file("usr/bin/app", "1")
                .mode(0o755)
                .file("usr/bin/busybox", "3")
                .mode(0o4644)
                .file("usr/bin/nobody-may-run-it", "5"),
            Layer::new()
                .symlink("usr/bin/sh", "/bin/busybox")
                .symlink("usr/bin/zsh", "/bin/nowhere")
                .file("usr/bin/bash", "a text")
                .record("SCHILY.xattr.security.capability", b"\x01")
                .file("usr/bin/ping", "4"),
        ]);
        let growth = Growth::of(&now, &before);
        let shown = |places: &[(TreePath, usize)]| -> Vec<String> {
            places.iter().map(|(path, layer)| format!("{path} {layer}")).collect()
        };
        assert_eq!(shown(&growth.privileged), ["/usr/bin/app 0", "/usr/bin/ping 1"]);
        assert_eq!(shown(&growth.shells), ["/usr/bin/busybox 0", "/usr/bin/sh 1"]);
        let files = [
            "/usr/bin/bash 1",
            "/usr/bin/busybox 0",
            "/usr/bin/nobody-may-run-it 0",
            "/usr/bin/ping 1",
            "/usr/bin/sh 1",
            "/usr/bin/zsh 1",
        ];
        assert_eq!(shown(&growth.files), files);
        assert_eq!(Growth::of(&before, &before), Growth::default());
    }
}
