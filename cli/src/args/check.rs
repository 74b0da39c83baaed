//! Arguments of `attar check`.

use std::path::PathBuf;

use attar_scanner::distroless::Profile;
use clap::Args;

use super::shared::{RegistryArgs, SourceArgs, SpecArgs};
use crate::output::{Format, Output};
use crate::verdict::FailOn;

/// Judge whether images are distroless.
///
/// Says what stands in the way, where it is, which package and which layer brought it, and how to get rid
/// of it: shells and multi-call programs under any name, package managers, network clients, interpreters
/// that nothing runs on, compilers, files that give rights or may be overwritten, the user, whether it
/// starts, secrets (also in layers that upper ones hide), leftovers. Nothing of the image is run.
///
/// A spec is judged before it is built: its tree is made in memory, and nothing is written. Of a compose
/// file or a Kubernetes manifest each image is judged in its role: an init container may have what its
/// script calls. What is in an image all the same is allowed with a reason: by `check:` in the spec, or in
/// `attar-policy.yaml`.
#[derive(Debug, Args)]
#[command(after_long_help = "Profiles:
  strict    no interpreter at all, whatever the entrypoint is
  runtime   the interpreter that the entrypoint starts, and no other (default)
  init      a container that prepares something and ends: what the entrypoint reaches
  debug     as runtime, with a multi-call program to look around with
  static, base, java, node, python   images to build upon

Exit codes: 0 it passes, 2 it does not, 3 cannot judge.

Examples:
  attar check                                    the nearest attar.yaml, not built yet
  attar check oci:image --profile strict
  attar check reg.example/api:1.4 -o sarif=check.sarif -o markdown
  attar check compose.yaml k8s/deployment.yaml   every image in its role
  attar check api:1.4 -o cst=structure-test.yaml")]
pub(crate) struct CheckArgs {
    /// Images, specs, compose files and Kubernetes manifests. Default: the nearest spec.
    #[arg(value_name = "IMAGE|SPEC|MANIFEST")]
    pub(crate) subjects: Vec<String>,

    /// What the images are for. Default: what the spec or the policy says, else `runtime`. Init and debug
    /// containers of a file keep their own.
    #[arg(long, value_name = "PROFILE", value_parser = profile())]
    pub(crate) profile: Option<Profile>,

    /// File of rules. Default for images: `attar-policy.yaml` in the working directory.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,

    /// The least that makes the answer no. Default: `fail`.
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub(crate) fail_on: Option<FailOn>,

    /// Platform to judge, such as `linux/arm64` (repeatable). Default: all.
    #[arg(long = "platform", value_name = "PLATFORM", value_delimiter = ',')]
    pub(crate) platforms: Vec<String>,

    /// Variant of the spec to judge besides the plain image (repeatable).
    #[arg(long = "variant", value_name = "NAME", value_delimiter = ',', conflicts_with = "all_variants")]
    pub(crate) variants: Vec<String>,

    /// Judge the plain image of the spec and every variant.
    #[arg(long)]
    pub(crate) all_variants: bool,

    /// Format of the answer, and a file for it instead of standard output (repeatable).
    ///
    /// Formats: `table` (default), `json` (its schema is versioned), `markdown`, `sarif`, `junit`, and `cst`
    /// for tests that container-structure-test runs.
    #[arg(short, long = "output", value_name = "FORMAT[=FILE]", env = "ATTAR_FORMAT", value_parser = Output::parser(Format::OF_VERDICTS))]
    pub(crate) outputs: Vec<Output>,

    #[command(flatten)]
    pub(crate) spec: SpecArgs,

    #[command(flatten)]
    pub(crate) source: SourceArgs,

    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}

/// Returns what reads a profile, and lists all of them in the help of wrong usage.
pub(super) fn profile() -> impl clap::builder::TypedValueParser<Value = Profile> {
    use clap::builder::{PossibleValuesParser, TypedValueParser as _};
    PossibleValuesParser::new(Profile::ALL.map(Profile::name))
        .map(|name| name.parse().expect("the name is one of those that are known"))
}

/// A profile, or the one that the spec says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProfileOrSpec {
    /// As the spec says, else `runtime`.
    Spec,
    /// This one, whatever the spec says.
    Profile(Profile),
}

/// Returns what reads a profile where one need not be given.
pub(super) fn profile_or_spec() -> impl clap::builder::TypedValueParser<Value = ProfileOrSpec> {
    use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};
    let profiles = Profile::ALL.map(|profile| PossibleValue::new(profile.name()));
    PossibleValuesParser::new(profiles.into_iter().chain([PossibleValue::new("spec").hide(true)]))
        .map(|name| name.parse().map_or(ProfileOrSpec::Spec, ProfileOrSpec::Profile))
}
