//! Sends one blob: in one piece if it can, in small ones if it must, and goes on where it was cut off.
//!
//! ```text
//! POST uploads/?mount=D&from=R   201: taken over              202: a session, as without `mount`
//! PUT  session?digest=D          the whole blob, its length known
//!   413, 416                     too large for something on the way: a new session, small pieces
//!   cut off                      GET session tells how much arrived, the rest follows in pieces
//!   404                          the session has ended: a new one
//! PATCH session                  pieces of at most 4 MiB, halved when they are still too large
//! ```

use std::sync::Arc;

use attar_image::manifest::Descriptor;
use attar_image::reference::Repository;
use bytes::Bytes;
use reqwest::{Method, StatusCode, Url, header};

use crate::auth::{Access, Scopes};
use crate::blob::{BlobSource, Stream};
use crate::connection::Connection;
use crate::event::{Event, Events, Outcome};
use crate::failure::Failure;
use crate::request::{Body, Request, Response};
use crate::retry::Backoff;

/// The largest piece; GHCR refuses larger ones.
const LARGEST_PIECE: u64 = 4 << 20;

/// Pieces are not made smaller than this.
const SMALLEST_PIECE: u64 = 64 << 10;

/// With this header a registry asks for larger pieces.
const LEAST_PIECE_HEADER: &str = "oci-chunk-min-length";

const OCTETS: &str = "application/octet-stream";

/// What is sent, and where.
pub(crate) struct Upload<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) repository: &'a Repository,
    pub(crate) blob: &'a Descriptor,
    pub(crate) source: &'a Arc<dyn BlobSource>,
    pub(crate) events: &'a Events,
    /// Another repository of the registry that has the blob.
    pub(crate) mount_from: Option<String>,
}

/// How a session is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Whole,
    /// Pieces of this size.
    Pieces(u64),
}

/// Where an upload stands.
struct State {
    /// Where the session's next bytes go.
    session: Option<Url>,
    /// How many bytes of the blob the registry has.
    offset: u64,
    /// Whether the registry has to be asked how many it has.
    uncertain: bool,
    mode: Mode,
    /// How often the connection broke before anything arrived.
    cuts: u32,
    /// How often the upload began anew after the registry refused the finished blob.
    restarts: u32,
    /// The size below which the registry wants no pieces.
    least: u64,
}

