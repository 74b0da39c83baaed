//! Popular packages start although the reviewed table leaves out what only their scripts need.

use attar_testing::engine::Docker;
use attar_testing::{Scratch, need};

use crate::support::attar;

/// A package, what is started, and what it says.
const PROGRAMS: [(&str, &[&str], &str); 10] = [
    ("postgresql-17", &["/usr/lib/postgresql/17/bin/postgres", "--describe-config"], "shared_buffers"),
    ("nginx", &["/usr/sbin/nginx", "-t"], "test is successful"),
    ("redis-server", &["/usr/bin/redis-server", "--test-memory", "1"], "Your memory passed this test"),
    (
        "openjdk-21-jre-headless",
        &["/usr/bin/java", "-XshowSettings:all", "-version"],
        "OpenJDK 64-Bit Server VM",
    ),
    (
        "nodejs",
        &["/usr/bin/node", "-p", "require('crypto').createHash('sha256').update('').digest('hex')"],
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ),
    ("mariadb-server", &["/usr/sbin/mariadbd", "--help", "--verbose"], "innodb-buffer-pool-size"),
    (
        "ruby",
        &["/usr/bin/ruby", "-e", "%w[openssl json psych socket zlib].each { |it| require it }; puts 6 * 7"],
        "42",
    ),
    (
        "php-cli",
        // A module that its package turns on in a script.
        &[
            "/usr/bin/php",
            "-r",
            "echo json_encode([6 * 7]), extension_loaded('calendar') ? ' calendar' : '';",
        ],
        "[42] calendar",
    ),
    ("curl", &["/usr/bin/curl", "--version"], "https"),
    ("python3", &["/usr/bin/python3", "-c", "import ssl, sqlite3, ctypes; print(6 * 7)"], "42"),
];

#[test]
fn popular_packages_start_without_what_only_scripts_need() {
    let docker = need!(Docker::find());
    let scratch = Scratch::new();
    let mut failed = Vec::new();
    for (package, command, expected) in PROGRAMS {
        let spec = scratch.write(
            format!("{package}/attar.yaml"),
            format!(
                "contents: {{packages: [{package}]}}\naccounts: {{run-as: root}}\nplatforms: [linux/amd64]\n\
                 entrypoint: {{command: {}}}\n",
                serde_json::to_string(command).expect("words"),
            ),
        );
        let archive = scratch.join(format!("{package}/image.tar"));
        let tag = format!("attar-tests/popular-{package}:1");
        attar()
            .arg("build")
            .arg(spec)
            .args(["-t", &tag, "-o"])
            .arg(format!("docker-archive:{}", archive.display()))
            .run()
            .success();
        docker.load(&archive);
        let said = docker.run(&["--tmpfs", "/run"], &tag, &[]);
        docker.remove(&tag);
        if !said.is_success() || !format!("{}{}", said.stdout, said.stderr).contains(expected) {
            failed.push(said.to_string());
        }
        std::fs::remove_file(archive).expect("a file");
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
