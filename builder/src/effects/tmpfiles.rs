//! tmpfiles.d: directories, files and links that packages want at every start.
//!
//! Follows the format that systemd documents as `tmpfiles.d(5)`. Nobody makes them when a container
//! starts, so they are made in the image. What removes, ages or needs the running system is skipped.

use attar_image::{FileTree, Kind, TreePath};

use super::effect::{Effect, Existing, FileContent, Ownership};
use super::fields::{expand, lines, split};
use super::mode::ModeChange;
use super::script::Unknown;
use super::script::pattern;

/// The most files that one copy of a directory makes.
const MAX_COPIED: usize = 2000;

struct Line {
    path: String,
    mode: Option<ModeChange>,
    owner: Ownership,
    argument: Option<String>,
}

/// Reads one file. Lines that are not understood come second.
pub fn read(text: &str, tree: &FileTree) -> (Vec<Effect>, Vec<Unknown>) {
    let (mut effects, mut unknown) = (Vec::new(), Vec::new());
    for (number, line) in lines(text) {
        if line_effects(line, tree, &mut effects).is_none() {
            let why = "the line of tmpfiles.d is not understood";
            unknown.push(Unknown { line: number, text: line.chars().take(160).collect(), why });
        }
    }
    (effects, unknown)
}

fn line_effects(line: &str, tree: &FileTree, effects: &mut Vec<Effect>) -> Option<()> {
    let fields = split(line, 7)?;
    let kind = fields.first()?;
    let letter = kind.chars().next()?;
    let modifiers = &kind[letter.len_utf8()..];
    if !modifiers.chars().all(|modifier| "+!-=~^$?".contains(modifier)) {
        return None;
    }
    // What ages, removes, or sets attributes that an image does not carry; and what credentials of the
    // running system hold.
    if "xXrRtThHaAbcp".contains(letter) || modifiers.contains('^') {
        return Some(());
    }
    let field =
        |index: usize| fields.get(index).map(String::as_str).filter(|field| !matches!(*field, "-" | ""));
    let mode = field(2).map(|mode| mode.trim_start_matches([':', '~']));
    let name = |index: usize| field(index).map(|name| name.trim_start_matches(':').to_owned());
    let line = Line {
        path: expand(field(1)?)?,
        mode: match mode {
            Some(mode) => Some(ModeChange::parse(mode)?),
            None => None,
        },
        owner: Ownership { user: name(3), group: name(4) },
        argument: field(6).map(str::to_owned),
    };
    if ["/dev/", "/proc/", "/sys/"].iter().any(|start| line.path.starts_with(start)) {
        return Some(());
    }
    match letter {
        'd' | 'D' | 'v' | 'q' | 'Q' => effects.push(line.directory()?),
        'f' | 'F' => effects.push(line.file(letter == 'F' || modifiers.contains('+'))?),
        'L' => effects.extend(line.link(modifiers, tree)?),
        'C' => line.copy(modifiers.contains('+'), tree, effects)?,
        'e' | 'z' | 'Z' => line.change(letter, tree, effects)?,
        // Writes to a file that is there, which in an image none of these is.
        'w' => {}
        _ => return None,
    }
    Some(())
}

impl Line {
    fn directory(self) -> Option<Effect> {
        let mode = self.mode.unwrap_or(ModeChange::exactly(0o755));
        Some(Effect::Directory {
            path: TreePath::parse(&self.path).ok()?,
            mode: Some(mode),
            owner: self.owner,
        })
    }

    fn file(self, replaces: bool) -> Option<Effect> {
        let argument = self.argument.as_deref().map(expand).unwrap_or_else(|| Some(String::new()))?;
        let content = FileContent::Bytes(argument.replace("\\n", "\n").into_bytes());
        let existing = if replaces { Existing::Replace } else { Existing::Keep };
        let (path, mode) =
            (TreePath::parse(&self.path).ok()?, self.mode.or(Some(ModeChange::exactly(0o644))));
        Some(Effect::File { path, content, mode, owner: self.owner, existing })
    }

    fn link(self, modifiers: &str, tree: &FileTree) -> Option<Option<Effect>> {
        let path = TreePath::parse(&self.path).ok()?;
        let target = match &self.argument {
            Some(argument) => expand(argument)?,
            None => format!("/usr/share/factory{}", self.path),
        };
        let leads = path
            .resolve_link(target.as_bytes())
            .ok()
            .and_then(|to| tree.resolve(&to))
            .is_some_and(|to| tree.contains(&to));
        if modifiers.contains('?') && !leads {
            return Some(None);
        }
        let existing = if modifiers.contains('+') { Existing::Replace } else { Existing::Keep };
        Some(Some(Effect::Symlink { path, target, existing }))
    }

