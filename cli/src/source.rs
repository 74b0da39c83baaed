//! What a reading command reads: a spec or an image, from the one word that names it.
//!
//! A prefix always wins; a word that looks like a path is one; a word that ends in `.yaml` is a file;
//! all else is an image reference, whatever lies in the working directory.

use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use attar_builder::export;
use attar_image::archive;
use attar_image::reference::Reference;
use attar_registry::engine::Kind;

use crate::discovery::SPEC;
use crate::failure::Usage;

/// A spec or an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A spec.
    Spec(PathBuf),
    /// An image.
    Image(ImageSource),
}

/// Where an image is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ImageSource {
    /// An OCI image layout in a folder, with the name of the entry if one is named.
    Layout {
        /// The folder.
        folder: PathBuf,
        /// Name of the entry.
        name: Option<String>,
    },
    /// An OCI image layout, a Docker archive or a root file system in a tar file; its content says which.
    Archive {
        /// The file.
        file: PathBuf,
        /// Name of one image of several.
        name: Option<String>,
    },
    /// A root file system in a folder or a tar file.
    Root(PathBuf),
    /// An archive on standard input.
    Stdin,
    /// In a registry.
    Registry(Reference),
    /// In an engine.
    Engine {
        /// The engine.
        kind: Kind,
        /// What the engine is asked for: a name, or an identifier.
        name: String,
    },
    /// In the first engine that has it, else in its registry.
    Anywhere(Reference),
}

impl ImageSource {
    /// Says whether the image is in a file or folder.
    pub(crate) fn is_here(&self) -> bool {
        matches!(self, Self::Layout { .. } | Self::Archive { .. } | Self::Root(_) | Self::Stdin)
    }

    /// Returns where a variant of the image is, as `attar build` names it; `None` where variants have no
    /// names of their own.
    pub(crate) fn of_variant(&self, variant: &str) -> Option<Self> {
        if variant.is_empty() {
            return Some(self.clone());
        }
        match self {
            Self::Layout { folder, name: Some(name) } => {
                let name = Some(export::entry_name(name, variant));
                Some(Self::Layout { folder: folder.clone(), name })
            }
            Self::Registry(reference) => export::variant_reference(reference, variant).map(Self::Registry),
            Self::Anywhere(reference) => export::variant_reference(reference, variant).map(Self::Anywhere),
            Self::Layout { name: None, .. }
            | Self::Archive { .. }
            | Self::Root(_)
            | Self::Stdin
            | Self::Engine { .. } => None,
        }
    }
}

impl fmt::Display for ImageSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layout { folder, name: Some(name) } => write!(f, "oci:{}:{name}", folder.display()),
            Self::Layout { folder, name: None } => write!(f, "oci:{}", folder.display()),
            Self::Archive { file, name: Some(name) } => write!(f, "{}:{name}", file.display()),
            Self::Archive { file, name: None } => write!(f, "{}", file.display()),
            Self::Root(path) => write!(f, "rootfs:{}", path.display()),
            Self::Stdin => f.write_str("-"),
            Self::Registry(reference) => write!(f, "registry:{}", reference.familiar()),
            Self::Engine { kind, name } => write!(f, "{}:{name}", kind.prefix()),
            Self::Anywhere(reference) => f.write_str(&reference.familiar()),
        }
    }
}

