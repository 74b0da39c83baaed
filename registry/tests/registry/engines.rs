//! What engines say of their images, and archives that are given up or break.

use std::io::Read;
use std::sync::mpsc;
use std::time::Duration;

use attar_registry::engine::{EngineImage, Environment, Kind, LayerSummary};
use attar_registry::{Engine, EngineError, Events};
use attar_testing::http::{Fault, Server};

use crate::support::wait;

/// Starts what answers as an engine with one image does.
fn engine() -> Server {
    let server = Server::start().expect("a server");
    for (path, answer) in [
        ("/version", r#"{"Os":"linux","Arch":"amd64"}"#),
        (
            "/images/json",
            r#"[{"Id":"sha256:a","RepoTags":["team/app:1"],"Size":9,"Created":5,"ParentId":""}]"#,
        ),
        (
            "/images/team/app:1/json",
            r#"{"Id":"sha256:a","Os":"linux","Architecture":"arm64","Size":9,"RootFS":{"Type":"layers","Layers":["sha256:b","sha256:c"]}}"#,
        ),
        (
            "/images/team/app:1/history",
            r#"[{"CreatedBy":"CMD [\"app\"]","Size":0},{"CreatedBy":"COPY app /","Size":4},{"CreatedBy":"ADD root","Size":5}]"#,
        ),
        ("/images/get", "the archive"),
    ] {
        server.put(path, answer);
    }
    server
}

async fn connect(server: &Server) -> Engine {
    let docker_host = Some(server.url("").trim_end_matches('/').replace("http://", "tcp://"));
    let environment = Environment { docker_host, ..Environment::default() };
    Engine::connect(Kind::Docker, &environment, &Events::ignore()).await.expect("an engine")
}

#[test]
fn an_engine_says_what_it_has_before_anything_travels() {
    let server = engine();
    let (images, summary, missing) = wait(async {
        let engine = connect(&server).await;
        (engine.images().await, engine.summary("team/app:1").await, engine.summary("other").await)
    });
    let (id, names) = ("sha256:a".to_owned(), vec!["team/app:1".to_owned()]);
    assert_eq!(images.expect("a list"), [EngineImage { id, names, size: Some(9), created: Some(5) }]);
    let summary = summary.expect("a summary");
    assert_eq!((summary.platform.to_string(), summary.size), ("linux/arm64".to_owned(), Some(9)));
    let layer = |by: &str, size| LayerSummary { created_by: Some(by.to_owned()), size: Some(size) };
    assert_eq!(summary.layers, [layer("ADD root", 5), layer("COPY app /", 4)]);
    assert!(matches!(missing, Err(EngineError::NoImage { .. })), "{missing:?}");
    let paths: Vec<String> = server.take_requests().into_iter().map(|request| request.target).collect();
    assert!(!paths.contains(&"/images/get".to_owned()), "{paths:?}");
}

#[test]
fn layers_are_known_without_a_history() {
    let server = engine();
    server.fail("/images/team/app:1/history", [Fault::Status(500, Vec::new())]);
    let summary = wait(async { connect(&server).await.summary("team/app:1").await }).expect("a summary");
    assert_eq!(summary.layers, vec![LayerSummary::default(); 2]);
}

#[test]
fn an_archive_that_breaks_is_an_error_and_one_that_is_given_up_ends() {
    let server = engine();
    let read = |archive: &mut (dyn Read + Send)| {
        let mut text = String::new();
        archive.read_to_string(&mut text).map(|_| text).map_err(|error| error.kind())
    };
    let saved = wait(async { connect(&server).await.save("team/app:1", read).await });
    assert_eq!(saved.expect("an answer").as_deref(), Ok("the archive"));

    server.fail("/images/get", [Fault::CutAfter(3)]);
    let broken = wait(async { connect(&server).await.save("team/app:1", read).await });
    assert!(matches!(broken, Err(EngineError::Request { .. })), "{broken:?}");

    server.fail("/images/get", [Fault::Silence]);
    let (ended, heard) = mpsc::channel();
    let given_up = wait(async {
        let engine = connect(&server).await;
        let saving = engine.save("team/app:1", move |archive| ended.send(read(archive)));
        tokio::time::timeout(Duration::from_millis(300), saving).await.is_err()
    });
    assert!(given_up, "nothing came");
    // The request was given up before there was an archive to read, or whoever reads it gets its end.
    let read = heard.recv_timeout(Duration::from_secs(5));
    assert!(matches!(read, Err(mpsc::RecvTimeoutError::Disconnected) | Ok(Ok(_))), "{read:?}");
}
