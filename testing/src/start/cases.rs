//! Programs of Debian packages, each with a package that it cannot do without.

/// A program, how it is started, and a package without which it does not.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Name of the case.
    pub name: &'static str,
    /// The example that the image stands on, if any.
    pub example: Option<&'static str>,
    /// The packages that are asked for.
    pub packages: &'static [&'static str],
    /// Program and arguments; it must end by itself, with 0.
    pub command: &'static [&'static str],
    /// The package that is left out the second time; none for what needs nothing.
    pub lacking: &'static str,
    /// Whether it is among those that every run of the tests compares.
    pub quick: bool,
}

/// The folder of the examples.
pub(super) const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");

impl Case {
    /// Says whether the example names the package that is left out.
    pub(super) fn is_named(&self) -> bool {
        let Some(example) = self.example else { return false };
        let text = std::fs::read_to_string(format!("{EXAMPLES}/{example}/attar.yaml")).expect("an example");
        text.lines().any(|line| line.trim() == format!("- {}", self.lacking))
    }
}

const fn case(
    name: &'static str,
    packages: &'static [&'static str],
    command: &'static [&'static str],
    lacking: &'static str,
) -> Case {
    Case { name, example: None, packages, command, lacking, quick: false }
}

const fn upon(example: &'static str, case: Case) -> Case {
    Case { example: Some(example), ..case }
}

const fn quick(case: Case) -> Case {
    Case { quick: true, ..case }
}

const POSTGRES: &str = "/usr/lib/postgresql/17/bin/postgres";

/// Makes a database and asks something so expensive that PostgreSQL compiles the query. It starts without
/// what it compiles with, and then the query fails.
const POSTGRES_QUERY: &str = "cd /usr/lib/postgresql/17/bin && ./initdb -D /tmp/d >/dev/null 2>&1 && \
    echo 'set jit_above_cost = 0; select count(*) from generate_series(1, 9) x;' \
    | ./postgres --single -D /tmp/d postgres >/tmp/said 2>&1; \
    grep -q 'count = \"9\"' /tmp/said || { grep ERROR /tmp/said >&2; exit 1; }";