/// What a word says by its form alone.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form<'a> {
    Layout { folder: &'a str, name: Option<&'a str> },
    Archive { file: &'a str, name: Option<&'a str> },
    Root(&'a str),
    Stdin,
    SpecFile(&'a str),
    Path(&'a str),
    Engine { prefix: &'a str, name: &'a str },
    Registry(&'a str),
    Reference(&'a str),
}

/// Finds out what a word names.
pub(crate) fn parse(word: &str) -> anyhow::Result<Source> {
    let source = match form(word) {
        Form::Layout { folder, name } => {
            Source::Image(ImageSource::Layout { folder: folder.into(), name: name.map(String::from) })
        }
        Form::Archive { file, name } => {
            Source::Image(ImageSource::Archive { file: file.into(), name: name.map(String::from) })
        }
        Form::Root(path) => Source::Image(ImageSource::Root(path.into())),
        Form::Stdin => Source::Image(ImageSource::Stdin),
        Form::SpecFile(path) => Source::Spec(path.into()),
        Form::Path(path) => by_content(Path::new(path))?,
        Form::Engine { prefix: "containerd", .. } => {
            return Err(Usage::new("this version reads no images of `containerd:`")
                .hint("`ctr images export FILE NAME` writes an archive that it reads: `oci-archive:FILE`")
                .into());
        }
        Form::Engine { prefix, name } => {
            let kind = if prefix == "podman" { Kind::Podman } else { Kind::Docker };
            Source::Image(ImageSource::Engine { kind, name: name.to_owned() })
        }
        Form::Registry(text) => Source::Image(ImageSource::Registry(reference(text, word)?)),
        Form::Reference(text) => Source::Image(ImageSource::Anywhere(reference(text, word)?)),
    };
    Ok(source)
}

/// Says whether a word before a colon is no image's name, but says where the image is.
pub(crate) fn is_prefix(word: &str) -> bool {
    !matches!(form(&format!("{word}:x")), Form::Reference(_))
}

fn form(word: &str) -> Form<'_> {
    if let Some((prefix, rest)) = word.split_once("://").or_else(|| word.split_once(':')) {
        match prefix {
            "oci" => {
                let (folder, name) = with_name(rest);
                return Form::Layout { folder, name };
            }
            "oci-archive" | "docker-archive" => {
                let (file, name) = with_name(rest);
                return Form::Archive { file, name };
            }
            "rootfs" => return Form::Root(rest),
            "docker" | "podman" | "containerd" => return Form::Engine { prefix, name: rest },
            "docker-daemon" => return Form::Engine { prefix: "docker", name: rest },
            "registry" => return Form::Registry(rest),
            _ => {}
        }
    }
    if word == "-" {
        Form::Stdin
    } else if word.ends_with(".yaml") || word.ends_with(".yml") {
        Form::SpecFile(word)
    } else if looks_like_a_path(word) {
        Form::Path(word)
    } else {
        Form::Reference(word)
    }
}

/// Takes the name of one image from behind a path.
fn with_name(text: &str) -> (&str, Option<&str>) {
    match text.split_once(':') {
        Some((path, name)) => (path, Some(name)),
        None => (text, None),
    }
}

/// Says whether a word names a spec or an image rather than what to look for in one.
pub(crate) fn looks_like_a_path(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    matches!(word, "." | ".." | "-")
        || ["/", "./", "../"].iter().any(|start| word.starts_with(start))
        || name.ends_with(".tar")
        || name.ends_with(".tgz")
        || name.contains(".tar.")
}

fn by_content(path: &Path) -> Result<Source, Usage> {
    if path.join("oci-layout").is_file() {
        Ok(Source::Image(ImageSource::Layout { folder: path.into(), name: None }))
    } else if path.join(SPEC).is_file() {
        Ok(Source::Spec(path.join(SPEC)))
    } else if !path.is_dir() {
        Ok(Source::Image(ImageSource::Archive { file: path.into(), name: None }))
    } else if holds_a_root(path) {
        Ok(Source::Image(ImageSource::Root(path.into())))
    } else {
        Err(no_image_in(path))
    }
}

/// Says what a folder is that holds nothing to read.
fn no_image_in(folder: &Path) -> Usage {
    let has = |name: &str| folder.join(name).is_file();
    let shown = folder.display();
    if has("manifest.json") && has("version") {
        Usage::new(format!(
            "`{shown}` is a folder as skopeo's `dir:` writes it: expected an OCI image layout"
        ))
        .hint(format!("`skopeo copy dir:{shown} oci:DIR` makes one of it"))
    } else if has("manifest.json") {
        Usage::new(format!("`{shown}` holds the files of an unpacked Docker archive: expected the archive"))
            .hint(format!("`tar -C {shown} -cf FILE.tar .` makes one of it"))
    } else if has("index.json") {
        Usage::new(format!("`{shown}` is no OCI image layout: it lacks the file `oci-layout`"))
    } else {
        Usage::new(format!("`{shown}` holds neither an OCI image layout nor `{SPEC}` nor a root file system"))
            .hint(format!("`rootfs:{shown}` reads it as a root file system all the same"))
    }
}

/// Says whether a folder looks like a root file system: `bin` alone stands in many a project.
fn holds_a_root(folder: &Path) -> bool {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let names: Vec<_> = entries
        .map(|entry| entry.file_name())
        .filter(|name| archive::is_of_a_root(name.as_bytes()))
        .collect();
    names.len() > 1 || names.iter().any(|name| name == "usr" || name == "etc")
}

fn reference(text: &str, word: &str) -> Result<Reference, Usage> {
    text.parse().map_err(|error| {
        let error = Usage::new(format!("`{word}` names no image: {error}"));
        if Path::new(word).exists() {
            error.hint(format!("to read the file or folder of that name: `./{word}`"))
        } else if word != text {
            error.hint(format!("the image named `registry` is `docker.io/library/registry:{text}`"))
        } else {
            error
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_word_decides() {
        for (word, expected) in [
            ("oci:image", Form::Layout { folder: "image", name: None }),
            ("oci:image:1.4", Form::Layout { folder: "image", name: Some("1.4") }),
            ("oci://image", Form::Layout { folder: "image", name: None }),
            ("oci-archive:a", Form::Archive { file: "a", name: None }),
            ("docker-archive:a.tar", Form::Archive { file: "a.tar", name: None }),
            ("docker-archive:a.tar:app:1", Form::Archive { file: "a.tar", name: Some("app:1") }),
            ("rootfs:a.tar", Form::Root("a.tar")),
            ("rootfs:registry", Form::Root("registry")),
            ("-", Form::Stdin),
            ("docker:nginx", Form::Engine { prefix: "docker", name: "nginx" }),
            ("docker://nginx", Form::Engine { prefix: "docker", name: "nginx" }),
            ("docker-daemon:nginx", Form::Engine { prefix: "docker", name: "nginx" }),
            ("registry:nginx", Form::Registry("nginx")),
            ("api.yaml", Form::SpecFile("api.yaml")),
            ("./image", Form::Path("./image")),
            ("..", Form::Path("..")),
            ("image.tar.zst", Form::Path("image.tar.zst")),
            ("image.tgz", Form::Path("image.tgz")),
            ("nginx", Form::Reference("nginx")),
            ("nginx:1.27", Form::Reference("nginx:1.27")),
            ("reg.example:5000/app", Form::Reference("reg.example:5000/app")),
        ] {
            assert_eq!(form(word), expected, "{word}");
        }
    }

    #[test]
    fn variants_are_beside_the_plain_image() {
        for (word, expected) in [
            ("oci:image:1.4", Some("oci:image:1.4-debug")),
            ("oci:image", None),
            ("image.tar", None),
            ("registry:reg.example/app:1", Some("registry:reg.example/app:1-debug")),
            ("registry:reg.example/app", Some("registry:reg.example/app:debug")),
            ("reg.example/app:1", Some("reg.example/app:1-debug")),
            ("docker:app", None),
        ] {
            let Source::Image(source) = parse(word).expect("an image") else { panic!("`{word}` is a spec") };
            let found = source.of_variant("debug").map(|source| source.to_string());
            assert_eq!(found.as_deref(), expected, "{word}");
        }
    }

    #[test]
    fn the_content_of_a_path_decides() {
        let scratch = attar_testing::Scratch::with([("image/oci-layout", "{}"), ("api/attar.yaml", "")]);
        let at = |path: &str| scratch.join(path);
        let layout = Source::Image(ImageSource::Layout { folder: at("image"), name: None });
        assert_eq!(by_content(&at("image")).expect("a layout"), layout);
        assert_eq!(by_content(&at("api")).expect("a spec"), Source::Spec(at("api/attar.yaml")));
        let by_content = |path: &str| by_content(&at(path)).map_err(|error| error.to_string());
        scratch.write("root/etc/os-release", "");
        scratch.write("root/usr/lib/os-release", "");
        let root = Source::Image(ImageSource::Root(at("root")));
        assert_eq!(by_content("root").expect("a root file system"), root);
        for (files, expected) in [
            (
                &["bin/tool", "src/main.rs"][..],
                "holds neither an OCI image layout nor `attar.yaml` nor a root file system",
            ),
            (
                &["manifest.json", "version"],
                "is a folder as skopeo's `dir:` writes it: expected an OCI image layout",
            ),
            (&["manifest.json"], "holds the files of an unpacked Docker archive: expected the archive"),
            (&["index.json"], "is no OCI image layout: it lacks the file `oci-layout`"),
        ] {
            let scratch = attar_testing::Scratch::with(files.iter().map(|name| (*name, "")));
            let error = super::by_content(scratch.path()).expect_err("it is none");
            assert_eq!(error.to_string(), format!("`{}` {expected}", scratch.path().display()));
        }
    }
}
