//! ICU: its data is a library, or a file where that library is a stub.

use super::super::Problem;
use super::super::proof::{Proof, Running, Weight};
use super::pattern;
use crate::path::TreePath;

/// A library of data that is smaller has none: the whole takes 30 MB, English alone one.
const SMALLEST: u64 = 256 << 10;

pub(super) fn apply<'a>(proof: &mut Proof<'a>, running: &Running<'a>, weight: Weight) {
    let Some(number) = running.process.library("libicudata.so.") else { return };
    let object = &running.process.objects[number];
    let Some(content) = proof.world.subject.tree.get(&object.path).and_then(|entry| entry.content()) else {
        return;
    };
    if content.size >= SMALLEST {
        return;
    }
    let configured =
        proof.world.variable("ICU_DATA").and_then(|path| proof.world.root().find(path.as_bytes()));
    let is_there = configured
        .is_some_and(|path| !pattern::expand(proof.world, &path, "icudt*.dat").is_empty())
        || ["/usr/share/icu/*/icudt*.dat", "/usr/lib/icu/*/icudt*.dat"]
            .iter()
            .any(|place| !pattern::expand(proof.world, &TreePath::root(), place).is_empty());
    if !is_there {
        let problem =
            Problem::Part { what: "the data of ICU".into(), path: "/usr/share/icu/*/icudt*.dat".into() };
        proof.fail(&object.shown.clone(), Some(object.path.clone()), problem, running.step(), weight);
    }
}

#[cfg(test)]
mod tests {
    use crate::linkage::testing::{Sample, file, library, program};

    #[test]
    fn a_stub_needs_its_data_beside() {
        // Libraries of samples have 4 KiB.
        let stub = library(&[]).with(|facts| facts.soname = Some("libicudata.so.74".into()));
        let sample = Sample::with_libc()
            .and("usr/lib/libicudata.so.74", stub)
            .and("app", program(&["libicudata.so.74"]))
            .starting(&["/app"]);
        assert_eq!(
            sample.findings(),
            [
                "/lib/libicudata.so.74 needs the data of ICU (`/usr/share/icu/*/icudt*.dat`), which is not in the image [entrypoint > /app]"
            ]
        );
        let whole = sample.clone().and("usr/share/icu/74.2/icudt74l.dat", file("data"));
        assert_eq!(whole.findings(), Vec::<String>::new());
        let elsewhere = sample.and("opt/icudt74l.dat", file("data")).variable("ICU_DATA=/opt");
        assert_eq!(elsewhere.findings(), Vec::<String>::new());
    }
}
