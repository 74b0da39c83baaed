mod properties;

use attar_image::layout::Layout;
use attar_image::manifest::{Descriptor, Document, ImageConfig};
use attar_image::stack::{Settings, read_pair};
use attar_packages::ownership::Claims;
use attar_testing::Scratch;
use attar_testing::layers::{Codec, Layer, write_layout};

use super::*;

/// An image on the disk, and what its package data says.
struct Fixture {
    _scratch: Scratch,
    layout: Layout,
    image: Image,
    ownership: Ownership,
}

impl Fixture {
    fn of(layers: Vec<Layer>) -> Self {
        Self::with(layers, Codec::Plain)
    }

    fn with(layers: Vec<Layer>, codec: Codec) -> Self {
        let scratch = Scratch::new();
        let folder = scratch.join("layout");
        write_layout(&folder, "it", codec, layers.into_iter().map(Layer::tar)).expect("a layout");
        let layout = Layout::open(&folder).expect("a layout");
        let entry = layout.resolve(None).expect("an entry");
        let image = layout.image(&entry, None).expect("an image");
        Self { _scratch: scratch, layout, image, ownership: Ownership::default() }
    }

    /// Says which packages there are, each with version and files.
    fn packages(mut self, packages: &[(&str, &str, &[&str])]) -> Self {
        let mut claims = Claims::default();
        for (name, version, files) in packages {
            let control = format!("Package: {name}\nVersion: {version}\nArchitecture: amd64\n");
            let sums: Vec<String> =
                files.iter().map(|file| format!("d41d8cd98f00b204e9800998ecf8427e  {file}\n")).collect();
            let path = format!("var/lib/dpkg/status.d/{name}");
            claims.add(path.as_bytes(), control.as_bytes()).expect("small");
            claims.add(format!("{path}.md5sums").as_bytes(), sums.concat().as_bytes()).expect("small");
        }
        self.ownership = claims.settle(|directory| Some(directory.to_vec()));
        self
    }

    /// Changes the configuration; the manifest stays as it is.
    fn configured(mut self, edit: impl FnOnce(&mut ImageConfig)) -> Self {
        let mut config = self.image.config.value().clone();
        edit(&mut config);
        self.image.config = Document::new(config);
        // Another configuration has another digest, and so the manifest has one.
        let mut manifest = self.image.manifest.value().clone();
        manifest.config = Descriptor { digest: self.image.config.digest(), ..manifest.config };
        self.image.manifest = Document::new(manifest);
        self
    }
}

fn compared(before: &Fixture, after: &Fixture, scope: Scope) -> Comparison {
    let (one, other) = ((&before.layout as _, &before.image), (&after.layout as _, &after.image));
    let (ours, theirs) = read_pair(one, other, &Settings::default()).expect("layers");
    compare(
        Side { image: &before.image, stack: &ours, ownership: &before.ownership, is_root: false },
        Side { image: &after.image, stack: &theirs, ownership: &after.ownership, is_root: false },
        scope,
    )
}

/// Every change of a file, one a line.
fn changes(comparison: &Comparison) -> Vec<String> {
    let line = |file: &FileChange| {
        let mark = match file.change {
            Change::Added => '+',
            Change::Removed => '-',
            Change::Changed => '~',
        };
        let fields: Vec<String> = file
            .fields
            .iter()
            .map(|field| format!(" {} {}->{}", field.field, field.before, field.after))
            .collect();
        format!("{mark} {} {}{}", file.path, file.bytes, fields.join(","))
    };
    comparison.files.iter().map(line).collect()
}