/// The programs that are compared.
pub const CASES: [Case; 58] = [
    upon("static", case("example-static", &["busybox-static"], &["/usr/bin/busybox", "true"], "")),
    upon("base-nossl", case("example-base-nossl", &["mawk"], &["mawk", "BEGIN{}"], "libc6")),
    upon("base", case("example-base", &["openssl"], &["openssl", "version"], "libssl3t64")),
    upon("cc", case("example-cc", &["ninja-build"], &["ninja", "--version"], "libstdc++6")),
    upon("python3", case("example-python3", &[], &["/usr/bin/python3.13", "-c", "import ctypes"], "libffi8")),
    upon("nodejs", case("example-nodejs", &[], &["/usr/bin/node", "-e", "1"], "libuv1t64")),
    upon("java", case("example-java", &[], &["/usr/bin/java", "-version"], "zlib1g")),
    upon("nginx", case("example-nginx", &[], &["/usr/sbin/nginx", "-v"], "libpcre2-8-0")),
    upon("redis", case("example-redis", &[], &["/usr/bin/redis-server", "--version"], "libjemalloc2")),
    upon("postgresql", case("example-postgresql", &[], &[POSTGRES, "--version"], "libldap2")),
    quick(case("bash", &["bash"], &["/bin/bash", "-c", "true"], "libtinfo6")),
    quick(case("busybox", &["busybox"], &["/usr/bin/busybox", "true"], "libc6")),
    quick(case("curl", &["curl"], &["curl", "--version"], "libnghttp2-14")),
    quick(case("jq", &["jq"], &["/usr/bin/jq", "-n", "1"], "libonig5")),
    quick(case("openssl", &["openssl"], &["openssl", "version"], "libssl3t64")),
    quick(case("redis", &["redis-server"], &["redis-server", "--version"], "libjemalloc2")),
    quick(case(
        "python3-lxml",
        &["python3-lxml"],
        &["/usr/bin/python3", "-c", "import lxml.etree"],
        "libxslt1.1",
    )),
    case("perl", &["perl"], &["perl", "-e", "use POSIX"], "libcrypt1"),
    case("python3", &["python3"], &["python3", "-c", "import ssl"], "libssl3t64"),
    case("python3-psycopg2", &["python3-psycopg2"], &["python3", "-c", "import psycopg2"], "libpq5"),
    case("python3-script", &["yamllint"], &["yamllint", "--version"], "python3-minimal"),
    case("sqlite3", &["sqlite3"], &["sqlite3", ":memory:", "select 1"], "libreadline8t64"),
    case("git", &["git"], &["git", "--version"], "libpcre2-8-0"),
    case("nginx", &["nginx"], &["/usr/sbin/nginx", "-v"], "libpcre2-8-0"),
    case("postgres", &["postgresql-17"], &[POSTGRES, "--version"], "libldap2"),
    case(
        "postgres-query",
        &["postgresql-17", "dash", "grep"],
        &["/bin/sh", "-c", POSTGRES_QUERY],
        "libllvm19",
    ),
    case("psql", &["postgresql-client-17"], &["/usr/lib/postgresql/17/bin/psql", "--version"], "libpq5"),
    case("ruby", &["ruby"], &["ruby", "-e", "puts 1"], "libgmp10"),
    case("ruby-openssl", &["ruby"], &["ruby", "-ropenssl", "-e", "puts 1"], "libssl3t64"),
    case("php", &["php8.4-cli"], &["php", "-r", "echo 1;"], "libargon2-1"),
    case("php-curl", &["php8.4-curl", "php8.4-cli"], &["php", "-r", "curl_init();"], "libcurl4t64"),
    case("perl-pg", &["libdbd-pg-perl", "perl"], &["perl", "-MDBD::Pg", "-e", "1"], "libpq5"),
    case("lua", &["lua5.4"], &["lua5.4", "-e", "print(1)"], "libreadline8t64"),
    case("lua-socket", &["lua5.4", "lua-socket"], &["lua5.4", "-e", "require 'socket'"], "libc6"),
    case("node", &["nodejs"], &["node", "-e", "1"], "libuv1t64"),
    case(
        "java",
        &["openjdk-21-jre-headless"],
        &["/usr/lib/jvm/java-21-openjdk-amd64/bin/java", "-version"],
        "zlib1g",
    ),
    case("ffmpeg", &["ffmpeg"], &["ffmpeg", "-version"], "libx264-164"),
    case("imagemagick", &["imagemagick-7.q16"], &["magick-im7.q16", "-version"], "libfftw3-double3"),
    case("graphviz", &["graphviz"], &["dot", "-V"], "libexpat1"),
    case("haproxy", &["haproxy"], &["haproxy", "-v"], "liblua5.4-0"),
    case("memcached", &["memcached"], &["memcached", "--version"], "libevent-2.1-7t64"),
    case("unbound", &["unbound"], &["unbound", "-V"], "libevent-2.1-7t64"),
    case("dnsmasq", &["dnsmasq-base"], &["dnsmasq", "--version"], "libnetfilter-conntrack3"),
    case("gawk", &["gawk"], &["gawk", "BEGIN{}"], "libmpfr6"),
    case("ripgrep", &["ripgrep"], &["rg", "--version"], "libpcre2-8-0"),
    case("fd", &["fd-find"], &["fdfind", "--version"], "libgcc-s1"),
    case(
        "tmux",
        &["tmux", "coreutils", "libc-bin"],
        &["/usr/bin/env", "LC_ALL=C.UTF-8", "tmux", "-V"],
        "libevent-core-2.1-7t64",
    ),
    case("rsync", &["rsync"], &["rsync", "--version"], "libpopt0"),
    case("wget", &["wget"], &["wget", "--version"], "libidn2-0"),
    case("socat", &["socat"], &["socat", "-V"], "libssl3t64"),
    case("ssh", &["openssh-client"], &["ssh", "-V"], "libgssapi-krb5-2"),
    case("gpg", &["gpg"], &["gpg", "--version"], "libassuan9"),
    case("dig", &["bind9-dnsutils"], &["dig", "-v"], "libuv1t64"),
    case("tcpdump", &["tcpdump"], &["tcpdump", "--version"], "libpcap0.8t64"),
    case("strace", &["strace"], &["strace", "-V"], "libunwind8"),
    case("lighttpd", &["lighttpd"], &["/usr/sbin/lighttpd", "-v"], "libpcre2-8-0"),
    case("mariadb", &["mariadb-client-core"], &["mariadb", "--version"], "libncurses6"),
    case("vim", &["vim-tiny"], &["vim.tiny", "--version"], "libtinfo6"),
];
