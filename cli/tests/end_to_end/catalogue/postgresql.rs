//! PostgreSQL in two steps: what makes the database has a shell and the passwords, what serves it has
//! neither.

use std::path::Path;
use std::time::Duration;

use attar_testing::container::Compose;
use attar_testing::engine::Docker;
use attar_testing::wait::until;
use attar_testing::{Scratch, command, need, run, yaml};
use serde_json::{Value, json};

use super::{Loaded, built, folder, loader};
use crate::support::attar;

/// psql, in an image of its own.
const CLIENT: &str = "
contents:
  repositories: [{debian: trixie}]
  packages: [postgresql-client-17]
  without: {packages: [postgresql-client-common, sensible-utils]}
entrypoint: {command: [/usr/lib/postgresql/17/bin/psql]}
platforms: [linux/amd64]
";

/// Passwords with what SQL and shells treat specially.
const ADMIN: &str = "s3cr'et \"of $admin\\";
const APPLICATION: &str = "it's \"the\" $application's \\n";

fn example(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/postgresql").join(file);
    let text = std::fs::read_to_string(path).expect("an example");
    yaml::documents(&text).expect("a YAML file")
}

#[test]
fn compose_gives_the_passwords_to_the_first_step_alone() {
    let [compose] = &example("compose.yaml")[..] else { panic!("one document") };
    let (init, server) = (&compose["services"]["init"], &compose["services"]["postgresql"]);
    assert_eq!(init["network_mode"], "none");
    assert_eq!(init["secrets"], json!(["admin-password", "application-password"]));
    let condition = &server["depends_on"]["init"]["condition"];
    assert_eq!(condition, "service_completed_successfully");
    assert_eq!(init["volumes"], server["volumes"]);
    for (name, secret) in compose["secrets"].as_object().expect("secrets") {
        assert_eq!(secret, &json!({"file": format!("./secrets/{name}")}));
        assert!(!server.to_string().contains(name), "{name}");
    }
    for key in ["secrets", "environment", "env_file", "configs"] {
        assert_eq!(server[key], Value::Null, "{key}");
    }
}

#[test]
fn kubernetes_mounts_the_passwords_into_the_init_container_alone() {
    let documents = example("kubernetes.yaml");
    let set = documents.iter().find(|document| document["kind"] == "StatefulSet").expect("a StatefulSet");
    let pod = &set["spec"]["template"]["spec"];
    let list = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_array).cloned();
    let secrets: Vec<Value> = list(pod, "/volumes")
        .expect("volumes")
        .into_iter()
        .filter(|volume| volume["secret"] != Value::Null)
        .map(|volume| volume["name"].clone())
        .collect();
    assert_eq!(secrets, ["passwords"]);
    let names = |container: &Value| -> Vec<Value> {
        let mounts = list(container, "/volumeMounts").expect("mounts");
        mounts.into_iter().map(|mount| mount["name"].clone()).collect()
    };
    let [init] = &list(pod, "/initContainers").expect("init containers")[..] else { panic!("one step") };
    let [server] = &list(pod, "/containers").expect("containers")[..] else { panic!("one server") };
    assert_eq!(names(init), ["data", "passwords"]);
    assert_eq!(names(server), ["data", "sockets", "temporary"]);
    for key in ["env", "envFrom"] {
        assert_eq!(server[key], Value::Null, "{key}");
    }
    assert!(!set.to_string().contains("secretKeyRef"));
    assert_eq!(pod["automountServiceAccountToken"], false);
    let context = &pod["securityContext"];
    for key in ["runAsUser", "runAsGroup", "fsGroup"] {
        assert_eq!(context[key], 999, "{key}");
    }
    // The numbers are those of the image.
    for container in [init, server] {
        assert_eq!(container["securityContext"]["runAsUser"], Value::Null);
    }
    let image = super::images(&built("postgresql"), "postgresql").swap_remove(0);
    assert_eq!(image.config["config"]["User"], "999:999");
}

/// Returns what `docker inspect` says of a container.
#[track_caller]
fn inspect(container: &str) -> Value {
    let said = run(&mut command::words(&["docker", "inspect", container])).success();
    let said: Value = serde_json::from_str(&said).expect("JSON");
    said[0].clone()
}

/// Asks the server, over the network, with a password.
fn query(
    docker: Docker,
    client: &str,
    server: &str,
    user: &str,
    password: &str,
    sql: &str,
) -> Option<String> {
    let network = format!("container:{server}");
    let password = format!("PGPASSWORD={password}");
    let options = ["--env", &password, "--env", "PGCONNECT_TIMEOUT=5"];
    let database = if user == "postgres" { "postgres" } else { "app" };
    let arguments = ["-h", "127.0.0.1", "-U", user, "-d", database, "-v", "ON_ERROR_STOP=1", "-Atqc", sql];
    let said = docker.run_in(&network, &options, client, &arguments);
    said.is_success().then(|| said.stdout.trim().to_owned())
}