#[test]
fn every_field_of_a_file_is_compared() {
    type Edit = fn(Layer) -> Layer;
    let cases: [(&str, Edit, Edit, &[&str]); 14] = [
        ("nothing", |layer| layer.file("f", "1"), |layer| layer.file("f", "1"), &[]),
        ("content", |l| l.file("f", "1"), |l| l.file("f", "2"), &["~ /f 0 content 1->1"]),
        ("size", |l| l.file("f", "1"), |l| l.file("f", "333"), &["~ /f 2 content 1->3"]),
        ("mode", |l| l.file("f", ""), |l| l.mode(0o4755).file("f", ""), &["~ /f 0 mode 0644->4755"]),
        ("owners", |l| l.file("f", ""), |l| l.owner(7, 8).file("f", ""), &["~ /f 0 owner 0->7, group 0->8"]),
        ("link", |l| l.symlink("f", "a"), |l| l.symlink("f", "b"), &["~ /f 0 link target a->b"]),
        (
            "attribute",
            |l| l.file("f", ""),
            |l| l.record("SCHILY.xattr.user.note", "x").file("f", ""),
            &["~ /f 0 attribute user.note not there->x"],
        ),
        ("device", |l| l.device("f", 1, 3), |l| l.device("f", 1, 5), &["~ /f 0 device number 1:3->1:5"]),
        (
            "type",
            |l| l.mode(0o755).file("f", "12"),
            |l| l.directory("f/").file("f/x", "1"),
            &["~ /f -2 type file->directory", "+ /f/x 1"],
        ),
        (
            "hard links",
            |l| l.file("a", "12").mode(0o644).hard_link("b", "a"),
            |l| l.file("a", "12").file("b", "12"),
            &["~ /a 0 hard links /b->not there", "~ /b 2 hard links /a->not there"],
        ),
        ("presence", |l| l.file("a", "12"), |l| l.file("b", "1"), &["- /a -2", "+ /b 1"]),
        ("an implied directory", |l| l.file("d/f", ""), |l| l.directory("d/").file("d/f", ""), &[]),
        (
            "an implied directory that is closed",
            |l| l.file("d/f", ""),
            |l| l.mode(0o700).directory("d/").file("d/f", ""),
            &["~ /d 0 mode 0755->0700"],
        ),
        ("order", |l| l.file("a", "").file("b", ""), |l| l.file("b", "").file("a", ""), &[]),
    ];
    for (case, before, after, expected) in cases {
        let (before, after) =
            (Fixture::of(vec![before(Layer::new())]), Fixture::of(vec![after(Layer::new())]));
        let comparison = compared(&before, &after, Scope::Contents);
        assert_eq!(changes(&comparison), expected, "{case}");
        let verdict = match case {
            "nothing" => Verdict::Identical,
            _ if expected.is_empty() => Verdict::SameContents,
            _ => Verdict::Differs,
        };
        assert_eq!(comparison.verdict, verdict, "{case}: {}", comparison.summary);
    }
}

#[test]
fn the_merged_views_are_compared_and_not_the_layers() {
    let files = |layer: Layer| layer.file("a", "1").file("b", "2");
    let one = Fixture::of(vec![files(Layer::new())]);
    let split = vec![
        Layer::new().file("a", "old").file("gone", "x"),
        Layer::new().file("a", "1").whiteout("gone").file("b", "2"),
    ];
    let split = Fixture::with(split, Codec::Gzip);
    let comparison = compared(&one, &split, Scope::Contents);
    assert_eq!(comparison.verdict, Verdict::SameContents);
    let expected = "same contents, other bytes: history, 2 layers instead of 1";
    assert_eq!(comparison.summary, expected);
    let strict = compared(&one, &split, Scope::Strict);
    assert_eq!(strict.verdict, Verdict::Differs);
    assert_eq!(strict.summary, "differs: configuration: history, 2 layers instead of 1");

    let packed = Fixture::with(vec![files(Layer::new())], Codec::Zstd);
    let comparison = compared(&one, &packed, Scope::Contents);
    assert_eq!(comparison.summary, "same contents, other bytes: layers compressed otherwise");
    let reordered = Fixture::of(vec![Layer::new().file("b", "2").file("a", "1")]);
    let comparison = compared(&one, &reordered, Scope::Contents);
    assert_eq!(comparison.summary, "same contents, other bytes: order of entries in 1 layer");
    assert_eq!(comparison.layers.reordered, [1]);
}

