//! Builds the images of a spec: lock, packages, trees, layers, manifests.
//!
//! Nothing is exported here: an [`Outcome`] names documents and the cached segments of layers, and
//! [`export`](crate::export) writes them where the user wants them.

mod candidate;
mod explain;
mod image;
mod linker;
mod own_files;
mod proof;
mod remember;
mod request;
mod scripts;
mod stage;
mod unmatched;
mod vendor;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use attar_image::path::InvalidPath;

pub use crate::assemble::Image;
use crate::assemble::{self, AssembleError};
use crate::context::Context;
use crate::effects::accounts::{AccountsError, Requests, Table};
use crate::evidence::Evidence;
use crate::files::{FilesError, Hashes};
use crate::foundation::certificates::CertificateError;
use crate::images::{Images, PLAIN};
use crate::layer::LayerError;
use crate::lock::{FORMAT, Lock, LockError};
use crate::locking::{self, LockingError};
use crate::parallel;
use crate::prepare::PrepareError;
use crate::rebuild::Published;
use crate::repository::RepositoryError;
use crate::repository::openpgp::SignatureError;
use crate::rootfs::RootfsError;
use crate::spec::schema::Spec;
use crate::spec::{self, Diagnostics, InvalidPattern};
pub use candidate::{Candidate, Judge, candidates};
pub use explain::{Explanation, Step, explain};
pub(crate) use own_files::{OwnRequest, certificates};
pub use proof::{Accepted, CannotStart, Remedy, Shortage, Start};
pub use request::{Built, LockOutcome, Outcome, Request, Variants, lock_beside};
pub(crate) use stage::codec;
use stage::{StagedImage, image_name, stage};
pub use vendor::{keep_place, packages};

