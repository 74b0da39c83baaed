//! Small `.deb` files, made from text.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

/// Makes a package with the given control fields and regular files of mode 0644.
///
/// The same input gives the same bytes.
pub fn deb(control: &str, files: &[(&str, &str)]) -> anyhow::Result<Vec<u8>> {
    let control = tar(&[("./control", control)])?;
    let data = tar(files)?;
    let mut archive = b"!<arch>\n".to_vec();
    for (name, bytes) in
        [("debian-binary", b"2.0\n".to_vec()), ("control.tar.gz", control), ("data.tar.gz", data)]
    {
        writeln!(archive, "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`", 0, 0, 0, "100644", bytes.len())?;
        archive.extend_from_slice(&bytes);
        if bytes.len() % 2 == 1 {
            archive.push(b'\n');
        }
    }
    Ok(archive)
}

fn tar(files: &[(&str, &str)]) -> anyhow::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(text.len() as u64);
        header.set_mtime(1_700_000_000);
        builder.append_data(&mut header, path, text.as_bytes())?;
    }
    Ok(builder.into_inner()?.finish()?)
}
