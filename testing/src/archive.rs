//! A Debian archive made from text: suites with indexes and packages, signed with a throw-away key.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use sequoia_openpgp as openpgp;
use sha2::{Digest, Sha256};

use openpgp::cert::{Cert, CertBuilder};
use openpgp::policy::StandardPolicy;
use openpgp::serialize::SerializeInto;
use openpgp::serialize::stream::{Message, Signer};

use crate::deb::deb;

/// When the keys of [`Key::generate`] were made: 2026-01-01.
pub const KEY_TIME: u64 = 1_767_225_600;

/// The date of a [`Suite`] that says no other, and the time its signature is made: 2026-11-01.
pub const DATE: &str = "Sun, 01 Nov 2026 00:00:00 UTC";

/// [`DATE`] in seconds since 1970.
pub const DATE_SECONDS: u64 = 1_793_491_200;

/// A key that signs archives.
#[derive(Debug)]
pub struct Key(Cert);

/// How a release is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// As `InRelease`.
    Inline,
    /// As `Release` and `Release.gpg`.
    Detached,
    /// Not at all: `InRelease` is the bare text.
    Missing,
}

/// A package of a suite.
#[derive(Clone, Debug)]
pub struct Package {
    /// Fields of the control file, Package, Version and Architecture among them.
    pub control: String,
    /// Files by path.
    pub files: Vec<(&'static str, &'static str)>,
}

/// A suite of a fake archive.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Its directory below `dists/`.
    pub name: String,
    /// Fields of the release by name; an empty value leaves the field out.
    pub fields: BTreeMap<&'static str, String>,
    /// Architectures it has.
    pub architectures: Vec<&'static str>,
    /// Packages of its component `main`.
    pub packages: Vec<Package>,
    /// Contents indexes by architecture.
    pub contents: BTreeMap<&'static str, String>,
    /// Extensions of the compressions its indexes are in; empty for none.
    pub compressions: Vec<&'static str>,
    /// How it is signed.
    pub signature: Signature,
}

impl Key {
    /// Makes a key that is valid for so many days from [`KEY_TIME`].
    pub fn generate(days: u64) -> anyhow::Result<Self> {
        let (certificate, _) = CertBuilder::new()
            .add_userid("Archive of a test <archive@test.example>")
            .add_signing_subkey()
            .set_creation_time(time(KEY_TIME))
            .set_validity_period(Duration::from_secs(days * 86_400))
            .generate()?;
        Ok(Self(certificate))
    }

    /// Returns the public key in armor.
    pub fn armored(&self) -> anyhow::Result<String> {
        Ok(String::from_utf8(self.0.armored().to_vec()?)?)
    }

    /// Returns the fingerprint.
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint().to_hex()
    }

    /// Signs `text` at [`DATE`].
    pub fn sign(&self, text: &str, signature: Signature) -> anyhow::Result<Vec<u8>> {
        let policy = StandardPolicy::new();
        let key = self
            .0
            .keys()
            .with_policy(&policy, time(KEY_TIME + 3600))
            .secret()
            .for_signing()
            .next()
            .context("the key can sign")?;
        let pair = key.key().clone().into_keypair()?;
        let mut signed = Vec::new();
        let mut message = Message::new(&mut signed);
        if signature == Signature::Detached {
            message = openpgp::serialize::stream::Armorer::new(message)
                .kind(openpgp::armor::Kind::Signature)
                .build()?;
        }
        let signer = Signer::new(message, pair)?.creation_time(time(DATE_SECONDS));
        let mut message = match signature {
            Signature::Detached => signer.detached().build()?,
            _ => signer.cleartext().build()?,
        };
        message.write_all(text.as_bytes())?;
        message.finalize()?;
        Ok(signed)
    }
}

impl Package {
    /// Makes a package with one file.
    pub fn new(name: &str, version: &str, architecture: &str) -> Self {
        let control = format!(
            "Package: {name}\nVersion: {version}\nArchitecture: {architecture}\n\
             Maintainer: Nobody <nobody@test.example>\nDescription: package of a test\n"
        );
        Self { control, files: vec![("./usr/share/doc/test", "of a test\n")] }
    }

    /// Adds a field.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.control.push_str(&format!("{name}: {value}\n"));
        self
    }

    /// Returns the bytes of the `.deb` file.
    pub fn bytes(&self) -> anyhow::Result<Vec<u8>> {
        deb(&self.control, &self.files)
    }

    /// Returns the path of the file in the pool.
    pub fn path(&self) -> String {
        let version = self.field("Version").replace(':', "%3a");
        format!("pool/main/{}_{version}_{}.deb", self.field("Package"), self.field("Architecture"))
    }

    fn field(&self, name: &str) -> &str {
        let lines = self.control.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| *found == name).map(|(_, value)| value).next().unwrap_or_default()
    }
}

