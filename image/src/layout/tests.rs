use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::sync::Barrier;

use super::*;
use crate::filesystem::Content;
use crate::layer::compression::Codec;
use crate::platform::Platform;
use crate::testing::{Scratch, image, index, referrer};

fn message(error: &dyn std::error::Error, folder: &Path) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text.replace(&folder.display().to_string(), "DIR")
}

fn names(layout: &Layout) -> Vec<String> {
    let index = layout.index().expect("an index");
    index.manifests.iter().map(|entry| entry.ref_name().unwrap_or("-").to_owned()).collect()
}

fn blobs(layout: &Layout) -> BTreeSet<Digest> {
    fs::read_dir(layout.blobs())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| Digest::from_hex(name.to_str().expect("UTF-8")).expect("a digest"))
        .collect()
}

/// Asserts that all blobs are those that the entries reach, and nothing else lies about.
fn assert_tidy(layout: &Layout) {
    let reach = layout.reach(&layout.index().expect("an index").manifests);
    assert_eq!((reach.missing, reach.unreadable), (vec![], vec![]));
    assert_eq!(reach.blobs, blobs(layout));
    let top: BTreeSet<_> = fs::read_dir(layout.directory())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    assert_eq!(top, ["blobs", "index.json", "oci-layout"].map(str::to_owned).into());
}

#[test]
fn layouts_are_made_only_where_nothing_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    Layout::create(at("new/below")).expect("a new folder");
    fs::create_dir(at("empty")).expect("a folder");
    fs::write(at("empty/.attar-x.partial"), "").expect("a file");
    Layout::create(at("empty")).expect("an empty folder");
    Layout::create(at("empty")).expect("a layout");

    fs::create_dir(at("home")).expect("a folder");
    fs::write(at("home/thesis.tex"), "").expect("a file");
    let error = Layout::create(at("home")).expect_err("not empty");
    assert_eq!(message(&error, folder.path()), "folder `DIR/home` is not empty and no OCI image layout");
    let error = Layout::open(at("home")).expect_err("no layout");
    assert_eq!(
        message(&error, folder.path()),
        "`DIR/home` is no OCI image layout: expected a file `oci-layout` in it"
    );

    fs::write(at("empty/oci-layout"), r#"{"imageLayoutVersion":"2.0.0"}"#).expect("a file");
    let error = Layout::create(at("empty")).expect_err("another version");
    assert_eq!(
        message(&error, folder.path()),
        "OCI image layout `DIR/empty` has version `2.0.0`: expected `1.0.0`"
    );
}

#[test]
fn creation_that_was_cut_short_is_completed() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("oci-layout"), MARKER_TEXT).expect("a file");
    let layout = Layout::create(folder.path()).expect("a layout");
    assert_eq!(names(&layout), [""; 0]);
    assert_tidy(&layout);
}

#[test]
fn blobs_are_verified_as_they_are_stored() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let content = Content::of(b"attar");
    for (bytes, expected) in [
        (&b"atta"[..], "size mismatch: expected 5 bytes, found 4"),
        (b"attar and much more", "size mismatch: expected 5 bytes, found 6"),
        (b"ottar", "checksum mismatch: expected sha256:"),
    ] {
        let error = writer.put("a/b", bytes, Some(content)).expect_err("other bytes");
        let text = message(&error, scratch.folder.path());
        assert!(text.starts_with(&format!("cannot store blob {}: {expected}", content.digest)), "{text}");
    }
    assert_eq!(blobs(&writer), BTreeSet::new());
    let stored = writer.put("a/b", &b"attar"[..], Some(content)).expect("the promised bytes");
    assert_eq!(stored, Descriptor::of("a/b", b"attar"));
    assert!(writer.has(&stored));
    let mode = fs::metadata(writer.blob_path(&stored.digest)).expect("a file").mode() & 0o777;
    assert_eq!(mode & 0o604, 0o604, "{mode:o}");
}

#[test]
fn damaged_blobs_are_noticed_and_healed() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let stored = writer.put("a/b", &b"attar"[..], None).expect("stored");
    let path = writer.blob_path(&stored.digest);
    let read = || {
        let mut text = String::new();
        writer.open_blob(&stored).map_err(|error| message(&error, scratch.folder.path()))?;
        writer
            .open_blob(&stored)
            .and_then(|mut blob| {
                blob.read_to_string(&mut text).map_err(|error| LayoutError::reading(&path, error))
            })
            .map_err(|error| message(&error, scratch.folder.path()))?;
        Ok::<_, String>(text)
    };
    fs::write(&path, "ottar").expect("a file");
    let error = read().expect_err("other bytes");
    assert!(error.contains("is damaged: checksum mismatch"), "{error}");
    fs::write(&path, "at").expect("a file");
    let error = read().expect_err("fewer bytes");
    assert!(error.ends_with("is damaged: size mismatch: expected 5 bytes, found 2"), "{error}");
    assert!(!writer.has(&stored));
    fs::remove_file(&path).expect("a file");
    let error = read().expect_err("no bytes");
    assert_eq!(error, format!("OCI image layout `DIR/layout` has no blob {}", stored.digest));
    writer.put("a/b", &b"attar"[..], None).expect("stored");
    assert_eq!(read(), Ok("attar".to_owned()));
}

