//! What stands in an image and is no regular file: links, directories, devices, pipes, whiteouts.

use std::cmp::Reverse;

use attar_image::path::TreePath;
use attar_image::stack::{Change, EntryId, Form, PathId, Stack};

use super::display::value;
use super::line::{Line, Style};
use super::size;
use super::{Fact, Kind, Mode, Preview};

/// The most links that are followed, as the kernel does.
const MAX_HOPS: usize = 40;
/// The most children of a directory that are listed.
const MAX_CHILDREN: usize = 1000;

/// Devices that have a name everywhere, by their numbers.
const DEVICES: &[((u32, u32), &str)] = &[
    ((1, 1), "physical memory"),
    ((1, 3), "null"),
    ((1, 5), "zero"),
    ((1, 7), "full"),
    ((1, 8), "random"),
    ((1, 9), "urandom"),
    ((5, 0), "the terminal of the process"),
    ((5, 1), "the console"),
    ((5, 2), "pseudo terminals"),
];

/// Says what an entry is; `None` for regular files, whose content says more. A hard link is what it is
/// another name of.
pub fn entry(stack: &Stack, entry: EntryId) -> Option<Preview> {
    let form = stack.row(stack.linked(entry)).form;
    let path = stack.paths().path(stack.own_path(entry));
    Some(match form {
        Form::File => return None,
        Form::Directory => directory(stack, stack.place(entry)),
        Form::Symlink => link(stack, entry),
        Form::CharacterDevice | Form::BlockDevice => device(stack, entry, form),
        Form::Fifo => Preview::new(Kind::Pipe, &[Mode::Facts]),
        Form::HardLink => {
            let mut preview = Preview::new(Kind::Link, &[Mode::Facts]);
            let target = stack.hard_link(entry).map(|target| stack.paths().path(target).to_string());
            let target = value(target.unwrap_or_default());
            preview.facts.push(Fact::warning("hard link", format!("to {target}, which is not there")));
            preview
        }
        Form::Whiteout | Form::Opaque | Form::Reserved => whiteout(stack, entry, form, &path),
    })
}

fn whiteout(stack: &Stack, entry: EntryId, form: Form, path: &TreePath) -> Preview {
    let mut preview = Preview::new(Kind::Whiteout, &[Mode::Facts]);
    let path = value(path.to_string());
    let is_idle = stack.change(entry) == Change::Nothing;
    let meaning = match form {
        Form::Opaque => format!("all that lower layers have below {path}"),
        _ => format!("{path}, and all below it, that lower layers have"),
    };
    preview.facts.push(match form {
        Form::Reserved => Fact::new("control file", "of a storage driver; it means nothing in an image"),
        _ if is_idle => {
            Fact::warning("takes away", format!("nothing: it is for {meaning}, and there is nothing"))
        }
        _ => Fact::new("takes away", meaning),
    });
    preview
}

fn device(stack: &Stack, entry: EntryId, form: Form) -> Preview {
    let mut preview = Preview::new(Kind::Device, &[Mode::Facts]);
    let kind = if form == Form::BlockDevice { "block device" } else { "character device" };
    let numbers = stack.device(entry).unwrap_or_default();
    preview.facts.push(Fact::new("type", kind));
    preview.facts.push(Fact::new("numbers", format!("{}, {}", numbers.0, numbers.1)));
    let known = DEVICES.iter().find(|(known, _)| form == Form::CharacterDevice && *known == numbers);
    preview.facts.extend(known.map(|(_, name)| Fact::new("on Linux", *name)));
    preview
}

/// Says where a symbolic link leads in the merged view, link by link, and what stands there.
pub fn link(stack: &Stack, entry: EntryId) -> Preview {
    let mut preview = Preview::new(Kind::Link, &[Mode::Facts]);
    let mut at = stack.paths().path(stack.place(entry));
    let end = stack.resolve(&at);
    let mut target = stack.symlink(entry).map(<[u8]>::to_vec);
    for _ in 0..MAX_HOPS {
        let Some(written) = target else { break };
        let Some(next) = hop(stack, &at, &written) else {
            preview.facts.push(Fact::warning("leads to", format!("{}, which is no path", value(&written))));
            return preview;
        };
        let shown = format!("{} → {}", value(&written), value(next.to_string()));
        preview.facts.push(Fact { jump: Some(next.clone()), ..Fact::new("leads to", shown) });
        target = stack.find(&next).and_then(|entry| stack.symlink(entry)).map(<[u8]>::to_vec);
        at = next;
    }
    preview.facts.push(match end {
        None => Fact::warning("ends", "never: the links go round in a circle"),
        Some(end) => {
            let shown = value(end.to_string());
            let id = stack.paths().find(&end);
            let found = id.and_then(|id| stack.visible(id)).map(|entry| stack.linked(entry));
            let is_implied = id.is_some_and(|id| !stack.children(id).is_empty());
            match found.map(|entry| stack.row(entry)) {
                Some(row) if row.form == Form::File => {
                    let shown = format!("at {shown}, a file of {}", size(row.size));
                    Fact { jump: Some(end), ..Fact::new("ends", shown) }
                }
                Some(row) => {
                    Fact { jump: Some(end), ..Fact::new("ends", format!("at {shown}, {}", noun(row.form))) }
                }
                None if end.is_root() || is_implied => {
                    Fact { jump: Some(end), ..Fact::new("ends", format!("at {shown}, a directory")) }
                }
                None => Fact::warning("ends", format!("at {shown}, where nothing stands")),
            }
        }
    });
    preview
}

