//! Files that packages have moved out of each other's way, as dpkg notes them.

/// A diversion: what other packages bring to `from` stands at `to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Diversion {
    /// The path as packages have it.
    pub(super) from: Vec<u8>,
    /// Where it stands instead.
    pub(super) to: Vec<u8>,
    /// The package whose own file stays at `from`; `None` where an administrator diverts all.
    pub(super) package: Option<String>,
}

/// Reads `var/lib/dpkg/diversions`: three lines a diversion. What is none is skipped.
pub(super) fn parse_diversions(text: &[u8]) -> Vec<Diversion> {
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    let diversions = lines.chunks_exact(3).filter_map(|lines| {
        let [from, to, package] = [lines[0], lines[1], lines[2]];
        let package = (package != b":").then(|| String::from_utf8_lossy(package).into_owned());
        Some(Diversion { from: super::paths::canonical(from)?, to: super::paths::canonical(to)?, package })
    });
    diversions.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diversions_are_read() {
        let text = b"/bin/sh\n/bin/sh.distrib\ndash\n/../x\n/y\nz\n/etc/a\n/etc/b\n:\n/half\n";
        let diversion = |from: &str, to: &str, package: Option<&str>| Diversion {
            from: from.into(),
            to: to.into(),
            package: package.map(String::from),
        };
        let expected =
            [diversion("bin/sh", "bin/sh.distrib", Some("dash")), diversion("etc/a", "etc/b", None)];
        assert_eq!(parse_diversions(text), expected);
    }
}
