//! Layers that are hard to put on top of each other.

use std::path::Path;
use std::process::Command;

use attar_testing::layers::Layer;
use attar_testing::{Scratch, run};

/// Who shows what layers come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judge {
    /// umoci, which unpacks one layer over the other.
    Umoci,
    /// Docker, which unpacks every layer into a folder of its own, and a mounted overlay of these.
    Overlay,
}

/// Layers, and who sees something else in them than attar.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) layers: Vec<Vec<u8>>,
    pub(crate) differs: Vec<(Judge, &'static str)>,
}

pub(crate) fn all() -> Vec<Case> {
    let mut cases = whiteouts();
    cases.extend(types());
    cases.extend(links());
    cases.extend(forms());
    cases
}

fn case(name: &'static str, layers: impl IntoIterator<Item = Layer>) -> Case {
    Case { name, layers: layers.into_iter().map(Layer::tar).collect(), differs: Vec::new() }
}

impl Case {
    fn differs(mut self, judge: Judge, why: &'static str) -> Self {
        self.differs.push((judge, why));
        self
    }
}

/// Returns a layer with some files to be taken away.
fn lower() -> Layer {
    Layer::new()
        .directory("d/")
        .file("d/one", "1")
        .directory("d/deep/")
        .file("d/deep/two", "22")
        .file("top", "333")
        .symlink("link", "top")
}

fn whiteouts() -> Vec<Case> {
    use Judge::Overlay;
    vec![
        case("a file is deleted", [lower(), Layer::new().directory("d/").whiteout("d/one").whiteout("top")]),
        case("a directory is deleted", [lower(), Layer::new().whiteout("d")]),
        case("a link is deleted, its target stays", [lower(), Layer::new().whiteout("link")]),
        case(
            "nothing is deleted",
            [lower(), Layer::new().whiteout("none").directory("d").whiteout("d/none")],
        ),
        case(
            "a directory is made opaque, and filled",
            [lower(), Layer::new().directory("d/").opaque("d").file("d/three", "3")],
        ),
        case(
            "a directory is filled, and made opaque after that",
            [lower(), Layer::new().directory("d/").file("d/three", "3").opaque("d")],
        ),
        case(
            "a directory deep below an opaque one is made anew",
            [
                lower(),
                Layer::new().directory("d/").opaque("d").directory("d/deep/").file("d/deep/three", "3"),
            ],
        ),
        case(
            "a directory that is not in the layer is made opaque",
            [lower(), Layer::new().opaque("d").file("other", "")],
        ),
        case("the root is made opaque", [lower(), Layer::new().file(".wh..wh..opq", "").file("new", "1")])
            .differs(Overlay, "an overlay knows no opaque root"),
        case(
            "a deleted file comes back in a higher layer",
            [lower(), Layer::new().whiteout("top"), Layer::new().file("top", "back")],
        ),
        case(
            "a deleted directory comes back in a higher layer",
            [lower(), Layer::new().whiteout("d"), Layer::new().directory("d/").file("d/new", "1")],
        ),
        case(
            "a file is deleted and written in one layer",
            [lower(), Layer::new().whiteout("top").file("top", "new")],
        ),
        case(
            "a file is written and deleted in one layer",
            [lower(), Layer::new().file("top", "new").whiteout("top")],
        )
        .differs(Overlay, "Docker cannot unpack the layer"),
        case(
            "a directory is deleted and made in one layer",
            [lower(), Layer::new().whiteout("d").directory("d/").file("d/new", "1")],
        )
        .differs(Overlay, "Docker forgets the whiteout"),
        case(
            "names that storage drivers keep for themselves",
            [lower(), Layer::new().file(".wh..wh.aufs", "").directory(".wh..wh.plnk/").file("new", "")],
        ),
        case(
            "a whiteout that is a directory",
            [lower(), Layer::new().directory("d/.wh.one/").file("d/.wh.one/x", "")],
        ),
    ]
}

/// Something of every type is replaced by something of every other type, each pair in a directory of its
/// own.
fn types() -> Vec<Case> {
    let make = |kind: &str, layer: Layer, at: &str| match kind {
        "file" => layer.file(&format!("{at}/it"), "content"),
        "directory" => layer.directory(&format!("{at}/it/")).file(&format!("{at}/it/inner"), "1"),
        "link" => layer.symlink(&format!("{at}/it"), "place"),
        "dangling" => layer.symlink(&format!("{at}/it"), "nowhere"),
        "pipe" => layer.fifo(&format!("{at}/it")),
        "device" => layer.device(&format!("{at}/it"), 1, 3),
        _ => {
            let other = format!("{at}/another");
            layer.file(&other, "c").hard_link(&format!("{at}/it"), &other)
        }
    };
    let kinds = ["file", "directory", "link", "dangling", "pipe", "device", "name"];
    let (mut lower, mut upper) = (Layer::new(), Layer::new());
    for below in kinds {
        for above in kinds {
            let at = format!("{below}-to-{above}");
            lower = lower.directory(&format!("{at}/")).directory(&format!("{at}/place/"));
            lower = make(below, lower.file(&format!("{at}/place/inner"), "place"), &at);
            upper = make(above, upper, &at);
        }
    }
    vec![case("something of every type is replaced", [lower, upper])]
}

