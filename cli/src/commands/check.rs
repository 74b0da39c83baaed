//! `attar check`: whether images are distroless, built or not, and those that a file of containers names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use attar_builder::build::{self, Request, Variants};
use attar_image::path::TreePath;
use attar_image::platform::Platform;
use attar_image::reference::Reference;

use super::context::{pairs, start};
use super::several;
use crate::args::CheckArgs;
use crate::discovery;
use crate::exit_code::ExitCode;
use crate::failure::Usage;
use crate::image::{self, Opened};
use crate::output;
use crate::policy;
use crate::progress::Reporter;
use crate::remote::{self, Extent};
use crate::settings::Settings;
use crate::source::{self, ImageSource, Source};
use crate::verdict::{Asked, Judged, Judging, KnownMarks, Name, Verdicts, judge_candidate, judge_image};
use crate::workload::{self, Container, Described, Overrides, Workload};

pub(crate) fn run(arguments: &CheckArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let reporter = Reporter::new(settings);
    let subjects = subjects(arguments)?;
    let policy = policy::find(arguments.policy.as_deref())?.and_then(|policy| policy.sections.check);
    let mut asked = Asked::new(policy, settings.now);
    asked.profile = arguments.profile;
    asked.fail_on = arguments.fail_on;
    let mut checking = Checking {
        arguments,
        settings,
        reporter: &reporter,
        asked,
        here: BTreeMap::new(),
        worst: ExitCode::Yes,
    };
    let mut verdicts = Vec::new();
    let alone = subjects.len() == 1;
    for (name, subject) in &subjects {
        match checking.subject(name, subject) {
            Ok(judged) => verdicts.extend(judged),
            Err(error) if alone => return Err(error),
            Err(error) => checking.fail(name, error),
        }
    }
    let worst = checking.worst;
    drop(checking);
    let verdicts = Verdicts::of(verdicts);
    drop(reporter);
    output::write(&verdicts, &arguments.outputs)?;
    Ok(worst.max(verdicts.exit_code()))
}

/// What is judged.
enum Subject {
    Spec(PathBuf),
    Image(ImageSource),
    Workload(Workload),
}

/// Finds out what is named, before anything is read at length.
fn subjects(arguments: &CheckArgs) -> anyhow::Result<Vec<(String, Subject)>> {
    if arguments.subjects.is_empty() {
        let spec = discovery::nearest_spec()?;
        return Ok(vec![(spec.display().to_string(), Subject::Spec(spec))]);
    }
    let subject = |name: &String| {
        let subject = match source::parse(name)? {
            Source::Image(source) => Subject::Image(source),
            Source::Spec(path) => described(&path)?,
        };
        Ok((name.clone(), subject))
    };
    arguments.subjects.iter().map(subject).collect()
}

/// Finds out by its content what a YAML file is.
fn described(path: &Path) -> anyhow::Result<Subject> {
    let name = path.display().to_string();
    // What cannot be read as text is for the reader of specs to complain about.
    let Ok(text) = std::fs::read_to_string(path) else { return Ok(Subject::Spec(path.to_owned())) };
    let variables = |name: &str| crate::environment::of_user(name);
    match workload::describe(&name, &text, &variables).with_context(|| format!("cannot read `{name}`"))? {
        Described::Other => Ok(Subject::Spec(path.to_owned())),
        Described::Workload(workload) if workload.containers.is_empty() && workload.left_out.is_empty() => {
            Err(Usage::new(format!("`{name}` describes no container")).into())
        }
        Described::Workload(workload) => Ok(Subject::Workload(workload)),
    }
}

struct Checking<'a> {
    arguments: &'a CheckArgs,
    settings: &'a Settings,
    reporter: &'a Reporter,
    asked: Asked,
    /// Images that are open, by source and platform.
    here: BTreeMap<(String, Option<String>), Opened>,
    worst: ExitCode,
}