#[test]
fn pieces_become_one_blob_and_stay_as_they_are() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let [one, two] = ["one", "two"].map(|name| scratch.folder.path().join(name));
    fs::write(&one, "one ").expect("a file");
    fs::write(&two, "two").expect("a file");
    let parts = [Part::File(&one), Part::Bytes(b"and "), Part::File(&two)];
    let whole = Descriptor::of("a/b", b"one and two");
    assert_eq!(writer.put_concatenation("a/b", &parts, None).expect("stored"), whole);
    fs::remove_file(writer.blob_path(&whole.digest)).expect("a file");
    let known = Content { digest: whole.digest, size: whole.size };
    assert_eq!(writer.put_concatenation("a/b", &parts, Some(known)).expect("stored"), whole);
    let stored = fs::read(writer.blob_path(&whole.digest)).expect("a file");
    assert_eq!(stored, b"one and two");

    let single =
        writer.put_concatenation("a/b", &[Part::File(&one)], Some(Content::of(b"one "))).expect("stored");
    let inode =
        |path: &Path| fs::metadata(path).map(|metadata| (metadata.ino(), metadata.nlink())).expect("a file");
    assert_ne!(inode(&one), inode(&writer.blob_path(&single.digest)));
    assert_eq!(inode(&one).1, 1);

    let short = Content { size: 3, ..Content::of(b"x") };
    let error = writer.put_concatenation("a/b", &[Part::File(&one)], Some(short)).expect_err("another size");
    assert_eq!(
        message(&error, scratch.folder.path()),
        format!("cannot store blob {}: size mismatch: expected 3 bytes, found 4", short.digest)
    );
}

#[test]
fn an_entry_takes_its_blobs_and_referrers_with_it() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let shared: &[(&str, &str)] = &[("shared", "s")];
    let make =
        |platform: &str, text: &str| image(&writer, platform, Codec::None, &[shared, &[("own", text)]]);
    let old = index(&writer, vec![make("amd64", "old"), make("arm64", "old")]);
    let other = make("amd64", "other");
    let evidence = referrer(&writer, &old, "evidence");
    let on_child = referrer(&writer, &writer.images(&old).expect("images")[0].descriptor, "on child");
    let on_evidence = referrer(&writer, &evidence, "on evidence");
    let on_other = referrer(&writer, &other, "on other");
    writer.replace_entry(Some("app"), &old, &[evidence, on_child, on_evidence]).expect("an entry");
    writer.replace_entry(Some("other"), &other, std::slice::from_ref(&on_other)).expect("an entry");
    assert_eq!(names(&writer), ["app", "-", "-", "-", "other", "-"]);
    assert_tidy(&writer);

    let foreign = writer.put("a/b", &b"nobody names me"[..], None).expect("stored");
    let new = index(&writer, vec![make("amd64", "new"), make("arm64", "old")]);
    let before = blobs(&writer);
    let garbage = writer.replace_entry(Some("app"), &new, &[]).expect("an entry");
    assert_eq!(names(&writer), ["app", "other", "-"]);
    assert!(writer.has(&foreign), "what the old entry did not reach stays");
    assert_eq!(garbage.blobs.iter().copied().collect::<BTreeSet<_>>(), &before - &blobs(&writer));
    // The index with the manifest and configuration of its first platform, and three referrers with
    // their texts. The second platform stays with its layers, and the empty configuration.
    assert_eq!(garbage.blobs.len(), 3 + 6);
    fs::remove_file(writer.blob_path(&foreign.digest)).expect("a file");
    assert_tidy(&writer);
    assert_eq!(writer.resolve(Some("other")).expect("an entry").digest, other.digest);
}

#[test]
fn two_names_of_one_image_share_it() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let app = image(&writer, "amd64", Codec::GZIP, &[&[("a", "1")]]);
    let evidence = referrer(&writer, &app, "evidence");
    writer.replace_entry(Some("one"), &app, std::slice::from_ref(&evidence)).expect("an entry");
    writer.replace_entry(Some("two"), &app, std::slice::from_ref(&evidence)).expect("an entry");
    assert_eq!(names(&writer), ["one", "-", "two"]);
    let new = image(&writer, "amd64", Codec::GZIP, &[&[("a", "2")]]);
    let garbage = writer.replace_entry(Some("one"), &new, &[]).expect("an entry");
    assert_eq!((garbage, names(&writer)), (Garbage::default(), vec!["one".into(), "-".into(), "two".into()]));
    assert_tidy(&writer);
}

