//! Where the bytes of a push come from, and how they are read while they are sent.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use attar_image::manifest::Descriptor;
use attar_image::{Digest, Layout};
use futures_util::stream;

use crate::event::{Event, Events};

/// Gives the bytes of blobs. The registry checks their digests.
pub trait BlobSource: Send + Sync {
    /// Opens a blob's bytes from an offset, which is never beyond its size.
    fn open(&self, blob: &Descriptor, offset: u64) -> io::Result<Box<dyn Read + Send>>;
}

/// The blobs of a layout.
#[derive(Clone, Debug)]
pub struct LayoutBlobs(pub Layout);

impl BlobSource for LayoutBlobs {
    fn open(&self, blob: &Descriptor, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        let mut file = self.0.open_unverified(blob).map_err(io::Error::other)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Box::new(file))
    }
}

/// Blobs in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryBlobs(pub BTreeMap<Digest, Arc<[u8]>>);

impl MemoryBlobs {
    /// Adds a blob and returns its descriptor.
    pub fn add(&mut self, media_type: &str, bytes: impl Into<Arc<[u8]>>) -> Descriptor {
        let bytes = bytes.into();
        let descriptor = Descriptor::of(media_type, &bytes);
        self.0.insert(descriptor.digest, bytes);
        descriptor
    }
}

impl BlobSource for MemoryBlobs {
    fn open(&self, blob: &Descriptor, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        let bytes = self.0.get(&blob.digest).ok_or(io::ErrorKind::NotFound)?;
        let mut cursor = io::Cursor::new(Arc::clone(bytes));
        cursor.set_position(offset);
        Ok(Box::new(cursor))
    }
}

/// How much is read at a time, in bytes.
const PIECE: usize = 512 << 10;

type Open = Arc<dyn Fn() -> io::Result<Box<dyn Read + Send>> + Send + Sync>;

/// Bytes that are read while they are sent; opened anew when they are sent again.
#[derive(Clone)]
pub(crate) struct Stream {
    open: Open,
    length: Option<u64>,
    meter: Arc<Meter>,
}

/// What is known of a stream that is being sent.
struct Meter {
    moved: AtomicU64,
    error: Mutex<Option<io::Error>>,
    digest: Option<Digest>,
    events: Events,
}

impl Stream {
    /// Returns the bytes of a blob from an offset to its end.
    pub(crate) fn of_blob(
        source: &Arc<dyn BlobSource>,
        blob: &Descriptor,
        offset: u64,
        events: &Events,
    ) -> Self {
        let length = blob.size - offset;
        let (source, digest) = (Arc::clone(source), Some(blob.digest));
        let blob = blob.clone();
        let open = Arc::new(move || source.open(&blob, offset));
        Self::new(open, Some(length), digest, events)
    }

    /// Returns bytes of unknown length that can be read once.
    pub(crate) fn once(reader: impl Read + Send + 'static) -> Self {
        let reader: Box<dyn Read + Send> = Box::new(reader);
        let reader = Mutex::new(Some(reader));
        let open = Arc::new(move || {
            let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
            reader.take().ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
        });
        Self::new(open, None, None, &Events::ignore())
    }

    fn new(open: Open, length: Option<u64>, digest: Option<Digest>, events: &Events) -> Self {
        let (moved, error) = (AtomicU64::new(0), Mutex::new(None));
        Self { open, length, meter: Arc::new(Meter { moved, error, digest, events: events.clone() }) }
    }

    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }

    /// Returns how many bytes were handed to the connection.
    pub(crate) fn moved(&self) -> u64 {
        self.meter.moved.load(Ordering::Relaxed)
    }

    /// Says whether all bytes were handed to the connection.
    pub(crate) fn is_sent(&self) -> bool {
        self.length.is_some_and(|length| length > 0 && self.moved() >= length)
    }

    /// Returns why reading the bytes failed, if it did.
    pub(crate) fn take_error(&self) -> Option<io::Error> {
        self.meter.error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Opens the bytes as the body of a request.
    pub(crate) fn open(&self) -> reqwest::Body {
        let start = (None, self.clone(), self.length.unwrap_or(u64::MAX));
        reqwest::Body::wrap_stream(stream::try_unfold(start, |(reader, stream, left)| async move {
            match stream.piece(reader, left).await {
                Ok(Some((piece, reader))) => {
                    let left = left - piece.len() as u64;
                    Ok(Some((piece, (Some(reader), stream, left))))
                }
                Ok(None) => Ok(None),
                Err(error) => {
                    let kind = error.kind();
                    *stream.meter.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    Err(io::Error::from(kind))
                }
            }
        }))
    }

    /// Reads the next piece on a thread that may block.
    async fn piece(
        &self,
        reader: Option<Box<dyn Read + Send>>,
        left: u64,
    ) -> io::Result<Option<(Vec<u8>, Box<dyn Read + Send>)>> {
        if left == 0 {
            return Ok(None);
        }
        let open = Arc::clone(&self.open);
        let limit = left.min(PIECE as u64);
        let read = move || {
            let mut reader = match reader {
                Some(reader) => reader,
                None => open()?,
            };
            let mut piece = Vec::with_capacity(limit as usize);
            reader.by_ref().take(limit).read_to_end(&mut piece)?;
            Ok::<_, io::Error>((piece, reader))
        };
        let (piece, reader) = tokio::task::spawn_blocking(read).await.map_err(io::Error::other)??;
        if piece.is_empty() {
            return match self.length {
                Some(_) => Err(io::ErrorKind::UnexpectedEof.into()),
                None => Ok(None),
            };
        }
        let bytes = piece.len() as u64;
        self.meter.moved.fetch_add(bytes, Ordering::Relaxed);
        if let Some(digest) = self.meter.digest {
            self.meter.events.send(Event::BlobProgress { digest, bytes });
        }
        Ok(Some((piece, reader)))
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("length", &self.length).finish_non_exhaustive()
    }
}
