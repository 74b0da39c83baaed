//! A spec while it is put together: entries under their keys, each with its comments and its origin.

use std::fmt::Write as _;
use std::path::Path;

use super::text::comment;
use super::{Conversion, HEAD, Unmapped};
use crate::spec::{self, Diagnostics, Selection};

/// The keys of a spec that are written, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Repositories,
    Packages,
    WithoutPackages,
    Files,
    AdditionalCertificates,
    CertificateProviders,
    Users,
    Groups,
    RunAs,
    Paths,
    Entrypoint,
    Cmd,
    WorkDir,
    StopSignal,
    Volumes,
    Ports,
    Healthcheck,
    Environment,
    Labels,
    Annotations,
    Layering,
    Platforms,
}

/// How the entries of a key are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    List,
    Map,
    Value,
}

impl Key {
    /// Returns the maps around the key, its name and its form.
    fn place(self) -> (&'static [&'static str], &'static str, Form) {
        match self {
            Self::Repositories => (&["contents"], "repositories", Form::List),
            Self::Packages => (&["contents"], "packages", Form::List),
            Self::WithoutPackages => (&["contents", "without"], "packages", Form::List),
            Self::Files => (&["contents"], "files", Form::List),
            Self::AdditionalCertificates => (&["certificates"], "additional", Form::List),
            Self::CertificateProviders => (&["certificates"], "providers", Form::List),
            Self::Users => (&["accounts"], "users", Form::List),
            Self::Groups => (&["accounts"], "groups", Form::List),
            Self::RunAs => (&["accounts"], "run-as", Form::Value),
            Self::Paths => (&[], "paths", Form::List),
            Self::Entrypoint => (&[], "entrypoint", Form::Value),
            Self::Cmd => (&[], "cmd", Form::Value),
            Self::WorkDir => (&[], "work-dir", Form::Value),
            Self::StopSignal => (&[], "stop-signal", Form::Value),
            Self::Volumes => (&[], "volumes", Form::List),
            Self::Ports => (&[], "ports", Form::List),
            Self::Healthcheck => (&[], "healthcheck", Form::Value),
            Self::Environment => (&[], "environment", Form::Map),
            Self::Labels => (&[], "labels", Form::Map),
            Self::Annotations => (&[], "annotations", Form::Map),
            Self::Layering => (&[], "layering", Form::Value),
            Self::Platforms => (&[], "platforms", Form::List),
        }
    }
}

/// One entry: a line of the spec, with comments before it.
#[derive(Clone, Debug)]
struct Entry {
    key: Key,
    /// The item of a list, `NAME: VALUE` of a map, or the value: one line in YAML's flow style.
    body: Option<String>,
    comments: Vec<String>,
    /// Line of the original, for messages; 0 for what attar adds.
    line: usize,
}

/// A spec while it is put together.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Comments at the head of the spec.
    pub(super) head: Vec<String>,
    entries: Vec<Entry>,
    unmapped: Vec<Unmapped>,
}

impl Draft {
    /// Adds an entry, with a comment above it where `why` is not empty.
    pub(super) fn add(&mut self, key: Key, line: usize, body: impl Into<String>, why: &str) {
        self.entries.push(Entry { key, body: Some(body.into()), comments: comment(why), line });
    }

    /// Adds a comment among the entries of a key.
    pub(super) fn remark(&mut self, key: Key, text: &str) {
        self.entries.push(Entry { key, body: None, comments: comment(text), line: 0 });
    }

    /// Says what the spec does not say.
    pub(super) fn unmapped(&mut self, line: usize, what: impl Into<String>) {
        self.unmapped.push(Unmapped { line, what: what.into() });
    }

    /// Says whether a key has entries.
    pub(super) fn has(&self, key: Key) -> bool {
        self.entries.iter().any(|entry| entry.key == key && entry.body.is_some())
    }

