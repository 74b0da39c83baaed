//! `--offline` opens no socket, and says what is missing.

use attar_testing::command::words;
use attar_testing::{Scratch, need, run, skip};

use crate::support::{Examples, attar};

#[test]
fn an_offline_build_opens_no_socket() {
    need!(skip::program("strace"));
    let examples = Examples::copy();
    examples.build("base-nossl");
    let trace = examples.join("trace");
    let inner = attar()
        .args(["build", "--locked", "--offline"])
        .arg(examples.spec("base-nossl"))
        .arg("-o")
        .arg(format!("oci:{}", examples.join("offline").display()))
        .into_command();
    let mut command = words(&["strace", "-f", "-e", "trace=socket,connect", "-o"]);
    command.arg(&trace).arg(inner.get_program()).args(inner.get_args()).env_clear();
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let traced = run(&mut command);
    if traced.stderr.contains("ptrace") {
        skip::skip("an_offline_build_opens_no_socket", "processes cannot be traced here");
        return;
    }
    traced.success();
    let trace = std::fs::read_to_string(trace).expect("the trace");
    // The pair of sockets that the runtime makes for signals is no connection to anything.
    let opened: Vec<&str> =
        trace.lines().filter(|line| line.contains("AF_INET") || line.contains("connect(")).collect();
    assert_eq!(opened, Vec::<&str>::new());
}

#[test]
fn an_offline_build_without_the_packages_names_one() {
    let examples = Examples::copy();
    let empty = Scratch::new();
    let said = attar()
        .cache(empty.path())
        .args(["build", "--locked", "--offline"])
        .arg(examples.spec("base-nossl"))
        .run()
        .fails(1);
    assert!(said.contains("offline"), "{said}");
    assert!(said.contains("hint: "), "{said}");
}