fn links() -> Vec<Case> {
    use Judge::Overlay;
    let merged = || {
        Layer::new().directory("usr/").directory("usr/lib/").file("usr/lib/a", "1").symlink("lib", "usr/lib")
    };
    let hidden = "an overlay hides the link behind the directory that Docker makes";
    vec![
        case("a file is put through a link", [merged(), Layer::new().file("lib/b", "2")])
            .differs(Overlay, hidden),
        case("a file is deleted through a link", [merged(), Layer::new().whiteout("lib/a")])
            .differs(Overlay, hidden),
        case(
            "a directory is made opaque through a link",
            [merged(), Layer::new().opaque("lib").file("lib/b", "2")],
        )
        .differs(Overlay, hidden),
        case(
            "a link out of the image",
            [Layer::new().symlink("out", "../../../../../tmp"), Layer::new().file("out/file", "x")],
        )
        .differs(Overlay, hidden),
        case(
            "links in a circle",
            [Layer::new().symlink("a", "b").symlink("b", "a"), Layer::new().file("c", "x")],
        ),
        case(
            "one name of three is deleted",
            [
                Layer::new().file("a", "same").hard_link("b", "a").hard_link("c", "a"),
                Layer::new().whiteout("a"),
            ],
        ),
        case(
            "one name of two is written anew",
            [Layer::new().file("a", "same").hard_link("b", "a"), Layer::new().file("a", "other")],
        ),
        case(
            "names in several directories",
            [
                Layer::new().directory("x/").file("x/a", "same").directory("y/").hard_link("y/b", "x/a"),
                Layer::new().whiteout("x"),
            ],
        ),
        case(
            "a name for a file of a lower layer",
            [Layer::new().file("a", "same"), Layer::new().hard_link("b", "a")],
        )
        .differs(Overlay, "Docker cannot unpack a link into another layer"),
        case(
            "a name for a file of a lower layer, which is deleted",
            [Layer::new().file("a", "same"), Layer::new().hard_link("b", "a"), Layer::new().whiteout("a")],
        )
        .differs(Overlay, "Docker cannot unpack a link into another layer"),
        case(
            "a symbolic link with a mode of its own",
            [Layer::new().mode(0o700).symlink("a", "b"), Layer::new().file("c", "x")],
        ),
        case(
            "a hard link with another mode and owner than the file",
            [
                Layer::new().file("a", "same").owner(7, 8).mode(0o700).hard_link("b", "a"),
                Layer::new().file("c", "x"),
            ],
        )
        .differs(Judge::Umoci, "umoci keeps what the file's own entry says"),
        case(
            "a name for a symbolic link",
            [Layer::new().symlink("a", "b").hard_link("c", "a"), Layer::new().file("d", "")],
        ),
    ]
}

fn forms() -> Vec<Case> {
    use Judge::Overlay;
    let long = "directory-of-some-length/".repeat(8) + "file";
    vec![
        case(
            "the same path twice",
            [Layer::new().file("a", "1").file("a", "22"), Layer::new().file("b", "")],
        )
        .differs(Overlay, "Docker refuses the layer"),
        case(
            "spellings of a path",
            [
                Layer::new().directory("./").directory("./d/").file("./d/a", "1").file("/d/b", "2"),
                Layer::new().file("d//a", "3").file("d/./b", "4"),
            ],
        ),
        case(
            "owners and modes",
            [
                Layer::new()
                    .owner(7, 8)
                    .mode(0o4755)
                    .file("a", "1")
                    .mode(0o1777)
                    .directory("t/")
                    .owner(3_000_000, 9)
                    .file("b", "2"),
                Layer::new().mode(0o2711).directory("t").mode(0).file("a", "1"),
            ],
        ),
        case(
            "attributes",
            [
                Layer::new()
                    .record("SCHILY.xattr.user.note", "value")
                    .file("a", "1")
                    .record("SCHILY.xattr.user.binary", [1, b'\n', 0xff])
                    .file("b", "2"),
                Layer::new().file("b", "2"),
            ],
        ),
        case("names longer than a header", [Layer::new().file(&long, "1"), Layer::new().symlink("l", &long)]),
        case(
            "a time with a fraction",
            [Layer::new().record("mtime", "1700000000.75").file("a", "1"), Layer::new().file("b", "")],
        ),
        case(
            "a time before 1970",
            [Layer::new().record("mtime", "-7").file("a", "1"), Layer::new().file("b", "")],
        )
        .differs(Overlay, "Docker takes 1970 instead"),
        Case { name: "sparse files as GNU writes them", layers: sparse("gnu"), differs: Vec::new() }
            .differs(Judge::Umoci, "umoci refuses the layer")
            .differs(Overlay, "Docker refuses the layer"),
        Case { name: "sparse files as POSIX has them", layers: sparse("posix"), differs: Vec::new() },
    ]
}

/// Packs a file with holes by `tar`, and a layer on top.
fn sparse(format: &str) -> Vec<Vec<u8>> {
    let scratch = Scratch::new();
    let holes = std::fs::File::create(scratch.join("holes")).expect("a file");
    for place in [1_u64 << 16, 1 << 20, 3 << 20] {
        std::os::unix::fs::FileExt::write_all_at(&holes, b"island", place).expect("written");
    }
    holes.set_len(4 << 20).expect("as long as it shall be");
    let archive = pack(scratch.path(), format);
    vec![archive, Layer::new().file("other", "").tar()]
}

fn pack(folder: &Path, format: &str) -> Vec<u8> {
    let out = folder.join("layer.tar");
    let mut tar = Command::new("tar");
    tar.arg("-C").arg(folder).args(["--sparse", "--format", format, "--owner=0", "--group=0", "--mtime=@7"]);
    run(tar.arg("-cf").arg(&out).arg("holes")).success();
    std::fs::read(out).expect("the archive")
}
