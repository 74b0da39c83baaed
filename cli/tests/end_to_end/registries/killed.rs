//! A push killed at any point leaves the old tag on a whole image, and the next push finishes.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use attar_testing::command::words;
use attar_testing::docker_registry::DockerRegistry;
use attar_testing::registry::{Options, Registry};
use attar_testing::{need, run, skip};

use crate::support::{Examples, attar};

/// How many points of a push are tried.
const POINTS: u64 = 20;

fn spec(examples: &Examples, number: u64) -> std::path::PathBuf {
    // A large file of its own, so that there is something to be cut in the middle of.
    let mut state = number + 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    let bytes: Vec<u8> = std::iter::repeat_with(next).take(6 << 20).collect();
    examples.scratch.write("examples/killed/large", bytes);
    let text = "include: ../static/attar.yaml\ncontents: {files: [{from: large, to: /large}]}\n";
    examples.scratch.write("examples/killed/attar.yaml", text)
}

fn command(examples: &Examples, reference: &str) -> Command {
    attar()
        .args(["build", "--push", "--progress", "none", "-t", reference])
        .arg(examples.join("examples/killed/attar.yaml"))
        .into_command()
}

fn start(command: &mut Command) -> Child {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.spawn().expect("the program starts")
}

/// Kills a program after a while, with SIGKILL; says whether it had ended before.
fn kill_after(mut child: Child, time: Duration) -> bool {
    let deadline = Instant::now() + time;
    while Instant::now() < deadline {
        if child.try_wait().expect("a child of ours").is_some() {
            return true;
        }
        std::thread::yield_now();
    }
    child.kill().expect("a child of ours");
    child.wait().expect("a child of ours");
    false
}

/// Pushes image after image under one tag, kills most of them, and asks `is_whole` after each.
#[track_caller]
fn kill_pushes(reference: &str, is_whole: impl Fn(&str)) {
    let examples = Examples::copy();
    // Built before, so that the time is that of the push.
    let build = |number: u64| attar().arg("build").arg(spec(&examples, number)).run().success();
    build(0);
    let begun = Instant::now();
    run(&mut command(&examples, reference)).success();
    let whole = begun.elapsed();
    is_whole("the first push");
    let mut killed = 0;
    for point in 0..POINTS {
        build(point + 1);
        // Every part of a push is met, in no order.
        let time = whole.mul_f64(((point * 7 + 3) % POINTS) as f64 / POINTS as f64);
        if !kill_after(start(&mut command(&examples, reference)), time) {
            killed += 1;
        }
        is_whole(&format!("a push that was killed after {time:?}"));
    }
    assert!(killed > POINTS / 2, "only {killed} pushes were killed");
    run(&mut command(&examples, reference)).success();
    is_whole("the last push");
}

#[test]
fn killed_pushes_leave_whole_tags_in_docker_registry() {
    let registry = need!(DockerRegistry::start());
    need!(skip::program("crane"));
    let reference = registry.reference("demo/killed:1");
    kill_pushes(&reference, |when| {
        let said = run(&mut words(&["crane", "validate", "--remote", &reference]));
        assert!(said.is_success(), "{when}: {said}");
    });
}

#[test]
fn killed_pushes_leave_whole_tags_in_a_registry_that_keeps_lists() {
    let registry = Registry::start(Options { referrers: true, ..Options::default() }).expect("a registry");
    kill_pushes(&registry.reference("killed:1"), |when| {
        assert_eq!(registry.missing("killed", "1"), Vec::<String>::new(), "{when}");
    });
}
