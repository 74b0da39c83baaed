//! The other commands, and the other ways to build.

use attar_testing::engine::Docker;
use attar_testing::tree::Listing;
use attar_testing::{Scratch, need};
use serde_json::Value;

use crate::judges::similar;
use crate::support::{Examples, attar};

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn init_writes_a_spec_that_builds_at_once() {
    let scratch = Scratch::new();
    let here = || attar().current_dir(scratch.path());
    assert_eq!(here().arg("init").run().success(), "attar.yaml\n");
    here().args(["build", "-o", "oci:layout", "--platform", "linux/amd64"]).run().success();
    let said = here().arg("init").run().fails(64);
    assert!(said.contains("--force"), "{said}");
}

#[test]
fn init_for_a_program_makes_an_image_that_runs_it() {
    let docker = need!(Docker::find());
    let scratch = Scratch::new();
    std::fs::copy("/usr/bin/printf", scratch.join("printf")).expect("a program of the host");
    let here = || attar().current_dir(scratch.path());
    here().args(["init", "printf"]).run().success();
    let tag = "attar-tests/init:1";
    here().args(["build", "-t", tag, "-o", "docker-archive:image.tar"]).run().success();
    docker.load(&scratch.join("image.tar"));
    let said = docker.run(&[], tag, &["%s, %s!", "hello", "world"]);
    docker.remove(tag);
    assert_eq!(said.success(), "hello, world!");
}

#[test]
fn init_for_a_dockerfile_makes_an_image_that_does_the_same() {
    let docker = need!(Docker::find());
    let scratch = Scratch::new();
    let files = [
        (
            "Dockerfile",
            "ARG V=3.13\nFROM python:${V}-slim AS base\nENV GREETING=hello\nWORKDIR /app\nRUN make\n\
          FROM base\nCOPY app.py .\nUSER 1234:1234\nENTRYPOINT [\"python\", \"app.py\"]\nCMD world\n",
        ),
        (
            "app.py",
            "import os, sys\nprint(os.environ['GREETING'], *sys.argv[1:], os.getuid(), os.getcwd())\n",
        ),
    ];
    for (name, text) in files {
        scratch.write(name, text);
    }
    let here = || attar().current_dir(scratch.path());
    let said = here().args(["init", "Dockerfile"]).run();
    assert_eq!((said.code, said.stdout.as_str()), (Some(0), "attar.yaml\n"), "{}", said.stderr);
    assert!(said.stderr.contains("Dockerfile:5: RUN make"), "{}", said.stderr);
    let tag = "attar-tests/dockerfile:1";
    let build = ["build", "--platform", "linux/amd64", "-t", tag, "-o", "docker-archive:image.tar"];
    here().args(build).run().success();
    docker.load(&scratch.join("image.tar"));
    let said = docker.run(&[], tag, &[]);
    docker.remove(tag);
    assert_eq!(said.success(), "hello world 1234 /app\n");
}

#[test]
fn init_for_apko_and_for_two_steps() {
    let scratch =
        Scratch::with([("apko.yaml", "contents: {packages: [curl, no-such-thing]}\narchs: [x86_64]\n")]);
    let here = || attar().current_dir(scratch.path());
    let said = here().args(["init", "apko.yaml"]).run();
    assert!(said.stderr.contains("apko.yaml:1: contents.packages: `no-such-thing`"), "{}", said.stderr);
    assert_eq!(said.success(), "attar.yaml\n");
    let shown = here().arg("show").run().success();
    assert!(shown.contains("- curl") && shown.contains("linux/amd64"), "{shown}");
    let said = here().args(["init", "--init-container", "registry.example/orders:1.4"]).run();
    assert!(said.stderr.contains("the spec has no variant `init`"), "{}", said.stderr);
    let snippets = said.success();
    assert!(
        snippets.contains("service_completed_successfully") && snippets.contains("initContainers:"),
        "{snippets}"
    );
}

#[test]
fn show_prints_a_spec_that_means_the_same() {
    let examples = Examples::copy();
    let show = |spec: &std::path::Path| attar().arg("show").arg(spec).run().success();
    let shown = show(&examples.spec("program"));
    assert!(shown.contains("../python3/attar.yaml:") || shown.contains("python3/attar.yaml:"), "{shown}");
    let again = examples.scratch.write("examples/program/shown.yaml", &shown);
    let strip = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split("  #").next().unwrap_or(line).trim_end().to_owned()).collect()
    };
    assert_eq!(strip(&shown), strip(&show(&again)));
}

