//! Who vouches for the packages that an image claims to hold.

use attar_builder::build::{self, Request};
use attar_builder::context::Context;
use attar_builder::event::Events;
use attar_builder::evidence::{self, Claim};
use attar_builder::rebuild::{Trust, Vouching, vouch};
use attar_image::layout::{Durability, Layout};
use attar_testing::archive::{Package, Suite};

use crate::stage::{Stage, trixie};

const SNAPSHOT: &str = "20261102T000000Z";

fn context(stage: &Stage) -> Context {
    Context::new(stage.settings(), 1, Events::ignore()).expect("a context")
}

/// Builds an image with `hello` for two platforms, and returns what its evidence claims.
fn claim(stage: &Stage) -> Claim {
    stage.scratch.write("spec/key.asc", stage.key.armored().expect("a key"));
    let spec = "contents:\n  foundation: none\n  repositories: [{debian: trixie, signed-by: key.asc}]\n  \
                packages: [hello]\nplatforms: [linux/amd64, linux/arm64]\n";
    let request = Request::new(stage.scratch.write("spec/attar.yaml", spec));
    let built = build::build(&context(stage), &request, None).expect("an image").built.remove(0);
    let layout = Layout::create(stage.scratch.join("layout")).expect("a layout");
    let writer = layout.write(Durability::Process).expect("the lock");
    let image = writer.put_document("application/vnd.oci.image.index.v1+json", &built.index).expect("stored");
    let entries = [built.evidence.write(&writer, &image).expect("stored")];
    let found = evidence::about(&layout, &image, &entries);
    Claim::read(&layout, found[0].1.value()).expect("evidence that can be used")
}

fn trust(stage: &Stage) -> Trust {
    Trust { keys: vec![stage.key.armored().expect("a key")], ..Trust::default() }
}

fn counts(vouching: &Vouching) -> (usize, usize) {
    (vouching.vouched, vouching.unvouched.len())
}

#[test]
fn a_trusted_key_has_to_sign_the_index_that_lists_a_package() {
    let stage = Stage::new();
    let mut claim = claim(&stage);
    let context = context(&stage);
    let vouching = vouch(&context, &claim, &trust(&stage));
    assert_eq!(counts(&vouching), (2, 0));
    let signers: Vec<String> = vouching.signers.iter().map(ToString::to_string).collect();
    assert_eq!(signers, [stage.key.fingerprint()]);
    let nobody = vouch(&context, &claim, &Trust::default());
    assert_eq!(counts(&nobody), (0, 2));
    assert!(nobody.unopened[0].1.contains("key"), "{:?}", nobody.unopened);
    let spec = vouch(&context, &claim, &Trust { spec: true, ..Trust::default() });
    assert_eq!(counts(&spec), (2, 0));
    // Name and version alone prove nothing.
    claim.lock.packages.get_mut("linux/amd64").expect("packages")[0].digest = attar_image::Digest::of("x");
    let vouching = vouch(&context, &claim, &trust(&stage));
    assert_eq!(counts(&vouching), (1, 1));
    assert_eq!(vouching.unvouched[0].architecture, "amd64");
}

#[test]
fn what_was_superseded_is_listed_in_the_snapshot_of_its_time() {
    let stage = Stage::new();
    let claim = claim(&stage);
    let newer = ["amd64", "arm64"].into_iter().fold(Suite::debian("trixie"), |suite, architecture| {
        suite.with_package(Package::new("hello", "2.11-1", architecture))
    });
    stage.serve(&newer.with("Date", "Mon, 02 Nov 2026 00:00:00 UTC"));
    let context = context(&stage);
    assert_eq!(counts(&vouch(&context, &claim, &trust(&stage))), (0, 2));
    for (area, suite) in [
        ("debian", trixie()),
        ("debian", Suite::debian("trixie-updates")),
        ("debian-security", Suite::debian("trixie-security")),
    ] {
        let files = suite.files(&stage.key).expect("a suite");
        stage.server.put_all(&format!("/snapshot/archive/{area}/{SNAPSHOT}"), &files);
    }
    assert_eq!(counts(&vouch(&context, &claim, &trust(&stage))), (2, 0));
}

#[test]
fn names_of_a_claim_lead_nowhere_else() {
    let stage = Stage::new();
    let mut claim = claim(&stage);
    let archive = claim.lock.archives.iter().position(|archive| archive.codename == "trixie");
    let archive = &mut claim.lock.archives[archive.expect("the archive of hello")];
    archive.codename = "../../secret".to_owned();
    archive.snapshot = Some("../../secret".to_owned());
    stage.targets();
    assert_eq!(counts(&vouch(&context(&stage), &claim, &trust(&stage))), (0, 2));
    assert_eq!(stage.targets(), Vec::<String>::new());
}
