//! A small registry on the loopback interface, which can be told to misbehave.
//!
//! It follows the distribution specification by other code than attar's, refuses manifests whose blobs it
//! does not have, notes every request, and offers the referrers API or not.

mod answer;
mod http;
mod state;
mod token;

use std::collections::BTreeMap;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use http::{Answer, Connection, Head};
use state::State;
pub use state::digest_of;

/// What a registry demands, offers and refuses.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Who may do what.
    pub access: Access,
    /// Whether it keeps lists of referrers by itself.
    pub referrers: bool,
    /// The largest body of a request; a larger one gets 413.
    pub largest_body: Option<usize>,
    /// The largest piece of an upload; a larger one gets 416.
    pub largest_piece: Option<usize>,
    /// Whether blobs are never taken over from another repository.
    pub without_mounts: bool,
}

/// Who may do what.
#[derive(Clone, Debug, Default)]
pub enum Access {
    /// Everybody everything.
    #[default]
    Open,
    /// Whoever has this name and password.
    Basic {
        /// The name.
        name: String,
        /// The password.
        password: String,
    },
    /// Whoever has a token, which the registry gives itself at `/token`: to this name and password, to this
    /// identity token, and for reading to anybody.
    Bearer {
        /// The name.
        name: String,
        /// The password.
        password: String,
        /// The identity token.
        identity: Option<String>,
    },
}