/// Returns where one link leads, links of directories on the way followed.
fn hop(stack: &Stack, at: &TreePath, target: &[u8]) -> Option<TreePath> {
    let next = at.resolve_link(target).ok()?;
    let Some(parent) = next.parent() else { return Some(next) };
    match stack.resolve(&parent) {
        Some(parent) => parent.join(next.file_name()).ok(),
        None => Some(next),
    }
}

fn noun(form: Form) -> &'static str {
    match form {
        Form::Directory => "a directory",
        Form::File | Form::HardLink => "a file",
        Form::Symlink => "a symbolic link",
        Form::CharacterDevice => "a character device",
        Form::BlockDevice => "a block device",
        Form::Fifo => "a named pipe",
        Form::Whiteout | Form::Opaque | Form::Reserved => "a whiteout",
    }
}

/// What stands below a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    files: u64,
    directories: u64,
    others: u64,
    bytes: u64,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.files += other.files;
        self.directories += other.directories;
        self.others += other.others;
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// Says what a directory of the merged view holds: how many files and bytes, and what is largest. Hard
/// links count wherever they stand.
pub fn directory(stack: &Stack, directory: PathId) -> Preview {
    let mut preview = Preview::new(Kind::Directory, &[Mode::Listing, Mode::Facts]);
    let mut children: Vec<(PathId, Sum)> =
        stack.children(directory).into_iter().map(|child| (child, sum(stack, child))).collect();
    let mut total = Sum::default();
    children.iter().for_each(|(_, sum)| total.add(*sum));
    children.sort_by_key(|(_, sum)| Reverse(sum.bytes));
    preview.facts.push(Fact::new("entries", children.len().to_string()));
    for (label, count) in [
        ("files below", total.files),
        ("directories below", total.directories),
        ("others below", total.others),
    ] {
        if count > 0 {
            preview.facts.push(Fact::new(label, count.to_string()));
        }
    }
    preview.facts.push(Fact::new("bytes below", size(total.bytes)));
    if let Some((largest, sum)) = children.first().filter(|(_, sum)| sum.bytes > 0) {
        let path = stack.paths().path(*largest);
        let shown = format!("{}, {}", value(path.file_name()), size(sum.bytes));
        preview.facts.push(Fact { jump: Some(path), ..Fact::new("largest", shown) });
    }
    for (child, sum) in children.iter().take(MAX_CHILDREN) {
        let form = stack.visible(*child).map_or(Form::Directory, |entry| stack.row(stack.linked(entry)).form);
        let mut line = Line::of(Style::Number, format!("{:>8}  ", size(sum.bytes)));
        line.push(Style::Plain, value(stack.paths().name(*child)));
        match form {
            Form::Directory => line.push(Style::Muted, "/"),
            Form::File => {}
            Form::Symlink => {
                let target = stack.visible(*child).and_then(|entry| stack.symlink(entry));
                line.push(Style::Muted, format!(" → {}", value(target.unwrap_or_default())));
            }
            other => line.push(Style::Muted, format!("  {}", noun(other))),
        }
        preview.listing.push(line);
    }
    if let Some(rest) = children.len().checked_sub(MAX_CHILDREN).filter(|rest| *rest > 0) {
        preview.listing.push(Line::of(Style::Muted, format!("… {rest} more")));
    }
    preview
}

fn sum(stack: &Stack, path: PathId) -> Sum {
    let mut sum = Sum::default();
    let mut pending = vec![path];
    while let Some(path) = pending.pop() {
        let row = stack.visible(path).map(|entry| *stack.row(stack.linked(entry)));
        match row.map(|row| row.form) {
            Some(Form::File) => sum.files += 1,
            None | Some(Form::Directory) => sum.directories += 1,
            Some(_) => sum.others += 1,
        }
        sum.bytes = sum.bytes.saturating_add(row.map_or(0, |row| row.size));
        pending.extend(stack.children(path));
    }
    sum
}