impl Upload<'_> {
    /// Brings the blob to the repository.
    pub(crate) async fn run(&self) -> Result<Outcome, Failure> {
        let mut state = State {
            session: None,
            offset: 0,
            uncertain: false,
            mode: Mode::Whole,
            cuts: 0,
            restarts: 0,
            least: 0,
        };
        if let Some(from) = &self.mount_from
            && self.mount(from, &mut state).await
        {
            return Ok(Outcome::Mounted);
        }
        self.events.send(Event::BlobStarted { digest: self.blob.digest, size: self.blob.size });
        let mut backoff = Backoff::new(self.connection.transport().patience());
        loop {
            let before = state.offset;
            let failure = match self.attempt(&mut state).await {
                Ok(()) => return Ok(Outcome::Transferred),
                Err(failure) => failure,
            };
            if state.offset > before {
                backoff.progressed();
            }
            match state.after(failure)? {
                Next::AtOnce => {}
                Next::Later(failure) => {
                    let shown = Request::new(Method::PUT, self.connection.routes().uploads(self.repository));
                    self.connection.transport().pause(&mut backoff, &shown, failure).await?;
                }
            }
        }
    }

    fn scopes(&self) -> Scopes {
        Scopes::new(self.repository, Access::Push)
    }

    /// Asks the registry to take the blob over from another repository; says whether it did.
    ///
    /// Whatever else it answers is no failure: the blob can still be sent, also in the session that a
    /// registry opens when it does not mount.
    async fn mount(&self, from: &str, state: &mut State) -> bool {
        let url = self.connection.routes().mount(self.repository, &self.blob.digest, from);
        let request = Request::new(Method::POST, url);
        let scopes = self.scopes().and_pull(from);
        match self.connection.send(&scopes, &request).await {
            Ok(response) if response.status == StatusCode::CREATED => true,
            Ok(response) => {
                state.session = self.location(&response).ok();
                false
            }
            Err(_) => false,
        }
    }

    /// Sends what the registry lacks, until it has the blob or something fails.
    async fn attempt(&self, state: &mut State) -> Result<(), Failure> {
        if state.uncertain && state.session.is_some() {
            self.ask_how_much(state).await?;
        }
        let session = match &state.session {
            Some(session) => session.clone(),
            None => self.begin(state).await?,
        };
        match state.mode {
            Mode::Whole if state.offset == 0 => self.put(session, true, state).await,
            mode => {
                let piece = match mode {
                    Mode::Pieces(piece) => piece,
                    Mode::Whole => LARGEST_PIECE,
                };
                let session = self.patch_all(session, piece.max(state.least), state).await?;
                self.put(session, false, state).await
            }
        }
    }

    /// Opens a session.
    async fn begin(&self, state: &mut State) -> Result<Url, Failure> {
        let request = Request::new(Method::POST, self.connection.routes().uploads(self.repository));
        let response = self.connection.send(&self.scopes(), &request).await?;
        let least = response.header(LEAST_PIECE_HEADER).and_then(|least| least.parse().ok());
        state.least = least.unwrap_or(0).min(self.blob.size);
        state.offset = 0;
        state.uncertain = false;
        let session = self.location(&response)?;
        state.session = Some(session.clone());
        Ok(session)
    }

    /// Asks how much of the blob has arrived. A registry that does not say gets a new session.
    async fn ask_how_much(&self, state: &mut State) -> Result<(), Failure> {
        let Some(session) = state.session.clone() else { return Ok(()) };
        let response = match self.connection.send(&self.scopes(), &Request::get(session)).await {
            Ok(response) => response,
            Err(Failure::Refused(refusal)) if !matches!(refusal.code, 408 | 425 | 429 | 500..) => {
                state.forget_session();
                return Ok(());
            }
            Err(failure) => return Err(failure),
        };
        // `0-0` may mean one byte or none.
        match arrived(&response).filter(|arrived| (2..=self.blob.size).contains(arrived)) {
            Some(arrived) => {
                state.offset = arrived;
                state.uncertain = false;
                state.session = Some(
                    self.location(&response).or(state.session.take().ok_or(Failure::Header("Location")))?,
                );
            }
            None => state.forget_session(),
        }
        Ok(())
    }

    /// Finishes the session, with the whole blob or with nothing more.
    async fn put(&self, session: Url, whole: bool, state: &mut State) -> Result<(), Failure> {
        let mut url = session;
        url.query_pairs_mut().append_pair("digest", &self.blob.digest.to_string());
        let mut request = Request::new(Method::PUT, url).header(header::CONTENT_TYPE, OCTETS);
        if whole && self.blob.size > 0 {
            request.body = Body::Stream(Stream::of_blob(self.source, self.blob, 0, self.events));
        }
        state.uncertain = true;
        self.connection.send(&self.scopes(), &request).await.map(drop)
    }

    /// Sends the rest in pieces; returns where the session ends.
    async fn patch_all(&self, session: Url, piece: u64, state: &mut State) -> Result<Url, Failure> {
        let mut session = session;
        while state.offset < self.blob.size {
            let length = piece.min(self.blob.size - state.offset);
            let bytes = self.read(state.offset, length).await?;
            let last = state.offset + length - 1;
            let request = Request::new(Method::PATCH, session.clone())
                .header(header::CONTENT_TYPE, OCTETS)
                .header(header::CONTENT_RANGE, format!("{}-{last}", state.offset))
                .body(Body::Bytes(bytes));
            state.uncertain = true;
            let response = self.connection.send(&self.scopes(), &request).await?;
            session = self.location(&response)?;
            state.session = Some(session.clone());
            state.uncertain = false;
            // What the registry says it has counts; it may have taken less.
            let arrived = arrived(&response).filter(|arrived| *arrived > state.offset);
            let arrived = arrived.unwrap_or(last + 1).min(last + 1);
            let (digest, bytes) = (self.blob.digest, arrived - state.offset);
            self.events.send(Event::BlobProgress { digest, bytes });
            state.offset = arrived;
        }
        Ok(session)
    }

    async fn read(&self, offset: u64, length: u64) -> Result<Bytes, Failure> {
        let (source, blob) = (Arc::clone(self.source), self.blob.clone());
        let read = move || {
            let mut bytes = vec![0; length as usize];
            source.open(&blob, offset)?.read_exact(&mut bytes)?;
            Ok::<_, std::io::Error>(bytes)
        };
        let read = tokio::task::spawn_blocking(read).await;
        read.map_err(std::io::Error::other).flatten().map(Bytes::from).map_err(Failure::Source)
    }

    fn location(&self, response: &Response) -> Result<Url, Failure> {
        let location = response.header(header::LOCATION);
        let resolved = location.and_then(|text| self.connection.routes().resolve(&response.url, text));
        resolved.ok_or(Failure::Header("Location"))
    }
}

