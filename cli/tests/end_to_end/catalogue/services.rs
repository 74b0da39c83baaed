//! nginx and Redis answer, as ordinary users upon a read-only file system.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use attar_testing::container::Container;
use attar_testing::need;
use attar_testing::wait::until;

use super::{Loaded, built, loader};

const BOUND: Duration = Duration::from_secs(30);

/// Sends a request until an answer comes, and returns it.
#[track_caller]
fn ask(address: SocketAddr, request: &str) -> String {
    until("an answer", BOUND, || {
        let mut connection = TcpStream::connect(address).ok()?;
        connection.set_read_timeout(Some(BOUND)).ok()?;
        connection.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).ok()?;
        (!answer.is_empty()).then_some(answer)
    })
}

#[test]
fn nginx_answers_and_logs_to_standard_output() {
    let docker = need!(loader());
    let tag = "attar-tests/nginx:service";
    let _loaded = Loaded::new(docker, &built("nginx"), "nginx", "linux/amd64", tag);
    let options = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--publish", "127.0.0.1::8080"];
    let container = Container::start(docker, &options, tag, &[]);
    let answer = ask(container.address(8080), "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains("Welcome to nginx!"), "{answer}");
    let logs = until("a line in the log", BOUND, || {
        let logs = container.logs();
        logs.stdout.contains("\"GET / HTTP/1.1\" 200").then_some(logs)
    });
    assert!(!logs.stderr.contains("error") && !logs.stderr.contains("alert"), "{logs}");
}

#[test]
fn redis_answers_a_ping_and_keeps_what_it_is_told() {
    let docker = need!(loader());
    let tag = "attar-tests/redis:service";
    let _loaded = Loaded::new(docker, &built("redis"), "redis", "linux/amd64", tag);
    let options = ["--read-only", "--cap-drop", "ALL", "--publish", "127.0.0.1::6379"];
    let container = Container::start(docker, &options, tag, &[]);
    let request = "PING\r\nSET colour blue\r\nSAVE\r\nGET colour\r\nQUIT\r\n";
    let answer = ask(container.address(6379), request);
    assert_eq!(answer, "+PONG\r\n+OK\r\n+OK\r\n$4\r\nblue\r\n+OK\r\n");
}
