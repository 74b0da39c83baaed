//! `find`, as far as it chooses by place, type and name: what it finds is known from the tree.

use std::collections::BTreeMap;

use attar_image::{Kind, TreePath};

use super::evaluate::Run;
use super::expand::Field;
use super::pattern;
use super::state::Made;

/// The most files for which a command is followed.
const MAX_FOUND: usize = 2000;

/// What a `find` looks for and does.
#[derive(Default)]
struct Search<'f> {
    starts: Vec<&'f str>,
    tests: Vec<(bool, Test<'f>)>,
    least_depth: usize,
    most_depth: Option<usize>,
    commands: Vec<&'f [Field]>,
    /// Whether it holds a test of owners, which is not decided here: it counts as passed.
    tests_owners: bool,
    /// Whether it holds another test that is not decided here: it counts as passed.
    is_open: bool,
    deletes: bool,
    follows: bool,
}

/// What a `find` found.
#[derive(Clone, Debug)]
pub(super) struct FoundPaths {
    paths: Vec<String>,
    /// Whether some may belong to whom the `find` does not look for.
    tests_owners: bool,
}

/// Says whether a command changes owners alone: then it does no harm to a file that has the right one.
fn changes_owners(command: &[Field]) -> bool {
    command.first().is_some_and(|name| matches!(name.shown.rsplit('/').next(), Some("chown" | "chgrp")))
}

enum Test<'f> {
    Type(&'f str),
    Name(&'f str),
    Path(&'f str),
    Empty,
}

impl Run<'_> {
    /// Follows a `find`; says whether it was understood.
    pub(super) fn find(&mut self, arguments: &[Field], text: &str) -> bool {
        let Some(search) = Search::read(arguments) else { return false };
        let Some(found) = self.found(&search) else { return false };
        if found.is_empty() {
            self.status = Some(true);
            self.nothing(text, "nothing stands there");
            return true;
        }
        let undecided = search.tests_owners && !search.commands.iter().all(|command| changes_owners(command));
        if search.is_open || search.deletes || undecided || found.len() > MAX_FOUND {
            return false;
        }
        for command in &search.commands {
            let (ends, words) = command.split_last().unwrap_or((&command[0], &[]));
            let batches: Vec<&[String]> =
                if ends.shown == "+" { vec![&found] } else { found.chunks(1).collect() };
            for batch in batches {
                let mut fields = Vec::new();
                for word in words {
                    match word.text.as_deref() {
                        Some("{}") => fields.extend(batch.iter().map(|path| Field::known(path))),
                        _ => fields.push(word.clone()),
                    }
                }
                self.run(&fields);
            }
        }
        if search.commands.is_empty() {
            self.nothing(text, "it only reads");
            self.found = Some(FoundPaths { paths: found, tests_owners: search.tests_owners });
        }
        self.status = Some(true);
        true
    }

    /// Follows an `xargs` behind a `find`; says whether it was understood.
    pub(super) fn xargs(&mut self, arguments: &[Field]) -> bool {
        let is_option =
            |field: &Field| matches!(&field.shown[..], "-0" | "--null" | "-r" | "--no-run-if-empty");
        let options = arguments.iter().take_while(|field| is_option(field)).count();
        let command = &arguments[options..];
        let command =
            if command.first().is_some_and(|name| name.shown == "sudo") { &command[1..] } else { command };
        let Some(found) = self.found.take() else { return false };
        if command.is_empty() || found.tests_owners && !changes_owners(command) {
            return false;
        }
        let paths = found.paths.iter().map(|path| Field::known(path));
        let fields: Vec<Field> = command.iter().cloned().chain(paths).collect();
        self.run(&fields);
        true
    }

    fn found(&self, search: &Search<'_>) -> Option<Vec<String>> {
        let mut found = Vec::new();
        for start in &search.starts {
            for (below, letter, is_empty) in self.standing(&TreePath::parse(start).ok()?, search)? {
                let depth = if below.is_empty() { 0 } else { 1 + below.matches('/').count() };
                let shown =
                    format!("{}{}{below}", start.trim_end_matches('/'), if depth > 0 { "/" } else { "" });
                let within =
                    depth >= search.least_depth && search.most_depth.is_none_or(|most| depth <= most);
                let passes = |test: &Test<'_>| test.passes(&shown, letter, is_empty);
                if within && search.tests.iter().all(|(wanted, test)| passes(test) == *wanted) {
                    found.push(shown);
                }
            }
        }
        Some(found)
    }

    /// Lists what stands at and below a path, packaged or made by the script: the path below the start,
    /// its type, and whether it is empty. `None` when that is not known.
    fn standing(&self, start: &TreePath, search: &Search<'_>) -> Option<Vec<(String, &'static str, bool)>> {
        let tree = self.surroundings.tree;
        let start = tree.resolve(start)?;
        let below = |path: &TreePath| Some(std::str::from_utf8(path.strip_prefix(&start)?).ok()?.to_owned());
        let mut standing = BTreeMap::new();
        let own = tree.get(&start).map(|entry| (&start, entry));
        for (path, entry) in own.into_iter().chain(tree.below(&start)) {
            let (letter, is_empty) = match &entry.kind {
                Kind::Directory => ("d", tree.below(path).next().is_none()),
                Kind::File { content, .. } => ("f", content.size == 0),
                Kind::Symlink { .. } => ("l", false),
                _ => ("", false),
            };
            standing.insert(below(path)?, (letter, is_empty));
        }
        for (path, made) in self.state.made.iter().filter(|(path, _)| path.starts_with(&start)) {
            let letter = match made {
                Made::Unknown => return None,
                // A file the package has not brought yet, or that is gone.
                Made::Nothing => {
                    standing.remove(&below(path)?);
                    continue;
                }
                Made::Directory => "d",
                Made::File => "f",
                Made::Symlink => "l",
            };
            // How much there is in it is not known.
            if search.tests.iter().any(|(_, test)| matches!(test, Test::Empty)) {
                return None;
            }
            standing.entry(below(path)?).or_insert((letter, false));
        }
        let links = standing.values().any(|(letter, _)| *letter == "l");
        let list = standing.into_iter().map(|(path, (letter, is_empty))| (path, letter, is_empty));
        if search.follows && links { None } else { Some(list.collect()) }
    }
}

impl Test<'_> {
    fn passes(&self, path: &str, letter: &str, is_empty: bool) -> bool {
        match self {
            Self::Empty => is_empty,
            Self::Name(name) => pattern::matches(name, path.rsplit('/').next().unwrap_or_default()),
            Self::Path(wanted) => pattern::matches(wanted, path),
            Self::Type(wanted) => *wanted == letter,
        }
    }
}