impl Suite {
    /// Makes a suite of Debian that is called `name`, without packages.
    pub fn debian(name: &str) -> Self {
        let label = if name.ends_with("-security") { "Debian-Security" } else { "Debian" };
        let fields = [
            ("Origin", "Debian"),
            ("Label", label),
            ("Suite", "stable"),
            ("Codename", name),
            ("Date", DATE),
            ("Acquire-By-Hash", "yes"),
            ("No-Support-for-Architecture-all", "Packages"),
        ];
        Self {
            name: name.to_owned(),
            fields: fields.map(|(name, value)| (name, value.to_owned())).into(),
            architectures: vec!["amd64", "arm64"],
            packages: Vec::new(),
            contents: BTreeMap::new(),
            compressions: vec!["", "xz"],
            signature: Signature::Inline,
        }
    }

    /// Sets a field of the release.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.fields.insert(name, value.to_owned());
        self
    }

    /// Adds a package.
    pub fn with_package(mut self, package: Package) -> Self {
        self.packages.push(package);
        self
    }

    /// Makes all files of the suite, by their paths below the archive's base.
    pub fn files(&self, key: &Key) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
        let mut files = BTreeMap::new();
        let directory = format!("dists/{}", self.name);
        let mut listed = BTreeMap::new();
        for architecture in &self.architectures {
            let folder = format!("main/binary-{architecture}");
            let index = self.index(architecture, &mut files)?;
            for extension in &self.compressions {
                let bytes = compress(index.as_bytes(), extension)?;
                let name =
                    [folder.as_str(), "/Packages", if extension.is_empty() { "" } else { "." }, extension];
                let hash = hex(&bytes);
                if self.fields["Acquire-By-Hash"] == "yes" {
                    files.insert(format!("{directory}/{folder}/by-hash/SHA256/{hash}"), bytes.clone());
                }
                listed.insert(name.concat(), (hash, bytes.len()));
                files.insert(format!("{directory}/{}", name.concat()), bytes);
            }
        }
        for (architecture, text) in &self.contents {
            // As in Debian's archive, the plain file is listed and is not there.
            let path = format!("main/Contents-{architecture}");
            listed.insert(path.clone(), (hex(text.as_bytes()), text.len()));
            let bytes = compress(text.as_bytes(), "gz")?;
            listed.insert(format!("{path}.gz"), (hex(&bytes), bytes.len()));
            files.insert(format!("{directory}/{path}.gz"), bytes);
        }
        let release = self.release(&listed);
        match self.signature {
            Signature::Inline => {
                files.insert(format!("{directory}/InRelease"), key.sign(&release, self.signature)?);
            }
            Signature::Missing => {
                files.insert(format!("{directory}/InRelease"), release.into_bytes());
            }
            Signature::Detached => {
                files.insert(format!("{directory}/Release.gpg"), key.sign(&release, self.signature)?);
                files.insert(format!("{directory}/Release"), release.into_bytes());
            }
        }
        Ok(files)
    }

    fn index(&self, architecture: &str, files: &mut BTreeMap<String, Vec<u8>>) -> anyhow::Result<String> {
        let mut index = String::new();
        for package in &self.packages {
            if ![architecture, "all"].contains(&package.field("Architecture")) {
                continue;
            }
            let bytes = package.bytes()?;
            index.push_str(&format!(
                "{}Filename: {}\nSize: {}\nSHA256: {}\n\n",
                package.control,
                package.path(),
                bytes.len(),
                hex(&bytes)
            ));
            files.insert(package.path(), bytes);
        }
        Ok(index)
    }

    fn release(&self, listed: &BTreeMap<String, (String, usize)>) -> String {
        let mut release = String::new();
        for (name, value) in self.fields.iter().filter(|(_, value)| !value.is_empty()) {
            release.push_str(&format!("{name}: {value}\n"));
        }
        let architectures: BTreeSet<_> = self.architectures.iter().copied().collect();
        let architectures: Vec<_> = architectures.into_iter().collect();
        release.push_str(&format!("Architectures: {}\nComponents: main\nSHA256:\n", architectures.join(" ")));
        for (path, (hash, size)) in listed {
            release.push_str(&format!(" {hash} {size} {path}\n"));
        }
        release
    }
}

/// Returns the SHA-256 of `bytes` in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compresses `bytes` as files with this extension are.
pub fn compress(bytes: &[u8], extension: &str) -> anyhow::Result<Vec<u8>> {
    let mut out = Vec::new();
    match extension {
        "" => out.extend_from_slice(bytes),
        "gz" => {
            let mut encoder = flate2::write::GzEncoder::new(&mut out, flate2::Compression::default());
            encoder.write_all(bytes)?;
            encoder.finish()?;
        }
        "xz" => {
            let mut encoder = liblzma::write::XzEncoder::new(&mut out, 1);
            encoder.write_all(bytes)?;
            encoder.finish()?;
        }
        "bz2" => {
            let mut encoder = bzip2::write::BzEncoder::new(&mut out, bzip2::Compression::fast());
            encoder.write_all(bytes)?;
            encoder.finish()?;
        }
        "zst" => out = zstd::encode_all(bytes, 1)?,
        other => anyhow::bail!("unknown compression `{other}`"),
    }
    Ok(out)
}

fn time(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}