#[test]
fn an_entry_that_is_there_already_is_left_alone() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let make = |text: &str| image(&writer, "amd64", Codec::GZIP, &[&[("a", text)]]);
    let (app, other) = (make("1"), make("2"));
    let evidence = referrer(&writer, &app, "evidence");
    let signature = referrer(&writer, &app, "signature");
    let named = |name| writer.directory().join(name);
    let both = [signature.clone(), evidence.clone()];
    writer.replace_entry(Some("app"), &app, &both).expect("an entry");
    writer.replace_entry(Some("other"), &other, &[]).expect("an entry");

    let before = fs::metadata(named("index.json")).expect("an index").ino();
    let both = [evidence.clone(), signature];
    assert_eq!(writer.replace_entry(Some("app"), &app, &both).expect("an entry"), Garbage::default());
    assert_eq!(fs::metadata(named("index.json")).expect("an index").ino(), before, "nothing was written");

    // A referrer that is no longer wanted goes all the same.
    let garbage = writer.replace_entry(Some("app"), &app, &[evidence]).expect("an entry");
    assert!(!garbage.blobs.is_empty());
    assert_eq!(names(&writer), ["app", "other", "-"]);
    assert_tidy(&writer);
}

#[test]
fn an_entry_without_a_name_stands_alone() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let [one, two] = ["1", "2"].map(|text| image(&writer, "amd64", Codec::None, &[&[("a", text)]]));
    writer.replace_entry(None, &one, &[]).expect("an entry");
    writer.replace_entry(None, &two, &[]).expect("an entry");
    assert_eq!(names(&writer), ["-"]);
    assert_eq!(writer.resolve(None).expect("an entry").digest, two.digest);
    assert_tidy(&writer);
    let one = image(&writer, "amd64", Codec::None, &[&[("a", "1")]]);
    let error = writer.replace_entry(Some("app"), &one, &[]).expect_err("beside a nameless one");
    assert_eq!(
        message(&error, scratch.folder.path()),
        "cannot put entry `app` into OCI image layout `DIR/layout`: it has an entry without a name, which must \
         stand alone"
    );

    let named = Scratch::new();
    let writer = named.writer();
    let one = image(&writer, "amd64", Codec::None, &[&[("a", "1")]]);
    writer.replace_entry(Some("app"), &one, &[]).expect("an entry");
    let error = writer.replace_entry(None, &one, &[]).expect_err("beside a named one");
    assert_eq!(
        message(&error, named.folder.path()),
        "cannot put an entry without a name into OCI image layout `DIR/layout` (it has `app`)"
    );
}

#[test]
fn entries_that_are_not_whole_are_refused() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let app = image(&writer, "amd64", Codec::None, &[&[("a", "1")]]);
    let layer = writer.images(&app).expect("images")[0].manifest.layers[0].digest;
    fs::remove_file(writer.blob_path(&layer)).expect("a file");
    let error = writer.replace_entry(None, &app, &[]).expect_err("a layer is missing");
    assert_eq!(
        message(&error, scratch.folder.path()),
        format!("OCI image layout `DIR/layout` has no blob {layer}")
    );
    for (name, is_valid) in
        [("v1.2", true), ("a/b:c@d+e--f_g", true), ("", false), ("a b", false), ("-a", false), ("a/", false)]
    {
        let refused = matches!(writer.replace_entry(Some(name), &app, &[]), Err(LayoutError::Name { .. }));
        assert_eq!(refused, !is_valid, "{name}");
    }
}

#[test]
fn unreadable_neighbours_keep_their_blobs() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let [one, two] = ["1", "2"].map(|text| image(&writer, "amd64", Codec::None, &[&[("a", text)]]));
    writer.replace_entry(Some("one"), &one, &[]).expect("an entry");
    writer.replace_entry(Some("two"), &two, &[]).expect("an entry");
    fs::write(writer.blob_path(&two.digest), "{}").expect("a file");
    let before = blobs(&writer);
    let three = image(&writer, "amd64", Codec::None, &[&[("a", "3")]]);
    let garbage = writer.replace_entry(Some("one"), &three, &[]).expect("an entry");
    assert_eq!(garbage, Garbage::default());
    assert!(before.is_subset(&blobs(&writer)));
}

#[test]
fn what_a_killed_writer_left_goes() {
    let scratch = Scratch::new();
    let app = image(&scratch.writer(), "amd64", Codec::None, &[&[("a", "1")]]);
    scratch.writer().replace_entry(Some("app"), &app, &[]).expect("an entry");
    fs::write(scratch.layout.directory().join(".attar-1234.partial"), "half").expect("a file");
    assert_eq!(scratch.layout.resolve(Some("app")).expect("an entry").digest, app.digest);
    drop(scratch.writer());
    assert_tidy(&scratch.layout);
}

