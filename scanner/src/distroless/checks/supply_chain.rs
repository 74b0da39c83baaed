//! D16: what tells where the image comes from, and that it can be made again.

use super::{Draft, Findings};
use crate::distroless::date;
use crate::distroless::verdict::{Fix, Severity};
use crate::distroless::view::View;

const BASE_NAME: &str = "org.opencontainers.image.base.name";
const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";

pub(super) fn run(view: &View<'_>) -> Findings {
    let mut drafts = Vec::new();
    let mut note = |setting: &str, what: String, why, fix: Fix| {
        drafts.push(Draft::fail(what, why, fix).with_severity(Severity::Info).setting(setting));
    };
    let attach = || {
        Fix::spec("build --push attaches what attar knows")
            .dockerfile("buildx build --sbom=true --provenance=true")
    };
    let referrers = view.subject.referrers;
    if referrers.is_some_and(|referrers| !referrers.sbom) {
        let what = "no list of what is inside (SBOM) is attached".to_owned();
        note("sbom", what, "scanners must guess what they do not recognise", attach());
    }
    if referrers.is_some_and(|referrers| !referrers.provenance) {
        let what = "no statement on how it was built (provenance) is attached".to_owned();
        note("provenance", what, "nobody can tell what it was built from", attach());
    }
    let config = view.config();
    if let Some(base) = config.labels.get(BASE_NAME).filter(|_| !config.labels.contains_key(BASE_DIGEST)) {
        let what = format!("the base {base} is named without its digest");
        let fix = Fix::spec(format!("annotations: {{{BASE_DIGEST}: …}}")).dockerfile("FROM name@sha256:…");
        note("base", what, "the name leads to another image tomorrow", fix);
    }
    if let Some(created) = view.subject.config.created.as_deref().and_then(date::seconds) {
        let is_later = |mtime: i64| mtime > created;
        let later = view.subject.tree.iter().find(|(_, entry)| is_later(entry.metadata.mtime));
        if let Some((path, _)) = later {
            let what = format!("{path} is newer than the image says it is");
            let fix = Fix::spec("attar gives every file a time that is locked")
                .dockerfile("SOURCE_DATE_EPOCH=… buildx build --output type=…,rewrite-timestamp=true");
            note("times", what, "the same build gives another digest the next time", fix);
        }
    }
    let doubt = referrers.is_none().then(|| "what is attached to it is not known".to_owned());
    Findings::Found { drafts, doubt }
}