#[test]
fn why_names_the_line_of_the_spec() {
    let examples = Examples::copy();
    let spec = examples.spec("base");
    let why = |what: &str| attar().arg("why").arg(&spec).args([what, "--platform", "linux/amd64"]).run();
    let line = |word: &str| {
        let text = std::fs::read_to_string(&spec).expect("the spec");
        text.lines().position(|line| line.contains(word)).expect("a line") + 1
    };
    let said = why("libcrypto.so.3").success();
    assert!(
        said.contains("libssl3t64") && said.contains(&format!("attar.yaml:{}", line("libssl3t64"))),
        "{said}"
    );
    let said = why("/lib/x86_64-linux-gnu/libz.so.1").success();
    assert!(said.contains("zlib1g") && said.contains(&format!("attar.yaml:{}", line("zlib1g"))), "{said}");
    let said = why("/etc/ssl/certs/ca-certificates.crt").success();
    assert!(said.starts_with("/etc/ssl/certs/ca-certificates.crt"), "{said}");
    let said = why("no-such-thing");
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
}

#[test]
fn an_image_says_what_its_lock_says() {
    let examples = Examples::copy();
    examples.build("cc");
    let layout = format!("oci:{}", examples.join("cc").display());
    let names = |source: &str| -> Vec<String> {
        let said = json(&attar().args(["packages", source, "-o", "json"]).run().success());
        assert_eq!(said["schema"], "attar.packages/1");
        let packages = said["packages"].as_array().expect("a list").iter();
        let line = |it: &Value| format!("{} {} {}", it["platform"], it["name"], it["version"]);
        packages.map(line).collect()
    };
    let spec = examples.spec("cc");
    assert_eq!(names(&layout), names(spec.to_str().expect("a path in UTF-8")));
    let archive = examples.docker_archive(&spec, "linux/amd64", "attar-tests/packages:1");
    let of_archive = names(&format!("docker-archive:{}", archive.display()));
    assert_eq!(of_archive, names(&layout)[..of_archive.len()]);
    let said = attar().args(["why", &layout, "/usr/lib/x86_64-linux-gnu/libz.so.1"]).run().success();
    assert!(said.contains("zlib1g") && said.contains("layer "), "{said}");
}

#[test]
fn search_finds_names_paths_and_libraries() {
    let examples = Examples::copy();
    let here = examples.join("examples/base");
    let search = |what: &str| {
        let said = attar().current_dir(&here).args(["search", what, "-o", "json"]).run();
        (said.code, json(&said.stdout))
    };
    for (what, package) in
        [("zlib1g", "zlib1g"), ("/usr/bin/openssl", "openssl"), ("libssl.so.3", "libssl3t64")]
    {
        let (code, found) = search(what);
        assert_eq!(
            (code, &found["results"][0]["package"]),
            (Some(0), &Value::from(package)),
            "{what}: {found}"
        );
    }
    assert_eq!(search("no-such-package-at-all").0, Some(2));
}

#[test]
fn several_specs_share_a_layout_under_their_names() {
    let examples = Examples::copy();
    for name in ["one", "two"] {
        examples.scratch.write(
            format!("specs/{name}/attar.yaml"),
            format!("name: acme/{name}\ncontents: {{foundation: none, files: [{{text: {name}, to: /x}}]}}\n"),
        );
    }
    examples.scratch.write("specs/three/attar.yaml", "contents: {nonsense: 1}\n");
    let layout = format!("oci:{}", examples.join("layout").display());
    let specs = examples.join("specs");
    let build =
        |words: &[&str]| attar().current_dir(&specs).arg("build").args(words).args(["-o", &layout]).run();
    let said = build(&["one", "two", "--metadata-file", "report.json"]).success();
    assert_eq!(said.lines().count(), 2, "{said}");
    let report = json(&std::fs::read_to_string(specs.join("report.json")).expect("the report"));
    assert_eq!(report["schema"], "attar.build/1");
    let digests: Vec<&str> =
        report["images"].as_array().expect("a list").iter().filter_map(|it| it["digest"].as_str()).collect();
    assert_eq!(digests, said.lines().filter_map(|line| line.split(' ').next()).collect::<Vec<_>>());
    let mut names = attar_testing::layout::names(&examples.join("layout")).expect("a layout");
    names.sort();
    assert_eq!(names.len(), 2, "{names:?}");
    // One that is wrong keeps none of the others from being built.
    let all = build(&["..."]);
    assert_eq!((all.code, all.stdout.as_str()), (Some(1), said.as_str()));
    assert!(all.stderr.contains("nonsense"), "{}", all.stderr);
    build(&["one", "one"]).fails(64);
}

