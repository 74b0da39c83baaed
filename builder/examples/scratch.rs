use attar_builder::{
    build::{Request, Variants, build},
    cache::Cache,
    context::Context,
    event::Events,
    export::{Destination, export},
    repository::Settings,
};
fn main() {
    let events = Events::new(|e| match e {
        attar_builder::event::Event::DownloadProgress { .. } => {}
        e => eprintln!("{e:?}"),
    });
    let cache = Cache::open(std::env::args().nth(2).unwrap(), events.clone()).unwrap();
    let now = std::time::SystemTime::now().try_into().unwrap();
    let settings = Settings::new(cache.clone(), now);
    let context = Context::new(settings, 2, events).unwrap();
    let mut request = Request::new(std::env::args().nth(1).unwrap());
    request.variants = Variants::Plain;
    let start = std::time::Instant::now();
    match build(&context, &request) {
        Ok(outcome) => {
            eprintln!("build {:?}", start.elapsed());
            for d in std::env::args().skip(3) {
                let d: Destination = d.parse().unwrap();
                export(&cache, &outcome.built, &d).unwrap();
            }
            eprintln!("total {:?}", start.elapsed());
            for b in &outcome.built {
                println!("{} {}", b.variant, b.index.digest());
            }
        }
        Err(e) => {
            let mut e: &dyn std::error::Error = &e;
            loop {
                eprintln!("error: {e}");
                match e.source() {
                    Some(s) => e = s,
                    None => break,
                }
            }
            std::process::exit(1)
        }
    }
}
