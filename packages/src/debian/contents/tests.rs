use proptest::prelude::*;

use super::*;

const INDEX: &str = "\
FILE                                                    LOCATION
bin/busybox                                             utils/busybox,utils/busybox-static
usr/bin/with blank   in it                              net/odd
usr/lib/postgresql/17/lib/libssl.so.3                   database/private
usr/lib/x86_64-linux-gnu/libssl.so.3\tlibs/libssl3t64
usr/share/doc/libssl.so.3                               doc/docs
lib64/ld-linux-x86-64.so.2                              non-free/libs/libc6

nothing-but-a-path
usr/bin/psql                                            database/postgresql-client-common";

fn answers(queries: &[Query], limit: usize) -> Vec<String> {
    let answers = search(INDEX.as_bytes(), queries, limit).expect("the index is well formed");
    answers
        .into_iter()
        .map(|answer| {
            let hits: Vec<String> = answer
                .hits
                .iter()
                .map(|hit| format!("{}={}", String::from_utf8_lossy(&hit.path), hit.packages.join("+")))
                .collect();
            format!("{} (+{})", hits.join(" "), answer.more)
        })
        .collect()
}

#[test]
fn queries_are_answered_in_one_pass() {
    let path = |path: &str| Query::Path(path.as_bytes().to_vec());
    let name = |name: &str| Query::FileName(name.as_bytes().to_vec());
    let soname = |name: &str| Query::Soname(name.as_bytes().to_vec());
    let library = "usr/lib/x86_64-linux-gnu/libssl.so.3=libssl3t64 \
                   usr/lib/postgresql/17/lib/libssl.so.3=private";
    let cases = [
        (path("/usr/bin/busybox"), "bin/busybox=busybox+busybox-static (+0)".to_owned()),
        (path("bin/psql"), "usr/bin/psql=postgresql-client-common (+0)".to_owned()),
        (path("/opt/psql"), " (+0)".to_owned()),
        (path("/usr/bin/with blank   in it"), "usr/bin/with blank   in it=odd (+0)".to_owned()),
        (path("/lib64/ld-linux-x86-64.so.2"), "lib64/ld-linux-x86-64.so.2=libc6 (+0)".to_owned()),
        (name("psql"), "usr/bin/psql=postgresql-client-common (+0)".to_owned()),
        (name("nothing-but-a-path"), " (+0)".to_owned()),
        (soname("libssl.so.3"), format!("{library} (+0)")),
        (name("libssl.so.3"), format!("{library} usr/share/doc/libssl.so.3=docs (+0)")),
    ];
    let queries: Vec<Query> = cases.iter().map(|(query, _)| query.clone()).collect();
    let expected: Vec<String> = cases.into_iter().map(|(_, expected)| expected).collect();
    assert_eq!(answers(&queries, 10), expected);
    assert_eq!(answers(&[name("libssl.so.3")], 1), ["usr/lib/x86_64-linux-gnu/libssl.so.3=libssl3t64 (+2)"]);
    assert_eq!(answers(&[], 10), [""; 0]);
}

#[test]
fn the_directories_of_the_loader_are_known() {
    let cases = [
        ("lib/libc.so.6", true),
        ("usr/lib/libc.so.6", true),
        ("usr/lib64/libc.so.6", true),
        ("lib/x86_64-linux-gnu/libc.so.6", true),
        ("usr/lib/arm-linux-gnueabihf/libc.so.6", true),
        ("usr/lib/x86_64-linux-gnu/blas/libblas.so.3", false),
        ("usr/lib/jvm/libjvm.so", false),
        ("usr/libexec/libx.so", false),
        ("usr/share/libx.so", false),
    ];
    for (path, expected) in cases {
        assert_eq!(is_default_library(path.as_bytes()), expected, "{path}");
    }
}

#[test]
fn a_line_without_end_is_refused() {
    let endless = io::BufReader::new(io::repeat(b'x'));
    let error = search(endless, &[], 1).expect_err("the line is too long");
    assert_eq!(error.to_string(), "line 1 of the contents index is longer than 1048576 bytes");
}

proptest! {
    #[test]
    fn any_bytes_are_searched(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b' '), Just(b'/'), any::<u8>()], 0..200)) {
        let queries = [Query::Path(b"/usr/a".to_vec()), Query::FileName(Vec::new()), Query::Soname(b"a".to_vec())];
        let answers = search(bytes.as_slice(), &queries, 2).expect("reading from memory succeeds");
        prop_assert!(answers.iter().all(|answer| answer.hits.len() <= 2));
    }
}
