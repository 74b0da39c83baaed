//! What rebuilding found out.

use std::io::{self, Write};

use attar_image::difference;
use serde::Serialize;

use crate::escape;
use crate::exit_code::ExitCode;
use crate::output::Report;

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Verdict {
    /// All bytes are the same.
    Identical,
    /// Some bytes differ.
    Differs,
    /// What is there does not suffice for an answer.
    CannotJudge,
}

/// What rebuilding found out.
#[derive(Debug, Serialize)]
pub(super) struct Rebuild {
    pub(super) verdict: Verdict,
    /// What was rebuilt: a spec, or an image.
    pub(super) of: String,
    /// Why there is no answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) reasons: Vec<String>,
    pub(super) images: Vec<Image>,
    /// Who vouches for the packages; of an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) packages: Option<Packages>,
}

/// Who vouches for the packages of an image.
#[derive(Debug, Serialize)]
pub(super) struct Packages {
    /// How many are listed in indexes that a trusted key signed.
    pub(super) vouched: usize,
    /// Fingerprints of these keys.
    pub(super) signers: Vec<String>,
    pub(super) unvouched: Vec<Unvouched>,
    /// Keys that the image's own spec names.
    pub(super) spec_keys: Vec<String>,
    /// Addresses that the image's own spec names.
    pub(super) spec_addresses: Vec<String>,
    /// Whether these were believed and asked.
    pub(super) spec_trusted: bool,
}

/// A package that nobody vouches for.
#[derive(Debug, Serialize)]
pub(super) struct Unvouched {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) architecture: String,
    pub(super) digest: String,
    /// Where the evidence says that it comes from.
    pub(super) archive: String,
}

/// One image on all its platforms.
#[derive(Debug, Serialize)]
pub(super) struct Image {
    /// Empty for the plain image.
    pub(super) variant: String,
    pub(super) platforms: Vec<String>,
    /// Digest of the index that was built again.
    pub(super) digest: String,
    pub(super) comparisons: Vec<Comparison>,
    /// What was rebuilt and what was taken; of an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parts: Option<Parts>,
}

/// What of an image was rebuilt, and what was taken as it was published.
#[derive(Debug, Serialize)]
pub(super) struct Parts {
    /// Package layers on all platforms.
    pub(super) package_layers: usize,
    /// How many of these have the same bytes.
    pub(super) identical_package_layers: usize,
    /// Own files whose contents were taken from the image.
    pub(super) own_files: usize,
}

/// What an image was compared with.
#[derive(Debug, Serialize)]
pub(super) struct Comparison {
    /// `build` for what `attar build` gives, else the image.
    pub(super) with: String,
    /// Digest of its index.
    pub(super) digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) difference: Option<Difference>,
}

/// The first difference.
#[derive(Debug, Serialize)]
pub(super) struct Difference {
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<Layer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    field: String,
    /// What the image has that was compared with.
    expected: String,
    /// What was built again.
    rebuilt: String,
    /// The files are the same, and the compressed bytes alone differ.
    same_contents: bool,
}

/// A layer of an image.
#[derive(Debug, Serialize)]
struct Layer {
    /// Counted from 1, the lowest.
    number: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<String>,
}

impl Rebuild {
    /// Returns the answer about a spec or an image that cannot be given.
    pub(super) fn cannot_judge(of: String, reasons: Vec<String>) -> Self {
        Self { verdict: Verdict::CannotJudge, of, reasons, images: Vec::new(), packages: None }
    }

    /// Returns the answer that follows from comparisons.
    pub(super) fn of_images(of: String, images: Vec<Image>) -> Self {
        let differs = images.iter().flat_map(|image| &image.comparisons).any(|it| it.difference.is_some());
        let verdict = if differs { Verdict::Differs } else { Verdict::Identical };
        Self { verdict, of, reasons: Vec::new(), images, packages: None }
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        match self.verdict {
            Verdict::Identical => ExitCode::Yes,
            Verdict::Differs => ExitCode::No,
            Verdict::CannotJudge => ExitCode::CannotJudge,
        }
    }
}

