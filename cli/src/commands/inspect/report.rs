//! The answer of `attar inspect`, for machines and people.

use std::io::{self, Write};

use attar_inspector::{listing, report};
use serde::{Serialize, Serializer};

use super::gather::Inspected;
use super::rules::Rules;
use super::{findings, table};
use crate::output::Report;
use crate::output::findings::Findings;

/// The answer.
pub(super) struct Inspection {
    /// The image: one, for one platform.
    pub(super) images: Vec<Inspected>,
    /// What they are held to.
    pub(super) rules: Rules,
    /// Whether a baseline was named.
    pub(super) has_baseline: bool,
}

impl Report for Inspection {
    const SCHEMA: &'static str = "attar.inspect/1";

    fn table(&self, out: &mut dyn Write) -> io::Result<()> {
        for (number, image) in self.images.iter().enumerate() {
            if number > 0 {
                writeln!(out)?;
            }
            table::write(image, &self.rules, out)?;
        }
        Ok(())
    }

    fn listing(&self, out: &mut dyn Write) -> io::Result<()> {
        for image in &self.images {
            listing::write(&image.stack, out)?;
        }
        Ok(())
    }

    fn findings(&self) -> Vec<Findings> {
        self.images.iter().map(|image| findings::of(image, &self.rules)).collect()
    }
}

impl Serialize for Inspection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Document<'a> {
            images: &'a [Inspected],
        }
        Document { images: &self.images }.serialize(serializer)
    }
}

impl Serialize for Inspected {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Document<'a> {
            image: &'a str,
            platform: String,
            digest: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            baseline: Option<Before<'a>>,
            #[serde(flatten)]
            inspection: report::Image<'a>,
        }
        #[derive(Serialize)]
        struct Before<'a> {
            image: &'a str,
            total: u64,
            compressed: u64,
            reclaimable: u64,
            files: u64,
            new_files: Vec<String>,
            new_packages: &'a [String],
            new_privileged: Vec<String>,
            new_shells: Vec<String>,
        }
        let paths = |places: &[(attar_image::path::TreePath, usize)]| -> Vec<String> {
            places.iter().map(|(path, _)| path.to_string()).collect()
        };
        Document {
            image: &self.name,
            platform: self.image.platform.to_string(),
            digest: self.image.descriptor.digest.to_string(),
            baseline: self.baseline.as_ref().map(|before| Before {
                image: &before.name,
                total: before.analysis.total,
                compressed: before.analysis.compressed,
                reclaimable: before.analysis.waste,
                files: before.analysis.files,
                new_files: paths(&before.growth.files),
                new_packages: &before.packages,
                new_privileged: paths(&before.growth.privileged),
                new_shells: paths(&before.growth.shells),
            }),
            inspection: report::Image {
                stack: &self.stack,
                analysis: &self.analysis,
                dive: self.dive.as_ref(),
                advice: &self.advice,
                packages: &self.packages,
                duplicates: self.duplicates.as_deref(),
                rules: self.outcomes.as_deref(),
            },
        }
        .serialize(serializer)
    }
}
