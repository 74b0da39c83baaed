//! Archives over TLS: a certificate authority of one's own, and one that nobody knows.

use std::path::Path;

use attar_builder::repository::{Archive, RepositoryError};
use attar_builder::spec::schema::{DebRepository, Repository};
use attar_testing::http::Server;
use attar_testing::tls::Authority;

use crate::stage::{Stage, trixie};

/// Serves an archive over TLS and opens it as `deb:`, trusting the authorities in a file, if any.
async fn open(
    served_by: &Authority,
    trusted: Option<&Authority>,
) -> (Stage, Server, Result<Vec<Archive>, RepositoryError>) {
    let stage = Stage::empty();
    let server = Server::start_tls(served_by).expect("a free port");
    server.put_all("/own", &trixie().files(&stage.key).expect("a suite"));
    let mut settings = stage.settings();
    settings.transport.certificates =
        trusted.map(|authority| stage.scratch.write("authorities.pem", authority.pem()));
    let repository = Repository::Deb(DebRepository {
        deb: server.url("/own"),
        suites: vec!["trixie".to_owned()],
        components: vec!["main".to_owned()],
        signed_by: stage.key.armored().expect("a key"),
        packages: Vec::new(),
        priority: None,
        check_valid_until: None,
    });
    let opened = stage.client(settings).open(&repository, Path::new("."), &["amd64"]).await;
    (stage, server, opened)
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_when_it_is_named() {
    let authority = Authority::generate().expect("an authority");
    let (stage, _server, opened) = open(&authority, Some(&authority)).await;
    let archives = opened.unwrap_or_else(|error| panic!("{}", stage.tell(&error)));
    assert_eq!(archives[0].indexes[0].index.len(), 2);
}

#[tokio::test]
async fn an_authority_that_nobody_named_is_not_trusted() {
    let authority = Authority::generate().expect("an authority");
    let other = Authority::generate().expect("an authority");
    for trusted in [None, Some(&other)] {
        let (stage, server, opened) = open(&authority, trusted).await;
        let error = opened.expect_err("the server is not trusted");
        let RepositoryError::Unavailable { attempts, .. } = &error else { panic!("{}", stage.tell(&error)) };
        assert!(attempts.any_untrusted(), "{attempts:?}");
        let message = stage.tell(&error).replace(&server.url(""), "https://server");
        assert!(
            message.contains(
                "https://server/own/dists/trixie/InRelease: the server's certificate is not trusted: "
            ),
            "{message}"
        );
        assert_eq!(server.take_requests(), [], "nothing was asked of it");
        // Asking again would not help, so nothing paused.
        assert!(stage.notes().iter().all(|note| !note.contains("again")), "{:?}", stage.notes());
    }
}
