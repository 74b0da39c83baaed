//! Pushes: what is sent, what is not, and what happens when it goes wrong.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use attar_image::manifest::Descriptor;

use attar_registry::Outcome::{Existing, Mounted, Transferred};
use attar_registry::{BlobSource, LayoutBlobs};
use attar_testing::registry::{Fault, Options};

use crate::support::{chain, client, image, open, registry, repository, wait};

/// Which of several blobs fails first is chance.
fn without_digests(text: &str) -> String {
    let mut parts = text.split("sha256:");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shown.push_str("DIGEST");
        shown.push_str(&part[64..]);
    }
    shown
}

fn status(code: u16) -> Fault {
    Fault::Status(code, Vec::new())
}

#[test]
fn an_image_arrives_whole_and_the_tag_comes_last() {
    let (registry, image, observed) = (open(), image(1, 60_000), client());
    let published =
        wait(observed.client.publish(&image.publication(&registry.reference("team/app:1")))).expect("a push");
    assert_eq!(published.reference.digest, Some(image.entry.digest));
    assert_eq!(registry.missing("team/app", "1"), Vec::<String>::new());
    assert_eq!(registry.tag("team/app", "1"), Some(image.entry.digest.to_string()));
    assert_eq!(registry.tags("team/app"), ["1"]);
    let bytes = registry.manifest("team/app", &image.entry.digest.to_string()).expect("the index");
    assert_eq!(bytes, std::fs::read(image.layout.blob_path(&image.entry.digest)).expect("a blob"));
    let writes: Vec<String> = registry
        .take_lines()
        .into_iter()
        .filter(|line| line.starts_with("PUT") && !line.contains("uploads"))
        .collect();
    assert_eq!(writes.len(), 3);
    assert_eq!(writes[2], "PUT /v2/team/app/manifests/1");
}

#[test]
fn what_is_there_is_not_sent_again() {
    let (registry, first, observed) = (open(), image(1, 60_000), client());
    let reference = registry.reference("app:1");
    wait(observed.client.publish(&first.publication(&reference))).expect("a push");
    registry.take_requests();

    // The same image: its index is there, so nothing below it is asked for.
    let again = client();
    wait(again.client.publish(&first.publication(&reference))).expect("a push");
    assert_eq!(again.outcomes(), []);
    let digest = first.entry.digest;
    let lines = registry.take_lines();
    assert_eq!(lines.iter().filter(|line| line.starts_with("HEAD")).count(), 3, "{lines:?}");
    assert!(lines.contains(&format!("HEAD /v2/app/manifests/{digest}")), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("/blobs/")), "{lines:?}");

    // Another application on the same base: the shared layer and the configurations stay.
    let (second, changed) = (image(2, 60_000), client());
    wait(changed.client.publish(&second.publication(&reference))).expect("a push");
    let mut outcomes = changed.outcomes();
    outcomes.retain(|(size, _)| *size >= 5000);
    assert_eq!(outcomes, [(5000, Transferred), (5000, Transferred), (60_000, Existing)]);
    assert_eq!(registry.missing("app", "1"), Vec::<String>::new());
}

#[test]
fn blobs_are_taken_over_from_other_repositories() {
    for (without_mounts, expected) in [(false, Mounted), (true, Transferred)] {
        let registry = registry(Options { without_mounts, ..Options::default() });
        let (image, observed) = (image(1, 60_000), client());
        for name in ["team/one:1", "team/two:1"] {
            let publication = image.publication(&registry.reference(name));
            wait(observed.client.publish(&publication)).expect("a push");
        }
        assert_eq!(registry.missing("team/two", "1"), Vec::<String>::new());
        let last = observed.outcomes().last().copied();
        assert_eq!(last, Some((60_000, expected)));
        // A registry that does not mount opens a session instead, and it is used.
        let requests = registry.take_requests();
        let of_two = |method: &str| {
            let meant = |request: &&attar_testing::registry::Request| {
                request.method == method && request.target.starts_with("/v2/team/two/blobs/uploads/")
            };
            requests.iter().filter(meant).count()
        };
        let blobs = 5;
        assert_eq!(of_two("POST"), blobs);
        assert_eq!(of_two("PUT"), if without_mounts { blobs } else { 0 });
    }
}

#[test]
fn a_blob_is_one_request_where_it_can_be() {
    let (registry, image, observed) = (open(), image(1, 9 << 20), client());
    wait(observed.client.publish(&image.publication(&registry.reference("app:1")))).expect("a push");
    let requests = registry.take_requests();
    assert!(!requests.iter().any(|request| request.method == "PATCH"));
    let whole = requests.iter().find(|request| request.received == 9 << 20).expect("one large request");
    assert_eq!(whole.headers.get("content-length").map(String::as_str), Some("9437184"));
    assert!(!whole.headers.contains_key("transfer-encoding"));
}

