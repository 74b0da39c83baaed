//! The syntax of texts, by the name that the schema gives it.

mod account;
mod archive;
mod image;
mod judgement;
mod path;
mod size;

/// What a text should have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    /// Completes "expected …"; empty when [`Self::title`] says it all.
    pub(crate) expected: String,
    /// What is said at the caret.
    pub(crate) label: Option<String>,
    /// Why, or what to do.
    pub(crate) help: Option<String>,
}

impl Expected {
    pub(crate) fn new(expected: impl Into<String>) -> Self {
        Self { expected: expected.into(), label: None, help: None }
    }

    fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Checks a text against the syntax called `format`.
pub(crate) fn check(format: &str, text: &str) -> Result<(), Expected> {
    match format {
        "image-path" => path::image(text),
        "host-path" | "directory" => path::host(text),
        "include" => path::include(text),
        "pattern" => path::pattern(text),
        "subject" => judgement::subject(text),
        "source-glob" => path::source_glob(text),
        "package-name" => archive::package_name(text),
        "relation" => archive::relation(text),
        "version" => archive::version(text),
        "suite" => archive::suite(text),
        "snapshot" => archive::snapshot(text),
        "url" => archive::url(text),
        "key" => archive::key(text),
        "sha256" => archive::sha256(text),
        "account" => account::reference(text),
        "account-name" => account::name(text),
        "capabilities" => account::capabilities(text),
        "certificate" => account::certificate(text),
        "certificate-name" => account::certificate_name(text),
        "repository-name" => image::repository(text),
        "platform" => image::platform(text).map(drop),
        "signal" => image::signal(text),
        "port" => image::port(text),
        "check" => judgement::check(text),
        "date" => judgement::date(text),
        "size" => judgement::size(text),
        "reason" => judgement::reason(text),
        "layer" => image::word(text, "a name of lower-case letters, digits, `.`, `_`, `-`"),
        "variant" => image::variant(text),
        "parameter" => image::parameter(text),
        "variable" => image::variable(text),
        "mode" | "compression" | "time" | "interval" | "words" => image::value(format, text),
        unknown => unreachable!("the schema names a format that does not exist: {unknown}"),
    }
}

pub(crate) use image::platform;
pub use judgement::CHECKS;
pub use size::bytes;