/// What to do after a failure.
enum Next {
    AtOnce,
    Later(Failure),
}

impl State {
    fn forget_session(&mut self) {
        self.session = None;
        self.offset = 0;
        self.uncertain = false;
    }

    /// Decides how to go on; a failure that will not pass is returned.
    fn after(&mut self, failure: Failure) -> Result<Next, Failure> {
        let Failure::Refused(refusal) = &failure else {
            if failure.is_passing() && self.offset == 0 {
                // Something on the way may cut every long request.
                self.cuts += 1;
                if self.cuts >= 2 {
                    self.mode = Mode::Pieces(LARGEST_PIECE);
                }
            }
            return if failure.is_passing() { Ok(Next::Later(failure)) } else { Err(failure) };
        };
        match refusal.code {
            411 | 413 | 416 => self.smaller(failure),
            // The session has ended.
            404 | 410 if self.session.is_some() && !refusal.says("NAME_UNKNOWN") => {
                self.forget_session();
                self.restart(failure)
            }
            // What arrived was not what was sent.
            400 if self.session.is_some() => {
                self.forget_session();
                self.restart(failure)
            }
            _ if failure.is_passing() => Ok(Next::Later(failure)),
            _ => Err(failure),
        }
    }

    /// Goes on in smaller pieces. A registry that lost count refuses a piece too: then it is asked first.
    fn smaller(&mut self, failure: Failure) -> Result<Next, Failure> {
        match self.mode {
            Mode::Whole => {
                self.mode = Mode::Pieces(LARGEST_PIECE);
                self.forget_session();
            }
            Mode::Pieces(piece) if piece / 2 >= SMALLEST_PIECE => {
                self.mode = Mode::Pieces(piece / 2);
                self.uncertain = true;
            }
            Mode::Pieces(_) => return Err(failure),
        }
        Ok(Next::AtOnce)
    }

    fn restart(&mut self, failure: Failure) -> Result<Next, Failure> {
        const MOST_RESTARTS: u32 = 3;
        self.restarts += 1;
        if self.restarts > MOST_RESTARTS { Err(failure) } else { Ok(Next::AtOnce) }
    }
}

/// Reads how many bytes a registry has: `Range: 0-99` is a hundred.
fn arrived(response: &Response) -> Option<u64> {
    let range = response.header(header::RANGE)?;
    let range = range.strip_prefix("bytes=").unwrap_or(range);
    let (first, last) = range.split_once('-')?;
    let last: u64 = last.trim().parse().ok()?;
    (first.trim() == "0").then(|| last.saturating_add(1))
}