#[test]
fn files_are_grouped_by_package() {
    let layer = |content: &str, link: &str| {
        Layer::new()
            .file("usr/lib/libssl.so.3.1", content)
            .symlink("usr/lib/libssl.so", link)
            .file("usr/bin/tool", content)
            .file("etc/own", content)
            .file("var/lib/dpkg/status.d/ssl", content)
    };
    let before = Fixture::of(vec![layer("1", "libssl.so.3")])
        .packages(&[("ssl", "3.0-1", &["usr/lib/libssl.so.3.1"]), ("tool", "1", &["usr/bin/tool"])]);
    let after = Fixture::of(vec![layer("22", "libssl.so.3.1").file("opt/new/a", "1")])
        .packages(&[("ssl", "3.0-2", &["usr/lib/libssl.so.3.1"]), ("tool", "1", &["usr/bin/tool"])]);
    let comparison = compared(&before, &after, Scope::Contents);
    let groups: Vec<String> =
        comparison.files.iter().map(|file| format!("{} {:?}", file.path, file.group)).collect();
    let expected = [
        "/etc/own Unrecorded",
        "/opt Unrecorded",
        "/opt/new Unrecorded",
        "/opt/new/a Unrecorded",
        "/usr/bin/tool SameVersion { package: \"tool\" }",
        "/usr/lib/libssl.so Package { package: \"ssl\" }",
        "/usr/lib/libssl.so.3.1 Package { package: \"ssl\" }",
        "/var/lib/dpkg/status.d/ssl Package { package: \"ssl\" }",
    ];
    assert_eq!(groups, expected);
    let [package] = &comparison.packages[..] else { panic!("{:?}", comparison.packages) };
    assert_eq!((package.change.name(), package.files, package.bytes), ("upgraded", 3, 2));
    let expected = "differs: 1 package upgraded, 2 files changed, 1 file added, configuration the same";
    assert_eq!(comparison.summary, expected);
    let lines: Vec<String> = roll_up(&comparison.files)
        .iter()
        .map(|line| format!("{} {:?} {}", line.change.path, line.files, line.bytes))
        .collect();
    assert_eq!(lines[1], "/opt/new/a None 1", "a directory with one file is that file");
    let directory = comparison.directories.iter().find(|directory| directory.path == "/usr").expect("it");
    assert_eq!((directory.added, directory.removed, directory.changed, directory.bytes), (0, 0, 3, 2));
}

#[test]
fn versions_of_packages_are_compared() {
    let fixture = |packages: &[(&str, &str, &[&str])], file: &str| {
        Fixture::of(vec![Layer::new().file("f", file)]).packages(packages)
    };
    let before =
        fixture(&[("gone", "1", &[]), ("up", "1:1.0~rc1", &[]), ("down", "2", &[]), ("same", "1", &[])], "1");
    let after =
        fixture(&[("new", "1", &[]), ("up", "1:1.0", &[]), ("down", "1", &[]), ("same", "1", &[])], "2");
    let comparison = compared(&before, &after, Scope::Contents);
    let packages: Vec<String> = comparison
        .packages
        .iter()
        .map(|package| format!("{} {}", package.name, package.change.name()))
        .collect();
    assert_eq!(packages, ["down downgraded", "gone removed", "new added", "up upgraded"]);
    let expected = "differs: 1 package upgraded, 1 package downgraded, 1 package added, 1 package removed, \
                    1 file changed, configuration the same";
    assert_eq!(comparison.summary, expected);
}

#[test]
fn packages_made_for_each_platform_are_counted() {
    let fixture = |text: &str, architecture: &str, platform: &str| {
        let mut fixture = Fixture::of(vec![Layer::new().file("bin/tool", text).file("own", text)]);
        let control = format!("Package: tool\nVersion: 1\nArchitecture: {architecture}\n");
        let mut claims = Claims::default();
        claims.add(b"var/lib/dpkg/status.d/tool", control.as_bytes()).expect("small");
        let sums = b"d41d8cd98f00b204e9800998ecf8427e  bin/tool\n";
        claims.add(b"var/lib/dpkg/status.d/tool.md5sums", sums).expect("small");
        fixture.ownership = claims.settle(|directory| Some(directory.to_vec()));
        fixture.image.platform = platform.parse().expect("a platform");
        fixture
    };
    let amd64 = fixture("1", "amd64", "linux/amd64");
    let comparison = compared(&amd64, &fixture("2", "arm64", "linux/arm64"), Scope::Contents);
    assert_eq!(comparison.packages, [], "the version is the same");
    let expected = "differs: 1 file changed, 1 package for another architecture, configuration the same";
    assert_eq!(comparison.summary, expected);
    let comparison = compared(&amd64, &fixture("2", "arm64", "linux/amd64"), Scope::Contents);
    assert_eq!(comparison.packages[0].change.name(), "changed", "on one platform it is another package");
}

