//! The name service switch: services of `/etc/nsswitch.conf` that the C library loads when asked.
//!
//! A service that is not there is passed over for the next one, so only `files` and `dns` of a C library
//! that has them not built in are missed (glibc before 2.34).

use super::super::Problem;
use super::super::proof::{Proof, Running, Weight};

/// Services that every image needs, and that are built in from this minor version on.
const BASIC: [&str; 2] = ["files", "dns"];
const BUILT_IN_SINCE: u32 = 34;

pub(super) fn apply<'a>(proof: &mut Proof<'a>, running: &mut Running<'a>, weight: Weight) {
    let Some(library) = running.process.library("libc.so.6") else { return };
    let directory = running.process.objects[library].path.parent().unwrap_or_default();
    for service in services(&proof.world.read_text("/etc/nsswitch.conf").unwrap_or_default()) {
        let name = format!("libnss_{service}.so.2");
        let path = directory.join(&name).ok().and_then(|path| proof.world.subject.tree.resolve(&path));
        match path.filter(|path| proof.world.elf(path).is_some()) {
            Some(path) => running.open(proof, &path, library, Weight::Optional),
            None if BASIC.contains(&service.as_str()) && !has_built_in(running, library) => {
                let what = format!("the name service `{service}` of /etc/nsswitch.conf");
                let object = running.process.objects[library].shown.clone();
                let path = Some(running.process.objects[library].path.clone());
                proof.fail(&object, path, Problem::Part { what, path: name }, running.step(), weight);
            }
            None => {}
        }
    }
}

/// Returns the services that any database names, each once.
fn services(text: &str) -> Vec<String> {
    let mut services: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let Some((_, list)) = line.split_once(':') else { continue };
        // What is in brackets says what to do, as in `[NOTFOUND=return]`.
        let mut inside = false;
        for word in list.split_whitespace() {
            inside |= word.starts_with('[');
            let is_name = !inside && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            inside &= !word.ends_with(']');
            if is_name && !services.iter().any(|known| known == word) {
                services.push(word.to_owned());
            }
        }
    }
    services
}

fn has_built_in(running: &Running<'_>, library: usize) -> bool {
    let versions = running.process.objects[library].facts.version_definitions.iter();
    let minors = versions.filter_map(|name| name.strip_prefix("GLIBC_2.")?.parse::<u32>().ok());
    minors.max().is_none_or(|newest| newest >= BUILT_IN_SINCE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linkage::testing::{Sample, file, library, program};

    #[test]
    fn services_are_read_without_their_actions() {
        let text = "# x: y\npasswd: files systemd\nhosts: files mdns4_minimal [NOTFOUND=return !SUCCESS=merge] dns\n";
        assert_eq!(services(text), ["files", "systemd", "mdns4_minimal", "dns"]);
    }

    #[test]
    fn only_what_an_old_library_lacks_is_missed() {
        let sample = Sample::with_libc()
            .and("etc/nsswitch.conf", file("hosts: files resolve dns\n"))
            .and("app", program(&["libc.so.6"]))
            .starting(&["/app"]);
        assert_eq!(sample.findings(), Vec::<String>::new());
        let old = library(&[]).with(|facts| {
            facts.soname = Some("libc.so.6".into());
            facts.version_definitions = vec!["GLIBC_2.31".into()];
        });
        let sample = sample
            .and("usr/lib/x86_64-linux-gnu/libc.so.6", old)
            .and("usr/lib/x86_64-linux-gnu/libnss_files.so.2", library(&["libc.so.6"]));
        assert_eq!(
            sample.findings(),
            [
                "/lib/x86_64-linux-gnu/libc.so.6 needs the name service `dns` of /etc/nsswitch.conf (`libnss_dns.so.2`), which is not in the image [entrypoint > /app]"
            ]
        );
    }
}
