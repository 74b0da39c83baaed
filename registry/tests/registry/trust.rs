//! Whom a registry is believed to be: docker-registry with TLS and a login as the judge.

use attar_registry::{Client, Credentials, Events, Settings};
use attar_testing::docker_registry::{DockerRegistry, LOGIN};
use attar_testing::tls::Authority;
use attar_testing::{Scratch, need};

use crate::support::{image, wait};

/// Pushes an image; an error is returned with its causes.
fn push(registry: &DockerRegistry, settings: Settings, scratch: &Scratch) -> Result<(), String> {
    let (name, password) = LOGIN;
    let login = format!(r#"{{"username": "{name}", "password": "{password}"}}"#);
    let file = scratch.write("auth.json", format!(r#"{{"auths": {{"{}": {login}}}}}"#, registry.host()));
    let client = Client::new(settings, Credentials::in_files([file]), Events::ignore());
    let image = image(1, 6 << 20);
    let publication = image.publication(&registry.reference("team/app:1"));
    let told = |error: attar_registry::RegistryError| {
        let source = std::error::Error::source(&error).map(ToString::to_string);
        format!("{error}: {}", source.unwrap_or_default())
    };
    wait(client.publish(&publication)).map(drop).map_err(told)
}

#[test]
fn an_authority_of_ones_own_is_trusted_by_file_or_by_folder() {
    let authority = Authority::generate().expect("an authority");
    let registry = need!(DockerRegistry::guarded(&authority));
    let scratch = Scratch::new();
    let file = scratch.write("ca.pem", authority.pem());
    scratch.write(format!("certs.d/{}/ca.crt", registry.host()), authority.pem());
    scratch.write("certs.d/other.example/ca.crt", "");

    let error = push(&registry, Settings::default(), &scratch).expect_err("nobody trusts it");
    assert!(error.contains("certificate"), "{error}");
    let by_file = Settings { certificates: Some(file), ..Settings::default() };
    push(&registry, by_file, &scratch).expect("a push");
    let by_folder = Settings { certificate_folders: vec![scratch.join("certs.d")], ..Settings::default() };
    push(&registry, by_folder, &scratch).expect("a push");
    let broken = Settings {
        certificates: Some(scratch.write("none.pem", "-----BEGIN CERTIFICATE-----\nx")),
        ..Settings::default()
    };
    push(&registry, broken, &scratch).expect_err("no certificate");
}
