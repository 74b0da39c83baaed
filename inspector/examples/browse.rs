//! Measures what browsing an image of a million entries takes.
//!
//! ```text
//! cargo run --release -p attar-inspector --example browse
//! ```

use std::hint::black_box;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use attar_image::layout::Layout;
use attar_image::stack::{PathId, Settings, Stack};
use attar_inspector::browse::filter::Filter;
use attar_inspector::browse::packages::Packages;
use attar_inspector::browse::pair::{Pair, PairSettings};
use attar_inspector::browse::{Hide, Index, Query, Range, Rows, Sort, View, ViewSettings, blame, search};
use attar_packages::ownership::Ownership;
use attar_testing::Scratch;
use attar_testing::layers::{Codec, Layer, write_layout};

/// Twenty layers of fifty thousand entries each; every layer but the lowest writes a tenth of the one below
/// again and takes some away.
fn layers() -> impl Iterator<Item = Vec<u8>> {
    (0..20).map(|number| {
        let mut layer = Layer::new();
        for file in 0..50_000 {
            let of = if file % 10 == 0 && number > 0 { number - 1 } else { number };
            let path = format!("usr/share/part-{of}/directory-{}/file-{file}.conf", file / 100);
            if file % 500 == 0 && number > 0 {
                layer = layer.whiteout(&path);
            } else {
                layer = layer.file(&path, &b"12345"[..file % 16 / 12]);
            }
        }
        layer.tar()
    })
}

/// Prints the median of five runs.
fn measure<T>(what: &str, mut run: impl FnMut() -> T) -> std::io::Result<T> {
    let mut times: Vec<Duration> = Vec::new();
    let mut last = None;
    for _ in 0..5 {
        let start = Instant::now();
        last = Some(black_box(run()));
        times.push(start.elapsed());
    }
    times.sort_unstable();
    writeln!(std::io::stdout(), "{:>9.2} ms  {what}", times[2].as_secs_f64() * 1e3)?;
    Ok(last.expect("it ran"))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scratch = Scratch::new();
    let folder = scratch.join("layout");
    write_layout(&folder, "it", Codec::Plain, layers())?;
    let layout = Layout::open(&folder)?;
    let image = layout.image(&layout.resolve(None)?, None)?;
    let stack = Stack::read(&layout, &image, &Settings::default())?;
    let entries: usize = (0..stack.layers().len()).map(|layer| stack.entries(layer).len()).sum();
    writeln!(std::io::stdout(), "{entries} entries, {} paths", stack.paths().count())?;

    let index = measure("Index::of", || Index::of(&stack))?;
    let all = ViewSettings { range: Range { from: 0, to: 19 }, ..ViewSettings::default() };
    let view = measure("View::of, all layers", || View::of(&stack, &index, &all))?;
    let one = ViewSettings { range: Range { from: 9, to: 9 }, ..ViewSettings::default() };
    measure("View::of, one layer", || View::of(&stack, &index, &one))?;
    let hide = Hide { unchanged: true, ..Hide::default() };
    measure("View::with, unchanged hidden", || {
        view.with(&stack, &index, &ViewSettings { hide, ..all.clone() })
    })?;
    let sort = Sort::Size;
    measure("View::with, by size", || view.with(&stack, &index, &ViewSettings { sort, ..all.clone() }))?;
    for text in [
        "share99conf",
        "re:9[0-4]/file.*7\\.conf$",
        "glob:*77.conf",
        "size:>0",
        "change:removed",
        "!type:dir dead:",
    ] {
        let filter = Some(Arc::new(Filter::parse(text)?));
        let settings = ViewSettings { filter, ..all.clone() };
        let found = measure(&format!("View::with, filter {text}"), || view.with(&stack, &index, &settings))?;
        writeln!(std::io::stdout(), "{:>12}  matches", found.matches())?;
    }
    for text in ["file-9999", "/part-7/", "re:9[0-4]/file.*7\\.conf$"] {
        let query = Query::parse(text)?;
        let found = measure(&format!("search {text}"), || search(&view, &stack, &query, &|| false))?;
        writeln!(std::io::stdout(), "{:>12}  matches", found.len())?;
    }
    measure("largest files", || view.largest(1000).len())?;
    let rows = Rows::new(Arc::new(view));
    let all = measure("Rows: everything unfolded", || rows.changed(Rows::expand_all))?;
    writeln!(std::io::stdout(), "{:>12}  rows", all.len())?;
    let mut folded = all.clone();
    measure("Rows: fold and unfold 101 rows near the top of all", || {
        folded.toggle(3).and_then(|()| folded.toggle(3))
    })??;
    let last = all.get(all.len() - 1).map_or(PathId::ROOT, |row| row.node);
    measure("Rows: position of the last of all", || all.position(last))?;
    let mut few = rows.clone();
    few.expand(0)?;
    few.expand(1)?;
    measure("Rows: reveal where little is unfolded", || few.clone().reveal(last))??;
    measure("blame", || blame(&stack, &index, last).len())?;
    measure("Packages::of, nobody owns anything", || {
        Packages::of(&stack, &Ownership::default(), &|_| None).shares.len()
    })?;
    measure("Pair::of, the image with itself", || {
        Pair::of(&stack, &stack, &PairSettings::default()).matches()
    })?;
    Ok(())
}