#[test]
fn a_root_file_system_is_the_image_in_one_layer() {
    let examples = Examples::copy();
    let image = examples.build("base-nossl").into_iter().next().expect("amd64 comes first");
    let file = examples.join("root.tar");
    attar()
        .args(["build", "--platform", "linux/amd64"])
        .arg(examples.spec("base-nossl"))
        .arg("-o")
        .arg(format!("rootfs:{}", file.display()))
        .run()
        .success();
    let tar = std::fs::File::open(&file).expect("the archive");
    let written = Listing::of_layers([tar]).expect("an archive");
    similar(&written.without_times(), &image.listing().expect("layers").without_times());
}

#[test]
fn an_update_of_a_lock_is_told_before_it_is_made() {
    let examples = Examples::copy();
    let spec = examples.spec("base");
    let check = |more: &[&str]| attar().args(["lock", "--check"]).args(more).arg(&spec).run();
    assert_eq!(check(&[]).code, Some(0), "a new lock is current");
    let path = examples.join("examples/base/attar.lock");
    let before = std::fs::read_to_string(&path).expect("the lock");
    attar().args(["build", "--locked"]).arg(&spec).run().success();
    assert_eq!(std::fs::read_to_string(&path).expect("the lock"), before);
}

#[test]
fn several_specs_are_judged_in_one_run() {
    let examples = Examples::copy();
    for name in ["one", "two"] {
        let spec = "contents: {foundation: none, packages: [libc6]}\nplatforms: [linux/amd64]\n";
        examples.scratch.write(format!("services/{name}/attar.yaml"), spec);
    }
    let here = || attar().current_dir(examples.scratch.path());
    here().args(["lock", "services/..."]).run().success();
    for name in ["one", "two"] {
        assert!(examples.scratch.has(format!("services/{name}/attar.lock")));
    }
    examples.scratch.write("services/three/attar.yaml", "contents: {foundation: none}\n");
    let path = examples.join("services/two/attar.lock");
    let lock = std::fs::read_to_string(&path).expect("the lock");
    let locked = json(&here().args(["packages", "services/one/attar.yaml", "-o", "json"]).run().success());
    let version = locked["packages"][0]["version"].as_str().expect("a version").to_owned();
    let old = format!("{:?}", version.replacen(['1', '2'], "0", 1));
    std::fs::write(&path, lock.replace(&format!("{version:?}"), &old)).expect("the lock");
    let check = here().args(["lock", "--check", "services/..."]).run();
    let lines: Vec<&str> = check.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{}\n{}", check.stdout, check.stderr);
    assert_eq!(lines[0], "services/one/attar.yaml: current");
    assert_eq!(lines[1], "services/three/attar.yaml: not judged");
    assert!(lines[2].starts_with("services/two/attar.yaml: "), "{}", lines[2]);
    assert!(lines[2].contains(&format!(" -> {version}")), "{}", lines[2]);
    assert!(check.stderr.contains("1 of 3 specs have updates, 1 could not be judged"), "{}", check.stderr);
    assert_eq!(check.code, Some(1), "the worst of the three: one has no lock");
    let listed = here().args(["packages", "services/one/attar.yaml", "services/two/attar.yaml"]).run();
    let of: std::collections::BTreeSet<String> = listed
        .success()
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().last().map(String::from))
        .collect();
    assert_eq!(of, ["services/one/attar.yaml", "services/two/attar.yaml"].map(String::from).into());
}

#[test]
fn scripts_and_pages_come_from_the_definition() {
    let script = attar().args(["completions", "bash"]).run().success();
    assert!(script.contains("complete -F _attar"), "{script}");
    let page = attar().arg("man").run().success();
    assert!(page.contains(".SH ENVIRONMENT"), "{page}");
    let schema = json(&attar().arg("schema").run().success());
    assert!(schema["properties"]["contents"].is_object(), "{schema}");
    assert!(attar().args(["schema", "--sets"]).run().success().contains("docs:"));
    let listed = json(&attar().args(["cache", "ls", "-o", "json"]).run().success());
    assert_eq!(listed["schema"], "attar.cache/1");
}

#[test]
fn nobody_reading_is_no_failure() {
    let examples = Examples::copy();
    let show = attar().arg("show").arg(examples.spec("python3")).into_command();
    let mut command = std::process::Command::new("sh");
    command.env_clear().envs(show.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
        .args(["-c", "{ \"$@\"; echo $? >&2; } | true", "sh"])
        .arg(show.get_program())
        .args(show.get_args());
    let said = attar_testing::run(&mut command);
    assert_eq!(said.stderr, "0\n");
}
