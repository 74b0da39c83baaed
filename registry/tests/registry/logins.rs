//! Logins: passwords, tokens for several repositories, identity tokens.

use attar_image::Reference;
use attar_registry::Credentials;
use attar_testing::Scratch;
use attar_testing::registry::{Access, Fault, Options, Registry, Request};

use crate::support::{chain, client, client_with, image, login, registry, wait, with_tokens};

/// `robot:s3cret` and `robot:wrong`
const RIGHT: &str = r#"{"auth": "cm9ib3Q6czNjcmV0"}"#;
const WRONG: &str = r#"{"auth": "cm9ib3Q6d3Jvbmc="}"#;

fn with_passwords() -> Options {
    let (name, password) = ("robot".to_owned(), "s3cret".to_owned());
    Options { access: Access::Basic { name, password }, ..Options::default() }
}

/// Pushes an image; an error is returned as text.
fn push(registry: &Registry, credentials: Credentials, name: &str) -> Result<(), String> {
    let observed = client_with(credentials);
    let result = wait(observed.client.publish(&image(1, 60_000).publication(&registry.reference(name))));
    result.map(drop).map_err(|error| chain(&error, registry))
}

#[test]
fn a_login_opens_both_kinds_of_registry() {
    let scratch = Scratch::new();
    for (options, entry) in [
        (with_passwords(), RIGHT),
        (with_tokens(), RIGHT),
        (with_tokens(), r#"{"identitytoken": "opaque"}"#),
        (with_passwords(), r#"{"username": "robot", "password": "s3cret"}"#),
    ] {
        let registry = registry(options);
        push(&registry, login(&scratch, &registry, entry), "app:1").expect("a push");
        assert_eq!(registry.missing("app", "1"), Vec::<String>::new());
    }
}

#[test]
fn a_wrong_or_missing_login_is_told() {
    let scratch = Scratch::new();
    for options in [with_passwords(), with_tokens()] {
        let registry = registry(options);
        let wrong = push(&registry, login(&scratch, &registry, WRONG), "app:1").expect_err("wrong");
        assert!(wrong.ends_with("HOST does not accept the stored login"), "{wrong}");
        let missing = push(&registry, Credentials::none(), "app:1").expect_err("missing");
        assert!(missing.ends_with("HOST wants a login, and none is stored: looked in no file"), "{missing}");
    }
}

#[test]
fn reading_may_be_allowed_to_anybody() {
    let scratch = Scratch::new();
    let registry = registry(with_tokens());
    push(&registry, login(&scratch, &registry, RIGHT), "app:1").expect("a push");
    let reference: Reference = registry.reference("app:1").parse().expect("a reference");
    wait(client().client.manifest(&reference)).expect("a manifest");
}

#[test]
fn one_token_serves_a_push_and_a_mount_gets_one_for_both_repositories() {
    let scratch = Scratch::new();
    let registry = registry(with_tokens());
    let observed = client_with(login(&scratch, &registry, RIGHT));
    let image = image(1, 60_000);
    for name in ["one:1", "two:1"] {
        wait(observed.client.publish(&image.publication(&registry.reference(name)))).expect("a push");
    }
    let tokens: Vec<Request> =
        registry.take_requests().into_iter().filter(|request| request.target.starts_with("/token")).collect();
    let scopes: Vec<String> = tokens
        .iter()
        .map(|request| {
            request.target.split('&').filter(|pair| pair.starts_with("scope=")).collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert_eq!(
        scopes,
        [
            "scope=repository%3Aone%3Apull%2Cpush",
            "scope=repository%3Atwo%3Apull%2Cpush",
            "scope=repository%3Aone%3Apull scope=repository%3Atwo%3Apull%2Cpush",
        ]
    );
    assert_eq!(observed.outcomes().last(), Some(&(60_000, attar_registry::Outcome::Mounted)));
}

#[test]
fn a_token_that_ends_early_is_renewed() {
    let scratch = Scratch::new();
    let registry = registry(with_tokens());
    let observed = client_with(login(&scratch, &registry, RIGHT));
    wait(observed.client.publish(&image(1, 60_000).publication(&registry.reference("app:1"))))
        .expect("a push");
    registry.revoke_tokens();
    wait(observed.client.publish(&image(2, 60_000).publication(&registry.reference("app:2"))))
        .expect("a push");
    assert_eq!(registry.missing("app", "2"), Vec::<String>::new());
}

#[test]
fn nobody_else_is_told_who_we_are() {
    let scratch = Scratch::new();
    let registry = registry(with_tokens());
    let store = crate::support::open();
    push(&registry, login(&scratch, &registry, RIGHT), "app:1").expect("a push");
    let image = image(1, 60_000);
    let digest = image.shared.digest;
    store.put_blob("store", crate::support::bytes(1, 60_000));
    let location = format!("http://{}/v2/store/blobs/{digest}", store.host());
    registry.fail("GET", &format!("/blobs/{digest}"), [Fault::Status(307, vec![("Location", location)])]);
    let observed = client_with(login(&scratch, &registry, RIGHT));
    let repository = registry.reference("app").parse().expect("a repository");
    let fetched = wait(observed.client.blob(&repository, &image.shared, 1 << 20)).expect("a blob");
    assert_eq!(fetched.len(), 60_000);
    let requests = store.take_requests();
    assert_eq!(requests.len(), 1);
    assert!(!requests[0].headers.contains_key("authorization"), "{requests:?}");
}

#[test]
fn helpers_are_asked_and_their_failures_told() {
    let scratch = Scratch::new();
    let registry = registry(with_passwords());
    let file = scratch.write(
        "config.json",
        format!(r#"{{"credHelpers": {{"{}": "attar-tests-absent"}}}}"#, registry.host()),
    );
    let error = push(&registry, Credentials::in_files([file]), "app:1").expect_err("no such helper");
    assert!(error.contains("cannot ask `docker-credential-attar-tests-absent` for the login"), "{error}");
}

#[test]
fn secrets_are_never_shown() {
    let scratch = Scratch::new();
    let registry = registry(with_tokens());
    let observed = client_with(login(&scratch, &registry, RIGHT));
    wait(observed.client.publish(&image(1, 1000).publication(&registry.reference("app:1")))).expect("a push");
    registry.fail("PUT", "/manifests/", [Fault::Status(503, Vec::new()), Fault::Status(403, Vec::new())]);
    let error = wait(observed.client.publish(&image(2, 1000).publication(&registry.reference("app:1"))));
    let shown = format!("{error:?} {:?} {:?}", observed.client, observed.events.lock().expect("no panic"));
    for secret in ["s3cret", "cm9ib3Q6czNjcmV0", "token-1"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}