/// An image cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The spec is wrong; the text shows every fault in place.
    #[error("{0}")]
    Spec(#[from] Diagnostics),
    /// The lock cannot be read or written.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The lock cannot be made.
    #[error(transparent)]
    Locking(#[from] LockingError),
    /// A lock is demanded and there is none.
    #[error("there is no lock `{}`, and `--locked` forbids making one", .0.display())]
    NoLock(PathBuf),
    /// A lock is demanded and it does not fit.
    #[error("the lock `{}` does not fit the spec, and `--locked` forbids changing it:\n  {}", path.display(), differences.join("\n  "))]
    Outdated {
        /// The lock.
        path: PathBuf,
        /// How the spec differs.
        differences: Vec<String>,
    },
    /// A lock is demanded and another generation of attar wrote it.
    #[error("the lock `{}` has format {found}, and `--locked` forbids rewriting it; this attar writes format {FORMAT}", path.display())]
    OldFormat {
        /// The lock.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// A variant or platform that the spec does not have.
    #[error("the spec has no image for {}", image_name(variant, platform))]
    UnknownImage {
        /// The variant.
        variant: String,
        /// The platform.
        platform: String,
    },
    /// A platform that the spec does not have.
    #[error("the spec does not build `{platform}`; its platforms are {}", platforms.join(", "))]
    UnknownPlatform {
        /// What was asked for.
        platform: String,
        /// The spec's platforms.
        platforms: Vec<String>,
    },
    /// The lock names a repository that the spec does not have.
    #[error("the lock names repository {0}, which the spec does not have")]
    NoRepository(usize),
    /// Packages cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] Box<RepositoryError>),
    /// A package cannot be read.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// The tree cannot be made.
    #[error("cannot put the tree of {image} together")]
    Rootfs {
        /// The image.
        image: String,
        /// What does not fit.
        #[source]
        source: RootfsError,
    },
    /// A layer cannot be made.
    #[error("cannot make layer `{layer}` of {image}")]
    Layer {
        /// The image.
        image: String,
        /// What is in the layer.
        layer: String,
        /// What went wrong.
        #[source]
        source: LayerError,
    },
    /// The configuration cannot be made.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// Numbers of users and groups do not fit.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// A certificate cannot be added.
    #[error(transparent)]
    Certificates(#[from] CertificateError),
    /// A file of the spec cannot be read.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// A certificate file cannot be read.
    #[error("{label}: cannot read the certificate `{}`", path.display())]
    Certificate {
        /// Where the spec says it.
        label: String,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The keys of an archive cannot be read.
    #[error("{label}: cannot read the keys `{}`", path.display())]
    Key {
        /// Where the spec says it.
        label: String,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The keys of an archive cannot be understood.
    #[error("{label}: these are no keys of an archive")]
    InvalidKey {
        /// Where the spec says it.
        label: String,
        /// What is wrong.
        #[source]
        source: SignatureError,
    },
    /// The entrypoint cannot start.
    #[error(transparent)]
    CannotStart(Box<CannotStart>),
    /// The judge says no.
    #[error("the image does not pass its check, so nothing is published")]
    Refused,
    /// Nothing says where the content of a file comes from on a platform.
    #[error("{label}: there is no source for `{platform}`")]
    NoSource {
        /// Where the spec says it.
        label: String,
        /// The platform.
        platform: String,
    },
    /// An owner that is no number and has no account.
    #[error(
        "{label}: there is no {kind} `{name}`: expected a number, one of `accounts`, or one that a package makes"
    )]
    UnknownOwner {
        /// Where the spec says it.
        label: String,
        /// User or group.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A package without a busybox is asked for its applets.
    #[error("{label}: `applets` needs a busybox, but package `{package}` has none")]
    NoApplets {
        /// Where the spec says it.
        label: String,
        /// The package.
        package: String,
    },
    /// File capabilities that cannot be understood.
    #[error("{label}: {reason}")]
    Capabilities {
        /// Where the spec says it.
        label: String,
        /// What is wrong.
        reason: String,
    },
    /// A path that cannot stand in an image.
    #[error("{label}: invalid path")]
    Path {
        /// Where the spec says it.
        label: String,
        /// What is wrong.
        #[source]
        source: InvalidPath,
    },
    /// A pattern that cannot be understood.
    #[error("{label}: invalid pattern")]
    Pattern {
        /// Where the spec says it.
        label: String,
        /// What is wrong.
        #[source]
        source: InvalidPattern,
    },
}

/// Builds the images that are asked for, making or renewing the lock as needed.
///
/// Where the judge wants to see one of them, all are judged when their trees are complete, and none is made
/// if it says no.
pub fn build(
    context: &Context,
    request: &Request,
    mut judge: Option<&mut dyn Judge>,
) -> Result<Outcome, BuildError> {
    let document = spec::load(&request.spec)?;
    let images = Images::of(&document, &request.arguments)?;
    let (mut lock, locking) = current_lock(context, &images, request)?;
    let wanted = wanted(&images, request)?;
    let mut hashes = Hashes::load(&context.cache, &request.spec);
    let specs: Vec<&Spec> = wanted
        .iter()
        .filter_map(|(variant, platform)| Some(&images.image(variant, platform)?.spec))
        .collect();
    judge = judge.filter(|judge| specs.iter().any(|spec| judge.wants(spec)));
    if !locking.written {
        let key = remember::key(context, &images, &lock, request, &wanted, &mut hashes)?;
        let is_judged = judge.as_mut().is_none_or(|judge| judge.knows(&key, &specs));
        if is_judged && let Some(found) = remember::recall(context, &key) {
            hashes.save(&context.cache).map_err(PrepareError::Cache)?;
            let built = gather(&images, &lock, request, found.into_iter())?;
            return Ok(Outcome { built, lock, locking });
        }
    }
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listening = context.listening(&heard);
    let context = &listening;
    // A new lock gives numbers to the users of every image, so all of them come on the stage.
    let everything;
    let staging: &[(String, String)] = if locking.written {
        everything = all(&images);
        &everything
    } else {
        &wanted
    };
    let staged = stage(context, &images, &lock, staging, &wanted)?;
    unmatched::warn(context, &images, &lock, &staged)?;
    let (staged, tables) = image::begin(&images, &lock, staged)?;
    if locking.written {
        lock.accounts = tables.given.clone();
        lock.epoch = image::epoch(&staged);
        lock.write(&request.lock)?;
    }
    let mut made = Vec::new();
    for staged in staged {
        if wanted.contains(&(staged.variant.clone(), staged.platform.clone())) {
            made.push(image::populate(
                context,
                &images,
                &lock,
                &tables,
                staged,
                &mut Own::Host(&mut hashes),
            )?);
        }
    }
    let key = remember::key(context, &images, &lock, request, &wanted, &mut hashes)?;
    hashes.save(&context.cache).map_err(PrepareError::Cache)?;
    let starts = proof::prove(context, &images, &made)?;
    if let Some(judge) = &mut judge {
        let candidates = made.iter().zip(&starts).filter_map(|(made, proven)| Candidate::new(made, proven));
        if !judge.judge(&candidates.collect::<Vec<_>>()) {
            return Err(BuildError::Refused);
        }
    }
    let epoch = request.epoch.unwrap_or(lock.epoch);
    let proven: Vec<_> = made.iter().zip(starts).collect();
    let finished = parallel::map(context.threads, &proven, |(made, proven)| {
        image::finish(context, &lock, request, made, &proven.start, epoch)
    })?;
    let variants = made.iter().map(|made| made.variant.clone());
    let built = gather(&images, &lock, request, variants.zip(finished))?;
    let warnings = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
    remember::remember(context, &key, warnings, &built)?;
    if let Some(judge) = judge {
        judge.remember(&key, &specs);
    }
    Ok(Outcome { built, lock, locking })
}

/// Builds images from what their evidence claims, with their own files as they were published.
///
/// The lock is taken as it is, and `request` says which platforms of the variant and what time.
pub(crate) fn again(
    context: &Context,
    images: &Images,
    lock: &Lock,
    request: &Request,
    published: &mut Published,
) -> Result<Vec<Built>, BuildError> {
    let wanted = all(images);
    let (staged, tables) = image::begin(images, lock, stage(context, images, lock, &wanted, &wanted)?)?;
    let mut own = Own::Published(published);
    let mut made = Vec::new();
    for staged in staged {
        made.push(image::populate(context, images, lock, &tables, staged, &mut own)?);
    }
    let epoch = request.epoch.unwrap_or(lock.epoch);
    let finished = parallel::map(context.threads, &made, |made| {
        // What is built again was proven when it was published.
        image::finish(context, lock, request, made, &Start::default(), epoch)
    })?;
    let variants = made.iter().map(|made| made.variant.clone());
    gather(images, lock, request, variants.zip(finished))
}

/// Puts the images of each variant under its index, with its evidence.
fn gather(
    images: &Images,
    lock: &Lock,
    request: &Request,
    finished: impl Iterator<Item = (String, Image)>,
) -> Result<Vec<Built>, BuildError> {
    let mut variants: Vec<(String, Vec<Image>)> = Vec::new();
    for (variant, image) in finished {
        match variants.last_mut() {
            Some((last, images)) if *last == variant => images.push(image),
            _ => variants.push((variant, vec![image])),
        }
    }
    let built = |(variant, made): (String, Vec<Image>)| {
        // What the index says is what its first manifest says.
        let annotations = made.first().map(|it| it.manifest.value().annotations.clone()).unwrap_or_default();
        let platforms = made.iter().map(|image| image.platform.to_string()).collect();
        Ok(Built {
            name: images.any(&variant).and_then(|effective| effective.spec.name.clone()),
            index: assemble::index(annotations, &made),
            evidence: Evidence::of(images, lock, request, &variant, platforms)?,
            variant,
            images: made,
        })
    };
    variants.into_iter().map(built).collect()
}

/// Makes the trees of the images that are asked for, and no layer; the lock is made when there is
/// none, but never written.
fn trees(context: &Context, request: &Request) -> Result<Trees, BuildError> {
    let document = spec::load(&request.spec)?;
    let images = Images::of(&document, &request.arguments)?;
    let (lock, locking) = current_lock(context, &images, request)?;
    let wanted = wanted(&images, request)?;
    let mut hashes = Hashes::load(&context.cache, &request.spec);
    let (staged, tables) = image::begin(&images, &lock, stage(context, &images, &lock, &wanted, &wanted)?)?;
    let mut own = Own::Host(&mut hashes);
    let make = |staged| image::populate(context, &images, &lock, &tables, staged, &mut own);
    let made = staged.into_iter().map(make).collect::<Result<_, _>>()?;
    Ok(Trees { images, lock, locking, made })
}

/// Images whose trees are complete.
struct Trees {
    images: Images,
    lock: Lock,
    /// What a build would do with the lock.
    locking: LockOutcome,
    made: Vec<image::Made>,
}

/// Makes or renews the lock alone.
pub fn lock(context: &Context, request: &Request) -> Result<(Lock, LockOutcome), BuildError> {
    let document = spec::load(&request.spec)?;
    let images = Images::of(&document, &request.arguments)?;
    let previous = Lock::read(&request.lock)?;
    let directories = locking::open_directories(context, &images)?;
    let inputs = locking::inputs(&images, &directories);
    let asked = request.locking.update != locking::Update::Nothing || request.locking.replan;
    if let Some(lock) = &previous
        && lock.inputs == inputs
        && lock.format == FORMAT
        && !asked
    {
        return Ok((lock.clone(), LockOutcome::default()));
    }
    let (mut lock, outcome) = renew(context, &images, previous.as_ref(), &inputs, request)?;
    complete(context, &images, &mut lock)?;
    lock.write(&request.lock)?;
    Ok((lock, outcome))
}

/// Says what an update would change, writing nothing.
pub fn check_lock(context: &Context, request: &Request) -> Result<(Lock, LockOutcome), BuildError> {
    let document = spec::load(&request.spec)?;
    let images = Images::of(&document, &request.arguments)?;
    let previous = Lock::read(&request.lock)?.ok_or_else(|| BuildError::NoLock(request.lock.clone()))?;
    let directories = locking::open_directories(context, &images)?;
    let inputs = locking::inputs(&images, &directories);
    let mut request = request.clone();
    request.locking.update = locking::Update::Everything;
    renew(context, &images, Some(&previous), &inputs, &request)
}

fn current_lock(
    context: &Context,
    images: &Images,
    request: &Request,
) -> Result<(Lock, LockOutcome), BuildError> {
    let previous = Lock::read(&request.lock)?;
    let directories = locking::open_directories(context, images)?;
    let inputs = locking::inputs(images, &directories);
    let path = || request.lock.clone();
    match previous {
        Some(lock) if lock.inputs == inputs && lock.format == FORMAT => Ok((lock, LockOutcome::default())),
        None if request.locked => Err(BuildError::NoLock(path())),
        Some(lock) if request.locked && lock.inputs == inputs => {
            Err(BuildError::OldFormat { path: path(), found: lock.format })
        }
        Some(lock) if request.locked => {
            Err(BuildError::Outdated { path: path(), differences: locking::difference(&lock, &inputs) })
        }
        previous => renew(context, images, previous.as_ref(), &inputs, request),
    }
}

/// Solves anew, keeping what the options keep.
fn renew(
    context: &Context,
    images: &Images,
    previous: Option<&Lock>,
    inputs: &BTreeMap<String, serde_json::Value>,
    request: &Request,
) -> Result<(Lock, LockOutcome), BuildError> {
    context.events.send(crate::event::Event::Stage(String::from("reading package indexes")));
    let archives = locking::open(context, images)?;
    context.events.send(crate::event::Event::Stage(String::from("solving")));
    let draft = locking::draft(images, &archives, previous, &request.locking)?;
    let outcome = LockOutcome {
        written: true,
        new: previous.is_none(),
        differences: previous.map(|lock| locking::difference(lock, inputs)).unwrap_or_default(),
        changes: draft.changes,
        dropped: draft.dropped,
        lags: draft.lags,
        moved: previous
            .map(|lock| crate::layering::moves(&lock.layers, &draft.lock.layers))
            .unwrap_or_default(),
    };
    Ok((draft.lock, outcome))
}

/// Reads the packages of every image for what a lock decides by them: numbers and epoch.
fn complete(context: &Context, images: &Images, lock: &mut Lock) -> Result<(), BuildError> {
    let staged = stage(context, images, lock, &all(images), &[])?;
    unmatched::warn(context, images, lock, &staged)?;
    let (staged, tables) = image::begin(images, lock, staged)?;
    lock.accounts = tables.given.clone();
    lock.epoch = image::epoch(&staged);
    Ok(())
}

fn all(images: &Images) -> Vec<(String, String)> {
    let platforms = |variant: &str| images.platforms(variant).to_vec();
    images
        .variants()
        .flat_map(|variant| {
            platforms(variant).into_iter().map(move |platform| (variant.to_owned(), platform))
        })
        .collect()
}

/// Lists the images that are asked for: the plain one first, platforms in the spec's order.
fn wanted(images: &Images, request: &Request) -> Result<Vec<(String, String)>, BuildError> {
    let mut variants = vec![String::from(PLAIN)];
    match &request.variants {
        Variants::Plain => {}
        Variants::Named(names) => variants.extend(names.iter().cloned()),
        Variants::All => variants.extend(images.variants().filter(|name| *name != PLAIN).map(str::to_owned)),
    }
    let mut wanted = Vec::new();
    for variant in variants {
        let known = images.platforms(&variant);
        if known.is_empty() {
            return Err(BuildError::UnknownImage { variant, platform: request.platforms.join(", ") });
        }
        for platform in &request.platforms {
            if !known.contains(platform) {
                return Err(BuildError::UnknownPlatform {
                    platform: platform.clone(),
                    platforms: known.to_vec(),
                });
            }
        }
        let narrowed =
            known.iter().filter(|it| request.platforms.is_empty() || request.platforms.contains(it));
        wanted.extend(narrowed.map(|platform| (variant.clone(), platform.clone())));
    }
    Ok(wanted)
}

/// The numbers that all images share, and each image's own table of accounts.
pub(crate) struct Tables {
    pub(crate) given: BTreeMap<String, u32>,
    by_image: BTreeMap<(String, String), Table>,
}

impl Tables {
    fn of(&self, image: &StagedTree) -> Option<&Table> {
        self.by_image.get(&(image.variant.clone(), image.platform.clone()))
    }
}

use image::{Own, StagedTree};
