//! Real files of other tools as specs.

use std::collections::BTreeSet;
use std::path::Path;

use super::dockerfile::{Kind, Surroundings};
use super::{Conversion, ConvertError, apko, dockerfile};
use crate::spec::{self, Selection};

/// Converts a Dockerfile beside which some files and folders lie.
fn convert(text: &str) -> Result<Conversion, ConvertError> {
    let kind = |path: &str| match path {
        "." | "src" | "app" | "dist" => Some(Kind::Directory),
        "app.py" | "start.sh" | "nginx.conf" | "ca.crt" | "rootfs.tar.gz" => Some(Kind::File),
        _ => None,
    };
    let ignored = ["node_modules", "# no", "src/secret", "!src/x", "/docs/"].map(String::from);
    let around = Surroundings { file: "Dockerfile", folder: "", kind: &kind, ignored: &ignored };
    dockerfile::convert(text, &around)
}

/// Returns the spec that was written, typed: it must load.
fn typed(made: &Conversion) -> spec::schema::Spec {
    let document = spec::parse("attar.yaml", &made.spec, Path::new("")).expect("a spec that loads");
    let platforms = document.effective(Selection::default()).expect("a spec that loads").spec.platforms;
    let selection = Selection { platform: platforms.first().map(String::as_str), ..Selection::default() };
    document.effective(selection).expect("a spec that loads").spec
}

/// Converts a Dockerfile that begins with `FROM debian:trixie`, and returns its lines and what is said.
fn lines(text: &str) -> (Vec<String>, Vec<String>) {
    let made = convert(&format!("FROM debian:trixie\n{text}")).expect("a Dockerfile");
    typed(&made);
    let head = convert("FROM debian:trixie\n").expect("a Dockerfile").spec;
    let known: BTreeSet<&str> = head.lines().collect();
    let new = made.spec.lines().filter(|line| !known.contains(line)).map(|line| line.trim().to_owned());
    let said = made.unmapped.iter().map(|it| format!("{}: {}", it.line, it.what)).collect();
    (new.collect(), said)
}

const WEB: &str = r#"# syntax=docker/dockerfile:1
ARG GO_VERSION=1.25
FROM --platform=$BUILDPLATFORM golang:${GO_VERSION}-trixie AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -o /out/web ./cmd/web

FROM gcr.io/distroless/static-debian13:nonroot
LABEL org.opencontainers.image.title="web" \
      org.opencontainers.image.vendor='Acme $ Co'
ENV PORT=8080 \
    # where the pages are
    PAGES=/srv/pages
COPY --from=build /out/web /usr/local/bin/web
COPY --from=build --chown=nonroot:nonroot /src/pages/ /srv/pages/
EXPOSE 8080/tcp 9000-9002/udp
USER nonroot:nonroot
STOPSIGNAL SIGINT
HEALTHCHECK --interval=30s --retries=3 CMD ["/usr/local/bin/web", "--check"]
ENTRYPOINT ["/usr/local/bin/web"]
CMD ["--listen", ":8080"]
"#;

#[test]
fn a_static_program_of_two_stages() {
    let made = convert(WEB).expect("a Dockerfile");
    assert_eq!(made.unmapped, []);
    let expected = format!(
        "{}{}",
        super::HEAD,
        r#"#
# Made from Dockerfile, of which the last stage counts (line 12).
# Its base is gcr.io/distroless/static-debian13:nonroot (line 12).

contents:
  repositories:
    - debian: trixie
  # As examples/static.
  files:
    # Out of the stage `build` (line 18), which is built as before:
    #   docker buildx build --platform linux/amd64,linux/arm64 --target build -o out/build .
    - {from: "out/build/linux_${arch}/out/web", to: /usr/local/bin/web}
    - {from: "out/build/linux_${arch}/src/pages", to: /srv/pages, owner: nonroot, group: nonroot}

accounts:
  run-as: nonroot

entrypoint: {command: [/usr/local/bin/web]}
cmd: ["--listen", ":8080"]
stop-signal: SIGINT

ports:
  - 8080
  - "9000/udp"
  - "9001/udp"
  - "9002/udp"

healthcheck: {command: [/usr/local/bin/web, "--check"], interval: "30s", retries: 3}

environment:
  PAGES: /srv/pages
  PORT: "8080"

labels:
  org.opencontainers.image.title: web
  org.opencontainers.image.vendor: "Acme $$ Co"

platforms:
  - linux/amd64
  - linux/arm64
"#
    );
    assert_eq!(made.spec, expected);
    let spec = typed(&made);
    assert_eq!(spec.labels["org.opencontainers.image.vendor"], "Acme $ Co");
}

