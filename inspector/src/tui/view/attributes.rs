//! Mode and owner of files, as `ls` writes them.

use attar_image::stack::{EntryId, Form, Stack};

use super::shortened;
use crate::tui::app::{App, Owners};
use crate::tui::format;
use crate::tui::text;

/// Columns of a mode and the blank behind it.
pub(super) const MODE: u16 = 11;
/// Columns of an owner where there is room for names.
const OWNER: usize = 40;

/// Returns mode and owner, the owner in at most so many columns.
pub(super) fn attributes(
    app: &App,
    stack: &Stack,
    entry: EntryId,
    owners: Owners<'_>,
    columns: usize,
) -> String {
    mode(stack, entry) + " " + &owner(app, stack, entry, owners, columns)
}

/// Returns mode, owner and time in as many lines as they need: the numbers of the owner, too, if there is
/// room for them beside the names.
pub(super) fn lines(
    app: &App,
    stack: &Stack,
    entry: EntryId,
    owners: Owners<'_>,
    width: usize,
) -> Vec<String> {
    let time = format::date(stack.row(entry).mtime);
    let first = attributes(app, stack, entry, owners, OWNER);
    let numbers = numbers(stack, entry);
    // Where nobody has a name the numbers stand there already.
    let rest = match first.ends_with(&format!(" {numbers}")) {
        true => time.clone(),
        false => format!("{numbers}  {time}"),
    };
    let fits = |line: &String| text::width(line) <= width;
    let on_one_line = [format!("{first}  {rest}"), format!("{first}  {time}")].into_iter().find(fits);
    on_one_line.map_or_else(|| vec![first, rest], |line| vec![line])
}

fn numbers(stack: &Stack, entry: EntryId) -> String {
    let row = stack.row(entry);
    format!("{}:{}", row.uid, row.gid)
}

/// Returns user and group, each by its name if it has one; what is too wide is cut.
fn owner(app: &App, stack: &Stack, entry: EntryId, owners: Owners<'_>, columns: usize) -> String {
    let row = stack.row(entry);
    let called = |name: Option<&str>, number: u32| match name {
        Some(name) => shortened(app, name, columns),
        None => number.to_string(),
    };
    let user = called(owners.user(row.uid), row.uid);
    let group = called(owners.group(row.gid), row.gid);
    let room = columns.saturating_sub(1);
    let [user_room, group_room] = shares([text::width(&user), text::width(&group)], room);
    let cut = |text: &str, room| text::cut(text, room, app.glyphs.ellipsis).into_owned();
    cut(&user, user_room) + ":" + &cut(&group, group_room)
}

/// Shares columns between two texts that are so wide: what one does not need the other has.
fn shares([one, other]: [usize; 2], room: usize) -> [usize; 2] {
    let half = room.div_ceil(2);
    match () {
        () if one + other <= room => [one, other],
        () if one <= half => [one, room - one],
        () if other <= room - half => [room - other, other],
        () => [half, room - half],
    }
}

/// Returns kind and mode.
fn mode(stack: &Stack, entry: EntryId) -> String {
    let kind = match stack.row(stack.linked(entry)).form {
        Form::Directory => 'd',
        Form::Symlink => 'l',
        Form::CharacterDevice => 'c',
        Form::BlockDevice => 'b',
        Form::Fifo => 'p',
        _ => '-',
    };
    let mode = stack.row(entry).mode;
    let mut text = String::with_capacity(10);
    text.push(kind);
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (mode & special != 0, bits & 1 != 0) {
            (false, true) => 'x',
            (false, false) => '-',
            (true, true) => letter,
            (true, false) => letter.to_ascii_uppercase(),
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::shares;

    #[test]
    fn room_is_shared_fairly() {
        for (widths, room, expected) in [
            ([4, 4], 10, [4, 4]),
            ([4, 20], 10, [4, 6]),
            ([20, 4], 10, [6, 4]),
            ([20, 20], 10, [5, 5]),
            ([20, 20], 11, [6, 5]),
            ([6, 20], 11, [6, 5]),
            ([20, 5], 11, [6, 5]),
            ([3, 3], 0, [0, 0]),
            ([0, 3], 1, [0, 1]),
        ] {
            assert_eq!(shares(widths, room), expected, "{widths:?} in {room}");
        }
    }
}
