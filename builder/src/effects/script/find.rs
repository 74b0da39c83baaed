//! `find`, as far as it chooses by place, type and name: what it finds is known from the tree.

use attar_image::{Kind, TreePath};

use super::evaluate::Run;
use super::expand::Field;
use super::pattern;

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
    /// Whether it holds a test that is not decided here: it counts as passed.
    is_open: bool,
    deletes: bool,
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
        if search.is_open || search.deletes || found.len() > MAX_FOUND {
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
        }
        self.status = Some(true);
        true
    }

    fn found(&self, search: &Search<'_>) -> Option<Vec<String>> {
        let tree = self.surroundings.tree;
        let mut found = Vec::new();
        for start in &search.starts {
            // What the script itself made is not in the tree that is searched.
            let path = TreePath::parse(start).ok()?;
            if self.state.made.keys().any(|made| made.starts_with(&path)) {
                return None;
            }
            let resolved = tree.resolve(&path)?;
            let own = tree.get(&resolved).map(|entry| (&resolved, entry));
            for (path, entry) in own.into_iter().chain(tree.below(&resolved)) {
                let below = std::str::from_utf8(path.strip_prefix(&resolved)?).ok()?;
                let depth = if below.is_empty() { 0 } else { 1 + below.matches('/').count() };
                let shown =
                    format!("{}{}{below}", start.trim_end_matches('/'), if depth > 0 { "/" } else { "" });
                let within =
                    depth >= search.least_depth && search.most_depth.is_none_or(|most| depth <= most);
                let is_empty = match &entry.kind {
                    Kind::Directory => tree.below(path).next().is_none(),
                    kind => matches!(kind, Kind::File { content, .. } if content.size == 0),
                };
                let passes = |test: &Test<'_>| test.passes(&shown, &entry.kind, is_empty);
                if within && search.tests.iter().all(|(wanted, test)| passes(test) == *wanted) {
                    found.push(shown);
                }
            }
        }
        Some(found)
    }
}

impl Test<'_> {
    fn passes(&self, path: &str, kind: &Kind, is_empty: bool) -> bool {
        match self {
            Self::Empty => is_empty,
            Self::Name(name) => pattern::matches(name, path.rsplit('/').next().unwrap_or_default()),
            Self::Path(wanted) => pattern::matches(wanted, path),
            Self::Type(letter) => match kind {
                Kind::File { .. } => *letter == "f",
                Kind::Directory => *letter == "d",
                Kind::Symlink { .. } => *letter == "l",
                _ => false,
            },
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
        let mut wanted = true;
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
                "-executable" | "-readable" | "-writable" | "-nouser" | "-nogroup" => search.is_open = true,
                "-user" | "-group" | "-perm" | "-uid" | "-gid" | "-mtime" | "-mmin" | "-newer" | "-size"
                | "-links" | "-regex" | "-iname" | "-atime" | "-ctime" | "-lname" | "-regextype"
                | "-fstype" => {
                    value(&mut rest)?;
                    search.is_open = true;
                }
                _ => return None,
            }
            wanted = true;
        }
        Some(search)
    }
}
