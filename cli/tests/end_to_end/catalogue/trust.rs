//! Node.js and Java trust the authorities of the spec, and no others.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use attar_testing::engine::Docker;
use attar_testing::{Scratch, command, need, run, skip};

use super::{Loaded, folder, loader};
use crate::support::attar;

const NODE: &str = r#"
require("https").get(process.argv[2], answer => { console.log(answer.statusCode); answer.resume(); })
  .on("error", error => { console.error(error.code); process.exit(1); });
"#;

const JAVA: &str = r#"
class Fetch {
    public static void main(String[] arguments) throws Exception {
        var connection = java.net.URI.create(arguments[0]).toURL().openConnection();
        System.out.println(((java.net.HttpURLConnection) connection).getResponseCode());
        for (var name : new String[] {"native.encoding", "sun.jnu.encoding", "file.encoding"}) {
            System.out.println(System.getProperty(name));
        }
        var image = new java.awt.image.BufferedImage(50, 20, java.awt.image.BufferedImage.TYPE_INT_RGB);
        var font = new java.awt.Font("SansSerif", java.awt.Font.PLAIN, 12);
        var graphics = image.createGraphics();
        graphics.setFont(font);
        graphics.drawString("\u00c4", 2, 15);
        System.out.println(font.canDisplay('\u00c4') && graphics.getFontMetrics().stringWidth("\u00c4") > 0);
    }
}
"#;

/// A server on the loopback interface whose certificate an authority of its own signed.
struct Server {
    process: Child,
    url: String,
    scratch: Scratch,
}

impl Server {
    fn start() -> Self {
        let scratch = Scratch::new();
        let openssl = |arguments: &str| {
            let mut command = Command::new("openssl");
            run(command.args(arguments.split(' ')).current_dir(scratch.path())).success();
        };
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
        openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=authority"));
        openssl(&format!(
            "req -x509 {key} -CA ca.pem -CAkey ca.key -keyout server.key -out server.pem -subj /CN=server \
             -addext subjectAltName=IP:127.0.0.1"
        ));
        let words = "s_server -accept 127.0.0.1:0 -cert server.pem -key server.key -www";
        let mut process = Command::new("openssl")
            .args(words.split(' '))
            .current_dir(scratch.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a server starts");
        let said = BufReader::new(process.stdout.take().expect("an output"));
        let address = said
            .lines()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("ACCEPT ").map(str::to_owned))
            .expect("the server says where it answers");
        Self { process, url: format!("https://{address}/"), scratch }
    }

