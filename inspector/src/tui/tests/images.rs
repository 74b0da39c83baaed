//! Images for the tests, and a source that opens them.

use std::error::Error;
use std::sync::Arc;

use attar_image::layout::Layout;
use attar_image::path::TreePath;
use attar_image::stack::Stack;
use attar_packages::ownership::{Claims, Ownership};
use attar_testing::Scratch;
use attar_testing::layers::{Codec, Layer, write_layout};

use crate::tui::source::{
    Check, CheckState, Evidence, EvidencePlace, Failure, Found, Listed, Opened, Source, Told, Verdict, Wanted,
};

/// Opens the layouts of a folder by their names.
pub(in crate::tui) struct Folder(pub(in crate::tui) Scratch);

impl Folder {
    /// Returns a source with one image, `app`.
    pub(super) fn with(layers: impl IntoIterator<Item = Layer>) -> Self {
        let folder = Self(Scratch::new());
        folder.add("app", layers);
        folder
    }

    /// Adds an image.
    pub(super) fn add(&self, name: &str, layers: impl IntoIterator<Item = Layer>) {
        let layers = layers.into_iter().map(Layer::tar);
        write_layout(&self.0.join(name), "it", Codec::Gzip, layers).expect("a layout");
    }

    /// Returns a source with an image that has something of everything.
    pub(super) fn sample() -> Self {
        let status = "Package: tool\nStatus: install ok installed\nVersion: 1.2\nArchitecture: all\n";
        Self::with([
            Layer::new()
                .directory("etc")
                .file("etc/passwd", "root:x:0:0:root:/root:/sbin/nologin\n")
                .directory("usr")
                .directory("usr/bin")
                .mode(0o755)
                .file("usr/bin/tool", vec![b'x'; 50_000])
                .mode(0o644)
                .symlink("bin", "usr/bin")
                .file("var/lib/dpkg/status", status)
                .file("var/lib/dpkg/info/tool.list", "/.\n/usr\n/usr/bin\n/usr/bin/tool\n")
                .file("var/lib/apt/lists/index", vec![b'y'; 20_000]),
            Layer::new().whiteout("var/lib/apt/lists").mode(0o4755).file("usr/bin/tool", vec![b'x'; 50_000]),
            Layer::new()
                .directory("app")
                .file("app/main.py", "#!/usr/bin/python3\nprint('hello')  # greets\n")
                .file("app/データ.txt", "text\n")
                .file("app/evil\x1b[31mname", "x"),
        ])
    }
}

impl Source for Folder {
    fn list(&self, found: &mut dyn FnMut(Found)) {
        let word = "app".to_owned();
        let (size, created) = (Some(123_456), Some(1_700_000_000));
        found(Found::Image(Listed { word, place: "here".to_owned(), size, created }));
        found(Found::Note("docker does not answer".to_owned()));
    }

    fn open(&self, wanted: &Wanted, _: &dyn Told) -> Result<Opened, Failure> {
        let failure = |error: &dyn std::fmt::Display| Failure {
            message: format!("cannot read `{}`: {error}", wanted.word),
            hint: Some("name another image".to_owned()),
        };
        let layout = Layout::open(self.0.join(&wanted.word)).map_err(|error| failure(&error))?;
        let entry = layout.resolve(None).map_err(|error| failure(&error))?;
        let image = layout.image(&entry, None).map_err(|error| failure(&error))?;
        Ok(Opened {
            platforms: vec![image.platform.clone()],
            image,
            blobs: Arc::new(layout),
            fetching: None,
            analyses: None,
            is_root: false,
            place: format!("oci:{}", wanted.word),
        })
    }

    fn owners(&self, opened: &Opened, stack: &Stack) -> Result<Ownership, Failure> {
        let mut claims = Claims::default();
        for name in ["var/lib/dpkg/status", "var/lib/dpkg/info/tool.list"] {
            let Some(entry) = stack.find(&TreePath::parse(name).expect("a path")) else { continue };
            let mut bytes = Vec::new();
            let read = stack.visit_contents(&*opened.blobs, [entry], &mut |_, reader| {
                reader.read_to_end(&mut bytes).map(|_| ())
            });
            let failure = |error: &dyn std::fmt::Display| Failure { message: error.to_string(), hint: None };
            read.map_err(|error| failure(&error))?;
            claims.add(name.as_bytes(), &bytes).map_err(|error| failure(&error))?;
        }
        Ok(claims.settle(|directory| Some(directory.to_vec())))
    }

    fn failure(&self, error: &(dyn Error + 'static)) -> Failure {
        let causes: Vec<String> =
            std::iter::successors(Some(error), |error| (*error).source()).map(ToString::to_string).collect();
        Failure { message: causes.join(": "), hint: Some("copy the image again".to_owned()) }
    }

    fn verdict(&self, _: &Opened, _: &Arc<attar_image::blobs::Meter>) -> Result<Verdict, Failure> {
        let place = EvidencePlace {
            path: TreePath::parse("usr/bin/tool").expect("a path"),
            layer: Some(1),
            package: Some("tool".to_owned()),
            is_hidden: false,
        };
        let finding = Evidence {
            what: "/usr/bin/tool is setuid".to_owned(),
            why: "whoever runs it becomes its owner".to_owned(),
            fix: "remove the bit".to_owned(),
            places: vec![place],
        };
        let check = |id: &str, name: &str, state, findings| Check {
            id: id.to_owned(),
            name: name.to_owned(),
            state,
            reason: None,
            findings,
        };
        Ok(Verdict {
            summary: "no, grade D as strict".to_owned(),
            passes: Some(false),
            checks: vec![
                check("D01", "shells", CheckState::Passed, Vec::new()),
                check("D08", "privileges", CheckState::Failed, vec![finding]),
            ],
        })
    }
}
