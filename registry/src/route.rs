//! Where things are in a registry: the paths of the distribution specification. Pure.

use attar_image::Digest;
use attar_image::reference::{Reference, Repository};
use reqwest::Url;

/// Docker Hub's registry does not live under the name that its references carry.
const DOCKER_HUB: (&str, &str) = ("docker.io", "registry-1.docker.io");

/// Returns the host, with its port, that answers for a registry.
pub(crate) fn host(registry: &str) -> &str {
    if registry == DOCKER_HUB.0 { DOCKER_HUB.1 } else { registry }
}

/// Says whether a registry is on this machine.
pub(crate) fn is_loopback(registry: &str) -> bool {
    let host = match registry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => registry.split(':').next().unwrap_or(registry),
    };
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Builds URLs below the base of one registry, such as `https://reg.example:5000/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Routes(Url);

impl Routes {
    /// Returns the routes of a host; `None` when it cannot stand in a URL.
    pub(crate) fn new(scheme: &str, registry: &str) -> Option<Self> {
        Url::parse(&format!("{scheme}://{}/", host(registry))).ok().map(Self)
    }

    fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(path);
        url
    }

    /// Says whether a URL leads to this registry.
    pub(crate) fn owns(&self, url: &Url) -> bool {
        self.0.origin() == url.origin()
    }

    /// Says whether the registry is spoken to in plain text.
    pub(crate) fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    pub(crate) fn ping(&self) -> Url {
        self.join("v2/")
    }

    /// Returns where a manifest is, by digest if the reference has one, else by tag.
    pub(crate) fn manifest(&self, reference: &Reference) -> Url {
        let name = match reference.digest {
            Some(digest) => digest.to_string(),
            None => reference.tag_or_latest().to_string(),
        };
        self.join(&format!("v2/{}/manifests/{name}", reference.repository.path()))
    }

    pub(crate) fn blob(&self, repository: &Repository, digest: &Digest) -> Url {
        self.join(&format!("v2/{}/blobs/{digest}", repository.path()))
    }

    pub(crate) fn uploads(&self, repository: &Repository) -> Url {
        self.join(&format!("v2/{}/blobs/uploads/", repository.path()))
    }

    pub(crate) fn mount(&self, repository: &Repository, digest: &Digest, from: &str) -> Url {
        let mut url = self.uploads(repository);
        url.query_pairs_mut().append_pair("mount", &digest.to_string()).append_pair("from", from);
        url
    }

    pub(crate) fn referrers(&self, repository: &Repository, digest: &Digest) -> Url {
        self.join(&format!("v2/{}/referrers/{digest}", repository.path()))
    }

    /// Resolves a `Location` or link that the registry gave for `from`.
    ///
    /// Registries behind a proxy that ends TLS sometimes give their own plain address: the scheme that
    /// was used stays.
    pub(crate) fn resolve(&self, from: &Url, location: &str) -> Option<Url> {
        let mut url = from.join(location).ok()?;
        let same_host = url.host() == self.0.host();
        if url.scheme() == "http" && self.0.scheme() == "https" && same_host {
            let port = url.port().filter(|port| *port != 80);
            url.set_scheme("https").ok()?;
            url.set_port(port.or(self.0.port())).ok()?;
        }
        matches!(url.scheme(), "http" | "https").then_some(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_follow_the_specification() {
        let routes = Routes::new("https", "reg.example:5000").expect("a host");
        let reference = |text: &str| text.parse::<Reference>().expect("a reference");
        let repository = reference("reg.example:5000/team/app").repository;
        let digest = Digest::of("x");
        let base = "https://reg.example:5000/v2/team/app";
        for (url, expected) in [
            (routes.ping(), "https://reg.example:5000/v2/".to_owned()),
            (routes.manifest(&reference("reg.example:5000/team/app:1")), format!("{base}/manifests/1")),
            (routes.manifest(&reference("reg.example:5000/team/app")), format!("{base}/manifests/latest")),
            (
                routes.manifest(&reference("reg.example:5000/team/app:1").at_digest(digest)),
                format!("{base}/manifests/{digest}"),
            ),
            (routes.blob(&repository, &digest), format!("{base}/blobs/{digest}")),
            (routes.uploads(&repository), format!("{base}/blobs/uploads/")),
            (routes.referrers(&repository, &digest), format!("{base}/referrers/{digest}")),
            (
                routes.mount(&repository, &digest, "team/base"),
                format!("{base}/blobs/uploads/?mount=sha256%3A{}&from=team%2Fbase", digest.hex()),
            ),
        ] {
            assert_eq!(url.as_str(), expected);
        }
    }

    #[test]
    fn docker_hub_lives_elsewhere() {
        let routes = Routes::new("https", "docker.io").expect("a host");
        assert_eq!(routes.ping().as_str(), "https://registry-1.docker.io/v2/");
    }

    #[test]
    fn locations_are_relative_absolute_or_of_a_proxy() {
        let routes = Routes::new("https", "reg.example").expect("a host");
        let from = routes.ping();
        for (location, expected) in [
            ("/v2/a?x=1", Some("https://reg.example/v2/a?x=1")),
            ("https://store.example/b", Some("https://store.example/b")),
            ("http://reg.example/v2/a", Some("https://reg.example/v2/a")),
            ("http://store.example/b", Some("http://store.example/b")),
            ("file:///etc/passwd", None),
        ] {
            assert_eq!(routes.resolve(&from, location).as_ref().map(Url::as_str), expected, "{location}");
        }
    }

    #[test]
    fn loopback_is_recognised() {
        for (registry, expected) in [
            ("localhost:5000", true),
            ("127.0.0.1:5000", true),
            ("127.1.2.3", true),
            ("[::1]:5000", true),
            ("registry.localhost:5000", true),
            ("reg.example:5000", false),
            ("10.0.0.1:5000", false),
            ("localhost.example", false),
            ("docker.io", false),
        ] {
            assert_eq!(is_loopback(registry), expected, "{registry}");
        }
    }
}