    fn authority(&self) -> PathBuf {
        self.scratch.join("ca.pem")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Builds an example with a program that fetches a page, plain and with the server's authority.
#[track_caller]
fn images(docker: Docker, example: &str, program: (&str, &str), authority: &Path) -> [Loaded; 2] {
    super::built(example);
    let own = folder().join("examples").join(format!("{example}-fetch"));
    std::fs::create_dir_all(&own).expect("a folder");
    let (file, text) = program;
    std::fs::write(own.join(file), text).expect("a file");
    std::fs::copy(authority, own.join("test-authority.pem")).expect("a file");
    let spec = own.join("attar.yaml");
    let text = format!(
        "include: ../{example}/attar.yaml\n\
         contents: {{files: [{{from: {file}, to: /app/{file}}}]}}\n\
         platforms: [linux/amd64]\n\
         variants: {{trusting: {{certificates: {{additional: [test-authority.pem]}}}}}}\n"
    );
    std::fs::write(&spec, text).expect("a file");
    let layout = folder().join("layouts").join(format!("{example}-fetch"));
    let to = format!("oci:{}:fetch", layout.display());
    attar().args(["build", "--variant", "trusting", "-o", &to]).arg(spec).run().success();
    ["fetch", "fetch-trusting"].map(|entry| {
        let tag = format!("attar-tests/{example}:{entry}");
        Loaded::new(docker, &layout, entry, "linux/amd64", &tag)
    })
}

#[test]
fn node_trusts_the_certificates_of_the_spec() {
    let docker = need!(loader());
    need!(skip::program("openssl"));
    let server = Server::start();
    let [plain, trusting] = images(docker, "nodejs", ("fetch.js", NODE), &server.authority());
    let fetch =
        |image: &Loaded| docker.run_in("host", &["--read-only"], &image.tag, &["/app/fetch.js", &server.url]);
    assert_eq!(fetch(&trusting).success(), "200\n");
    let refused = fetch(&plain).fails(1);
    assert!(refused.contains("UNABLE_TO_VERIFY_LEAF_SIGNATURE"), "{refused}");
}

#[test]
fn java_trusts_the_certificates_of_the_spec_and_draws_text() {
    let docker = need!(loader());
    need!(skip::program("openssl"));
    let server = Server::start();
    let [plain, trusting] = images(docker, "java", ("Fetch.java", JAVA), &server.authority());
    let java = ["--read-only", "--tmpfs", "/tmp", "--entrypoint", "/usr/bin/java"];
    let fetch = |image: &Loaded| docker.run_in("host", &java, &image.tag, &["/app/Fetch.java", &server.url]);
    let fetched = fetch(&trusting);
    assert_eq!(fetched.stderr, "", "{fetched}");
    assert_eq!(fetched.success(), "200\nUTF-8\nUTF-8\nUTF-8\ntrue\n");
    let refused = fetch(&plain).fails(1);
    assert!(refused.contains("unable to find valid certification path"), "{refused}");
    the_keystore_is_the_bundle(docker, &trusting);
}

#[test]
fn a_keystore_is_made_for_a_runtime_or_on_request() {
    const PATH: &str = "etc/ssl/certs/java/cacerts";
    /// SHA-256 of the text `own`.
    const OWN: &str = "5b3975651c3cab92d044c096dc30a1c2d9525497457472de48c51ecb363d1f4a";
    let own = "contents: {files: [{text: own, to: /etc/ssl/certs/java/cacerts}]}\n";
    for (case, example, text, expected) in [
        ("nobody asks", "static", "", None),
        ("asked for", "static", "certificates: {java-keystore: true}\n", Some(true)),
        ("refused", "java", "certificates: {java-keystore: false}\n", None),
        ("brought along", "java", own, Some(false)),
    ] {
        super::built(example);
        let scratch = Scratch::new();
        let include = folder().join("examples").join(example).join("attar.yaml");
        let text = format!("include: {}\nplatforms: [linux/amd64]\n{text}", include.display());
        let spec = scratch.write("attar.yaml", text);
        let layout = scratch.join("layout");
        attar().arg("build").arg(spec).arg("-o").arg(format!("oci:{}", layout.display())).run().success();
        let image = attar_testing::layout::images(&layout, None).expect("one entry").swap_remove(0);
        let listing = image.listing().expect("layers that can be read");
        let is_made = listing.get(PATH).map(|item| !item.detail.contains(OWN));
        assert_eq!(is_made, expected, "{case}");
    }
}

/// Asserts that Java reads the same certificates out of its keystore that stand in the bundle.
#[track_caller]
fn the_keystore_is_the_bundle(docker: Docker, image: &Loaded) {
    let options = ["--entrypoint", "/usr/bin/keytool"];
    let arguments = ["-list", "-rfc", "-cacerts", "-storepass", "changeit"];
    let said = docker.run(&options, &image.tag, &arguments).success();
    assert!(said.contains("Alias name: debian:test-authority.pem"), "{said}");
    let scratch = Scratch::new();
    let container = run(&mut command::words(&["docker", "create", &image.tag])).success();
    let bundle = scratch.join("bundle.pem");
    let source = format!("{}:/etc/ssl/certs/ca-certificates.crt", container.trim());
    run(Command::new("docker").args(["cp", &source]).arg(&bundle)).success();
    run(&mut command::words(&["docker", "rm", container.trim()])).success();
    let bundle = certificates(&std::fs::read_to_string(bundle).expect("a bundle"));
    assert!(bundle.len() > 100, "{} certificates", bundle.len());
    assert_eq!(certificates(&said), bundle);
}

/// Returns the certificates of a text, without their line breaks, which differ.
fn certificates(text: &str) -> BTreeSet<String> {
    let bodies = text.split("-----BEGIN CERTIFICATE-----").skip(1);
    let bodies = bodies.map(|rest| rest.split("-----END").next().unwrap_or_default());
    bodies.map(|body| body.split_whitespace().collect()).collect()
}
