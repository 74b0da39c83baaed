//! Names of Debian for packages that Alpine and Wolfi name otherwise.
//!
//! A reviewed table, not a guess: what does not stand here is said to be unknown. An end-to-end test
//! locks every name of the second column.

/// Returns the packages of Debian 13 that do what an apk package does, by its name.
///
/// An empty list means that nothing is needed: the foundation has it, or it only serves apk itself.
/// `None` means that the table does not know.
pub fn packages(apk: &str) -> Option<&'static [&'static str]> {
    let row = TABLE.binary_search_by(|(name, _)| (*name).cmp(apk)).ok()?;
    Some(TABLE[row].1)
}

/// Returns every name that the table knows, in order.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(name, _)| *name)
}

/// By the name for apk, in order.
const TABLE: &[(&str, &[&str])] = &[
    ("alpine-baselayout", &[]),
    ("alpine-baselayout-data", &[]),
    ("alpine-keys", &[]),
    ("apk-tools", &[]),
    ("bash", &["bash"]),
    ("bind-tools", &["bind9-dnsutils"]),
    ("brotli-libs", &["libbrotli1"]),
    ("busybox", &["busybox-static"]),
    ("bzip2", &["bzip2"]),
    ("c-ares", &["libcares2"]),
    ("ca-certificates", &[]),
    ("ca-certificates-bundle", &[]),
    ("coreutils", &["coreutils"]),
    ("curl", &["curl"]),
    ("dumb-init", &["dumb-init"]),
    ("expat", &["libexpat1"]),
    ("ffmpeg", &["ffmpeg"]),
    ("file", &["file"]),
    ("findutils", &["findutils"]),
    ("fontconfig", &["fontconfig"]),
    ("freetype", &["libfreetype6"]),
    ("gawk", &["gawk"]),
    ("gcompat", &["libc6"]),
    ("git", &["git"]),
    ("glibc", &["libc6"]),
    ("glibc-locale-posix", &[]),
    ("gmp", &["libgmp10"]),
    ("grep", &["grep"]),
    ("gzip", &["gzip"]),
    ("icu-libs", &["libicu76"]),
    ("iproute2", &["iproute2"]),
    ("iptables", &["iptables"]),
    ("jq", &["jq"]),
    ("krb5-libs", &["libgssapi-krb5-2"]),
    ("ld-linux", &["libc6"]),
    ("less", &["less"]),
    ("libbz2", &["libbz2-1.0"]),
    ("libc6-compat", &["libc6"]),
    ("libcap", &["libcap2"]),
    ("libcap-utils", &["libcap2-bin"]),
    ("libcrypto3", &["libssl3t64"]),
    ("libcurl", &["libcurl4t64"]),
    ("libffi", &["libffi8"]),
    ("libgcc", &["libgcc-s1"]),
    ("libgomp", &["libgomp1"]),
    ("libjpeg-turbo", &["libjpeg62-turbo"]),
    ("libpng", &["libpng16-16t64"]),
    ("libpq", &["libpq5"]),
    ("libsasl", &["libsasl2-2"]),
    ("libssl3", &["libssl3t64"]),
    ("libstdc++", &["libstdc++6"]),
    ("libuuid", &["libuuid1"]),
    ("libuv", &["libuv1t64"]),
    ("libwebp", &["libwebp7"]),
    ("libxml2", &["libxml2"]),
    ("libxslt", &["libxslt1.1"]),
    ("lz4-libs", &["liblz4-1"]),
    ("mailcap", &[]),
    ("musl", &["libc6"]),
    ("musl-utils", &["libc-bin"]),
    ("ncurses", &["libncursesw6"]),
    ("ncurses-libs", &["libncursesw6"]),
    ("netcat-openbsd", &["netcat-openbsd"]),
    ("nghttp2-libs", &["libnghttp2-14"]),
    ("nginx", &["nginx"]),
    ("nginx-mainline", &["nginx"]),
    ("nodejs", &["nodejs"]),
    ("nodejs-20", &["nodejs"]),
    ("nodejs-current", &["nodejs"]),
    ("openjdk-21-jre", &["openjdk-21-jre-headless"]),
    ("openjdk21-jre", &["openjdk-21-jre-headless"]),
    ("openjdk21-jre-headless", &["openjdk-21-jre-headless"]),
    ("openssh-client", &["openssh-client"]),
    ("openssl", &["openssl"]),
    ("pcre2", &["libpcre2-8-0"]),
    ("perl", &["perl"]),
    ("postgresql-17", &["postgresql-17"]),
    ("postgresql-17-client", &["postgresql-client-17"]),
    ("postgresql17", &["postgresql-17"]),
    ("postgresql17-client", &["postgresql-client-17"]),
    ("procps", &["procps"]),
    ("py3-pip", &["python3-pip"]),
    ("python-3.13", &["python3.13"]),
    ("python3", &["python3"]),
    ("readline", &["libreadline8t64"]),
    ("redis", &["redis-server"]),
    ("rsync", &["rsync"]),
    ("ruby", &["ruby"]),
    ("sed", &["sed"]),
    ("shadow", &["passwd"]),
    ("snappy", &["libsnappy1v5"]),
    ("socat", &["socat"]),
    ("sqlite", &["sqlite3"]),
    ("sqlite-libs", &["libsqlite3-0"]),
    ("strace", &["strace"]),
    ("su-exec", &["gosu"]),
    ("tar", &["tar"]),
    ("tini", &["tini"]),
    ("tini-static", &["tini"]),
    ("ttf-dejavu", &["fonts-dejavu-core"]),
    ("tzdata", &[]),
    ("unzip", &["unzip"]),
    ("wget", &["wget"]),
    ("wolfi-base", &["busybox-static"]),
    ("wolfi-baselayout", &[]),
    ("wolfi-keys", &[]),
    ("xz", &["xz-utils"]),
    ("xz-libs", &["liblzma5"]),
    ("yaml", &["libyaml-0-2"]),
    ("zlib", &["zlib1g"]),
    ("zstd", &["zstd"]),
    ("zstd-libs", &["libzstd1"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        assert!(TABLE.is_sorted_by(|(a, _), (b, _)| a < b));
        assert_eq!(packages("zlib"), Some(&["zlib1g"][..]));
        assert_eq!(packages("tzdata"), Some(&[][..]));
        assert_eq!(packages("no-such"), None);
    }
}
