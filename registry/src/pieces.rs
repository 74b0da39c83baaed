//! From the network to a thread that may block: bytes down a channel, read as one stream.

use std::io::{self, Read};

use bytes::Bytes;
use tokio::sync::mpsc;

/// How many pieces wait to be read at most.
const WAITING: usize = 16;

/// The end that bytes, or the reason why there are no more, are sent into.
pub(crate) type Sender = mpsc::Sender<io::Result<Bytes>>;

/// Reads what comes down a channel.
pub(crate) struct Pieces {
    receiver: mpsc::Receiver<io::Result<Bytes>>,
    current: Bytes,
}

impl Pieces {
    /// Returns both ends of a channel.
    pub(crate) fn new() -> (Sender, Self) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (sender, Self { receiver, current: Bytes::new() })
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.receiver.blocking_recv() {
                Some(piece) => self.current = piece?,
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.current.len());
        buffer[..length].copy_from_slice(&self.current.split_to(length));
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_read_as_one_stream() {
        let (sender, mut pieces) = Pieces::new();
        for piece in ["at", "", "tar"] {
            sender.try_send(Ok(Bytes::from(piece))).expect("room");
        }
        drop(sender);
        let mut text = String::new();
        pieces.read_to_string(&mut text).expect("no error");
        assert_eq!(text, "attar");
    }
}
