//! What an upper layer deletes: no container has it, and everybody who has the image can take it out.

use std::path::Path;

use attar_testing::Scratch;
use attar_testing::layers::{Codec, Layer, write_layout_that_runs};
use serde_json::json;

use super::controls::program;
use super::{judged, page};
use crate::support::attar;

const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";

/// Writes an image with a program of its own, what `lower` adds to it, and what `upper` says above that.
fn image(
    scratch: &Scratch,
    name: &str,
    lower: impl FnOnce(Layer) -> Layer,
    upper: impl FnOnce(Layer) -> Layer,
) -> String {
    let api = std::fs::read(scratch.join("api")).expect("a program");
    let base = Layer::new()
        .directory("etc")
        .file(
            "etc/passwd",
            "root:x:0:0::/root:/usr/sbin/nologin\nnonroot:x:65532:65532::/home/nonroot:/usr/sbin/nologin\n",
        )
        .file("etc/group", "root:x:0:\nnonroot:x:65532:\n")
        .directory("app")
        .mode(0o755)
        .file("app/api", &api);
    let layers = [lower(base).tar(), upper(Layer::new().directory("srv")).tar()];
    let folder = scratch.join(name);
    let config = json!({"Entrypoint": ["/app/api"], "User": "65532:65532"});
    write_layout_that_runs(&folder, "it", Codec::Gzip, layers, config).expect("a layout");
    format!("oci:{}:it", folder.display())
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("a program")
}

#[test]
fn what_an_upper_layer_deletes_is_no_shell_but_a_secret_still() {
    let scratch = Scratch::new();
    program(&scratch, "tini", "linux/amd64", "usr/bin/tini-static", "api");
    program(&scratch, "bash-static", "linux/amd64", "usr/bin/bash-static", "bash");
    let bash = read(&scratch.join("bash"));
    let mut rows = Vec::new();
    let mut said = |name: &str, what: &str, image: &str| {
        let mut verdicts = judged(&attar().args(["check", "-o", "json", image]).run());
        let said = verdicts.pop_first().expect("a verdict").1;
        rows.push(page::Row::new(name, what, &said));
        said
    };
    let shell = |layer: Layer| layer.directory("bin").mode(0o755).file("bin/bash", &bash);

    let there = image(&scratch, "shell", shell, |layer| layer);
    let found = said("shell", "a shell in the lower of two layers", &there);
    assert_eq!((found.answer.as_str(), found.failed), ("no", vec!["D01".to_owned()]));

    let deleted = image(&scratch, "shell-deleted", shell, |layer| layer.whiteout("bin/bash"));
    let found = said("shell-deleted", "the same, deleted in the upper one", &deleted);
    assert_eq!((found.answer.as_str(), found.failed), ("yes", Vec::<String>::new()), "{}", found.first);

    let opaque = image(&scratch, "shell-opaque", shell, |layer| layer.directory("bin").opaque("bin"));
    let found = said("shell-opaque", "the same, its directory made opaque", &opaque);
    assert_eq!(found.answer, "yes", "{}", found.first);

    let key = |layer: Layer| layer.file("app/server.key", KEY);
    let deleted = image(&scratch, "key-deleted", key, |layer| layer.whiteout("app/server.key"));
    let found = said("key-deleted", "a private key, deleted in an upper layer", &deleted);
    assert_eq!((found.answer.as_str(), found.failed), ("no", vec!["D13".to_owned()]));
    let table = attar().arg("check").arg(&deleted).run();
    assert_eq!(table.code, Some(2));
    let line = "/app/server.key (119 B, layer 1: step 1, hidden by layer 2, and still there)";
    assert!(table.stdout.contains(line), "{table}");

    let setuid = |layer: Layer| layer.mode(0o4755).file("app/helper", &bash[..4096]);
    let fixed = image(&scratch, "setuid-fixed", setuid, |layer| layer.mode(0o644).file("app/helper", "text"));
    let found = said("setuid-replaced", "a setuid file, replaced in an upper layer", &fixed);
    assert_eq!(found.answer, "yes", "{}", found.first);
    page::keep("layers", &rows);
}