impl Difference {
    pub(super) fn of(difference: &difference::Difference) -> Self {
        Self {
            platform: difference.platform.as_ref().map(ToString::to_string),
            layer: difference
                .layer
                .as_ref()
                .map(|layer| Layer { number: layer.number + 1, created_by: layer.created_by.clone() }),
            path: difference.path.as_ref().map(ToString::to_string),
            field: difference.field.to_string(),
            expected: difference.expected.to_string(),
            rebuilt: difference.found.to_string(),
            same_contents: difference.is_compression_alone(),
        }
    }

    fn lines(&self, with: &str) -> String {
        let mut places: Vec<String> = self.platform.iter().cloned().collect();
        if let Some(Layer { number, created_by }) = &self.layer {
            let name =
                created_by.as_deref().map(|name| format!(" ({})", shortened(name))).unwrap_or_default();
            places.push(format!("layer {number}{name}"));
        }
        places.extend(self.path.clone());
        places.push(self.field.clone());
        let Self { expected, rebuilt, .. } = self;
        let mut text = format!("  first difference: {}\n", escape::line(&places.join(", ")));
        for (name, value) in [(with, expected), ("again", rebuilt)] {
            text.push_str(&format!("    {name}: {}\n", escape::line(value)));
        }
        if self.same_contents {
            text.push_str("  the contents are the same; another version of the compressor wrote the bytes\n");
        }
        text
    }
}

/// Cuts a text that would fill more than a line: a layer may hold many packages.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl Rebuild {
    /// Writes what was rebuilt, who vouches for it, and what was taken.
    fn parts(&self, packages: &Packages, out: &mut dyn Write) -> io::Result<()> {
        let Packages { vouched, signers, unvouched, spec_keys, spec_addresses, spec_trusted } = packages;
        for Parts { package_layers, identical_package_layers, own_files } in
            self.images.iter().filter_map(|image| image.parts.as_ref())
        {
            let of = if identical_package_layers == package_layers {
                String::new()
            } else {
                format!(" of {package_layers}")
            };
            writeln!(out, "  {identical_package_layers}{of} package layers rebuilt identical")?;
            writeln!(out, "  {own_files} own files taken as published")?;
        }
        let signers = if signers.is_empty() { String::from("nobody") } else { signers.join(", ") };
        writeln!(out, "  {vouched} packages signed by {}", escape::line(&signers))?;
        if !unvouched.is_empty() {
            writeln!(out, "  {} packages nobody vouches for:", unvouched.len())?;
        }
        for Unvouched { name, version, architecture, archive, .. } in unvouched {
            let package = escape::line(&format!("{name} {version} ({architecture}), from {archive}"));
            writeln!(out, "    {package}")?;
        }
        let used =
            if *spec_trusted { "believed by `--trust-spec`" } else { "not used without `--trust-spec`" };
        for (what, names) in [("key", spec_keys), ("address", spec_addresses)] {
            for name in names {
                writeln!(out, "  {what} of the image's own spec, {used}: {}", escape::line(name))?;
            }
        }
        Ok(())
    }
}

impl Report for Rebuild {
    const SCHEMA: &'static str = "attar.rebuild/1";

    fn table(&self, out: &mut dyn Write) -> io::Result<()> {
        for image in &self.images {
            let name = if image.variant.is_empty() {
                escape::line(&self.of)
            } else {
                escape::line(&format!("{} ({})", self.of, image.variant))
            };
            let platforms = image.platforms.join(", ");
            for Comparison { with, digest, difference } in &image.comparisons {
                let with = escape::line(with);
                match difference {
                    None => writeln!(out, "identical: {name}, {platforms}: {with} and again {digest}")?,
                    Some(difference) => {
                        writeln!(out, "differs: {name}: {with} {digest}, again {}", image.digest)?;
                        out.write_all(difference.lines(&with).as_bytes())?;
                    }
                }
            }
        }
        if let Some(packages) = &self.packages {
            self.parts(packages, out)?;
        }
        if self.verdict == Verdict::CannotJudge {
            writeln!(out, "cannot judge {}", escape::line(&self.of))?;
            for reason in &self.reasons {
                writeln!(out, "  {}", escape::lines(reason).replace('\n', "\n  "))?;
            }
        }
        Ok(())
    }
}
