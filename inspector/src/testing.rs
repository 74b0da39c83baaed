//! Stacks for the tests of this crate, out of layers made to measure.

use attar_image::layout::Layout;
use attar_image::stack::{Settings, Stack};
use attar_testing::Scratch;
use attar_testing::layers::{Codec, Layer, write_layout};

/// Returns the stack of these layers, the lowest first.
pub(crate) fn stack(layers: impl IntoIterator<Item = Layer>) -> Stack {
    read(layers, Settings::default())
}

/// Returns the stack of these layers with the digests of all contents.
pub(crate) fn stack_with_digests(layers: impl IntoIterator<Item = Layer>) -> Stack {
    read(layers, Settings { digests: true, ..Settings::default() })
}

fn read(layers: impl IntoIterator<Item = Layer>, settings: Settings<'_>) -> Stack {
    let scratch = Scratch::new();
    let folder = scratch.join("layout");
    write_layout(&folder, "it", Codec::Plain, layers.into_iter().map(Layer::tar)).expect("a layout");
    let layout = Layout::open(&folder).expect("a layout");
    let entry = layout.resolve(None).expect("an entry");
    let image = layout.image(&entry, None).expect("an image");
    Stack::read(&layout, &image, &settings).expect("a stack")
}

/// Returns as many bytes.
pub(crate) fn bytes(count: usize) -> Vec<u8> {
    vec![b'x'; count]
}