#[test]
fn what_is_too_large_goes_in_pieces() {
    for (options, largest) in [
        (Options { largest_body: Some(5 << 20), ..Options::default() }, 4 << 20),
        (Options { largest_body: Some(3 << 20), ..Options::default() }, 2 << 20),
        (
            Options { largest_body: Some(8 << 20), largest_piece: Some(1 << 20), ..Options::default() },
            1 << 20,
        ),
    ] {
        let (registry, image, observed) = (registry(options), image(1, 9 << 20), client());
        wait(observed.client.publish(&image.publication(&registry.reference("app:1")))).expect("a push");
        assert_eq!(registry.missing("app", "1"), Vec::<String>::new());
        let pieces: Vec<usize> = registry
            .take_requests()
            .iter()
            .filter(|request| request.method == "PATCH")
            .map(|request| request.received)
            .collect();
        assert_eq!(pieces.last(), Some(&(1 << 20)), "{pieces:?}");
        assert!(pieces.contains(&largest), "{pieces:?}");
    }
    let registry = registry(Options { largest_body: Some(1000), ..Options::default() });
    let (image, observed) = (image(1, 1 << 20), client());
    let error = wait(observed.client.publish(&image.publication(&registry.reference("app:1"))));
    let text = chain(&error.expect_err("a registry that takes nothing"), &registry);
    assert!(text.ends_with("413 Payload Too Large"), "{text}");
}

#[test]
fn an_upload_goes_on_where_it_was_cut() {
    let (registry, image, observed) = (open(), image(1, 9 << 20), client());
    registry.fail("PUT", &image.shared.digest.hex(), [Fault::CutRequest(3 << 20)]);
    wait(observed.client.publish(&image.publication(&registry.reference("app:1")))).expect("a push");
    assert_eq!(registry.missing("app", "1"), Vec::<String>::new());
    let ranges: Vec<String> = registry
        .take_requests()
        .iter()
        .filter(|request| request.method == "PATCH")
        .filter_map(|request| request.headers.get("content-range").cloned())
        .collect();
    assert_eq!(ranges, ["3145728-7340031", "7340032-9437183"]);
}

#[test]
fn a_cut_in_a_piece_is_repaired_too() {
    let registry = registry(Options { largest_body: Some(4 << 20), ..Options::default() });
    let (image, observed) = (image(1, 9 << 20), client());
    registry.fail("PATCH", "/blobs/uploads/", [Fault::CutRequest(1 << 20), Fault::CutAnswer(0), status(503)]);
    wait(observed.client.publish(&image.publication(&registry.reference("app:1")))).expect("a push");
    assert_eq!(registry.missing("app", "1"), Vec::<String>::new());
}

#[test]
fn an_upload_session_may_end() {
    for fault in [Fault::Expire, status(404), status(410)] {
        let (registry, image, observed) = (open(), image(1, 60_000), client());
        registry.fail("PUT", "/blobs/uploads/", [fault.clone()]);
        wait(observed.client.publish(&image.publication(&registry.reference("app:1")))).expect("a push");
        assert_eq!(registry.missing("app", "1"), Vec::<String>::new(), "{fault:?}");
    }
    // One that ends between two pieces: the blob begins anew.
    let registry = registry(Options { largest_body: Some(4 << 20), ..Options::default() });
    let (image, observed) = (image(1, 9 << 20), client());
    registry.fail("PATCH", "/blobs/uploads/", [Fault::Slow(1, std::time::Duration::ZERO), Fault::Expire]);
    wait(observed.client.publish(&image.publication(&registry.reference("app:1")))).expect("a push");
    assert_eq!(registry.missing("app", "1"), Vec::<String>::new());
}

#[test]
fn what_passes_is_tried_again() {
    for (method, path) in [
        ("GET", "/v2/"),
        ("HEAD", "/manifests/"),
        ("HEAD", "/blobs/"),
        ("POST", "/blobs/uploads/"),
        ("PUT", "/blobs/uploads/"),
        ("PUT", "/manifests/"),
    ] {
        for faults in [
            vec![status(500), status(502), status(503)],
            vec![status(429)],
            vec![Fault::CutAnswer(0), Fault::CutAnswer(0)],
            vec![Fault::Silence],
        ] {
            let (registry, image, observed) = (open(), image(1, 60_000), client());
            // A plain registry that breaks the first connection could be one that speaks TLS.
            if path == "/v2/" && matches!(faults[0], Fault::CutAnswer(_)) {
                continue;
            }
            registry.fail(method, path, faults.clone());
            wait(observed.client.publish(&image.publication(&registry.reference("app:1"))))
                .unwrap_or_else(|error| panic!("{method} {path} {faults:?}: {}", chain(&error, &registry)));
            assert_eq!(registry.missing("app", "1"), Vec::<String>::new(), "{method} {path} {faults:?}");
        }
    }
}