    /// Says whether a key has an entry with this body.
    pub(super) fn says(&self, key: Key, body: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key && entry.body.as_deref() == Some(body))
    }

    /// Writes the spec. Entries that the spec's own rules refuse become comments.
    pub(super) fn finish(mut self) -> Conversion {
        loop {
            let (text, owners) = self.render();
            let Err(faults) = check(&text) else {
                return self.done(text);
            };
            let mut refused = Vec::new();
            for (location, title) in faults.iter() {
                let line = location.map_or(0, |location| location.line as usize);
                if let Some(Some(owner)) = owners.get(line.wrapping_sub(1)) {
                    refused.push((*owner, title.to_owned()));
                }
            }
            if refused.is_empty() {
                // Nothing tells which entry it is: none can be kept.
                let title = faults.iter().next().map_or_else(String::new, |(_, title)| title.to_owned());
                refused.extend((0..self.entries.len()).map(|number| (number, title.clone())));
            }
            let before = self.live();
            for (number, title) in refused {
                self.refuse(number, &title);
            }
            if self.live() == before {
                let spec = String::from("contents:\n  repositories:\n    - debian: trixie\n");
                return self.done(spec);
            }
        }
    }

    fn done(self, spec: String) -> Conversion {
        let mut unmapped = self.unmapped;
        unmapped.sort_by_key(|it| it.line);
        unmapped.dedup();
        Conversion { spec, unmapped }
    }

    fn live(&self) -> usize {
        self.entries.iter().filter(|entry| entry.body.is_some()).count()
    }

    fn refuse(&mut self, number: usize, title: &str) {
        let entry = &mut self.entries[number];
        let Some(body) = entry.body.take() else { return };
        let (_, name, form) = entry.key.place();
        entry.comments.extend(comment(title));
        entry.comments.extend(comment(&written(form, name, &body)));
        if entry.line > 0 {
            let what = format!("`{name}: {body}`: {title}");
            self.unmapped.push(Unmapped { line: entry.line, what });
        }
    }

    /// Returns the text, and for each of its lines the entry it comes from.
    fn render(&self) -> (String, Vec<Option<usize>>) {
        let mut page = Page::default();
        HEAD.lines().for_each(|line| page.line(0, line, None));
        if !self.head.is_empty() {
            page.line(0, "#", None);
            self.head.iter().for_each(|line| page.comment(0, line));
        }
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        order.sort_by_key(|&number| self.entries[number].key);
        let mut open: &[&str] = &[];
        let mut single = false;
        for group in order.chunk_by(|&a, &b| self.entries[a].key == self.entries[b].key) {
            let (parents, name, form) = self.entries[group[0]].key.place();
            let live = group.iter().any(|&number| self.entries[number].body.is_some());
            let common = parents.iter().zip(open).take_while(|(a, b)| a == b).count();
            let follows = single && form == Form::Value && parents.is_empty();
            if common == 0 && !follows {
                page.line(0, "", None);
            }
            single = form == Form::Value && parents.is_empty();
            // A key without entries, or a map without keys, would have no value: its comments stay.
            let depth = if live { parents.len() } else { common };
            if live {
                for (depth, parent) in parents.iter().enumerate().skip(common) {
                    page.line(depth, &format!("{parent}:"), None);
                }
                open = parents;
                if form != Form::Value {
                    page.line(depth, &format!("{name}:"), None);
                }
            }
            let inner = if form == Form::Value || !live { depth } else { depth + 1 };
            for &number in group {
                let entry = &self.entries[number];
                entry.comments.iter().for_each(|line| page.comment(inner, line));
                if let Some(body) = &entry.body {
                    page.line(inner, &written(form, name, body), Some(number));
                }
            }
        }
        (page.text, page.owners)
    }
}

fn written(form: Form, name: &str, body: &str) -> String {
    match form {
        Form::List => format!("- {body}"),
        Form::Map => body.to_owned(),
        Form::Value => format!("{name}: {body}"),
    }
}

#[derive(Default)]
struct Page {
    text: String,
    owners: Vec<Option<usize>>,
}

impl Page {
    fn line(&mut self, depth: usize, text: &str, owner: Option<usize>) {
        let indent = if text.is_empty() { 0 } else { depth * 2 };
        writeln!(self.text, "{:indent$}{text}", "").expect("writing to a string cannot fail");
        self.owners.push(owner);
    }

    fn comment(&mut self, depth: usize, text: &str) {
        self.line(depth, format!("# {text}").trim_end(), None);
    }
}

/// Loads a spec as a build does, for every platform.
fn check(text: &str) -> Result<(), Diagnostics> {
    let document = spec::parse("attar.yaml", text, Path::new(""))?;
    let platforms = document.effective(Selection::default())?.spec.platforms;
    for platform in &platforms {
        document.effective(Selection { platform: Some(platform), ..Selection::default() })?;
    }
    Ok(())
}