/// What a request gets instead of what it asked for.
#[derive(Clone, Debug)]
pub enum Fault {
    /// A status with further headers.
    Status(u16, Vec<(&'static str, String)>),
    /// The connection breaks after this many bytes of the request's body, which are kept.
    CutRequest(usize),
    /// The connection breaks after this many bytes of the answer's body.
    CutAnswer(usize),
    /// Other bytes than those of the blob, of the same length where they reach.
    Bytes(Vec<u8>),
    /// Nothing, until the client gives up.
    Silence,
    /// The right answer, in pieces of this many bytes with pauses between them.
    Slow(usize, Duration),
    /// The upload session is forgotten before the request is looked at.
    Expire,
    /// The whole blob, whatever range was asked for.
    IgnoreRange,
}

/// A request that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Headers by name in lower case.
    pub headers: BTreeMap<String, String>,
    /// How many bytes of the body were read.
    pub received: usize,
}

/// A registry that runs until it is dropped.
#[derive(Debug)]
pub struct Registry {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: Options,
    state: Mutex<State>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registry {
    /// Starts a registry on a free port.
    pub fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { options, state: Mutex::default() });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.state().stopped {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let shared = Arc::clone(&serving);
                // A client that goes away in the middle is part of what is tested.
                thread::spawn(move || drop(serve(stream, address, &shared)));
            }
        });
        Ok(Self { address, shared })
    }

    /// Returns host and port.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Returns the reference of something in this registry: `reference("app:1")`.
    pub fn reference(&self, name: &str) -> String {
        format!("{}/{name}", self.address)
    }

    /// Lets the next requests with this method, and this text in their path and query, fail: one fault each.
    pub fn fail(&self, method: &str, path: &str, faults: impl IntoIterator<Item = Fault>) {
        self.shared.state().faults.push((method.into(), path.into(), faults.into_iter().collect()));
    }

    /// Forgets every token that was given.
    pub fn revoke_tokens(&self) {
        self.shared.state().tokens.clear();
    }

    /// Returns the requests so far, and forgets them.
    pub fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.shared.state().requests)
    }

    /// Returns the requests so far as `METHOD path`, without queries, and forgets them.
    pub fn take_lines(&self) -> Vec<String> {
        let line = |request: &Request| {
            let path = request.target.split('?').next().unwrap_or_default();
            format!("{} {path}", request.method)
        };
        self.take_requests().iter().map(line).collect()
    }

    /// Returns the digest that a tag leads to.
    pub fn tag(&self, repository: &str, tag: &str) -> Option<String> {
        self.shared.state().repositories.get(repository)?.tags.get(tag).cloned()
    }

    /// Returns the tags of a repository.
    pub fn tags(&self, repository: &str) -> Vec<String> {
        let state = self.shared.state();
        state
            .repositories
            .get(repository)
            .map(|found| found.tags.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// Returns the bytes of a blob that a repository has.
    pub fn blob(&self, repository: &str, digest: &str) -> Option<Vec<u8>> {
        self.shared.state().blob(repository, digest)
    }

    /// Returns the bytes of a manifest that a repository has.
    pub fn manifest(&self, repository: &str, digest: &str) -> Option<Vec<u8>> {
        let state = self.shared.state();
        Some(state.repositories.get(repository)?.manifests.get(digest)?.1.clone())
    }

    /// Puts a blob into a repository.
    pub fn put_blob(&self, repository: &str, bytes: impl Into<Vec<u8>>) -> String {
        self.shared.state().put_blob(repository, bytes.into())
    }

    /// Puts a manifest into a repository, and a tag on it.
    pub fn put_manifest(
        &self,
        repository: &str,
        media_type: &str,
        bytes: &[u8],
        tag: Option<&str>,
    ) -> String {
        self.shared.state().put_manifest(repository, media_type, bytes, tag)
    }

    /// Says what is missing of all that a tag leads to: nothing, if the image is whole.
    pub fn missing(&self, repository: &str, tag: &str) -> Vec<String> {
        let state = self.shared.state();
        let Some(root) = state.repositories.get(repository).and_then(|found| found.tags.get(tag).cloned())
        else {
            return vec![format!("tag {tag}")];
        };
        let (mut pending, mut missing) = (vec![root], Vec::new());
        while let Some(digest) = pending.pop() {
            let Some((_, bytes)) = state.repositories[repository].manifests.get(&digest) else {
                missing.push(format!("manifest {digest}"));
                continue;
            };
            let document: Value = serde_json::from_slice(bytes).unwrap_or_default();
            pending.extend(state::digests(&document, "manifests"));
            let blobs = state::digests(&document, "config").chain(state::digests(&document, "layers"));
            missing.extend(
                blobs
                    .filter(|blob| state.blob(repository, blob).is_none())
                    .map(|blob| format!("blob {blob}")),
            );
        }
        missing
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.shared.state().stopped = true;
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(self.address);
    }
}

/// Answers the requests of one connection.
fn serve(stream: TcpStream, address: SocketAddr, shared: &Shared) -> io::Result<()> {
    let mut connection = Connection::new(stream)?;
    while let Some(head) = connection.head()? {
        let fault = shared.state().fault(&head.method, &head.target);
        if let Some(Fault::Silence) = fault {
            note(shared, &head, 0);
            return connection.wait_for_the_end();
        }
        if let Some(Fault::Expire) = fault {
            shared.state().sessions.clear();
        }
        let limit = match fault {
            Some(Fault::CutRequest(limit)) => limit,
            _ => usize::MAX,
        };
        let body = connection.body(&head, limit)?;
        note(shared, &head, body.len());
        if let Some(Fault::CutRequest(_)) = fault {
            shared.state().keep(&head.target, &body);
            return connection.stream().shutdown(Shutdown::Both);
        }
        let answer = match &fault {
            Some(Fault::Status(code, headers)) => headers
                .iter()
                .fold(Answer::new(*code), |answer, (name, value)| answer.header(name, value.clone())),
            _ => {
                let mut head = head.clone();
                if let Some(Fault::IgnoreRange) = fault {
                    head.headers.remove("range");
                }
                let mut answer = answer::answer(shared, address, &head, body);
                if let Some(Fault::Bytes(bytes)) = &fault {
                    answer.body.clone_from(bytes);
                }
                answer
            }
        };
        match fault {
            Some(Fault::CutAnswer(limit)) => return connection.send_part(&head, &answer, limit),
            Some(Fault::Slow(size, pause)) => connection.send_slowly(&head, &answer, size, pause)?,
            _ => connection.send(&head, &answer)?,
        }
    }
    Ok(())
}

fn note(shared: &Shared, head: &Head, received: usize) {
    let Head { method, target, headers } = head.clone();
    shared.state().requests.push(Request { method, target, headers, received });
}
