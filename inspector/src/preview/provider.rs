//! Which file of an image provides a library.

use attar_image::elf::Facts;
use attar_image::linkage::library_places;
use attar_image::path::TreePath;
use attar_image::platform::Platform;
use attar_image::stack::{Form, Stack};

/// Returns what finds the libraries that an ELF file at a path of the merged view needs, and its
/// interpreter: the path of the file with all links followed.
///
/// The search path of the object counts, then the directories of the dynamic linker; neither the
/// environment nor the linker's cache does. Whether the library found is for the same machine is not
/// looked at.
pub fn provider<'a>(
    stack: &'a Stack,
    platform: &'a Platform,
    object: &'a TreePath,
) -> impl Fn(&Facts, &str) -> Option<TreePath> + 'a {
    let has = |path: &TreePath| {
        let paths = stack.paths();
        paths.find(path).is_some_and(|id| stack.visible(id).is_some() || !stack.children(id).is_empty())
    };
    move |facts, name| {
        let places = library_places(facts, object, name, platform, &has);
        places.iter().find_map(|place| file(stack, place))
    }
}

/// Returns the regular file that a path leads to.
fn file(stack: &Stack, place: &str) -> Option<TreePath> {
    let place = TreePath::root().resolve_link(place.as_bytes()).ok()?;
    let path = stack.resolve(&place)?;
    let entry = stack.find(&path)?;
    matches!(stack.row(stack.linked(entry)).form, Form::File).then_some(path)
}
