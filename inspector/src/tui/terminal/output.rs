//! Bytes on their way to the terminal: gathered, sent in one piece, counted.

use std::io;
use std::sync::Arc;

use super::guard::Tty;

/// Where frames go.
pub(super) struct Output {
    /// None where bytes are only counted.
    tty: Option<Arc<Tty>>,
    waiting: Vec<u8>,
    sent: u64,
    /// What was sent, for tests to look at.
    #[cfg(test)]
    seen: Vec<u8>,
}

impl Output {
    /// Returns an output to a terminal.
    pub(super) fn to(tty: Arc<Tty>) -> Self {
        Self { tty: Some(tty), ..Self::nowhere() }
    }

    /// Returns an output that counts bytes and drops them.
    pub(super) fn nowhere() -> Self {
        Self {
            tty: None,
            waiting: Vec::new(),
            sent: 0,
            #[cfg(test)]
            seen: Vec::new(),
        }
    }

    /// Adds bytes to what waits to be sent.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    /// Returns how many bytes wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Sends what waits between two sequences; nothing if nothing waits.
    pub(super) fn send(&mut self, (before, after): (&str, &str)) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.waiting.splice(..0, before.bytes());
        self.push(after.as_bytes());
        self.sent += self.waiting.len() as u64;
        let result = self.tty.as_ref().map_or(Ok(()), |tty| tty.write(&self.waiting));
        #[cfg(test)]
        self.seen.extend_from_slice(&self.waiting);
        self.waiting.clear();
        result
    }

    /// Takes what was sent since this was asked last.
    #[cfg(test)]
    pub(super) fn taken(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.seen)
    }

    /// Returns how many bytes were sent so far.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// Returns columns and lines of the terminal.
    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        match &self.tty {
            Some(tty) => tty.size(),
            None => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}
