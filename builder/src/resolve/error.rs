//! Why there is no selection.

use std::fmt;

/// No selection satisfies the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// Platforms have nothing for what is asked for.
    #[error("{}", lines(.0))]
    Missing(Vec<Missing>),
    /// `without` names what no index knows.
    #[error("cannot leave out what is not there: {}", sentences(.0))]
    UnknownWithout(Vec<Unknown>),
    /// A repository lacks a package of the foundation.
    #[error(
        "cannot add the foundation: no repository of {platform} has `{name}`; \
         `foundation: none` builds without it"
    )]
    Foundation {
        /// The name of the package.
        name: String,
        /// The platform that lacks it.
        platform: String,
    },
    /// Platforms have no common version of a package.
    #[error("{}", skews(.0))]
    Skew(Vec<Skew>),
    /// The relations contradict each other.
    #[error("no choice of packages satisfies the request{}:\n{}", on(.platforms), bullets(.steps))]
    Unsolvable {
        /// The platforms, where it is not all of them.
        platforms: Vec<String>,
        /// The steps of the proof, in words.
        steps: Vec<String>,
    },
}

/// What is missing for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// No platform has the package.
    Package {
        /// Where it is asked for.
        label: String,
        /// Its name.
        unknown: Unknown,
    },
    /// Some platforms do not have it.
    Platform {
        /// Where it is asked for.
        label: String,
        /// Its name.
        name: String,
        /// The platforms that lack it.
        platforms: Vec<String>,
        /// What the others have.
        offers: Vec<Offer>,
    },
    /// The versions there will not do.
    Version(NoVersion),
}

/// A package whose versions will not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoVersion {
    /// Where it is asked for.
    pub label: String,
    /// What is asked for, such as `nginx (= 1.26)`.
    pub wanted: String,
    /// The repository it must come from.
    pub from: Option<String>,
    /// The platforms where nothing will do.
    pub platforms: Vec<String>,
    /// What those have.
    pub offers: Vec<Offer>,
}

/// A version that a source has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offer {
    /// The platform as OCI names it.
    pub platform: String,
    /// The name of the source.
    pub source: String,
    /// The version of the package.
    pub version: String,
    /// The package, where it only provides the name.
    pub provider: Option<String>,
    /// Whether the source's allow list has it.
    pub allowed: bool,
}

/// A name that nothing has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The name.
    pub name: String,
    /// The names most like it.
    pub nearest: Vec<String>,
}

/// A package that platforms cannot have in the same version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skew {
    /// The name of the package.
    pub name: String,
    /// The version that each platform would take, by platform.
    pub versions: Vec<(String, String)>,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package { label, unknown } => write!(f, "{label}: {unknown}"),
            Self::Platform { label, name, platforms, offers } => {
                let (platforms, offers) =
                    (platforms.join(", "), Offers { offers, platforms: true, verb: "" });
                write!(f, "{label}: there is no package `{name}` for {platforms}, only {offers}")
            }
            Self::Version(missing) => {
                let NoVersion { label, wanted, from, platforms, offers } = missing;
                let platforms = platforms.join(", ");
                write!(f, "{label}: nothing for {platforms} is `{wanted}`")?;
                if let Some(from) = from {
                    write!(f, " from `{from}`")?;
                }
                write!(f, ", only {}", Offers { offers, platforms: false, verb: "" })
            }
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no repository has `{}`", self.name)?;
        match self.nearest.as_slice() {
            [] => Ok(()),
            nearest => write!(f, "; the nearest names are `{}`", nearest.join("`, `")),
        }
    }
}

/// Offers in words, as many as fit a line.
pub(super) struct Offers<'o> {
    pub(super) offers: &'o [Offer],
    /// Whether to name platforms; else the same version of several is said once.
    pub(super) platforms: bool,
    /// A word between the first version and its source.
    pub(super) verb: &'static str,
}

impl fmt::Display for Offers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 4;
        let mut words: Vec<(String, String)> = Vec::new();
        for offer in self.offers {
            let name = offer.provider.as_deref().map(|name| format!("{name} ")).unwrap_or_default();
            let platform = if self.platforms { format!(" for {}", offer.platform) } else { String::new() };
            let refused = if offer.allowed { "" } else { ", whose `packages` leave it out" };
            let version = format!("{name}{}", offer.version);
            let place = format!("in {}{platform}{refused}", offer.source);
            if !words.contains(&(version.clone(), place.clone())) {
                words.push((version, place));
            }
        }
        for (number, (version, place)) in words.iter().take(SHOWN).enumerate() {
            match number {
                0 => write!(f, "{version} {}{place}", self.verb)?,
                _ => write!(f, " and {version} {place}")?,
            }
        }
        match words.len() {
            0..=SHOWN => Ok(()),
            count => write!(f, " and {} more", count - SHOWN),
        }
    }
}

fn lines<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join("\n")
}

fn sentences<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join("; ")
}

fn bullets(steps: &[String]) -> String {
    steps.iter().map(|step| format!("  - {step}")).collect::<Vec<_>>().join("\n")
}

fn on(platforms: &[String]) -> String {
    match platforms {
        [] => String::new(),
        platforms => format!(" on {}", platforms.join(", ")),
    }
}

fn skews(skews: &[Skew]) -> String {
    let each = |skew: &Skew| {
        let versions: Vec<String> =
            skew.versions.iter().map(|(platform, version)| format!("{platform} has {version}")).collect();
        format!("`{}`: {}", skew.name, versions.join(", "))
    };
    let names: Vec<String> = skews.iter().map(each).collect();
    format!(
        "platforms have no version in common of {}; `allow-skew: true` lets them differ",
        names.join("; ")
    )
}
