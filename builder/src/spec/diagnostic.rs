//! What is wrong with a spec, shown where it stands.

use std::fmt;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::source::{Location, Sources, Span};

/// The most diagnostics that are shown at once.
const SHOWN: usize = 50;

/// One thing that is wrong, before the files are at hand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fault {
    /// Where it stands; `None` for a file that cannot be read.
    span: Option<Span>,
    /// What is wrong.
    title: String,
    /// What is said at the caret.
    label: String,
    /// Other places that matter.
    related: Vec<(Span, String)>,
    /// Why, or what to do.
    help: Vec<String>,
}

impl Fault {
    /// Returns a fault at a place.
    pub(crate) fn new(span: Span, title: impl Into<String>) -> Self {
        Self { span: Some(span), ..Self::without_place(title) }
    }

    /// Returns a fault that has no place in any file.
    pub(crate) fn without_place(title: impl Into<String>) -> Self {
        let (label, related, help) = (String::new(), Vec::new(), Vec::new());
        Self { span: None, title: title.into(), label, related, help }
    }

    /// Says something at the caret.
    pub(crate) fn label(mut self, text: impl Into<String>) -> Self {
        self.label = text.into();
        self
    }

    /// Shows another place.
    pub(crate) fn related(mut self, span: Span, text: impl Into<String>) -> Self {
        self.related.push((span, text.into()));
        self
    }

    /// Says what to do.
    pub(crate) fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Says at the caret which of `candidates` was probably meant, if one is near enough.
    pub(crate) fn nearest<'a>(self, found: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(found, candidates) {
            Some(name) => self.label(format!("did you mean `{name}`?")),
            None => self,
        }
    }
}

/// Returns the candidate that `found` was probably meant to be.
pub(crate) fn nearest<'a>(found: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = |text: &str| text.to_lowercase().replace(['_', ' '], "-");
    let wanted = folded(found);
    candidates
        .into_iter()
        .map(|name| {
            let candidate = folded(name);
            let inside =
                wanted.len() > 2 && (candidate.starts_with(&wanted) || wanted.starts_with(&candidate));
            let likeness = strsim::jaro_winkler(&wanted, &candidate);
            (if inside { likeness.max(0.97) } else { likeness }, name)
        })
        .filter(|(likeness, _)| *likeness >= 0.82)
        .max_by(|left, right| left.0.total_cmp(&right.0).then(right.1.cmp(left.1)))
        .map(|(_, name)| name)
}

/// Everything that is wrong with a spec.
///
/// `Display` renders it without colours, each with file, line, column and a caret.
#[derive(Clone)]
pub struct Diagnostics {
    faults: Vec<Fault>,
    sources: Sources,
}

impl Diagnostics {
    /// Puts faults into the order of the files, each once.
    pub(crate) fn new(mut faults: Vec<Fault>, sources: Sources) -> Self {
        faults.sort();
        faults.dedup();
        Self { faults, sources }
    }

    /// Returns the number of things that are wrong, which is never zero.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.faults.len()
    }

    /// Iterates over what is wrong and where, in the order of the files.
    pub fn iter(&self) -> impl Iterator<Item = (Option<Location>, &str)> {
        self.faults
            .iter()
            .map(|fault| (fault.span.map(|span| self.sources.locate(span)), fault.title.as_str()))
    }

    /// Renders everything, for a terminal with colours or without.
    pub fn render(&self, coloured: bool) -> String {
        let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        let mut text = Vec::new();
        for fault in self.faults.iter().take(SHOWN) {
            let reports = self.reports(fault);
            let rendered: Vec<_> =
                reports.iter().map(|group| renderer.render(std::slice::from_ref(group))).collect();
            text.push(rendered.join("\n"));
        }
        if self.faults.len() > SHOWN {
            text.push(format!("… and {} more", self.faults.len() - SHOWN));
        }
        text.join("\n\n")
    }

    /// Arranges one fault: its title, a snippet for each file it shows, its help, which stands by
    /// itself where there is no snippet to hang it on.
    fn reports<'a>(&'a self, fault: &'a Fault) -> Vec<Group<'a>> {
        let mut group = Group::with_title(Level::ERROR.primary_title(fault.title.as_str()));
        let primary = fault.span.map(|span| (span, fault.label.as_str(), AnnotationKind::Primary));
        let related =
            fault.related.iter().map(|(span, text)| (*span, text.as_str(), AnnotationKind::Context));
        let mut places: Vec<_> = primary.into_iter().chain(related).collect();
        while let Some((first, ..)) = places.first() {
            let file = first.file;
            let source = self.sources.of(*first);
            let here = places.iter().filter(|(span, ..)| span.file == file);
            let annotations = here.map(|(span, label, kind)| {
                let annotation = kind.span(self.sources.first_line(*span));
                if label.is_empty() { annotation } else { annotation.label(*label) }
            });
            let snippet = Snippet::source(source.shown.as_str()).path(&*source.name).annotations(annotations);
            group = group.element(snippet);
            places.retain(|(span, ..)| span.file != file);
        }
        let mut groups = Vec::new();
        for help in &fault.help {
            match fault.span {
                Some(_) => group = group.element(Level::HELP.message(help.as_str())),
                None => groups.push(Group::with_title(Level::HELP.primary_title(help.as_str()))),
            }
        }
        groups.insert(0, group);
        groups
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl fmt::Debug for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Diagnostics {}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_near() {
        let keys = ["contents", "entrypoint", "environment", "cmd", "work-dir", "run-as", "stop-signal"];
        for (found, expected) in [
            ("entrypont", Some("entrypoint")),
            ("enviroment", Some("environment")),
            ("env", Some("environment")),
            ("workdir", Some("work-dir")),
            ("work_dir", Some("work-dir")),
            ("WorkDir", Some("work-dir")),
            ("content", Some("contents")),
            ("stopSignal", Some("stop-signal")),
            ("foo", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(found, keys), expected, "{found}");
        }
    }
}