#[test]
fn postgresql_starts_in_two_steps_and_survives_a_restart() {
    let docker = need!(loader());
    let layout = built("postgresql");
    let file = folder().join("examples/postgresql/compose.yaml");
    let image = "attar-tests/postgresql:17";
    let variables = vec![("IMAGE", image.to_owned()), ("PORT", String::new())];
    let compose = need!(Compose::find("attar-tests-postgresql", &file, variables));
    let _server = Loaded::new(docker, &layout, "postgresql", "linux/amd64", image);
    let init = format!("{image}-init");
    let _init = Loaded::new(docker, &layout, "postgresql-init", "linux/amd64", &init);
    let client = client(docker);
    let secrets = file.with_file_name("secrets");
    std::fs::create_dir_all(&secrets).expect("a folder");
    std::fs::write(secrets.join("admin-password"), format!("{ADMIN}\n")).expect("a file");
    std::fs::write(secrets.join("application-password"), APPLICATION).expect("a file");

    compose.run(&["up", "--detach"]).success();
    let (init, server) = (compose.container("init"), compose.container("postgresql"));
    let ask =
        |user: &str, password: &str, sql: &str| query(docker, &client.tag, &server, user, password, sql);
    let bound = Duration::from_secs(60);
    let version = until("an answer", bound, || ask("postgres", ADMIN, "SHOW server_version"));
    assert!(version.starts_with("17."), "{version}");
    assert_eq!(ask("postgres", "wrong", "SELECT 1"), None);
    let made = "CREATE TABLE colours (name text); INSERT INTO colours VALUES ('blue'); SELECT current_user";
    assert_eq!(ask("app", APPLICATION, made).as_deref(), Some("app"));
    assert_eq!(ask("postgres", ADMIN, "SHOW data_checksums").as_deref(), Some("on"));
    the_server_has_no_secret(&init, &server);

    run(&mut command::words(&["docker", "restart", &server])).success();
    let name = until("an answer", bound, || ask("app", APPLICATION, "SELECT name FROM colours"));
    assert_eq!(name, "blue");
    // Once more from the start: the first step finds its work done.
    compose.run(&["up", "--detach", "--force-recreate"]).success();
    let (init, server) = (compose.container("init"), compose.container("postgresql"));
    let logs = run(&mut command::words(&["docker", "logs", &init])).success();
    assert_eq!(logs, "the database is there already\n");
    let ask = || query(docker, &client.tag, &server, "app", APPLICATION, "SELECT name FROM colours");
    assert_eq!(until("an answer", bound, ask), "blue");
}

/// Builds the client and loads it.
fn client(docker: Docker) -> Loaded {
    let scratch = Scratch::with([("attar.yaml", CLIENT)]);
    let layout = scratch.join("layout");
    let to = format!("oci:{}:psql", layout.display());
    attar().args(["build", "-o", &to]).arg(scratch.join("attar.yaml")).run().success();
    Loaded::new(docker, &layout, "psql", "linux/amd64", "attar-tests/psql:1")
}

/// Asserts of the containers as they ran what the files promise.
#[track_caller]
fn the_server_has_no_secret(init: &str, server: &str) {
    let targets = |container: &Value| -> Vec<String> {
        let mounts = container["Mounts"].as_array().expect("mounts");
        let mut targets: Vec<String> =
            mounts.iter().filter_map(|mount| mount["Destination"].as_str()).map(str::to_owned).collect();
        targets.sort();
        targets
    };
    let first = inspect(init);
    assert_eq!(first["HostConfig"]["NetworkMode"], "none");
    assert_eq!(first["State"]["ExitCode"], 0);
    let secrets = ["/run/secrets/admin-password", "/run/secrets/application-password"];
    assert_eq!(targets(&first), [secrets[0], secrets[1], "/var/lib/postgresql"]);
    let second = inspect(server);
    assert_eq!(targets(&second), ["/var/lib/postgresql"]);
    assert_eq!(second["State"]["Running"], true);
    let environment = second["Config"]["Env"].to_string();
    assert!(!environment.contains("PASSWORD") && !environment.contains("secret"), "{environment}");
    for container in [init, server] {
        let logs = run(&mut command::words(&["docker", "logs", container]));
        assert!(!logs.stdout.contains("s3cr") && !logs.stderr.contains("s3cr"), "{logs}");
    }
    let exec = |program: &[&str]| run(command::words(&["docker", "exec", server]).args(program));
    for shell in ["sh", "/bin/sh", "/busybox/sh", "initdb"] {
        assert!(!exec(&[shell, "-c", "true"]).is_success(), "{shell}");
    }
    exec(&["/usr/lib/postgresql/17/bin/pg_isready", "--quiet"]).success();
}