impl Checking<'_> {
    fn fail(&mut self, name: &str, error: anyhow::Error) {
        self.worst = self.worst.max(several::failed(name, error, self.reporter));
    }

    fn subject(&mut self, name: &str, subject: &Subject) -> anyhow::Result<Vec<Judged>> {
        match subject {
            Subject::Spec(path) => self.spec(path),
            Subject::Image(source) => {
                let platforms = self.arguments.platforms.clone();
                self.image(name, source, &platforms, None)
            }
            Subject::Workload(workload) => self.workload(name, workload),
        }
    }

    /// Judges the images of a spec as they would be built, writing nothing.
    fn spec(&mut self, path: &Path) -> anyhow::Result<Vec<Judged>> {
        let context = start(self.settings, &self.arguments.source, &self.arguments.registry, self.reporter)?;
        let mut request = Request::new(path);
        request.arguments = pairs("--arg", &self.arguments.spec.arguments)?;
        request.platforms.clone_from(&self.arguments.platforms);
        request.locking.allow_rollback = self.arguments.source.allow_rollback;
        request.variants = match &self.arguments.variants[..] {
            [] if self.arguments.all_variants => Variants::All,
            [] => Variants::Plain,
            names => Variants::Named(names.to_vec()),
        };
        let mut asked = self.asked.clone();
        // A policy that nobody named is for images, about which no spec says anything.
        asked.policy = asked.policy.filter(|_| self.arguments.policy.is_some());
        let shown = path.display().to_string();
        let (judged, locking) = build::candidates(&context, &request, |candidates| {
            let mut known = KnownMarks::new();
            let judge = |candidate| {
                let terms = asked.terms(build::Candidate::spec(candidate).check.as_ref(), None)?;
                Ok(judge_candidate(&shown, candidate, &terms, &mut known))
            };
            candidates.iter().map(judge).collect::<anyhow::Result<Vec<Judged>>>()
        })?;
        if locking.new {
            self.reporter.say(&format!(
                "`{}` is not there: packages were chosen for this verdict alone, and nothing was written",
                request.lock.display()
            ));
        } else if locking.written {
            self.reporter.say(&format!(
                "`{}` does not fit the spec: packages were chosen for this verdict alone, and nothing was written",
                request.lock.display()
            ));
        }
        judged
    }

    /// Judges an image on all its platforms, or on those that are wanted.
    fn image(
        &mut self,
        name: &str,
        source: &ImageSource,
        platforms: &[String],
        container: Option<&Container>,
    ) -> anyhow::Result<Vec<Judged>> {
        let one = match platforms {
            [one] => Some(one.as_str()),
            _ => None,
        };
        let key = (source.to_string(), one.map(str::to_owned));
        if !self.here.contains_key(&key) {
            let (settings, registry) = (self.settings, &self.arguments.registry);
            let opened = remote::open(source, one, Extent::Image, settings, registry, self.reporter)?;
            self.here.insert(key.clone(), opened);
        }
        let opened = &self.here[&key];
        let wanted: Vec<Platform> =
            platforms.iter().map(|text| image::platform(text)).collect::<anyhow::Result<_>>()?;
        for platform in &wanted {
            if !opened.images.iter().any(|image| image.platform.is_same(platform)) {
                return Err(Usage::new(format!("`{name}` has no image for `{platform}`")).into());
            }
        }
        let terms = self.asked.terms(None, container.map(|container| container.role))?;
        let is_wanted =
            |platform: &Platform| wanted.is_empty() || wanted.iter().any(|wanted| platform.is_same(wanted));
        let none = Overrides::default();
        let mut judged = Vec::new();
        for image in opened.images.iter().filter(|image| is_wanted(&image.platform)) {
            let stack = opened.stack(image)?;
            let ownership = opened.ownership(&stack)?;
            let packages =
                |path: &TreePath| ownership.owner(path.as_bytes()).map(|package| package.name.clone());
            judged.push(judge_image(
                &Judging {
                    name: Name {
                        subject: name.to_owned(),
                        platform: image.platform.to_string(),
                        variant: None,
                        container: container.map(|container| container.place.clone()),
                        role: container.map(|container| container.role),
                    },
                    image,
                    stack: &stack,
                    blobs: opened.blobs(),
                    referrers: None,
                    overrides: container.map_or(&none, |container| &container.overrides),
                    packages: &packages,
                    threads: self.settings.threads.get(),
                },
                &terms,
            )?);
        }
        Ok(judged)
    }

    /// Judges every image of a file in its role.
    fn workload(&mut self, name: &str, workload: &Workload) -> anyhow::Result<Vec<Judged>> {
        for left_out in &workload.left_out {
            self.reporter.say(&format!("{name}: {left_out}: it is not judged"));
            self.worst = self.worst.max(ExitCode::CannotJudge);
        }
        let mut judged = Vec::new();
        for container in &workload.containers {
            let result = self.container(container);
            match result {
                Ok(found) => judged.extend(found),
                Err(error) => self.fail(&format!("{}: {}", container.place, container.image), error),
            }
        }
        Ok(judged)
    }

    fn container(&mut self, container: &Container) -> anyhow::Result<Vec<Judged>> {
        let reference: Reference = container
            .image
            .parse()
            .with_context(|| format!("{}: `{}` names no image", container.place, container.image))?;
        let platforms = match (&self.arguments.platforms[..], &container.platform) {
            ([], Some(platform)) => vec![platform.clone()],
            (platforms, _) => platforms.to_vec(),
        };
        self.image(&container.image, &ImageSource::Anywhere(reference), &platforms, Some(container))
    }
}
