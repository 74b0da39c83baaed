//! A small HTTP server on the loopback interface, which can be told to fail.
//!
//! It answers from a map of paths, speaks ranges and conditions, and notes every request.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustls::ServerConfig;
use sha2::{Digest, Sha256};

use crate::tls::{self, Authority};

/// What a request gets instead of the file.
#[derive(Clone, Debug)]
pub enum Fault {
    /// A status with further headers and no body worth reading.
    Status(u16, Vec<(&'static str, String)>),
    /// The connection breaks after this many bytes of the body.
    CutAfter(usize),
    /// Other bytes than those of the file, with a length that fits them.
    Bytes(Vec<u8>),
    /// Nothing, until the client gives up.
    Silence,
    /// The whole file, whatever range was asked for.
    IgnoreRange,
}

/// A request that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Path and query.
    pub target: String,
    /// Headers by name in lower case.
    pub headers: BTreeMap<String, String>,
}

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Server {
    scheme: &'static str,
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    faults: BTreeMap<String, VecDeque<Fault>>,
    requests: Vec<Request>,
    /// Times of imports by the folder of a snapshot archive.
    imports: BTreeMap<String, BTreeSet<String>>,
    without_etag: bool,
    stopped: bool,
}

impl Server {
    /// Starts a server on a free port.
    pub fn start() -> io::Result<Self> {
        Self::with(None)
    }

    /// Starts a server on a free port that speaks TLS, with a certificate by an authority.
    pub fn start_tls(authority: &Authority) -> io::Result<Self> {
        Self::with(Some(authority.config()))
    }

    fn with(tls: Option<Arc<ServerConfig>>) -> io::Result<Self> {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if lock(&shared).stopped {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let (shared, tls) = (Arc::clone(&shared), tls.clone());
                // A client that goes away in the middle is part of what is tested.
                thread::spawn(move || match tls {
                    Some(config) => {
                        drop(tls::accept(stream, config).and_then(|stream| answer(stream, &shared)))
                    }
                    None => drop(answer(stream, &shared)),
                });
            }
        });
        Ok(Self { scheme, address, state })
    }

    /// Returns the URL of a path, which starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// Serves `bytes` at `path`, which starts with a slash.
    pub fn put(&self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        lock(&self.state).files.insert(path.into(), bytes.into());
    }

    /// Serves all files of a map below `base`.
    pub fn put_all(&self, base: &str, files: &BTreeMap<String, Vec<u8>>) {
        for (path, bytes) in files {
            self.put(format!("{base}/{path}"), bytes.clone());
        }
    }

    /// Returns what is served at `path`.
    pub fn get(&self, path: &str) -> Option<Vec<u8>> {
        lock(&self.state).files.get(path).cloned()
    }

    /// Stops serving `path`.
    pub fn remove(&self, path: &str) {
        lock(&self.state).files.remove(path);
    }

    /// Lets the next requests for `path` fail, one fault each.
    pub fn fail(&self, path: &str, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.state).faults.entry(path.to_owned()).or_default().extend(faults);
    }

    /// Answers below `folder` as the snapshot archive does: what is asked for at a time between two
    /// imports is what the one before that time brought.
    pub fn snapshots(&self, folder: &str, imports: &[&str]) {
        let imports = imports.iter().map(|time| (*time).to_owned()).collect();
        lock(&self.state).imports.insert(folder.to_owned(), imports);
    }

    /// Sends no entity tags any more.
    pub fn without_etags(&self) {
        lock(&self.state).without_etag = true;
    }

    /// Returns the requests so far, and forgets them.
    pub fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut lock(&self.state).requests)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        lock(&self.state).stopped = true;
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(self.address);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(mut stream: impl Read + Write, state: &Mutex<State>) -> io::Result<()> {
    let request = read_request(&mut stream)?;
    let path = request.target.split('?').next().unwrap_or_default();
    let (file, fault, with_etag, import) = {
        let mut state = lock(state);
        let fault = state.faults.get_mut(path).and_then(VecDeque::pop_front);
        let file = state.files.get(&request.target).or_else(|| state.files.get(path)).cloned();
        let with_etag = !state.without_etag;
        let import = import(&state.imports, path);
        state.requests.push(request.clone());
        (file, fault, with_etag, import)
    };
    if let Some(import) = import {
        return send(&mut stream, 302, &[("Location", import)], b"", usize::MAX);
    }
    match fault {
        Some(Fault::Silence) => return stream.read(&mut [0]).map(|_| ()),
        Some(Fault::Status(code, headers)) => return send(&mut stream, code, &headers, b"", usize::MAX),
        Some(Fault::Bytes(bytes)) => return send(&mut stream, 200, &[], &bytes, usize::MAX),
        Some(Fault::CutAfter(length)) => return send_file(&mut stream, &request, file, with_etag, length),
        Some(Fault::IgnoreRange) => {
            let mut request = request;
            request.headers.remove("range");
            return send_file(&mut stream, &request, file, with_etag, usize::MAX);
        }
        None => {}
    }
    send_file(&mut stream, &request, file, with_etag, usize::MAX)
}

/// Returns where a path of a snapshot archive leads, when it names no import itself.
fn import(archives: &BTreeMap<String, BTreeSet<String>>, path: &str) -> Option<String> {
    archives.iter().find_map(|(folder, imports)| {
        let (time, rest) = path.strip_prefix(folder.as_str())?.strip_prefix('/')?.split_once('/')?;
        let last = imports.range(..=time.to_owned()).next_back()?;
        (last != time).then(|| format!("{folder}/{last}/{rest}"))
    })
}

fn read_request(stream: &mut impl Read) -> io::Result<Request> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let target = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    Ok(Request { target, headers })
}

fn send_file(
    stream: &mut impl Write,
    request: &Request,
    file: Option<Vec<u8>>,
    with_etag: bool,
    limit: usize,
) -> io::Result<()> {
    let Some(file) = file else { return send(stream, 404, &[], b"not here", usize::MAX) };
    let hash: String = Sha256::digest(&file).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{hash}\"");
    let mut headers = vec![];
    if with_etag {
        headers.push(("ETag", etag.clone()));
    }
    if with_etag && request.headers.get("if-none-match") == Some(&etag) {
        return send(stream, 304, &headers, b"", usize::MAX);
    }
    let condition = request.headers.get("if-range").is_none_or(|condition| *condition == etag);
    let range = request.headers.get("range").filter(|_| condition);
    let start =
        range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    match start {
        None => send(stream, 200, &headers, &file, limit),
        Some(start) if start >= file.len() => send(stream, 416, &headers, b"", usize::MAX),
        Some(start) => {
            let range = format!("bytes {start}-{}/{}", file.len() - 1, file.len());
            headers.push(("Content-Range", range));
            send(stream, 206, &headers, &file[start..], limit)
        }
    }
}

/// Sends an answer; the connection ends after `limit` bytes of the body.
fn send(
    stream: &mut impl Write,
    code: u16,
    headers: &[(&str, String)],
    body: &[u8],
    limit: usize,
) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {code} X\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body[..limit.min(body.len())])?;
    stream.flush()
}
