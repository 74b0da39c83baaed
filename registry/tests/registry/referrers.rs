//! What is said about an image: by the registry's own list, or by the fallback tag.

use std::sync::Arc;

use attar_image::manifest::{Annotations, Descriptor};
use attar_registry::{Artifact, ArtifactLayer, Publication, fallback_tag};
use attar_testing::registry::{Fault, Options};

use crate::support::{chain, client, image, registry, repository, wait};

fn evidence(subject: &Descriptor, text: &str) -> Artifact {
    let layer = ArtifactLayer {
        media_type: "text/plain".into(),
        bytes: Arc::from(text.as_bytes()),
        annotations: Annotations::new(),
    };
    Artifact {
        artifact_type: "application/vnd.example.evidence".into(),
        layers: vec![layer],
        annotations: Annotations::from([("kind".to_owned(), text.to_owned())]),
        subject: Some(subject.clone()),
    }
}

fn both() -> [Options; 2] {
    [true, false].map(|referrers| Options { referrers, ..Options::default() })
}

#[test]
fn what_is_attached_is_listed() {
    for options in both() {
        let (registry, image, observed) = (registry(options.clone()), image(1, 1000), client());
        let at = repository(&registry, "app");
        assert_eq!(wait(observed.client.referrers(&at, image.entry.digest)).expect("a list"), []);
        let texts = ["one", "two", "three", "four", "five"];
        for text in texts {
            wait(observed.client.attach(&at, &evidence(&image.entry, text).contents())).expect("attached");
        }
        // Attaching the same again changes nothing.
        wait(observed.client.attach(&at, &evidence(&image.entry, "one").contents())).expect("attached");
        let found = wait(observed.client.referrers(&at, image.entry.digest)).expect("a list");
        let mut kinds: Vec<&str> =
            found.iter().filter_map(|entry| Some(entry.annotations.get("kind")?.as_str())).collect();
        kinds.sort_unstable();
        let mut expected = texts;
        expected.sort_unstable();
        assert_eq!(kinds, expected, "{options:?}");
        let types = found
            .iter()
            .all(|entry| entry.artifact_type.as_deref() == Some("application/vnd.example.evidence"));
        assert!(types, "{found:?}");
        let tags =
            if options.referrers { vec![] } else { vec![fallback_tag(&image.entry.digest).to_string()] };
        assert_eq!(registry.tags("app"), tags);
    }
}

#[test]
fn evidence_is_there_before_the_tag_moves() {
    for options in both() {
        let (registry, image, observed) = (registry(options), image(1, 1000), client());
        let publication = Publication {
            referrers: vec![evidence(&image.entry, "sbom").contents()],
            ..image.publication(&registry.reference("app:1"))
        };
        wait(observed.client.publish(&publication)).expect("a push");
        let lines = registry.take_lines();
        assert_eq!(lines.last().map(String::as_str), Some("PUT /v2/app/manifests/1"), "{lines:?}");
        let by_digest = format!("PUT /v2/app/manifests/{}", image.entry.digest);
        assert!(lines.contains(&by_digest), "{lines:?}");

        registry.fail("PUT", "/manifests/", vec![Fault::Status(403, Vec::new()); 2]);
        let changed = Publication {
            referrers: vec![evidence(&image.entry, "other").contents()],
            ..image.publication(&registry.reference("app:2"))
        };
        wait(observed.client.publish(&changed)).expect_err("the evidence is refused");
        assert_eq!(registry.tag("app", "2"), None);
    }
}

#[test]
fn writers_of_a_list_take_turns() {
    let (registry, image, observed) = (registry(Options::default()), image(1, 1000), client());
    let at = repository(&registry, "app");
    let texts: Vec<String> = (0..6).map(|number| format!("evidence {number}")).collect();
    wait(async {
        let attached = texts.iter().map(|text| {
            let (client, at) = (observed.client.clone(), at.clone());
            let contents = evidence(&image.entry, text).contents();
            tokio::spawn(async move { client.attach(&at, &contents).await })
        });
        for attached in attached.collect::<Vec<_>>() {
            attached.await.expect("no panic").expect("attached");
        }
    });
    let found = wait(observed.client.referrers(&at, image.entry.digest)).expect("a list");
    assert_eq!(found.len(), texts.len());
}

#[test]
fn an_artifact_of_a_layout_travels_with_its_image() {
    use attar_image::layout::Durability;
    let (registry, image, observed) = (registry(Options::default()), image(1, 1000), client());
    let writer = image.layout.write(Durability::Process).expect("its lock");
    let referrer = evidence(&image.entry, "sbom").write(&writer).expect("a manifest");
    writer.replace_entry(None, &image.entry, std::slice::from_ref(&referrer)).expect("an entry");
    drop(writer);
    let artifact = attar_registry::Contents::of_layout(&image.layout, &referrer).expect("an artifact");
    let publication =
        Publication { referrers: vec![artifact], ..image.publication(&registry.reference("app:1")) };
    wait(observed.client.publish(&publication)).expect("a push");
    let at = repository(&registry, "app");
    let found = wait(observed.client.referrers(&at, image.entry.digest)).expect("a list");
    assert_eq!(found.iter().map(|entry| entry.digest).collect::<Vec<_>>(), [referrer.digest]);
    let error = wait(observed.client.attach(&at, &image.contents())).expect_err("no subject");
    assert!(chain(&error, &registry).contains("is about no other one"), "{error}");
}