#[test]
fn entries_are_found_by_what_people_call_them() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let error = writer.resolve(None).expect_err("empty");
    assert_eq!(message(&error, scratch.folder.path()), "OCI image layout `DIR/layout` has no image");
    let [one, two] = ["1", "2"].map(|text| image(&writer, "amd64", Codec::None, &[&[("a", text)]]));
    let one = one.with_annotation(CONTAINERD_NAME, "docker.io/acme/app:1");
    writer.replace_entry(Some("1"), &one, &[]).expect("an entry");
    assert_eq!(writer.resolve(None).expect("the only entry").digest, one.digest);
    writer.replace_entry(Some("2"), &two, &[]).expect("an entry");
    for (name, digest) in [
        ("1", one.digest),
        ("2", two.digest),
        ("docker.io/acme/app:1", one.digest),
        (&two.digest.to_string(), two.digest),
    ] {
        assert_eq!(writer.resolve(Some(name)).expect(name).digest, digest);
    }
    for (name, text) in [
        (None, "OCI image layout `DIR/layout` has 2 entries (it has `1`, `2`)"),
        (Some("3"), "OCI image layout `DIR/layout` has no entry `3` (it has `1`, `2`)"),
    ] {
        let error = writer.resolve(name).expect_err("no single entry");
        assert_eq!(message(&error, scratch.folder.path()), text);
    }
}

#[test]
fn platforms_are_found_below_indexes() {
    let scratch = Scratch::new();
    let writer = scratch.writer();
    let [amd64, arm64] = ["amd64", "arm64"].map(|name| image(&writer, name, Codec::None, &[&[("a", name)]]));
    let attestation =
        referrer(&writer, &amd64, "provenance").with_platform("unknown/unknown".parse().expect("a platform"));
    let nested = index(&writer, vec![amd64, arm64, attestation]);
    let entry = index(&writer, vec![nested]);
    let images = writer.images(&entry).expect("images");
    let platforms: Vec<_> = images.iter().map(|image| image.platform.to_string()).collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
    assert_eq!(images[0].layers().len(), 1);
    let wanted: Platform = "linux/arm64/v8".parse().expect("a platform");
    let found = writer.image(&entry, Some(&wanted)).expect("the image");
    assert_eq!(found.descriptor, images[1].descriptor);
    let errors: [&dyn Fn() -> LayoutError; 2] =
        [&|| writer.image(&entry, None).expect_err("two platforms"), &|| {
            writer.image(&entry, Some(&Platform::new("linux", "s390x", None))).expect_err("another platform")
        }];
    assert_eq!(
        errors.map(|error| message(&error(), scratch.folder.path())),
        [
            format!("image {} is made for several platforms: linux/amd64, linux/arm64", entry.digest),
            format!("image {} is not made for linux/s390x, only for linux/amd64, linux/arm64", entry.digest),
        ]
    );
    let odd = writer.put("text/plain", &b"x"[..], None).expect("stored");
    assert!(matches!(writer.images(&odd), Err(LayoutError::NotAnImage { .. })));
    let deep = (0..6).fold(entry, |entry, _| index(&writer, vec![entry]));
    assert!(matches!(writer.images(&deep), Err(LayoutError::TooDeep { .. })));
}

#[test]
fn many_writers_take_turns() {
    let scratch = Scratch::new();
    let barrier = Barrier::new(6);
    std::thread::scope(|scope| {
        for number in 0..6 {
            let (scratch, barrier) = (&scratch, &barrier);
            scope.spawn(move || {
                barrier.wait();
                // Three pairs fight about one name each; all share a layer.
                let name = format!("app-{}", number / 2);
                let text = number.to_string();
                for _ in 0..5 {
                    let writer = scratch.writer();
                    let app = image(
                        &writer,
                        "amd64",
                        Codec::GZIP,
                        &[&[("shared", "s")], &[("own", text.as_str())]],
                    );
                    writer.replace_entry(Some(&name), &app, &[]).expect("an entry");
                }
            });
        }
    });
    let mut found = names(&scratch.layout);
    found.sort();
    assert_eq!(found, ["app-0", "app-1", "app-2"]);
    assert_tidy(&scratch.layout);
}

#[test]
fn everything_can_be_forced_to_disk() {
    let scratch = Scratch::new();
    let writer = scratch.layout.write(Durability::Disk).expect("the lock");
    let app = image(&writer, "amd64", Codec::None, &[&[("a", "1")]]);
    writer.replace_entry(Some("app"), &app, &[]).expect("an entry");
    assert_tidy(&writer);
}