#[test]
fn a_registry_may_ask_to_wait() {
    let (registry, image, observed) = (open(), image(1, 1000), client());
    registry.fail("PUT", "/manifests/", [Fault::Status(429, vec![("Retry-After", "1".into())])]);
    let begun = Instant::now();
    wait(observed.client.publish(&image.publication(&registry.reference("app:1")))).expect("a push");
    assert!(begun.elapsed().as_secs_f64() >= 1.0, "{:?}", begun.elapsed());
}

#[test]
fn what_does_not_pass_is_told_with_the_registrys_words() {
    let told = |method: &str, path: &str, faults: Vec<Fault>| {
        let (registry, image, observed) = (open(), image(1, 60_000), client());
        registry.fail(method, path, faults);
        let result = wait(observed.client.publish(&image.publication(&registry.reference("app:1"))));
        let text = chain(&result.expect_err("a fault"), &registry);
        assert_eq!(registry.tag("app", "1"), None, "{text}");
        without_digests(&text)
    };
    let forbidden = || status(403);
    insta::assert_snapshot!(told("POST", "/blobs/uploads/", vec![forbidden(); 5]), @"cannot push blob DIGEST to `HOST/app`: 403 Forbidden");
    insta::assert_snapshot!(told("PUT", "/manifests/1", vec![forbidden(); 2]), @"cannot tag `HOST/app:1`: 403 Forbidden");
    insta::assert_snapshot!(told("GET", "/v2/", vec![status(503); 4]), @"cannot use the registry HOST: 503 Service Unavailable");
    insta::assert_snapshot!(told("POST", "/blobs/uploads/", vec![status(404); 9]), @"cannot push blob DIGEST to `HOST/app`: 404 Not Found");
    let text = told("PUT", "/blobs/uploads/", vec![status(400); 20]);
    assert!(text.ends_with("400 Bad Request"), "{text}");
}

#[test]
fn a_tag_that_may_not_move_is_fine_where_it_is() {
    let (registry, image, observed) = (open(), image(1, 1000), client());
    let publication = image.publication(&registry.reference("app:1"));
    wait(observed.client.publish(&publication)).expect("a push");
    registry.fail("PUT", "/manifests/1", [status(409)]);
    wait(observed.client.publish(&publication)).expect("it is where it should be");
}

#[test]
fn without_a_tag_an_image_is_there_by_digest() {
    let (registry, image, observed) = (open(), image(1, 1000), client());
    let mut publication = image.publication(&registry.reference("app"));
    publication.tags.clear();
    let published = wait(observed.client.publish(&publication)).expect("a push");
    assert_eq!(
        published.reference.to_string(),
        format!("{}@{}", registry.reference("app"), image.entry.digest)
    );
    assert_eq!(registry.tags("app"), Vec::<String>::new());
    let found = wait(observed.client.find(&published.reference)).expect("an answer").expect("the index");
    assert_eq!((found.digest, found.size), (image.entry.digest, image.entry.size));
    let other = repository(&registry, "other");
    let reference = attar_image::Reference { repository: other, ..published.reference };
    assert_eq!(wait(observed.client.find(&reference)).expect("an answer"), None);
}

#[test]
fn a_blob_that_cannot_be_read_is_told() {
    let (registry, image, observed) = (open(), image(1, 60_000), client());
    let publication = image.publication(&registry.reference("app:1"));
    std::fs::write(image.layout.blob_path(&image.shared.digest), "short").expect("a blob");
    let error = wait(observed.client.publish(&publication)).expect_err("a broken layout");
    let text = chain(&error, &registry);
    assert!(text.contains("cannot read the bytes to send"), "{text}");
    assert_eq!(registry.tags("app"), Vec::<String>::new());
    drop(image.scratch);
}

/// Gives the bytes of a layout slowly.
struct Slow(LayoutBlobs);

impl BlobSource for Slow {
    fn open(&self, blob: &Descriptor, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        struct Pauses(Box<dyn Read + Send>);
        impl Read for Pauses {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                std::thread::sleep(Duration::from_millis(30));
                let length = buffer.len().min(64 << 10);
                self.0.read(&mut buffer[..length])
            }
        }
        Ok(Box::new(Pauses(self.0.open(blob, offset)?)))
    }
}

#[test]
fn an_upload_may_take_longer_than_any_silence() {
    let (registry, image, observed) = (open(), image(1, 3 << 20), client());
    let mut publication = image.publication(&registry.reference("app:1"));
    publication.contents.blobs = Arc::new(Slow(LayoutBlobs(image.layout.clone())));
    wait(observed.client.publish(&publication)).expect("a push");
    assert_eq!(registry.missing("app", "1"), Vec::<String>::new());
    let sent = registry.take_requests().iter().filter(|request| request.received == 3 << 20).count();
    assert_eq!(sent, 1, "it was sent once, whole");
}