#[test]
fn configurations_are_compared_setting_by_setting() {
    let edited = |edit: fn(&mut serde_json::Value)| {
        let mut config = serde_json::json!({
            "architecture": "amd64", "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": []},
            "config": {"Env": ["A=1", "B=2"], "Entrypoint": ["/a"], "Image": "", "OnBuild": null},
        });
        edit(&mut config);
        serde_json::from_value::<ImageConfig>(config).expect("a configuration")
    };
    let plain = edited(|_| {});
    type Edit = fn(&mut serde_json::Value);
    let cases: [(&str, Edit, &[&str]); 7] = [
        ("order of variables", |c| c["config"]["Env"] = ["B=2", "A=1"].into(), &[]),
        (
            "a variable",
            |c| c["config"]["Env"] = ["A=9", "C="].into(),
            &["environment A 1->9", "environment B 2->-", "environment C -->"],
        ),
        ("what says nothing", |c| c["config"]["Cmd"] = serde_json::json!([]), &[]),
        ("the default directory", |c| c["config"]["WorkingDir"] = "/".into(), &[]),
        (
            "words of a command",
            |c| c["config"]["Entrypoint"] = ["/a", "b c"].into(),
            &[r#"entrypoint ["/a"]->["/a","b c"]"#],
        ),
        ("a port", |c| c["config"]["ExposedPorts"] = serde_json::json!({"80/tcp": {}}), &["port 80/tcp -->"]),
        ("an unknown field", |c| c["config"]["Shell"] = ["/bin/sh"].into(), &[r#"Shell -->["/bin/sh"]"#]),
    ];
    for (case, edit, expected) in cases {
        let found = configuration::compare(&plain, &edited(edit));
        let shown: Vec<String> = found
            .iter()
            .map(|setting| {
                let name = setting.name.iter().map(|name| format!(" {name}")).collect::<String>();
                let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
                format!("{}{name} {}->{}", setting.field, value(&setting.before), value(&setting.after))
            })
            .collect();
        assert_eq!(shown, expected, "{case}");
    }
}

#[test]
fn dates_count_only_where_all_bytes_do() {
    let layers = || vec![Layer::new().file("f", "1")];
    let dated =
        Fixture::of(layers()).configured(|config| config.created = Some("2026-01-01T00:00:00Z".into()));
    let plain = Fixture::of(layers());
    let comparison = compared(&plain, &dated, Scope::Contents);
    assert_eq!(comparison.summary, "same contents, other bytes: created");
    let comparison = compared(&plain, &dated, Scope::Strict);
    assert_eq!(comparison.summary, "differs: configuration: created");
    let started = Fixture::of(layers()).configured(|config| config.config = None);
    let comparison = compared(&plain, &started, Scope::Contents);
    assert_eq!(comparison.summary, "differs: configuration: entrypoint");
}

#[test]
fn what_is_not_there_is_not_judged() {
    let before = Fixture::of(vec![Layer::new().file("f", "1")]);
    let cut = || {
        let fixture = Fixture::of(vec![Layer::new().file("f", "1"), Layer::new().file("g", "2")]);
        let digest = fixture.image.manifest.layers[1].digest;
        std::fs::remove_file(fixture.layout.blob_path(&digest)).expect("the blob");
        (fixture, digest)
    };
    let (after, digest) = cut();
    let comparison = compared(&before, &after, Scope::Contents);
    assert_eq!(comparison.verdict, Verdict::CannotJudge);
    assert_eq!(comparison.files, []);
    let expected = format!("cannot judge: layer 2 of the second image ({digest}) is not there");
    assert_eq!(comparison.summary, expected);

    let comparison = compared(&after, &cut().0, Scope::Contents);
    assert_eq!(comparison.verdict, Verdict::Identical, "the same manifest is the same image");
    let configured = cut().0.configured(|config| config.config = None);
    let comparison = compared(&after, &configured, Scope::Contents);
    assert_eq!(comparison.summary, "differs: configuration: entrypoint", "layers of one digest are the same");
}
