//! Every environment variable this program reads, once.
//!
//! No other file of the command line, and no crate below it, asks the environment for anything of
//! ours. Logins and engines are found by `attar_registry`, in one module each; their variables stand here
//! for the reference. The reference page in `docs/` is made from the same table.

use std::ffi::OsString;
use std::path::PathBuf;

/// A variable that is read besides those of the options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variable {
    SourceDateEpoch,
    NoColor,
    Term,
    ColorFgBg,
    Ci,
    XdgCacheHome,
    XdgConfigHome,
    HttpsProxy,
    HttpProxy,
    NoProxy,
    SslCertFile,
    Netrc,
    DockerConfig,
    RegistryAuthFile,
    DockerHost,
    DockerContext,
    DockerTlsVerify,
    DockerCertPath,
    ContainerHost,
    XdgRuntimeDir,
    AttarConfig,
    AttarLog,
}

impl Variable {
    /// Every variable, in the order of the reference.
    const ALL: [Self; 22] = [
        Self::SourceDateEpoch,
        Self::NoColor,
        Self::Term,
        Self::ColorFgBg,
        Self::Ci,
        Self::XdgCacheHome,
        Self::XdgConfigHome,
        Self::HttpsProxy,
        Self::HttpProxy,
        Self::NoProxy,
        Self::SslCertFile,
        Self::Netrc,
        Self::DockerConfig,
        Self::RegistryAuthFile,
        Self::DockerHost,
        Self::DockerContext,
        Self::DockerTlsVerify,
        Self::DockerCertPath,
        Self::ContainerHost,
        Self::XdgRuntimeDir,
        Self::AttarConfig,
        Self::AttarLog,
    ];

    /// Returns the name of the variable.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SourceDateEpoch => "SOURCE_DATE_EPOCH",
            Self::NoColor => "NO_COLOR",
            Self::Term => "TERM",
            Self::ColorFgBg => "COLORFGBG",
            Self::Ci => "CI",
            Self::XdgCacheHome => "XDG_CACHE_HOME",
            Self::XdgConfigHome => "XDG_CONFIG_HOME",
            Self::HttpsProxy => "HTTPS_PROXY",
            Self::HttpProxy => "HTTP_PROXY",
            Self::NoProxy => "NO_PROXY",
            Self::SslCertFile => "SSL_CERT_FILE",
            Self::Netrc => "NETRC",
            Self::DockerConfig => "DOCKER_CONFIG",
            Self::RegistryAuthFile => "REGISTRY_AUTH_FILE",
            Self::DockerHost => "DOCKER_HOST",
            Self::DockerContext => "DOCKER_CONTEXT",
            Self::DockerTlsVerify => "DOCKER_TLS_VERIFY",
            Self::DockerCertPath => "DOCKER_CERT_PATH",
            Self::ContainerHost => "CONTAINER_HOST",
            Self::XdgRuntimeDir => "XDG_RUNTIME_DIR",
            Self::AttarConfig => "ATTAR_CONFIG",
            Self::AttarLog => "ATTAR_LOG",
        }
    }

    /// Returns what the variable does.
    fn meaning(self) -> &'static str {
        match self {
            Self::SourceDateEpoch => {
                "seconds since 1970 for `created` and the history of images; layers never depend on it"
            }
            Self::NoColor => "any value: no colours",
            Self::Term => "kind of the terminal; on one of the kind `dumb` no interface can be drawn",
            Self::ColorFgBg => {
                "colours of the terminal, such as `0;15`: on a light background the theme is `light`"
            }
            Self::Ci => "any value: plain lines instead of bars, even on a terminal",
            Self::XdgCacheHome => "folder of caches; the cache is `attar` in it",
            Self::XdgConfigHome => "folder of configuration; the file is `attar/config` in it",
            Self::HttpsProxy => "proxy for `https` addresses",
            Self::HttpProxy => "proxy for `http` addresses (the lower-case spelling alone is read)",
            Self::NoProxy => "hosts that are reached without a proxy",
            Self::SslCertFile => "certificate authorities to trust for `https` instead of the system's",
            Self::Netrc => "logins for archives, asked after apt's own; default `.netrc` in the home folder",
            Self::DockerConfig => {
                "folder of `config.json`, where logins to registries and the Docker context stand; default `.docker` in the home folder"
            }
            Self::RegistryAuthFile => "file of logins to registries, asked first",
            Self::DockerHost => "address of the Docker engine: `unix://PATH` or `tcp://HOST:PORT`",
            Self::DockerContext => "Docker context to use instead of the current one",
            Self::DockerTlsVerify => "any value: `DOCKER_HOST` speaks TLS",
            Self::DockerCertPath => {
                "folder of `ca.pem`, `cert.pem` and `key.pem` for that; default that of `config.json`"
            }
            Self::ContainerHost => "address of the Podman service",
            Self::XdgRuntimeDir => "folder of `podman/podman.sock` and `containers/auth.json`",
            Self::AttarConfig => "configuration file to read instead of the user's",
            Self::AttarLog => "what is logged to standard error, such as `debug` or `attar_builder=trace`",
        }
    }

    /// Returns the value, if there is one and it is not empty.
    pub(crate) fn value(self) -> Option<OsString> {
        std::env::var_os(self.name()).filter(|value| !value.is_empty())
    }

    /// Says whether the variable has a value.
    pub(crate) fn is_set(self) -> bool {
        self.value().is_some()
    }

    /// Returns the value as a path.
    pub(crate) fn path(self) -> Option<PathBuf> {
        self.value().map(PathBuf::from)
    }
}

/// Returns a variable that a user's own file names: compose files are made of them.
pub(crate) fn of_user(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Returns every variable with its meaning, those of the options included.
pub(crate) fn table() -> Vec<(String, String)> {
    let others = Variable::ALL.iter().map(|variable| (variable.name().into(), variable.meaning().into()));
    others.chain(option_variables(&crate::args::definition())).collect()
}

/// Returns the names of the variables that stand for options.
pub(crate) fn of_options() -> Vec<String> {
    option_variables(&crate::args::definition()).into_keys().collect()
}

/// Returns each option's variable with the commands and options it stands for, by name.
fn option_variables(root: &clap::Command) -> std::collections::BTreeMap<String, String> {
    let mut commands: std::collections::BTreeMap<String, Vec<String>> = Default::default();
    let mut pending: Vec<(String, &clap::Command)> = vec![(String::new(), root)];
    while let Some((path, command)) = pending.pop() {
        for argument in command.get_arguments() {
            if let (Some(name), Some(long)) = (crate::args::variable_of(argument), argument.get_long()) {
                commands.entry(name).or_default().push(format!("`{}--{long}`", path));
            }
        }
        pending
            .extend(command.get_subcommands().map(|below| (format!("{path}{} ", below.get_name()), below)));
    }
    commands
        .into_iter()
        .map(|(name, mut options)| {
            options.sort();
            options.dedup();
            (name, options.join(", "))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_different_meaning_do_not_share_a_variable() {
        let variables = option_variables(&crate::args::definition());
        assert_eq!(variables["ATTAR_OUTPUT"], "`build --output`");
        assert_eq!(variables["ATTAR_CACHE_DIR"], "`--cache-dir`");
        assert!(!variables["ATTAR_FORMAT"].contains("`build "));
    }
}