    fn copy(self, merges: bool, tree: &FileTree, effects: &mut Vec<Effect>) -> Option<()> {
        let target = TreePath::parse(&self.path).ok()?;
        let source = match &self.argument {
            Some(argument) => expand(argument)?,
            None => format!("/usr/share/factory{}", self.path),
        };
        let source = tree.resolve(&TreePath::parse(source).ok()?)?;
        let stands = tree.resolve(&target).is_some_and(|target| tree.contains(&target));
        let entries = tree.get(&source).map(|entry| (&source, entry)).into_iter().chain(tree.below(&source));
        if stands && !merges {
            return Some(());
        }
        for (path, entry) in entries.take(MAX_COPIED) {
            let path_to = target.join(path.strip_prefix(&source)?).ok()?;
            let (mode, owner, existing) = (None, Ownership::default(), Existing::Keep);
            effects.push(match &entry.kind {
                Kind::Directory => Effect::Directory { path: path_to, mode, owner },
                Kind::Symlink { target } => Effect::Symlink {
                    path: path_to,
                    target: String::from_utf8(target.to_vec()).ok()?,
                    existing,
                },
                _ => Effect::File {
                    path: path_to,
                    content: FileContent::CopyOf(path.clone()),
                    mode,
                    owner,
                    existing,
                },
            });
        }
        if !self.owner.is_empty() || self.mode.is_some() {
            effects.push(Effect::Attributes {
                path: target,
                owner: self.owner,
                mode: self.mode,
                recursive: false,
            });
        }
        Some(())
    }

    fn change(self, letter: char, tree: &FileTree, effects: &mut Vec<Effect>) -> Option<()> {
        let pattern = self.path.strip_prefix('/')?;
        let matching: Vec<TreePath> = if pattern.contains(['*', '?', '[']) {
            let depth = pattern.matches('/').count();
            let matches = |path: &&TreePath| {
                let text = std::str::from_utf8(path.as_bytes());
                text.is_ok_and(|text| text.matches('/').count() == depth && pattern::matches(pattern, text))
            };
            tree.iter().map(|(path, _)| path).filter(matches).cloned().collect()
        } else {
            let path = TreePath::parse(pattern).ok()?;
            tree.resolve(&path).filter(|path| tree.contains(path)).into_iter().collect()
        };
        for path in matching {
            let (owner, mode) = (self.owner.clone(), self.mode.clone());
            effects.push(Effect::Attributes { path, owner, mode, recursive: letter == 'Z' });
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use attar_image::{Content, Entry, Metadata};

    use super::*;
    use crate::effects::known;

    #[test]
    fn lines_become_effects() {
        let tree: FileTree = [
            (known("etc/app"), Entry::directory(Metadata::root(0o755, 0))),
            (known("etc/app/a.conf"), Entry::file(Content::of(b"a"), Metadata::root(0o644, 0))),
            (known("usr/share/factory/etc/x"), Entry::file(Content::of(b"x"), Metadata::root(0o644, 0))),
        ]
        .into_iter()
        .collect();
        let text = "\
# comment
d /run/postgresql 2775 postgres postgres - -
D! %t/app
f+ /var/lib/app/state 0600 app - - one\\ntwo
L /etc/mtab - - - - ../proc/self/mounts
L? /etc/gone - - - - nowhere
C /etc/x
z /etc/app/*.conf 0640 root adm
r! /tmp/.X*
a+ /var/log/journal - - - - d:group:adm:r-x
d /run/%b
f^ /run/credentials - - - - ssh
? /bad
";
        let (effects, unknown) = read(text, &tree);
        let owner = |user: &str, group: &str| Ownership {
            user: (!user.is_empty()).then(|| user.into()),
            group: (!group.is_empty()).then(|| group.into()),
        };
        let mode = |text| ModeChange::parse(text);
        let expected = [
            Effect::Directory {
                path: known("run/postgresql"),
                mode: mode("2775"),
                owner: owner("postgres", "postgres"),
            },
            Effect::Directory {
                path: known("run/app"),
                mode: Some(ModeChange::exactly(0o755)),
                owner: owner("", ""),
            },
            Effect::File {
                path: known("var/lib/app/state"),
                content: FileContent::Bytes(b"one\ntwo".to_vec()),
                mode: mode("0600"),
                owner: owner("app", ""),
                existing: Existing::Replace,
            },
            Effect::Symlink {
                path: known("etc/mtab"),
                target: "../proc/self/mounts".into(),
                existing: Existing::Keep,
            },
            Effect::File {
                path: known("etc/x"),
                content: FileContent::CopyOf(known("usr/share/factory/etc/x")),
                mode: None,
                owner: owner("", ""),
                existing: Existing::Keep,
            },
            Effect::Attributes {
                path: known("etc/app/a.conf"),
                owner: owner("root", "adm"),
                mode: mode("0640"),
                recursive: false,
            },
        ];
        assert_eq!(effects, expected);
        assert_eq!(unknown.iter().map(|unknown| unknown.line).collect::<Vec<_>>(), [11, 13]);
    }
}
