//! Images of a slow registry: the first screen does not wait for layers, and nothing waits for them.

use std::time::Duration;

use attar_testing::layers::{Codec, Layer, write_layout};
use attar_testing::registry::{Fault, Options, Registry};
use attar_testing::tmux::Window;
use attar_testing::{Scratch, layout, need};

use super::{SIZE, attar, open};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// An image of two layers in a registry that can be told to be slow, and the digest of the lower one.
pub(crate) struct Slow {
    pub(crate) folder: Scratch,
    pub(crate) registry: Registry,
    pub(crate) lower: String,
    pub(crate) reference: String,
}

impl Slow {
    pub(crate) fn new() -> Self {
        let folder = Scratch::new();
        let lower = Layer::new().directory("etc").file("etc/large", noise(2_000_000)).tar();
        let upper = Layer::new().directory("app").file("app/small", "small").tar();
        write_layout(&folder.join("layout"), "1", Codec::Gzip, [lower, upper]).expect("a layout");
        let image = layout::single(&folder.join("layout"), "1").expect("an image");
        let registry = Registry::start(Options::default()).expect("a registry");
        let read = |digest: &str| std::fs::read(image.blob(digest)).expect("a blob of the layout");
        for digest in image.layers() {
            registry.put_blob("app", read(&digest));
        }
        registry.put_blob("app", read(image.manifest["config"]["digest"].as_str().expect("a digest")));
        registry.put_manifest("app", MANIFEST, &read(&image.digest), Some("1"));
        let reference = format!("registry:{}", registry.reference("app:1"));
        Self { folder, registry, lower: image.layers()[0].clone(), reference }
    }

    fn open(&self) -> Result<Window, String> {
        open(&self.folder, &[&self.reference, "--pane", "tree"])
    }
}

/// Returns bytes that cannot be compressed, always the same ones.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..count).map(|_| next()).collect()
}

#[test]
fn the_first_screen_comes_before_the_layers() {
    let slow = Slow::new();
    // About a minute for all of it.
    slow.registry.fail("GET", &slow.lower, [Fault::Slow(10_000, Duration::from_millis(300))]);
    let window = need!(slow.open());
    window.wait_for_all(&["step 1", "step 2"]);
    // The layer that is there can be looked at, while the other one says how far it is.
    window.wait_for("small");
    window.wait_until("how much of the layer is read", |screen| {
        screen.lines().any(|line| line.contains("step 1") && line.contains('%'))
            || screen.contains(" of 2.00 MB")
    });
    assert!(!window.screen().contains("etc/"));
    // Keys are answered meanwhile.
    window.keys("?");
    window.wait_for("one line up");
    window.keys("q");
    window.wait_without("one line up");
    // What is slow is given up.
    window.keys("Escape");
    window.wait_for("stopped: what was read so far stays");
    // And read anew, without the fault.
    window.keys("g r");
    window.wait_for("etc/");
}

#[test]
fn what_is_read_shows_up_when_it_is_there() {
    let slow = Slow::new();
    slow.registry.fail("GET", &slow.lower, [Fault::Slow(100_000, Duration::from_millis(50))]);
    let window = need!(slow.open());
    window.wait_for("step 1");
    window.wait_for_all(&["etc/", "app/", "layers: 2"]);
    window.keys("q");
    assert_eq!(window.ended().status, "0");
    // The second time nothing is slow: the layers are known.
    slow.registry.fail("GET", &slow.lower, [Fault::Silence]);
    let window = need!(slow.open());
    window.wait_for("etc/");
}

#[test]
fn a_registry_that_says_nothing_stops_nobody() {
    let slow = Slow::new();
    slow.registry.fail("", "/manifests/", [Fault::Silence, Fault::Silence, Fault::Silence]);
    let window = need!(slow.open());
    window.wait_for("app:1");
    window.keys("?");
    window.wait_for("one line up");
    window.keys("q");
    window.wait_without("one line up");
    window.keys("q");
    assert_eq!(window.ended().status, "0");
}

#[test]
fn a_layer_that_cannot_be_had_is_named_and_the_others_are_shown() {
    let slow = Slow::new();
    let refused = || Fault::Status(404, Vec::new());
    slow.registry.fail("GET", &slow.lower, [refused(), refused(), refused(), refused()]);
    let window =
        need!(Window::open(&attar(&slow.folder, &[&slow.reference, "--pane", "tree"]).into_command(), SIZE));
    window.wait_for("small");
    window.keys("1 k");
    window.wait_until("what is wrong with the layer", |screen| {
        screen.contains("404") || screen.contains("not found")
    });
}
