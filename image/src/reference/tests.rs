use oci_spec::distribution::Reference as Oracle;
use proptest::prelude::*;

use super::*;

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn reference(text: &str) -> Reference {
    text.parse().expect("a reference")
}

/// A name that an engine would take for an image's identifier without what stands before it.
const IDENTIFIER_IN_LIBRARY: &str =
    "docker.io/library/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn short_names_get_their_defaults() {
    for (text, full, familiar) in [
        ("nginx", "docker.io/library/nginx", "nginx"),
        ("nginx:1.27", "docker.io/library/nginx:1.27", "nginx:1.27"),
        ("acme/report", "docker.io/acme/report", "acme/report"),
        ("docker.io/nginx", "docker.io/library/nginx", "nginx"),
        ("index.docker.io/acme/x", "docker.io/acme/x", "acme/x"),
        ("docker.io/library/a/b", "docker.io/library/a/b", "library/a/b"),
        ("localhost/x", "localhost/x", "localhost/x"),
        ("localhost:5000/a/b:t", "localhost:5000/a/b:t", "localhost:5000/a/b:t"),
        ("registry:2", "docker.io/library/registry:2", "registry:2"),
        ("ghcr.io/a/b", "ghcr.io/a/b", "ghcr.io/a/b"),
        ("[::1]:5000/a", "[::1]:5000/a", "[::1]:5000/a"),
        ("REGISTRY/a", "REGISTRY/a", "REGISTRY/a"),
        ("docker.io/ghcr.io/a/b:1", "docker.io/ghcr.io/a/b:1", "docker.io/ghcr.io/a/b:1"),
        ("docker.io/localhost/x", "docker.io/localhost/x", "docker.io/localhost/x"),
        (IDENTIFIER_IN_LIBRARY, IDENTIFIER_IN_LIBRARY, IDENTIFIER_IN_LIBRARY),
        ("a__b/c--d.e_f", "docker.io/a__b/c--d.e_f", "a__b/c--d.e_f"),
    ] {
        let reference = reference(text);
        assert_eq!(
            (reference.to_string().as_str(), reference.familiar().as_str()),
            (full, familiar),
            "{text}"
        );
    }
}

#[test]
fn tags_and_digests_are_kept_apart() {
    let both = reference(&format!("ghcr.io/acme/report:v1@{DIGEST}"));
    assert_eq!(both.repository.registry(), "ghcr.io");
    assert_eq!(both.repository.path(), "acme/report");
    assert_eq!(both.tag.as_ref().map(Tag::as_str), Some("v1"));
    assert_eq!(both.digest, DIGEST.parse().ok());
    assert_eq!(both.at_digest(Digest::of(b"")).to_string(), format!("ghcr.io/acme/report@{DIGEST}"));
    assert_eq!(reference("a").tag_or_latest(), Tag::latest());
    assert_eq!(reference("a").at_tag(Tag::latest()), reference("a:latest"));
}

#[test]
fn what_is_no_reference_is_refused() {
    let long = "a/".repeat(130) + "a";
    for (text, start) in [
        ("", "empty image reference"),
        ("UPPER", "invalid repository `UPPER` in image reference `UPPER`"),
        ("a//b", "invalid repository `a//b` in image reference `a//b`"),
        ("a/", "invalid repository `a/` in image reference `a/`"),
        ("-a", "invalid repository `-a`"),
        ("a..b", "invalid repository `a..b`"),
        ("a___b", "invalid repository `a___b`"),
        ("a b", "invalid repository `a b`"),
        ("bad_host.x:y/a", "invalid registry `bad_host.x:y`"),
        ("h:/a", "invalid registry `h:`"),
        ("a:", "invalid image reference `a:`"),
        ("a:.b", "invalid image reference `a:.b`"),
        ("a@sha256:12", "invalid image reference `a@sha256:12`"),
        ("a@", "invalid image reference `a@`"),
        (&DIGEST[7..], "`e3b0c44298fc"),
        (&long, "repository name of 271 bytes"),
    ] {
        let error = text.parse::<Reference>().expect_err(text).to_string();
        assert!(error.starts_with(start), "{text}: {error}");
    }
    assert!("a:tag".parse::<Repository>().is_err());
}

#[test]
fn repositories_join_below() {
    let prefix: Repository = "ghcr.io/acme".parse().expect("a repository");
    assert_eq!(
        prefix.join("team/api").map(|joined| joined.to_string()),
        Ok("ghcr.io/acme/team/api".to_owned())
    );
    assert!(prefix.join("Team").is_err());
    assert!(prefix.join("a:b").is_err());
}

/// What the oracle reads, without the tag that it implies.
fn oracle(text: &str) -> Option<(String, String, Option<String>, Option<String>)> {
    // It takes `0_0.0/a` for a path, and then its first part for a registry, which no host can be called.
    let read = Oracle::try_from(text).ok().filter(|read| !read.registry().contains('_'))?;
    let implied = read.digest().is_none() && !text.ends_with(":latest");
    let tag = read.tag().filter(|tag| !(implied && *tag == "latest"));
    Some((
        read.registry().to_owned(),
        read.repository().to_owned(),
        tag.map(str::to_owned),
        read.digest().map(str::to_owned),
    ))
}

fn ours(text: &str) -> Option<(String, String, Option<String>, Option<String>)> {
    let read: Reference = text.parse().ok()?;
    Some((
        read.repository.registry().to_owned(),
        read.repository.path().to_owned(),
        read.tag.map(|tag| tag.to_string()),
        read.digest.map(|digest| digest.to_string()),
    ))
}

proptest! {
    #[test]
    fn plausible_references_read_as_the_oracle_reads_them(
        host in "(|localhost/|docker\\.io/|[a-z]{1,3}\\.[a-z]{2}/|[a-z]{2}:[0-9]{2,4}/|[a-z0-9.-]{1,5}/)",
        path in "[a-z0-9._-]{1,6}(/[a-z0-9._-]{1,6}){0,2}",
        tag in "(|:[A-Za-z0-9_.-]{1,5})",
        digest in prop::bool::ANY,
    ) {
        let text = format!("{host}{path}{tag}{}", if digest { format!("@{DIGEST}") } else { String::new() });
        prop_assert_eq!(ours(&text), oracle(&text), "{}", text);
    }

    #[test]
    fn the_full_form_reads_as_itself(text in "[a-zA-Z0-9./:@_\\[\\]-]{1,40}") {
        if let Ok(read) = text.parse::<Reference>() {
            prop_assert_eq!(read.to_string().parse::<Reference>(), Ok(read.clone()));
            prop_assert_eq!(read.familiar().parse::<Reference>(), Ok(read));
        }
    }
}
