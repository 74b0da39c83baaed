use std::path::Path;

use attar_image::layout::Durability;
use attar_testing::Scratch;
use attar_testing::archive::Key;

use super::*;
use crate::lock::LockedArchive;
use crate::spec;

const SPEC: &str = r#"
args: {VERSION: dev}
contents:
  repositories:
    - {debian: trixie, mirrors: ["https://mirror.example/debian"]}
    - {deb: "https://packages.example/debian", suites: [x], components: [main], signed-by: key.asc}
  packages: [libc6]
certificates: {additional: [corporate.pem]}
environment: {VERSION: "${VERSION} on ${arch}"}
platforms: [linux/amd64, linux/arm64]
variants:
  root: {accounts: {run-as: root}}
"#;

const PEM: &str = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";

/// A folder with the files that the spec names.
fn folder(key: &Key) -> Scratch {
    let key = key.armored().expect("the key in armor");
    Scratch::with([("corporate.pem", PEM), ("key.asc", &key[..])])
}

fn evidence(folder: &Path, arguments: &[(&str, &str)], variant: &str) -> Evidence {
    let document = spec::parse("attar.yaml", SPEC, folder).expect("a good spec");
    let mut request = Request::new(folder.join("attar.yaml"));
    request.arguments =
        arguments.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    request.epoch = Some(7);
    let images = Images::of(&document, &request.arguments).expect("a good spec");
    let lock = Lock {
        format: FORMAT,
        epoch: 1,
        vendor: None,
        inputs: BTreeMap::new(),
        archives: vec![LockedArchive::default()],
        packages: BTreeMap::new(),
        accounts: BTreeMap::new(),
        layers: BTreeMap::new(),
    };
    let platforms = vec![String::from("linux/arm64"), String::from("linux/amd64")];
    Evidence::of(&images, &lock, &request, variant, platforms).expect("all files are there")
}

/// Writes evidence about nothing into a layout and reads it back.
fn read_back(evidence: &Evidence) -> Result<Claim, EvidenceError> {
    let scratch = Scratch::new();
    let layout = Layout::create(scratch.join("layout")).expect("a new layout");
    let writer = layout.write(Durability::Process).expect("the lock");
    let image = writer.put(media_type::INDEX, &b"{}"[..], None).expect("stored");
    let entry = evidence.write(&writer, &image).expect("stored");
    assert_eq!(entry.artifact_type.as_deref(), Some(EVIDENCE));
    let entries = [entry];
    let found = about(&layout, &image, &entries);
    Claim::read(&layout, found.first().expect("it is about the image").1.value())
}

#[test]
fn what_is_written_is_read_back() {
    let key = Key::generate(3650).expect("a key");
    let folder = folder(&key);
    let Claim { recipe, lock } =
        read_back(&evidence(folder.path(), &[("VERSION", "1.4")], "root")).expect("it can be used");
    assert_eq!(lock.epoch, 1);
    assert_eq!((&recipe.variant[..], recipe.source_date_epoch), ("root", Some(7)));
    assert_eq!(recipe.platforms, ["linux/arm64", "linux/amd64"]);
    assert_eq!(recipe.arguments["VERSION"], "1.4");
    assert!(recipe.compressor.starts_with("gzip-6 "));
    let arm64 = &recipe.specs["linux/arm64"];
    assert_eq!(arm64.environment["VERSION"], "1.4 on arm64");
    assert_eq!(arm64.accounts.run_as.as_deref(), Some("root"));
    let Certificate::Inline(certificate) = &arm64.certificates.additional[0] else {
        panic!("the certificate is not in place of its file");
    };
    assert_eq!((&certificate.name[..], &certificate.content[..]), ("corporate", PEM));
}

#[test]
fn it_depends_on_nothing_but_what_it_describes() {
    let key = Key::generate(3650).expect("a key");
    let (here, there) = (folder(&key), folder(&key));
    let evidence = |folder: &Scratch, arguments: &[(&str, &str)]| evidence(folder.path(), arguments, "");
    assert_eq!(evidence(&here, &[]), evidence(&there, &[]));
    assert_ne!(evidence(&here, &[]), evidence(&here, &[("VERSION", "1")]));
    let text = String::from_utf8(evidence(&here, &[]).recipe).expect("text");
    for secret in ["mirror.example", &here.path().display().to_string()] {
        assert!(!text.contains(secret), "`{secret}` stands in {text}");
    }
    assert!(text.contains("https://packages.example/debian"), "{text}");
}

#[test]
fn keys_are_public_and_in_armor() {
    let key = Key::generate(3650).expect("a key");
    let folder = folder(&key);
    let claim = read_back(&evidence(folder.path(), &[], "")).expect("it can be used");
    let Repository::Deb(deb) = &claim.recipe.specs["linux/amd64"].contents.repositories[1] else {
        panic!("the second repository is another one");
    };
    let keyring = crate::repository::openpgp::Keyring::parse(deb.signed_by.as_bytes()).expect("keys");
    let fingerprints: Vec<String> = keyring.fingerprints().iter().map(ToString::to_string).collect();
    assert_eq!(fingerprints, [key.fingerprint()]);
    assert!(!deb.signed_by.contains("PRIVATE"));
}

#[test]
fn what_cannot_be_used_is_refused() {
    let key = Key::generate(3650).expect("a key");
    let folder = folder(&key);
    let good = evidence(folder.path(), &[], "");
    let edited = |from: &str, to: &str| {
        let recipe = String::from_utf8(good.recipe.clone()).expect("text");
        assert!(recipe.contains(from), "`{from}` is not in {recipe}");
        read_back(&Evidence { recipe: recipe.replace(from, to).into_bytes(), lock: good.lock.clone() })
    };
    assert!(matches!(
        edited("\"lock-format\":1", "\"lock-format\":2"),
        Err(EvidenceError::Format { found: 2 })
    ));
    assert!(matches!(edited("attar.evidence/1", "attar.evidence/2"), Err(EvidenceError::Incomplete(_))));
    assert!(matches!(edited("\"variant\":", "\"wariant\":"), Err(EvidenceError::Recipe(_))));
    assert!(matches!(edited("-----BEGIN PGP", "-----"), Err(EvidenceError::Incomplete(_))));
    assert!(matches!(
        edited(
            "\"platforms\":[\"linux/arm64\",\"linux/amd64\"],\"source",
            "\"platforms\":[\"linux/arm64\"],\"source"
        ),
        Err(EvidenceError::Incomplete(_))
    ));
    let package = r#""linux/amd64": [
      {"name":"../x","version":"1","architecture":"all","source":"x","archive":0,"path":"x","size":1,"digest":"SHA"}
    ]"#;
    let package = package.replace("SHA", &attar_image::Digest::of("").to_string());
    let lock = String::from_utf8(good.lock.clone()).expect("text");
    let lock = lock.replace("\"packages\": {}", &format!("\"packages\": {{{package}}}"));
    let hostile = Evidence { lock: lock.into_bytes(), ..good.clone() };
    assert!(matches!(read_back(&hostile), Err(EvidenceError::Incomplete(_))));
    let lock = String::from_utf8(good.lock.clone()).expect("text").replace("\"format\": 1", "\"format\": 2");
    let newer = Evidence { lock: lock.into_bytes(), ..good.clone() };
    assert!(matches!(read_back(&newer), Err(EvidenceError::Lock(_))));
}