const PYTHON: &str = "\
FROM python:3.13-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 PATH=/venv/bin:$PATH
RUN apt-get update && apt-get install -y --no-install-recommends \\
      libpq5 curl=8.14.1-2 \\
      # for images
      libjpeg62-turbo \\
 && rm -rf /var/lib/apt/lists/* \\
 && groupadd -r -g 1001 app && useradd -r -u 1001 -g app -d /app app \\
 && pip install uv
FROM base AS final
WORKDIR /app
COPY --chown=app:app . .
RUN mkdir -p /var/lib/app && chown app:app /var/lib/app
USER app
CMD python -m app
";

#[test]
fn a_python_service_built_upon_another_stage() {
    let made = convert(PYTHON).expect("a Dockerfile");
    let said: Vec<String> = made.unmapped.iter().map(|it| format!("{}: {}", it.line, it.what)).collect();
    assert_eq!(
        said,
        ["9: RUN pip install uv: install into a virtual environment before the build, and copy it"]
    );
    let spec = typed(&made);
    let packages: Vec<String> = spec
        .contents
        .packages
        .iter()
        .map(|package| match &package.constraint {
            Some(constraint) => format!("{} ({constraint})", package.name),
            None => package.name.clone(),
        })
        .collect();
    assert_eq!(
        packages,
        ["python3.13-minimal", "libpython3.13-stdlib", "curl (= 8.14.1-2)", "libjpeg62-turbo", "libpq5"]
    );
    assert_eq!(
        spec.environment["PATH"],
        "/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    );
    assert_eq!(
        serde_json::to_value(&spec.cmd).expect("words"),
        serde_json::json!(["/usr/bin/python3.13", "-m", "app"])
    );
    assert_eq!(spec.accounts.run_as.as_deref(), Some("app"));
    let file = &spec.contents.files[0];
    assert_eq!((file.to.as_str(), file.owner.as_deref()), ("/app", Some("app")));
    let excluded = [".git", "attar.yaml", "attar.lock", "Dockerfile", "node_modules", "src/secret", "docs"];
    assert_eq!(file.exclude, excluded.map(String::from));
    assert!(
        made.spec.contains("- {path: /var/lib/app, type: directory, owner: app, group: app}"),
        "{}",
        made.spec
    );
}

#[test]
fn each_instruction_has_its_place() {
    for (text, expected) in [
        ("COPY app.py /srv/", vec!["- {from: app.py, to: /srv/app.py}"]),
        ("COPY app.py /srv/main.py", vec!["- {from: app.py, to: /srv/main.py}"]),
        ("COPY src /srv", vec!["- {from: src, to: /srv, exclude: [secret]}"]),
        (
            "COPY --chmod=755 start.sh nginx.conf /",
            vec![
                "- {from: start.sh, to: /start.sh, permissions: 0755}",
                "- {from: nginx.conf, to: /nginx.conf, permissions: 0755}",
            ],
        ),
        (
            "COPY app /srv\nCOPY src /srv",
            vec!["- {from: \"app/*\", to: /srv/}", "- {from: src, to: /srv, exclude: [secret]}"],
        ),
        ("COPY *.conf /etc/app/", vec!["- {from: \"*.conf\", to: /etc/app/}"]),
        ("COPY [\"app.py\", \"/srv/a b\"]", vec!["- {from: app.py, to: \"/srv/a b\"}"]),
        ("ADD rootfs.tar.gz /", vec!["- {archive: rootfs.tar.gz, to: /}"]),
        ("COPY ca.crt /usr/local/share/ca-certificates/", vec!["certificates:", "additional:", "- ca.crt"]),
        (
            "COPY src /srv\nCOPY app /srv",
            vec!["- {from: src, to: /srv, exclude: [secret]}", "- {from: \"app/*\", to: /srv/}"],
        ),
        (
            "COPY <<EOF <<\"RAW\" /etc/app/\na $HOME_DIR ${X:-y}\nEOF\n$b\nRAW",
            vec!["- {text: \"a  y\\n\", to: /etc/app/EOF}", "- {text: \"$$b\\n\", to: /etc/app/RAW}"],
        ),
        ("ARG TARGETARCH\nCOPY bin/$TARGETARCH/x /x", vec!["- {from: \"bin/${arch}/x\", to: /x}"]),
        ("ENV A=1 B=\"two words\" C=$A-$B", vec!["environment:", "A: \"1\"", "B: \"two words\"", "C: \"-\""]),
        ("ENV OLD some  value", vec!["environment:", "OLD: \"some  value\""]),
        ("ARG V=1.2\nLABEL version=$V", vec!["labels:", "version: \"1.2\""]),
        (
            "WORKDIR /srv\nWORKDIR app",
            vec!["paths:", "- {path: /srv/app, type: directory}", "work-dir: /srv/app"],
        ),
        ("VOLUME [\"/data\"]\nVOLUME /a b", vec!["volumes:", "- /data", "- /a", "- /b"]),
        (
            "RUN ln -s /usr/bin/x /x && touch /y",
            vec![
                "paths:",
                "- {path: /x, type: symlink, source: /usr/bin/x}",
                "- {path: /y, type: empty-file}",
            ],
        ),
        (
            "ENTRYPOINT exec /app --now",
            vec![
                "# Line 2 left this to a shell; here the program is started itself.",
                "entrypoint: {command: [/app, \"--now\"]}",
            ],
        ),
        (
            "USER 1234:5678\nENTRYPOINT [\"/a\"]",
            vec![
                "users:",
                "- {username: app, uid: 1234, gid: 5678}",
                "run-as: 1234",
                "entrypoint: {command: [/a]}",
            ],
        ),
        ("RUN apt-get install -y a1 b1 && apt-get purge -y a1", vec!["# Line 2.", "- b1"]),
    ] {
        let (found, _) = lines(text);
        let kept: Vec<&str> =
            found.iter().map(String::as_str).filter(|line| expected.contains(line)).collect();
        assert_eq!(kept, expected, "{text}\n{found:#?}");
    }
}

#[test]
fn what_has_no_place_is_said_with_its_line() {
    for (text, expected) in [
        (
            "RUN make && \\\n  apt-get install -y zlib1g && \\\n  ./configure --x",
            vec!["2: RUN make", "4: RUN ./configure --x"],
        ),
        ("RUN <<EOF\nset -e\napt-get install -y zlib1g\nmake\nEOF", vec!["5: RUN make"]),
        ("RUN if true; then rm -rf /x; fi", vec!["2: RUN if true", "2: RUN then rm -rf /x", "2: RUN fi"]),
        (
            "ADD https://example.org/x.tar.gz /x/",
            vec![
                "2: ADD: `https://example.org/x.tar.gz` is fetched from elsewhere: fetch it before the build, and copy it \
             with its `sha256` in `files`",
            ],
        ),
        (
            "CMD app $PORT",
            vec![
                "2: CMD in shell form: a shell would put values for its variables, and the image has no shell",
            ],
        ),
        ("SHELL [\"/bin/bash\", \"-c\"]", vec!["2: SHELL: the image has no shell: nothing is run in it"]),
        ("ONBUILD RUN x", vec!["2: ONBUILD: an image carries no instructions for others: use `include`"]),
        (
            "COPY --from=alpine /etc/passwd /etc/passwd",
            vec!["2: /etc/passwd to /etc/passwd: left out, the foundation has it"],
        ),
        (
            "RUN apt-get install -y 'zlib1g=1:1.2*'",
            vec!["2: `zlib1g=1:1.2*`: taken without its version, which has a wildcard"],
        ),
        ("COPY --chmod=u+x app.py /x", vec!["2: --chmod=u+x: say `permissions` as octal digits"]),
        ("ENV A=$NOBODY", vec!["2: ENV: `$NOBODY` has no value here and is taken as empty"]),
        ("ENV A=${B%x}", vec!["2: ENV: `${B…}` is of a form that is not understood here"]),
        ("USER app", vec!["2: the number of the user `app` is not said: 1000 is taken"]),
        (
            "EXPOSE 99999",
            vec!["2: `ports: 99999`: `ports`: expected a port such as `8080` or `53/udp`, found `99999`"],
        ),
    ] {
        assert_eq!(lines(text).1, expected, "{text}");
    }
}

#[test]
fn directives_and_continuations_are_those_of_docker() {
    let text = "# escape=`\n# a comment\nFROM debian `\n  # in between\n\n  AS x\nENV A=c:\\x `\n    B=1\n";
    let spec = typed(&convert(text).expect("a Dockerfile"));
    assert_eq!((spec.environment["A"].as_str(), spec.environment["B"].as_str()), ("c:\\x", "1"));
}

#[test]
fn what_is_no_dockerfile_is_an_error_with_its_line() {
    for (text, expected) in [
        ("", "line 1: there is no `FROM`"),
        ("RUN x\nFROM y", "line 1: `RUN` before `FROM`"),
        ("FROM x\nFETCH y", "line 2: there is no instruction `FETCH`"),
        ("FROM x\nCOPY <<EOF /a\nb", "line 2: the here-document `EOF` has no end"),
        ("FROM x\nRUN", "line 2: `RUN` says nothing"),
        ("FROM a b c d", "line 1: expected `FROM IMAGE` or `FROM IMAGE AS NAME`"),
        ("# escape=x\nFROM a", "line 1: `escape` is a backslash or `` ` ``, not \"x\""),
    ] {
        assert_eq!(convert(text).expect_err("an error").to_string(), expected, "{text}");
    }
    let bomb = format!("FROM x\nARG A=0123456789\n{}", "ARG A=$A$A$A$A\n".repeat(60));
    let made = convert(&bomb).expect("a Dockerfile");
    assert!(made.unmapped.iter().any(|it| it.what.contains("too long")), "{:?}", made.unmapped);
}

const NGINX: &str = "\
contents:
  repositories:
    - https://packages.wolfi.dev/os
  keyring:
    - https://packages.wolfi.dev/os/wolfi-signing.rsa.pub
  packages:
    - wolfi-baselayout
    - nginx
    - zlib=1.3.1-r4
    - nginx-package-config
    - '!busybox'

entrypoint:
  command: /usr/sbin/nginx -c /etc/nginx/nginx.conf -e /dev/stderr
cmd: -g 'daemon off;'
work-dir: /usr/share/nginx
stop-signal: SIGQUIT
accounts:
  groups:
    - groupname: nginx
      gid: 10000
  users:
    - username: nginx
      uid: 10000
      gid: 10000
  run-as: nginx
paths:
  - path: /var/lib/nginx
    type: directory
    uid: 10000
    gid: 10000
    permissions: 0o755
  - {path: /run/nginx, type: directory, owner-of: 1}
environment:
  PRICE: $5
  VERSION: 1.10
archs: [x86_64, aarch64, all]
annotations:
  org.opencontainers.image.title: nginx
vcs-url: https://example.org/nginx@0123abcd
layering: {strategy: origin, budget: 7}
format: erofs
";

#[test]
fn a_configuration_of_apko() {
    let read = |_: &Path| Err(std::io::Error::from(std::io::ErrorKind::NotFound));
    let made = apko::convert("apko.yaml", NGINX, &read).expect("a configuration");
    let spec = typed(&made);
    let said: Vec<(usize, &str)> = made.unmapped.iter().map(|it| (it.line, it.what.as_str())).collect();
    let lines: Vec<usize> = said.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [3, 5, 9, 10, 33, 37, 42], "{said:#?}");
    let names: Vec<&str> = spec.contents.packages.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(names, ["nginx", "zlib1g"]);
    assert_eq!(spec.contents.without.packages, ["busybox-static"]);
    assert_eq!(spec.platforms, ["linux/amd64", "linux/arm64"]);
    assert_eq!((spec.environment["PRICE"].as_str(), spec.environment["VERSION"].as_str()), ("$5", "1.10"));
    assert_eq!(spec.paths.len(), 1);
    assert_eq!(serde_json::to_value(&spec.cmd).expect("words"), serde_json::json!(["-g", "daemon off;"]));
    assert_eq!(spec.annotations["org.opencontainers.image.revision"], "0123abcd");
    assert!(made.spec.contains("# - nginx-package-config   # an apk package"), "{}", made.spec);
}

#[test]
fn an_included_configuration_is_the_base() {
    let read = |path: &Path| match path.to_str() {
        Some("base.yaml") => {
            Ok(String::from("contents: {packages: [bash]}\nenvironment: {A: '1', B: '2'}\n"))
        }
        _ => Err(std::io::Error::from(std::io::ErrorKind::NotFound)),
    };
    let text = "include: base.yaml\ncontents: {packages: [curl]}\nenvironment: {B: '3'}\n";
    let spec = typed(&apko::convert("apko.yaml", text, &read).expect("a configuration"));
    let names: Vec<&str> = spec.contents.packages.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(names, ["bash", "curl"]);
    assert_eq!((spec.environment["A"].as_str(), spec.environment["B"].as_str()), ("1", "3"));
    let missing = apko::convert("apko.yaml", "include: gone.yaml\ncontents: {packages: [curl]}\n", &read);
    let missing = missing.expect("a configuration");
    assert!(missing.unmapped.iter().any(|it| it.line == 1 && it.what.contains("gone.yaml")), "{missing:?}");
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    /// Pieces that mean something, and some that mean nothing, in any order.
    fn pieces() -> impl Strategy<Value = String> {
        let words = prop::sample::select(vec![
            "FROM debian",
            "FROM python:3.12 AS a",
            "COPY",
            "ADD",
            "RUN",
            "ENV",
            "ARG",
            "LABEL",
            "USER",
            "WORKDIR",
            "ENTRYPOINT",
            "CMD",
            "HEALTHCHECK",
            "EXPOSE",
            "VOLUME",
            "STOPSIGNAL",
            "--from=a",
            "--chown=a:b",
            "--interval=x",
            "\n",
            "\n",
            "\n",
            "\\\n",
            "<<EOF",
            "\nEOF\n",
            "A=1",
            "$A",
            "${A:-x}",
            "${",
            "\"",
            "'",
            "[\"a\", \"b\"]",
            "/a",
            "/a/",
            ".",
            "..",
            "a b",
            "apt-get install -y zlib1g=1",
            "useradd -u 5 x",
            "mkdir -p /a",
            "chown x:y /a",
            "&&",
            ";",
            ":",
            "{",
            "}",
            "#",
            "\u{1b}",
            "\u{2028}",
            "é",
            "65536",
            "\t",
            "-",
            "~",
            "null",
            "$$",
            "CMD [\"\"]",
        ]);
        prop::collection::vec(words, 0..40).prop_map(|words| words.join(" "))
    }

    proptest! {
        #[test]
        fn whatever_is_read_becomes_a_spec_that_loads(text in pieces()) {
            if let Ok(made) = convert(&format!("FROM debian\n{text}")) {
                typed(&made);
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*", name in "[ -~\\n]*") {
            let read = |_: &Path| Ok(String::new());
            for text in [&text, &name] {
                for made in [convert(text), apko::convert("a", text, &read)].into_iter().flatten() {
                    typed(&made);
                }
            }
        }
    }
}