impl<'f> Search<'f> {
    fn read(arguments: &'f [Field]) -> Option<Self> {
        let mut search = Self::default();
        let mut rest = arguments;
        while let [first, others @ ..] = rest
            && !first.shown.starts_with(['-', '(', '!'])
        {
            search.starts.push(first.text.as_deref()?);
            rest = others;
        }
        if search.starts.is_empty() || search.starts.iter().any(|start| !start.starts_with('/')) {
            return None;
        }
        let (mut wanted, mut has_either) = (true, false);
        while let [first, others @ ..] = rest {
            rest = others;
            let word = first.text.as_deref()?;
            let value = |rest: &mut &'f [Field]| {
                let (value, others) = rest.split_first()?;
                *rest = others;
                value.text.as_deref()
            };
            match word {
                "!" | "-not" => {
                    wanted = !wanted;
                    continue;
                }
                "-maxdepth" => search.most_depth = Some(value(&mut rest)?.parse().ok()?),
                "-mindepth" => search.least_depth = value(&mut rest)?.parse().ok()?,
                "-type" => search.tests.push((wanted, Test::Type(value(&mut rest)?))),
                "-name" => search.tests.push((wanted, Test::Name(value(&mut rest)?))),
                "-path" | "-wholename" => search.tests.push((wanted, Test::Path(value(&mut rest)?))),
                "-print" | "-print0" | "-a" | "-and" | "-xdev" | "-mount" | "-depth" | "-noleaf" => {}
                "-exec" | "-execdir" => {
                    let end = rest.iter().position(|field| matches!(field.shown.as_str(), ";" | "+"))?;
                    search.commands.push(&rest[..=end]);
                    rest = &rest[end + 1..];
                }
                "-delete" => search.deletes = true,
                "-empty" => search.tests.push((wanted, Test::Empty)),
                "-follow" | "-L" => search.follows = true,
                // Either side may hold: what neither side decides passes in any case.
                "-o" | "-or" => has_either = true,
                "-nouser" | "-nogroup" => search.tests_owners = true,
                "-user" | "-group" | "-uid" | "-gid" => {
                    // Whose it must be may be unknown.
                    rest = rest.split_first()?.1;
                    search.tests_owners = true;
                }
                "-executable" | "-readable" | "-writable" => search.is_open = true,
                "-perm" | "-mtime" | "-mmin" | "-newer" | "-size" | "-links" | "-regex" | "-iname"
                | "-atime" | "-ctime" | "-lname" | "-regextype" | "-fstype" => {
                    value(&mut rest)?;
                    search.is_open = true;
                }
                _ => return None,
            }
            wanted = true;
        }
        let decides = !search.tests.is_empty() || !search.commands.is_empty() || search.deletes;
        if has_either && decides { None } else { Some(search) }
    }
}
